//! How much one pull request, and one author, may ask for.

use schema_registry::{
    model::{Activity, Tree},
    pipeline::{self, Scope, Snapshot},
    policy::Policy,
    rules,
};

use crate::support::{now, reported, request, tree};

const ID: &str = "{name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}";

/// What is reported of a pull request that asks for two tables, and brings `more`, under these limits.
fn of(limits: &str, more: &[(&str, &str)], scope: impl Fn(&Tree) -> Scope) -> Vec<String> {
    let texts = ["rooms", "teams"].map(|table| (format!("schema-requests/{table}.yaml"), request(table, &[ID], "")));
    let mut files: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    files.extend(more);
    let merged = tree(&files);
    let snapshot = Snapshot {
        policy: Policy::parse(&format!("[limits]\n{limits}"), &rules::configurable()).expect("a policy"),
        now: now(),
        base: Tree::new(),
        scope: scope(&merged),
        merged,
        activity: Activity { login: "ann".to_owned(), open: vec![3, 4], recent: vec![4] },
    };
    let violations: Vec<_> = pipeline::evaluate(&snapshot).all_violations().cloned().collect();
    reported(&violations, "limit-exceeded")
}

fn changed(merged: &Tree) -> Scope {
    Scope::Changed(merged.keys().cloned().collect())
}

#[test]
fn what_is_beyond_a_limit_is_reported_with_what_counts() {
    let all = "tables_per_change = 1\nopen_requests = 2\nrequests_per_day = 1\n";
    insta::assert_snapshot!(of(all, &[], changed).join("\n"), @"
    1:1 error: 2 tables change, and the policy allows 1 (`tables_per_change`) -> Split the change into several pull requests
    1:1 error: `ann` has older open pull requests with requests (`#3`, `#4`), and the policy allows 2 (`open_requests`) -> Get one of them merged, or close it
    1:1 error: `ann` opened other pull requests with requests within 24 hours (`#4`), and the policy allows 1 a day (`requests_per_day`) -> Wait until the first of them is a day old
    ");
    for within in ["", "tables_per_change = 2\nopen_requests = 3\nrequests_per_day = 2\n"] {
        assert_eq!(of(within, &[], changed), [""; 0], "{within}");
    }
    let baseline = [("migrations/20260105_090000_baseline.txt", "")];
    assert_eq!(of(all, &baseline, changed), [""; 0], "a database that is taken over");
    assert_eq!(of(all, &[], |_| Scope::All), [""; 0], "everything there is");
}
