//! The GitHub adapter against the in-memory GitHub, and the in-memory GitHub itself.

#[path = "../support/mod.rs"]
mod support;

mod world;
