//! Primary keys, foreign keys and indexes.

use super::support::{evaluate, of_change, of_new, ok, path, reported, request};

const ID: &str = "{name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}";

#[test]
fn a_table_needs_one_primary_key() {
    assert_eq!(
        of_new("missing-primary-key", "orders", &["{name: id, type: UUID}"], ""),
        ["3:3 error: Table is missing a primary key -> Add `primaryKey: true` to one column, best a UUID with \
          `gen_random_uuid()`, or `primaryKey: [a, b]` to the table"]
    );
    ok("missing-primary-key", "orders", &[ID], "");
    ok("missing-primary-key", "orders", &["{name: a, type: UUID}", "{name: b, type: UUID}"], "  primaryKey: [a, b]\n");
    assert_eq!(
        of_change("missing-primary-key", "orders", &["{name: a, type: UUID}"], &["{name: a, type: TEXT}"]),
        [""; 0]
    );
    assert_eq!(
        of_change("missing-primary-key", "orders", &[ID], &["{name: id, type: UUID, nullable: false}"]).len(),
        1
    );
}

#[test]
fn a_table_has_at_most_one_primary_key() {
    let rule = "multiple-primary-keys";
    let flags = ["{name: a, type: UUID, primaryKey: true}", "{name: b, type: UUID, primaryKey: true}"];
    assert_eq!(
        of_new(rule, "orders", &flags, ""),
        [
            "5:41 error: Table has 2 columns with `primaryKey: true`: `a`, `b` -> Ensure exactly one column has `primaryKey: \
          true`; for one key of several columns write `primaryKey: [a, b]` beside `columns` instead"
        ]
    );
    ok(rule, "orders", &[ID], "");
}

#[test]
fn good_keys_are_left_alone() {
    let rule = "primary-key-not-uuid";
    for key in [
        ID,
        "{name: id, type: UUID, primaryKey: true, defaultValue: uuidv7()}",
        "{name: id, type: BIGINT, primaryKey: true, identity: always}",
        "{name: id, type: BIGSERIAL, primaryKey: true}",
        "{name: id, type: serial, primaryKey: true}",
        "{name: order_id, type: TEXT, primaryKey: true, references: {table: orders}}",
    ] {
        ok(rule, "notes", &[key], "");
    }
    ok(rule, "notes", &["{name: a, type: TEXT}", "{name: b, type: TEXT}"], "  primaryKey: [a, b]\n");
    assert_eq!(
        of_new(rule, "notes", &["{name: code, type: varchar(3), primaryKey: true}"], ""),
        [
            "4:26 warning: Primary key `code` is character varying(3), not a UUID -> Prefer UUID with `gen_random_uuid()`; \
          BIGSERIAL/SERIAL or `identity` is acceptable for simple tables; keep what identifies the row outside as a unique \
          column"
        ]
    );
}

#[test]
fn uuid_keys_have_a_default() {
    let rule = "uuid-primary-key-without-default";
    ok(rule, "notes", &[ID], "");
    ok(rule, "notes", &["{name: id, type: UUID, primaryKey: true, references: {table: orders}}"], "");
    ok(rule, "notes", &["{name: id, type: TEXT, primaryKey: true}"], "");
    ok(rule, "notes", &["{name: a, type: UUID}", "{name: b, type: UUID}"], "  primaryKey: [a, b]\n");
    assert_eq!(
        of_new(rule, "notes", &["{name: id, type: UUID, primaryKey: true}"], ""),
        ["4:14 warning: UUID primary key `id` has no default -> Add `defaultValue: gen_random_uuid()`"]
    );
}

const TEAM: &str = "{name: team_id, type: UUID, references: {table: teams, column: id}}";

fn of_reference(rule: &str, columns: &[&str], rest: &str) -> Vec<String> {
    let extra = ["{name: slug, type: TEXT, unique: true}", "{name: title, type: TEXT}"];
    let teams = request("teams", &[ID, extra[0], extra[1]], "");
    reported(&evaluate(&[(&path("teams"), &teams)], &[(&path("notes"), &request("notes", columns, rest))]), rule)
}

#[test]
fn foreign_keys_need_an_index() {
    let rule = "unindexed-foreign-key";
    assert_eq!(
        of_reference(rule, &[ID, TEAM], ""),
        [
            "5:47 warning: Foreign key (team_id) has no index: deleting from `teams` reads all of `notes` -> Add an index: \
          `{name: idx_notes_team_id, columns: [team_id]}`"
        ]
    );
    for rest in [
        "  indexes: [{name: i, columns: [team_id, id]}]\n",
        "  indexes: [{name: i, columns: [team_id], type: HASH}]\n",
        "  indexes: [{name: i, columns: [team_id], where: team_id IS NOT NULL}]\n",
        "  uniques: [{columns: [team_id]}]\n",
    ] {
        assert_eq!(of_reference(rule, &[ID, TEAM], rest), [""; 0], "{rest}");
    }
    for rest in [
        "  indexes: [{name: i, columns: [id, team_id]}]\n",
        "  indexes: [{name: i, columns: [team_id], where: id IS NULL}]\n",
    ] {
        assert_eq!(of_reference(rule, &[ID, TEAM], rest).len(), 1, "{rest}");
    }
    let key = "  primaryKey: [team_id, id]\n";
    assert_eq!(of_reference(rule, &["{name: id, type: UUID}", TEAM], key), [""; 0]);
    assert_eq!(of_change(rule, "notes", &[ID, TEAM], &[ID, TEAM, "{name: a, type: TEXT}"]), [""; 0], "not new");
}

#[test]
fn references_resolve_on_the_merged_result() {
    let rule = "unknown-reference";
    let of = |reference: &str, kind: &str| {
        of_reference(rule, &[ID, &format!("{{name: x, type: {kind}, references: {{{reference}}}}}")], "")
    };
    for (reference, kind) in
        [("table: teams", "UUID"), ("table: teams, column: slug", "varchar(9)"), ("table: notes, column: id", "UUID")]
    {
        assert_eq!(of(reference, kind), [""; 0], "{reference}");
    }
    for (reference, kind, expected) in [
        ("table: team", "UUID", "Foreign key refers to table `team`, which does not exist -> Did you mean `teams`?"),
        (
            "table: teams, column: ids",
            "UUID",
            "Foreign key refers to column `ids`, which `teams` does not have -> Did you mean `id`?",
        ),
        (
            "table: teams, column: title",
            "TEXT",
            "Foreign key refers to (title) of `teams`, which is no key there -> Refer to the primary key or to columns with a \
             unique constraint",
        ),
        ("table: teams, column: id", "TEXT", "Column `x` is text and `teams.id` is uuid -> Make `x` uuid"),
    ] {
        let found = of(reference, kind);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("5:") && found[0].ends_with(expected), "{found:?}");
    }
    let pair = "  foreignKeys: [{columns: [id, x], references: {table: teams}}]\n";
    assert_eq!(
        of_reference(rule, &[ID, "{name: x, type: UUID}"], pair),
        ["6:48 error: Foreign key has 2 columns and refers to 1 of `teams` -> Name as many columns on both sides"]
    );
}

#[test]
fn a_dropped_table_must_not_be_referred_to() {
    let (teams, notes) = (request("teams", &[ID], ""), request("notes", &[ID, TEAM], ""));
    let base = [(path("teams"), teams.clone()), (path("notes"), notes)];
    let base: Vec<_> = base.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let dropped = format!("{teams}lifecycle: dropped\n");
    let found = reported(&evaluate(&base, &[(&path("teams"), &dropped)]), "unknown-reference");
    assert_eq!(
        found,
        ["6:12 error: Table `notes` still refers to `teams` by `notes_team_id_fkey` -> Remove the foreign key from \
          `schema-requests/notes.yaml` first, or drop that table in the same change"]
    );
}

#[test]
fn common_columns_need_an_index() {
    let rule = "unindexed-common-column";
    let columns = [
        ID,
        "{name: user_id, type: TEXT}",
        "{name: created_at, type: TIMESTAMPTZ}",
        "{name: updated_at, type: TIMESTAMPTZ}",
    ];
    let found = of_new(rule, "orders", &columns, "");
    assert_eq!(
        found,
        [
            "5:14 warning: Common column `user_id` has no index -> Add an index: `{name: idx_orders_user_id, columns: [user_id]}`",
            "6:14 warning: Common column `created_at` has no index -> Add an index: `{name: idx_orders_created_at, columns: \
             [created_at]}`",
            "7:14 notice: Common column `updated_at` has no index -> Add an index only if rows are searched by it: `{name: \
             idx_orders_updated_at, columns: [updated_at]}`; it makes every update write to every index of the table (no HOT \
             updates)",
        ]
    );
    ok(rule, "orders", &columns[..3], "  indexes: [{name: idx_orders_user_id, columns: [user_id, created_at]}]\n");
    ok(rule, "orders", &[ID, "{name: updated_by, type: TEXT}", "{name: candidate_id, type: TEXT}"], "");
    ok(rule, "orders", &[ID, "{name: user_id, type: TEXT, references: {table: users}}"], "");
}

#[test]
fn jsonb_is_searched_by_gin() {
    let rule = "jsonb-without-gin-index";
    let columns = [ID, "{name: meta, type: JSONB}"];
    assert_eq!(
        of_new(rule, "orders", &columns, ""),
        [
            "5:14 warning: JSONB column `meta` has no GIN index -> Add a GIN index: `{name: idx_orders_meta, columns: [meta], type: \
          GIN}`"
        ]
    );
    ok(rule, "orders", &columns, "  indexes: [{name: i, columns: [meta], type: gin}]\n");
    ok(rule, "orders", &columns, "  indexes: [{name: i, columns: [{expression: \"(meta ->> 'kind')\"}]}]\n");
    assert_eq!(of_new(rule, "orders", &columns, "  indexes: [{name: i, columns: [id], type: BTREE}]\n").len(), 1);
    assert_eq!(of_change(rule, "orders", &columns, &[ID, columns[1], "{name: a, type: TEXT}"]), [""; 0]);
}
