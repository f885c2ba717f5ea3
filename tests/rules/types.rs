//! Types of columns and the columns that every table has.

use super::support::{apply, evaluate, of_change, of_new, ok, path, request, tree};

const ID: &str = "{name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}";

fn fixed(rule: &str, column: &str) -> String {
    let text = request("orders", &[ID, column], "");
    let violations = evaluate(&[], &[(&path("orders"), &text)]);
    let found = violations.iter().find(|found| found.rule == rule).expect("is reported");
    let text = apply(&text, &found.fix);
    text.lines().nth(4).unwrap_or_default().trim().trim_start_matches("- ").to_owned()
}

#[test]
fn timestamps_know_their_zone() {
    let rule = "timestamp-without-time-zone";
    for kind in ["TIMESTAMPTZ", "timestamp with time zone", "DATE", "TEXT"] {
        ok(rule, "orders", &[ID, &format!("{{name: at, type: {kind}}}")], "");
    }
    assert_eq!(
        of_new(rule, "orders", &[ID, "{name: at, type: TIMESTAMP}"], ""),
        [
            "5:24 warning: Column `at` is TIMESTAMP, which does not know its time zone -> Use TIMESTAMPTZ instead, for timezone \
          support"
        ]
    );
    for (before, after) in [
        ("{name: at, type: TIMESTAMP}", "{name: at, type: TIMESTAMPTZ}"),
        ("{name: at, type: timestamp(3) without time zone}", "{name: at, type: TIMESTAMPTZ(3)}"),
        ("{name: at, type: 'timestamp[]'}", "{name: at, type: 'TIMESTAMPTZ[]'}"),
        ("{name: at, type: timestamp array}", "{name: at, type: \"TIMESTAMPTZ[]\"}"),
        // Written with an escape, it is not what it seems; a person had better look.
        ("{name: at, type: \"TIMEST\\x41MP\"}", "{name: at, type: \"TIMEST\\x41MP\"}"),
        ("{\"name\": \"at\", \"type\": \"TIMESTAMP\"}", "{\"name\": \"at\", \"type\": \"TIMESTAMPTZ\"}"),
    ] {
        assert_eq!(fixed(rule, before), after);
    }
    let (old, tz) = ("{name: at, type: TIMESTAMP}", "{name: at, type: TIMESTAMPTZ}");
    assert_eq!(of_change(rule, "orders", &[ID, old], &[ID, old, "{name: a, type: TEXT}"]), [""; 0], "not new");
    assert_eq!(of_change(rule, "orders", &[ID, tz], &[ID, old]).len(), 1, "retyped");
}

#[test]
fn text_has_no_limit() {
    let rule = "varchar-instead-of-text";
    for kind in ["TEXT", "CHAR(2)", "citext"] {
        ok(rule, "orders", &[ID, &format!("{{name: note, type: {kind}}}")], "");
    }
    assert_eq!(
        of_new(rule, "orders", &[ID, "{name: note, type: character varying(40)}"], ""),
        [
            "5:26 warning: Column `note` is VARCHAR -> Use TEXT instead, for flexibility; if the limit matters, add `check: \
          length(note) <= 40`"
        ]
    );
    assert_eq!(fixed(rule, "{name: note, type: VARCHAR(255)}"), "{name: note, type: TEXT}");
    assert_eq!(fixed(rule, "{name: note, type: \"varchar[]\"}"), "{name: note, type: \"TEXT[]\"}");
}

#[test]
fn bigint_is_left_to_counters() {
    let rule = "bigint-precision";
    for column in [
        "{name: seq, type: BIGINT, identity: always}",
        "{name: seq, type: BIGSERIAL}",
        "{name: n, type: INTEGER}",
        "{name: candidate_id, type: TEXT}",
        "{name: order_id, type: BIGINT, references: {table: orders}}",
    ] {
        ok(rule, "notes", &[ID, column], "");
    }
    assert_eq!(
        of_new(rule, "notes", &[ID, "{name: discord_id, type: BIGINT}", "{name: size_bytes, type: int8}"], ""),
        [
            "5:32 warning: Column `discord_id` is BIGINT, which JavaScript cannot read exactly above 2^53 -> Use TEXT for external \
             IDs or handle BigInt properly in JavaScript",
            "6:32 warning: Column `size_bytes` is BIGINT, which JavaScript cannot read exactly above 2^53 -> Handle BigInt \
             properly in JavaScript, or use INTEGER where every value stays below 2147483648",
        ]
    );
}

#[test]
fn types_exist() {
    let rule = "unknown-type";
    for kind in ["\"NUMERIC(10,2)\"", "\"TEXT[]\"", "character varying(40)", "bigserial", "inet"] {
        ok(rule, "orders", &[ID, &format!("{{name: x, type: {kind}}}")], "");
    }
    assert_eq!(
        of_new(rule, "orders", &[ID, "{name: x, type: DATETIME}", "{name: y, type: citext}"], ""),
        [
            "5:23 error: Type `datetime` of column `x` does not exist in PostgreSQL 15 -> Use TIMESTAMPTZ instead",
            "6:23 error: Type `citext` of column `y` does not exist in PostgreSQL 15 -> Correct the spelling, or, if the database \
             has it, declare it as an opaque object of kind enum, domain, composite, range or extension",
        ]
    );
    assert_eq!(fixed(rule, "{name: x, type: string}"), "{name: x, type: TEXT}");
    let hostile = of_new(rule, "orders", &[ID, "{name: x, type: varchar(10) REFERENCES messages(id)}"], "");
    assert!(
        hostile.len() == 1 && hostile[0].starts_with("5:23 error: Type of column `x` is not valid: "),
        "{hostile:?}"
    );
}

#[test]
fn the_policy_allows_more_types() {
    let head = tree(&[(&path("orders"), &request("orders", &[ID, "{name: y, type: CITEXT}"], ""))]);
    let mut policy = schema_registry::policy::Policy::default();
    policy.allowed_types.push("citext".to_owned());
    let violations = super::support::evaluate_with(policy, &tree(&[]), &head);
    assert_eq!(super::support::reported(&violations, "unknown-type"), [""; 0]);
}

#[test]
fn tables_have_timestamps() {
    let rule = "missing-updated-at";
    assert_eq!(
        of_new(rule, "orders", &[ID], ""),
        [
            "3:3 warning: Table is missing updated_at timestamp column -> Add updated_at TIMESTAMPTZ for tracking changes"
        ]
    );
    ok(rule, "orders", &[ID, "{name: last_modified_at, type: TIMESTAMPTZ}"], "");
    let join = [
        "{name: user_id, type: UUID, references: {table: users}}",
        "{name: team_id, type: UUID, references: {table: teams}}",
        "{name: created_at, type: TIMESTAMPTZ}",
    ];
    let key = "  primaryKey: [user_id, team_id]\n";
    ok(rule, "memberships", &join, key);
    let with_role = [join[0], join[1], "{name: role, type: TEXT}"];
    assert_eq!(of_new(rule, "memberships", &with_role, key).len(), 1, "its rows change");
    assert_eq!(of_new(rule, "orders", &[ID, "{name: updated_by, type: TEXT}"], "").len(), 1);
    assert_eq!(of_change(rule, "orders", &[ID], &[ID, "{name: a, type: TEXT}"]), [""; 0]);

    let rule = "missing-created-at";
    assert_eq!(
        of_new(rule, "orders", &[ID], ""),
        [
            "3:3 warning: Table is missing created_at timestamp column -> Add created_at TIMESTAMPTZ for tracking creation"
        ]
    );
    ok(rule, "orders", &[ID, "{name: inserted_at, type: TIMESTAMPTZ}"], "");
}

#[test]
fn added_columns_keep_the_style_and_comments_of_the_file() {
    let text = "tableName: orders\r\nschemaJson:\r\n  columns:\r\n  - name: id # key\r\n    type: UUID # random\r\n    primaryKey: true # yes\r\n";
    let violations = evaluate(&[], &[(&path("orders"), text)]);
    let fix = |rule: &str| {
        let found = violations.iter().find(|found| found.rule == rule).expect("is reported");
        apply(text, &found.fix)
    };
    assert!(
        fix("missing-updated-at").ends_with(
            "primaryKey: true # yes\r\n  - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: \
             CURRENT_TIMESTAMP}\r\n"
        ),
        "{:?}",
        fix("missing-updated-at")
    );
    assert!(
        fix("uuid-primary-key-without-default").contains(
            "    type: UUID # random\r\n    defaultValue: gen_random_uuid()\r\n    primaryKey: true # yes\r\n"
        ),
        "{:?}",
        fix("uuid-primary-key-without-default")
    );
}
