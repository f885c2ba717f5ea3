//! Accepted exceptions, and what requests say about themselves.

use schema_registry::model::{Severity, Violation};

use super::support::{evaluate, path, reported, request};

const COLUMN: &str = "{name: id, type: VARCHAR, primaryKey: true}";

fn with_waiver(waiver: &str) -> Vec<Violation> {
    let text = request("orders", &[COLUMN], &format!("waivers:\n  - {waiver}\n"));
    evaluate(&[], &[(&path("orders"), &text)])
}

#[test]
fn a_waiver_covers_one_rule_until_it_expires() {
    let violations = with_waiver("{rule: varchar-instead-of-text, reason: A legacy client, expires: 2026-03-02}");
    let of = |rule: &str| violations.iter().find(|found| found.rule == rule).expect("is reported");
    let waived = of("varchar-instead-of-text").waived.as_ref().expect("is waived");
    assert_eq!((waived.reason.as_str(), waived.expires.to_string().as_str()), ("A legacy client", "2026-03-02"));
    assert_eq!(of("primary-key-not-uuid").waived, None);
    assert_eq!(reported(&violations, "invalid-request"), [""; 0]);
}

#[test]
fn an_expired_waiver_covers_nothing_and_is_mentioned() {
    let violations = with_waiver("{rule: varchar-instead-of-text, reason: A legacy client, expires: 2026-03-01}");
    assert_eq!(
        reported(&violations, "varchar-instead-of-text"),
        [
            "4:24 warning: Column `id` is VARCHAR -> Use TEXT instead, for flexibility; the waiver of this rule expired on \
          2026-03-01: renew it or fix this"
        ]
    );
    assert!(violations.iter().all(|found| found.waived.is_none()));
}

#[test]
fn a_waived_error_does_not_block() {
    let text = request(
        "orders",
        &["{name: userId, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}"],
        "waivers:\n  - {rule: column-name-not-snake-case, reason: Read by a legacy client, expires: 2027-01-01}\n",
    );
    let violations = evaluate(&[], &[(&path("orders"), &text)]);
    let found = violations.iter().find(|found| found.rule == "column-name-not-snake-case").expect("is reported");
    assert!(found.severity == Severity::Error && !found.blocks());
}

#[test]
fn what_is_fixed_cannot_be_waived() {
    let columns = ["{name: a, type: UUID, primaryKey: true}", "{name: b, type: UUID, primaryKey: true}"];
    let waiver = "waivers:\n  - {rule: multiple-primary-keys, reason: We like it, expires: 2027-01-01}\n";
    let violations = evaluate(&[], &[(&path("orders"), &request("orders", &columns, waiver))]);
    let found = violations.iter().find(|found| found.rule == "multiple-primary-keys").expect("is reported");
    assert!(found.blocks());
}

#[test]
fn waivers_are_checked_themselves() {
    for (waiver, expected) in [
        (
            "{rule: varchar-instead-of-txt, reason: Why not, expires: 2027-01-01}",
            "6:12 error: Waiver names rule `varchar-instead-of-txt`, which does not exist -> Did you mean \
             `varchar-instead-of-text`?",
        ),
        (
            "{rule: stale-migration, reason: Why not, expires: 2027-01-01}",
            "6:12 error: Violations of `stale-migration` cannot be waived -> Remove the waiver and fix what the rule reports",
        ),
    ] {
        assert_eq!(reported(&with_waiver(waiver), "invalid-request"), [expected]);
    }
    let blank = with_waiver("{rule: varchar-instead-of-text, reason: ' ', expires: 2027-01-01}");
    assert_eq!(reported(&blank, "invalid-request").len(), 1, "{blank:#?}");
    assert!(blank.iter().all(|found| found.waived.is_none()));
}

#[test]
fn a_request_says_why_and_since_when() {
    let text = request("orders", &[COLUMN], "");
    let of = |rule: &str, text: &str| reported(&evaluate(&[], &[(&path("orders"), text)]), rule);
    assert_eq!(of("missing-justification", &text), [""; 0]);
    assert_eq!(
        of("missing-justification", &text.replace("It is needed", "n/a")),
        [
            "5:34 error: Request is missing a justification: `n/a` is a placeholder -> Say in `requestMetadata.justification` what \
          the table is needed for"
        ]
    );
    assert_eq!(
        of("missing-justification", &text.replace("justification: It is needed, ", "")),
        [
            "5:18 error: Request is missing a justification -> Say in `requestMetadata.justification` what the table is needed for"
        ]
    );
    assert_eq!(
        of("invalid-request", &text.replace(", requestedAt: 2026-01-05T09:00:00Z", "")),
        ["5:18 error: Request is missing `requestedAt` -> Run `schema-registry generate`, which fills it in once"]
    );
}
