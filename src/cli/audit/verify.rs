//! `audit verify`.

use std::fmt::Write as _;

use anyhow::bail;
use serde_json::json;

use super::{
    checkpoint_file,
    history::{Compared, History},
    pinned_origin, pinned_policy, read_file, tip,
};
use crate::{
    audit_log::{self, Earlier, Origin, Pinned, Report},
    cli::{
        Ended,
        arguments::{Format, VerifyLog},
        context::Context,
        output,
    },
    model::VerifierKey,
    policy::Policy,
    report::terminal::{plural, printable},
};

/// Verifies the log that this clone has, or a proof.
pub(super) fn run(context: &Context, arguments: &VerifyLog, format: Format) -> anyhow::Result<Ended> {
    if let Some(path) = &arguments.proof {
        let policy = if context.git.is_some() { pinned_policy(context)? } else { context.policy()? };
        let text = String::from_utf8_lossy(&read_file(path)?).into_owned();
        return proof(&text, &policy, format);
    }
    let (policy, git) = (pinned_policy(context)?, context.git()?);
    let commit = tip(git, &policy)?;
    let mut files = git.files_to_verify(&commit)?;
    let checkpoint = files.read("checkpoint")?.and_then(|bytes| audit_log::Checkpoint::parse(&bytes).ok());
    let pinned = pinned(&policy, checkpoint.as_ref().map(|checkpoint| checkpoint.origin.clone()), arguments)?;
    let mut history = match &checkpoint {
        Some(checkpoint) if !arguments.log_only => Some(History::open(git, &commit, &checkpoint.origin, &policy)?),
        _ => None,
    };
    let mut failed = None;
    let mut report = audit_log::verify(&pinned, &mut files, &mut |index, entry| {
        if let Some(history) = history.as_mut().filter(|_| failed.is_none()) {
            failed = history.take(index, entry).err();
        }
    })?;
    // A log that contradicts itself says nothing about the history.
    let mut compared = None;
    if let Some(history) = history.filter(|_| report.problems.is_empty()) {
        let mut found = failed.map_or_else(|| history.end(), Err)?;
        report.problems.append(&mut found.problems);
        compared = Some(found);
    }
    print(&report, compared.as_ref(), &policy.audit.keys, &commit, format)?;
    match compared {
        Some(found) if report.problems.is_empty() => {
            found.complete()?;
            if git.is_shallow()? {
                bail!(
                    "this clone lacks history, and with it perhaps what landed and is not recorded; get it with `git fetch \
                     --unshallow`, or leave it out with --log-only"
                );
            }
            Ok(Ended::Well)
        }
        _ => Ok(Ended::well_if(report.problems.is_empty())),
    }
}

/// What the policy pins, and what the caller kept.
fn pinned(policy: &Policy, found: Option<Origin>, arguments: &VerifyLog) -> anyhow::Result<Pinned> {
    // What is not pinned is believed, but never a log of another database.
    let own = found.map(|origin| Origin { database: policy.database.clone(), ..origin });
    let origin = pinned_origin(policy)?.or(own);
    let mut earlier = Vec::new();
    for path in &arguments.witness {
        let (bytes, checkpoint) = checkpoint_file(path)?;
        let name = path.display().to_string();
        if let Some(origin) = origin.as_ref().filter(|origin| **origin != checkpoint.origin) {
            bail!("{name} is a checkpoint of `{}`, and the log should be that of `{origin}`", checkpoint.origin);
        }
        let note = audit_log::Note::parse(&bytes).map_err(|what| anyhow::anyhow!("{name}: {what}"))?;
        earlier.push(Earlier { name, checkpoint, note });
    }
    let audit = &policy.audit;
    Ok(Pinned {
        origin,
        first_entry: audit.first_entry,
        keys: audit.keys.clone(),
        witnesses: audit.witnesses.clone(),
        cosignatures: audit.cosignatures,
        earlier,
    })
}

fn print(
    report: &Report,
    compared: Option<&Compared>,
    pinned: &[VerifierKey],
    commit: &str,
    format: Format,
) -> anyhow::Result<()> {
    let whole = report.problems.is_empty();
    match format {
        Format::Json => output::print_json(&json!({
            "success": whole,
            "commit": commit,
            "size": report.size,
            "root": report.checkpoint.as_ref().map(|checkpoint| checkpoint.root.to_string()),
            "origin": report.checkpoint.as_ref().map(|checkpoint| checkpoint.origin.to_string()),
            "firstEntry": report.first_entry,
            "signedBy": report.signed_by.as_ref().map(ToString::to_string),
            "cosignedBy": report.cosigned_by,
            "landings": compared.map(|compared| compared.landings),
            "landingsUnknown": compared.map(|compared| compared.unknown),
            "landingsUnderEarlierPolicy": compared.map(|compared| compared.superseded),
            "landingsGone": compared.map(|compared| compared.gone),
            "landingsUnrecorded": compared.map(|compared| &compared.unrecorded),
            "approvals": compared.map(|compared| compared.approvals),
            "problems": report.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })),
        Format::Human => {
            let mut text: String =
                report.problems.iter().map(|problem| printable(&problem.to_string()) + "\n").collect();
            let entries = entries(report.size);
            let verdict = if whole { "the log is intact" } else { "THE LOG IS DAMAGED" };
            let _ = writeln!(text, "{entries} at commit {commit}: {verdict}");
            if let Some(compared) = compared.filter(|_| whole) {
                text.push_str(&compared.to_string());
            }
            match &report.signed_by {
                Some(key) if pinned.contains(key) => drop(writeln!(text, "signed by {key}")),
                Some(key) => drop(writeln!(text, "signed by {key}, which the log names and no policy here")),
                None if whole => text.push_str("not signed: whoever can push to the branch can replace all of it\n"),
                None => {}
            }
            if report.cosigned_by > 0 {
                let _ = writeln!(text, "cosigned by {}", plural(report.cosigned_by, "witness"));
            }
            if let Some(checkpoint) = report.checkpoint.as_ref().filter(|_| whole) {
                let _ = writeln!(text, "origin {}", checkpoint.origin);
            }
            if let Some(first) = report.first_entry.filter(|_| whole) {
                let _ = writeln!(text, "first entry {first}");
            }
            Ok(output::print(&text)?)
        }
    }
}

pub(super) fn entries(size: u64) -> String {
    plural(usize::try_from(size).unwrap_or(usize::MAX), "entry")
}

/// Checks a proof against what the policy pins; a proof of a log that is not signed proves little.
fn proof(text: &str, policy: &Policy, format: Format) -> anyhow::Result<Ended> {
    let proven = match audit_log::check_proof(text) {
        Ok(proven) => proven,
        Err(what) => return refuse(&format!("the proof is wrong: {what}"), format),
    };
    let origin = &proven.checkpoint.origin;
    if let Some(pinned) = pinned_origin(policy)?.filter(|pinned| pinned != origin) {
        return refuse(&format!("the proof is of `{origin}`, not of `{pinned}`"), format);
    }
    let signed = match proven.note.count(&policy.audit.keys) {
        Err(what) => return refuse(&format!("the checkpoint of the proof is forged: {what}"), format),
        Ok(0) if !policy.audit.keys.is_empty() => {
            return refuse("the checkpoint of the proof is not signed with a key of the policy", format);
        }
        Ok(count) => count > 0,
    };
    match format {
        Format::Json => output::print_json(&json!({
            "success": true,
            "index": proven.index,
            "size": proven.checkpoint.size,
            "signed": signed,
            "entry": serde_json::from_str::<serde_json::Value>(&proven.line).ok(),
        }))?,
        Format::Human => {
            let by = if signed { "signed with a key of the policy" } else { "NOT SIGNED with a key of the policy" };
            let size = entries(proven.checkpoint.size);
            let line = printable(&proven.line);
            output::print(&format!("entry {} of {size} of {origin}, {by}\n{line}\n", proven.index))?;
        }
    }
    Ok(Ended::Well)
}

fn refuse(what: &str, format: Format) -> anyhow::Result<Ended> {
    match format {
        Format::Json => output::print_json(&json!({"success": false, "problems": [what]}))?,
        Format::Human => output::print(&format!("{}\n", printable(what)))?,
    }
    Ok(Ended::Badly)
}
