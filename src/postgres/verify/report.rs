//! What a verification says.

use std::fmt;

use serde::Serialize;

use super::{super::StatementError, ChangeScripts, Standing};
use crate::model::{LockMode, TableName};

/// How all changes fared.
#[derive(Debug, Clone)]
pub struct Verification {
    /// Major version of the server.
    pub server_version: u32,
    /// In the order given; the same on every run.
    pub changes: Vec<ChangeResult>,
}

impl Verification {
    /// Whether every change does what it says.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.changes.iter().all(|change| change.result.is_ok())
    }
}

/// How one change fared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeResult {
    /// The stem that its file names share.
    pub name: String,
    /// Where it stands: what is not new was only run.
    pub standing: Standing,
    /// Stems of its migrations, in order.
    pub migrations: Vec<String>,
    /// The steps that were taken, in order; where it fails, the last one failed.
    pub steps: Vec<Step>,
    /// The strongest lock that each up file was seen to hold on each table that was there before it.
    pub locks: Vec<ObservedLock>,
    /// The tables that each up file was seen to write anew.
    pub rewrites: Vec<ObservedRewrite>,
    /// The tables that it touches and that no row could be found for, so that it was proved over less.
    pub unseeded: Vec<Unseeded>,
    /// Whether it does what it says.
    pub result: Result<(), Failure>,
}

impl ChangeResult {
    pub(super) fn new(change: &ChangeScripts<'_>) -> Self {
        Self {
            name: change.name.to_owned(),
            standing: change.standing,
            migrations: change.migrations.iter().map(|pair| pair.name.to_owned()).collect(),
            steps: Vec::new(),
            locks: Vec::new(),
            rewrites: Vec::new(),
            unseeded: Vec::new(),
            result: Ok(()),
        }
    }
}

/// A lock that an up file was seen to hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ObservedLock {
    /// Stem of the file.
    pub migration: String,
    /// The table, under the name that it has after the change.
    pub table: TableName,
    /// The strongest mode.
    pub mode: LockMode,
}

/// A table that an up file was seen to write anew.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ObservedRewrite {
    /// Stem of the file.
    pub migration: String,
    /// The table, under the name that it has after the change.
    pub table: TableName,
}

/// A table that no row could be found for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unseeded {
    /// The table.
    pub table: TableName,
    /// Why: what the server says about the last attempt.
    pub reason: String,
}

/// What is being tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The up.
    Up,
    /// The up, run a second time at once.
    UpAgain,
    /// The down.
    Down,
    /// The up, after the down.
    UpAfterDown,
    /// The up, with rows in the tables that it touches.
    UpWithRows,
    /// The down, with rows in what the up has brought: it must refuse to lose them.
    DownWithRows,
    /// The down, allowed to lose them.
    DownAllowed,
    /// The up, run from the first file after a session was killed.
    Resume {
        /// Stem of the file that was running.
        migration: String,
        /// Line of the last statement that was sent, from 1.
        line: usize,
        /// Whether the statement was killed while it ran; else it had ended.
        during: bool,
    },
    /// The comparison of what was seen with the plan.
    Plan,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Up => f.write_str("up"),
            Self::UpAgain => f.write_str("up, run again"),
            Self::Down => f.write_str("down"),
            Self::UpAfterDown => f.write_str("up, after the down"),
            Self::UpWithRows => f.write_str("up, with rows"),
            Self::DownWithRows => f.write_str("down, with rows"),
            Self::DownAllowed => f.write_str("down, allowed to lose rows"),
            Self::Resume { migration, line, during } => {
                let moment = if *during { "during" } else { "after" };
                write!(f, "up, resumed when killed {moment} line {line} of {migration}.up.sql")
            }
            Self::Plan => f.write_str("plan"),
        }
    }
}

/// Why a change does not do what it says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The server refuses it.
    #[error("{step}: {file}, {error}")]
    Refused {
        /// What was being tried.
        step: Step,
        /// Name of the file.
        file: String,
        /// What the server says.
        error: Box<StatementError>,
    },
    /// It runs, and what is there or what was seen is not as it must be.
    #[error("{step}: {problem}\n{diff}")]
    Differs {
        /// What was being tried.
        step: Step,
        /// What that means, in one sentence.
        problem: &'static str,
        /// What must be there (`-`) and what is (`+`), as [`table_diff`](super::super::table_diff) writes it.
        diff: String,
    },
    /// A table that a baseline took over, which the server refuses to create as it is described.
    #[error(
        "the table cannot be created as the request describes it: {error}\nA baseline took it over, so no migration creates \
         it. What it leans on, such as types and functions, is created by the prelude."
    )]
    Baseline {
        /// What the server says.
        error: Box<StatementError>,
    },
    /// An earlier one failed, so there was nothing to run it on.
    #[error("not run: {after} failed")]
    NotRun {
        /// Name of the one that failed.
        after: String,
    },
}
