//! Violations and waivers.

use std::collections::BTreeMap;

use super::{Detail, SummaryFacts, more, table};
use crate::{
    model::{Location, Violation, Waived},
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
    let (first, rest) = violations.split_at(violations.len().min(detail.rows));
    let table = table(["Severity", "Rule", "Where", "What to do"], &first.iter().map(row).collect::<Vec<_>>());
    let what = |violation: &Violation| format!("{} {}", severity_word(violation.severity), code(violation.rule));
    let rest = if detail.covered {
        in_short(rest.iter().map(|violation| (what(violation), &violation.location)))
    } else {
        more(violations.len(), first.len(), "violations")
    };
    Some(format!("### Violations\n\n{table}{rest}"))
}

/// The exceptions that this change asks its approvers to accept.
pub(super) fn waivers(facts: &SummaryFacts<'_>, detail: Detail) -> Option<String> {
    let waived: Vec<_> =
        facts.outcome.all_violations().filter_map(|violation| Some((violation, violation.waived.as_ref()?))).collect();
    if waived.is_empty() {
        return None;
    }
    let rule = |violation: &Violation| format!("{} ({})", code(violation.rule), violation.severity);
    let row = |(violation, waiver): &(&Violation, &Waived)| {
        let expires = waiver.expires.to_string();
        let place = place(facts, &violation.location);
        [rule(violation), place, prose(&violation.message), prose(&waiver.reason), expires]
    };
    let (first, rest) = waived.split_at(waived.len().min(detail.rows));
    let rows: Vec<_> = first.iter().map(row).collect();
    let table = table(["Rule", "Where", "What is waived", "Reason given", "Expires"], &rows);
    let what = |violation: &Violation, waiver: &Waived| {
        format!("{} until {}, {}", rule(violation), waiver.expires, prose(&waiver.reason))
    };
    let rest = if detail.covered {
        in_short(rest.iter().map(|(violation, waiver)| (what(violation, waiver), &violation.location)))
    } else {
        more(waived.len(), first.len(), "waivers")
    };
    Some(format!("### Waivers\n\nAn approval accepts them.\n\n{table}{rest}"))
}

/// How many there are on each line of each file.
type Lines<'a> = BTreeMap<&'a str, BTreeMap<usize, usize>>;

/// What has no row: the lines of each file, by what is wrong there, so that nothing is accepted unseen.
fn in_short<'a>(rest: impl Iterator<Item = (String, &'a Location)>) -> String {
    let mut groups: Vec<(String, Lines<'_>)> = Vec::new();
    for (what, location) in rest {
        let at = groups.iter().position(|(known, _)| *known == what).unwrap_or_else(|| {
            groups.push((what, BTreeMap::new()));
            groups.len() - 1
        });
        *groups[at].1.entry(&location.file).or_default().entry(location.start.line).or_default() += 1;
    }
    let line = |(line, times): (&usize, &usize)| match times {
        1 => line.to_string(),
        times => format!("{line} ({times} times)"),
    };
    let lines = |lines: &BTreeMap<usize, usize>| {
        let noun = if lines.len() == 1 { "line" } else { "lines" };
        format!("{noun} {}", lines.iter().map(line).collect::<Vec<_>>().join(", "))
    };
    let item = |(what, files): &(String, Lines<'_>)| {
        let files: Vec<_> = files.iter().map(|(file, at)| format!("{} {}", code(file), lines(at))).collect();
        format!("- {what}: {}", files.join("; "))
    };
    if groups.is_empty() {
        return String::new();
    }
    format!("\n\nThe others, by line:\n\n{}", groups.iter().map(item).collect::<Vec<_>>().join("\n"))
}

/// A link to the line at the head, where there is one.
fn place(facts: &SummaryFacts<'_>, location: &Location) -> String {
    let line = location.start.line;
    let text = code(&format!("{}:{line}", location.file));
    let Some(sha) = facts.head_sha else { return text };
    format!("[{text}]({}/blob/{sha}/{}#L{line})", facts.repository_url, url_path(&location.file))
}
