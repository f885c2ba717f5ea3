//! Requests that lean on opaque objects.

use crate::support::{evaluate, path, reported, request};

const OBJECTS: &str = "\
opaqueObjects:
  - {kind: enum, name: mood, labels: [sad, happy]}
  - {kind: domain, schema: billing, name: amount, type: 'NUMERIC(10,2)'}
  - {kind: extension, name: citext, types: [citext]}
  - kind: table
    name: measurements
    columns: [{name: id, type: BIGINT}, {name: day, type: DATE}]
    primaryKey: [id]
  - {kind: view, name: totals, columns: [{name: id, type: BIGINT}]}
owner: platform
reason: Older than the registry
";
const ID: &str = "{name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}";

fn of(rule: &str, columns: &[&str]) -> String {
    let columns: Vec<_> = [ID].into_iter().chain(columns.iter().copied()).collect();
    let request = request("people", &columns, "");
    let head = [("schema-requests/opaque.yaml", OBJECTS), (&path("people"), &request)];
    reported(&evaluate(&[], &head), rule).join("\n")
}

#[test]
fn declared_types_are_known() {
    let known = ["{name: a, type: mood}", "{name: b, type: 'public.mood[]'}", "{name: c, type: billing.amount}"];
    let brought = ["{name: d, type: citext}", "{name: e, type: extensions.CITEXT}"];
    assert_eq!(of("unknown-type", &[&known[..], &brought[..]].concat()), "");
    insta::assert_snapshot!(of("unknown-type", &["{name: a, type: amount}", "{name: b, type: billing.mood}", "{name: c, type: measurements}"]), @r"
    5:23 error: Type `amount` of column `a` does not exist in PostgreSQL 15 -> Correct the spelling, or, if the database has it, declare it as an opaque object of kind enum, domain, composite, range or extension
    6:23 error: Type `billing.mood` of column `b` does not exist in PostgreSQL 15 -> Correct the spelling, or, if the database has it, declare it as an opaque object of kind enum, domain, composite, range or extension
    7:23 error: Type `measurements` of column `c` does not exist in PostgreSQL 15 -> Correct the spelling, or, if the database has it, declare it as an opaque object of kind enum, domain, composite, range or extension
    ");
}

#[test]
fn defaults_are_labels_and_values_of_the_type_below() {
    let good = ["{name: a, type: mood, defaultValue: \"'sad'\"}", "{name: b, type: billing.amount, defaultValue: 0}"];
    assert_eq!(of("invalid-default", &good), "");
    insta::assert_snapshot!(of("invalid-default", &["{name: a, type: mood, defaultValue: \"'sadd'\"}"]), @"5:43 error: Column `a` is mood and cannot default to 'sadd' -> Write a default of type mood");
}

#[test]
fn foreign_keys_lead_to_keys_of_declared_tables() {
    let key = |table: &str, column: &str, kind: &str| {
        format!("{{name: x, type: {kind}, references: {{table: {table}, column: {column}}}}}")
    };
    assert_eq!(of("unknown-reference", &[&key("measurements", "id", "BIGINT")]), "");
    let shown: Vec<_> = [
        ("measurements", "day", "DATE"),
        ("measurements", "id", "UUID"),
        ("measurements", "x", "INT"),
        ("totals", "id", "BIGINT"),
        ("measurement", "id", "INT"),
    ]
    .map(|(table, column, kind)| of("unknown-reference", &[&key(table, column, kind)]))
    .into();
    insta::assert_snapshot!(shown.join("\n"), @r"
    5:71 error: Foreign key refers to (day) of `measurements`, which is no key there -> Refer to the primary key or to columns with a unique constraint
    5:71 error: Column `x` is uuid and `measurements.id` is bigint -> Make `x` bigint
    5:70 error: Foreign key refers to column `x`, which `measurements` does not have -> Name a column of the referenced table
    5:51 error: Foreign key refers to `totals`, a view -> Refer to a table
    5:48 error: Foreign key refers to table `measurement`, which does not exist -> Did you mean `measurements`?
    ");
}

#[test]
fn an_object_is_declared_once_and_not_described_too() {
    let again = "opaqueObjects: [{kind: view, name: measurements}, {kind: function, name: totals}, {kind: table, name: people}]\nowner: me\nreason: Old\n";
    let request = request("people", &[ID], "");
    let head =
        [("schema-requests/opaque.yaml", OBJECTS), ("schema-requests/z/more.yaml", again), (&path("people"), &request)];
    insta::assert_snapshot!(reported(&evaluate(&[], &head), "duplicate-object").join("\n"), @r"
    1:36 error: `measurements` is declared twice, first in `schema-requests/opaque.yaml` as table -> Keep one of the two
    1:103 error: `people` is declared here, and `schema-requests/people.yaml` describes it -> Keep one of the two
    ");
}

#[test]
fn a_file_that_is_refused_declares_nothing_and_says_why() {
    let broken = OBJECTS.replace("kind: view", "kind: veiw");
    let request = request("people", &[ID, "{name: a, type: mood}"], "");
    let found = evaluate(&[], &[("schema-requests/opaque.yaml", &broken), (&path("people"), &request)]);
    assert_eq!(reported(&found, "unknown-type").len(), 1);
    insta::assert_snapshot!(reported(&found, "invalid-request").join("\n"), @"9:12 error: `kind` must be `table`, `view`, `materializedView`, `sequence`, `enum`, `domain`, `composite`, `range`, `function`, `procedure` or `extension`, not `veiw` -> Did you mean `view`?");
}
