//! Many pull requests: those whose verdict a push to their base may have changed, and, once an hour, all.

use anyhow::bail;
use chrono::{DateTime, Utc};

use super::{Step, affected::Push, gather::Clean, record, review};
use crate::{
    cli::{Ended, context::policy_at, output},
    github::Error,
    model::PullRequest,
    report::{escape::log_line, terminal::plural},
};

/// Records what landed on the branch `name`, and judges the open pull requests to it again whose verdict that may have
/// changed. `before` is the payload's word for what the tip was; where that commit cannot be had, the push counts as one
/// that touched everything.
pub(super) async fn branch(step: &Step<'_>, name: &str, before: &str) -> anyhow::Result<Ended> {
    let recorded = if step.records() { record::run(step).await.map(drop) } else { Ok(()) };
    let Some(tip) = step.store.fetch_branch(name)? else { return recorded.map(|()| Ended::Well) };
    if step.gated()?.contains(name) {
        let open = step.github.open_pull_requests(Some(name));
        match policy_at(step.store.git(), &tip) {
            Ok(policy) if !broken(step, before) => {
                let push = Push::read(&step.store, &policy, before, &tip)?;
                let affected = if push.is_quiet()? { Vec::new() } else { push.affected(open.await?)? };
                judge_again(step, affected, true).await?;
            }
            // None of them can be judged, and none stays green; or all of them can be again.
            _ => judge_again(step, open.await?, false).await?,
        }
    }
    recorded.map(|()| Ended::Well)
}

/// Whether the policy of a commit is here and cannot be read.
fn broken(step: &Step<'_>, commit: &str) -> bool {
    step.store.fetch_commits(&[commit]).is_ok() && policy_at(step.store.git(), commit).is_err()
}

/// Records what landed anywhere, and judges every open pull request to a gated branch again: time alone changes
/// verdicts, and runs get lost.
pub(super) async fn everything(step: &Step<'_>) -> anyhow::Result<Ended> {
    let recorded = if step.records() { record::run(step).await.map(drop) } else { Ok(()) };
    let (open, gated) = (step.github.open_pull_requests(None).await?, step.gated()?);
    let mut open: Vec<_> = open.into_iter().filter(|it| gated.contains(&it.base_ref)).collect();
    let first = first_of(open.len(), step.now);
    open.rotate_left(first);
    judge_again(step, open, false).await?;
    recorded.map(|()| Ended::Well)
}

/// Which of `count` comes first in this hour, so that a rate limit does not leave out the same ones each time. Multiples of
/// the golden ratio, without their whole part, lie evenly over an hour, a day and a week.
/// Source: <https://en.wikipedia.org/wiki/Low-discrepancy_sequence#Additive_recurrence>
fn first_of(count: usize, now: DateTime<Utc>) -> usize {
    const GOLDEN: u32 = 2_654_435_769;
    let hour = u32::try_from(now.timestamp().div_euclid(3_600)).unwrap_or_default();
    let share = u64::from(hour.wrapping_mul(GOLDEN));
    usize::try_from((share * count as u64) >> 32).unwrap_or_default()
}

/// Reviews one after the other. What fails for one does not stop the others, but a rate limit does: the next run of the
/// schedule goes on. With `governing_only`, one that turns out to change no governed file is left as it is.
async fn judge_again(step: &Step<'_>, pull_requests: Vec<PullRequest>, governing_only: bool) -> anyhow::Result<()> {
    let total = pull_requests.len();
    let mut failed = 0;
    for (done, pull_request) in pull_requests.into_iter().enumerate() {
        let number = pull_request.number;
        let Err(error) = one(step, pull_request, governing_only).await else { continue };
        output::print(&format!("#{number} could not be judged: {}\n", log_line(&format!("{error:#}"))))?;
        if matches!(error.downcast_ref::<Error>(), Some(Error::RateLimited { .. })) {
            bail!("the rate limit is used up after {done} of {}; the next run goes on", plural(total, "pull request"));
        }
        failed += 1;
    }
    if failed > 0 {
        bail!("{failed} of {} could not be judged; run it again", plural(total, "pull request"));
    }
    Ok(())
}

async fn one(step: &Step<'_>, pull_request: PullRequest, governing_only: bool) -> anyhow::Result<()> {
    let judged = review::judge(step, pull_request).await?;
    if governing_only && judged.clean().is_some_and(Clean::untouched) {
        return Ok(());
    }
    if let Some(gate) = review::perform(step, &judged).await? {
        gate.ended()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_among_the_first_within_a_day() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).expect("it is a time");
        let mut first: Vec<usize> = (0..24).map(|hour| first_of(500, start + chrono::TimeDelta::hours(hour))).collect();
        first.sort_unstable();
        let around = first[0] + 500;
        let gaps = first.iter().zip(first[1..].iter().chain([&around])).map(|(one, next)| next - one);
        // 24 of 500 evenly would be 21 each.
        assert!(gaps.clone().max() < Some(40), "{first:?}");
        assert_eq!(first_of(0, start), 0);
    }
}
