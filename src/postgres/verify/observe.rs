//! What up files lock and rewrite, seen from another session.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    super::{
        Connection, PostgresError,
        script::{Statement, statements},
    },
    Pair,
    report::{ObservedLock, ObservedRewrite},
    scratch::{Db, Scratch},
};
use crate::model::{LockMode, TableName, Work};

/// Between two looks at a statement that runs.
const PAUSE: Duration = Duration::from_millis(1);

/// Weaker locks are those of queries: reading, `SELECT FOR UPDATE` and writing take them all day long.
const WEAKEST: LockMode = LockMode::ShareUpdateExclusive;

/// Object identifier of a table; a copy of a database keeps it, and so does a rename.
pub(super) type Oid = String;

/// What one or several runs of a file were seen to do.
#[derive(Debug, Default, Clone)]
pub(super) struct Found {
    locks: BTreeMap<Oid, LockMode>,
    /// Tables that it writes to or locks.
    touched: BTreeSet<Oid>,
    /// Tables with another file on disk than before.
    rewritten: Vec<Oid>,
}

/// A session in [`Db::Work`] that runs a script, and another one that watches it.
pub(super) struct Observer<'a> {
    scratch: &'a Scratch<'a>,
    session: Connection,
    watch: &'a Connection,
    process: i32,
    pub(super) found: Found,
}

impl<'a> Observer<'a> {
    pub(super) async fn open(scratch: &'a Scratch<'a>, watch: &'a Connection) -> Result<Self, PostgresError> {
        let session = scratch.connect(Db::Work).await?;
        let process = session.process().await?;
        Ok(Self { scratch, session, watch, process, found: Found::default() })
    }

    /// Runs a script to its end.
    pub(super) async fn run(&mut self, script: &str) -> Result<(), PostgresError> {
        let before = tables(self.watch).await?;
        let ran = self.statements(script, statements(script)).await;
        let ran = match ran {
            Ok(()) => self.session.finish(script).await,
            Err(error) => Err(error),
        };
        let after = tables(self.watch).await?;
        let rewritten = |old: &UserTable| after.iter().any(|new| new.oid == old.oid && new.file != old.file);
        self.found.rewritten.extend(before.into_iter().filter(rewritten).map(|table| table.oid));
        ran
    }

    async fn statements(&mut self, script: &str, statements: Vec<Statement<'_>>) -> Result<(), PostgresError> {
        for statement in statements {
            if statement.is_concurrent() {
                self.concurrent(script, statement, false).await?;
                continue;
            }
            // Locks are kept until the transaction ends.
            if statement.ends_transaction() {
                self.look().await?;
            }
            self.session.execute(script, statement).await?;
        }
        Ok(())
    }

    /// Runs the statements up to and with the last one given, and kills the session after it; `during`, while it waits.
    /// Returns false where it did not wait, so that there was nothing to kill.
    pub(super) async fn run_and_kill(
        mut self,
        script: &str,
        until: &[Statement<'_>],
        during: bool,
    ) -> Result<bool, PostgresError> {
        let Some((last, rest)) = until.split_last() else { return Ok(false) };
        for statement in rest {
            self.session.execute(script, *statement).await?;
        }
        let killed = if during {
            self.concurrent(script, *last, true).await?
        } else {
            self.session.execute(script, *last).await?;
            self.kill().await?;
            true
        };
        Ok(killed)
    }

    /// Runs a statement that waits for others, with somebody to wait for, so that it can be looked at, and killed, in its
    /// midst. Returns whether it was killed.
    async fn concurrent(&mut self, script: &str, statement: Statement<'_>, kill: bool) -> Result<bool, PostgresError> {
        let gate = self.scratch.connect(Db::Work).await?;
        let tables = tables(&gate).await?.into_iter().map(|table| table.quoted).collect::<Vec<_>>();
        gate.run("BEGIN").await?;
        if !tables.is_empty() {
            gate.run(&format!("LOCK TABLE {} IN ROW EXCLUSIVE MODE", tables.join(", "))).await?;
        }
        let (session, watch, process) = (&self.session, self.watch, self.process);
        let running = session.execute(script, statement);
        tokio::pin!(running);
        let waits = format!("SELECT FROM pg_locks WHERE pid = {process} AND NOT granted");
        let ended = loop {
            tokio::select! {
                biased;
                ended = &mut running => break Some(ended),
                () = tokio::time::sleep(PAUSE) => {}
            }
            if !watch.query(&waits).await?.is_empty() {
                break None;
            }
        };
        let Some(ended) = ended else {
            let seen = locks(watch, process).await?;
            if kill {
                terminate(watch, process).await?;
            }
            gate.run("ROLLBACK").await?;
            let ended = running.await;
            self.found.add_locks(seen);
            return if kill { Ok(true) } else { ended.map(|()| false) };
        };
        ended.map(|()| false)
    }

    async fn look(&mut self) -> Result<(), PostgresError> {
        let seen = locks(self.watch, self.process).await?;
        self.found.add_locks(seen);
        Ok(())
    }

    async fn kill(&self) -> Result<(), PostgresError> {
        terminate(self.watch, self.process).await
    }
}

impl Found {
    fn add_locks(&mut self, locks: impl IntoIterator<Item = (Oid, LockMode)>) {
        for (table, mode) in locks.into_iter().filter(|(_, mode)| *mode >= LockMode::RowExclusive) {
            self.touched.insert(table.clone());
            if mode < WEAKEST {
                continue;
            }
            let strongest = self.locks.entry(table).or_insert(mode);
            *strongest = mode.max(*strongest);
        }
    }
}

/// Ends a session and waits until it is gone, with its transaction rolled back.
async fn terminate(watch: &Connection, process: i32) -> Result<(), PostgresError> {
    watch.run(&format!("SELECT pg_terminate_backend({process})")).await?;
    // The function can wait itself, but looks every 100 ms only.
    let alive = format!("SELECT FROM pg_stat_activity WHERE pid = {process}");
    while !watch.query(&alive).await?.is_empty() {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// The locks of a session on the users' tables. A table that its transaction has created is not
/// there for anybody else yet, and so not here.
async fn locks(watch: &Connection, process: i32) -> Result<Vec<(Oid, LockMode)>, PostgresError> {
    let sql = format!("{} AND pid = {process}", include_str!("locks.sql").trim_end());
    let rows = watch.query(&sql).await?;
    let pairs = rows.into_iter().filter_map(|row| match <[Option<String>; 2]>::try_from(row) {
        Ok([Some(oid), Some(mode)]) => Some((oid, lock_mode(&mode)?)),
        _ => None,
    });
    Ok(pairs.collect())
}

/// Reads `ShareUpdateExclusiveLock`, as `pg_locks` writes modes.
/// Source: <https://www.postgresql.org/docs/current/view-pg-locks.html>
fn lock_mode(text: &str) -> Option<LockMode> {
    let plain = |mode: LockMode| mode.as_str().replace(' ', "") + "LOCK";
    LockMode::ALL.into_iter().find(|mode| plain(*mode).eq_ignore_ascii_case(text))
}

/// A table of the users.
struct UserTable {
    oid: Oid,
    /// Its file on disk; another one after a rewrite.
    file: String,
    name: TableName,
    /// Schema and name as SQL writes them.
    quoted: String,
}

async fn tables(connection: &Connection) -> Result<Vec<UserTable>, PostgresError> {
    let rows = connection.query(include_str!("tables.sql")).await?;
    let tables = rows.into_iter().filter_map(|row| match <[Option<String>; 5]>::try_from(row) {
        Ok([Some(oid), Some(file), Some(schema), Some(name), Some(quoted)]) => {
            Some(UserTable { oid, file, name: TableName::new(schema, name), quoted })
        }
        _ => None,
    });
    Ok(tables.collect())
}

/// What all runs of the up files of a change were seen to do.
#[derive(Debug, Default)]
pub(super) struct Observations {
    /// By index of the migration.
    found: BTreeMap<usize, Found>,
    /// Names of tables before the change.
    pub(super) before: BTreeMap<Oid, TableName>,
    /// Names of tables after it.
    pub(super) after: BTreeMap<Oid, TableName>,
}

impl Observations {
    pub(super) fn add(&mut self, migration: usize, found: Found) {
        let known = self.found.entry(migration).or_default();
        known.add_locks(found.locks);
        known.touched.extend(found.touched);
        known.rewritten.extend(found.rewritten);
    }

    /// The tables that were there before and that a file was seen to write to or to lock.
    pub(super) fn touched(&self) -> BTreeSet<Oid> {
        let touched = self.found.values().flat_map(|found| &found.touched);
        touched.filter(|table| self.before.contains_key(*table)).cloned().collect()
    }

    /// The name that people know a table by, the one that it ends up with; `None` for one that the change creates, which
    /// nobody else can be using.
    fn name(&self, table: &Oid) -> Option<&TableName> {
        let before = self.before.get(table)?;
        Some(self.after.get(table).unwrap_or(before))
    }

    /// The same for a table that the plan names, be it by its old name or by its new one.
    fn name_of<'a>(&'a self, table: &'a TableName) -> &'a TableName {
        let oid = self.before.iter().find(|(_, name)| *name == table).map(|(oid, _)| oid);
        oid.and_then(|oid| self.name(oid)).unwrap_or(table)
    }

    /// What was seen, for the report.
    pub(super) fn report(&self, migrations: &[Pair<'_>]) -> (Vec<ObservedLock>, Vec<ObservedRewrite>) {
        let (mut locks, mut rewrites) = (Vec::new(), Vec::new());
        for (index, found) in &self.found {
            let migration = migrations.get(*index).map_or_else(String::new, |pair| pair.name.to_owned());
            locks.extend(found.locks.iter().filter_map(|(table, mode)| {
                let table = self.name(table)?.clone();
                Some(ObservedLock { migration: migration.clone(), table, mode: *mode })
            }));
            rewrites.extend(found.rewritten.iter().filter_map(|table| {
                let table = self.name(table)?.clone();
                Some(ObservedRewrite { migration: migration.clone(), table })
            }));
        }
        locks.sort();
        rewrites.sort();
        rewrites.dedup();
        (locks, rewrites)
    }

    /// What was seen, to be compared.
    pub(super) fn observed(&self, migrations: &[Pair<'_>]) -> BTreeMap<String, String> {
        let (locks, rewrites) = self.report(migrations);
        let locks = locks.iter().map(|lock| (lock_line(&lock.migration, &lock.table), lock.mode.as_str().to_owned()));
        let rewrites = rewrites.iter().map(|rewrite| rewrite_line(&rewrite.migration));
        locks.chain(rewrites).collect()
    }

    /// What the plan says, in the same form: of several operations in one file the strongest lock on each table.
    pub(super) fn planned(&self, migrations: &[Pair<'_>]) -> BTreeMap<String, String> {
        let mut locks: BTreeMap<(&str, &TableName), LockMode> = BTreeMap::new();
        let mut lines = BTreeMap::new();
        for pair in migrations {
            for operation in pair.operations.iter().flatten() {
                for lock in operation.locks.iter().filter(|lock| lock.mode >= WEAKEST) {
                    let strongest = locks.entry((pair.name, self.name_of(&lock.table))).or_insert(lock.mode);
                    *strongest = lock.mode.max(*strongest);
                }
                lines.extend((operation.work == Work::Rewrite).then(|| rewrite_line(pair.name)));
            }
        }
        let locks = locks.into_iter();
        lines.extend(locks.map(|((migration, table), mode)| (lock_line(migration, table), mode.as_str().to_owned())));
        lines
    }
}

fn lock_line(migration: &str, table: &TableName) -> String {
    format!("{migration} locks {table}")
}

fn rewrite_line(migration: &str) -> (String, String) {
    (format!("{migration} rewrites"), "a table".to_owned())
}

/// Names of the users' tables.
pub(super) async fn names(connection: &Connection) -> Result<BTreeMap<Oid, TableName>, PostgresError> {
    Ok(tables(connection).await?.into_iter().map(|table| (table.oid, table.name)).collect())
}
