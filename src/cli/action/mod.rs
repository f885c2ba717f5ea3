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

    /// Whether pull requests to a branch, whose policy this is, are judged: it is the default branch, or its policy or that
    /// of the default branch names it.
    fn gates(&self, branch: &str, policy: &Policy) -> anyhow::Result<bool> {
        let default = &self.repository.default_branch;
        let names = |policy: &Policy| policy.gate_branches.iter().any(|gated| gated == branch);
        if branch == default || names(policy) {
            return Ok(true);
        }
        let tip = self.store.fetch_branch(default)?;
        Ok(tip.map(|tip| policy_at(self.store.git(), &tip)).transpose()?.is_some_and(|policy| names(&policy)))
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
        match subject {
            Subject::MergeGroup { branch } => queue::run(&step, branch).await,
            Subject::Branch { name, before } => sweep::branch(&step, name, before).await,
            Subject::Everything => sweep::everything(&step).await,
            _ => each(&step, pull_requests).await,
        }
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
