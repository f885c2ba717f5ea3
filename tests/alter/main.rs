//! Migrations between states of a table, on a real server, judged by `pg_dump`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests stop at once and start processes"
)]

mod alarms;
mod bench;
mod docs;
mod downs;
mod dump;
mod held;
mod pairs;
mod reader;
mod resume;
mod states;
#[path = "../support/postgres.rs"]
mod support;
mod unique;
