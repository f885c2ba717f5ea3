//! What stops an append or a lookup.

use crate::model::MAX_ENTRY_BYTES;

use super::ReadError;

/// Why the log cannot be read or appended to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read.
    #[error("`{path}` of the audit log cannot be read")]
    Read {
        /// Path in the log's branch.
        path: String,
        /// Why.
        #[source]
        source: ReadError,
    },
    /// There is no log on the branch.
    #[error("the branch holds no audit log; create it once with `schema-registry audit init`")]
    NotInitialised,
    /// The log belongs to another repository or database.
    #[error("the audit log is that of `{found}`, not of `{expected}`; check the repository id and `[audit] branch`")]
    Foreign {
        /// Origin of its checkpoint.
        found: String,
        /// Origin that it should have.
        expected: String,
    },
    /// Its files contradict each other.
    #[error("`{path}` of the audit log is damaged: {what}; `schema-registry audit verify` tells more")]
    Damaged {
        /// Path in the log's branch.
        path: String,
        /// What is wrong.
        what: String,
    },
    /// Nobody whom the policy knows vouches for it.
    #[error("the audit log {what}; nothing is appended to it. `schema-registry audit verify` tells more")]
    Untrusted {
        /// What is wrong with its signature.
        what: String,
    },
    /// An entry does not fit.
    #[error("the audit entry `{id}` has {bytes} bytes, a log entry holds at most {MAX_ENTRY_BYTES}; shorten its texts")]
    TooLong {
        /// Id of the entry.
        id: String,
        /// Length of its line.
        bytes: usize,
    },
    /// A landing that does not follow what is recorded: another writer was faster, reconcile again.
    #[error("the audit entry `{id}` does not follow the recorded history: {what}; reconcile again")]
    Stale {
        /// Id of the entry.
        id: String,
        /// What is recorded.
        what: String,
    },
}

impl Error {
    pub(super) fn damaged(path: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.into(), what: what.into() }
    }
}
