//! `check` and `plan`.

use super::{
    Ended,
    arguments::{Check, Rendering, Selection},
    context::Context,
    log::TOOL,
    output,
};
use crate::{
    model::{Outcome, Verdict},
    pipeline,
    policy::Policy,
    report::{
        annotations::annotations,
        json::{CheckReport, PlanReport},
        plan, sarif,
        summary::{SummaryFacts, summary},
        terminal,
    },
};

/// Prints violations, and SQL previews where the format has room for them.
pub(super) fn run(context: &Context, check: &Check, format: Rendering) -> anyhow::Result<Ended> {
    let snapshot = context.snapshot(&check.selection)?;
    let outcome = pipeline::evaluate(&snapshot);
    match format {
        Rendering::Human => output::print(&terminal::check(&outcome, !check.no_preview, context.style))?,
        Rendering::Json => output::print_json(&CheckReport::new(&outcome))?,
        Rendering::Markdown => output::print(&markdown(&outcome, &snapshot.policy))?,
        Rendering::Github => {
            for line in annotations(outcome.all_violations()) {
                output::print(&(line + "\n"))?;
            }
        }
        Rendering::Sarif => output::print_json(&sarif::Log::new(&outcome))?,
    }
    Ok(Ended::well_if(!outcome.fails()))
}

/// The summary that a pull request gets, as far as the files alone tell.
fn markdown(outcome: &Outcome, policy: &Policy) -> String {
    let (verdict, status) =
        if outcome.fails() { (Verdict::Fail, "Errors must be fixed") } else { (Verdict::Pass, "No error") };
    summary(&SummaryFacts {
        verdict,
        status,
        outcome,
        policy,
        approval: None,
        conflict: false,
        draft: false,
        repository_url: "",
        head_sha: None,
        digest: None,
        tool: TOOL,
    })
    .markdown
}

/// Prints what each change would run.
pub(super) fn plan(context: &Context, selection: &Selection, format: Rendering) -> anyhow::Result<Ended> {
    let outcome = pipeline::evaluate(&context.snapshot(selection)?);
    match format {
        Rendering::Human => output::print(&plan::human(&outcome, context.style))?,
        Rendering::Json => output::print_json(&PlanReport::new(&outcome))?,
        Rendering::Markdown => output::print(&plan::markdown(&outcome))?,
        Rendering::Github | Rendering::Sarif => return Err(format.refused()),
    }
    Ok(Ended::Well)
}
