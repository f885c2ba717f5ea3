//! The proof that migrations do what they say: run on a real server, up, up again, down, up, comparing the catalog.

use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, Instant},
};

use super::{
    CatalogText, Connection, PostgresError, Server, StatementError,
    catalog::{catalog_text, columns, table_diff, wanted_columns},
};
use crate::model::{Table, TableName};

/// How long one statement may take on a database without rows; a script that sets its own has it so.
const STATEMENT_TIMEOUT: Duration = Duration::from_mins(1);

/// A migration to verify.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// Stem of its file names.
    pub name: &'a str,
    /// Text of the up file.
    pub up: &'a str,
    /// Text of the down file.
    pub down: &'a str,
    /// What must be there after the up.
    pub wanted: Wanted<'a>,
}

/// What must be there after an up.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// Nobody says.
    Unknown,
    /// This table: names, types and nullability of its columns are compared here; the rest is the postcondition's.
    Table(&'a Table),
    /// No such table.
    Absent(&'a TableName),
}

/// What was being tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The up.
    Up,
    /// The up, run a second time at once.
    UpAgain,
    /// The down.
    Down,
    /// The up, after the down.
    UpAfterDown,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Up => "up",
            Self::UpAgain => "up, run again",
            Self::Down => "down",
            Self::UpAfterDown => "up, after the down",
        })
    }
}

/// Why a migration does not do what it says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The server refuses it.
    #[error("{step}: {error}")]
    Refused {
        /// What was being tried.
        step: Step,
        /// What the server says.
        error: Box<StatementError>,
    },
    /// It runs, and the catalog is not as it must be.
    #[error("{step}: {problem}\n{diff}")]
    Differs {
        /// What was being tried.
        step: Step,
        /// What that means, in one sentence.
        problem: &'static str,
        /// What must be there (`-`) and what is (`+`), as [`table_diff`] writes it.
        diff: String,
    },
    /// An earlier one failed, so there was nothing to run it on.
    #[error("not run: {after} failed")]
    NotRun {
        /// Name of the one that failed.
        after: String,
    },
}

/// How one migration fared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationResult {
    /// Stem of its file names.
    pub name: String,
    /// Whether it does what it says.
    pub result: Result<(), Failure>,
}

/// How all migrations fared.
#[derive(Debug, Clone)]
pub struct Verification {
    /// Major version of the server.
    pub server_version: u32,
    /// In the order given; the same on every run.
    pub results: Vec<MigrationResult>,
    /// How long each took, in the same order; differs on every run.
    pub timings: Vec<Duration>,
}

impl Verification {
    /// Whether every migration does what it says.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.results.iter().all(|result| result.result.is_ok())
    }
}

/// Runs every migration in order in a scratch database of `server`, which is dropped afterwards: up, up again, down, up.
/// `Err` only when the server cannot be worked with; a migration that fails is a result.
pub async fn verify(server: &Server, migrations: &[Pair<'_>]) -> Result<Verification, PostgresError> {
    let database = format!("schema_registry_verify_{}", uuid::Uuid::new_v4().simple());
    let admin = Connection::connect(server, server.maintenance_database()).await?;
    let server_version = admin.server_version().await?;
    admin.create_database(&database).await?;
    let scratch = Scratch { server, database: &database };
    let verified = scratch.verify_all(migrations).await;
    let dropped = admin.drop_database(&database).await;
    let (results, timings) = verified?;
    dropped?;
    Ok(Verification { server_version, results, timings })
}

struct Scratch<'a> {
    server: &'a Server,
    database: &'a str,
}

/// A failure of the migration, or of the server.
enum Stop {
    Failure(Failure),
    Server(PostgresError),
}

impl From<PostgresError> for Stop {
    fn from(error: PostgresError) -> Self {
        Self::Server(error)
    }
}

impl Scratch<'_> {
    async fn verify_all(
        &self,
        migrations: &[Pair<'_>],
    ) -> Result<(Vec<MigrationResult>, Vec<Duration>), PostgresError> {
        let mut failed: Option<&str> = None;
        let (mut results, mut timings) = (Vec::new(), Vec::new());
        for migration in migrations {
            let start = Instant::now();
            let result = match failed {
                Some(after) => Err(Failure::NotRun { after: after.to_owned() }),
                None => match self.verify_one(migration).await {
                    Ok(()) => Ok(()),
                    Err(Stop::Failure(failure)) => Err(failure),
                    Err(Stop::Server(error)) => return Err(error),
                },
            };
            if result.is_err() {
                failed = failed.or(Some(migration.name));
            }
            results.push(MigrationResult { name: migration.name.to_owned(), result });
            timings.push(start.elapsed());
        }
        Ok((results, timings))
    }

    async fn verify_one(&self, migration: &Pair<'_>) -> Result<(), Stop> {
        let before = self.catalog().await?;
        let after = self.run(Step::Up, migration.up).await?;
        self.reached(migration.wanted).await?;

        let again = self.run(Step::UpAgain, migration.up).await?;
        same(Step::UpAgain, "a second run changes the schema", &after, &again)?;

        let restored = self.run(Step::Down, migration.down).await?;
        same(Step::Down, "what was there before the up is not restored", &before, &restored)?;

        let redone = self.run(Step::UpAfterDown, migration.up).await?;
        same(Step::UpAfterDown, "the schema is not the one of the first run", &after, &redone)
    }

    /// Runs a script in a session of its own, as a runner would, and returns what is there afterwards.
    async fn run(&self, step: Step, script: &str) -> Result<CatalogText, Stop> {
        let connection = Connection::connect(self.server, self.database).await?;
        connection.run(&format!("SET statement_timeout = '{}s'", STATEMENT_TIMEOUT.as_secs())).await?;
        match connection.execute_script(script).await {
            Ok(()) => Ok(self.catalog().await?),
            Err(PostgresError::Statement(error)) => Err(Stop::Failure(Failure::Refused { step, error })),
            Err(error) => Err(Stop::Server(error)),
        }
    }

    async fn catalog(&self) -> Result<CatalogText, PostgresError> {
        catalog_text(&Connection::connect(self.server, self.database).await?).await
    }

    async fn reached(&self, wanted: Wanted<'_>) -> Result<(), Stop> {
        let (name, expected) = match wanted {
            Wanted::Unknown => return Ok(()),
            Wanted::Table(table) => (&table.name, Some(wanted_columns(table))),
            Wanted::Absent(name) => (name, None),
        };
        let connection = Connection::connect(self.server, self.database).await?;
        let actual = columns(&connection, name).await?;
        let problem = match (&expected, &actual) {
            (Some(_), None) => "the table is not there",
            (None, Some(_)) => "the table is still there",
            _ if expected == actual => return Ok(()),
            _ => "the table is not the one that the request describes",
        };
        let diff = table_diff(&expected.unwrap_or_default(), &actual.unwrap_or_default());
        Err(Stop::Failure(Failure::Differs { step: Step::Up, problem, diff }))
    }
}

fn same(
    step: Step,
    problem: &'static str,
    expected: &BTreeMap<String, String>,
    actual: &BTreeMap<String, String>,
) -> Result<(), Stop> {
    let diff = table_diff(expected, actual);
    if diff.is_empty() { Ok(()) } else { Err(Stop::Failure(Failure::Differs { step, problem, diff })) }
}
