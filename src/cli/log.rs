//! The audit log's branch: reading it, and appending to it by compare-and-swap.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use crate::{
    audit_log::{
        self, Addition, Checkpoint, Entries, Files, Initialisation, LogFiles, MergedPullRequest, Origin, Read,
        ReadError, Recorded, RecordedApproval, Signer, State, TakeFile,
    },
    git::{CommitFiles, Git, Identity, NewCommit, Pushed},
    model::{Digest, Entry, Secret, VerifierKey},
};

/// What this program calls itself in entries and comments.
pub const TOOL: &str = concat!("schema-registry ", env!("CARGO_PKG_VERSION"));

/// A log on a branch of a remote.
pub struct Log<'a> {
    /// Where its objects are kept: a bare repository for nothing else, since it will hold parts of trees.
    pub git: &'a Git,
    /// Where it is fetched from and pushed to.
    pub remote: &'a str,
    /// What that takes.
    pub token: Option<&'a Secret>,
    /// Name of the branch.
    pub branch: &'a str,
    /// Whose log it is.
    pub origin: Origin,
    /// Keys that the policy pins, the present one first; with none, nothing vouches for the log.
    pub keys: &'a [VerifierKey],
    /// Who signs what is appended. It must be the key that the log names.
    pub signer: Option<&'a Signer>,
}

/// The log at one commit.
pub struct View {
    files: CommitFiles,
    /// The checkpoint at that commit.
    pub checkpoint: Checkpoint,
    /// The same as it is in the file, with its signatures.
    pub signed: Vec<u8>,
}

/// What became of an append.
#[derive(Debug, Clone, PartialEq)]
pub enum Append {
    /// The entries are in the log, which now has this checkpoint.
    Done(Checkpoint),
    /// Somebody else was faster: read again, decide again, try again.
    Lost,
}

/// How long to wait after a lost race, and how often.
#[derive(Debug, Default)]
pub struct Retry {
    lost: u32,
}

impl Retry {
    /// Most races that are run: some minutes, in which fifty writers at once get their turn.
    pub const MOST: u32 = 80;

    /// The pause before the next attempt; `None` after the last. It doubles up to five seconds, and varies by half so
    /// that two writers do not meet again.
    pub fn lost(&mut self) -> Option<Duration> {
        self.lost += 1;
        let longest = 100 * 2_u64.pow(self.lost.min(6));
        let random = u64::from(uuid::Uuid::new_v4().as_bytes()[0]);
        (self.lost < Self::MOST)
            .then(|| Duration::from_millis(longest / 4 + longest * random / 340).min(Duration::from_secs(5)))
    }
}

impl View {
    /// The log of `origin` at a commit that is here.
    pub(super) fn open(git: &Git, commit: &str, origin: &Origin) -> anyhow::Result<Self> {
        Self::of(git.files(commit)?, origin)
    }

    fn of(mut files: CommitFiles, origin: &Origin) -> anyhow::Result<Self> {
        let checkpoint = audit_log::read_checkpoint(origin, &mut reader(&mut files))?;
        let signed = files.read("checkpoint")?.unwrap_or_default();
        Ok(Self { files, checkpoint, signed })
    }

    /// The commit.
    pub(super) fn commit(&self) -> &str {
        self.files.commit()
    }

    /// Calls `use_` with a reader of the branch's files.
    pub(super) fn with<T>(&mut self, use_: impl FnOnce(&Checkpoint, &mut Read) -> T) -> T {
        use_(&self.checkpoint, &mut reader(&mut self.files))
    }

    fn fetch(&mut self, paths: &[String]) -> anyhow::Result<()> {
        Ok(self.files.fetch(&paths.iter().map(String::as_str).collect::<Vec<_>>())?)
    }

    /// Every entry, oldest first.
    pub(super) fn entries(&mut self) -> anyhow::Result<Vec<Recorded>> {
        Ok(self.with(|checkpoint, read| Entries::new(checkpoint, 0, read).collect::<Result<_, _>>())?)
    }

    /// The entries of a pull request, oldest first. The work grows with their number, not with the log.
    pub(super) fn entries_of(&mut self, pr: u64) -> anyhow::Result<Vec<Recorded>> {
        self.fetch(&audit_log::paths_to_find(&self.checkpoint, pr))?;
        let paths = self.with(|checkpoint, read| audit_log::paths_of(checkpoint, pr, read))?;
        self.fetch(&paths)?;
        Ok(self.with(|checkpoint, read| audit_log::entries_of(checkpoint, pr, read))?)
    }

    /// The last recorded tips.
    pub(super) fn state(&mut self) -> anyhow::Result<State> {
        Ok(self.with(|_, read| audit_log::read_state(read))?)
    }

    /// A blob that entry `index` names.
    pub(super) fn blob(&mut self, index: u64, digest: &Digest) -> anyhow::Result<Option<Vec<u8>>> {
        Ok(self.with(|checkpoint, read| audit_log::read_blob(checkpoint, index, digest, read))?)
    }

    /// What `entries`, with their indexes, say of a pull request that landed: the approvals that stand, with their lines, and rejections. Lines
    /// that the log lacks cover nothing.
    pub(super) fn merged(
        &mut self,
        number: u64,
        required: usize,
        entries: &[(u64, Entry)],
    ) -> anyhow::Result<MergedPullRequest> {
        let each = || entries.iter().map(|(_, entry)| entry);
        let mut approvals = Vec::new();
        for entry in audit_log::standing_approvals(each(), number) {
            let (Some(actor), Some(digest)) = (&entry.actor, entry.digest) else { continue };
            // An approval names the lines of what it approves.
            let index = entries.iter().find(|(_, other)| other.id == entry.id).map(|(index, _)| *index);
            let lines = index.map(|index| self.blob(index, &digest)).transpose()?.flatten().unwrap_or_default();
            approvals.push(RecordedApproval { id: entry.id.clone(), actor: actor.id, digest, lines });
        }
        let vetoed = audit_log::is_vetoed(each(), number);
        Ok(MergedPullRequest { number, required, vetoed, approvals })
    }
}

fn reader(files: &mut CommitFiles) -> impl FnMut(&str) -> Result<Option<Vec<u8>>, ReadError> {
    |path| files.read(path).map_err(Into::into)
}

impl LogFiles for CommitFiles {
    fn read(&mut self, path: &str) -> Result<Option<Vec<u8>>, ReadError> {
        Ok(Self::read(self, path)?)
    }

    fn read_each(
        &mut self,
        paths: &mut dyn Iterator<Item = String>,
        take: &mut dyn FnMut(&str, Option<Vec<u8>>) -> bool,
    ) -> Result<(), ReadError> {
        Ok(Self::read_each(self, paths, take)?)
    }

    fn walk(&mut self, wanted: &dyn Fn(&str) -> bool, take: &mut TakeFile) -> Result<(), ReadError> {
        Ok(Self::walk(self, wanted, take)?)
    }

    fn kept(&mut self, changed: &str, folder: &str) -> Result<Option<BTreeSet<String>>, ReadError> {
        Ok(Some(Self::kept(self, changed, folder)?))
    }
}

impl Log<'_> {
    fn reference(&self) -> String {
        format!("refs/heads/{}", self.branch)
    }

    /// The log at its tip, of which only what is read gets fetched; `None` where there is no such branch yet. Where the
    /// policy pins keys, one of them must have signed it.
    pub fn fetch(&self) -> anyhow::Result<Option<View>> {
        let Some(tip) = self.git.ls_remote(self.remote, &self.reference(), self.token)? else { return Ok(None) };
        let files = self.git.remote_files(self.remote, &tip, self.token)?;
        let mut view = View::of(files, &self.origin)?;
        let state = view.state()?;
        audit_log::vouched(&view.signed, &state, self.keys)?;
        Ok(Some(view))
    }

    /// Appends to the log as it is in `view`: a commit on its tip, or several where there is more than one takes, pushed
    /// together and only if that is still the tip.
    pub fn append(&self, view: &mut View, additions: &[Addition], now: DateTime<Utc>) -> anyhow::Result<Append> {
        let tip = view.files.commit().to_owned();
        let mut rest = additions;
        while !rest.is_empty() {
            view.fetch(&audit_log::paths_to_append(&view.checkpoint, rest))?;
            let paths = view.with(audit_log::paths_to_seal)?;
            view.fetch(&paths)?;
            let mut appended = view.with(|_, read| audit_log::append(&self.origin, read, rest))?;
            let (taken, left) = rest.split_at(appended.taken());
            rest = left;
            if appended.files.is_empty() {
                continue;
            }
            self.sign(&mut appended.files, appended.key.as_ref())?;
            let kinds: Vec<&str> = taken.iter().map(|addition| addition.entry().kind.as_str()).collect();
            let message = format!("{}\n", kinds.join(", "));
            view.files.go_to(self.commit(Some(view.files.commit()), &appended.files, &message, now)?);
            view.checkpoint = appended.checkpoint;
        }
        if *view.files.commit() == tip {
            return Ok(Append::Done(view.checkpoint.clone()));
        }
        match self.push(view.files.commit(), Some(&tip))? {
            Pushed::Accepted => Ok(Append::Done(view.checkpoint.clone())),
            Pushed::Lost => Ok(Append::Lost),
        }
    }

    /// Appends what `decide` makes of the log as it is, again and again until no other writer comes between. `sleep` is
    /// what waiting means.
    pub fn append_all<T>(
        &self,
        now: DateTime<Utc>,
        mut decide: impl FnMut(&mut View) -> anyhow::Result<(T, Vec<Addition>)>,
        mut sleep: impl FnMut(Duration),
    ) -> anyhow::Result<(T, Checkpoint)> {
        let mut retry = Retry::default();
        loop {
            let mut view = self.fetch()?.context("the audit log is gone from its branch")?;
            let (decided, additions) = decide(&mut view)?;
            if let Append::Done(checkpoint) = self.append(&mut view, &additions, now)? {
                return Ok((decided, checkpoint));
            }
            sleep(retry.lost().with_context(too_busy)?);
        }
    }

    /// Creates the log; an error where the branch exists.
    pub fn create(&self, with: &Initialisation) -> anyhow::Result<Checkpoint> {
        let exists = || {
            format!(
                "the branch {0} exists on {1} already; a log is created once: `schema-registry audit verify` tells whether \
                 it is sound; one that was created by mistake goes with `git push {1} --delete {0}`",
                self.branch, self.remote
            )
        };
        if self.git.ls_remote(self.remote, &self.reference(), self.token)?.is_some() {
            anyhow::bail!(exists());
        }
        let (mut files, checkpoint) = audit_log::initialise(&self.origin, with)?;
        self.sign(&mut files, with.key.as_ref())?;
        match self.push(&self.commit(None, &files, "initialised\n", with.at)?, None)? {
            Pushed::Accepted => Ok(checkpoint),
            Pushed::Lost => anyhow::bail!(exists()),
        }
    }

    /// Signs a new checkpoint with the key that the log names.
    fn sign(&self, files: &mut Files, key: Option<&VerifierKey>) -> anyhow::Result<()> {
        match (key, self.signer) {
            (None, _) => {}
            (Some(key), Some(signer)) if signer.key() == key => audit_log::sign(files, signer),
            (Some(key), Some(signer)) => anyhow::bail!(
                "the audit log is signed with {key}, and {SIGNING_KEY} holds the key of {}; run `schema-registry audit \
                 rotate` to change the key, or put the right one into the secret",
                signer.key()
            ),
            (Some(key), None) => {
                anyhow::bail!("the audit log is signed with {key}; put its private key into the secret {SIGNING_KEY}")
            }
        }
        Ok(())
    }

    fn commit(&self, parent: Option<&str>, files: &Files, message: &str, now: DateTime<Utc>) -> anyhow::Result<String> {
        let identity = Identity {
            name: "schema-registry".to_owned(),
            email: "schema-registry@users.noreply.github.com".to_owned(),
        };
        let commit = NewCommit { parent, files, message, identity: &identity, time: now.timestamp() };
        Ok(self.git.commit_files(&commit)?)
    }

    fn push(&self, commit: &str, tip: Option<&str>) -> anyhow::Result<Pushed> {
        let pushed = self.git.push(self.remote, commit, &self.reference(), tip, self.token);
        pushed.with_context(|| format!("cannot push the audit log to {} on {}", self.branch, self.remote))
    }
}

/// Variable of the environment with the private key.
pub(super) const SIGNING_KEY: &str = "SCHEMA_REGISTRY_SIGNING_KEY";

/// The signing key of the environment, if there is one.
pub(super) fn signer(var: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<Option<Signer>> {
    let Some(text) = var(SIGNING_KEY).filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    Signer::parse(&Secret::new(text)).map(Some).map_err(|what| anyhow::anyhow!("{SIGNING_KEY}: {what}"))
}

pub(super) fn too_busy() -> String {
    format!("the audit log moved {} times while this step was writing to it; run it again", Retry::MOST)
}

/// The tips that a new log starts from.
pub(super) fn tips(branch: &str, tip: String) -> BTreeMap<String, String> {
    BTreeMap::from([(format!("refs/heads/{branch}"), tip)])
}
