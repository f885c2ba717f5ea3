//! The audit log's side of a step: landings and approvals are appended before anything turns green.

use anyhow::Context as _;

use super::{Step, landings::landings, merged};
use crate::{
    audit_log::{Addition, Checkpoint, State, reconcile},
    cli::{
        Ended, audit,
        log::{Append, Log, Retry, View, too_busy},
        output,
    },
    policy::Policy,
    report::terminal::plural,
};

/// Brings the log up to date with the base branches.
pub(super) async fn run(step: &Step<'_>) -> anyhow::Result<Ended> {
    let ((), checkpoint) = append(step, &step.policy_of_log()?, |_, _| Ok(((), Vec::new()))).await?;
    let entries = plural(usize::try_from(checkpoint.size).unwrap_or(usize::MAX), "entry");
    output::print(&format!("The audit log has {entries}.\n"))?;
    Ok(Ended::Well)
}

/// Appends what landed since the last entry, then what `decide` makes of the log as it is, and of the tips that are
/// recorded then. A lost race starts over: everything is read and decided again. Returns what was decided last, and the
/// checkpoint of the log that has it.
pub(super) async fn append<T>(
    step: &Step<'_>,
    policy: &Policy,
    mut decide: impl FnMut(&mut View, &State) -> anyhow::Result<(T, Vec<Addition>)>,
) -> anyhow::Result<(T, Checkpoint)> {
    let log = log(step, policy);
    let mut retry = Retry::default();
    loop {
        let mut view = view(step, policy, &log)?;
        let (mut state, landed) = landings(step, &mut view, policy).await?;
        let mut additions = reconcile(&log.origin, &state, &landed);
        for addition in &additions {
            state.apply(&log.origin.database, addition.entry()).map_err(anyhow::Error::msg)?;
        }
        let (decided, more) = decide(&mut view, &state)?;
        additions.extend(more);
        match log.append(&mut view, &additions, step.now)? {
            Append::Done(checkpoint) => {
                merged::tell(step, policy, &additions, &checkpoint).await;
                return Ok((decided, checkpoint));
            }
            Append::Lost => tokio::time::sleep(retry.lost().with_context(too_busy)?).await,
        }
    }
}

/// What `decide` makes of the log as it is, without appending anything.
pub(super) fn foresee<T>(
    step: &Step<'_>,
    policy: &Policy,
    mut decide: impl FnMut(&mut View) -> anyhow::Result<(T, Vec<Addition>)>,
) -> anyhow::Result<T> {
    let mut view = view(step, policy, &log(step, policy))?;
    decide(&mut view).map(|(decided, _)| decided)
}

fn view(step: &Step<'_>, policy: &Policy, log: &Log<'_>) -> anyhow::Result<View> {
    log.fetch()?.with_context(|| {
        format!(
            "there is no audit log on the branch {}; create it once with `schema-registry audit init --repo-id {}`",
            policy.audit.branch, step.repository.id
        )
    })
}

fn log<'a>(step: &'a Step<'_>, policy: &'a Policy) -> Log<'a> {
    Log {
        git: step.log_store.git(),
        remote: step.store.remote(),
        token: step.store.token(),
        branch: &policy.audit.branch,
        origin: audit::origin(step.repository.id, policy),
        keys: &policy.audit.keys,
        signer: step.signer.as_ref(),
    }
}
