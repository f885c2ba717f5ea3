//! The steps that prove one change.

use std::collections::BTreeMap;

use super::{
    super::{
        Connection, PostgresError,
        catalog::{columns, table_diff, wanted_columns},
    },
    ChangeResult, ChangeScripts, Failure, Pair, Standing, Step, Wanted,
    observe::{Observations, Observer, names},
    report::Unseeded,
    scratch::{Db, Scratch, State},
    seed::demands,
};

/// A failure of the change, or of the server.
pub(super) enum Stop {
    Failure(Box<Failure>),
    Server(PostgresError),
}

impl From<PostgresError> for Stop {
    fn from(error: PostgresError) -> Self {
        Self::Server(error)
    }
}

/// The proof of one change.
pub(super) struct Run<'a> {
    pub(super) scratch: &'a Scratch<'a>,
    pub(super) change: &'a ChangeScripts<'a>,
    pub(super) seen: Observations,
    /// A session in [`Db::Work`] that looks on.
    watch: Option<Connection>,
    tell: &'a dyn Fn(&Step),
    result: &'a mut ChangeResult,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        scratch: &'a Scratch<'a>,
        change: &'a ChangeScripts<'a>,
        tell: &'a dyn Fn(&Step),
        result: &'a mut ChangeResult,
    ) -> Self {
        Self { scratch, change, seen: Observations::default(), watch: None, tell, result }
    }

    /// Takes every step; afterwards [`Db::Base`] has the change.
    pub(super) async fn prove(&mut self) -> Result<(), Stop> {
        self.reset(Db::Base).await?;
        let before = self.state().await?;
        self.seen.before = names(self.watch().await?).await?;

        let after = self.up(&Step::Up).await?;
        if let Wanted::Written { reversible } = self.change.wanted {
            return self.written(reversible, &before, &after).await;
        }
        self.reached().await?;
        self.seen.after = names(self.watch().await?).await?;
        let demanded = demands(self.watch().await?).await?;

        let again = self.up(&Step::UpAgain).await?;
        self.same("a second run changes the schema", &after, &again)?;

        let restored = self.down(&Step::Down).await?;
        self.same("what was there before the up is not restored", &before, &restored)?;

        let redone = self.up(&Step::UpAfterDown).await?;
        self.same("the schema is not the one of the first run", &after, &redone)?;

        self.with_rows(&before, &after, &demanded).await?;
        self.interruptions(&before, &after).await?;
        self.compare_with_plan()?;
        self.advance().await
    }

    async fn written(&mut self, reversible: bool, before: &State, after: &State) -> Result<(), Stop> {
        if reversible {
            let restored = self.down(&Step::Down).await?;
            self.same("what was there before the up is not restored", before, &restored)?;
            let redone = self.up(&Step::UpAfterDown).await?;
            self.same("the schema is not the one of the first run", after, &redone)?;
        }
        (self.result.locks, self.result.rewrites) = self.seen.report(&self.change.migrations);
        self.advance().await
    }

    /// Makes [`Db::Work`] a copy of another database.
    pub(super) async fn reset(&mut self, from: Db) -> Result<(), Stop> {
        self.watch = None;
        Ok(self.scratch.copy(from, Db::Work).await?)
    }

    /// The session that looks on.
    pub(super) async fn watch(&mut self) -> Result<&Connection, Stop> {
        match &mut self.watch {
            Some(watch) => Ok(watch),
            none => Ok(none.insert(self.scratch.connect(Db::Work).await?)),
        }
    }

    /// What is in [`Db::Work`].
    pub(super) async fn state(&mut self) -> Result<State, Stop> {
        Ok(State::read(self.watch().await?).await?)
    }

    /// Begins a step.
    pub(super) fn begin(&mut self, step: &Step) {
        (self.tell)(step);
        self.result.steps.push(step.clone());
    }

    /// Notes that no row was found for these tables.
    pub(super) fn unseeded(&mut self, tables: Vec<Unseeded>) {
        self.result.unseeded.extend(tables);
        self.result.unseeded.sort();
        self.result.unseeded.dedup();
    }

    fn step(&self) -> Step {
        self.result.steps.last().cloned().unwrap_or(Step::Up)
    }

    /// Runs every up file in [`Db::Work`] and watches it.
    pub(super) async fn up(&mut self, step: &Step) -> Result<State, Stop> {
        self.begin(step);
        for (index, pair) in self.change.migrations.iter().enumerate() {
            let scratch = self.scratch;
            let mut observer = Observer::open(scratch, self.watch().await?).await?;
            let ran = observer.run(pair.up).await;
            let found = observer.found;
            self.seen.add(index, found);
            self.accepted(ran, &format!("{}.up.sql", pair.name))?;
        }
        self.state().await
    }

    async fn down(&mut self, step: &Step) -> Result<State, Stop> {
        self.begin(step);
        self.downs(None).await?;
        self.state().await
    }

    /// Runs every down file in [`Db::Work`], the last first, each in a session that `setting` is run in before.
    pub(super) async fn downs(&self, setting: Option<&str>) -> Result<(), Stop> {
        for pair in self.change.migrations.iter().rev() {
            let session = self.scratch.connect(Db::Work).await?;
            if let Some(setting) = setting {
                session.run(setting).await?;
            }
            self.accepted(session.execute_script(pair.down).await, &format!("{}.down.sql", pair.name))?;
        }
        Ok(())
    }

    /// Runs an up file without watching it.
    pub(super) async fn apply(&self, db: Db, pair: &Pair<'_>) -> Result<(), Stop> {
        let ran = self.scratch.connect(db).await?.execute_script(pair.up).await;
        self.accepted(ran, &format!("{}.up.sql", pair.name))
    }

    /// Runs the ups in [`Db::Base`].
    pub(super) async fn advance(&mut self) -> Result<(), Stop> {
        if self.change.standing != Standing::New {
            self.begin(&Step::Up);
        }
        for pair in &self.change.migrations {
            self.apply(Db::Base, pair).await?;
        }
        Ok(())
    }

    /// Turns the server's refusal of a file into a failure of the step.
    pub(super) fn accepted(&self, ran: Result<(), PostgresError>, file: &str) -> Result<(), Stop> {
        match ran {
            Ok(()) => Ok(()),
            Err(PostgresError::Statement(error)) if self.change.standing == Standing::Baseline => {
                Err(Stop::Failure(Box::new(Failure::Baseline { error })))
            }
            Err(PostgresError::Statement(error)) => {
                Err(Stop::Failure(Box::new(Failure::Refused { step: self.step(), file: file.to_owned(), error })))
            }
            Err(error) => Err(Stop::Server(error)),
        }
    }

    pub(super) fn same(&self, problem: &'static str, expected: &State, actual: &State) -> Result<(), Stop> {
        self.equal(problem, &expected.catalog, &actual.catalog)
    }

    pub(super) fn equal(
        &self,
        problem: &'static str,
        expected: &BTreeMap<String, String>,
        actual: &BTreeMap<String, String>,
    ) -> Result<(), Stop> {
        let diff = table_diff(expected, actual);
        if diff.is_empty() {
            return Ok(());
        }
        Err(Stop::Failure(Box::new(Failure::Differs { step: self.step(), problem, diff })))
    }

    async fn reached(&mut self) -> Result<(), Stop> {
        let (name, expected) = match self.change.wanted {
            Wanted::Unknown | Wanted::Written { .. } => return Ok(()),
            Wanted::Table(table) => (&table.name, Some(wanted_columns(table))),
            Wanted::Absent(name) => (name, None),
        };
        let actual = columns(self.watch().await?, name).await?;
        let problem = match (&expected, &actual) {
            (Some(_), None) => "the table is not there",
            (None, Some(_)) => "the table is still there",
            _ => "the table is not the one that the request describes",
        };
        if expected == actual {
            return Ok(());
        }
        let diff = table_diff(&expected.unwrap_or_default(), &actual.unwrap_or_default());
        Err(Stop::Failure(Box::new(Failure::Differs { step: self.step(), problem, diff })))
    }

    /// Notes what was seen, and compares it with the plan where there is one.
    fn compare_with_plan(&mut self) -> Result<(), Stop> {
        (self.result.locks, self.result.rewrites) = self.seen.report(&self.change.migrations);
        if self.change.migrations.iter().all(|pair| pair.operations.is_none()) {
            return Ok(());
        }
        self.begin(&Step::Plan);
        let planned = self.seen.planned(&self.change.migrations);
        let observed = self.seen.observed(&self.change.migrations);
        self.equal("what the migrations lock and rewrite is not what the plan says", &planned, &observed)
    }
}
