//! A base branch, followed along the log.

use super::{super::REMOTE, landing::Difference};
use crate::{
    approval::policy_digest,
    cli::context::{control_files_at, policy_in_force, read_policy},
    git::{Changes, Git, Lineage},
    model::{Digest, Tree},
    policy::{POLICY_FILE, PathKind, Policy, is_control_file},
};

/// A base branch at the last tip that was recorded of it so far.
pub(super) struct Branch {
    /// `main`.
    pub(super) name: String,
    /// Its tip in this clone; none where this clone does not have the branch.
    pub(super) tip: Option<String>,
    /// Its commits since the log began.
    pub(super) lineage: Lineage,
    /// The recorded tip.
    pub(super) recorded: String,
    /// The control files there; none where this clone does not have the commit, or too little of its history.
    pub(super) control: Option<Control>,
}

/// Control files, and the policy among them.
#[derive(Clone)]
pub(super) struct Control {
    files: Tree,
    /// The digest that entries name.
    pub(super) digest: Digest,
    /// The policy that is in force.
    pub(super) policy: Policy,
}

impl Branch {
    /// The branch called `reference`, recorded from the commit `begin` on.
    pub(super) fn begin(git: &Git, changes: &mut Changes, reference: &str, begin: &str) -> anyhow::Result<Self> {
        let name = reference.strip_prefix("refs/heads/").unwrap_or(reference).to_owned();
        let tip = Self::tip(git, &name)?;
        let known = changes.has(begin)?;
        let lineage = match &tip {
            Some(tip) => git.lineage(tip, known.then_some(begin))?,
            None => Lineage::default(),
        };
        let control = if known { Control::at(git, begin)? } else { None };
        Ok(Self { name, tip, lineage, recorded: begin.to_owned(), control })
    }

    /// The commit that a branch of this clone's remote is at, as last fetched, else a local branch.
    pub(super) fn tip(git: &Git, name: &str) -> anyhow::Result<Option<String>> {
        Ok(match git.resolve(&format!("refs/remotes/{REMOTE}/{name}"))? {
            Some(tip) => Some(tip),
            None => git.resolve(&format!("refs/heads/{name}"))?,
        })
    }
}

impl Control {
    /// The control files of a commit that is here, and the policy that is in force after it; `None` where a shallow clone
    /// cannot tell that.
    pub(super) fn at(git: &Git, commit: &str) -> anyhow::Result<Option<Self>> {
        let policy = match policy_in_force(git, commit, None)? {
            None if git.is_shallow()? => return Ok(None),
            policy => policy.unwrap_or_default(),
        };
        let files = control_files_at(git, commit)?;
        Ok(Some(Self { digest: policy_digest(&files), files, policy }))
    }

    /// Takes over what a commit on top changed, whose first parent this was. Where its policy cannot be read, the last one
    /// stays in force, as [`policy_in_force`] has it.
    pub(super) fn change(&mut self, difference: &Difference) {
        let Difference { before, after } = difference;
        let mut changed = false;
        for path in before.keys().chain(after.keys()).filter(|path| is_control(&self.policy, path)) {
            match after.get(path).filter(|file| is_control_file(path, &file.bytes)) {
                Some(file) => drop(self.files.insert(path.clone(), file.clone())),
                None => drop(self.files.remove(path)),
            }
            changed = true;
        }
        if changed {
            self.digest = policy_digest(&self.files);
            let bytes = self.files.get(POLICY_FILE).map(|file| file.bytes.as_slice());
            if let Ok(policy) = read_policy(bytes, POLICY_FILE) {
                self.policy = policy;
            }
        }
    }
}

/// Whether the path is that of a control file under any policy.
fn is_control(policy: &Policy, path: &str) -> bool {
    matches!(policy.classify(path), PathKind::Control | PathKind::Workflow)
}
