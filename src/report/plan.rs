//! What each change would run, for people: in a terminal and in Markdown.

use std::{collections::BTreeSet, fmt::Write as _};

use super::{
    escape::{code, prose},
    terminal::{Style, bold, paint, printable},
};
use crate::model::{ChangeKind, Operation, Outcome, Plan, RequestOutcome, Work};

/// Where the second column begins: after the number of the step.
const INDENT: &str = "        ";

/// Of a change that PostgreSQL made by itself, when something else was renamed.
const NOTHING_RUNS: &str = "nothing to run but the check of what is there";

/// Of a change of nothing but comments.
pub(super) const METADATA_ONLY: &str = "metadata only: reads and writes go on";

/// For a terminal: the migrations of every change, their steps, what these lock, and what is dangerous about them, marked
/// with `!`.
#[must_use]
pub fn human(outcome: &Outcome, style: Style) -> String {
    let mut out = String::new();
    for request in outcome.in_order() {
        let _ = writeln!(out, "{}", bold(&printable(&title(request)), style));
        let mut steps = request.plan.operations.iter().zip(1..).peekable();
        for migration in &request.migrations {
            let _ = writeln!(out, "  {}", printable(&migration.name.up_file()));
            while let Some((operation, number)) =
                steps.next_if(|(it, _)| it.migration.as_ref() == Some(&migration.name))
            {
                human_step(&mut out, number, operation, style);
            }
        }
        for (operation, number) in steps {
            human_step(&mut out, number, operation, style);
        }
        if request.migrations.is_empty() {
            let _ = writeln!(out, "{INDENT}no migrations: `schema-registry check` says why");
        } else if request.plan.operations.is_empty() {
            let _ = writeln!(out, "{INDENT}{NOTHING_RUNS}");
        }
        out.push('\n');
    }
    let closing = closing_line(outcome);
    let _ = writeln!(out, "{closing}");
    out
}

fn human_step(out: &mut String, number: usize, operation: &Operation, style: Style) {
    let _ = writeln!(out, "    {number:>2}  {}", printable(&operation.summary));
    for lock in locks(operation, printable) {
        let _ = writeln!(out, "{INDENT}{lock}");
    }
    for hazard in hazards(operation) {
        let _ = writeln!(out, "     {}", paint(&format!("!  {}", printable(&hazard)), "31", style));
    }
}

/// In Markdown.
#[must_use]
pub fn markdown(outcome: &Outcome) -> String {
    let mut parts = Vec::new();
    for request in outcome.in_order() {
        parts.push(format!("### {}", prose(&title(request))));
        parts.extend(table(&request.plan, usize::MAX));
        if !request.migrations.is_empty() && request.plan.operations.is_empty() {
            parts.push(format!("There is {NOTHING_RUNS}."));
        }
        let files: Vec<_> = request.migrations.iter().map(|it| format!("- {}", code(&it.name.up_file()))).collect();
        parts.push(if files.is_empty() {
            "No migrations: `schema-registry check` says why.".to_owned()
        } else {
            files.join("\n")
        });
    }
    parts.push(closing_line(outcome));
    parts.join("\n\n") + "\n"
}

/// The operations of a plan as a table of Markdown, after the first `rows` only those with a hazard; `None` where there
/// are none. The phase has a column of its own where the change takes several migrations.
pub(super) fn table(plan: &Plan, rows: usize) -> Option<String> {
    if plan.operations.is_empty() {
        return None;
    }
    let phased = plan.operations.iter().any(|operation| operation.phase.is_some());
    let phase_header = if phased { " Phase |" } else { "" };
    let phase_rule = if phased { " --- |" } else { "" };
    let mut lines = vec![
        format!("| Step |{phase_header} Operation | Locks | Hazards |"),
        format!("| --- |{phase_rule} --- | --- | --- |"),
    ];
    let shown = |(index, operation): &(usize, &Operation)| *index < rows || !hazards(operation).is_empty();
    for (index, operation) in plan.operations.iter().enumerate().filter(shown) {
        let phase = operation.phase.map_or("", |phase| phase.kind.as_str());
        let phase = if phased { format!(" {phase} |") } else { String::new() };
        let or_none = |list: Vec<String>| if list.is_empty() { "none".to_owned() } else { list.join("<br>") };
        let locks = or_none(locks(operation, code));
        let hazards = or_none(hazards(operation).iter().map(|hazard| prose(hazard)).collect());
        lines.push(format!("| {} |{phase} {} | {locks} | {hazards} |", index + 1, prose(&operation.summary)));
    }
    let left_out = plan.operations.len() + 2 - lines.len();
    if left_out > 0 {
        lines.push(format!("\n{left_out} more operations, none with a hazard; `schema-registry plan` lists them all."));
    }
    Some(lines.join("\n"))
}

fn title(request: &RequestOutcome) -> String {
    let (name, kind) = (request.subject().unwrap_or_default(), request.kind().unwrap_or(ChangeKind::None));
    match request.change.as_ref().and_then(|change| change.before.as_ref()) {
        Some(before) if kind == ChangeKind::Rename => format!("rename {} to {name}", before.name.short()),
        _ if request.plan.is_metadata() => format!("{} {name}, {METADATA_ONLY}", kind.verb()),
        _ => format!("{} {name}", kind.verb()),
    }
}

/// `ACCESS EXCLUSIVE on teams`, each once.
fn locks(operation: &Operation, name: impl Fn(&str) -> String) -> Vec<String> {
    let lock = |lock: &crate::model::Lock| format!("{} on {}", lock.mode.as_str(), name(&lock.table.short()));
    operation.locks.iter().map(lock).collect::<BTreeSet<_>>().into_iter().collect()
}

/// What a reviewer has to weigh; hostile text.
fn hazards(operation: &Operation) -> Vec<String> {
    let mut hazards = Vec::new();
    hazards.extend(operation.data_loss.as_ref().map(|loss| format!("loses data: {loss}")));
    hazards.extend(match operation.work {
        Work::Metadata | Work::Catalog => None,
        Work::Scan => Some("reads every row".to_owned()),
        Work::Rewrite => Some("writes every row anew".to_owned()),
    });
    if !operation.reversible {
        hazards.push("the down migration does not bring everything back".to_owned());
    }
    hazards
}

fn closing_line(outcome: &Outcome) -> String {
    let changes: Vec<&RequestOutcome> = outcome.in_order().collect();
    if changes.is_empty() {
        return "No schema changes.".to_owned();
    }
    let operations = changes.iter().flat_map(|request| &request.plan.operations);
    let dangerous =
        operations.clone().filter(|operation| operation.data_loss.is_some() || !operation.reversible).count();
    let plural = super::terminal::plural;
    format!(
        "{}, {}, {}; {dangerous} cannot be undone.",
        plural(changes.len(), "change"),
        plural(operations.count(), "operation"),
        plural(changes.iter().map(|request| request.migrations.len()).sum(), "migration"),
    )
}
