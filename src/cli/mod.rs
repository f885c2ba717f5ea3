//! The shell: command line, wiring, exit codes.

#![expect(clippy::disallowed_methods, reason = "the clock and the environment are read here, and handed down")]

mod action;
mod arguments;
mod audit;
mod check;
mod context;
mod diff;
mod doctor;
mod explain;
mod generate;
mod import;
mod init;
mod list;
pub mod log;
mod output;
mod verify;

use std::process::ExitCode;

use clap::Parser as _;

use self::{
    arguments::{Arguments, Command},
    context::Context,
};

/// How a command ended, short of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// Nothing stands in the way; also when only an approval is missing.
    Well,
    /// Violations at `error`, or a log that does not verify.
    Badly,
}

impl Ended {
    fn well_if(condition: bool) -> Self {
        if condition { Self::Well } else { Self::Badly }
    }
}

/// Runs the command line. Exit codes: 0 pass, 1 violations at `error` or a log that does not verify, 2 the tool could
/// not do its work or cannot tell.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    log_to_stderr();
    match dispatch(&arguments) {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Badly) => ExitCode::from(1),
        Err(error) => {
            output::complain(&error);
            ExitCode::from(2)
        }
    }
}

fn dispatch(arguments: &Arguments) -> anyhow::Result<Ended> {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let style = output::style(arguments.color, no_color);
    let rendering = arguments.format;
    let format = || rendering.format();
    if let Command::Explain { rule } = &arguments.command {
        return explain::run(rule.as_deref(), format()?);
    }
    let context = Context::new(&arguments.directory, style, chrono::Utc::now())?;
    match &arguments.command {
        Command::Check(check) => check::run(&context, check, rendering),
        Command::Plan(selection) => check::plan(&context, selection, rendering),
        Command::Generate(selection) => generate::run(&context, selection, format()?),
        Command::Diff(diff) => diff::run(&context, &arguments.directory, diff, rendering),
        Command::Verify(verify) => verify::run(&context, verify, format()?),
        Command::Import(import) => import::run(&context, import, format()?),
        Command::Doctor => doctor::run(&context, format()?),
        Command::Init(arguments) => init::run(&context, arguments, format()?),
        Command::List(list) => list::list(&context, list, format()?),
        Command::Show { table } => list::show(&context, table, format()?),
        Command::Explain { .. } => Ok(Ended::Well),
        Command::Audit(audit) => audit::run(&context, audit, format()?),
        Command::Action(action) => action::run(&context, action.only),
    }
}

/// A variable of the environment; one that is not UTF-8 counts as missing.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Runs a future to its end on this thread.
fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

/// Diagnostics, for whoever sets `RUST_LOG`; results never go there. What octocrab calls errors is in our own, or was
/// tried again with success.
fn log_to_stderr() {
    let directives = variable("RUST_LOG").unwrap_or_else(|| "warn,octocrab=off".to_owned());
    let filter = tracing_subscriber::EnvFilter::builder().parse_lossy(directives);
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).without_time().init();
}
