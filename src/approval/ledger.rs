//! What the audit log says about the approvals of one pull request.

use std::collections::BTreeSet;

use super::entries;
use crate::model::{Actor, Approval, Digest, Entry, EntryKind};

/// The approvals of one pull request that the log holds.
pub(super) struct Ledger<'a> {
    entries: Vec<&'a Entry>,
    ids: BTreeSet<&'a str>,
    taken_back: BTreeSet<&'a str>,
}

impl<'a> Ledger<'a> {
    /// Reads entries in the order of the log; those of other repositories and pull requests are skipped.
    pub(super) fn read(entries: &'a [Entry], repo: u64, pr: u64) -> Self {
        let entries: Vec<&Entry> = entries.iter().filter(|entry| entry.repo == repo && entry.pr == Some(pr)).collect();
        let taken_back = entries
            .iter()
            .filter(|entry| matches!(entry.kind, EntryKind::Revoked | EntryKind::Voided))
            .flat_map(|entry| entry.approvals.iter().map(String::as_str))
            .collect();
        Self { ids: entries.iter().map(|entry| entry.id.as_str()).collect(), entries, taken_back }
    }

    /// Whether the event is in the log already.
    pub(super) fn holds(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// Approvals of `digest` that nothing took back.
    pub(super) fn approvals(&self, digest: Digest) -> Vec<Approval> {
        self.standing().filter(|(of, _)| *of == digest).map(|(_, approval)| approval).collect()
    }

    /// Approvals of other digests that nothing took back, by digest in the order of the log.
    pub(super) fn outdated(&self, present: Digest) -> Vec<(Digest, Vec<Approval>)> {
        let mut groups: Vec<(Digest, Vec<Approval>)> = Vec::new();
        for (digest, approval) in self.standing().filter(|(of, _)| *of != present) {
            match groups.iter_mut().find(|(of, _)| *of == digest) {
                Some((_, approvals)) => approvals.push(approval),
                None => groups.push((digest, vec![approval])),
            }
        }
        groups
    }

    /// The last `voided` entry: the digest it is about and who had approved it.
    pub(super) fn last_voided(&self) -> Option<(Digest, Vec<Actor>)> {
        let entry = self.entries.iter().rev().find(|entry| entry.kind == EntryKind::Voided)?;
        let approved = self.entries.iter().filter(|other| entry.approvals.contains(&other.id));
        Some((entry.digest?, approved.filter_map(|other| other.actor.clone()).collect()))
    }

    /// The last `revoked` entry about `digest` that a person caused.
    pub(super) fn last_revoked(&self, digest: Digest) -> Option<&'a Entry> {
        let revoked = |entry: &&&Entry| {
            entry.kind == EntryKind::Revoked && entry.digest == Some(digest) && !entries::is_lapse(entry)
        };
        self.entries.iter().rev().find(revoked).copied()
    }

    /// Whether `id` was an approval of `digest` until its giver might not give it any more.
    pub(super) fn lapsed(&self, digest: Digest, id: &str) -> bool {
        let mut lapses = self.entries.iter().filter(|entry| entry.digest == Some(digest) && entries::is_lapse(entry));
        lapses.any(|entry| entry.approvals.iter().any(|approval| approval == id))
    }

    /// What it says about rejections and their ends.
    pub(super) fn rejections(&self) -> impl Iterator<Item = &'a Entry> {
        let about = |entry: &&Entry| matches!(entry.kind, EntryKind::Vetoed | EntryKind::VetoLifted);
        self.entries.iter().copied().filter(about)
    }

    fn standing(&self) -> impl Iterator<Item = (Digest, Approval)> {
        self.entries
            .iter()
            .filter(|entry| entry.kind == EntryKind::Approved && !self.taken_back.contains(entry.id.as_str()))
            .filter_map(|entry| {
                let approval = Approval { id: entry.id.clone(), who: entry.actor.clone()?, at: entry.at };
                Some((entry.digest?, approval))
            })
    }
}
