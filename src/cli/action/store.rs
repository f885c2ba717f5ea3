//! A bare repository of the step's own: nothing of the checkout is trusted, and any depth of it will do.

use anyhow::bail;

use crate::{
    git::{Fetch, Git, Parents},
    model::Secret,
};

/// Objects fetched by id from the repository that the action runs for.
pub(super) struct Store {
    git: Git,
    remote: String,
    token: Option<Secret>,
    _folder: tempfile::TempDir,
}

impl Store {
    /// An empty store for `remote`.
    pub(super) fn new(remote: String, token: Option<Secret>) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("schema-registry-").tempdir()?;
        let git = Git::init_bare(folder.path())?;
        Ok(Self { git, remote, token, _folder: folder })
    }

    /// The repository.
    pub(super) fn git(&self) -> &Git {
        &self.git
    }

    /// Where it fetches from.
    pub(super) fn remote(&self) -> &str {
        &self.remote
    }

    /// What it authenticates with.
    pub(super) fn token(&self) -> Option<&Secret> {
        self.token.as_ref()
    }

    /// Fetches the tip of a branch, without its history; `None` where there is no such branch.
    pub(super) fn fetch_branch(&self, branch: &str) -> anyhow::Result<Option<String>> {
        let tip = self.git.ls_remote(&self.remote, &format!("refs/heads/{branch}"), self.token.as_ref())?;
        if let Some(tip) = &tip {
            self.fetch_commits(&[tip])?;
        }
        Ok(tip)
    }

    /// The branches whose names begin with `prefix`, with their tips; nothing is fetched.
    pub(super) fn branches(&self, prefix: &str) -> anyhow::Result<Vec<(String, String)>> {
        Ok(self.git.remote_branches(&self.remote, prefix, self.token.as_ref())?)
    }

    /// Fetches commits by id, without their history.
    pub(super) fn fetch_commits(&self, commits: &[&str]) -> anyhow::Result<()> {
        self.fetch(commits, Some(1))
    }

    /// Fetches `tip` with all of its history along these parents that `from` does not have. Returns whether `from` is among
    /// its ancestors; if not, all of its history was fetched.
    pub(super) fn fetch_history(&self, from: &str, tip: &str, along: Parents) -> anyhow::Result<bool> {
        let reached = || {
            // A merge can lead to `from` in one step, while the other way from `tip` is still cut off.
            let reached = self.git.resolve(from)?.is_some()
                && self.git.is_ancestor(from, tip)?
                && !self.git.is_cut_off(tip, Some(from), along)?;
            Ok(reached.then_some(()))
        };
        Ok(self.fetch_until(&[tip], reached)?.is_some())
    }

    /// All the merge bases of two commits. Fetches what history that takes; there are none where they share nothing.
    pub(super) fn merge_bases(&self, a: &str, b: &str) -> anyhow::Result<Vec<String>> {
        Ok(self.fetch_until(&[a, b], || self.known_merge_bases(a, b))?.unwrap_or_default())
    }

    /// All the merge bases of two commits; `None` where the history that is here does not tell.
    pub(super) fn known_merge_bases(&self, a: &str, b: &str) -> anyhow::Result<Option<Vec<String>>> {
        let bases = self.git.merge_bases(a, b)?;
        let Some(one) = bases.first() else { return Ok(None) };
        // Any other is in one of these histories.
        for tip in [a, b] {
            if self.git.is_cut_off(tip, Some(one), Parents::All)? {
                return Ok(None);
            }
        }
        Ok(Some(bases))
    }

    /// Fetches commits with this much of their history, so that none cuts off what another has.
    pub(super) fn fetch_depth(&self, tips: &[&str], depth: u32) -> anyhow::Result<()> {
        self.fetch(tips, Some(depth))
    }

    /// Fetches commits with all of their history.
    pub(super) fn fetch_whole(&self, tips: &[&str]) -> anyhow::Result<()> {
        self.fetch(tips, None)
    }

    /// Fetches `tips` with more and more of their history, until `found` gives something; `None` where all of it does not do.
    /// They are fetched at once, so that none cuts off what another has.
    pub(super) fn fetch_until<T>(
        &self,
        tips: &[&str],
        found: impl Fn() -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<Option<T>> {
        for depth in [Some(50), Some(1_000), None] {
            self.fetch(tips, depth)?;
            let found = found()?;
            if found.is_some() || !self.git.is_shallow()? {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn fetch(&self, refspecs: &[&str], depth: Option<u32>) -> anyhow::Result<()> {
        if let Some(odd) = refspecs.iter().find(|id| id.len() < 40 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()))
        {
            bail!("{odd} is not a commit id");
        }
        // Without a depth the whole history is wanted, also where the store is shallow already.
        let depth = depth.or(Some(i32::MAX.unsigned_abs()));
        Ok(self.git.fetch(&Fetch { remote: &self.remote, refspecs, depth, token: self.token.as_ref() })?)
    }
}
