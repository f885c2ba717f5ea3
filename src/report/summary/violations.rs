//! Violations and waivers.

use super::{Detail, SummaryFacts, more, table};
use crate::{
    model::{Location, Violation},
    report::{
        escape::{code, prose, url_path},
        severity_word,
    },
};

/// Every violation that no waiver covers, errors first.
pub(super) fn section(facts: &SummaryFacts<'_>, detail: Detail) -> Option<String> {
    let mut violations: Vec<&Violation> =
        facts.outcome.all_violations().filter(|violation| violation.waived.is_none()).collect();
    if violations.is_empty() {
        return None;
    }
    violations.sort_by_key(|violation| (violation.severity, &violation.location, violation.rule));
    let row = |violation: &&Violation| {
        let what = match &violation.suggestion {
            Some(suggestion) => format!("{}<br>{}", prose(&violation.message), prose(suggestion)),
            None => prose(&violation.message),
        };
        let severity = severity_word(violation.severity).to_owned();
        [severity, code(violation.rule), place(facts, &violation.location), what]
    };
    let rows: Vec<_> = violations.iter().take(detail.rows).map(row).collect();
    let table = table(["Severity", "Rule", "Where", "What to do"], &rows);
    Some(format!("### Violations\n\n{table}{}", more(violations.len(), rows.len(), "violations")))
}

/// The exceptions that this change asks its approvers to accept.
pub(super) fn waivers(facts: &SummaryFacts<'_>, detail: Detail) -> Option<String> {
    let waived: Vec<_> =
        facts.outcome.all_violations().filter_map(|violation| Some((violation, violation.waived.as_ref()?))).collect();
    if waived.is_empty() {
        return None;
    }
    let rows: Vec<_> = waived
        .iter()
        .take(detail.rows)
        .map(|(violation, waiver)| {
            let rule = format!("{} ({})", code(violation.rule), violation.severity);
            let expires = waiver.expires.to_string();
            [rule, place(facts, &violation.location), prose(&violation.message), prose(&waiver.reason), expires]
        })
        .collect();
    let table = table(["Rule", "Where", "What is waived", "Reason given", "Expires"], &rows);
    Some(format!("### Waivers\n\nAn approval accepts them.\n\n{table}{}", more(waived.len(), rows.len(), "waivers")))
}

/// A link to the line at the head, where there is one.
fn place(facts: &SummaryFacts<'_>, location: &Location) -> String {
    let line = location.start.line;
    let text = code(&format!("{}:{line}", location.file));
    let Some(sha) = facts.head_sha else { return text };
    format!("[{text}]({}/blob/{sha}/{}#L{line})", facts.repository_url, url_path(&location.file))
}
