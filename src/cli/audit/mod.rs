//! `audit`: create, read, prove and verify the audit log.

mod history;
mod prove;
mod setup;
mod show;
mod verify;

use std::path::Path;

use anyhow::{Context as _, bail};

use super::{
    Ended,
    arguments::{Audit, Format},
    context::Context,
    log::View,
};
use crate::{
    audit_log::{self, Checkpoint, Origin},
    git::Git,
    policy::{POLICY_FILE, Policy},
};

/// The remote that clones have.
const REMOTE: &str = "origin";

pub(super) fn run(context: &Context, audit: &Audit, format: Format) -> anyhow::Result<Ended> {
    match audit {
        Audit::Init { repo_id } => setup::init(context, *repo_id),
        Audit::Keygen { out, repo_id, witness } => setup::keygen(context, out, *repo_id, witness.as_deref()),
        Audit::Rotate { unsigned } => setup::rotate(context, *unsigned),
        Audit::Log => show::log(context, format),
        Audit::Show { what } => show::show(context, what, format),
        Audit::Prove(arguments) => prove::prove(context, arguments),
        Audit::Verify(arguments) => verify::run(context, arguments, format),
        Audit::Cosign(arguments) => prove::cosign(context, arguments),
    }
}

/// The policy that pins the log: that of the default branch, as last fetched; without one, that of the working tree.
fn pinned_policy(context: &Context) -> anyhow::Result<Policy> {
    let git = context.git()?;
    git.default_branch_tip()?.map_or_else(|| context.policy(), |tip| Context::policy_of(git, &tip))
}

/// The log that this clone has.
fn open(git: &Git, policy: &Policy) -> anyhow::Result<View> {
    let commit = tip(git, policy)?;
    let bytes = git.files(&commit)?.read("checkpoint")?;
    let bytes = bytes.context("the branch holds no audit log; it has no checkpoint")?;
    let checkpoint = audit_log::Checkpoint::parse(&bytes).map_err(|what| {
        anyhow::anyhow!("the checkpoint of the audit log is damaged: {what}; `schema-registry audit verify` tells more")
    })?;
    View::open(git, &commit, &checkpoint.origin)
}

/// The commit of the log that this clone has: the remote's, as last fetched, else a local branch.
fn tip(git: &Git, policy: &Policy) -> anyhow::Result<String> {
    let branch = &policy.audit.branch;
    for reference in [format!("refs/remotes/{REMOTE}/{branch}"), format!("refs/heads/{branch}")] {
        if let Some(commit) = git.resolve(&reference)? {
            return Ok(commit);
        }
    }
    bail!(
        "this clone has no branch {branch}; fetch it with `git fetch {REMOTE} \
         +refs/heads/{branch}:refs/remotes/{REMOTE}/{branch}`, or create the log with `schema-registry audit init`"
    )
}

/// Whose log it is.
pub(super) fn origin(repo: u64, policy: &Policy) -> Origin {
    Origin { host: "github.com".to_owned(), repo, database: policy.database.clone() }
}

/// The origin that the policy pins.
fn pinned_origin(policy: &Policy) -> anyhow::Result<Option<Origin>> {
    let parse = |text: &String| {
        let origin = text.parse::<Origin>();
        origin.map_err(|what| anyhow::anyhow!("{POLICY_FILE}: `[audit] origin` {text:?}: {what}"))
    };
    policy.audit.origin.as_ref().map(parse).transpose()
}

/// The numeric id of the repository, and so the origin; an error where the policy pins another.
fn needed_origin(repo_id: Option<u64>, policy: &Policy) -> anyhow::Result<Origin> {
    let pinned = pinned_origin(policy)?;
    let Some(repo) = repo_id.or(pinned.as_ref().map(|origin| origin.repo)) else {
        bail!(
            "the numeric id of the repository is not known; give it with --repo-id \
             (`gh api repos/OWNER/NAME --jq .id` prints it)"
        )
    };
    let origin = pinned.clone().unwrap_or_else(|| self::origin(repo, policy));
    if origin != self::origin(repo, policy) && pinned.is_some() {
        bail!(
            "the policy pins the log of `{origin}`, and this is `{}`; check `[audit] origin`",
            self::origin(repo, policy)
        );
    }
    Ok(origin)
}

/// An earlier checkpoint from a file that the caller names.
fn checkpoint_file(path: &Path) -> anyhow::Result<(Vec<u8>, Checkpoint)> {
    let bytes = read_file(path)?;
    let checkpoint = Checkpoint::parse(&bytes)
        .map_err(|what| anyhow::anyhow!("{} is no checkpoint of an audit log: {what}", path.display()))?;
    Ok((bytes, checkpoint))
}

#[expect(clippy::disallowed_methods, reason = "the caller names the file")]
fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
