//! Rules as people meet them: request files in, violations with lines and columns out, through the whole evaluation.

#![expect(clippy::disallowed_methods, reason = "one test reads and, when asked to, writes docs/rules.md")]
#![expect(clippy::expect_used, reason = "a test may stop at once")]

mod keys;
mod limits;
mod names;
mod objects;
mod seed;
mod support;
mod trees;
mod types;
mod values;
mod waivers;

use std::fs;

use schema_registry::{
    model::{Severity, Violation},
    rules,
};
use support::{apply, evaluate, reported, tree, triggers};

#[test]
fn every_bad_example_triggers_its_rule() {
    for rule in rules::all() {
        let violations = evaluate(rule.example.base, rule.example.bad);
        assert!(triggers(&violations, rule.id), "{}: {violations:#?}", rule.id);
        let others = violations.iter().filter(|violation| violation.rule != rule.id && violation.blocks());
        let others: Vec<_> = others.filter(|violation| !of_migrations(violation)).collect();
        assert!(others.is_empty(), "the bad example of {} shows more than that: {others:#?}", rule.id);
    }
}

#[test]
fn no_good_example_triggers_anything_worth_fixing() {
    for rule in rules::all() {
        let violations = evaluate(rule.example.base, rule.example.good);
        let open = violations.iter().filter(|violation| violation.waived.is_none() && !of_migrations(violation));
        let open: Vec<_> =
            open.filter(|violation| violation.severity != Severity::Notice || violation.rule == rule.id).collect();
        assert!(open.is_empty(), "{}: {open:#?}", rule.id);
    }
}

/// Examples come without migrations, and changes of tables cannot all be carried out.
fn of_migrations(violation: &Violation) -> bool {
    ["stale-migration", "unsupported-change"].contains(&violation.rule)
}

#[test]
fn every_fix_of_an_example_fixes_it() {
    let mut fixed = Vec::new();
    for rule in rules::all() {
        let violations = evaluate(rule.example.base, rule.example.bad);
        let Some(found) = violations.iter().find(|found| found.rule == rule.id && !found.fix.is_empty()) else {
            continue;
        };
        let (path, text) = rule.example.bad[0];
        let text = apply(text, &found.fix);
        let after = evaluate(rule.example.base, &[(path, &text)]);
        assert!(!triggers(&after, rule.id), "{}:\n{text}\n{after:#?}", rule.id);
        fixed.push(rule.id);
    }
    assert_eq!(
        fixed,
        [
            "index-name-convention",
            "invalid-request",
            "missing-created-at",
            "missing-updated-at",
            "timestamp-without-time-zone",
            "unknown-type",
            "uuid-primary-key-without-default",
            "varchar-instead-of-text",
        ]
    );
}

#[test]
fn the_rules_page_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules.md");
    let page = rules::rules_page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/docs")).expect("docs/ can be made");
        fs::write(path, &page).expect("docs/rules.md can be written");
    }
    let written = fs::read_to_string(path).unwrap_or_default();
    assert!(written == page, "docs/rules.md is stale; run `UPDATE_DOCS=1 cargo test --test rules`");
}

#[test]
fn an_explanation_has_everything() {
    let rule = rules::find("timestamp-without-time-zone").expect("is a rule");
    let text = rules::explain(rule.id).expect("is a rule");
    assert_eq!(rules::explain("timestamp-without-timezone"), Err(Some(rule.id)));
    assert_eq!(rules::explain("zzz"), Err(None));
    for part in [
        rule.id,
        rule.summary,
        "warning",
        "wall",
        "Triggers it",
        "Corrected",
        "+    - {name: arrived_at, type: TIMESTAMPTZ(3)}",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn a_refused_request_is_judged_no_further_and_hides_no_other() {
    let broken = "tableName: orders\nschemaJson:\n  columns:\n    - {name: userId, type: VARCHAR, nulable: true}\n";
    let other = "tableName: carts\nschemaJson:\n  columns:\n    - {name: userId, type: TEXT}\n";
    let violations = evaluate(&[], &[("schema-requests/orders.yaml", broken), ("schema-requests/carts.yaml", other)]);
    let of = |file: &str| -> Vec<&str> {
        let mut rules: Vec<_> =
            violations.iter().filter(|found| found.location.file.ends_with(file)).map(|found| found.rule).collect();
        rules.dedup();
        rules
    };
    assert_eq!(of("orders.yaml"), ["invalid-request"]);
    assert!(of("carts.yaml").contains(&"column-name-not-snake-case"), "{violations:#?}");
}

#[test]
fn the_policy_switches_rules_off_and_raises_them() {
    let request = "tableName: orders\nschemaJson:\n  columns:\n    - {name: id, type: VARCHAR, primaryKey: true}\n";
    let head = tree(&[("schema-requests/orders.yaml", request)]);
    let mut policy = schema_registry::policy::Policy::default();
    policy.severities.insert("varchar-instead-of-text".to_owned(), Some(Severity::Error));
    policy.severities.insert("primary-key-not-uuid".to_owned(), None);
    policy.severities.insert("invalid-request".to_owned(), None);
    let violations = support::evaluate_with(policy, &tree(&[]), &head);
    assert_eq!(reported(&violations, "primary-key-not-uuid"), Vec::<String>::new());
    assert_eq!(
        reported(&violations, "varchar-instead-of-text"),
        ["4:24 error: Column `id` is VARCHAR -> Use TEXT instead, for flexibility"]
    );
    assert_eq!(reported(&violations, "invalid-request").len(), 1, "fixed rules stay as they are: {violations:#?}");
}
