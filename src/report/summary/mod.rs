//! The summary of a pull request as Markdown: the sticky comment and the step summary.

mod approval;
mod changes;
mod diagram;
mod patch;
#[cfg(test)]
mod tests;
mod violations;

use super::{
    escape::{code, prose},
    terminal::plural,
};
use crate::{
    model::{ApprovalState, Digest, EntryKind, Outcome, Severity, Verdict},
    policy::Policy,
};

/// Longest comment, in UTF-16 code units: GitHub takes 65,536 characters, and a marker goes before it.
const MAX_COMMENT: usize = 60_000;

/// Longest step summary, in bytes: GitHub takes 1 MiB.
/// Source: <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>
const MAX_STEP_SUMMARY: usize = 1_000_000;

/// Everything that the summary tells.
#[derive(Debug, Clone, Copy)]
pub struct SummaryFacts<'a> {
    /// The final answer.
    pub verdict: Verdict,
    /// The description of the commit status, or why nothing could be judged: hostile text.
    pub status: &'a str,
    /// What was judged.
    pub outcome: &'a Outcome,
    /// The policy of the base.
    pub policy: &'a Policy,
    /// Where the approval stands; `None` where it could not be told or nobody asks for it.
    pub approval: Option<&'a ApprovalState>,
    /// Whether the branch conflicts with its base.
    pub conflict: bool,
    /// Whether the pull request is a draft.
    pub draft: bool,
    /// `https://<server>/<owner>/<name>`, for links.
    pub repository_url: &'a str,
    /// Tip of the head branch, for links; `None` where files on disk were judged.
    pub head_sha: Option<&'a str>,
    /// The approval digest.
    pub digest: Option<Digest>,
    /// `schema-registry <version>`.
    pub tool: &'a str,
}

/// A summary that GitHub accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Markdown for the sticky comment.
    pub markdown: String,
    /// The same for the step summary, which has room for much more.
    pub in_full: String,
    /// Whether something that an approval would cover had to be left out of the comment; the gate is red then, and the
    /// text says so.
    pub unreviewable: bool,
}

/// How much is shown. [`LEVELS`] are tried in order until one fits.
#[expect(clippy::struct_excessive_bools, reason = "each is something that is shown or not")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Detail {
    /// The patch that adds missing migrations.
    patch: bool,
    /// The diagram of the touched tables.
    diagram: bool,
    /// SQL of the down migrations.
    down: bool,
    /// The list of changed governed files.
    files: bool,
    /// Rows of each table. Further violations and waivers are told in short, all of them; of further operations only
    /// those with a hazard have a row; further refusals and reasons are counted.
    rows: usize,
    /// All that an approval accepts: SQL of the up migrations, violations, waivers, control files. Leaving something of
    /// it out is a verdict and not a matter of taste.
    covered: bool,
    /// Requests that are described.
    requests: usize,
}

/// Everything.
const IN_FULL: Detail = Detail {
    patch: true,
    diagram: true,
    down: true,
    files: true,
    rows: usize::MAX,
    covered: true,
    requests: usize::MAX,
};

/// What is given up, in this order: rows beyond 200, the patch, the diagram, down SQL, the list of files and rows beyond
/// 50, rows beyond 10, and then what an approval covers.
const LEVELS: [Detail; 8] = [
    Detail { rows: 200, ..IN_FULL },
    Detail { rows: 200, patch: false, ..IN_FULL },
    Detail { rows: 200, patch: false, diagram: false, ..IN_FULL },
    Detail { rows: 200, patch: false, diagram: false, down: false, ..IN_FULL },
    Detail { rows: 50, files: false, patch: false, diagram: false, down: false, ..IN_FULL },
    Detail { rows: 10, files: false, patch: false, diagram: false, down: false, ..IN_FULL },
    Detail { rows: 10, files: false, patch: false, diagram: false, down: false, covered: false, requests: 20 },
    Detail { rows: 3, files: false, patch: false, diagram: false, down: false, covered: false, requests: 0 },
];

/// Renders the summary, as detailed as fits. Deterministic: the same facts give the same text.
#[must_use]
pub fn summary(facts: &SummaryFacts<'_>) -> Summary {
    let in_a_comment = |text: &str| text.encode_utf16().count() <= MAX_COMMENT;
    let (markdown, detail) = first_that(&LEVELS, in_a_comment, |detail| render(facts, detail, !detail.covered));
    let unreviewable = !detail.covered;
    let mut levels = vec![IN_FULL];
    levels.extend(LEVELS);
    let in_a_step = |text: &str| text.len() <= MAX_STEP_SUMMARY;
    let (in_full, _) = first_that(&levels, in_a_step, |detail| render(facts, detail, unreviewable));
    Summary { markdown, in_full, unreviewable }
}

/// The first text that fits, and its level; else the last.
fn first_that(levels: &[Detail], fits: impl Fn(&str) -> bool, render: impl Fn(Detail) -> String) -> (String, Detail) {
    let mut last = (String::new(), LEVELS[LEVELS.len() - 1]);
    for detail in levels {
        last = (render(*detail), *detail);
        if fits(&last.0) {
            break;
        }
    }
    last
}

fn render(facts: &SummaryFacts<'_>, detail: Detail, unreviewable: bool) -> String {
    let mut sections = vec![head(facts, unreviewable)];
    sections.extend(next_steps(facts, unreviewable));
    sections.extend(patch::section(facts, detail));
    sections.extend(violations::section(facts, detail));
    sections.extend(violations::waivers(facts, detail));
    sections.extend(changes::section(facts, detail));
    sections.extend(facts.approval.map(|state| approval::section(facts, state, detail)));
    sections.push(footer(facts));
    sections.join("\n\n") + "\n"
}

fn head(facts: &SummaryFacts<'_>, unreviewable: bool) -> String {
    let outcome = facts.outcome;
    let (icon, word, status) = match facts.verdict {
        _ if unreviewable => ("❌", "fail", "Unreviewable: the change is too large to show in full".to_owned()),
        Verdict::Pass => ("✅", "pass", prose(facts.status)),
        Verdict::Pending => ("⏳", "pending", prose(facts.status)),
        Verdict::Fail => ("❌", "fail", prose(facts.status)),
    };
    let counts = [Severity::Error, Severity::Warning, Severity::Notice].map(|severity| {
        let count = outcome.count(severity);
        format!("{count} {severity}{}", if count == 1 { "" } else { "s" })
    });
    let waived = outcome.all_violations().filter(|violation| violation.waived.is_some()).count();
    let waived = if waived > 0 { format!(", {waived} waived") } else { String::new() };
    let operations = outcome.requests.iter().flat_map(|request| &request.plan.operations);
    let losses = match operations.filter(|operation| operation.data_loss.is_some()).count() {
        0 => String::new(),
        losses => format!("\n\n⚠️ **Data is lost by {}**", plural(losses, "operation")),
    };
    format!("## {icon} Schema review: {word}\n\n**{status}**\n\n{}{waived}{losses}", counts.join(", "))
}

/// What to do now, most urgent first; nothing where the change may be merged.
fn next_steps(facts: &SummaryFacts<'_>, unreviewable: bool) -> Option<String> {
    let mut steps: Vec<String> = Vec::new();
    if facts.conflict {
        steps.push("Merge the base into this branch, or rebase it, and solve the conflict".to_owned());
    }
    if unreviewable {
        steps.push("Split the change: what an approval covers must fit into one comment".to_owned());
    }
    let stale = |rule: &str| facts.outcome.all_violations().any(|it| it.blocks() && it.rule == rule);
    if stale("stale-migration") {
        steps.push("Run `schema-registry generate` and commit the migrations that it writes".to_owned());
    }
    let errors = facts.outcome.count(Severity::Error);
    if errors > 0 {
        let noun = if errors == 1 { "the error" } else { "the errors" };
        steps.push(format!("Fix {noun} below, or waive with a reason and an expiry what must stay"));
    }
    if facts.draft {
        steps.push("Mark the pull request as ready for review".to_owned());
    }
    if let Some(state) = facts.approval.filter(|state| !state.complete()) {
        steps.push(approval::request(facts, state));
    }
    if steps.is_empty() {
        return None;
    }
    let items: Vec<String> = steps.iter().map(|step| format!("- {step}")).collect();
    Some(format!("### What to do next\n\n{}", items.join("\n")))
}

fn footer(facts: &SummaryFacts<'_>) -> String {
    let mut parts = Vec::new();
    parts.extend(facts.digest.map(|digest| format!("digest {}", code(&digest.short()))));
    parts.extend(facts.head_sha.map(|head| format!("head {}", code(&short_sha(head)))));
    parts.push(prose(facts.tool));
    format!("<sub>{}</sub>", parts.join(" · "))
}

/// The last words under the summary of a pull request that was merged: how it was recorded, and the audit log that holds
/// that, `root` in base64 as in the checkpoint.
#[must_use]
pub fn recorded(kind: EntryKind, size: u64, root: &str) -> String {
    format!("**{}.** Audit log: {}, root {}", how(kind), entries(size), code(root))
}

/// The same as the description of a commit status.
#[must_use]
pub fn recorded_status(kind: EntryKind, size: u64, root: &str) -> String {
    format!("{}; audit log: {}, root {root}", how(kind), entries(size))
}

fn how(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Merged => "Merged as approved",
        _ => "Merged unapproved, and recorded so",
    }
}

fn entries(size: u64) -> String {
    plural(usize::try_from(size).unwrap_or(usize::MAX), "entry")
}

fn short_sha(sha: &str) -> String {
    sha.chars().take(7).collect()
}

/// A Markdown table; every cell must come from [`super::escape`] or be our own words.
fn table<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> String {
    let mut lines = vec![format!("| {} |", header.join(" | ")), format!("|{}", " --- |".repeat(N))];
    lines.extend(rows.iter().map(|row| format!("| {} |", row.join(" | "))));
    lines.join("\n")
}

/// A note under a table that was cut.
fn more(total: usize, shown: usize, what: &str) -> String {
    match total.saturating_sub(shown) {
        0 => String::new(),
        rest => format!("\n\n{rest} more {what} are not shown here; `schema-registry check` lists them all."),
    }
}

/// A folded section. `title` is HTML.
fn folded(title: &str, content: &str) -> String {
    format!("<details><summary>{title}</summary>\n\n{content}\n\n</details>")
}
