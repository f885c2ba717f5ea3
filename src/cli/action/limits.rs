//! Reads what else the author of a pull request asks for. Nothing is asked where the policy sets no such limit.

use chrono::TimeDelta;

use super::Step;
use crate::{
    model::{Activity, PullRequest},
    policy::{LimitsPolicy, PathKind, Policy},
};

/// What else the author asks for; `base` is the tip of the base branch. Whoever has no account any more has no limit: the
/// pull request of nobody is one that nobody can open again.
pub(super) async fn activity(
    step: &Step<'_>,
    policy: &Policy,
    pull_request: &PullRequest,
    base: &str,
) -> anyhow::Result<Activity> {
    let LimitsPolicy { open_requests, requests_per_day, .. } = policy.limits;
    let Some(author) = &pull_request.author else { return Ok(Activity::default()) };
    let mut activity = Activity { login: author.actor.login.clone(), ..Activity::default() };
    if let Some(most) = open_requests {
        let open = step.github.open_pull_requests(None).await?;
        activity.open = older(step, policy, (pull_request, base), open, most).await?;
    }
    if let Some(most) = requests_per_day {
        let day_ago = step.now - TimeDelta::days(1);
        let recent = step.github.pull_requests_since(day_ago).await?;
        activity.recent = older(step, policy, (pull_request, base), recent, most).await?;
    }
    Ok(activity)
}

/// Numbers of the first `most` of `others` that are older, by the same author, and ask for tables.
async fn older(
    step: &Step<'_>,
    policy: &Policy,
    (pull_request, base): (&PullRequest, &str),
    mut others: Vec<PullRequest>,
    most: usize,
) -> anyhow::Result<Vec<u64>> {
    let author = |of: &PullRequest| of.author.as_ref().map(|account| account.actor.id);
    others.retain(|other| other.number < pull_request.number && author(other) == author(pull_request));
    others.sort_by_key(|other| other.number);
    let mut asking = Vec::new();
    for other in others {
        if asking.len() == most {
            break;
        }
        let merge_base = step.github.merge_base(base, &other.head_sha).await?;
        step.store.fetch_commits(&[&other.head_sha, &merge_base])?;
        let changed = step.store.git().changed_paths(&merge_base, &other.head_sha)?;
        let kinds: Vec<PathKind> = changed.iter().map(|path| policy.classify(path)).collect();
        if kinds.contains(&PathKind::Request) && !kinds.contains(&PathKind::Baseline) {
            asking.push(other.number);
        }
    }
    Ok(asking)
}
