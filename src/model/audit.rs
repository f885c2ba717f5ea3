//! Entries of the audit log.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Actor, Digest};

/// Version of the entry format.
pub const ENTRY_VERSION: u32 = 1;

/// Longest line of an entry, in bytes, without its LF: what a tlog entry bundle can hold.
/// Source: <https://c2sp.org/tlog-tiles>
pub const MAX_ENTRY_BYTES: usize = 65_535;

/// What an entry records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// The log was created; the first entry.
    Initialised,
    /// An authorised person approved a digest.
    Approved,
    /// Approvals of a digest were taken back: by a person, or because their giver may approve no longer.
    Revoked,
    /// A push changed the digest under its approvals.
    Voided,
    /// Somebody rejected the pull request.
    Vetoed,
    /// Somebody entitled lifted the rejections.
    VetoLifted,
    /// A pull request landed with the approvals that it needed.
    Merged,
    /// A pull request landed without them, or with other bytes than the approved ones.
    MergedUnapproved,
    /// Commits landed that no pull request accounts for.
    DirectPush,
    /// The base branch no longer contains what was recorded as its tip.
    HistoryRewritten,
    /// Checkpoints are signed with another key from here on; the id is `key:<public key>`.
    KeyRotated,
}

impl EntryKind {
    /// Whether it records that commits arrived on a base branch.
    #[must_use]
    pub fn is_landing(self) -> bool {
        matches!(self, Self::Merged | Self::MergedUnapproved | Self::DirectPush | Self::HistoryRewritten)
    }

    /// The word that its JSON has.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Initialised => "initialised",
            Self::Approved => "approved",
            Self::Revoked => "revoked",
            Self::Voided => "voided",
            Self::Vetoed => "vetoed",
            Self::VetoLifted => "veto-lifted",
            Self::Merged => "merged",
            Self::MergedUnapproved => "merged-unapproved",
            Self::DirectPush => "direct-push",
            Self::HistoryRewritten => "history-rewritten",
            Self::KeyRotated => "key-rotated",
        }
    }
}

/// One entry: one line of JSON, fields in this order, never re-serialised once it is in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// [`ENTRY_VERSION`].
    pub version: u32,
    /// Id of the event: GitHub's node id, or `landing:<database>:<ref>:<before>:<after>`.
    pub id: String,
    /// What it records.
    pub kind: EntryKind,
    /// Numeric id of the repository.
    pub repo: u64,
    /// When the event happened, to the second.
    pub at: DateTime<Utc>,
    /// Who caused it, where known.
    pub actor: Option<Actor>,
    /// Number of the pull request.
    pub pr: Option<u64>,
    /// Approval digest that the event is about.
    pub digest: Option<Digest>,
    /// Digest of the control files that were in force.
    pub policy: Option<Digest>,
    /// `schema-registry <version>`.
    pub tool: String,
    /// Commit before: the recorded tip of the base branch.
    pub before: Option<String>,
    /// Commit after: the landed commit, or the head that was approved.
    pub after: Option<String>,
    /// Ids of the `approved` entries that count, or are taken back; of `veto-lifted`, of the `vetoed` entries it lifts.
    pub approvals: Vec<String>,
    /// Violations known at the time, errors and warnings.
    pub violations: Vec<EntryViolation>,
    /// Digests of the blobs that belong to it, sorted.
    pub blobs: Vec<Digest>,
    /// Per table, what the seed's audit row has.
    pub tables: Vec<EntryTable>,
    /// Which blob holds the violations and tables, where the line could not: both are empty then. A file that landed is
    /// a blob, too, and its author chooses what it looks like, so the entry says which one it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overflow: Option<Digest>,
}

/// A violation in an [`Entry`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EntryViolation {
    /// Rule id.
    pub rule: String,
    /// `error` or `warning`.
    pub severity: super::Severity,
    /// File.
    pub path: String,
    /// Field.
    pub route: String,
    /// Whether a waiver covers it.
    pub waived: bool,
}

/// A table in an [`Entry`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EntryTable {
    /// `schema.name`.
    pub table_name: String,
    /// Registry id.
    pub registry_id: Option<uuid::Uuid>,
    /// `create`, `alter`, `drop`, `rename`, `run`, `import` or `none`.
    pub action: String,
    /// `requested`, `approved` or `migrated`.
    pub status: String,
    /// Login of who did it.
    pub performed_by: Option<String>,
    /// As claimed.
    pub requested_by: Option<String>,
    /// As claimed.
    pub justification: Option<String>,
    /// As claimed.
    pub related_issue: Option<String>,
    /// Digests of the up files, in order.
    pub sql: Vec<Digest>,
    /// Whether what the entry records succeeded.
    pub success: bool,
}
