//! The command line, driven as a person would: the real binary in real repositories.

mod check;
mod generate;
mod project;
mod shell;
