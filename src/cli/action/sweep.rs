//! Many pull requests: those whose verdict a push to their base may have changed, and, once an hour, all.

use anyhow::bail;

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
        let affected = match policy_at(step.store.git(), &tip) {
            Ok(policy) => {
                let push = Push::read(&step.store, &policy, before, &tip)?;
                if push.is_quiet()? { Vec::new() } else { push.affected(open.await?)? }
            }
            // None of them can be judged, and none stays green.
            Err(_) => open.await?,
        };
        judge_again(step, affected, true).await?;
    }
    recorded.map(|()| Ended::Well)
}

/// Records what landed anywhere, and judges every open pull request to a gated branch again: time alone changes
/// verdicts, and runs get lost.
pub(super) async fn everything(step: &Step<'_>) -> anyhow::Result<Ended> {
    let recorded = if step.records() { record::run(step).await.map(drop) } else { Ok(()) };
    let (open, gated) = (step.open_pull_requests().await?, step.gated()?);
    let open = open.iter().filter(|pull_request| gated.contains(&pull_request.base_ref)).cloned().collect();
    judge_again(step, open, false).await?;
    recorded.map(|()| Ended::Well)
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
