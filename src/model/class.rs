//! How much approval a change needs.

use serde::Serialize;

/// What kind of change it is, as far as that decides how many people must approve it; harmless first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassOfChange {
    /// Comments, owners and justifications only: no row is touched and no statement can fail differently.
    Metadata,
    /// Everything that is nothing worse.
    Ordinary,
    /// An error that somebody waived.
    WaivedError,
    /// Values or rows are lost while the table stays.
    DataLoss,
    /// A table goes away.
    Drop,
    /// SQL that a request brings and the registry runs as it is written.
    RawSql,
    /// Tables that were there before the registry are taken over as they are.
    Baseline,
    /// A file that decides how changes are judged: policy, workflow, code owners, attributes.
    ControlFile,
}

impl ClassOfChange {
    /// Every class, harmless first.
    pub const ALL: [Self; 8] = [
        Self::Metadata,
        Self::Ordinary,
        Self::WaivedError,
        Self::DataLoss,
        Self::Drop,
        Self::RawSql,
        Self::Baseline,
        Self::ControlFile,
    ];

    /// Its key under `[approval.required]`.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::Ordinary => "ordinary",
            Self::WaivedError => "waived_error",
            Self::DataLoss => "data_loss",
            Self::Drop => "drop",
            Self::RawSql => "raw_sql",
            Self::Baseline => "baseline",
            Self::ControlFile => "control_file",
        }
    }
}

/// A part of a change with its class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classified {
    /// The class.
    pub class: ClassOfChange,
    /// How many approvals the policy asks for it.
    pub required: usize,
    /// What is of this class and why, one phrase: hostile text.
    pub why: String,
}
