//! What landed on the base branches and is not in the audit log yet.

use std::iter;

use chrono::{DateTime, Utc};

use super::Step;
use crate::{
    approval::{self, Evidence},
    audit_log::{Branch, Landing, MergedPullRequest, State},
    cli::{
        context::{MAX_FILE_BYTES, control_files, governed_trees, policy_in_force},
        log::{TOOL, View},
    },
    git::{Commit, Parents},
    github::Error,
    model::{Activity, PullRequest},
    pipeline::{self, Scope, Snapshot},
    policy::{POLICY_FILE, PathKind, Policy},
};

/// One or more first-parent commits that arrived together.
pub(super) struct Arrival {
    pub(super) before: String,
    pub(super) after: String,
    pub(super) rewritten: bool,
    pub(super) at: DateTime<Utc>,
    pub(super) pull_request: Option<PullRequest>,
}

/// Every landing that the log of `view` does not have yet, oldest first for each branch, and the state that they follow. A
/// branch that `policy` gates and that the log does not know begins in it where it left the default branch.
pub(super) async fn landings(
    step: &Step<'_>,
    view: &mut View,
    policy: &Policy,
) -> anyhow::Result<(State, Vec<Landing>)> {
    let mut state = view.state()?;
    for name in iter::once(&step.repository.default_branch).chain(&policy.gate_branches) {
        let reference = format!("refs/heads/{name}");
        if !state.branches.contains_key(&reference)
            && let Some(tip) = begin(step, &state, name).await?
        {
            state.branches.insert(reference, Branch { tip, rewrites: 0 });
        }
    }
    let mut landings = Vec::new();
    for (reference, branch) in &state.branches {
        let recorded = &branch.tip;
        let Some(tip) = step.store.git().ls_remote(step.store.remote(), reference, step.store.token())? else {
            continue;
        };
        if tip == *recorded {
            continue;
        }
        let branch = reference.strip_prefix("refs/heads/").unwrap_or(reference);
        let mut recent = None;
        for (mut arrival, in_force) in arrivals(step, branch, recorded, &tip).await? {
            let mut landed = landing(step, view, &in_force, reference, &arrival)?;
            if arrival.pull_request.is_none() && !arrival.rewritten && !landed.files.is_empty() {
                arrival.pull_request = merged_lately(step, branch, &arrival.after, &mut recent).await?;
                if arrival.pull_request.is_some() {
                    landed = landing(step, view, &in_force, reference, &arrival)?;
                }
            }
            landings.push(landed);
        }
    }
    Ok((state, landings))
}

/// The policy that judges what lands on a commit; the default one where none of its history can be read. `audit verify`
/// comes to the same. What judged on an earlier commit of the same first-parent history spares looking further back.
pub(super) fn in_force(step: &Step<'_>, commit: &str, earlier: Option<(&str, &Policy)>) -> anyhow::Result<Policy> {
    let find = || policy_in_force(step.store.git(), commit, earlier);
    let found = match find()? {
        None => step.store.fetch_until(&[commit], find)?,
        found => found,
    };
    Ok(found.unwrap_or_default())
}

/// The commit from which on a branch is recorded: the last one that it shares with the recorded tip of the default
/// branch, whose landings are recorded there; `None` where there is no such branch.
async fn begin(step: &Step<'_>, state: &State, name: &str) -> anyhow::Result<Option<String>> {
    let Some(tip) = step.store.fetch_branch(name)? else { return Ok(None) };
    // A default branch that was renamed goes on where the log knows it under the old name.
    let known = state.tip(&format!("refs/heads/{}", step.repository.default_branch));
    let Some(known) = known.or_else(|| state.branches.values().next().map(|branch| branch.tip.as_str())) else {
        return Ok(None);
    };
    match step.github.merge_base(known, &tip).await {
        Ok(merge_base) => Ok(Some(merge_base)),
        // They share nothing: all of it is recorded, as history that was replaced.
        Err(Error::NotFound(_)) => Ok(Some(known.to_owned())),
        Err(error) => Err(error.into()),
    }
}

/// The commits between `recorded` and `tip` that change governed files, those of one pull request together, each with the
/// policy in force before it. Where first parents do not lead back to `recorded`, everything between is one arrival.
/// GitHub is asked of no other commits, which there may be thousands of since the last landing.
async fn arrivals(step: &Step<'_>, branch: &str, recorded: &str, tip: &str) -> anyhow::Result<Vec<(Arrival, Policy)>> {
    let git = step.store.git();
    let known = step.store.fetch_history(recorded, tip, Parents::First)?;
    let commits = if known { git.first_parent(Some(recorded), tip)? } else { Vec::new() };
    let chained = commits.first().and_then(|first| first.parent.as_deref()) == Some(recorded);
    if !known || !chained {
        step.store.fetch_commits(&[recorded])?;
        let at = git.first_parent(None, tip)?.last().map_or(step.now, time);
        let connected = if known { step.github.pull_requests_of_commit(tip).await? } else { Vec::new() };
        let found = connected.into_iter().find(|it| merged_at(it, branch) == Some(tip));
        let pull_request = whole(step, found).await?;
        let (before, after) = (recorded.to_owned(), tip.to_owned());
        let arrival = Arrival { before, after, rewritten: !known, at, pull_request };
        return Ok(vec![(arrival, in_force(step, recorded, None)?)]);
    }
    let mut arrivals = Vec::new();
    let mut next = 0;
    for (first, in_force) in governing(step, recorded, &commits)? {
        if first < next {
            continue;
        }
        let found = merged_with(step, branch, &commits[first..]).await?;
        let last = first + found.as_ref().map_or(0, |(more, _)| *more);
        let arrival = Arrival {
            before: commits[first].parent.clone().unwrap_or_else(|| recorded.to_owned()),
            after: commits[last].sha.clone(),
            rewritten: false,
            at: time(&commits[last]),
            pull_request: whole(step, found.map(|(_, pull_request)| pull_request)).await?,
        };
        arrivals.push((arrival, in_force));
        next = last + 1;
    }
    Ok(arrivals)
}

/// Which of the commits on top of `recorded` change governed files, by the policy in force before each, and that policy.
fn governing(step: &Step<'_>, recorded: &str, commits: &[Commit]) -> anyhow::Result<Vec<(usize, Policy)>> {
    if commits.is_empty() {
        return Ok(Vec::new());
    }
    let mut changes = step.store.git().changes()?;
    let (mut before, mut policy) = (recorded, in_force(step, recorded, None)?);
    let mut found = Vec::new();
    for (index, commit) in commits.iter().enumerate() {
        let wanted = |path: &str| policy.classify(path) != PathKind::Ungoverned;
        let (old, new) = changes.between(before, &commit.sha, &wanted, MAX_FILE_BYTES)?;
        if old.iter().chain(&new).any(|(path, file)| policy.governs(path, &file.bytes)) {
            found.push((index, policy.clone()));
        }
        if old.contains_key(POLICY_FILE) || new.contains_key(POLICY_FILE) {
            policy = in_force(step, &commit.sha, Some((before, &policy)))?;
        }
        before = &commit.sha;
    }
    Ok(found)
}

/// The pull request that the first of these commits came with, and how many more did: none where it is the merge commit,
/// else, after a rebase, all up to that one. GitHub must connect each with it, or others pushed something in between; and
/// a merge brings what is in it at once.
async fn merged_with(
    step: &Step<'_>,
    branch: &str,
    commits: &[Commit],
) -> anyhow::Result<Option<(usize, PullRequest)>> {
    let Some(first) = commits.first() else { return Ok(None) };
    for pull_request in step.github.pull_requests_of_commit(&first.sha).await? {
        let Some(merged) = merged_at(&pull_request, branch) else { continue };
        let Some(last) = commits.iter().position(|commit| commit.sha == merged) else { continue };
        let mut together = last == 0 || !commits[last].is_merge;
        for commit in commits.iter().take(last + 1).skip(1) {
            let of_it = |other: &PullRequest| other.number == pull_request.number;
            together = together && step.github.pull_requests_of_commit(&commit.sha).await?.iter().any(of_it);
        }
        if together {
            return Ok(Some((last, pull_request)));
        }
    }
    Ok(None)
}

/// The commit with which a pull request was merged to `branch`.
fn merged_at<'a>(pull_request: &'a PullRequest, branch: &str) -> Option<&'a str> {
    let merged = pull_request.merge_commit_sha.as_deref();
    merged.filter(|_| pull_request.merged && pull_request.base_ref == branch)
}

/// The pull request whose merge commit GitHub has not connected with it yet, which can take it a minute: found among
/// those that were closed last, which are read once.
async fn merged_lately(
    step: &Step<'_>,
    branch: &str,
    commit: &str,
    recent: &mut Option<Vec<PullRequest>>,
) -> anyhow::Result<Option<PullRequest>> {
    let recent = match recent {
        Some(recent) => recent,
        None => recent.insert(step.github.recently_closed(branch).await?),
    };
    let merged = |it: &&PullRequest| it.merged && it.merge_commit_sha.as_deref() == Some(commit);
    whole(step, recent.iter().find(merged).cloned()).await
}

/// A list does not say who merged.
async fn whole(step: &Step<'_>, listed: Option<PullRequest>) -> anyhow::Result<Option<PullRequest>> {
    match listed {
        Some(listed) => Ok(Some(step.github.pull_request(listed.number).await?)),
        None => Ok(None),
    }
}

/// The facts of one arrival, judged by the policy that was in force before it.
pub(super) fn landing(
    step: &Step<'_>,
    view: &mut View,
    policy: &Policy,
    reference: &str,
    arrival: &Arrival,
) -> anyhow::Result<Landing> {
    let (base, merged) = governed_trees(step.store.git(), policy, &arrival.before, &arrival.after)?;
    // Whoever pushes chooses the time of the commit, which must not bring an expired waiver back.
    let merged_at = arrival.pull_request.as_ref().and_then(|pull_request| pull_request.merged_at);
    let now = merged_at.unwrap_or(step.now);
    let control = control_files(&base, policy);
    let changed = base.keys().chain(merged.keys()).filter(|path| base.get(*path) != merged.get(*path));
    let scope = Scope::Changed(changed.cloned().collect());
    let policy = policy.clone();
    let snapshot = Snapshot { policy, now, base, merged, scope, activity: Activity::default() };
    let outcome = pipeline::evaluate(&snapshot);
    let evidence = Evidence::of(&outcome, &snapshot.merged, None);
    let required = approval::required(&approval::classify(&outcome, &snapshot.policy));
    let pull_request = arrival.pull_request.as_ref();
    Ok(Landing {
        reference: reference.to_owned(),
        before: arrival.before.clone(),
        after: arrival.after.clone(),
        rewritten: arrival.rewritten,
        at: merged_at.unwrap_or(arrival.at).min(step.now),
        actor: pull_request.and_then(|pull_request| pull_request.merged_by.clone()),
        files: outcome.files,
        pull_request: pull_request.map(|it| approvals(view, it.number, required)).transpose()?,
        policy: Some(approval::policy_digest(&control)),
        violations: evidence.violations,
        tables: evidence.tables,
        blobs: evidence.blobs.into_values().collect(),
        tool: TOOL.to_owned(),
    })
}

fn approvals(view: &mut View, number: u64, required: usize) -> anyhow::Result<MergedPullRequest> {
    let entries: Vec<_> =
        view.entries_of(number)?.into_iter().map(|recorded| (recorded.index, recorded.entry)).collect();
    view.merged(number, required, &entries)
}

fn time(commit: &Commit) -> DateTime<Utc> {
    DateTime::from_timestamp(commit.committer.time, 0).unwrap_or_default()
}
