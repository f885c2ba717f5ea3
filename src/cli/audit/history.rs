//! The log against the history of the base branches: that what it says landed did.

use std::collections::BTreeMap;

use super::REMOTE;
use crate::{
    audit_log::{Entries, LANDING_HEADER, LandingId, Place, Problem, landed_lines},
    cli::{
        context::{governed_trees, policy_in_force},
        log::View,
    },
    git::Git,
    model::{Entry, EntryKind},
    pipeline::changed_files,
    policy::Policy,
};

/// What the comparison gave.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// Landings whose bytes are those of the history.
    pub(super) landings: usize,
    /// Landings whose commits this clone does not have.
    pub(super) unknown: usize,
    /// Landings that rewritten history took away, as an entry says; from a clone of today nobody can compare them.
    pub(super) gone: usize,
    /// What the history contradicts.
    pub(super) problems: Vec<Problem>,
}

/// A landing in its place.
struct Recorded {
    index: u64,
    entry: Entry,
    id: LandingId,
}

enum Finding {
    Agrees,
    CannotTell,
    Gone,
    Contradicted(String),
}

/// Compares every landing of a log that is whole in itself. Commits that a recorded rewriting of the history took away
/// may be missing; they are compared where they are still here.
pub(super) fn compare(git: &Git, view: &mut View) -> anyhow::Result<Compared> {
    let mut landings = Vec::new();
    view.with(|checkpoint, read| {
        for recorded in Entries::new(checkpoint, 0, read) {
            let recorded = recorded?;
            if let Ok(id) = recorded.entry.id.parse() {
                landings.push(Recorded { index: recorded.index, entry: recorded.entry, id });
            }
        }
        Ok::<_, crate::audit_log::Error>(())
    })?;
    let rewritings = landings.iter().filter(|landing| landing.entry.kind == EntryKind::HistoryRewritten);
    let rewritten: BTreeMap<String, u64> =
        rewritings.map(|landing| (landing.id.reference.clone(), landing.index)).collect();
    let shallow = git.is_shallow()?;
    let mut compared = Compared::default();
    let mut policies: BTreeMap<String, Policy> = BTreeMap::new();
    for landing in &landings {
        let gone = rewritten.get(&landing.id.reference).is_some_and(|rewriting| landing.index < *rewriting);
        match finding(git, view, landing, (gone, shallow), &mut policies)? {
            Finding::Agrees => compared.landings += 1,
            Finding::CannotTell => compared.unknown += 1,
            Finding::Gone => compared.gone += 1,
            Finding::Contradicted(what) => {
                let place = Place::Entry(landing.index, Some(landing.entry.id.clone()));
                compared.problems.push(Problem { place, what });
            }
        }
    }
    Ok(compared)
}

/// `gone`: a later entry records that the branch's history was rewritten. `shallow`: this clone lacks old commits.
fn finding(
    git: &Git,
    view: &mut View,
    landing: &Recorded,
    (gone, shallow): (bool, bool),
    policies: &mut BTreeMap<String, Policy>,
) -> anyhow::Result<Finding> {
    let Recorded { entry, id, .. } = landing;
    let branch = id.reference.strip_prefix("refs/heads/").unwrap_or(&id.reference);
    let Some(tip) = git.resolve(&format!("refs/remotes/{REMOTE}/{branch}"))? else { return Ok(Finding::CannotTell) };
    let here = git.resolve(&id.after)?.is_some();
    let landed = gone || (here && git.is_ancestor(&id.after, &tip)?);
    if !landed {
        let what = || format!("names commit {}, which is not in the history of {branch}", id.after);
        return Ok(if shallow { Finding::CannotTell } else { Finding::Contradicted(what()) });
    }
    if !here || git.resolve(&id.before)?.is_none() {
        return Ok(if shallow { Finding::CannotTell } else { Finding::Gone });
    }
    let policy = policy_in_force(git, &id.before, policies.remove(&id.reference))?;
    let (before, after) = governed_trees(git, &policy, &id.before, &id.after)?;
    let lines = landed_lines(&changed_files(&before, &after, &policy));
    policies.insert(id.reference.clone(), policy);
    for digest in &entry.blobs {
        let blob = view.blob(digest)?.unwrap_or_default();
        if blob.starts_with(LANDING_HEADER.as_bytes()) {
            let what = || format!("does not say what landed from {} to {}", id.before, id.after);
            return Ok(if blob == lines.as_bytes() { Finding::Agrees } else { Finding::Contradicted(what()) });
        }
    }
    Ok(Finding::Contradicted("does not name a blob that says what landed".to_owned()))
}
