//! GitOps of PostgreSQL schemas.
//!
//! A pure core in a thin shell. The core takes a [`pipeline::Snapshot`] (every input, read up front) and returns a
//! [`model::Outcome`]; it sees no disk, clock, environment, socket or process.
//!
//! ```text
//!                  main.rs
//!                     |
//!                    cli                    clap, wiring, exit codes                       shell
//!       workspace    git    github   postgres   one kind of I/O each, never each other     adapters
//!                  pipeline                 Snapshot -> Outcome                            composition
//!   report   review   approval   audit_log   migration      values -> text / actions / entries / SQL
//!          parse     diff     rules         -> request;  -> differences;  -> violations    engine
//!                    policy                 what the organisation demands
//!                     yaml   sql            the only files that know the YAML and the SQL grammar crates
//!                    model                  request, catalog, change, plan, violation, outcome; imports nothing of ours
//! ```
//!
//! Imports go strictly downward; siblings do not import each other. `tests/architecture.rs` enforces it.

pub mod approval;
pub mod audit_log;
pub mod cli;
pub mod diff;
pub mod git;
pub mod github;
pub mod migration;
pub mod model;
pub mod parse;
pub mod pipeline;
pub mod policy;
pub mod postgres;
pub mod report;
pub mod review;
pub mod rules;
pub mod sql;
pub mod workspace;
pub mod yaml;
