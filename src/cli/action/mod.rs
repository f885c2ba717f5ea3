//! `action`: one step of a workflow.

mod environment;
mod gather;
mod outputs;
mod store;

use self::environment::{Environment, Event};
use super::{Ended, context::Context};

/// Runs the step: does all that its event and token allow.
pub(super) fn run(context: &Context) -> anyhow::Result<Ended> {
    todo!()
}
