//! git, through its command line.
//!
//! Blobs come from the object database and never pass a filter; hooks never run; nothing is asked on a terminal; the
//! work tree and the index are not touched. Everything is synchronous: a command takes a few milliseconds.

mod batch;
mod changes;
mod command;
mod commit;
mod diff;
mod error;
mod files;
mod history;
mod kept;
mod lineage;
mod path;
mod remote;
mod tree;

pub use batch::BlobReader;
pub use changes::Changes;
pub use command::Git;
pub use commit::{Identity, NewCommit};
pub use diff::Merge;
pub use error::Error;
pub use files::{CommitFiles, TakeFile};
pub use history::{Commit, Parents, Person};
pub use lineage::Lineage;
pub use remote::{Fetch, Pushed};
