//! `check` and `plan`.

use super::{
    Ended,
    arguments::{Check, Format, Rendering, Selection},
    context::Context,
    output,
};
use crate::{
    pipeline,
    report::{
        json::{CheckReport, PlanReport},
        plan, terminal,
    },
};

/// Prints violations and SQL previews.
pub(super) fn run(context: &Context, check: &Check, format: Format) -> anyhow::Result<Ended> {
    let outcome = pipeline::evaluate(&context.snapshot(&check.selection)?);
    match format {
        Format::Human => output::print(&terminal::check(&outcome, !check.no_preview, context.style))?,
        Format::Json => output::print_json(&CheckReport::new(&outcome))?,
    }
    Ok(Ended::well_if(!outcome.fails()))
}

/// Prints what each change would run.
pub(super) fn plan(context: &Context, selection: &Selection, format: Rendering) -> anyhow::Result<Ended> {
    let outcome = pipeline::evaluate(&context.snapshot(selection)?);
    match format {
        Rendering::Human => output::print(&plan::human(&outcome, context.style))?,
        Rendering::Json => output::print_json(&PlanReport::new(&outcome))?,
        Rendering::Markdown => output::print(&plan::markdown(&outcome))?,
    }
    Ok(Ended::Well)
}
