//! `action`: one step of a workflow. The event says what to look at; everything else is read again.

mod affected;
mod approvals;
mod environment;
mod event;
mod gather;
mod landings;
mod limits;
mod merged;
mod outputs;
mod people;
mod queue;
mod record;
mod review;
mod store;
mod sweep;
mod validate;

use std::collections::BTreeSet;

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use self::{environment::Environment, event::Subject, store::Store};
use super::{
    Ended,
    arguments::Only,
    block_on,
    context::{Context, policy_at},
    log, output,
};
use crate::{
    audit_log::Signer,
    github::{Github, Settings},
    model::{PullRequest, RepositoryFacts},
    policy::Policy,
};

/// Context of the commit status.
const STATUS_CONTEXT: &str = "schema-registry";

/// What everything that a step does needs.
struct Step<'a> {
    environment: &'a Environment,
    github: Github,
    store: Store,
    /// Where the parts of the audit log go that are read.
    log_store: Store,
    /// Signs the audit log, where the step has the key.
    signer: Option<Signer>,
    repository: RepositoryFacts,
    only: Option<Only>,
    /// When the step began, by GitHub's clock.
    now: DateTime<Utc>,
}

impl Step<'_> {
    /// Whether comments and labels are this step's.
    fn comments(&self) -> bool {
        self.only != Some(Only::Record)
    }

    /// Whether the audit log and the status are this step's.
    fn records(&self) -> bool {
        self.only != Some(Only::Review)
    }

    /// The branches whose pull requests are judged: the default branch, and those that its policy names. No other branch
    /// has a say in that, since a status is of a commit: who may push a branch could have any commit judged by a policy
    /// of their own.
    fn gated(&self) -> anyhow::Result<BTreeSet<String>> {
        let default = &self.repository.default_branch;
        let named = match self.store.fetch_branch(default)? {
            Some(tip) => landings::in_force(self, &tip, None)?.gate_branches,
            None => Vec::new(),
        };
        Ok(named.into_iter().chain([default.clone()]).collect())
    }

    /// The policy that says where the audit log is and what is recorded: that of the default branch.
    fn policy_of_log(&self) -> anyhow::Result<Policy> {
        let branch = &self.repository.default_branch;
        let tip = self.store.fetch_branch(branch)?;
        policy_at(self.store.git(), &tip.with_context(|| format!("the default branch {branch} has no commit"))?)
    }
}

/// Runs the step: does all that its event and token allow, or one part of it.
pub(super) fn run(context: &Context, only: Option<Only>) -> anyhow::Result<Ended> {
    let environment = Environment::read(&super::variable)?;
    block_on(async {
        let github = Github::new(Settings {
            api_url: environment.api_url.clone(),
            token: environment.token.clone(),
            repository: environment.repository.clone(),
            patience: environment.patience,
        })?;
        let subject = &environment.event.subject;
        // A pull request brings the facts of its repository along.
        let pull_requests = match subject {
            Subject::PullRequest(number) => vec![github.pull_request(*number).await?],
            Subject::Head { owner, branch } => github.open_pull_requests_from(owner, branch).await?,
            _ => Vec::new(),
        };
        let repository = match (subject, pull_requests.first()) {
            (Subject::Nothing(why), _) => return nothing(why),
            (Subject::Head { .. }, None) => return nothing("No open pull request has the branch."),
            (_, Some(pull_request)) => pull_request.repository.clone(),
            (_, None) => github.repository().await?,
        };
        let store = Store::new(environment.remote(), environment.token.clone())?;
        let log_store = Store::new(environment.remote(), environment.token.clone())?;
        let signer = log::signer(&super::variable)?;
        let now = github.clock().unwrap_or(context.now);
        let step = Step { environment: &environment, github, store, log_store, signer, repository, only, now };
        let (ended, of) = match subject {
            Subject::MergeGroup { branch, head_sha } => return queue::run(&step, branch, head_sha).await,
            Subject::Branch { name, before } => (Box::pin(sweep::branch(&step, name, before)).await, None),
            Subject::Everything => (Box::pin(sweep::everything(&step)).await, None),
            _ => {
                let numbers: Vec<u64> = pull_requests.iter().map(|pull_request| pull_request.number).collect();
                (Box::pin(each(&step, pull_requests)).await, Some(numbers))
            }
        };
        let again = Box::pin(queue::again(&step, of.as_deref())).await;
        ended.and_then(|ended| again.map(|()| ended))
    })
}

fn nothing(why: &str) -> anyhow::Result<Ended> {
    output::print(&format!("{why}\n"))?;
    Ok(Ended::Well)
}

/// The pull requests that the event is about, mostly one.
async fn each(step: &Step<'_>, pull_requests: Vec<PullRequest>) -> anyhow::Result<Ended> {
    let mut well = true;
    for pull_request in pull_requests {
        let ended = if step.environment.event.trusted {
            review::run(step, pull_request).await?
        } else {
            validate::run(step, pull_request).await?
        };
        well &= ended == Ended::Well;
    }
    Ok(Ended::well_if(well))
}
