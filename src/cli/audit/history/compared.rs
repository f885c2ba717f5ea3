//! What comparing the log with the history gave, and how it is said.

use std::{collections::BTreeSet, fmt};

use anyhow::bail;
use serde::Serialize;

use crate::{
    audit_log::Problem,
    report::terminal::{plural, printable},
};

/// Most commits that are named of those that no entry has yet.
const MAX_NAMED: usize = 5;

/// What the comparison gave.
#[derive(Debug, Default)]
pub(in super::super) struct Compared {
    /// Landings whose bytes are those of the history.
    pub(in super::super) landings: usize,
    /// Approvals whose policy is the one that was in force.
    pub(in super::super) approvals: usize,
    /// Landings recorded as approved by approvals under an earlier policy than the one that was in force.
    pub(in super::super) superseded: usize,
    /// Landings whose commits this clone does not have.
    pub(in super::super) unknown: usize,
    /// Landings that can be compared no more, from a clone of today: rewritten history took their commits away, as an
    /// entry says, or those where their branch began, or their branch is not gated any more and gone.
    pub(in super::super) gone: usize,
    /// Gated branches with landings that this clone does not have.
    pub(in super::super) absent: BTreeSet<String>,
    /// What landed after the last entry, oldest first.
    pub(in super::super) unrecorded: Vec<Unrecorded>,
    /// What the history contradicts.
    pub(in super::super) problems: Vec<Problem>,
}

/// A commit of which the log has no entry yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in super::super) struct Unrecorded {
    /// Name of its branch.
    pub(super) branch: String,
    /// Its id.
    pub(super) commit: String,
}

impl Compared {
    /// An error where this clone lacks something that had to be compared.
    pub(in super::super) fn complete(&self) -> anyhow::Result<()> {
        if let Some(branch) = self.absent.first() {
            bail!(
                "this clone lacks the branch {branch}, of which the log has landings; get it with `git fetch origin \
                 +refs/heads/{branch}:refs/remotes/origin/{branch}`, take it out of `[gate] branches` if it is gone, or \
                 leave the history out with --log-only"
            );
        }
        if self.unknown > 0 {
            let landings = plural(self.unknown, "landing");
            bail!(
                "this clone lacks the history of {landings}; get it with `git fetch --unshallow`, or leave it out with \
                 --log-only"
            );
        }
        Ok(())
    }
}

/// One line for each thing that there is to say.
impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let are = |count: usize| if count == 1 { "is" } else { "are" };
        if self.unknown == 0 && self.absent.is_empty() {
            let landings = self.landings;
            writeln!(f, "{} {} in the history as recorded", plural(landings, "landing"), are(landings))?;
        }
        if self.approvals > 0 {
            writeln!(f, "{} given under the policy in force", counted(self.approvals, "approval"))?;
        }
        if self.superseded > 0 {
            let landings = counted(self.superseded, "landing");
            writeln!(f, "{landings} recorded as approved, under a policy that was no longer in force")?;
        }
        if self.gone > 0 {
            writeln!(f, "{} cannot be compared: their commits or their branch are gone", plural(self.gone, "landing"))?;
        }
        let unrecorded = self.unrecorded.len();
        if unrecorded > 0 {
            let landings = plural(unrecorded, "landing");
            writeln!(f, "{landings} {} not recorded yet, which the next run of the action does:", are(unrecorded))?;
        }
        for Unrecorded { branch, commit } in self.unrecorded.iter().take(MAX_NAMED) {
            writeln!(f, "  {commit} on {}", printable(branch))?;
        }
        if unrecorded > MAX_NAMED {
            writeln!(f, "  and {} more", unrecorded - MAX_NAMED)?;
        }
        Ok(())
    }
}

/// `1 approval was`, `2 approvals were`.
fn counted(count: usize, what: &str) -> String {
    format!("{} {}", plural(count, what), if count == 1 { "was" } else { "were" })
}
