//! GitOps of PostgreSQL schemas: every table is asked for, checked, approved and remembered.

use std::process::ExitCode;

fn main() -> ExitCode {
    schema_registry::cli::run()
}
