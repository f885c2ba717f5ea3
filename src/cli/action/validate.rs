//! `pull_request`: the head's own workflow runs it, so nothing is posted; annotations, step summary, outputs, exit code.

use super::{
    Step,
    gather::{self, Judged, MergedResult},
    outputs::{self, Outputs},
};
use crate::{
    cli::{Ended, log::TOOL, output},
    model::{Outcome, PullRequest, Verdict},
    report::{
        annotations::annotations,
        escape::{log_line, prose},
        summary::{SummaryFacts, summary},
    },
};

/// Validates a pull request.
pub(super) async fn run(step: &Step<'_>, pull_request: PullRequest) -> anyhow::Result<Ended> {
    if !pull_request.open {
        output::print(&format!("#{} is closed; there is nothing to validate.\n", pull_request.number))?;
        return Ok(Ended::Well);
    }
    let judged = gather::judge(step, pull_request).await?;
    report(step, &judged, READ_ONLY)
}

/// Why nothing is posted for a run of the head's own workflow, whatever its token may do.
const READ_ONLY: &str = "Nothing is posted on the pull request by this run, which may only read. Comments, approvals and \
                         the status come from the workflow of the default branch that `schema-registry init` writes.";

/// Leaves the result where a token that can write nothing can: in the run. `why` says what stood in the way of more.
pub(super) fn report(step: &Step<'_>, judged: &Judged, why: &str) -> anyhow::Result<Ended> {
    let nothing = Outcome::default();
    let outcome = match &judged.result {
        MergedResult::Clean(clean) => &clean.outcome,
        MergedResult::Conflict => &nothing,
    };
    let conflict = matches!(judged.result, MergedResult::Conflict);
    let mut outputs = Outputs::of(outcome, &judged.pull_request.head_sha);
    if conflict {
        outputs.verdict = Verdict::Pending;
    }
    for line in annotations(outcome.all_violations()) {
        output::print(&format!("{line}\n"))?;
    }
    output::print(&format!("{}\n", log_line(why)))?;
    let status = match (conflict, outcome.fails()) {
        (true, _) => "The branch conflicts with its base; merge or rebase it",
        (false, true) => "Errors must be fixed",
        (false, false) => "No error; approval is given on the pull request",
    };
    let facts = SummaryFacts {
        verdict: outputs.verdict,
        status,
        outcome,
        policy: &judged.policy,
        approval: None,
        conflict,
        draft: judged.pull_request.draft,
        repository_url: &step.environment.repository_url(),
        head_sha: Some(&judged.pull_request.head_sha),
        digest: None,
        tool: TOOL,
    };
    let note = format!("> [!NOTE]\n> {}\n", prose(why));
    outputs::summarise(step.environment, &format!("{}\n{note}", summary(&facts).in_full))?;
    outputs.write(step.environment)?;
    Ok(Ended::well_if(!outcome.fails()))
}
