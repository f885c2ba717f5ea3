//! Sessions that are killed between statements, and in the midst of those that commit as they go.

use std::collections::BTreeSet;

use super::{
    super::script::{Statement, statements},
    Pair, Step,
    change::{Run, Stop},
    observe::Observer,
    scratch::{Db, State},
};

impl Run<'_> {
    /// Kills the session after every statement of every up file, and during those that wait for others; what that leaves
    /// behind must lead to `after` when the change is run again from its first file.
    ///
    /// A database in a state that has been started from already is not started from again: a transaction that was killed
    /// leaves nothing, whichever of its statements was the last.
    pub(super) async fn interruptions(&mut self, before: &State, after: &State) -> Result<(), Stop> {
        let mut proved = BTreeSet::from([before.clone(), after.clone()]);
        self.scratch.copy(Db::Seeded, Db::Stage).await?;
        let change = self.change;
        for pair in &change.migrations {
            self.reset(Db::Stage).await?;
            let undisturbed = self.state().await?;
            let statements = statements(pair.up);
            for (last, statement) in statements.iter().enumerate() {
                let moments: &[bool] = if statement.is_concurrent() { &[true, false] } else { &[false] };
                for &during in moments {
                    let state = self.killed(pair, &statements[..=last], during).await?;
                    let known = state.as_ref().is_none_or(|state| !proved.insert(state.clone()));
                    if !known {
                        let line = statement.line(pair.up);
                        let step = Step::Resume { migration: pair.name.to_owned(), line, during };
                        let resumed = self.up(&step).await?;
                        self.same("the schema is not the one of an undisturbed run", after, &resumed)?;
                    }
                    if !known || state.as_ref() != Some(&undisturbed) {
                        self.reset(Db::Stage).await?;
                    }
                }
            }
            self.apply(Db::Stage, pair).await?;
        }
        Ok(())
    }

    /// What is in [`Db::Work`] once a session has run these statements of a script and was killed; `None` where there was
    /// no midst of the last one to be killed in.
    async fn killed(&mut self, pair: &Pair<'_>, until: &[Statement<'_>], during: bool) -> Result<Option<State>, Stop> {
        let mut killed = false;
        let scratch = self.scratch;
        let observer = Observer::open(scratch, self.watch().await?).await?;
        let ran = observer.run_and_kill(pair.up, until, during).await;
        self.accepted(ran.map(|was| killed = was), &format!("{}.up.sql", pair.name))?;
        Ok(if killed { Some(self.state().await?) } else { None })
    }
}
