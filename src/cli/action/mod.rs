//! `action`: one step of a workflow.

mod environment;
mod gather;
mod landings;
mod outputs;
mod record;
mod review;
mod store;
mod validate;

use chrono::{DateTime, Utc};

use self::{
    environment::{Environment, Event},
    store::Store,
};
use super::{Ended, block_on, context::Context, log};
use crate::{
    audit_log::Signer,
    github::{Github, Patience, Settings},
    model::RepositoryFacts,
};

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
    now: DateTime<Utc>,
}

/// Runs the step: does all that its event and token allow.
pub(super) fn run(context: &Context) -> anyhow::Result<Ended> {
    let environment = Environment::read(&super::variable)?;
    block_on(async {
        let github = Github::new(Settings {
            api_url: environment.api_url.clone(),
            token: environment.token.clone(),
            repository: environment.repository.clone(),
            patience: Patience::default(),
        })?;
        let repository = github.repository().await?;
        let store = Store::new(environment.remote(), environment.token.clone())?;
        let log_store = Store::new(environment.remote(), environment.token.clone())?;
        let signer = log::signer(&super::variable)?;
        let step =
            Step { environment: &environment, github, store, log_store, signer, repository, now: context.now };
        match environment.event {
            Event::Validate { number } => validate::run(&step, number).await,
            Event::Review { number } => review::run(&step, number).await,
            Event::Record => record::run(&step).await,
        }
    })
}
