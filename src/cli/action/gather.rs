//! Reads everything that a pull request is judged by.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use super::{Step, limits, store::Store};
use crate::{
    cli::context::{MAX_FILE_BYTES, control_files, governed_trees, policy_at},
    git::Merge,
    github::Meeting,
    model::{Activity, Outcome, PullRequest, Tree},
    pipeline::{self, Scope, Snapshot},
    policy::Policy,
};

/// A pull request, judged on the merged result with the base tip of this moment.
pub(super) struct Judged {
    pub(super) pull_request: PullRequest,
    pub(super) policy: Policy,
    /// The base tip that it was judged on.
    pub(super) base: String,
    /// The best common ancestor of base and head that GitHub's diff begins at; there may be others.
    pub(super) merge_base: String,
    pub(super) result: MergedResult,
}

/// What merging the head into the base tip gives.
pub(super) enum MergedResult {
    /// A tree that could be judged.
    Clean(Box<Clean>),
    /// The branches conflict: nothing can be said about the result.
    Conflict,
}

/// A merged tree and what it gives.
pub(super) struct Clean {
    pub(super) outcome: Outcome,
    /// The base tip's control files.
    pub(super) control: Tree,
    /// The base tip's files of the changed tables and of those that they reference.
    pub(super) context: Tree,
    /// Governed files of the merged result.
    pub(super) merged: Tree,
    /// Per governed path of the diff, the lines that GitHub takes inline comments on. A file that the merge changed
    /// further has none: its lines are not those of the head.
    pub(super) commentable: BTreeMap<String, Vec<RangeInclusive<usize>>>,
}

impl Judged {
    /// What was judged; `None` where the branches conflict.
    pub(super) fn clean(&self) -> Option<&Clean> {
        match &self.result {
            MergedResult::Clean(clean) => Some(clean),
            MergedResult::Conflict => None,
        }
    }
}

impl Clean {
    /// Whether nothing governed changes, so that there is nothing to say.
    pub(super) fn untouched(&self) -> bool {
        self.outcome.files.is_empty() && !self.outcome.fails()
    }
}

/// Reads and judges a pull request.
pub(super) async fn judge(step: &Step<'_>, pull_request: PullRequest) -> anyhow::Result<Judged> {
    let Step { github, store, now, .. } = step;
    let number = pull_request.number;
    let base = store.fetch_branch(&pull_request.base_ref)?.with_context(|| {
        format!("the base branch {} of #{number} is gone; reopen the pull request on another", pull_request.base_ref)
    })?;
    let head = &pull_request.head_sha;
    let Meeting { merge_base, only } = github.meeting(&base, head).await?;
    store.fetch_commits(&[head, &merge_base])?;
    let policy = policy_at(store.git(), &base)?;
    let result = match merge(store, &base, head, (&merge_base, only))? {
        Merge::Conflict(_) => MergedResult::Conflict,
        Merge::Clean(merged) => {
            let sides = Sides { merge_base: &merge_base, base: &base, head, merged: &merged };
            let activity = limits::activity(step, &policy, &pull_request, &base).await?;
            MergedResult::Clean(Box::new(clean(store, &policy, &sides, *now, activity)?))
        }
    };
    Ok(Judged { pull_request, policy, base, merge_base, result })
}

/// Merges as GitHub does. Where there are several merge bases, git merges those first, for which it needs all history; one of
/// them alone would give another result.
fn merge(store: &Store, base: &str, head: &str, (merge_base, only): (&str, bool)) -> anyhow::Result<Merge> {
    if only || store.merge_bases(base, head)? == [merge_base] {
        return Ok(store.git().merge_tree(Some(merge_base), base, head)?);
    }
    store.fetch_whole(&[base, head])?;
    Ok(store.git().merge_tree(None, base, head)?)
}

/// The commits and trees that a change is judged by.
pub(super) struct Sides<'a> {
    /// Where the head left the base.
    pub(super) merge_base: &'a str,
    /// Tip of the base.
    pub(super) base: &'a str,
    /// Tip of the head.
    pub(super) head: &'a str,
    /// What merging the two gives.
    pub(super) merged: &'a str,
}

pub(super) fn clean(
    store: &Store,
    policy: &Policy,
    sides: &Sides<'_>,
    now: DateTime<Utc>,
    activity: Activity,
) -> anyhow::Result<Clean> {
    let git = store.git();
    let (base, merged) = governed_trees(store.git(), policy, sides.base, sides.merged)?;
    let governed = |path: &String| base.contains_key(path) || merged.contains_key(path);
    let mut changed: BTreeSet<String> =
        git.changed_paths(sides.merge_base, sides.head)?.into_iter().filter(governed).collect();
    let of_head = git.read_tree(sides.head, &|path| changed.contains(path), MAX_FILE_BYTES)?;
    let as_judged = |path: &str| changed.contains(path) && of_head.get(path) == merged.get(path);
    let mut lines = git.changed_lines(sides.merge_base, sides.head, &as_judged)?;
    let ranges = |lines: Vec<(usize, usize)>| lines.into_iter().map(|(first, last)| first..=last).collect();
    let commentable =
        changed.iter().map(|path| (path.clone(), ranges(lines.remove(path).unwrap_or_default()))).collect();
    // A merge changes other paths than the head did where the base moved a file, or the history is crosswise.
    changed.extend(base.keys().chain(merged.keys()).filter(|path| base.get(*path) != merged.get(*path)).cloned());
    let control = control_files(&base, policy);
    let snapshot = Snapshot { policy: policy.clone(), now, base, merged, scope: Scope::Changed(changed), activity };
    let outcome = pipeline::evaluate(&snapshot);
    let context = pipeline::context_files(&snapshot, &outcome);
    Ok(Clean { outcome, control, context, merged: snapshot.merged, commentable })
}
