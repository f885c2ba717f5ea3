//! Many pull requests: those whose verdict a push to their base may have changed, and, once an hour, all.

use std::collections::BTreeMap;

use anyhow::bail;

use super::{
    Step,
    affected::Push,
    gather::{self, Clean},
    landings::in_force,
    record, review,
};
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
    let policy = policy_at(step.store.git(), &tip)?;
    if step.gates(name, &policy)? {
        let push = Push::read(&step.store, &policy, before, &tip)?;
        if !push.is_quiet()? {
            let open = step.github.open_pull_requests(Some(name)).await?;
            judge_again(step, push.affected(open)?, true).await?.ended()?;
        }
    }
    recorded.map(|()| Ended::Well)
}

/// Records what landed anywhere, and judges every open pull request to a gated branch again: time alone changes
/// verdicts, and runs get lost.
pub(super) async fn everything(step: &Step<'_>) -> anyhow::Result<Ended> {
    let recorded = if step.records() { record::run(step).await.map(drop) } else { Ok(()) };
    let open = step.github.open_pull_requests(None).await?;
    let mut of_base: BTreeMap<String, Vec<PullRequest>> = BTreeMap::new();
    for pull_request in open {
        of_base.entry(pull_request.base_ref.clone()).or_default().push(pull_request);
    }
    let (mut judged, mut broken) = (Vec::new(), Vec::new());
    for (base, open) in of_base {
        let Some(tip) = step.store.fetch_branch(&base)? else { continue };
        match policy_at(step.store.git(), &tip) {
            Ok(policy) if step.gates(&base, &policy)? => judged.extend(open),
            Ok(_) => {}
            Err(_) => broken.push((base, tip, open)),
        }
    }
    let mut count = judge_again(step, judged, false).await?;
    // Anybody can push such a branch, and make the way back to a policy long: it holds up no other.
    for (base, tip, open) in broken {
        match in_force(step, &tip, None).and_then(|policy| step.gates(&base, &policy)) {
            // Judging them fails, and says where the policy is wrong.
            Ok(true) => count += judge_again(step, open, false).await?,
            Ok(false) => {}
            Err(error) => {
                let why = log_line(&format!("{error:#}"));
                output::print(&format!("the pull requests to {} could not be judged: {why}\n", log_line(&base)))?;
                count += Count { failed: open.len(), total: open.len() };
            }
        }
    }
    count.ended()?;
    recorded.map(|()| Ended::Well)
}

/// How many pull requests there were to judge.
#[derive(Clone, Copy)]
struct Count {
    failed: usize,
    total: usize,
}

impl Count {
    fn ended(self) -> anyhow::Result<()> {
        let Self { failed, total } = self;
        if failed > 0 {
            bail!("{failed} of {} could not be judged; run it again", plural(total, "pull request"));
        }
        Ok(())
    }
}

impl std::ops::AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.failed += other.failed;
        self.total += other.total;
    }
}

/// Reviews one after the other. What fails for one does not stop the others, but a rate limit does: the next run of the
/// schedule goes on. With `governing_only`, one that turns out to change no governed file is left as it is.
async fn judge_again(step: &Step<'_>, pull_requests: Vec<PullRequest>, governing_only: bool) -> anyhow::Result<Count> {
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
    Ok(Count { failed, total })
}

async fn one(step: &Step<'_>, pull_request: PullRequest, governing_only: bool) -> anyhow::Result<()> {
    let judged = gather::judge(step, pull_request).await?;
    if governing_only && judged.clean().is_some_and(Clean::untouched) {
        return Ok(());
    }
    if let Some(gate) = review::perform(step, &judged).await? {
        gate.ended()?;
    }
    Ok(())
}
