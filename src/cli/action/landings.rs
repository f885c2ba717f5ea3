//! What landed on the base branches and is not in the audit log yet.

use std::iter;

use chrono::{DateTime, Utc};

use super::Step;
use crate::{
    approval::{self, Evidence},
    audit_log::{Branch, Landing, MergedPullRequest, State},
    cli::{
        context::{control_files, governed_trees, policy_in_force},
        log::{TOOL, View},
    },
    git::{Commit, Parents},
    github::Error,
    model::{Activity, PullRequest},
    pipeline::{self, Scope, Snapshot},
    policy::Policy,
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
        let (mut recent, mut earlier) = (None, None);
        for mut arrival in arrivals(step, branch, recorded, &tip).await? {
            let in_force = in_force(step, &arrival.before, earlier.as_ref())?;
            let mut landed = landing(step, view, &in_force, reference, &arrival)?;
            if arrival.pull_request.is_none() && !arrival.rewritten && !landed.files.is_empty() {
                arrival.pull_request = merged_lately(step, branch, &arrival.after, &mut recent).await?;
                if arrival.pull_request.is_some() {
                    landed = landing(step, view, &in_force, reference, &arrival)?;
                }
            }
            landings.push(landed);
            earlier = Some((arrival.before, in_force));
        }
    }
    Ok((state, landings))
}

/// The policy that judges what lands on a commit; the default one where none of its history can be read. `audit verify`
/// comes to the same. What judged on an earlier commit of the same first-parent history spares looking further back.
pub(super) fn in_force(step: &Step<'_>, commit: &str, earlier: Option<&(String, Policy)>) -> anyhow::Result<Policy> {
    let earlier = earlier.map(|(commit, policy)| (commit.as_str(), policy));
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

/// The commits between `recorded` and `tip`, those of one pull request together. Where first parents do not lead back to
/// `recorded`, everything between is one arrival.
async fn arrivals(step: &Step<'_>, branch: &str, recorded: &str, tip: &str) -> anyhow::Result<Vec<Arrival>> {
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
        return Ok(vec![Arrival {
            before: recorded.to_owned(),
            after: tip.to_owned(),
            rewritten: !known,
            at,
            pull_request,
        }]);
    }
    let mut connected = Vec::new();
    for commit in &commits {
        connected.push(step.github.pull_requests_of_commit(&commit.sha).await?);
    }
    let mut arrivals: Vec<Arrival> = Vec::new();
    let mut first = 0;
    while let Some(commit) = commits.get(first) {
        let (last, found) = match merged_with(branch, &commits[first..], &connected[first..]) {
            Some((more, pull_request)) => (first + more, Some(pull_request.clone())),
            None => (first, None),
        };
        arrivals.push(Arrival {
            before: commit.parent.clone().unwrap_or_else(|| recorded.to_owned()),
            after: commits[last].sha.clone(),
            rewritten: false,
            at: time(&commits[last]),
            pull_request: whole(step, found).await?,
        });
        first = last + 1;
    }
    Ok(arrivals)
}

/// The pull request that the first of these commits came with, and how many more did: none where it is the merge commit,
/// else, after a rebase, all up to that one. Each must be `connected` with it, or others pushed something in between; and a
/// merge brings what is in it at once.
fn merged_with<'a>(
    branch: &str,
    commits: &[Commit],
    connected: &'a [Vec<PullRequest>],
) -> Option<(usize, &'a PullRequest)> {
    connected.first()?.iter().find_map(|pull_request| {
        let merged = merged_at(pull_request, branch)?;
        let of_it = |others: &&Vec<PullRequest>| others.iter().any(|other| other.number == pull_request.number);
        let together = connected.iter().take_while(of_it).count();
        let last = commits[..together].iter().position(|commit| commit.sha == merged)?;
        (last == 0 || !commits[last].is_merge).then_some((last, pull_request))
    })
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
