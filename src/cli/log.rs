//! The audit log's branch: reading it, and appending to it by compare-and-swap.

use std::collections::BTreeMap;

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use crate::{
    audit_log::{self, Addition, Checkpoint, Entries, Files, Initialisation, Origin, Read, Recorded, State},
    git::{BlobReader, Fetch, Git, Identity, NewCommit, Pushed},
    model::{Digest, Secret},
};

/// What this program calls itself in entries and comments.
pub(super) const TOOL: &str = concat!("schema-registry ", env!("CARGO_PKG_VERSION"));

/// A log on a branch of a remote.
pub(super) struct Log<'a> {
    /// Where its objects are kept.
    pub(super) git: &'a Git,
    /// Where it is fetched from and pushed to.
    pub(super) remote: &'a str,
    /// What that takes.
    pub(super) token: Option<&'a Secret>,
    /// Name of the branch.
    pub(super) branch: &'a str,
    /// Whose log it is.
    pub(super) origin: Origin,
}

/// The log at one commit.
pub(super) struct View {
    commit: String,
    blobs: BlobReader,
    /// The checkpoint at that commit.
    pub(super) checkpoint: Checkpoint,
}

/// What became of an append.
pub(super) enum Append {
    /// The entries are in the log, which now has this checkpoint.
    Done(Checkpoint),
    /// Somebody else was faster: read again, decide again, try again.
    Lost,
}

impl View {
    /// The log of `origin` at `commit`.
    pub(super) fn open(git: &Git, commit: String, origin: &Origin) -> anyhow::Result<Self> {
        let mut blobs = git.blobs(&commit)?;
        let checkpoint = audit_log::read_checkpoint(origin, &mut reader(&mut blobs))?;
        Ok(Self { commit, blobs, checkpoint })
    }

    /// Calls `use_` with a reader of the branch's files.
    pub(super) fn with<T>(&mut self, use_: impl FnOnce(&Checkpoint, &mut Read) -> T) -> T {
        use_(&self.checkpoint, &mut reader(&mut self.blobs))
    }

    /// Every entry, oldest first.
    pub(super) fn entries(&mut self) -> anyhow::Result<Vec<Recorded>> {
        Ok(self.with(|checkpoint, read| Entries::new(checkpoint, 0, read).collect::<Result<_, _>>())?)
    }

    /// The last recorded tips.
    pub(super) fn state(&mut self) -> anyhow::Result<State> {
        Ok(self.with(|_, read| audit_log::read_state(read))?)
    }

    /// A blob that an entry names.
    pub(super) fn blob(&mut self, digest: &Digest) -> anyhow::Result<Option<Vec<u8>>> {
        Ok(self.with(|_, read| audit_log::read_blob(digest, read))?)
    }
}

fn reader(blobs: &mut BlobReader) -> impl FnMut(&str) -> Result<Option<Vec<u8>>, audit_log::ReadError> {
    |path| blobs.read(path).map_err(Into::into)
}

impl Log<'_> {
    fn reference(&self) -> String {
        format!("refs/heads/{}", self.branch)
    }

    /// Fetches the log's tip; `None` where there is no such branch yet.
    pub(super) fn fetch(&self) -> anyhow::Result<Option<View>> {
        let Some(tip) = self.git.ls_remote(self.remote, &self.reference(), self.token)? else { return Ok(None) };
        let refspecs = [tip.as_str()];
        self.git.fetch(&Fetch { remote: self.remote, refspecs: &refspecs, depth: Some(1), token: self.token })?;
        View::open(self.git, tip, &self.origin).map(Some)
    }

    /// Appends to the log as it is in `view`: one commit on its tip, pushed only if that is still the tip.
    pub(super) fn append(&self, view: &mut View, additions: &[Addition], now: DateTime<Utc>) -> anyhow::Result<Append> {
        let appended = view.with(|_, read| audit_log::append(&self.origin, read, additions))?;
        if appended.files.is_empty() {
            return Ok(Append::Done(appended.checkpoint));
        }
        let kinds: Vec<&str> = additions.iter().map(|addition| addition.entry().kind.as_str()).collect();
        let message = format!("{}\n", kinds.join(", "));
        match self.push(Some(&view.commit), &appended.files, &message, now)? {
            Pushed::Accepted => Ok(Append::Done(appended.checkpoint)),
            Pushed::Lost => Ok(Append::Lost),
        }
    }

    /// Creates the log; an error where the branch exists.
    pub(super) fn create(&self, with: &Initialisation) -> anyhow::Result<()> {
        let exists = || format!("the branch {} exists on {} already; a log is created once", self.branch, self.remote);
        if self.git.ls_remote(self.remote, &self.reference(), self.token)?.is_some() {
            anyhow::bail!(exists());
        }
        let files = audit_log::initialise(&self.origin, with)?;
        match self.push(None, &files, "initialised\n", with.at)? {
            Pushed::Accepted => Ok(()),
            Pushed::Lost => anyhow::bail!(exists()),
        }
    }

    fn push(&self, parent: Option<&str>, files: &Files, message: &str, now: DateTime<Utc>) -> anyhow::Result<Pushed> {
        let identity = Identity {
            name: "schema-registry".to_owned(),
            email: "schema-registry@users.noreply.github.com".to_owned(),
        };
        let commit = NewCommit { parent, files, message, identity: &identity, time: now.timestamp() };
        let sha = self.git.commit_files(&commit)?;
        let pushed = self.git.push(self.remote, &sha, &self.reference(), parent, self.token);
        pushed.with_context(|| format!("cannot push the audit log to {} on {}", self.branch, self.remote))
    }
}

/// The tips that a new log starts from.
pub(super) fn tips(branch: &str, tip: String) -> BTreeMap<String, String> {
    BTreeMap::from([(format!("refs/heads/{branch}"), tip)])
}
