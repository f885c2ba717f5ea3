//! From request files to what is reported of them.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeZone, Utc};
use schema_registry::{
    model::{Activity, Edit, File, Tree, Violation},
    pipeline::{self, Scope, Snapshot},
    policy::{POLICY_FILE, Policy},
    rules,
};

/// Files by path.
pub(crate) type Files<'a> = &'a [(&'a str, &'a str)];

/// 1 March 2026, noon.
pub(crate) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).single().expect("is a time")
}

pub(crate) fn tree(files: Files<'_>) -> Tree {
    files.iter().map(|(path, text)| ((*path).to_owned(), File::regular(*text))).collect()
}

/// Every violation of a change that lays `head` over `base`.
pub(crate) fn evaluate(base: Files<'_>, head: Files<'_>) -> Vec<Violation> {
    let base = tree(base);
    let mut merged = base.clone();
    merged.extend(tree(head));
    let policy = base.get(POLICY_FILE).map(|file| String::from_utf8_lossy(&file.bytes));
    let policy = policy.map(|text| Policy::parse(&text, &rules::configurable()).expect("a policy"));
    evaluate_with(policy.unwrap_or_default(), &base, &merged)
}

/// Every violation of the change from `base` to `merged`.
pub(crate) fn evaluate_with(policy: Policy, base: &Tree, merged: &Tree) -> Vec<Violation> {
    let paths: BTreeSet<_> = base.keys().chain(merged.keys()).collect();
    let changed = paths.into_iter().filter(|path| base.get(*path) != merged.get(*path)).cloned().collect();
    let snapshot = Snapshot {
        policy,
        now: now(),
        base: base.clone(),
        merged: merged.clone(),
        scope: Scope::Changed(changed),
        activity: Activity::default(),
    };
    pipeline::evaluate(&snapshot).all_violations().cloned().collect()
}

pub(crate) fn triggers(violations: &[Violation], rule: &str) -> bool {
    violations.iter().any(|violation| violation.rule == rule && violation.waived.is_none())
}

/// `4:13 error: message -> suggestion` of every violation of `rule`.
pub(crate) fn reported(violations: &[Violation], rule: &str) -> Vec<String> {
    let of_rule = violations.iter().filter(|violation| violation.rule == rule);
    of_rule
        .map(|found| {
            let (start, suggestion) = (found.location.start, found.suggestion.as_deref().unwrap_or("nothing"));
            format!("{}:{} {}: {} -> {suggestion}", start.line, start.column, found.severity, found.message)
        })
        .collect()
}

/// A request for a table; the first column is on line 4.
pub(crate) fn request(table: &str, columns: &[&str], rest: &str) -> String {
    let columns = columns.join("\n    - ");
    format!(
        "tableName: {table}\nschemaJson:\n  columns:\n    - {columns}\n{rest}\
         requestMetadata: {{justification: It is needed, requestedAt: 2026-01-05T09:00:00Z}}\n"
    )
}

pub(crate) fn path(table: &str) -> String {
    format!("schema-requests/{table}.yaml")
}

/// What `rule` reports of a new table.
pub(crate) fn of_new(rule: &str, table: &str, columns: &[&str], rest: &str) -> Vec<String> {
    reported(&evaluate(&[], &[(&path(table), &request(table, columns, rest))]), rule)
}

/// Nothing of `rule` may be reported of a new table.
pub(crate) fn ok(rule: &str, table: &str, columns: &[&str], rest: &str) {
    let found = of_new(rule, table, columns, rest);
    assert!(found.is_empty(), "{rule} on {}\n{found:#?}", request(table, columns, rest));
}

/// What `rule` reports of the change of a table from one list of columns to another.
pub(crate) fn of_change(rule: &str, table: &str, before: &[&str], after: &[&str]) -> Vec<String> {
    let path = path(table);
    reported(&evaluate(&[(&path, &request(table, before, ""))], &[(&path, &request(table, after, ""))]), rule)
}

/// `text` with `edits` made.
pub(crate) fn apply(text: &str, edits: &[Edit]) -> String {
    let mut text = text.to_owned();
    let mut edits = edits.to_vec();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
    for edit in edits {
        text.replace_range(edit.span.range(), &edit.text);
    }
    text
}
