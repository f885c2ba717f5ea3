//! Taking over databases that are there, against a real server.

#![expect(clippy::expect_used, clippy::disallowed_methods, reason = "tests stop at once and start processes")]

#[path = "../support/postgres.rs"]
mod support;

use std::{collections::BTreeSet, fmt::Write as _, process::Command};

use chrono::{DateTime, TimeZone as _, Utc};
use schema_registry::{
    model::{Activity, File, Inventory, Outcome, Tree},
    parse,
    pipeline::{Imported, Scope, Snapshot, assign_stamps, evaluate, import},
    policy::{PathKind, Policy},
    postgres::{Connection, TemporaryCluster, inventory, load_dump},
};
use support::{Major, connect, on_each};

mod ground;
mod judge;
mod person;

const PRELUDE: &str = include_str!("shop/prelude.sql");
const TABLES: &str = include_str!("shop/tables.sql");
const EXTRAS: &str = include_str!("shop/extras.sql");

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).single().expect("a time")
}

fn taken_over(inventory: &Inventory) -> Imported {
    import(inventory, &Tree::new(), &Policy::default(), "platform", now())
}

fn snapshot(merged: &Tree, scope: Scope) -> Snapshot {
    Snapshot {
        policy: Policy::default(),
        now: now(),
        base: Tree::new(),
        merged: merged.clone(),
        scope,
        activity: Activity::default(),
    }
}

fn changed(merged: &Tree) -> Scope {
    Scope::Changed(merged.keys().cloned().collect())
}

/// Everything that the policy says about what was imported.
fn said(merged: &Tree) -> Vec<String> {
    let scopes = [changed(merged), Scope::All].into_iter();
    let outcomes: Vec<_> = scopes.map(|scope| evaluate(&snapshot(merged, scope))).collect();
    let violations = outcomes.iter().flat_map(Outcome::all_violations);
    violations.map(|violation| format!("{}: {}", violation.location.file, violation.message)).collect()
}

/// The migrations that would make the tables, were there no baseline: as `generate` writes them.
fn migrations(files: &Tree) -> Vec<String> {
    let policy = Policy::default();
    let mut tree = files.clone();
    tree.retain(|path, _| policy.classify(path) != PathKind::Baseline);
    for stamp in assign_stamps(&snapshot(&tree, changed(&tree))) {
        let bytes = parse::set_requested_at(&tree[&stamp.path].bytes, stamp.at).expect("has a place for it");
        tree.insert(stamp.path, File::regular(bytes));
    }
    let outcome = evaluate(&snapshot(&tree, changed(&tree)));
    let migrations = outcome.in_order().flat_map(|request| &request.migrations);
    migrations.map(|migration| migration.up.clone()).collect()
}

/// What `pg_dump --schema-only` prints of a database, statement by statement, in no order.
fn dump(cluster: &TemporaryCluster, database: &str) -> BTreeSet<String> {
    let program = Major::Installed.binaries().join("pg_dump");
    let mut command = Command::new(program);
    command.args(["--schema-only", "--no-owner", "--username=schema_registry", "--host"]).arg(cluster.folder());
    let output = command.arg(database).output().expect("pg_dump runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("is UTF-8");
    let lines = text.lines().filter(|line| !line.starts_with("--") && !line.starts_with('\\') && !line.is_empty());
    let text = lines.collect::<Vec<_>>().join("\n");
    text.split(";\n").map(|statement| statement.trim().to_owned()).collect()
}

/// Makes the tables anew from what was imported, and compares with a database that has only what requests can express.
async fn assert_rebuilt(cluster: &TemporaryCluster, name: &str, files: &Tree, prelude: &str, tables: &str) {
    let admin = connect(cluster, "postgres").await;
    let (wanted, made) = (format!("{name}_wanted"), format!("{name}_made"));
    for database in [&wanted, &made] {
        admin.create_database(database).await.expect("nobody else uses it");
        connect(cluster, database).await.execute_script(prelude).await.expect("the prelude runs");
    }
    connect(cluster, &wanted).await.execute_script(tables).await.expect("the tables are made");
    let connection = connect(cluster, &made).await;
    for up in migrations(files) {
        connection.execute_script(&up).await.expect(&up);
    }
    let (wanted, made) = (dump(cluster, &wanted), dump(cluster, &made));
    let lacking: Vec<_> = wanted.difference(&made).collect();
    let beyond: Vec<_> = made.difference(&wanted).collect();
    assert!(lacking.is_empty() && beyond.is_empty(), "lacking: {lacking:#?}\nbeyond: {beyond:#?}");
}

#[test]
fn what_was_imported_makes_the_same_tables_and_names_every_loss() {
    Major::Installed.with_database("import_shop", async |cluster, connection: Connection| {
        connection.execute_script(&[PRELUDE, TABLES, EXTRAS].concat()).await.expect("the application is made");
        let imported = taken_over(&inventory(&connection).await.expect("reads"));
        assert_eq!(said(&imported.files), Vec::<String>::new());
        insta::assert_snapshot!(summary(&imported), @r"
        described billing.invoices
        described public.User
        described public.members
        described public.notes
        described public.teams
        declared 3 table
        declared 1 view
        declared 1 materializedView
        declared 1 sequence
        declared 1 enum
        declared 2 domain
        declared 1 composite
        declared 2 function
        declared 2 extension
        only declared public.cache: is unlogged
        only declared public.events: is partitioned
        only declared public.events_2024: is a partition
        left out comment: once on billing.invoices
        left out constraint: later on public.members is not validated
        left out grant: public.notes
        left out policy: mine on public.notes
        left out row security: public.notes
        left out statistics: public.stat
        left out storage parameters: public.notes
        left out storage parameters: public.notes_brin
        left out trigger: touch on public.teams
        ");
        assert_rebuilt(cluster, "import_shop", &imported.files, PRELUDE, TABLES).await;
    });
}

fn summary(imported: &Imported) -> String {
    let mut text = String::new();
    for table in &imported.tables {
        let _ = writeln!(text, "described {table}");
    }
    for (kind, names) in &imported.declared {
        let _ = writeln!(text, "declared {} {}", names.len(), kind.as_str());
    }
    for (table, why) in &imported.opaque {
        let _ = writeln!(text, "only declared {table}: {why}");
    }
    for item in &imported.left_out {
        let why = item.why.as_ref().map(|why| format!(" {why}")).unwrap_or_default();
        let _ = writeln!(text, "left out {}: {}{why}", item.kind, item.object);
    }
    text
}

/// PostgreSQL cuts the name of a serial column's sequence to 63 bytes, table and column in turn.
#[test]
fn serial_is_recognised_however_its_sequence_was_cut() {
    let (short, long) = ("a".repeat(20), "b".repeat(50));
    let columns = [(&short, &short), (&short, &long), (&long, &short), (&long, &long)];
    Major::Installed.with_database("import_serial", async |_, connection| {
        for (number, (table, column)) in columns.iter().enumerate() {
            let script = format!(
                "CREATE SCHEMA s{number}; CREATE TABLE s{number}.{table} (id int PRIMARY KEY, {column} serial)"
            );
            connection.execute_script(&script).await.expect("is made");
        }
        let imported = taken_over(&inventory(&connection).await.expect("reads"));
        assert!(imported.declared.is_empty() && imported.left_out.is_empty(), "{}", summary(&imported));
        assert_eq!(imported.tables.len(), columns.len());
        let serials =
            imported.files.values().filter(|file| String::from_utf8_lossy(&file.bytes).contains("type: serial"));
        assert_eq!(serials.count(), columns.len());
    });
}

/// A declaration says which columns and keys a table has; all else that its makers wrote is declared or left out by name.
#[test]
fn nothing_of_a_table_that_is_declared_only_is_lost_in_silence() {
    let script = "\
CREATE TABLE events (id bigserial, place text, at date, PRIMARY KEY (id, at), CONSTRAINT somewhere CHECK (place <> '')) \
PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE INDEX events_place ON events (place);
CREATE UNLOGGED TABLE cache (\"Number\" serial UNIQUE, at bigint GENERATED ALWAYS AS IDENTITY, \
by bigint REFERENCES cache (\"Number\"), PRIMARY KEY (at) INCLUDE (by));
COMMENT ON TABLE events IS 'what happened';
COMMENT ON COLUMN events.place IS 'where';
COMMENT ON TABLE cache IS 'may go';
COMMENT ON COLUMN cache.by IS 'who';
";
    Major::Installed.with_database("import_opaque", async |_, connection: Connection| {
        connection.execute_script(script).await.expect("is made");
        let imported = taken_over(&inventory(&connection).await.expect("reads"));
        assert_eq!(said(&imported.files), Vec::<String>::new());
        insta::assert_snapshot!(summary(&imported), @r"
        declared 3 table
        declared 2 sequence
        only declared public.cache: is unlogged
        only declared public.events: is partitioned
        only declared public.events_2024: is a partition
        left out comment: public.cache is part of a table that is declared only
        left out comment: public.cache.by is part of a table that is declared only
        left out comment: public.events is part of a table that is declared only
        left out comment: public.events.place is part of a table that is declared only
        left out constraint: cache_by_fkey on public.cache is part of a table that is declared only
        left out constraint: cache_pkey on public.cache includes columns
        left out constraint: somewhere on public.events is part of a table that is declared only
        left out constraint: somewhere on public.events_2024 is part of a table that is declared only
        left out index: events_2024_place_idx on public.events_2024 is part of a table that is declared only
        left out index: events_place on public.events is part of a table that is declared only
        ");
        let sequences = String::from_utf8_lossy(&imported.files["schema-requests/opaque/sequence.yaml"].bytes);
        insta::assert_snapshot!(sequences, @r"
        opaqueObjects:
          - {kind: sequence, name: cache_Number_seq}
          - {kind: sequence, name: events_id_seq}
        owner: platform
        reason: Was there before the registry
        ");
    });
}

#[test]
fn a_dump_gives_what_the_database_gives() {
    Major::Installed.with_database("import_dump", async |cluster, connection| {
        connection.execute_script(&[PRELUDE, TABLES, EXTRAS].concat()).await.expect("the application is made");
        let live = taken_over(&inventory(&connection).await.expect("reads"));
        let program = Major::Installed.binaries().join("pg_dump");
        let mut command = Command::new(program);
        command.args(["--schema-only", "--username=schema_registry", "--host"]).arg(cluster.folder());
        let text = String::from_utf8(command.arg("import_dump").output().expect("runs").stdout).expect("is UTF-8");
        let skipped = load_dump(cluster, "import_loaded", text.as_bytes()).await.expect("loads");
        let loaded = connect(cluster, "import_loaded").await;
        let skipped: Vec<_> = skipped.into_iter().map(|left| format!("{}: {}", left.kind, left.object)).collect();
        assert_eq!(skipped, ["grant: GRANT SELECT ON TABLE public.notes TO PUBLIC"]);
        let loaded = taken_over(&inventory(&loaded).await.expect("reads"));
        let text = |(path, file): (&String, &File)| format!("{path}\n{}", String::from_utf8_lossy(&file.bytes));
        let texts = |files: &Tree| files.iter().map(text).collect::<String>();
        assert_eq!(texts(&loaded.files), texts(&live.files));
    });
}

#[test]
fn both_servers_give_the_same() {
    let files = std::sync::Mutex::new(Vec::new());
    on_each("import_same", async |_, connection| {
        connection.execute_script(&[PRELUDE, TABLES, EXTRAS].concat()).await.expect("the application is made");
        let imported = taken_over(&inventory(&connection).await.expect("reads"));
        files.lock().expect("one at a time").push(imported.files);
    });
    let files = files.into_inner().expect("is over");
    assert_eq!(files[0], files[1]);
}

#[test]
fn a_nullable_column_is_one_small_migration_after_an_import() {
    Major::Installed.with_database("import_then", async |_, connection| {
        connection.execute_script(&[PRELUDE, TABLES, EXTRAS].concat()).await.expect("the application is made");
        let base = taken_over(&inventory(&connection).await.expect("reads")).files;
        let path = "schema-requests/teams.yaml";
        let text = String::from_utf8(base[path].bytes.clone()).expect("is UTF-8");
        let asked = text.replace("  uniques:\n", "    - {name: motto, type: text}\n  uniques:\n")
            + "requestMetadata: {justification: Teams want to say what they stand for, requestedAt: 2026-03-02T09:00:00Z}\n";
        let mut merged = base.clone();
        merged.insert(path.to_owned(), File::regular(asked));
        let scope = Scope::Changed(BTreeSet::from([path.to_owned()]));
        let outcome = evaluate(&Snapshot { base: base.clone(), ..snapshot(&merged, scope) });
        let [request] = outcome.requests.as_slice() else { panic!("one request") };
        let rules: Vec<_> = request.violations.iter().map(|violation| violation.rule).collect();
        assert_eq!(rules, ["stale-migration"], "{:#?}", request.violations);
        let [migration] = request.migrations.as_slice() else { panic!("one migration") };
        let steps: Vec<_> = request.plan.operations.iter().map(|operation| operation.summary.as_str()).collect();
        assert_eq!(steps, ["add column motto"]);
        assert_eq!(migration.up.matches("ALTER TABLE public.").count(), 1, "{}", migration.up);
        for script in [&migration.up, &migration.up, &migration.down, &migration.up] {
            connection.execute_script(script).await.expect(script);
        }
    });
}

/// An application of 140 tables, each with a key, a parent, a unique constraint, a check and two indexes.
fn many() -> String {
    let mut sql = String::new();
    for number in 0..140 {
        let parent = number / 2;
        let _ = writeln!(
            sql,
            "CREATE TABLE item_{number} (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, parent_id bigint \
             REFERENCES item_{parent} (id) ON DELETE SET NULL, code varchar(20) NOT NULL UNIQUE, amount numeric(12,2) \
             DEFAULT 0 CHECK (amount >= 0), data jsonb DEFAULT '{{}}'::jsonb NOT NULL, at timestamptz DEFAULT now());\n\
             CREATE INDEX ON item_{number} (parent_id);\nCREATE INDEX ON item_{number} USING gin (data) WHERE amount > 1;"
        );
    }
    sql
}

#[test]
fn a_hundred_and_forty_tables_lose_nothing() {
    Major::Installed.with_database("import_many", async |cluster, connection| {
        connection.execute_script(&many()).await.expect("the application is made");
        let imported = taken_over(&inventory(&connection).await.expect("reads"));
        assert_eq!(said(&imported.files), Vec::<String>::new());
        assert_eq!((imported.tables.len(), imported.left_out.len(), imported.opaque.len()), (140, 0, 0));
        assert_rebuilt(cluster, "import_many", &imported.files, "", &many()).await;
    });
}
