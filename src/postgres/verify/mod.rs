//! The proof that changes do what they say: their migrations run on a real server, with rows, in every order in which
//! they may meet it.

mod change;
mod interrupt;
mod observe;
mod report;
mod rows;
mod scratch;
mod seed;

pub use report::{ChangeResult, Failure, ObservedLock, ObservedRewrite, Step, Unseeded, Verification};

use self::{
    change::{Run, Stop},
    scratch::{Db, Scratch},
};
use super::{Connection, PostgresError, Server};
use crate::model::{Operation, Table, TableName};

/// A change to verify.
#[derive(Debug, Clone)]
pub struct ChangeScripts<'a> {
    /// What to call it: the stem that its file names share.
    pub name: &'a str,
    /// Its migrations, in the order in which they run.
    pub migrations: Vec<Pair<'a>>,
    /// What must be there after the last up.
    pub wanted: Wanted<'a>,
    /// Where it stands.
    pub standing: Standing,
}

/// Where a change stands. What is not new is only run, as the ground that new ones build on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// To be proved.
    New,
    /// Merged already.
    Merged,
    /// It stands in for the migrations that a table of a baseline does not have, and is called by the path of its request.
    Baseline,
}

/// A migration of a change.
#[derive(Debug, Clone)]
pub struct Pair<'a> {
    /// Stem of its file names.
    pub name: &'a str,
    /// Text of the up file.
    pub up: &'a str,
    /// Text of the down file.
    pub down: &'a str,
    /// What the plan says that the up file does; `None` where there is no plan.
    pub operations: Option<Vec<&'a Operation>>,
}

/// What must be there after an up.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// Nobody says.
    Unknown,
    /// This table: names, types and nullability of its columns are compared here; the rest is the postcondition's.
    Table(&'a Table),
    /// Whatever SQL that somebody wrote makes of it. It is run as it is written, so that a second run at once and an
    /// interrupted one prove nothing: up, and where it is reversible down and up again.
    Written {
        /// Whether the down must restore what was there before.
        reversible: bool,
    },
    /// No such table.
    Absent(&'a TableName),
}

/// What tables lean on and no migration creates.
#[derive(Debug, Clone, Copy)]
pub struct Prelude<'a> {
    /// Path of the file, for errors.
    pub path: &'a str,
    /// Its SQL.
    pub sql: &'a str,
}

/// Runs the prelude, if there is one, and then every change in order in scratch databases of `server`, which are dropped afterwards.
///
/// 1. Up, with the locks that each file holds before it commits, or while it waits, read from a second session, and the
///    tables that get a new file on disk: both must be what the plan says.
/// 2. Up again, which must change nothing.
/// 3. Down, which must restore the catalog; up once more.
/// 4. Up with rows in the tables that it locks, which must make the same schema and keep the values; down with rows in
///    what it has brought, which must refuse to lose them, and do it where `schema_registry.allow_data_loss` is on.
/// 5. For every statement of every up file: the session is killed after it (and in the midst of it where the statement is a
///    transaction of its own that waits for others), and the change is run again from its first file, which must lead to
///    the same catalog; with rows too.
///
/// `tell` hears of each step before it begins, with the index of its change. When `stop` is ready, the verification ends with
/// [`PostgresError::Stopped`]. `Err` only when there is nothing to prove changes on, no server or no prelude that runs; a
/// change that fails is a result.
pub async fn verify(
    server: &Server,
    prelude: Option<Prelude<'_>>,
    changes: &[ChangeScripts<'_>],
    tell: &dyn Fn(usize, &Step),
    stop: impl Future<Output = ()>,
) -> Result<Verification, PostgresError> {
    let admin = Connection::connect(server, server.maintenance_database()).await?;
    let server_version = admin.server_version().await?;
    let scratch = Scratch::create(server, admin).await?;
    let verified = tokio::select! {
        verified = verify_all(&scratch, prelude, changes, tell) => verified,
        () = stop => Err(PostgresError::Stopped),
    };
    let dropped = scratch.drop_all().await;
    let changes = verified?;
    dropped?;
    Ok(Verification { server_version, changes })
}

async fn verify_all(
    scratch: &Scratch<'_>,
    prelude: Option<Prelude<'_>>,
    changes: &[ChangeScripts<'_>],
    tell: &dyn Fn(usize, &Step),
) -> Result<Vec<ChangeResult>, PostgresError> {
    if let Some(Prelude { path, sql }) = prelude {
        scratch.connect(Db::Base).await?.execute_script(sql).await.map_err(|error| match error {
            PostgresError::Statement(error) => PostgresError::Prelude { path: path.to_owned(), error },
            error => error,
        })?;
    }
    let mut failed: Option<&str> = None;
    let mut results = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        let mut result = ChangeResult::new(change);
        if let Some(after) = failed {
            result.result = Err(Failure::NotRun { after: after.to_owned() });
        } else {
            let tell = |step: &Step| tell(index, step);
            let mut run = Run::new(scratch, change, &tell, &mut result);
            let proved = if change.standing == Standing::New { run.prove().await } else { run.advance().await };
            match proved {
                Ok(()) => {}
                Err(Stop::Failure(failure)) => {
                    result.result = Err(*failure);
                    failed = Some(change.name);
                }
                Err(Stop::Server(error)) => return Err(error),
            }
        }
        results.push(result);
    }
    Ok(results)
}
