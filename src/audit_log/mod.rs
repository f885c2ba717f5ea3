//! The audit log: entries, Merkle tree, appending, reconciling, verifying. Values in, values out.
//!
//! A transparency log of RFC 6962 in the tiles of C2SP, as files of a git branch. Nothing here reads a repository: the
//! shell gives a reader of the branch's files and commits the files that [`append`] returns.
//!
//! The hashes are those of tlog-tiles; where they are in the branch is this log's own, so that the tree of a commit, and
//! with it the cost of a push, does not grow with the log: see `layout.rs`. A client reads the branch at one commit, where
//! checkpoint and tiles agree, and git keeps the earlier ones.
//! Sources: <https://c2sp.org/tlog-tiles>, <https://c2sp.org/tlog-checkpoint>, <https://www.rfc-editor.org/rfc/rfc6962#section-2.1>

mod append;
mod checkpoint;
mod entry;
mod error;
mod landing;
mod layout;
mod note;
mod proof;
mod pulls;
mod query;
mod reconcile;
mod search;
mod state;
mod tail;
mod tiles;
mod tree;
mod verify;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tampering;
#[cfg(test)]
mod tests;

pub use append::{Appended, Files, Initialisation, append, initialise, paths_to_append, paths_to_seal, sign};
pub use checkpoint::{Checkpoint, Origin};
pub use entry::{Addition, OVERFLOW_HEADER, leaf_hash, line, parse};
pub use error::Error;
pub use landing::{LANDING_HEADER, LandingId, approved_files, approved_under, landed_files, landed_lines};
pub use note::{Note, Signed, Signer};
pub use proof::{Proven, check_proof, prove, prove_growth, root_at};
pub use query::{
    Entries, Recorded, entries_of, find, is_vetoed, paths_of, paths_to_find, read_blob, read_checkpoint, read_state,
    standing_approvals, vouched,
};
pub use reconcile::{Landing, MergedPullRequest, RecordedApproval, covers, is_approved, reconcile};
pub use search::{Search, with_overflow};
pub use state::{Branch, State, key_id};
pub use tlog_tiles::Hash;
pub use verify::{Earlier, LogFiles, Pinned, Place, Problem, Report, TakeEntry, TakeFile, verify};

/// What a reader of files failed with.
pub type ReadError = Box<dyn std::error::Error + Send + Sync>;

/// Reads a file of the log's branch; `None` where there is none. `a.trees/007/b` is the file `b` of the git tree whose id
/// is the eighth line of the file `a.trees`, and what is read of a folder, `a/`, is its id and an LF: such a line.
pub type Read<'a> = dyn FnMut(&str) -> Result<Option<Vec<u8>>, ReadError> + 'a;
