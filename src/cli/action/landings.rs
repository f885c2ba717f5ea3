//! What landed on the base branches and is not in the audit log yet.

use std::{array, iter, time::Duration};

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

/// The pauses in which GitHub is given a minute to connect a pull request with its commits.
const PAUSES: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(4),
    Duration::from_secs(10),
    Duration::from_secs(20),
    Duration::from_secs(25),
];

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
        for (arrival, in_force) in arrivals(step, branch, recorded, &tip).await? {
            landings.push(landing(step, view, &in_force, reference, &arrival)?);
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
    let default = state.branches.get(&format!("refs/heads/{}", step.repository.default_branch));
    // A default branch that was renamed goes on where the log knows it under the old name.
    let recorded = default.map_or_else(|| state.branches.values().collect(), |default| vec![default]);
    let mut begin: Option<String> = None;
    for known in &recorded {
        let Some(shared) = merge_base(step, &known.tip, &tip).await? else { continue };
        begin = match begin {
            Some(other) if is_in(step, &shared, &other).await? => Some(other),
            _ => Some(shared),
        };
    }
    // They share nothing: all of it is recorded, as history that was replaced.
    Ok(begin.or_else(|| recorded.first().map(|known| known.tip.clone())))
}

/// `None` where two commits share nothing.
async fn merge_base(step: &Step<'_>, one: &str, other: &str) -> anyhow::Result<Option<String>> {
    match step.github.merge_base(one, other).await {
        Ok(shared) => Ok(Some(shared)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether `commit` is `tip` or an ancestor of it.
async fn is_in(step: &Step<'_>, commit: &str, tip: &str) -> anyhow::Result<bool> {
    Ok(merge_base(step, commit, tip).await?.as_deref() == Some(commit))
}

/// The commits between `recorded` and `tip` that change governed files, those of one pull request together, each with the
/// policy in force before it. Where first parents do not lead back to `recorded`, everything between is one arrival.
/// GitHub is asked of no other commits, which there may be thousands of since the last landing.
async fn arrivals(step: &Step<'_>, branch: &str, recorded: &str, tip: &str) -> anyhow::Result<Vec<(Arrival, Policy)>> {
    let git = step.store.git();
    let known = step.store.fetch_history(recorded, tip, Parents::First)?;
    let mut commits = git.first_parent(known.then_some(recorded), tip)?;
    if commits.first().and_then(|first| first.parent.as_deref()) != Some(recorded) {
        step.store.fetch_commits(&[recorded])?;
        commits.drain(..commits.len().saturating_sub(1));
    }
    if !known {
        let (before, after) = (recorded.to_owned(), tip.to_owned());
        let at = commits.last().map_or(step.now, time);
        let arrival = Arrival { before, after, rewritten: true, at, pull_request: None };
        return Ok(vec![(arrival, in_force(step, recorded, None)?)]);
    }
    let mut merged = Merged { step, branch, recent: None, pauses: PAUSES.into_iter() };
    let mut arrivals = Vec::new();
    let mut next = 0;
    for (first, in_force) in governing(step, recorded, &commits)? {
        if first < next {
            continue;
        }
        let found = merged.with(&commits[first..]).await?;
        let before = if first == 0 { recorded } else { &commits[first - 1].sha };
        let mut last = first + found.as_ref().map_or(0, |(more, _)| *more);
        if last > first && governing(step, before, &commits[last..=last])?.is_empty() {
            // Each is recorded where one takes back what another did, since each is in the history.
            last = first;
        }
        let pull_request = match found {
            // A list does not say who merged.
            Some((_, listed)) => Some(step.github.pull_request(listed.number).await?),
            None => None,
        };
        let (before, after) = (before.to_owned(), commits[last].sha.clone());
        let arrival = Arrival { before, after, rewritten: false, at: time(&commits[last]), pull_request };
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
        let wanted = |path: &str| !matches!(policy.classify(path), PathKind::Ungoverned | PathKind::Ignored);
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

/// The pull requests that were merged to one branch.
struct Merged<'a> {
    step: &'a Step<'a>,
    branch: &'a str,
    /// Those that were closed last, once they were asked for.
    recent: Option<Vec<PullRequest>>,
    /// Those that are left.
    pauses: array::IntoIter<Duration, 5>,
}

impl Merged<'_> {
    /// The pull request that the first of these commits came with, and how many more did. GitHub can take a minute to
    /// connect a pull request with its commits, while the list of those that were closed last has it at once: that tells
    /// whose merge commit the first one is, and whether one of the others is the last commit of a rebase, for which this
    /// waits.
    async fn with(&mut self, commits: &[Commit]) -> anyhow::Result<Option<(usize, PullRequest)>> {
        if let Some(found) = self.connected(commits).await? {
            return Ok(Some(found));
        }
        let Some((last, pull_request)) = self.lately(commits).await? else { return Ok(None) };
        if last == 0 {
            return Ok(Some((last, pull_request)));
        }
        loop {
            // Asked before the others: where this one is connected, they are.
            let complete = self.connects(&commits[last], &pull_request).await?;
            let found = self.connected(commits).await?;
            if complete || found.is_some() {
                return Ok(found);
            }
            let Some(pause) = self.pauses.next() else { return Ok(None) };
            tokio::time::sleep(pause).await;
        }
    }

    /// By what GitHub connects with the commits: none but the first where that is the merge commit, else, after a rebase,
    /// all up to that one. It must connect each with the pull request, or others pushed something in between; and a merge
    /// brings what is in it at once.
    async fn connected(&self, commits: &[Commit]) -> anyhow::Result<Option<(usize, PullRequest)>> {
        let Some(first) = commits.first() else { return Ok(None) };
        for pull_request in self.step.github.pull_requests_of_commit(&first.sha).await? {
            let Some(last) = self.position(&pull_request, commits) else { continue };
            // A squash is one commit: if the first is one of the branch's own, somebody pushed it before.
            let head = &pull_request.head_sha;
            let mut together = last == 0 || commits[last].sha == *head || !is_in(self.step, &first.sha, head).await?;
            for commit in commits.iter().take(last + 1).skip(1) {
                together = together && self.connects(commit, &pull_request).await?;
            }
            if together {
                return Ok(Some((last, pull_request)));
            }
        }
        Ok(None)
    }

    /// By those that were closed last: the first one whose merge commit is among these.
    async fn lately(&mut self, commits: &[Commit]) -> anyhow::Result<Option<(usize, PullRequest)>> {
        if self.recent.is_none() {
            self.recent = Some(self.step.github.recently_closed(self.branch).await?);
        }
        let recent = self.recent.iter().flatten();
        let found = recent.filter_map(|it| Some((self.position(it, commits)?, it.clone())));
        Ok(found.min_by_key(|(last, _)| *last))
    }

    async fn connects(&self, commit: &Commit, pull_request: &PullRequest) -> anyhow::Result<bool> {
        let connected = self.step.github.pull_requests_of_commit(&commit.sha).await?;
        Ok(connected.iter().any(|it| it.number == pull_request.number))
    }

    /// Where its merge commit is among these, if the first of them can have come with it.
    fn position(&self, pull_request: &PullRequest, commits: &[Commit]) -> Option<usize> {
        let merged = pull_request.merged && pull_request.base_ref == self.branch;
        let sha = pull_request.merge_commit_sha.as_deref().filter(|_| merged)?;
        commits.iter().position(|commit| commit.sha == sha).filter(|last| *last == 0 || !commits[*last].is_merge)
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
