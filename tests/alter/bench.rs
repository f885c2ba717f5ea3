//! Migrations as the engine writes them, and a server that runs them.

use std::fmt::Write as _;

use chrono::DateTime;
use schema_registry::{
    migration,
    model::{Change, ChangeKind, File, Migration, Renames, Table, Unsupported},
    parse::{parse_request, resolve},
    postgres::Connection,
    sql::quote,
};

use crate::{
    dump, states,
    support::{Major, connect},
};

const ROWS: usize = 3;

/// The table that the fields of a request describe.
pub(crate) fn table(yaml: &str) -> Table {
    let text = format!("{yaml}requestMetadata: {{justification: Test, requestedAt: 1701792000}}\n");
    let name = yaml.trim().lines().next().and_then(|line| line.strip_prefix("tableName: ")).expect("it is named first");
    let parsed = parse_request(&format!("schema-requests/{name}.yaml"), &File::regular(text));
    assert_eq!(parsed.refusals, []);
    resolve(&parsed.request.expect("it was accepted"))
}

fn change(kind: ChangeKind, before: Option<&Table>, after: Option<&Table>, renames: &Renames) -> Change {
    let (before, after) = (before.cloned(), after.cloned());
    let table = after.as_ref().or(before.as_ref()).map(|table| table.name.clone()).expect("one of them is there");
    Change { table, kind, before, after, renames: renames.clone() }
}

fn migrations(stamp: i64, change: &Change) -> Result<Vec<Migration>, Vec<Unsupported>> {
    let stamp = DateTime::from_timestamp(stamp, 0).expect("it is a time");
    let before = change.before.as_ref().map(Table::state_digest);
    let (_, migrations) = migration::generate(change, stamp, before, false)?;
    for script in migrations.iter().flat_map(|migration| [&migration.up, &migration.down]) {
        statements(script);
    }
    Ok(migrations)
}

/// The statements of a script as PostgreSQL's own parser tells them apart, which must be able to read them all, blocks of
/// PL/pgSQL included.
pub(crate) fn statements(script: &str) -> Vec<&str> {
    let statements = pg_query::split_with_parser(script).unwrap_or_else(|error| panic!("{error}\n{script}"));
    for statement in &statements {
        let code = statement
            .find("DO $")
            .filter(|start| statement[..*start].lines().all(|line| line.trim().is_empty() || line.starts_with("--")));
        if let Some(start) = code {
            let function =
                statement[start..].replacen("DO ", "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS ", 1);
            let parsed = pg_query::parse_plpgsql(&function);
            assert!(parsed.is_ok(), "{parsed:?}\n{statement}");
        }
    }
    statements
}

const STAMP: i64 = 1_700_000_000;

/// The migrations between two states of a table that exists.
pub(crate) fn alter(before: &Table, after: &Table, renames: &Renames) -> Result<Vec<Migration>, Vec<Unsupported>> {
    alter_at(STAMP, before, after, renames)
}

/// The same with a stamp of its own, in seconds since 1970.
pub(crate) fn alter_at(
    stamp: i64,
    before: &Table,
    after: &Table,
    renames: &Renames,
) -> Result<Vec<Migration>, Vec<Unsupported>> {
    let kind = if before.name == after.name { ChangeKind::Alter } else { ChangeKind::Rename };
    migrations(stamp, &change(kind, Some(before), Some(after), renames))
}

/// The migration that creates a table.
pub(crate) fn create(table: &Table) -> Migration {
    create_at(STAMP, table)
}

/// The same with a stamp of its own.
pub(crate) fn create_at(stamp: i64, table: &Table) -> Migration {
    only(stamp, ChangeKind::Create, None, Some(table))
}

/// The migration that drops a table.
pub(crate) fn drop_at(stamp: i64, table: &Table) -> Migration {
    only(stamp, ChangeKind::Drop, Some(table), None)
}

fn only(stamp: i64, kind: ChangeKind, before: Option<&Table>, after: Option<&Table>) -> Migration {
    let migrations = migrations(stamp, &change(kind, before, after, &Renames::default())).expect("it can be written");
    let [migration] = <[_; 1]>::try_from(migrations).expect("it is one");
    migration
}

/// Rows that every state takes.
pub(crate) fn rows(table: &Table) -> String {
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
pub(crate) struct Bench {
    major: Major,
    pub(crate) migrated: (Connection, String),
    pub(crate) wanted: (Connection, String),
}

const CLEAR: &str = "DROP TABLE IF EXISTS public.\"user\", public.\"Übung\", \"My \"\"schema\"\"\".\"user\";";
const SETUP: &str = "CREATE SCHEMA \"My \"\"schema\"\"\";
    CREATE TABLE \"Parent\" (id bigint PRIMARY KEY, other bigint UNIQUE);
    INSERT INTO \"Parent\" VALUES (1, 1), (5, 5);
    SET schema_registry.allow_data_loss = on;";

impl Bench {
    /// With databases of these names, which no other test may use.
    pub(crate) async fn start(major: Major, names: [&str; 2]) -> Self {
        let cluster = major.cluster();
        let admin = connect(cluster, "postgres").await;
        for name in names {
            admin.create_database(name).await.expect("it is new");
        }
        let [migrated, wanted] = names.map(str::to_owned);
        let bench = Self {
            major,
            migrated: (connect(cluster, &migrated).await, migrated),
            wanted: (connect(cluster, &wanted).await, wanted),
        };
        for (connection, _) in [&bench.migrated, &bench.wanted] {
            connection.execute_script(SETUP).await.expect("it is empty");
        }
        bench
    }

    /// The first database has the table, with rows, and nothing else.
    pub(crate) async fn begin(&self, table: &Table) -> Result<(), String> {
        self.run("clear", CLEAR).await?;
        self.run("create", &create(table).up).await?;
        self.run("rows", &rows(table)).await
    }

    /// What `pg_dump` says of the second database, which has the table and nothing else.
    pub(crate) async fn wanted(&self, table: &Table) -> Result<String, String> {
        run(&self.wanted.0, "clear", CLEAR).await?;
        run(&self.wanted.0, "wanted", &create(table).up).await?;
        Ok(dump::schema(self.major, &self.wanted.1))
    }

    /// What `pg_dump` says of the first database.
    pub(crate) fn found(&self) -> String {
        dump::schema(self.major, &self.migrated.1)
    }

    /// Runs a script in the first database.
    pub(crate) async fn run(&self, what: &str, script: &str) -> Result<(), String> {
        run(&self.migrated.0, what, script).await
    }
}

async fn run(connection: &Connection, what: &str, script: &str) -> Result<(), String> {
    connection.execute_script(script).await.map_err(|error| format!("{what}: {error}\n{script}"))
}

pub(crate) fn same(what: &str, wanted: &str, found: &str) -> Result<(), String> {
    let lines = |a: &str, b: &str, sign: &str| {
        let lines = a.lines().filter(|line| !b.lines().any(|other| other == *line));
        lines.map(|line| format!("{sign} {line}")).collect::<Vec<_>>().join("\n")
    };
    if wanted == found {
        return Ok(());
    }
    Err(format!("{what}:\n{}\n{}", lines(wanted, found, "wanted"), lines(found, wanted, "found ")))
}
