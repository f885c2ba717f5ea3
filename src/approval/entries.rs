//! The entries that an evaluation appends.

use chrono::{DateTime, Utc};

use super::Facts;
use crate::model::{Actor, Approval, Digest, ENTRY_VERSION, Entry, EntryKind};

/// What the id of the entry that ends an approval begins with, where nobody took it back.
const LAPSED: &str = "lapsed:";

pub(super) fn approved(facts: &Facts<'_>, approval: &Approval) -> Entry {
    let mut tables = facts.evidence.tables.clone();
    for table in &mut tables {
        table.performed_by = Some(approval.who.login.clone());
    }
    Entry {
        violations: facts.evidence.violations.clone(),
        blobs: facts.evidence.blobs.keys().copied().collect(),
        tables,
        ..entry(facts, EntryKind::Approved, approval.id.clone(), approval.at, Some(approval.who.clone()))
    }
}

pub(super) fn revoked(
    facts: &Facts<'_>,
    id: &str,
    at: DateTime<Utc>,
    who: Option<Actor>,
    approvals: Vec<String>,
) -> Entry {
    Entry { approvals, ..entry(facts, EntryKind::Revoked, id.to_owned(), at, who) }
}

/// The giver of an approval may approve no longer.
pub(super) fn lapsed(facts: &Facts<'_>, approval: &Approval) -> Entry {
    let id = format!("{LAPSED}{}", approval.id);
    Entry { approvals: vec![approval.id.clone()], ..entry(facts, EntryKind::Revoked, id, facts.now, None) }
}

/// Whether the entry ended an approval that nobody took back.
pub(super) fn is_lapse(entry: &Entry) -> bool {
    entry.kind == EntryKind::Revoked && entry.id.starts_with(LAPSED)
}

/// The id holds the approvals, so that bytes that come and go and come again are voided each time.
pub(super) fn voided(facts: &Facts<'_>, old: Digest, approvals: &[Approval]) -> Entry {
    let ids: Vec<String> = approvals.iter().map(|approval| approval.id.clone()).collect();
    let (repo, pr, new) = (facts.repo, facts.pr, facts.digest.digest);
    let id = format!("voided:{repo}:{pr}:{old}:{new}:{}", Digest::of(ids.join("\n")).short());
    Entry { approvals: ids, digest: Some(old), ..entry(facts, EntryKind::Voided, id, facts.now, None) }
}

pub(super) fn entry(facts: &Facts<'_>, kind: EntryKind, id: String, at: DateTime<Utc>, actor: Option<Actor>) -> Entry {
    Entry {
        version: ENTRY_VERSION,
        id,
        kind,
        repo: facts.repo,
        at,
        actor,
        pr: Some(facts.pr),
        digest: Some(facts.digest.digest),
        policy: Some(facts.digest.policy),
        tool: facts.tool.to_owned(),
        before: None,
        after: Some(facts.head_sha.to_owned()),
        approvals: Vec::new(),
        violations: Vec::new(),
        blobs: Vec::new(),
        tables: Vec::new(),
        overflow: None,
    }
}
