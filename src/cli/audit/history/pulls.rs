//! What the log says about pull requests before they land.

use std::collections::{BTreeMap, BTreeSet};

use super::{History, branch::Control};
use crate::{
    approval::least_required,
    audit_log::{approved_under, covers},
    model::{Entry, FileChange},
};

/// Most entries that are kept: beyond them those of the oldest pull requests are read again where one lands after all.
const MAX_KEPT: usize = 1 << 14;

/// Entries about approvals and rejections with their indexes, by pull request, until it lands.
#[derive(Default)]
pub(super) struct Pulls {
    open: BTreeMap<u64, Vec<(u64, Entry)>>,
    /// How many entries these are.
    kept: usize,
    /// Pull requests of which entries are not kept: they landed, or stayed open for very long.
    left: BTreeSet<u64>,
}

impl Pulls {
    /// Takes an entry into account that is no landing.
    pub(super) fn take(&mut self, index: u64, entry: &Entry) {
        let Some(pr) = entry.pr.filter(|pr| !self.left.contains(pr)) else { return };
        // What approvals are counted by, and no more.
        let (violations, blobs, tables) = Default::default();
        self.open.entry(pr).or_default().push((index, Entry { violations, blobs, tables, ..entry.clone() }));
        self.kept += 1;
        if self.kept > MAX_KEPT
            && let Some(oldest) = self.open.keys().next().copied()
        {
            self.leave(oldest);
        }
    }

    /// The entries of a pull request, which are not kept any more; `None` where they were not before.
    fn leave(&mut self, pr: u64) -> Option<Vec<(u64, Entry)>> {
        let entries = if self.left.insert(pr) { Some(self.open.remove(&pr).unwrap_or_default()) } else { None };
        self.kept -= entries.as_ref().map_or(0, Vec::len);
        entries
    }
}

impl History<'_> {
    /// Whether the approvals that a `merged` entry names stood, cover the bytes that landed on the branch `reference`, and
    /// were not too few. How many its class of change needed is not decided again, only how many anything would have.
    /// Approvals under another policy than the one `in_force` are counted: older releases took them.
    pub(super) fn covered(
        &mut self,
        index: u64,
        entry: &Entry,
        reference: &str,
        files: &[FileChange],
        in_force: &Control,
    ) -> anyhow::Result<Option<String>> {
        let Some(pr) = entry.pr else { return Ok(Some("names no pull request".to_owned())) };
        let entries = if let Some(entries) = self.pulls.leave(pr) {
            entries
        } else {
            // It landed again after the history was rewritten, or after very long.
            let recorded = self.view.entries_of(pr)?.into_iter();
            let before = recorded.filter(|recorded| recorded.index < index);
            before.map(|recorded| (recorded.index, recorded.entry)).collect()
        };
        let required = least_required(files.iter().map(|file| file.path.as_str()), &in_force.policy);
        let mut pull = self.view.merged(pr, required, &entries)?;
        pull.approvals
            .retain(|approval| Some(approval.digest) == entry.digest && entry.approvals.contains(&approval.id));
        let stood = pull.approvals.len() == entry.approvals.len();
        let whole = stood && pull.approvals.is_empty() == entry.digest.is_none();
        if !whole || !covers(entry.repo, &pull, reference, files) {
            let what = format!("says that #{pr} was approved, and no approvals that stood then cover what landed");
            return Ok(Some(what));
        }
        let mut policies = pull.approvals.iter().filter_map(|approval| approved_under(&approval.lines));
        self.found.superseded += usize::from(policies.any(|(_, policy)| policy != in_force.digest));
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::model::{ENTRY_VERSION, EntryKind};

    fn approved(n: u64, pr: u64) -> Entry {
        let (actor, digest, policy, before, after, approvals, violations, blobs, tables) = Default::default();
        Entry {
            version: ENTRY_VERSION,
            id: format!("LE_{n}"),
            kind: EntryKind::Approved,
            repo: 1,
            at: DateTime::UNIX_EPOCH,
            actor,
            pr: Some(pr),
            digest,
            policy,
            tool: "schema-registry 0.1.0".into(),
            before,
            after,
            approvals,
            violations,
            blobs,
            tables,
            overflow: None,
        }
    }

    #[test]
    fn no_more_entries_are_kept_than_fit_and_those_of_one_pull_request_all_or_none() {
        let mut pulls = Pulls::default();
        let kept = MAX_KEPT as u64;
        for n in 0..kept {
            pulls.take(n, &approved(n, n / 2));
        }
        assert_eq!((pulls.open.len(), pulls.left.len()), (MAX_KEPT / 2, 0));
        pulls.take(kept, &approved(kept, kept));
        assert_eq!((pulls.kept, pulls.leave(0)), (MAX_KEPT - 1, None), "the oldest made room");
        pulls.take(kept + 1, &approved(kept + 1, 0));
        assert_eq!(pulls.kept, MAX_KEPT - 1, "what is left out stays so");
        let indexes = |entries: Vec<(u64, Entry)>| entries.iter().map(|(index, _)| *index).collect::<Vec<_>>();
        assert_eq!((pulls.leave(1).map(indexes), pulls.leave(1)), (Some(vec![2, 3]), None));
        assert_eq!((pulls.leave(kept + 9).map(indexes), pulls.kept), (Some(vec![]), MAX_KEPT - 3));
    }
}
