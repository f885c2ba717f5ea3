//! A merge queue's group: what would land is judged as if it had, with every pull request ahead of it in the queue.
//!
//! The queue is read from git: for each entry there is a branch `gh-readonly-queue/<base>/pr-<number>-<commit it is on>`,
//! which only GitHub moves. Each must be covered by approvals of the bytes that its own commit brings.
//! Source: <https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue>

use anyhow::Context as _;

use super::{
    STATUS_CONTEXT, Step,
    gather::{self, Clean, Sides},
    landings::{self, Arrival},
    outputs::{self, Outputs},
    record,
    review::post_status,
};
use crate::{
    audit_log::is_approved,
    cli::{Ended, context::policy_at, log::TOOL, output},
    model::{Activity, CommitStatus, Outcome, StatusState, Verdict},
    policy::{LimitsPolicy, Policy},
    report::{
        annotations::annotations,
        escape::log_line,
        summary::{SummaryFacts, summary},
        terminal::plural,
    },
};

/// Where GitHub keeps the branches of merge queues.
const QUEUES: &str = "gh-readonly-queue/";

/// Most entries that are followed from a group down to its base.
const MAX_ENTRIES: usize = 200;

/// One entry of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Queued {
    number: u64,
    /// The commit that the entry is on: the base's tip, or that of the entry ahead.
    before: String,
    after: String,
}

/// Judges the group that the queue made `branch` for.
pub(super) async fn run(step: &Step<'_>, branch: &str) -> anyhow::Result<Ended> {
    let Some((base, _, _)) = parse(branch) else {
        output::print(&format!("The branch {} is not one of a merge queue.\n", log_line(branch)))?;
        return Ok(Ended::Well);
    };
    let tip = step.store.fetch_branch(base)?.with_context(|| format!("the base branch {base} is gone"))?;
    let branches = step.store.branches(&format!("{QUEUES}{base}/"))?;
    let Some(queued) = queue(&branches, branch, &tip) else {
        output::print("The merge queue has moved on; the run for what it is now goes on.\n")?;
        return Ok(Ended::Well);
    };
    let commits: Vec<&str> = queued.iter().map(|entry| entry.after.as_str()).collect();
    step.store.fetch_commits(&commits)?;
    // Limits are of one pull request; the group may hold several.
    let policy = Policy { limits: LimitsPolicy::default(), ..policy_at(step.store.git(), &tip)? };
    let head = commits.last().copied().unwrap_or(&tip);
    let sides = Sides { merge_base: &tip, base: &tip, head, merged: head };
    let clean = gather::clean(&step.store, &policy, &sides, step.now, Activity::default())?;
    let trusted = step.environment.event.trusted;
    let (verdict, status) =
        if trusted { verdict(step, &policy, base, &queued, &clean).await? } else { of_rules(&clean.outcome) };
    for line in annotations(clean.outcome.all_violations()) {
        output::print(&format!("{line}\n"))?;
    }
    if trusted && step.records() && step.github.status(head, STATUS_CONTEXT).await?.as_ref() != Some(&status) {
        post_status(step, head, &status).await?;
    }
    let facts = SummaryFacts {
        verdict,
        status: &status.description,
        outcome: &clean.outcome,
        policy: &policy,
        approval: None,
        conflict: false,
        draft: false,
        repository_url: &step.environment.repository_url(),
        head_sha: Some(head),
        digest: None,
        tool: TOOL,
    };
    outputs::summarise(step.environment, &summary(&facts).in_full)?;
    Outputs { verdict, ..Outputs::of(&clean.outcome, head) }.write(step.environment)?;
    Ok(Ended::well_if(verdict != Verdict::Fail))
}

/// Base, number and commit of `gh-readonly-queue/<base>/pr-<number>-<commit>`.
fn parse(branch: &str) -> Option<(&str, u64, &str)> {
    let (base, entry) = branch.strip_prefix(QUEUES)?.rsplit_once('/')?;
    let (number, commit) = entry.strip_prefix("pr-")?.split_once('-')?;
    let hex = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some((base, number.parse().ok()?, commit)).filter(|_| hex && !base.is_empty())
}

/// The entries from the one on `tip` to the one of `branch`, in the order in which they would land; `None` where the
/// branches do not lead there, since the queue was built anew.
fn queue(branches: &[(String, String)], branch: &str, tip: &str) -> Option<Vec<Queued>> {
    let mut queued = Vec::new();
    let mut entry = branches.iter().find(|(name, _)| name == branch)?;
    loop {
        let (name, after) = entry;
        let (_, number, before) = parse(name)?;
        queued.push(Queued { number, before: before.to_owned(), after: after.clone() });
        if before == tip {
            queued.reverse();
            return Some(queued);
        }
        if queued.len() == MAX_ENTRIES {
            return None;
        }
        entry = branches.iter().find(|(_, sha)| sha == before)?;
    }
}

fn of_rules(outcome: &Outcome) -> (Verdict, CommitStatus) {
    let errors = outcome.count(crate::model::Severity::Error);
    let failure = |description: String| (Verdict::Fail, CommitStatus { state: StatusState::Failure, description });
    if outcome.fails() {
        return failure(format!("{} in what the queue would merge", plural(errors, "error")));
    }
    let description = "What the queue would merge has no error".to_owned();
    (Verdict::Pass, CommitStatus { state: StatusState::Success, description })
}

/// The rules on the whole, and for each entry whether approvals cover the bytes that it brings.
async fn verdict(
    step: &Step<'_>,
    policy: &Policy,
    base: &str,
    queued: &[Queued],
    clean: &Clean,
) -> anyhow::Result<(Verdict, CommitStatus)> {
    if clean.untouched() || clean.outcome.fails() {
        return Ok(of_rules(&clean.outcome));
    }
    let mut arrivals = Vec::new();
    for entry in queued {
        let pull_request = step.github.pull_request(entry.number).await?;
        arrivals.push(Arrival {
            before: entry.before.clone(),
            after: entry.after.clone(),
            rewritten: false,
            at: step.now,
            pull_request: Some(pull_request),
        });
    }
    let reference = format!("refs/heads/{base}");
    let unapproved = record::foresee(step, policy, |view| {
        let mut unapproved = Vec::new();
        for (entry, arrival) in queued.iter().zip(&arrivals) {
            let in_force = policy_at(step.store.git(), &arrival.before)?;
            let landing = landings::landing(step, view, &in_force, &reference, arrival)?;
            if !is_approved(step.repository.id, &landing) {
                unapproved.push(format!("#{}", entry.number));
            }
        }
        Ok((unapproved, Vec::new()))
    })?;
    if unapproved.is_empty() {
        return Ok(of_rules(&clean.outcome));
    }
    let description = format!("No approval covers what the queue would merge of {}", unapproved.join(", "));
    let description = description.chars().take(140).collect();
    Ok((Verdict::Pending, CommitStatus { state: StatusState::Pending, description }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIP: &str = "00000000000000000000000000000000000000aa";
    const FIRST: &str = "00000000000000000000000000000000000000bb";
    const SECOND: &str = "00000000000000000000000000000000000000cc";

    #[test]
    fn the_queue_is_followed_down_to_the_base() {
        let name = |number: u64, on: &str| format!("gh-readonly-queue/release/1/pr-{number}-{on}");
        let branches = [(name(7, TIP), FIRST.to_owned()), (name(9, FIRST), SECOND.to_owned())];
        assert_eq!(parse(&name(7, TIP)), Some(("release/1", 7, TIP)));
        let entry = |number, before: &str, after: &str| Queued { number, before: before.into(), after: after.into() };
        let expected = vec![entry(7, TIP, FIRST), entry(9, FIRST, SECOND)];
        assert_eq!(queue(&branches, &name(9, FIRST), TIP), Some(expected));
        assert_eq!(queue(&branches, &name(9, FIRST), SECOND), None, "the base moved");
        assert_eq!(queue(&branches, &name(8, TIP), TIP), None, "the entry left the queue");
        let circle = [(name(7, FIRST), FIRST.to_owned())];
        assert_eq!(queue(&circle, &name(7, FIRST), TIP), None, "it ends");
    }

    #[test]
    fn other_branches_are_no_queue() {
        for branch in
            ["main", "gh-readonly-queue/main", "gh-readonly-queue/main/pr-x-00", "gh-readonly-queue/main/pr-7-zz"]
        {
            assert_eq!(parse(branch), None, "{branch}");
        }
    }
}
