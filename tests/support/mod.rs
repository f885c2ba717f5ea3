//! Shared parts of the integration tests.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::must_use_candidate,
    clippy::missing_panics_doc,
    reason = "every test target compiles all of it and uses a part; a broken test set-up panics"
)]

pub mod github;
