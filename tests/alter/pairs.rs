//! From any state of a table to any other one and back.

use std::{env, fmt::Write as _};

use chrono::DateTime;
use schema_registry::{
    migration,
    model::{Change, ChangeKind, Migration, Renames, Table, Unsupported},
    postgres::{Connection, TemporaryCluster},
    sql::quote,
};

use crate::{
    dump,
    states::{self, Choices},
    support::{Major, connect, runtime},
};

const ROWS: usize = 3;

/// How many pairs; `SCHEMA_REGISTRY_PAIRS` for more.
fn cases() -> u64 {
    env::var("SCHEMA_REGISTRY_PAIRS").ok().and_then(|text| text.parse().ok()).unwrap_or(200)
}

fn change(kind: ChangeKind, before: Option<&Table>, after: &Table, renames: &Renames) -> Change {
    Change {
        table: after.name.clone(),
        kind,
        before: before.cloned(),
        after: Some(after.clone()),
        renames: renames.clone(),
    }
}

fn migrations(change: &Change) -> Result<Vec<Migration>, Vec<Unsupported>> {
    let stamp = DateTime::from_timestamp(1_700_000_000, 0).expect("it is a time");
    let before = change.before.as_ref().map(Table::state_digest);
    migration::generate(change, stamp, before).map(|(_, migrations)| migrations)
}

fn create(table: &Table) -> Result<String, String> {
    let created = migrations(&change(ChangeKind::Create, None, table, &Renames::default()));
    let created = created.map_err(|refused| format!("{refused:?}"))?;
    Ok(created.into_iter().map(|migration| migration.up).collect())
}

fn rows(table: &Table) -> String {
    let mut script = String::new();
    let columns: Vec<_> = table.columns.iter().filter(|column| column.generated.is_none()).collect();
    let names: Vec<_> = columns.iter().map(|column| quote::identifier(&column.name)).collect();
    for row in 0..ROWS {
        let values: Vec<_> = columns.iter().map(|column| states::value(&column.name, row)).collect();
        let name = quote::table(&table.name);
        let (names, values) = (names.join(", "), values.join(", "));
        let _ = writeln!(script, "INSERT INTO {name} ({names}) OVERRIDING SYSTEM VALUE VALUES ({values});");
    }
    script
}

/// Two databases: one that migrates, and one that is created as wanted.
struct Bench {
    cluster: &'static TemporaryCluster,
    migrated: Connection,
    wanted: Connection,
}

const CLEAR: &str = "DROP TABLE IF EXISTS public.\"user\", public.\"Übung\", \"My \"\"schema\"\"\".\"user\";";
const SETUP: &str = "CREATE SCHEMA \"My \"\"schema\"\"\";
    CREATE TABLE \"Parent\" (id bigint PRIMARY KEY, other bigint UNIQUE);
    INSERT INTO \"Parent\" VALUES (1, 1);
    SET schema_registry.allow_data_loss = on;";

impl Bench {
    async fn start(cluster: &'static TemporaryCluster) -> Self {
        let admin = connect(cluster, "postgres").await;
        for name in ["migrated", "wanted"] {
            admin.create_database(name).await.expect("it is new");
        }
        let bench =
            Self { cluster, migrated: connect(cluster, "migrated").await, wanted: connect(cluster, "wanted").await };
        for connection in [&bench.migrated, &bench.wanted] {
            connection.execute_script(SETUP).await.expect("it is empty");
        }
        bench
    }

    /// Carries a pair out; `Ok(false)` if it is refused.
    async fn run(&self, before: &Table, after: &Table, renames: &Renames) -> Result<bool, String> {
        let kind = if before.name == after.name { ChangeKind::Alter } else { ChangeKind::Rename };
        let Ok(migrations) = migrations(&change(kind, Some(before), after, renames)) else { return Ok(false) };
        for connection in [&self.migrated, &self.wanted] {
            connection.execute_script(CLEAR).await.map_err(|error| error.to_string())?;
        }
        run(&self.migrated, "create", &create(before)?).await?;
        run(&self.migrated, "rows", &rows(before)).await?;
        run(&self.wanted, "wanted", &create(after)?).await?;
        let (start, end) = (dump::schema(self.cluster, "migrated"), dump::schema(self.cluster, "wanted"));
        for round in ["up", "up again"] {
            for migration in &migrations {
                run(&self.migrated, &format!("{round} {}", migration.name), &migration.up).await?;
            }
            let found = dump::schema(self.cluster, "migrated");
            same(round, &end, &found)?;
        }
        for migration in migrations.iter().rev() {
            run(&self.migrated, &format!("down {}", migration.name), &migration.down).await?;
        }
        same("down", &start, &dump::schema(self.cluster, "migrated"))?;
        Ok(true)
    }
}

async fn run(connection: &Connection, what: &str, script: &str) -> Result<(), String> {
    connection.execute_script(script).await.map_err(|error| format!("{what}: {error}\n{script}"))
}

fn same(what: &str, wanted: &str, found: &str) -> Result<(), String> {
    let lines = |a: &str, b: &str, sign: &str| {
        let lines = a.lines().filter(|line| !b.lines().any(|other| other == *line));
        lines.map(|line| format!("{sign} {line}")).collect::<Vec<_>>().join("\n")
    };
    if wanted == found {
        return Ok(());
    }
    Err(format!("{what}:\n{}\n{}", lines(wanted, found, "wanted"), lines(found, wanted, "found ")))
}

#[test]
fn any_state_becomes_any_other_and_comes_back() {
    let (mut done, mut refused, mut failures) = (0_u64, 0_u64, Vec::new());
    let cluster = Major::Installed.cluster();
    runtime().block_on(async {
        let bench = Bench::start(cluster).await;
        for seed in 0..cases() {
            let mut choices = Choices(seed);
            let renames = choices.one_in(3);
            let before = states::state(&mut choices, !renames, None);
            let after = states::state(&mut choices, !renames, Some(&before));
            let (after, renames) =
                if renames { states::rename(&mut choices, &before, &after) } else { (after, Renames::default()) };
            match bench.run(&before, &after, &renames).await {
                Ok(true) => done += 1,
                Ok(false) => refused += 1,
                Err(error) => {
                    if env::var_os("SCHEMA_REGISTRY_PAIRS").is_some() {
                        println!("pair {seed}: {}", error.lines().take(6).collect::<Vec<_>>().join("\n"));
                    }
                    failures.push(format!("pair {seed}: {error}"));
                }
            }
        }
    });
    println!("{done} pairs migrated, {refused} refused, {} wrong", failures.len());
    assert!(
        failures.is_empty(),
        "{} of {} pairs:\n{}",
        failures.len(),
        cases(),
        failures.iter().take(4).cloned().collect::<Vec<_>>().join("\n\n")
    );
    assert!(done > refused, "{done} pairs migrated, {refused} refused");
}
