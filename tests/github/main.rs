//! The GitHub adapter against the in-memory GitHub, and the in-memory GitHub itself.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test set-up that does not work may stop at once, and it starts git and reads files"
)]

#[path = "../support/mod.rs"]
mod support;

mod faults;
mod reads;
mod scene;
mod world;
mod writes;
