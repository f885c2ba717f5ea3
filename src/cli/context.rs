//! What every command needs: where it works, and the snapshot of what it judges.

use std::path::Path;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};

use super::arguments::Selection;
use crate::{
    git::{CommitFiles, Git},
    model::{Activity, File, LineIndex, Tree},
    pipeline::{Scope, Snapshot},
    policy::{POLICY_FILE, PathKind, Policy},
    report::terminal::Style,
    rules,
    workspace::Workspace,
};

/// Most bytes that are read of one file. Larger request files are refused by the reader.
pub(super) const MAX_FILE_BYTES: usize = 4 << 20;

/// Where a command works and how it prints.
pub(super) struct Context {
    /// The working tree.
    pub(super) workspace: Workspace,
    /// Its repository, if it is in one.
    pub(super) git: Option<Git>,
    /// How to print.
    pub(super) style: Style,
    /// When it started.
    pub(super) now: DateTime<Utc>,
}

impl Context {
    /// Works in the repository that `directory` is in, or in `directory` itself.
    pub(super) fn new(directory: &Path, style: Style, now: DateTime<Utc>) -> anyhow::Result<Self> {
        if !directory.is_dir() {
            bail!("{} is not a folder; name one with -C", directory.display());
        }
        let git = Git::discover(directory)?;
        let root = git.as_ref().map_or(directory, Git::dir);
        Ok(Self { workspace: Workspace::new(root), git, style, now })
    }

    /// The repository; an error where there is none.
    pub(super) fn git(&self) -> anyhow::Result<&Git> {
        self.git.as_ref().with_context(|| {
            format!("{} is not in a git repository; run this in a clone", self.workspace.root().display())
        })
    }

    /// The snapshot of what `selection` asks for: the working tree against the merge base.
    pub(super) fn snapshot(&self, selection: &Selection) -> anyhow::Result<Snapshot> {
        let base = if selection.all { None } else { self.base(selection.changed_since.as_deref())? };
        if let (Some(git), Some(base)) = (&self.git, base) {
            return self.since(git, &base);
        }
        let policy = self.policy()?;
        let merged = self.working_tree(&policy)?;
        Ok(Snapshot {
            policy,
            now: self.now,
            base: Tree::new(),
            merged,
            scope: Scope::All,
            activity: Activity::default(),
        })
    }

    /// The policy of the working tree.
    pub(super) fn policy(&self) -> anyhow::Result<Policy> {
        policy_of_folder(&self.workspace)
    }

    /// The policy of a commit.
    pub(super) fn policy_of(git: &Git, commit: &str) -> anyhow::Result<Policy> {
        let tree = git.read_tree(commit, &|path| path == POLICY_FILE, MAX_FILE_BYTES)?;
        let place = format!("{POLICY_FILE} of {commit}");
        read_policy(tree.get(POLICY_FILE).map(|file| file.bytes.as_slice()), &place)
    }

    /// The request files and migrations of the working tree.
    pub(super) fn working_tree(&self, policy: &Policy) -> anyhow::Result<Tree> {
        let folders = [policy.requests.as_str(), policy.migrations.as_str()];
        Ok(self.workspace.read_tree(&folders, &|path| in_folders(policy, path), MAX_FILE_BYTES)?)
    }

    fn since(&self, git: &Git, base: &str) -> anyhow::Result<Snapshot> {
        let policy = Self::policy_of(git, base)?;
        let judged = |path: &str| in_folders(&policy, path) || path == POLICY_FILE;
        let base = git.read_tree(base, &judged, MAX_FILE_BYTES)?;
        let mut merged = self.working_tree(&policy)?;
        merged.extend(self.workspace.read(POLICY_FILE)?.map(|bytes| (POLICY_FILE.to_owned(), File::regular(bytes))));
        let paths = base.keys().chain(merged.keys());
        let changed = paths.filter(|path| base.get(*path) != merged.get(*path)).cloned().collect();
        Ok(Snapshot {
            policy,
            now: self.now,
            base,
            merged,
            scope: Scope::Changed(changed),
            activity: Activity::default(),
        })
    }

    /// The commit that changes are counted from; `None` where there is no history to count from.
    fn base(&self, changed_since: Option<&str>) -> anyhow::Result<Option<String>> {
        let Some(git) = &self.git else {
            if let Some(rev) = changed_since {
                bail!("--changed-since {rev} needs a git repository; leave it out to check everything");
            }
            return Ok(None);
        };
        let tip = match changed_since {
            Some(rev) => Some(git.resolve(rev)?.with_context(|| {
                format!("--changed-since {rev}: no such revision; fetch it first, or name another")
            })?),
            None => git.default_branch_tip()?,
        };
        let (Some(tip), Some(head)) = (tip, git.resolve("HEAD")?) else { return Ok(None) };
        let base = git.merge_base(&tip, &head)?;
        let why = || format!("{tip} and HEAD have no common commit here; fetch more history, or use --all");
        Ok(Some(base.with_context(why)?))
    }
}

/// The policy that a folder has, or the default one.
pub(super) fn policy_of_folder(workspace: &Workspace) -> anyhow::Result<Policy> {
    read_policy(workspace.read(POLICY_FILE)?.as_deref(), POLICY_FILE)
}

/// Whether `path` is a request file.
pub(super) fn is_request(policy: &Policy, path: &str) -> bool {
    policy.classify(path) == PathKind::Request
}

fn in_folders(policy: &Policy, path: &str) -> bool {
    !matches!(policy.classify(path), PathKind::Ungoverned | PathKind::Control | PathKind::Workflow)
}

/// Reads a policy; the error names `place`, line and column.
pub(super) fn read_policy(bytes: Option<&[u8]>, place: &str) -> anyhow::Result<Policy> {
    let Some(bytes) = bytes else { return Ok(Policy::default()) };
    let text = std::str::from_utf8(bytes).with_context(|| format!("{place} is not UTF-8; save it as UTF-8"))?;
    Policy::parse(text, &rules::configurable()).map_err(|error| match error.span {
        Some(span) => {
            let at = LineIndex::new(text).position(text, span.start);
            anyhow::anyhow!("{place}:{}:{}: {error}", at.line, at.column)
        }
        None => anyhow::anyhow!("{place}: {error}"),
    })
}

/// The policy that a commit holds.
pub(super) fn policy_at(git: &Git, commit: &str) -> anyhow::Result<Policy> {
    stored_policy(&mut git.files(commit)?)?
}

/// The policy that is in force after a commit of a base branch: its own, or where that is no policy, the last one of its
/// first-parent history that is. Somebody who breaks the policy of the base must not keep what lands from being recorded
/// after it is repaired. `None` where there is none here. What was in force after an earlier commit of that history can be
/// given, and spares looking further back.
pub(super) fn policy_in_force(
    git: &Git,
    commit: &str,
    earlier: Option<(&str, &Policy)>,
) -> anyhow::Result<Option<Policy>> {
    let mut files = git.files(commit)?;
    if let Ok(policy) = stored_policy(&mut files)? {
        return Ok(Some(policy));
    }
    // The first one wrote what cannot be read, or it was there before.
    for commit in git.changed_at(commit, POLICY_FILE, earlier.map(|(commit, _)| commit))?.into_iter().skip(1) {
        files.go_to(commit);
        if let Ok(policy) = stored_policy(&mut files)? {
            return Ok(Some(policy));
        }
    }
    Ok(earlier.map(|(_, policy)| policy.clone()))
}

/// What the policy file of a commit says; the outer error is of git, the inner one of the file.
fn stored_policy(files: &mut CommitFiles) -> anyhow::Result<anyhow::Result<Policy>> {
    Ok(read_policy(files.file(POLICY_FILE, MAX_FILE_BYTES)?.as_deref(), POLICY_FILE))
}

/// The governed files of two trees. A workflow counts in both where it is a control file in either, so that one that
/// stops or starts using the tool shows as edited, not as removed or added.
pub(super) fn governed_trees(git: &Git, policy: &Policy, before: &str, after: &str) -> anyhow::Result<(Tree, Tree)> {
    let wanted = |path: &str| policy.classify(path) != PathKind::Ungoverned;
    let mut before = git.read_tree(before, &wanted, MAX_FILE_BYTES)?;
    let mut after = git.read_tree(after, &wanted, MAX_FILE_BYTES)?;
    leave_out_foreign_workflows(policy, &mut before, &mut after);
    Ok((before, after))
}

/// Leaves out of both trees the workflows that are control files in neither.
pub(super) fn leave_out_foreign_workflows(policy: &Policy, before: &mut Tree, after: &mut Tree) {
    let ours = |tree: &Tree, path: &str| tree.get(path).is_some_and(|file| policy.governs(path, &file.bytes));
    let paths: Vec<String> = before.keys().chain(after.keys()).cloned().collect();
    for path in paths.iter().filter(|path| policy.classify(path) == PathKind::Workflow) {
        if !ours(before, path) && !ours(after, path) {
            before.remove(path);
            after.remove(path);
        }
    }
}

/// The control files of a commit. They are the same whatever the policy is.
pub(super) fn control_files_at(git: &Git, commit: &str) -> anyhow::Result<Tree> {
    let any = Policy::default();
    let wanted = |path: &str| matches!(any.classify(path), PathKind::Control | PathKind::Workflow);
    Ok(control_files(&git.read_tree(commit, &wanted, MAX_FILE_BYTES)?, &any))
}

/// The control files of a tree.
pub(super) fn control_files(tree: &Tree, policy: &Policy) -> Tree {
    let control = tree.iter().filter(|(path, file)| {
        matches!(policy.classify(path), PathKind::Control | PathKind::Workflow) && policy.governs(path, &file.bytes)
    });
    control.map(|(path, file)| (path.clone(), file.clone())).collect()
}
