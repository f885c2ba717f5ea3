//! What people read about rules, generated from their declarations.

use std::fmt::Write as _;

use super::{Rule, all, find};
use crate::policy::nearest;

/// The text that `explain` prints, Markdown; for an id that no rule has, the nearest one that there is.
pub fn explain(id: &str) -> Result<String, Option<&'static str>> {
    match find(id) {
        Some(rule) => Ok(section(rule)),
        None => Err(nearest(id, all().iter().map(|rule| rule.id))),
    }
}

/// The page of all rules, Markdown: `docs/rules.md`.
#[must_use]
pub fn rules_page() -> String {
    let mut page = String::from(
        "# Rules\n\n\
         <!-- Generated from src/rules/all by `UPDATE_DOCS=1 cargo test --test rules`; do not edit. -->\n\n\
         A rule reports violations. An `error` blocks the merge, a `warning` is worth fixing, a `notice` is good to know.\n\
         `[rules]` in `schema-registry.toml` sets the severity of a rule, or `\"off\"`. A waiver in the request accepts the\n\
         violations of one rule in one file, with a reason, and holds until the end of the day before `expires`, in UTC:\n\n\
         ```yaml\n\
         waivers:\n  - {rule: bigint-precision, reason: The importer reads it as BigInt, expires: 2027-01-01}\n\
         ```\n\n\
         *Fixed* rules report what cannot be understood, carried out or trusted: they have the severity below whatever the\n\
         policy says, and a waiver of them is refused.\n\n\
         | rule | severity | reports |\n| --- | --- | --- |\n",
    );
    for rule in all() {
        let _ = writeln!(page, "| [`{0}`](#{0}) | {1} | {2} |", rule.id, severity(rule), rule.summary);
    }
    for rule in all() {
        let _ = write!(page, "\n{}", section(rule));
    }
    page
}

fn severity(rule: &Rule) -> String {
    if rule.fixed { format!("{}, fixed", rule.severity) } else { rule.severity.to_string() }
}

fn section(rule: &Rule) -> String {
    let mut text = format!("## {}\n\n{} ({})\n\n{}\n", rule.id, rule.summary, severity(rule), rule.rationale.trim());
    for (path, file) in rule.example.base {
        let _ = write!(text, "\nOn the base branch, `{path}`:\n\n{}", fence(language(path), file));
    }
    for (path, file) in rule.example.bad {
        let _ = write!(text, "\nTriggers it, `{path}`:\n\n{}", fence(language(path), file));
    }
    for (path, good) in rule.example.good {
        let bad = rule.example.bad.iter().find(|(bad, _)| bad == path);
        match bad {
            Some((_, bad)) if bad != good => {
                let diff = similar::TextDiff::from_lines(*bad, *good).unified_diff().context_radius(1).to_string();
                let _ = write!(text, "\nCorrected:\n\n{}", fence("diff", &diff));
            }
            _ => {
                let _ = write!(text, "\nCorrect, `{path}`:\n\n{}", fence(language(path), good));
            }
        }
    }
    text
}

fn language(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("yaml") => "yaml",
        Some("sql") => "sql",
        _ => "text",
    }
}

fn fence(language: &str, text: &str) -> String {
    format!("```{language}\n{}\n```\n", text.trim_end())
}
