//! `audit init`, `audit keygen` and `audit rotate`.

use std::{io::Write as _, path::Path};

use anyhow::{Context as _, bail};

use super::{REMOTE, needed_origin, open, pinned_origin, pinned_policy};
use crate::{
    audit_log::{self, Addition, Initialisation, Pinned, Report, Signer, key_id},
    cli::{
        Ended,
        context::Context,
        log::{Log, SIGNING_KEY, TOOL, View, signer, tips},
        output, variable,
    },
    git::{Fetch, Git},
    model::{ENTRY_VERSION, Entry, EntryKind, KeyType, VerifierKey},
    policy::{POLICY_FILE, Policy},
};

/// Creates the log.
pub(super) fn init(context: &Context, repo_id: Option<u64>) -> anyhow::Result<Ended> {
    let git = context.git()?;
    let (branch, tip) = git.remote_head(REMOTE)?.with_context(|| {
        format!("{REMOTE} has no default branch yet; push it first, so that the log has something to start from")
    })?;
    if git.resolve(&tip)?.is_none() {
        bail!(
            "this clone lacks the commit {tip} of {branch}, whose policy counts; get it with `git fetch {REMOTE} \
             +refs/heads/{branch}:refs/remotes/{REMOTE}/{branch}`, and run this again"
        );
    }
    let (policy, here) = (Context::policy_of(git, &tip)?, context.policy()?);
    if (&here.audit, &here.database) != (&policy.audit, &policy.database) {
        bail!(
            "{POLICY_FILE} says something else of the log here than on the default branch, whose policy counts; merge it \
             first, or bring this working tree up to date"
        );
    }
    let origin = needed_origin(repo_id, &policy)?;
    let (signer, key) = (signer(&variable)?, policy.audit.keys.first());
    if let Some(key) = key.filter(|key| key.name != origin.to_string()) {
        bail!(
            "`[audit] keys` names the key of `{}`, and this would be the log of `{origin}`; check --repo-id",
            key.name
        );
    }
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
             pin the public key in the policy, before the key that signs until now:\n\n\
             [audit]\norigin = \"{name}\"\nkeys = [\"{key}\"]\n\n\
             a log that there is already is signed with it from `schema-registry audit rotate` on: run that as soon as the \
             policy is merged\n"
        ),
        KeyType::Cosignature => format!(
            "wrote the private key to {out}; store it in the repository of the witness and delete the file:\n\n  \
             gh secret set SCHEMA_REGISTRY_WITNESS_KEY --env witness < {out}\n\n\
             name the public key in the policy of the log:\n\n[audit]\nwitnesses = [\"{key}\"]\ncosignatures = 1\n\n\
             `schema-registry audit verify` takes --witness FILE from then on, the checkpoint that the witness cosigned\n"
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
    written.with_context(|| format!("cannot write {}; name a new file in a folder that is there", path.display()))
}

/// Appends the entry that says which key signs from here on.
pub(super) fn rotate(context: &Context, unsigned: bool) -> anyhow::Result<Ended> {
    let (policy, git) = (pinned_policy(context)?, context.git()?);
    let signer =
        signer(&variable)?.with_context(|| format!("{SIGNING_KEY} is not set; it holds the new private key"))?;
    let key = signer.key();
    if policy.audit.keys.first() != Some(key) {
        bail!("the policy on the default branch does not name {key} first under `[audit] keys`; merge that before");
    }
    let mut view = open(git, &policy)?;
    if key.name != view.checkpoint.origin.to_string() {
        bail!("{SIGNING_KEY} holds the key of `{}`, and the log is that of `{}`", key.name, view.checkpoint.origin);
    }
    let state = view.state()?;
    let done = state.key == Some(key.to_string());
    match &state.key {
        Some(old) if unsigned && !done => bail!("the log is signed with {old}; leave out --unsigned"),
        None if !unsigned => bail!(
            "the log is not signed; if it never was, sign it for the first time with `schema-registry audit rotate \
             --unsigned`, else somebody replaced it: restore its branch"
        ),
        _ => {}
    }
    let believed: &[VerifierKey] = if unsigned && !done { &[] } else { &policy.audit.keys };
    let report = sound(git, view.commit(), &policy, believed)?;
    if done {
        output::print(&format!("the log is signed with {key} already\n"))?;
        return Ok(Ended::Well);
    }
    if state.retired.contains(&key.to_string()) {
        bail!(
            "the log was signed with {key} before it was given up; make a new key with `schema-registry audit keygen`"
        );
    }
    let folder = tempfile::Builder::new().prefix("schema-registry-").tempdir()?;
    let store = Git::init_bare(folder.path())?;
    let (remote, origin) = (git.remote_url(REMOTE)?, view.checkpoint.origin.clone());
    let entry = rotation(context, key, origin.repo);
    let log = Log { git: &store, remote: &remote, keys: believed, ..self::log(git, &policy, origin, Some(&signer)) };
    let decide = |now: &mut View| {
        if now.commit() != view.commit() {
            bail!("the log has grown since this clone fetched it; run `git fetch {REMOTE}`, and this again");
        }
        Ok(((), vec![Addition::new(entry.clone(), Vec::new())]))
    };
    let ((), checkpoint) = log.append_all(context.now, decide, std::thread::sleep)?;
    let Report { size, first_entry, .. } = report;
    let first = first_entry.map(|first| format!("\nfirst entry {first}")).unwrap_or_default();
    output::print(&format!("the log is signed with {key} from entry {size} on; root {}{first}\n", checkpoint.root))?;
    let branch = &policy.audit.branch;
    let refspec = format!("+refs/heads/{branch}:refs/remotes/{REMOTE}/{branch}");
    git.fetch(&Fetch { remote: REMOTE, refspecs: &[&refspec], depth: None, token: None })?;
    Ok(Ended::Well)
}

/// Verifies the log at a commit; an error where anything is wrong with it.
fn sound(git: &Git, commit: &str, policy: &Policy, keys: &[VerifierKey]) -> anyhow::Result<Report> {
    let pinned = Pinned {
        origin: pinned_origin(policy)?,
        first_entry: policy.audit.first_entry,
        keys: keys.to_vec(),
        ..Pinned::default()
    };
    let report = audit_log::verify(&pinned, &mut git.files_to_verify(commit)?, &mut |_, _| {})?;
    if let Some(problem) = report.problems.first() {
        bail!("{problem}: a damaged log is not signed anew; `schema-registry audit verify` tells all that is wrong");
    }
    Ok(report)
}

fn rotation(context: &Context, key: &VerifierKey, repo: u64) -> Entry {
    Entry {
        version: ENTRY_VERSION,
        id: key_id(key),
        kind: EntryKind::KeyRotated,
        repo,
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
    }
}
