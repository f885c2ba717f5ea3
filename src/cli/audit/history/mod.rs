//! The log against the history of the base branches: that what it says landed did, that it says all of it, and under
//! which policy.
//!
//! One pass over the entries, in which each branch is followed along first parents: one `git diff-tree` and one
//! `git cat-file` answer for all of them. What was recorded by an older release is not judged anew, which might come to
//! something else; what it says is compared with the bytes.

mod branch;
mod compared;
mod landing;
mod pulls;
mod unrecorded;

use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
};

use crate::{
    audit_log::{LandingId, Origin, Place, Problem, State, approved_files, approved_under},
    cli::log::View,
    git::{Changes, Git},
    model::{Digest, Entry, EntryKind},
    policy::Policy,
};

use branch::Branch;
pub(super) use compared::Compared;
use compared::Unrecorded;
use landing::Finding;
use pulls::Pulls;

/// The history, as far as the entries have been compared with it.
pub(super) struct History<'a> {
    git: &'a Git,
    /// Reads blobs of the log.
    view: View,
    changes: Changes,
    shallow: bool,
    /// The policy of today.
    policy: &'a Policy,
    /// The last recorded tips.
    state: State,
    /// Names of the branches that the log began with.
    first: Vec<String>,
    /// By full name.
    branches: BTreeMap<String, Branch>,
    pulls: Pulls,
    found: Compared,
    /// Tips that were recorded and given up for a rewritten history.
    given_up: BTreeSet<String>,
}

/// Where a branch begins of which nothing was recorded before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beginning {
    /// At a commit of a branch that was recorded.
    Shared,
    /// At none.
    Own,
    /// At none of those that are still here.
    Gone,
}

impl<'a> History<'a> {
    /// Compares the log of `origin` at `commit`, whose entries are given to [`History::take`].
    pub(super) fn open(git: &'a Git, commit: &str, origin: &Origin, policy: &'a Policy) -> anyhow::Result<Self> {
        let mut view = View::open(git, commit, origin)?;
        // Of a log that cannot say this nothing is believed in the end.
        let state = view.state().unwrap_or_default();
        Ok(Self {
            git,
            view,
            changes: git.changes()?,
            shallow: git.is_shallow()?,
            policy,
            state,
            first: Vec::new(),
            branches: BTreeMap::new(),
            pulls: Pulls::default(),
            found: Compared::default(),
            given_up: BTreeSet::new(),
        })
    }

    /// Takes the next entry into account.
    pub(super) fn take(&mut self, index: u64, entry: &Entry) -> anyhow::Result<()> {
        match (entry.kind, entry.id.parse::<LandingId>()) {
            (EntryKind::Initialised, _) => self.begin(entry),
            (kind, Ok(id)) if kind.is_landing() => self.landing(index, entry, &id),
            (kind, _) => {
                self.pulls.take(index, entry);
                if kind == EntryKind::Approved { self.approval(index, entry) } else { Ok(()) }
            }
        }
    }

    /// What the comparison gave, once every entry was taken.
    pub(super) fn end(mut self) -> anyhow::Result<Compared> {
        self.unrecorded()?;
        Ok(self.found)
    }

    /// The branches that the log begins with.
    fn begin(&mut self, entry: &Entry) -> anyhow::Result<()> {
        let blob = entry.blobs.first().map(|blob| self.view.blob(0, blob)).transpose()?.flatten();
        let Some(state) = blob.and_then(|blob| State::parse(&blob).ok()) else { return Ok(()) };
        for (reference, begun) in state.branches {
            let branch = Branch::begin(self.git, &mut self.changes, &reference, &begun.tip)?;
            self.first.push(branch.name.clone());
            self.branches.insert(reference, branch);
        }
        Ok(())
    }

    fn landing(&mut self, index: u64, entry: &Entry, id: &LandingId) -> anyhow::Result<()> {
        let (mut problems, mut beginning) = (Vec::new(), Beginning::Shared);
        let mut branch = if let Some(branch) = self.branches.remove(&id.reference) {
            branch
        } else {
            let branch = Branch::begin(self.git, &mut self.changes, &id.reference, &id.before)?;
            beginning = self.beginning(&branch)?;
            branch
        };
        if beginning == Beginning::Own {
            let known = self.branches.values().map(|known| known.name.as_str()).collect::<Vec<_>>().join(" or ");
            problems.push(format!("begins {} at {}, which is no commit of {known}", branch.name, id.before));
        }
        if entry.kind == EntryKind::HistoryRewritten {
            self.given_up.insert(id.before.clone());
        }
        match self.compare(&mut branch, index, entry, id)? {
            Finding::Compared(contradictions) => {
                match beginning {
                    _ if !contradictions.is_empty() => {}
                    Beginning::Gone => self.found.gone += 1,
                    _ => self.found.landings += 1,
                }
                problems.extend(contradictions);
            }
            Finding::CannotTell => self.found.unknown += 1,
            Finding::Gone => self.found.gone += 1,
            Finding::Absent => {
                if self.is_gated(&branch.name)? {
                    self.found.absent.insert(branch.name.clone());
                } else {
                    self.found.gone += 1;
                }
            }
        }
        self.branches.insert(id.reference.clone(), branch);
        self.contradicted(index, entry, problems);
        Ok(())
    }

    /// Whether today's clones must have the branch: the policy names it, or it is the default branch.
    fn is_gated(&self, name: &String) -> anyhow::Result<bool> {
        // A clone of the log's branch alone does not know which one is the default branch.
        let is_default = |default: String| default == *name || default == self.policy.audit.branch;
        let default = || Ok::<_, anyhow::Error>(self.git.default_branch()?.is_none_or(is_default));
        Ok(self.policy.gate_branches.contains(name) || (self.first.contains(name) && default()?))
    }

    /// A branch begins where it left one that was recorded already: what came to it before has an entry there.
    fn beginning(&mut self, branch: &Branch) -> anyhow::Result<Beginning> {
        let begin = &branch.recorded;
        if self.shallow || branch.tip.is_none() {
            return Ok(Beginning::Shared);
        }
        let of_branches = self.branches.values().flat_map(|known| iter::once(&known.recorded).chain(&known.tip));
        let tips: BTreeSet<&String> = of_branches.chain(&self.given_up).collect();
        if tips.contains(begin) {
            return Ok(Beginning::Shared);
        }
        let here = self.changes.has(begin)?;
        let mut found = Beginning::Own;
        for tip in tips {
            if !self.changes.has(tip)? {
                found = Beginning::Gone;
            } else if here && self.git.is_ancestor(begin, tip)? {
                return Ok(Beginning::Shared);
            }
        }
        Ok(found)
    }

    /// Compares the policy that an approval names with the control files of the recorded tip of its base.
    fn approval(&mut self, index: u64, entry: &Entry) -> anyhow::Result<()> {
        let (Some(pr), Some(digest)) = (entry.pr, entry.digest) else { return Ok(()) };
        if self.branches.values().all(|branch| branch.control.is_none()) {
            return Ok(());
        }
        let lines = self.view.blob(index, &digest)?.unwrap_or_default();
        let under = approved_under(&lines).filter(|_| Digest::of(&lines) == digest);
        let Some((base, policy)) = under.filter(|_| approved_files(&lines, entry.repo, pr).is_some()) else {
            let what = format!("approves {digest}, of which the log has no lines of pull request {pr}");
            self.contradicted(index, entry, vec![what]);
            return Ok(());
        };
        let mut problems = Vec::new();
        if entry.policy != Some(policy) {
            problems.push(format!("does not name the policy {policy} of the lines that it approves"));
        }
        if let Some(control) = self.branches.get(base).and_then(|branch| branch.control.as_ref()) {
            if control.digest == policy {
                self.found.approvals += 1;
            } else {
                let in_force = control.digest;
                problems.push(format!("was given under the policy {policy}, and {in_force} was in force on {base}"));
            }
        }
        self.contradicted(index, entry, problems);
        Ok(())
    }

    fn contradicted(&mut self, index: u64, entry: &Entry, problems: Vec<String>) {
        let place = Place::Entry(index, Some(entry.id.clone()));
        self.found.problems.extend(problems.into_iter().map(|what| Problem { place: place.clone(), what }));
    }
}
