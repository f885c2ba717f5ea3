//! What the log says about pull requests before they land.

use std::collections::{BTreeMap, BTreeSet};

use super::History;
use crate::{
    approval::least_required,
    audit_log::covers,
    model::{Entry, FileChange},
    policy::Policy,
};

/// Entries about approvals and rejections with their indexes, by pull request, until it lands.
#[derive(Default)]
pub(super) struct Pulls {
    open: BTreeMap<u64, Vec<(u64, Entry)>>,
    /// Those that landed: their entries are not kept.
    landed: BTreeSet<u64>,
}

impl Pulls {
    /// Takes an entry into account that is no landing.
    pub(super) fn take(&mut self, index: u64, entry: &Entry) {
        let Some(pr) = entry.pr.filter(|pr| !self.landed.contains(pr)) else { return };
        // What approvals are counted by, and no more: there may be very many.
        let (violations, blobs, tables) = Default::default();
        self.open.entry(pr).or_default().push((index, Entry { violations, blobs, tables, ..entry.clone() }));
    }
}

impl History<'_> {
    /// Whether the approvals that a `merged` entry names stood, cover the bytes that landed, and were not too few. How
    /// many its class of change needed is not decided again, only how many anything would have.
    pub(super) fn covered(
        &mut self,
        index: u64,
        entry: &Entry,
        files: &[FileChange],
        policy: &Policy,
    ) -> anyhow::Result<Option<String>> {
        let Some(pr) = entry.pr else { return Ok(Some("names no pull request".to_owned())) };
        let entries = match self.pulls.open.remove(&pr) {
            Some(entries) => entries,
            // It landed again after the history was rewritten.
            None if self.pulls.landed.contains(&pr) => {
                let recorded = self.view.entries_of(pr)?.into_iter();
                recorded
                    .filter(|recorded| recorded.index < index)
                    .map(|recorded| (recorded.index, recorded.entry))
                    .collect()
            }
            None => Vec::new(),
        };
        self.pulls.landed.insert(pr);
        let required = least_required(files.iter().map(|file| file.path.as_str()), policy);
        let mut pull = self.view.merged(pr, required, &entries)?;
        pull.approvals
            .retain(|approval| Some(approval.digest) == entry.digest && entry.approvals.contains(&approval.id));
        let stood = pull.approvals.len() == entry.approvals.len();
        let whole = stood && pull.approvals.is_empty() == entry.digest.is_none();
        Ok((!whole || !covers(entry.repo, &pull, files))
            .then(|| format!("says that #{pr} was approved, and no approvals that stood then cover what landed")))
    }
}
