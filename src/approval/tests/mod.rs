//! The state machine of approvals, run after run.

mod comments;
mod labels;
mod people;
mod vetoes;
mod world;
