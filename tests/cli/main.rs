//! The command line, driven as a person would: the real binary in real repositories.

#![allow(clippy::expect_used, clippy::disallowed_methods, reason = "a broken set-up panics")]

mod audit;
mod check;
mod diff;
mod formats;
mod generate;
mod init;
mod project;
mod repository;
mod shell;
mod sql_requests;
mod verify;
