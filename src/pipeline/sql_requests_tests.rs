use std::collections::BTreeSet;

use chrono::TimeZone as _;

use crate::{
    model::{ChangeKind, File, Outcome, Tree},
    parse,
    pipeline::{Activity, Scope, Snapshot, assign_stamps, context_files, evaluate},
    policy::Policy,
};

const PATH: &str = "schema-requests/open_orders.yaml";
const UP: &str = "migrations/20260106_090000_run_open_orders.up.sql";
const DOWN: &str = "migrations/20260106_090000_run_open_orders.down.sql";
const VIEW: &str = "\
sqlRequest: open_orders
touches: [open_orders]
up: CREATE VIEW open_orders AS SELECT * FROM orders WHERE NOT closed
down: DROP VIEW open_orders;
requestMetadata: {justification: The desk works from it, requestedAt: 2026-01-06T09:00:00Z}
";
const ORDERS: &str = "\
tableName: orders
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: closed, type: BOOLEAN, nullable: false}
requestMetadata: {justification: Sell things, requestedAt: 2026-01-05T09:00:00Z}
";

fn revision(base: &Tree, merged: &Tree) -> Snapshot {
    let paths: BTreeSet<&String> = base.keys().chain(merged.keys()).collect();
    let changed = paths.into_iter().filter(|path| base.get(*path) != merged.get(*path)).cloned().collect();
    Snapshot {
        policy: Policy::default(),
        now: chrono::Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap(),
        base: base.clone(),
        merged: merged.clone(),
        scope: Scope::Changed(changed),
        activity: Activity::default(),
    }
}

fn with(base: &Tree, files: &[(&str, &str)]) -> Tree {
    let mut tree = base.clone();
    tree.extend(files.iter().map(|(path, text)| ((*path).to_owned(), File::regular(*text))));
    tree
}

/// `tree` with the stamps and the migrations that `generate` writes.
fn generated(base: &Tree, tree: &Tree) -> Tree {
    let mut merged = tree.clone();
    for stamp in assign_stamps(&revision(base, &merged)) {
        let bytes = parse::set_requested_at(&merged[&stamp.path].bytes, stamp.at).expect("can be edited");
        merged.insert(stamp.path, File::regular(bytes));
    }
    let outcome = evaluate(&revision(base, &merged));
    for migration in outcome.in_order().flat_map(|request| &request.migrations) {
        for (name, text) in [(migration.name.up_file(), &migration.up), (migration.name.down_file(), &migration.down)] {
            merged.insert(format!("migrations/{name}"), File::regular(text.as_str()));
        }
    }
    assert!(assign_stamps(&revision(base, &merged)).is_empty(), "a second run finds nothing to do");
    merged
}

fn reported(outcome: &Outcome) -> Vec<String> {
    let errors = outcome.all_violations().filter(|violation| violation.blocks());
    errors.map(|violation| format!("{}: {}", violation.rule, violation.message)).collect()
}

fn text(tree: &Tree, path: &str) -> String {
    String::from_utf8(tree[path].bytes.clone()).expect("UTF-8")
}

#[test]
fn sql_is_carried_word_for_word() {
    let merged = generated(&Tree::new(), &with(&Tree::new(), &[(PATH, VIEW)]));
    insta::assert_snapshot!(text(&merged, UP), @"
    -- schema-registry migration, format 1
    -- sql: open_orders
    -- change: run
    -- before: -
    -- after: b8956b89e4bd111869efca9a1b34c359d313884ad4c609378acb28dd9e790e06

    BEGIN;
    SET LOCAL lock_timeout = '2s';
    SET LOCAL standard_conforming_strings = on;

    CREATE VIEW open_orders AS SELECT * FROM orders WHERE NOT closed;

    COMMIT;
    ");
    insta::assert_snapshot!(text(&merged, DOWN), @"
    -- schema-registry migration, format 1
    -- sql: open_orders
    -- change: run
    -- before: -
    -- after: b8956b89e4bd111869efca9a1b34c359d313884ad4c609378acb28dd9e790e06

    BEGIN;
    SET LOCAL lock_timeout = '2s';
    SET LOCAL standard_conforming_strings = on;

    DROP VIEW open_orders;

    COMMIT;
    ");
    let outcome = evaluate(&revision(&Tree::new(), &merged));
    assert_eq!(reported(&outcome), [""; 0]);
    let [request] = outcome.requests.as_slice() else { panic!("one request") };
    assert_eq!((request.kind(), request.subject().as_deref()), (Some(ChangeKind::Run), Some("open_orders")));
    assert_eq!(reported(&evaluate(&Snapshot { scope: Scope::All, ..revision(&Tree::new(), &merged) })), [""; 0]);
}

#[test]
fn a_statement_that_runs_alone_is_in_no_transaction_and_what_cannot_be_undone_says_why() {
    let file = "\
sqlRequest: open_orders
touches: [archive]
up: CREATE INDEX CONCURRENTLY i ON archive (day) -- slow;
irreversible: It isn't worth it
requestMetadata: {justification: Reports by day, requestedAt: 2026-01-06T09:00:00Z}
";
    let merged = generated(&Tree::new(), &with(&Tree::new(), &[(PATH, file)]));
    insta::assert_snapshot!(text(&merged, UP), @"
    -- schema-registry migration, format 1
    -- sql: open_orders
    -- change: run
    -- before: -
    -- after: a1018e9b3a43cd514ad0b3784e24e73519f6241f623300c015e51d67473fced2

    SET lock_timeout = 0;
    SET statement_timeout = 0;

    CREATE INDEX CONCURRENTLY i ON archive (day) -- slow;
    ;

    RESET lock_timeout;
    RESET statement_timeout;
    ");
    insta::assert_snapshot!(text(&merged, DOWN), @"
    -- schema-registry migration, format 1
    -- sql: open_orders
    -- change: run
    -- before: -
    -- after: a1018e9b3a43cd514ad0b3784e24e73519f6241f623300c015e51d67473fced2
    DO $irreversible$
    BEGIN
      RAISE EXCEPTION 'This migration cannot be undone'
        USING DETAIL = 'It isn''t worth it', HINT = 'Restore what it changed from a backup, or by a request of its own';
    END
    $irreversible$;
    ");
}

#[test]
fn what_landed_is_not_run_again_and_another_text_is() {
    let base = generated(&Tree::new(), &with(&Tree::new(), &[(PATH, VIEW)]));
    let other_words = VIEW.replace("The desk", "The whole desk");
    let outcome = evaluate(&revision(&base, &with(&base, &[(PATH, &other_words)])));
    assert_eq!((reported(&outcome), outcome.requests[0].kind()), (Vec::new(), Some(ChangeKind::None)));
    assert!(outcome.requests[0].migrations.is_empty());

    let merged = with(&base, &[(PATH, &VIEW.replace("NOT closed", "closed IS FALSE"))]);
    insta::assert_snapshot!(reported(&evaluate(&revision(&base, &merged))).join("\n"), @"
    stale-migration: Migration migrations/20260106_090000_run_open_orders.up.sql starts from other SQL than the base has run
    stale-migration: Migration migrations/20260106_090000_run_open_orders.down.sql starts from other SQL than the base has run
    ");
}

#[test]
fn an_edit_extends_the_chain() {
    let base = generated(&Tree::new(), &with(&Tree::new(), &[(PATH, VIEW)]));
    let edited = VIEW.replace("CREATE VIEW", "CREATE OR REPLACE VIEW").replace("NOT closed", "closed IS FALSE");
    let merged = generated(&base, &with(&base, &[(PATH, &edited)]));
    assert_eq!(reported(&evaluate(&revision(&base, &merged))), [""; 0]);
    let second = "migrations/20260106_090001_run_open_orders.up.sql";
    let after = |text: &str| text.lines().nth(4).expect("a header").replace("after", "before");
    assert_eq!(text(&merged, second).lines().nth(3), Some(after(&text(&merged, UP)).as_str()));

    let gone = |path: &str| {
        let mut tree = merged.clone();
        tree.remove(path);
        reported(&evaluate(&revision(&base, &tree)))
    };
    insta::assert_snapshot!(gone(second).join("\n"), @"stale-migration: Migration migrations/20260106_090001_run_open_orders.up.sql is missing");
    insta::assert_snapshot!(gone(UP).join("\n"), @"
    stale-migration: Migration 20260106_090001_run_open_orders starts from state b8956b89e4bd, but no migration of the table comes before it
    edited-migration: A merged migration was deleted
    ");
    let edited = |path: &str| {
        let other = text(&merged, path).replace("open_orders AS", "open_orders  AS");
        reported(&evaluate(&revision(&base, &with(&merged, &[(path, &other)]))))
    };
    insta::assert_snapshot!(edited(second).join("\n"), @r#"stale-migration: Migration migrations/20260106_090001_run_open_orders.up.sql was edited by hand: line 11 is "CREATE OR REPLACE VIEW open_orders  AS SELECT * FROM orders WHERE closed IS FALS""#);
    insta::assert_snapshot!(edited(UP).join("\n"), @"edited-migration: A merged migration was changed");
    let mut orphaned = merged.clone();
    orphaned.remove(PATH);
    insta::assert_snapshot!(reported(&evaluate(&revision(&base, &orphaned))).join("\n"), @"
    stale-migration: The migration is of SQL request `open_orders`, which does not exist
    stale-migration: The migration is of SQL request `open_orders`, which does not exist
    ");
}

#[test]
fn sql_runs_after_the_tables_of_its_revision_unless_it_says_when() {
    let stamped = |files: &[(&str, &str)]| {
        let stamps = assign_stamps(&revision(&Tree::new(), &with(&Tree::new(), files)));
        stamps.into_iter().map(|stamp| format!("{} {}", stamp.path, stamp.at.format("%T"))).collect::<Vec<_>>()
    };
    let orders = ORDERS.replace(", requestedAt: 2026-01-05T09:00:00Z", "");
    let view = VIEW.replace(", requestedAt: 2026-01-06T09:00:00Z", "");
    let at = "schema-requests/orders.yaml";
    assert_eq!(stamped(&[(at, &orders), (PATH, &view)]), [format!("{PATH} 12:00:01"), format!("{at} 12:00:00")]);
    assert_eq!(stamped(&[(at, &orders), (PATH, VIEW)]), [format!("{at} 12:00:00")]);
    assert_eq!(stamped(&[(at, ORDERS), (PATH, &VIEW.replace("01-06", "01-05"))]), [format!("{PATH} 09:00:01")]);
}

#[test]
fn its_rules_see_statements_tables_and_waivers() {
    let base = generated(&Tree::new(), &with(&Tree::new(), &[("schema-requests/orders.yaml", ORDERS)]));
    let said = |up: &str, rest: &str| {
        let file = VIEW
            .replace("up: CREATE VIEW open_orders AS SELECT * FROM orders WHERE NOT closed", &format!("up: |\n{up}"));
        let outcome = evaluate(&revision(&base, &with(&base, &[(PATH, &(file + rest))])));
        let said = outcome.all_violations().filter(|violation| violation.rule != "stale-migration");
        let line = |it: &crate::model::Violation| {
            let waived = if it.waived.is_some() { " (waived)" } else { "" };
            format!("{}:{} {}{waived}: {}", it.location.start.line, it.severity, it.rule, it.message)
        };
        said.map(line).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(said("  SELECT 1;\n  COMMIT;\n", ""), @"3:error invalid-sql: The statement on line 2 (`COMMIT`): It controls the transaction, and the migration is one of its own");
    insta::assert_snapshot!(said("  SELEC 1;\n", ""), @r#"3:error invalid-sql: The SQL cannot be read: Syntax error at or near "SELEC""#);
    insta::assert_snapshot!(said("  DROP VIEW open_orders CASCADE;\n\n  CREATE INDEX i ON orders (closed);\n", ""), @"
    3:warning sql-blocking-index: The statement on line 3 (`CREATE INDEX i ON orders (closed)`) blocks everybody who writes to the table until it is done
    3:error sql-bypasses-request: The statement on line 3 (`CREATE INDEX i ON orders (closed)`) changes table `orders`, which schema-requests/orders.yaml describes
    3:warning sql-cascade: The statement on line 1 (`DROP VIEW open_orders CASCADE`) takes along whatever depends on the object
    3:error sql-unlisted-object: The statement on line 3 (`CREATE INDEX i ON orders (closed)`) changes `orders`, which `touches` does not list
    ");
    let waiver = "waivers: [{rule: sql-bypasses-request, reason: Built by hand, expires: 2027-01-01}]\n";
    insta::assert_snapshot!(said("  ALTER TABLE orders ADD note text;\n", waiver), @"
    3:error sql-bypasses-request (waived): The statement on line 1 (`ALTER TABLE orders ADD note text`) changes table `orders`, which schema-requests/orders.yaml describes
    3:error sql-unlisted-object: The statement on line 1 (`ALTER TABLE orders ADD note text`) changes `orders`, which `touches` does not list
    ");
    insta::assert_snapshot!(said("  UPDATE orders SET closed = true;\n", "registryId: x\n"), @"8:error invalid-request: Unknown key `registryId`");
}

#[test]
fn an_approval_depends_on_what_the_sql_touches() {
    let base = generated(&Tree::new(), &with(&Tree::new(), &[("schema-requests/orders.yaml", ORDERS), (PATH, VIEW)]));
    let grants = VIEW.replace("open_orders", "grants").replace("touches: [grants]", "touches: [orders]");
    let snapshot = revision(&base, &with(&base, &[("schema-requests/grants.yaml", &grants)]));
    let paths: Vec<_> = context_files(&snapshot, &evaluate(&snapshot)).into_keys().collect();
    let table = "migrations/20260105_090000_create_orders";
    assert_eq!(
        paths,
        [format!("{table}.down.sql"), format!("{table}.up.sql"), "schema-requests/orders.yaml".to_owned()]
    );
    let edited = revision(&base, &with(&base, &[(PATH, &VIEW.replace("desk", "floor"))]));
    let paths: Vec<_> = context_files(&edited, &evaluate(&edited)).into_keys().collect();
    assert_eq!(paths, [DOWN, UP, PATH]);
}
