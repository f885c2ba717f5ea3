//! One request from its file to the audit log: the real binary, real git, and the in-memory GitHub.
//!
//! The transcript that the test prints is the one in the README; `UPDATE_DOCS=1 cargo test --test lifecycle` refreshes it.

#![allow(clippy::expect_used, clippy::panic, clippy::disallowed_methods, reason = "a broken set-up panics")]

#[path = "../support/mod.rs"]
mod support;

mod actors;
mod auditor;
mod comments;
mod degraded;
mod doctor;
mod events;
mod expiry;
mod faults;
mod forgeries;
mod history;
mod init;
mod landings;
mod limits;
mod merged;
mod odd_histories;
mod request;
mod settings;
mod size;
mod transcript;
mod whole;
