//! `audit init`, `audit keygen` and `audit rotate`.

use std::{io::Write as _, path::Path};

use anyhow::{Context as _, bail};

use super::{REMOTE, needed_origin, open};
use crate::{
    audit_log::{Addition, Initialisation, Signer, key_id},
    cli::{
        Ended,
        context::Context,
        log::{Log, SIGNING_KEY, TOOL, signer, tips},
        output, variable,
    },
    git::Git,
    model::{ENTRY_VERSION, Entry, EntryKind, KeyType, VerifierKey},
    policy::Policy,
};

/// Creates the log.
pub(super) fn init(context: &Context, repo_id: Option<u64>) -> anyhow::Result<Ended> {
    let (policy, git) = (context.policy()?, context.git()?);
    let origin = needed_origin(repo_id, &policy)?;
    let (branch, tip) = git.remote_head(REMOTE)?.with_context(|| {
        format!("{REMOTE} has no default branch yet; push it first, so that the log has something to start from")
    })?;
    let (signer, key) = (signer(&variable)?, policy.audit.keys.first());
    let log = log(git, &policy, origin, signer.as_ref());
    let checkpoint = log.create(&Initialisation {
        tips: tips(&branch, tip),
        actor: None,
        at: context.now,
        policy: None,
        key: key.cloned(),
        tool: TOOL.to_owned(),
    })?;
    let text = format!(
        "created the audit log of repository {} on {REMOTE}/{}\n\
         keep this checkpoint where nobody can change it with the log:\n\n{}",
        log.origin.repo, policy.audit.branch, checkpoint
    );
    output::print(&text)?;
    Ok(Ended::Well)
}

fn log<'a>(git: &'a Git, policy: &'a Policy, origin: crate::audit_log::Origin, signer: Option<&'a Signer>) -> Log<'a> {
    Log { git, remote: REMOTE, token: None, branch: &policy.audit.branch, origin, keys: &policy.audit.keys, signer }
}

/// Makes a key. The private half goes into a new file and nowhere else.
pub(super) fn keygen(
    context: &Context,
    out: &Path,
    repo_id: Option<u64>,
    witness: Option<&str>,
) -> anyhow::Result<Ended> {
    let (name, kind) = match witness {
        Some(name) => (name.to_owned(), KeyType::Cosignature),
        None => (needed_origin(repo_id, &context.policy()?)?.to_string(), KeyType::Ed25519),
    };
    let (key, secret) = Signer::generate(&name, kind).map_err(anyhow::Error::msg)?;
    write_private(out, &format!("{}\n", secret.reveal()))?;
    let out = out.display();
    let text = match kind {
        KeyType::Ed25519 => format!(
            "wrote the private key to {out}; store it as an environment secret and delete the file:\n\n  \
             gh secret set {SIGNING_KEY} --env schema-registry < {out}\n\n\
             pin the public key in the policy, before older keys:\n\n[audit]\norigin = \"{name}\"\nkeys = [\"{key}\"]\n"
        ),
        KeyType::Cosignature => format!(
            "wrote the private key to {out}; store it in the repository of the witness and delete the file:\n\n  \
             gh secret set SCHEMA_REGISTRY_WITNESS_KEY < {out}\n\n\
             name the public key in the policy of the log:\n\n[audit]\nwitnesses = [\"{key}\"]\ncosignatures = 1\n"
        ),
    };
    output::print(&text)?;
    Ok(Ended::Well)
}

/// A file that only its owner can read, and that was not there before.
fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("cannot write the new file {}; name one that does not exist", path.display()))
}

/// Appends the entry that says which key signs from here on.
pub(super) fn rotate(context: &Context) -> anyhow::Result<Ended> {
    let (policy, git) = (super::pinned_policy(context)?, context.git()?);
    let signer =
        signer(&variable)?.with_context(|| format!("{SIGNING_KEY} is not set; it holds the new private key"))?;
    let key = signer.key();
    if policy.audit.keys.first() != Some(key) {
        bail!("the policy on the default branch does not name {key} first under `[audit] keys`; merge that before");
    }
    let state = open(git, &policy)?.state()?;
    if state.retired.contains(&key.to_string()) {
        bail!(
            "the log was signed with {key} before it was given up; make a new key with `schema-registry audit keygen`"
        );
    }
    let old = state.key;
    if old.as_deref() == Some(key.to_string().as_str()) {
        output::print(&format!("the log is signed with {key} already\n"))?;
        return Ok(Ended::Well);
    }
    let folder = tempfile::Builder::new().prefix("schema-registry-").tempdir()?;
    let store = Git::init_bare(folder.path())?;
    let remote = git.remote_url(REMOTE)?;
    let origin = open(git, &policy)?.checkpoint.origin;
    let vouched: Vec<VerifierKey> = old.iter().filter_map(|old| old.parse().ok()).collect();
    let entry = Entry {
        version: ENTRY_VERSION,
        id: key_id(key),
        kind: EntryKind::KeyRotated,
        repo: origin.repo,
        at: context.now,
        actor: None,
        pr: None,
        digest: None,
        policy: None,
        tool: TOOL.to_owned(),
        before: None,
        after: None,
        approvals: Vec::new(),
        violations: Vec::new(),
        blobs: Vec::new(),
        tables: Vec::new(),
        overflow: None,
    };
    // The old key need not be among those of the policy any more: it may be given up because it was stolen.
    let log = Log { git: &store, remote: &remote, keys: &vouched, ..self::log(git, &policy, origin, Some(&signer)) };
    let decide = |_: &mut _| Ok(((), vec![Addition::new(entry.clone(), Vec::new())]));
    let ((), checkpoint) = log.append_all(context.now, decide, std::thread::sleep)?;
    output::print(&format!("the log is signed with {key} from entry {} on\n", checkpoint.size - 1))?;
    Ok(Ended::Well)
}
