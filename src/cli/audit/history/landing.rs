//! One landing against the commits that it names.

use std::collections::BTreeMap;

use super::{Branch, History, branch::Control};
use crate::{
    audit_log::{LANDING_HEADER, LandingId, landed_files, landed_lines},
    cli::context::{MAX_FILE_BYTES, leave_out_foreign_workflows},
    git::Changes,
    model::{Digest, Entry, EntryKind, FileChange, FileState, Tree},
    pipeline::changed_files,
    policy::{PathKind, Policy},
};

/// What comparing a landing came to.
pub(super) enum Finding {
    /// It was compared: what the history contradicts.
    Compared(Vec<String>),
    /// This clone lacks commits that others have.
    CannotTell,
    /// Rewritten history took its commits away.
    Gone,
    /// This clone does not have the branch.
    Absent,
}

/// What workflows were after commits that changed nothing governed: they did not use the tool yet.
type Foreign = BTreeMap<String, Vec<Option<FileState>>>;

/// The files that differ between two commits, as they were before and after.
#[derive(Default)]
pub(super) struct Difference {
    pub(super) before: Tree,
    pub(super) after: Tree,
}

impl Difference {
    /// What differs between two commits that are here, of what may be governed under `policy`.
    pub(super) fn between(changes: &mut Changes, policy: &Policy, before: &str, after: &str) -> anyhow::Result<Self> {
        let wanted = |path: &str| policy.classify(path) != PathKind::Ungoverned;
        let (before, after) = changes.between(before, after, &wanted, MAX_FILE_BYTES)?;
        Ok(Self { before, after })
    }

    /// The governed files among them.
    pub(super) fn governed(&self, policy: &Policy) -> Vec<FileChange> {
        let (mut before, mut after) = (self.before.clone(), self.after.clone());
        leave_out_foreign_workflows(policy, &mut before, &mut after);
        changed_files(&before, &after, policy)
    }

    /// Adds what it made of workflows to `foreign`.
    fn workflows(&self, policy: &Policy, foreign: &mut Foreign) {
        let paths = self.before.keys().chain(self.after.keys().filter(|path| !self.before.contains_key(*path)));
        for path in paths.filter(|path| policy.classify(path) == PathKind::Workflow) {
            let state = self.after.get(path).map(|file| FileState { mode: file.mode, digest: file.digest() });
            foreign.entry(path.clone()).or_default().push(state);
        }
    }

    /// What differs after `next` came on top.
    fn then(&mut self, next: Self) {
        for (path, file) in &next.before {
            if !self.before.contains_key(path) && !self.after.contains_key(path) {
                self.before.insert(path.clone(), file.clone());
            }
        }
        for path in next.before.keys() {
            self.after.remove(path);
        }
        self.after.extend(next.after);
    }
}

impl History<'_> {
    /// Compares a landing with the history of its branch, which then stands at its commit.
    pub(super) fn compare(
        &mut self,
        branch: &mut Branch,
        index: u64,
        entry: &Entry,
        id: &LandingId,
    ) -> anyhow::Result<Finding> {
        let commits = self.commits(branch, entry, id)?;
        let moved = branch.recorded != id.before;
        id.after.clone_into(&mut branch.recorded);
        let commits = match commits {
            Ok(commits) => commits,
            Err(finding) => {
                branch.control = None;
                return Ok(finding);
            }
        };
        let last = branch.control.take();
        let control = match last.filter(|_| !moved) {
            None => Control::at(self.git, &id.before)?,
            control => control,
        };
        let Some(control) = control else { return Ok(Finding::CannotTell) };
        let policy = control.policy.clone();
        let mut problems = Vec::new();
        let mut all = Difference::default();
        // The commits of a pull request may have come one by one, those of a merge did not.
        let together = entry.pr.is_some() && !branch.lineage.is_merge(&id.after);
        let (mut foreign, mut only_foreign) = (Foreign::new(), true);
        let mut next = control.clone();
        let mut before = &id.before;
        for commit in &commits {
            let difference = Difference::between(&mut self.changes, &policy, before, commit)?;
            let governed = !difference.governed(&policy).is_empty();
            if governed && !together && *commit != id.after {
                problems.push(format!("hides what landed with {commit}, of which the log has no entry"));
            }
            only_foreign &= !governed;
            if only_foreign {
                difference.workflows(&policy, &mut foreign);
            }
            next.change(&difference);
            all.then(difference);
            before = commit;
        }
        let files = self.arrived(index, entry, all.governed(&policy), &foreign)?;
        if entry.policy != Some(control.digest) {
            problems.push(format!("does not name the policy that was in force, {}", control.digest));
        }
        problems.extend(self.landed(index, entry, id, &files)?);
        if entry.kind == EntryKind::Merged {
            problems.extend(self.covered(index, entry, &id.reference, &files, &control)?);
        }
        branch.control = if branch.lineage.chain(&id.before, &id.after).is_some() {
            Some(next)
        } else {
            // The first-parent history of what came this way is another one, and with it perhaps the policy in force.
            Control::at(self.git, &id.after)?
        };
        Ok(Finding::Compared(problems))
    }

    /// The commits that arrived, oldest first; only the last one where they did not arrive along first parents.
    fn commits(
        &mut self,
        branch: &Branch,
        entry: &Entry,
        id: &LandingId,
    ) -> anyhow::Result<Result<Vec<String>, Finding>> {
        let Some(tip) = &branch.tip else { return Ok(Err(Finding::Absent)) };
        if let Some(commits) = branch.lineage.chain(&id.before, &id.after).filter(|_| id.before != id.after) {
            return Ok(Ok(commits));
        }
        // Later entries say that the history was rewritten.
        let rewrites = self.state.branches.get(&id.reference).map_or(0, |branch| branch.rewrites);
        let gone = id.rewrites + u64::from(entry.kind == EntryKind::HistoryRewritten) < rewrites;
        let here = self.changes.has(&id.after)?;
        let landed = gone || branch.lineage.contains(&id.after) || (here && self.git.is_ancestor(&id.after, tip)?);
        if !landed {
            let what = format!("names commit {}, which is not in the history of {}", id.after, branch.name);
            return Ok(Err(if self.shallow { Finding::CannotTell } else { Finding::Compared(vec![what]) }));
        }
        if !here || !self.changes.has(&id.before)? {
            return Ok(Err(if self.shallow { Finding::CannotTell } else { Finding::Gone }));
        }
        Ok(Ok(vec![id.after.clone()]))
    }

    /// The files of a landing, of which `files` differ since the entry before. What changes nothing governed has no entry,
    /// so this one may begin after it: with a workflow as it was then, which is one of `foreign`.
    fn arrived(
        &mut self,
        index: u64,
        entry: &Entry,
        files: Vec<FileChange>,
        foreign: &Foreign,
    ) -> anyhow::Result<Vec<FileChange>> {
        if foreign.is_empty() || entry.blobs.contains(&Digest::of(landed_lines(&files))) {
            return Ok(files);
        }
        for digest in &entry.blobs {
            let blob = self.view.blob(index, digest)?.unwrap_or_default();
            let Some(said) = landed_files(&blob) else { continue };
            let said: BTreeMap<_, _> = said.into_iter().map(|file| (file.path, file.before)).collect();
            let mut later = files.clone();
            for file in &mut later {
                let before = said.get(&file.path);
                if let Some(before) =
                    before.filter(|before| foreign.get(&file.path).is_some_and(|it| it.contains(before)))
                {
                    file.before = *before;
                }
            }
            if Digest::of(landed_lines(&later)) == *digest {
                return Ok(later);
            }
        }
        Ok(files)
    }

    /// Whether the entry says which bytes landed.
    fn landed(
        &mut self,
        index: u64,
        entry: &Entry,
        id: &LandingId,
        files: &[FileChange],
    ) -> anyhow::Result<Option<String>> {
        if entry.blobs.contains(&Digest::of(landed_lines(files))) {
            return Ok(None);
        }
        for digest in &entry.blobs {
            let blob = self.view.blob(index, digest)?.unwrap_or_default();
            if blob.starts_with(LANDING_HEADER.as_bytes()) {
                return Ok(Some(format!("does not say what landed from {} to {}", id.before, id.after)));
            }
        }
        Ok(Some("does not name a blob that says what landed".to_owned()))
    }
}
