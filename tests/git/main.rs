//! The git adapter on real repositories.
#![expect(clippy::disallowed_methods, reason = "tests build repositories with files and git itself")]
#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod changes;
mod read;
mod remote;
mod repo;
mod seal;
mod walk;
mod write;
