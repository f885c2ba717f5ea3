//! The state machine of approvals, run after run.

mod comments;
mod entries;
mod labels;
mod moments;
mod owners;
mod people;
mod vetoes;
mod world;
