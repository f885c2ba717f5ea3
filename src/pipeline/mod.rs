//! Composition: a snapshot of every input to an outcome.

mod baseline;
mod catalogs;
mod changes;
mod early;
mod evaluate;
mod ground;
mod held;
mod identity;
mod import;
mod neighbours;
mod order;
mod requests;
mod sql_requests;
mod stamps;
mod steps;
mod strays;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

pub use catalogs::compare_catalogs;
pub use evaluate::{changed_files, evaluate};
pub use ground::{Ground, ground};
pub use identity::carried_ids;
pub use import::{Imported, import};
pub use neighbours::context_files;
pub use stamps::{Stamp, assign_stamps};

use crate::{
    model::{Activity, Tree},
    policy::Policy,
};

#[cfg(test)]
mod order_tests;
#[cfg(test)]
mod tests;

/// Every input of an evaluation, read up front.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The policy of the base.
    pub policy: Policy,
    /// Now.
    pub now: DateTime<Utc>,
    /// Governed files of the base tip; not looked at where [`Scope::All`] judges every table as new.
    pub base: Tree,
    /// Governed files of the merged result.
    pub merged: Tree,
    /// What is judged.
    pub scope: Scope,
    /// What else the author asks for, where that is known.
    pub activity: Activity,
}

/// What is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every table, as if it were new.
    All,
    /// The tables whose governed files differ between the merge base and the head, or between the base tip and the merged
    /// result: these paths.
    Changed(BTreeSet<String>),
}

impl Scope {
    /// Whether the file at `path` is judged.
    #[must_use]
    pub fn judges(&self, path: &str) -> bool {
        match self {
            Self::All => true,
            Self::Changed(paths) => paths.contains(path),
        }
    }
}
