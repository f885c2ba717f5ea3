//! `audit prove` and `audit cosign`.

use std::{num::NonZero, path::Path};

use anyhow::{Context as _, bail};

use super::{checkpoint_file, open, pinned_policy, verify::entries};
use crate::{
    audit_log::{self, Checkpoint, Signer},
    cli::{
        Ended,
        arguments::{Cosign, Prove},
        context::Context,
        log::View,
        output, variable,
    },
    model::{KeyType, Secret},
    workspace::Workspace,
};

/// Variable of the environment with the private key of a witness.
const WITNESS_KEY: &str = "SCHEMA_REGISTRY_WITNESS_KEY";

/// Prints a proof.
pub(super) fn prove(context: &Context, arguments: &Prove) -> anyhow::Result<Ended> {
    let mut view = open(context.git()?, &pinned_policy(context)?)?;
    let signed = view.signed.clone();
    let text = if let Some(path) = &arguments.since {
        let (_, then) = checkpoint_file(path)?;
        grown(&mut view, &then, &path.display().to_string())?;
        view.with(|_, read| audit_log::prove_growth(&signed, then.size, read))?
    } else {
        let index = index(&mut view, arguments.entry.as_deref().unwrap_or_default())?;
        view.with(|_, read| audit_log::prove(&signed, index, read))?
    };
    output::print(&text)?;
    Ok(Ended::Well)
}

fn index(view: &mut View, entry: &str) -> anyhow::Result<u64> {
    let size = view.checkpoint.size;
    match entry.parse::<u64>() {
        Ok(index) if index < size => Ok(index),
        Ok(index) => {
            bail!("the log has {}, the last is {}; there is no entry {index}", entries(size), size.saturating_sub(1))
        }
        Err(_) => {
            let found = view.with(|checkpoint, read| audit_log::find(checkpoint, entry, read))?;
            let none =
                || format!("no entry has the id {entry:?}; `schema-registry audit show` finds entries by other names");
            Ok(found.with_context(none)?.index)
        }
    }
}

/// An error where the log has not grown from an earlier checkpoint.
fn grown(view: &mut View, then: &Checkpoint, name: &str) -> anyhow::Result<()> {
    let now = view.checkpoint.clone();
    if then.origin != now.origin {
        bail!("{name} is a checkpoint of `{}`, and the log is that of `{}`", then.origin, now.origin);
    }
    if then.size > now.size {
        bail!("the log has {}, {name} counted {}: fetch the log, or it was cut", entries(now.size), then.size);
    }
    if view.with(|checkpoint, read| audit_log::root_at(checkpoint, then.size, read))? != then.root {
        bail!("the log contradicts {name}: its first {} entries are not those of then", then.size);
    }
    Ok(())
}

/// Checks that the log only grew since it was seen last, and vouches for it.
pub(super) fn cosign(context: &Context, arguments: &Cosign) -> anyhow::Result<Ended> {
    let policy = pinned_policy(context)?;
    let mut view = open(context.git()?, &policy)?;
    // A witness that vouches for what its own log's key never signed would contradict the true log for ever.
    // Source: <https://c2sp.org/tlog-witness#add-checkpoint>
    let state = view.state()?;
    audit_log::vouched(&view.signed, &state, &policy.audit.keys)?;
    let key = variable(WITNESS_KEY).with_context(|| {
        format!("{WITNESS_KEY} is not set; `schema-registry audit keygen --witness NAME --out FILE` makes a key")
    })?;
    let witness = Signer::parse(&Secret::new(key)).map_err(|what| anyhow::anyhow!("{WITNESS_KEY}: {what}"))?;
    if witness.key().kind != KeyType::Cosignature {
        bail!("{WITNESS_KEY} holds the key of a log; a witness has one of its own");
    }
    let name = arguments.state.display().to_string();
    let seen = if arguments.state.exists() { Some(checkpoint_file(&arguments.state)?.1) } else { None };
    if let Some(seen) = &seen {
        grown(&mut view, seen, &name)?;
    }
    let text = view.checkpoint.to_string();
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let time =
        u64::try_from(context.now.timestamp()).ok().and_then(NonZero::new).context("the clock is before 1970")?;
    let signed = [view.signed.clone(), witness.cosign(text, time).into_bytes()].concat();
    let file = arguments.state.file_name().and_then(|name| name.to_str());
    let folder = arguments.state.parent().unwrap_or(Path::new("."));
    Workspace::new(folder).write(file.with_context(|| format!("{name} is no name of a file"))?, &signed)?;
    let from = seen.map_or_else(String::new, |seen| format!(", grown from {}", seen.size));
    output::print(&format!("cosigned {} of {}{from}\n", entries(view.checkpoint.size), view.checkpoint.origin))?;
    Ok(Ended::Well)
}
