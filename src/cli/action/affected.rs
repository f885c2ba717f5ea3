//! Which open pull requests a push to their base may have given another verdict. Git alone is asked, and no call is spent.

use super::store::Store;
use crate::{
    cli::context::{MAX_FILE_BYTES, governed_trees},
    git::Parents,
    model::PullRequest,
    policy::{PathKind, Policy},
};

/// Heads that one fetch asks for.
const HEADS_AT_ONCE: usize = 100;

/// How much history is looked through for where the heads left the base. What left it further back is judged again.
const DEPTHS: [u32; 2] = [50, 1_000];

/// A push to a base branch.
pub(super) struct Push<'a> {
    store: &'a Store,
    policy: &'a Policy,
    /// What the tip was, if that can be had.
    before: Option<&'a str>,
    tip: &'a str,
    /// Whether governed files differ from those of before.
    touched: bool,
}

impl<'a> Push<'a> {
    /// Reads what the push did under the policy that it led to.
    pub(super) fn read(store: &'a Store, policy: &'a Policy, before: &'a str, tip: &'a str) -> anyhow::Result<Self> {
        let before = store.fetch_commits(&[before]).is_ok().then_some(before);
        let (old, new) = governed_trees(store.git(), policy, before.unwrap_or(tip), tip)?;
        Ok(Self { store, policy, before, tip, touched: before.is_none() || old != new })
    }

    /// Whether it changed no verdict, so that nobody needs to know what is open: no commit of it touches a governed file, and
    /// each has the one before as its only parent. A head that moves a file to a governed path gets what the push did to
    /// that file, too; this alone waits for the hourly run.
    pub(super) fn is_quiet(&self) -> anyhow::Result<bool> {
        let Some(before) = self.before.filter(|_| !self.touched) else { return Ok(false) };
        let git = self.store.git();
        if !self.store.fetch_history(before, self.tip, Parents::All)? || git.has_merges(before, self.tip)? {
            return Ok(false);
        }
        let mut changes = git.changes()?;
        let mut from = before.to_owned();
        for commit in git.first_parent(Some(before), self.tip)? {
            let (old, new) = changes.between(&from, &commit.sha, &|path| self.governs(path), MAX_FILE_BYTES)?;
            if !old.is_empty() || !new.is_empty() {
                return Ok(false);
            }
            from = commit.sha;
        }
        Ok(true)
    }

    /// Those of the pull requests whose verdict it may have changed.
    pub(super) fn affected(&self, open: Vec<PullRequest>) -> anyhow::Result<Vec<PullRequest>> {
        let mut affected = Vec::new();
        let mut open = open.into_iter().peekable();
        while open.peek().is_some() {
            let some: Vec<PullRequest> = open.by_ref().take(HEADS_AT_ONCE).collect();
            self.fetch(&some, 1)?;
            let mut undecided = Vec::new();
            for pull_request in some {
                if self.differs(&pull_request.head_sha)? {
                    undecided.push(pull_request);
                }
            }
            for depth in DEPTHS {
                if undecided.is_empty() {
                    break;
                }
                self.fetch(&undecided, depth)?;
                let mut unknown = Vec::new();
                for pull_request in undecided {
                    match self.may_change(&pull_request.head_sha)? {
                        Some(true) => affected.push(pull_request),
                        Some(false) => {}
                        None => unknown.push(pull_request),
                    }
                }
                undecided = unknown;
            }
            affected.extend(undecided);
        }
        Ok(affected)
    }

    fn fetch(&self, of: &[PullRequest], depth: u32) -> anyhow::Result<()> {
        let heads = of.iter().map(|pull_request| pull_request.head_sha.as_str());
        let tips: Vec<&str> = heads.chain([self.tip]).chain(self.before).collect();
        self.store.fetch_depth(&tips, depth)
    }

    /// Whether the head's governed files differ from those of the tip; where not, merging changes none.
    fn differs(&self, head: &str) -> anyhow::Result<bool> {
        let (tip, head) = governed_trees(self.store.git(), self.policy, self.tip, head)?;
        Ok(tip != head)
    }

    /// Whether merging the head may give other governed files than before; `None` where the history that is here does not
    /// tell where the head left the base.
    fn may_change(&self, head: &str) -> anyhow::Result<Option<bool>> {
        let git = self.store.git();
        let Some(bases) = self.store.known_merge_bases(self.tip, head)? else { return Ok(None) };
        let [merge_base] = &bases[..] else { return Ok(Some(true)) };
        let changed = git.changed_paths(merge_base, head)?;
        // Git carries an edit along to where the base moved the file, which may be a governed path.
        if !changed.is_disjoint(&git.deleted_paths(merge_base, self.tip)?) {
            return Ok(Some(true));
        }
        if !changed.iter().any(|path| self.governs(path)) {
            return Ok(Some(false));
        }
        let Some(before) = self.before.filter(|_| !self.touched) else { return Ok(Some(true)) };
        // Both sides are as they were, unless the head moved a file that the push edited.
        let same = self.store.known_merge_bases(before, head)?.as_ref() == Some(&bases)
            && changed.is_disjoint(&git.changed_paths(before, self.tip)?);
        Ok(Some(!same))
    }

    fn governs(&self, path: &str) -> bool {
        self.policy.classify(path) != PathKind::Ungoverned
    }
}
