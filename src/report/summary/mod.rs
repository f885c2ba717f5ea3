//! The summary of a pull request as Markdown: the sticky comment and the step summary.

mod approval;
mod changes;
#[cfg(test)]
mod tests;
mod violations;

use super::escape::{code, prose};
use crate::{
    model::{ApprovalState, Digest, Outcome, Severity, Verdict},
    policy::Policy,
};

/// Longest summary, in UTF-16 code units: GitHub takes 65,536 characters, and a marker goes before it.
const MAX_LENGTH: usize = 60_000;

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
    /// Number of entries and root of the audit log.
    pub log: Option<(u64, Digest)>,
}

/// A summary that GitHub accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Markdown.
    pub markdown: String,
    /// Whether SQL that an approval would cover had to be left out; the gate is red then, and the text says so.
    pub unreviewable: bool,
}

/// How much is shown. [`LEVELS`] are tried in order until one fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Detail {
    /// SQL of the down migrations.
    down: bool,
    /// The list of changed governed files.
    files: bool,
    /// Rows of each table of violations, waivers, operations and refusals.
    rows: usize,
    /// SQL of the up migrations. An approval covers it, so leaving it out is a verdict and not a matter of taste.
    up: bool,
    /// Requests that are described.
    requests: usize,
}

/// What is given up, in this order: down SQL, the list of files, rows beyond 50, then beyond 10, then the SQL itself.
const LEVELS: [Detail; 6] = [
    Detail { down: true, files: true, rows: 200, up: true, requests: usize::MAX },
    Detail { down: false, files: true, rows: 200, up: true, requests: usize::MAX },
    Detail { down: false, files: false, rows: 50, up: true, requests: usize::MAX },
    Detail { down: false, files: false, rows: 10, up: true, requests: usize::MAX },
    Detail { down: false, files: false, rows: 10, up: false, requests: 20 },
    Detail { down: false, files: false, rows: 3, up: false, requests: 0 },
];

/// Renders the summary, as detailed as fits. Deterministic: the same facts give the same text.
#[must_use]
pub fn summary(facts: &SummaryFacts<'_>) -> Summary {
    let mut markdown = String::new();
    for detail in LEVELS {
        markdown = render(facts, detail);
        if markdown.encode_utf16().count() <= MAX_LENGTH {
            return Summary { markdown, unreviewable: !detail.up };
        }
    }
    Summary { markdown, unreviewable: true }
}

fn render(facts: &SummaryFacts<'_>, detail: Detail) -> String {
    let unreviewable = !detail.up;
    let mut sections = vec![head(facts, unreviewable)];
    sections.extend(next_steps(facts, unreviewable));
    sections.extend(violations::section(facts, detail));
    sections.extend(changes::section(facts, detail));
    sections.extend(violations::waivers(facts, detail));
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
    format!("## {icon} Schema review: {word}\n\n**{status}**\n\n{}{waived}", counts.join(", "))
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
    parts.extend(facts.log.map(|(size, root)| format!("audit log {size} entries, root {}", code(&root.short()))));
    format!("<sub>{}</sub>", parts.join(" · "))
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
