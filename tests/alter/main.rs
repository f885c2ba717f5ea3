//! Migrations between states of a table, on a real server, judged by `pg_dump`.

#![expect(clippy::expect_used, clippy::disallowed_methods, reason = "tests stop at once and start processes")]

mod dump;
mod pairs;
mod states;
#[path = "../support/postgres.rs"]
mod support;
