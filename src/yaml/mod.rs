//! YAML: the only module that knows the YAML crates.
//!
//! [`read`] turns text into a tree in which every key, scalar, list and mapping knows its bytes. It reads the events of
//! the parser beneath serde-saphyr rather than going through serde, for three reasons: every broken key is reported and
//! not only the first, plain scalars stay verbatim (`010`, `1.10`, `no`), and no buffering of serde can lose a span.
//! [`set`] changes one value and leaves every other byte alone.

mod edit;
mod node;
mod problem;
mod read;

pub use edit::{CannotEdit, apply, set};
pub use node::{Entry, Key, Mapping, Node, Scalar, ScalarKind, Value};
pub use problem::{Problem, excerpt};
pub use read::{MAX_DEPTH, MAX_NODES, Reading, read};
