//! Keys that foreign keys of other tables stand on: what the check foretells is what PostgreSQL refuses.

use chrono::DateTime;
use schema_registry::{
    model::{Activity, File, Outcome, Renames, Tree},
    parse::set_requested_at,
    pipeline::{Scope, Snapshot, assign_stamps, evaluate},
    policy::Policy,
    postgres::Connection,
};

use crate::{
    bench::{alter, create, table},
    support::on_each,
};

/// The fields of both requests.
type Pair = (String, String);

fn teams(code: &str, rest: &str) -> String {
    format!(
        "tableName: teams\nschemaJson:\n  columns:\n    - {{name: id, type: BIGINT, nullable: false}}\n    \
         - {{name: code, type: TEXT{code}}}\n{rest}"
    )
}

fn orders(code: &str) -> String {
    format!(
        "tableName: orders\nschemaJson:\n  columns:\n    - {{name: id, type: BIGINT, primaryKey: true, nullable: false}}\n    \
         - {{name: team, type: TEXT{code}}}\n"
    )
}

const TO_CODE: &str = ", references: {table: teams, column: code}";
const UNIQUE: &str = ", unique: true";
const INDEX: &str = "  indexes: [{name: by_code, unique: true, columns: [code]}]\n";

fn request(fields: &str, time: Option<&str>) -> File {
    let time = time.map(|time| format!(", requestedAt: {time}")).unwrap_or_default();
    File::regular(format!("{fields}requestMetadata: {{justification: Test{time}}}\n"))
}

/// What `generate` makes of the change from one pair to the other.
fn outcome(base: &Pair, merged: &Pair) -> Outcome {
    let path = |name: &str| format!("schema-requests/{name}.yaml");
    let before = |fields: &str| request(fields, Some("2026-01-05T09:00:00Z"));
    let base_tree: Tree = [(path("teams"), before(&base.0)), (path("orders"), before(&base.1))].into();
    let pairs = [("teams", &base.0, &merged.0), ("orders", &base.1, &merged.1)];
    let changed = pairs.into_iter().filter(|(_, old, new)| old != new);
    let changed: Tree = changed.map(|(name, _, new)| (path(name), request(new, None))).collect();
    let mut snapshot = Snapshot {
        policy: Policy::default(),
        now: DateTime::from_timestamp(1_800_000_000, 0).expect("it is a time"),
        scope: Scope::Changed(changed.keys().cloned().collect()),
        merged: base_tree.clone().into_iter().chain(changed).collect(),
        base: base_tree,
        activity: Activity::default(),
    };
    for stamp in assign_stamps(&snapshot) {
        let file = snapshot.merged.get_mut(&stamp.path).expect("it is one of them");
        file.bytes = set_requested_at(&file.bytes, stamp.at).expect("it has none");
    }
    evaluate(&snapshot)
}

fn said(outcome: &Outcome) -> Vec<String> {
    let found = outcome.all_violations().filter(|violation| violation.rule == "unsupported-change");
    found.map(|it| format!("{}\n  {}", it.message, it.suggestion.clone().unwrap_or_default())).collect()
}

async fn begin(connection: &Connection, (teams, orders): &Pair) {
    let clear = "DROP TABLE IF EXISTS orders; DROP TABLE IF EXISTS teams;";
    for script in [clear, &create(&table(teams)).up, &create(&table(orders)).up] {
        connection.execute_script(script).await.expect("new tables");
    }
}

#[test]
fn what_postgresql_refuses_is_said_before() {
    let referring = || orders(TO_CODE);
    let key = |columns: &str| format!("  primaryKey: {{name: teams_pkey, columns: [{columns}]}}\n");
    let by_key = || orders(", references: {table: teams}");
    let distinct = "  uniques: [{name: teams_code_key, columns: [code], nullsNotDistinct: true}]\n";
    let cases = [
        (teams(UNIQUE, ""), teams("", ""), referring()),
        (teams(UNIQUE, ""), teams(UNIQUE, "").replace("code", "other"), referring()),
        (teams(UNIQUE, ""), teams("", distinct), referring()),
        (teams("", INDEX), teams("", ""), referring()),
        (teams("", INDEX), teams("", &INDEX.replace("[code]", "[{column: code, order: desc}]")), referring()),
        (teams("", &key("code")), teams("", &key("code, id")), by_key()),
        // The key takes another place under the same name, and a new one the old place.
        (
            teams(UNIQUE, ""),
            teams("", "  uniques: [{name: teams_code_key, columns: [id]}, {name: other, columns: [code]}]\n"),
            referring(),
        ),
    ];
    let messages: Vec<_> = cases
        .iter()
        .map(|(before, after, orders)| {
            said(&outcome(&(before.clone(), orders.clone()), &(after.clone(), orders.clone()))).join("\n")
        })
        .collect();
    insta::assert_snapshot!(messages.join("\n"), @r"
    The change drops unique constraint teams_code_key, which foreign key orders_team_fkey of orders stands on: PostgreSQL refuses that
      Keep it, or remove foreign key orders_team_fkey from schema-requests/orders.yaml in the same change
    The change drops unique constraint teams_code_key, which foreign key orders_team_fkey of orders stands on: PostgreSQL refuses that
      Keep it, or remove foreign key orders_team_fkey from schema-requests/orders.yaml in the same change
    The change replaces unique constraint teams_code_key, which foreign key orders_team_fkey of orders stands on: PostgreSQL refuses that
      In steps: (1) remove foreign key orders_team_fkey from schema-requests/orders.yaml, in the same change or before it; (2) replace the key; (3) request the foreign key again in a later change
    The change drops unique index by_code, which foreign key orders_team_fkey of orders stands on: PostgreSQL refuses that
      Keep it, or remove foreign key orders_team_fkey from schema-requests/orders.yaml in the same change
    The change replaces unique index by_code, which foreign key orders_team_fkey of orders stands on: PostgreSQL refuses that
      In steps: (1) remove foreign key orders_team_fkey from schema-requests/orders.yaml, in the same change or before it; (2) replace the key; (3) request the foreign key again in a later change
    The change replaces primary key teams_pkey, which foreign key orders_team_fkey of orders stands on: PostgreSQL refuses that
      In steps: (1) remove foreign key orders_team_fkey from schema-requests/orders.yaml, in the same change or before it; (2) replace the key; (3) request the foreign key again in a later change
    The change replaces unique constraint teams_code_key, which foreign key orders_team_fkey of orders stands on: PostgreSQL refuses that
      In steps: (1) remove foreign key orders_team_fkey from schema-requests/orders.yaml, in the same change or before it; (2) replace the key; (3) request the foreign key again in a later change
    ");
    on_each("held", async |_, connection| {
        for (before, after, orders) in &cases {
            begin(&connection, &(before.clone(), orders.clone())).await;
            let migrations = alter(&table(before), &table(after), &Renames::default()).expect("alone it could be");
            let mut refused = None;
            for migration in migrations {
                if let Err(error) = connection.execute_script(&migration.up).await {
                    connection.execute_script("ROLLBACK;").await.expect("a transaction is open");
                    refused = Some(error.to_string());
                    break;
                }
            }
            let refused = refused.unwrap_or_default();
            assert!(refused.contains("2BP01"), "{before}{after}{refused}");
        }
    });
}

/// PostgreSQL makes the foreign key anew, and locks its table against everybody for that.
#[test]
fn a_type_is_not_changed_under_a_foreign_key() {
    let before = teams(UNIQUE, "").replace("code, type: TEXT", "code, type: VARCHAR(10)");
    let (after, referring) = (teams(UNIQUE, ""), orders(TO_CODE));
    let said = said(&outcome(&(before.clone(), referring.clone()), &(after.clone(), referring.clone())));
    insta::assert_snapshot!(said.join("\n"), @r"
    The change of a type makes foreign key orders_team_fkey of orders anew, and all wait for both tables meanwhile
      In steps: (1) remove foreign key orders_team_fkey from schema-requests/orders.yaml, in the same change or before it; (2) change the type; (3) request the foreign key again in a later change
    ");
    let locked = "DO $$ BEGIN ASSERT EXISTS (SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND relation = \
                  'orders'::regclass AND mode = 'AccessExclusiveLock'); END $$;\n\nCOMMIT;";
    on_each("retyped_under_a_key", async |_, connection| {
        begin(&connection, &(before.clone(), referring.clone())).await;
        let migrations = alter(&table(&before), &table(&after), &Renames::default()).expect("alone it could be");
        let [migration] = migrations.as_slice() else { panic!("one file") };
        assert_eq!(migration.up.matches("COMMIT;").count(), 1);
        connection.execute_script(&migration.up.replace("COMMIT;", locked)).await.expect("the other table is locked");
    });
}

#[test]
fn what_is_not_refused_runs_and_comes_back() {
    let distinct = || teams("", "  uniques: [{name: teams_code_key, columns: [code], nullsNotDistinct: true}]\n");
    let short = || teams(UNIQUE, "").replace("code, type: TEXT", "code, type: VARCHAR(10)");
    let cascade = TO_CODE.replace("column: code", "column: code, onDelete: CASCADE");
    let cases = [
        // A second key beside the one that the foreign key stands on.
        ((teams(UNIQUE, ""), orders(TO_CODE)), (teams(UNIQUE, INDEX), orders(TO_CODE))),
        ((teams(UNIQUE, INDEX), orders(TO_CODE)), (teams(UNIQUE, ""), orders(TO_CODE))),
        // Another name.
        (
            (teams(UNIQUE, ""), orders(TO_CODE)),
            (teams("", "  uniques: [{name: other, columns: [code]}]\n"), orders(TO_CODE)),
        ),
        // The foreign key goes, or another one comes, in the same change.
        ((teams(UNIQUE, ""), orders(TO_CODE)), (distinct(), orders(""))),
        ((teams(UNIQUE, ""), orders(TO_CODE)), (distinct(), orders(&cascade))),
        ((teams(UNIQUE, ""), orders(TO_CODE)), (teams("", ""), orders(""))),
        ((short(), orders(TO_CODE)), (teams(UNIQUE, ""), orders(""))),
        ((short(), orders(TO_CODE)), (teams(UNIQUE, ""), orders(&cascade))),
        ((teams(UNIQUE, ""), orders(TO_CODE)), (distinct(), orders("") + "lifecycle: dropped\n")),
    ];
    on_each("not_held", async |_, connection| {
        for (base, merged) in &cases {
            let outcome = outcome(base, merged);
            assert_eq!(said(&outcome), [""; 0], "{merged:?}");
            let mut migrations: Vec<_> = outcome.requests.iter().flat_map(|request| &request.migrations).collect();
            migrations.sort_by_key(|migration| &migration.name.0);
            assert!(!migrations.is_empty(), "{merged:?}");
            begin(&connection, base).await;
            let ups = migrations.iter().map(|migration| (&migration.name, &migration.up));
            let downs = migrations.iter().rev().map(|migration| (&migration.name, &migration.down));
            for (name, script) in ups.chain(downs) {
                let ran = connection.execute_script(script).await;
                assert!(ran.is_ok(), "{merged:?} {name}: {ran:?}");
            }
        }
    });
}
