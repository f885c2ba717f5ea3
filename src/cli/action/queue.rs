//! A merge queue's group: what would land is judged as if it had, with every pull request ahead of it in the queue.
//!
//! The queue is read from git: for each entry there is a branch `gh-readonly-queue/<base>/pr-<number>-<commit it is on>`,
//! which others can move, too, so a success is given only to the commit that the queue's event names. Each must be covered by
//! approvals of the bytes that its own commit brings.
//! Source: <https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue>

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use anyhow::{Context as _, bail};

use super::{
    STATUS_CONTEXT, Step,
    gather::{self, Clean, Sides},
    landings::{self, Arrival},
    outputs::{self, Outputs},
    record,
    review::{is_passing, post_status, unjudged},
};
use crate::{
    audit_log::is_approved,
    cli::{Ended, context::policy_at, log::TOOL, output},
    github::Error,
    model::{Activity, CommitStatus, Outcome, PullRequest, StatusState, Verdict},
    policy::{LimitsPolicy, Policy},
    report::{
        annotations::annotations,
        escape::log_line,
        summary::{SummaryFacts, summary},
        terminal::plural,
    },
};

/// Where GitHub keeps the branches of merge queues.
const QUEUES: &str = "gh-readonly-queue/";

/// Most entries that are followed from a group down to its base.
const MAX_ENTRIES: usize = 200;

/// One entry of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Queued {
    number: u64,
    /// The commit that the entry is on: the base's tip, or that of the entry ahead.
    before: String,
    after: String,
}

/// Judges the group that the queue made `branch` for, at the commit `head`.
pub(super) async fn run(step: &Step<'_>, branch: &str, head: &str) -> anyhow::Result<Ended> {
    let Some((base, _, _)) = parse(branch) else {
        output::print(&format!("The branch {} is not one of a merge queue.\n", log_line(branch)))?;
        return Ok(Ended::Well);
    };
    let trusted = step.environment.event.trusted;
    if trusted && !step.gated()?.contains(base) {
        output::print(&format!("The branch {} is not gated, and neither is its merge queue.\n", log_line(base)))?;
        return Ok(Ended::Well);
    }
    // In this order, what lands in between leaves a chain that leads to the new tip.
    let branches = step.store.branches(&format!("{QUEUES}{base}/"))?;
    let tip = step.store.fetch_branch(base)?.with_context(|| format!("the base branch {base} is gone"))?;
    let queued = queue(&branches, branch, &tip).filter(|queued| queued.last().is_some_and(|last| last.after == head));
    let Some(queued) = queued else {
        output::print("The merge queue has moved on; the run for what it is now goes on.\n")?;
        return Ok(Ended::Well);
    };
    let policy = policy_at(step.store.git(), &tip)?;
    let group = Group::read(step, base, policy, queued)?;
    let outcome = &group.clean.outcome;
    for line in annotations(outcome.all_violations()) {
        output::print(&format!("{line}\n"))?;
    }
    let (verdict, status) = if trusted { group.settle(step).await? } else { of_rules(outcome) };
    let facts = SummaryFacts {
        verdict,
        status: &status.description,
        outcome,
        policy: &group.policy,
        approval: None,
        conflict: false,
        draft: false,
        repository_url: &step.environment.repository_url(),
        head_sha: Some(&group.head),
        digest: None,
        tool: TOOL,
    };
    outputs::summarise(step.environment, &summary(&facts).in_full)?;
    Outputs { verdict, ..Outputs::of(outcome, &group.head) }.write(step.environment)?;
    Ok(Ended::well_if(verdict != Verdict::Fail))
}

/// Judges the groups again that hold one of the pull requests `of`, or all of them, and takes the success back from those
/// that no longer deserve it: what was taken back must not land with a group that was green before. It never gives a
/// success, since anybody can push branches that look like a queue, at any commit; only the queue's own event is believed.
/// A group that cannot be judged does not stop the others. Where there is no queue, git is asked once, and nobody else.
pub(super) async fn again(step: &Step<'_>, of: Option<&[u64]>) -> anyhow::Result<()> {
    if !step.environment.event.trusted || !step.records() {
        return Ok(());
    }
    let mut bases: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for branch in step.store.branches(QUEUES)? {
        if let Some(base) = parse(&branch.0).map(|(base, _, _)| base.to_owned()) {
            bases.entry(base).or_default().push(branch);
        }
    }
    let (mut failed, mut known) = (0, BTreeMap::new());
    for (base, branches) in &bases {
        let mut judged = Vec::new();
        match held(step, base, branches, of) {
            Ok((policy, groups)) => {
                for queued in groups {
                    let head = queued.last().map(|entry| entry.after.clone());
                    let status = look(step, base, &policy, queued, &mut known).await;
                    judged.push((head.into_iter().collect(), status));
                }
            }
            Err(error) => judged.push((branches.iter().map(|(_, head)| head.clone()).collect(), Err(error))),
        }
        for (heads, status) in judged {
            for error in take_back(step, heads, status).await {
                let (base, why) = (log_line(base), log_line(&format!("{error:#}")));
                output::print(&format!("a group of the merge queue of {base} could not be judged: {why}\n"))?;
                failed += 1;
            }
        }
    }
    if failed > 0 {
        bail!("{} of merge queues could not be judged; run it again", plural(failed, "group"));
    }
    Ok(())
}

/// What the status of a group would be now: a success as well where it is none of the queue's, since the queue holds only
/// open pull requests to its base. Only its own branch says that; those ahead of it, which anybody can add to, count.
async fn look(
    step: &Step<'_>,
    base: &str,
    policy: &Policy,
    queued: Vec<Queued>,
    known: &mut BTreeMap<u64, PullRequest>,
) -> anyhow::Result<CommitStatus> {
    let Some(own) = queued.last() else { return Ok(success()) };
    let waits = match pull_request(step, own.number, known).await {
        Err(error) if matches!(error.downcast_ref(), Some(Error::NotFound(_))) => false,
        found => found.map(|own| own.open && own.base_ref == base)?,
    };
    if !waits {
        return Ok(success());
    }
    let group = Group::read(step, base, policy.clone(), queued)?;
    let arrivals = group.arrivals(step, known).await?;
    group.verdict(step, &arrivals).map(|(_, status)| status)
}

/// A pull request, read once.
async fn pull_request(
    step: &Step<'_>,
    number: u64,
    known: &mut BTreeMap<u64, PullRequest>,
) -> anyhow::Result<PullRequest> {
    match known.entry(number) {
        Entry::Occupied(known) => Ok(known.get().clone()),
        Entry::Vacant(unknown) => Ok(unknown.insert(step.github.pull_request(number).await?).clone()),
    }
}

/// Takes the success back from the heads of groups that have this status now, or of which nobody knows any more what they
/// have. Returns what failed.
async fn take_back(step: &Step<'_>, heads: Vec<String>, status: anyhow::Result<CommitStatus>) -> Vec<anyhow::Error> {
    let (instead, error) = match status {
        Ok(status) => (Some(status).filter(|status| !is_green(status)), None),
        Err(error) => ((!is_passing(&error)).then(unjudged), Some(error)),
    };
    let mut failed = Vec::from_iter(error);
    for head in &heads {
        if let Some(instead) = &instead {
            failed.extend(replace(step, head, instead).await.err());
        }
    }
    failed
}

/// Puts `instead` where there is a success.
async fn replace(step: &Step<'_>, head: &str, instead: &CommitStatus) -> anyhow::Result<()> {
    if step.github.status(head, STATUS_CONTEXT).await?.as_ref().is_some_and(is_green) {
        post_status(step, head, instead).await?;
    }
    Ok(())
}

/// Whether a queue of a gated branch has a group at the head of a pull request, other than one for itself. What landed may
/// still have its branch for a while.
pub(super) fn has(step: &Step<'_>, pull_request: &PullRequest) -> anyhow::Result<bool> {
    let PullRequest { number, head_sha, base_ref, .. } = pull_request;
    for (name, _) in step.store.branches(QUEUES)?.iter().filter(|(_, head)| head == head_sha) {
        let Some((base, of, _)) = parse(name) else { continue };
        let is_own = (base, of) == (base_ref.as_str(), *number);
        if !is_own && step.gated()?.contains(base) && step.store.fetch_branch(base)?.as_ref() != Some(head_sha) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_green(status: &CommitStatus) -> bool {
    status.state == StatusState::Success
}

/// The groups that the queue of a gated base has for one of the pull requests `of`, or all, and the base's policy.
fn held(
    step: &Step<'_>,
    base: &str,
    branches: &[(String, String)],
    of: Option<&[u64]>,
) -> anyhow::Result<(Policy, Vec<Vec<Queued>>)> {
    let nothing = (Policy::default(), Vec::new());
    // Anybody can push branches that look like a queue; nobody waits for what those of others would merge.
    if !step.gated()?.contains(base) {
        return Ok(nothing);
    }
    let Some(tip) = step.store.fetch_branch(base)? else { return Ok(nothing) };
    // A group that no longer stands on the base is about to go.
    let mut groups: Vec<_> = branches.iter().filter_map(|(branch, _)| queue(branches, branch, &tip)).collect();
    groups.retain(|queued| of.is_none_or(|of| queued.iter().any(|entry| of.contains(&entry.number))));
    if groups.is_empty() {
        return Ok(nothing);
    }
    Ok((policy_at(step.store.git(), &tip)?, groups))
}

/// What a queue would merge together.
struct Group {
    /// Full name of the base branch.
    reference: String,
    policy: Policy,
    /// Its entries, in the order in which they would land.
    queued: Vec<Queued>,
    /// The commit that the base would be at.
    head: String,
    clean: Clean,
}

impl Group {
    /// Reads it; `policy` is that of the base's tip.
    fn read(step: &Step<'_>, base: &str, policy: Policy, queued: Vec<Queued>) -> anyhow::Result<Self> {
        let commits: Vec<&str> = queued.iter().map(|entry| entry.after.as_str()).collect();
        step.store.fetch_commits(&commits)?;
        let (Some(first), Some(last)) = (queued.first(), queued.last()) else { bail!("the group holds nothing") };
        // Limits are of one pull request; the group may hold several.
        let policy = Policy { limits: LimitsPolicy::default(), ..policy };
        let (tip, head) = (&first.before, last.after.clone());
        let sides = Sides { merge_base: tip, base: tip, head: &head, merged: &head };
        let clean = gather::clean(&step.store, &policy, &sides, step.now, Activity::default())?;
        Ok(Self { reference: format!("refs/heads/{base}"), policy, queued, head, clean })
    }

    /// Judges it, and posts its status where that is another one. What is taken back while a success is on its way would
    /// leave a green status, so a success is followed by one more look at the log.
    async fn settle(&self, step: &Step<'_>) -> anyhow::Result<(Verdict, CommitStatus)> {
        let arrivals = self.arrivals(step, &mut BTreeMap::new()).await?;
        let mut judged = self.verdict(step, &arrivals)?;
        if is_green(&judged.1)
            && let Some(other) = self.other_with_head(step).await?
        {
            let description = format!("#{other} has the same commit as its head, and is judged on its own");
            judged = (Verdict::Pending, CommitStatus { state: StatusState::Pending, description });
        }
        if !step.records() || step.github.status(&self.head, STATUS_CONTEXT).await?.as_ref() == Some(&judged.1) {
            return Ok(judged);
        }
        post_status(step, &self.head, &judged.1).await?;
        if is_green(&judged.1) {
            let now = self.verdict(step, &arrivals)?;
            if now.1 != judged.1 {
                post_status(step, &self.head, &now.1).await?;
            }
            judged = now;
        }
        Ok(judged)
    }

    /// An open pull request to a gated branch that is none of the group's and has its commit as its head.
    async fn other_with_head(&self, step: &Step<'_>) -> anyhow::Result<Option<u64>> {
        let mut open = step.github.open_pull_requests(None).await?;
        let in_group = |it: &PullRequest| {
            self.reference == format!("refs/heads/{}", it.base_ref)
                && self.queued.iter().any(|entry| entry.number == it.number)
        };
        open.retain(|it| it.head_sha == self.head && !in_group(it));
        let gated = if open.is_empty() { BTreeSet::new() } else { step.gated()? };
        Ok(open.iter().find(|it| gated.contains(&it.base_ref)).map(|it| it.number))
    }

    /// What would arrive with each entry; nothing where approvals do not matter.
    async fn arrivals(&self, step: &Step<'_>, known: &mut BTreeMap<u64, PullRequest>) -> anyhow::Result<Vec<Arrival>> {
        let mut arrivals = Vec::new();
        if self.clean.untouched() || self.clean.outcome.fails() {
            return Ok(arrivals);
        }
        for Queued { number, before, after } in &self.queued {
            arrivals.push(Arrival {
                before: before.clone(),
                after: after.clone(),
                rewritten: false,
                at: step.now,
                pull_request: Some(pull_request(step, *number, known).await?),
            });
        }
        Ok(arrivals)
    }

    /// The rules on the whole, and for each entry whether approvals cover the bytes that it brings.
    fn verdict(&self, step: &Step<'_>, arrivals: &[Arrival]) -> anyhow::Result<(Verdict, CommitStatus)> {
        if arrivals.is_empty() {
            return Ok(of_rules(&self.clean.outcome));
        }
        let unapproved = record::foresee(step, &step.policy_of_log()?, |view| {
            let mut unapproved = Vec::new();
            for (entry, arrival) in self.queued.iter().zip(arrivals) {
                let in_force = policy_at(step.store.git(), &arrival.before)?;
                let landing = landings::landing(step, view, &in_force, &self.reference, arrival)?;
                if !is_approved(step.repository.id, &landing) {
                    unapproved.push(format!("#{}", entry.number));
                }
            }
            Ok((unapproved, Vec::new()))
        })?;
        if unapproved.is_empty() {
            return Ok(of_rules(&self.clean.outcome));
        }
        let description = format!("No approval covers what the queue would merge of {}", unapproved.join(", "));
        let description = description.chars().take(140).collect();
        // Nobody approves a group: it leaves the queue, and its pull requests can be approved and queued again.
        Ok((Verdict::Fail, CommitStatus { state: StatusState::Failure, description }))
    }
}

/// Base, number and commit of `gh-readonly-queue/<base>/pr-<number>-<commit>`.
fn parse(branch: &str) -> Option<(&str, u64, &str)> {
    let (base, entry) = branch.strip_prefix(QUEUES)?.rsplit_once('/')?;
    let (number, commit) = entry.strip_prefix("pr-")?.split_once('-')?;
    let hex = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some((base, number.parse().ok()?, commit)).filter(|_| hex && !base.is_empty())
}

/// The entries from the one on `tip` to the one of `branch`, in the order in which they would land; `None` where the
/// branches do not lead there, since the queue was built anew.
fn queue(branches: &[(String, String)], branch: &str, tip: &str) -> Option<Vec<Queued>> {
    let mut queued = Vec::new();
    let mut entry = branches.iter().find(|(name, _)| name == branch)?;
    loop {
        let (name, after) = entry;
        let (_, number, before) = parse(name)?;
        queued.push(Queued { number, before: before.to_owned(), after: after.clone() });
        if before == tip {
            queued.reverse();
            return Some(queued);
        }
        if queued.len() == MAX_ENTRIES {
            return None;
        }
        entry = branches.iter().find(|(_, sha)| sha == before)?;
    }
}

fn of_rules(outcome: &Outcome) -> (Verdict, CommitStatus) {
    let errors = outcome.count(crate::model::Severity::Error);
    let failure = |description: String| (Verdict::Fail, CommitStatus { state: StatusState::Failure, description });
    if outcome.fails() {
        return failure(format!("{} in what the queue would merge", plural(errors, "error")));
    }
    (Verdict::Pass, success())
}

fn success() -> CommitStatus {
    let description = "What the queue would merge has no error".to_owned();
    CommitStatus { state: StatusState::Success, description }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIP: &str = "00000000000000000000000000000000000000aa";
    const FIRST: &str = "00000000000000000000000000000000000000bb";
    const SECOND: &str = "00000000000000000000000000000000000000cc";

    #[test]
    fn the_queue_is_followed_down_to_the_base() {
        let name = |number: u64, on: &str| format!("gh-readonly-queue/release/1/pr-{number}-{on}");
        let branches = [(name(7, TIP), FIRST.to_owned()), (name(9, FIRST), SECOND.to_owned())];
        assert_eq!(parse(&name(7, TIP)), Some(("release/1", 7, TIP)));
        let entry = |number, before: &str, after: &str| Queued { number, before: before.into(), after: after.into() };
        let expected = vec![entry(7, TIP, FIRST), entry(9, FIRST, SECOND)];
        assert_eq!(queue(&branches, &name(9, FIRST), TIP), Some(expected));
        assert_eq!(queue(&branches, &name(9, FIRST), SECOND), None, "the base moved");
        assert_eq!(queue(&branches, &name(8, TIP), TIP), None, "the entry left the queue");
        let circle = [(name(7, FIRST), FIRST.to_owned())];
        assert_eq!(queue(&circle, &name(7, FIRST), TIP), None, "it ends");
    }

    #[test]
    fn other_branches_are_no_queue() {
        for branch in
            ["main", "gh-readonly-queue/main", "gh-readonly-queue/main/pr-x-00", "gh-readonly-queue/main/pr-7-zz"]
        {
            assert_eq!(parse(branch), None, "{branch}");
        }
    }
}
