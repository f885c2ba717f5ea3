//! Composition: a snapshot of every input to an outcome.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::{
    model::{Outcome, Tree},
    policy::Policy,
};

/// Every input of an evaluation, read up front.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The policy of the base.
    pub policy: Policy,
    /// Now.
    pub now: DateTime<Utc>,
    /// Governed files of the base tip.
    pub base: Tree,
    /// Governed files of the merged result.
    pub merged: Tree,
    /// What is judged.
    pub scope: Scope,
}

/// What is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every table, as if it were new.
    All,
    /// The tables whose governed files differ between the merge base and the head: these paths.
    Changed(BTreeSet<String>),
}

/// Evaluates a snapshot. Pure: the same snapshot gives the same outcome.
#[must_use]
pub fn evaluate(_snapshot: &Snapshot) -> Outcome {
    todo!()
}
