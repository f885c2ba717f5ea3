//! What rules report.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Position, Route, Span};

/// How much a violation matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Blocks the merge.
    Error,
    /// Worth fixing; does not block.
    Warning,
    /// Good to know.
    Notice,
}

impl Severity {
    /// `error`, `warning` or `notice`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a violation is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// Path in the repository.
    pub file: String,
    /// Field of the document; the root where the file as a whole is meant.
    pub route: Route,
    /// Bytes of the text.
    pub span: Span,
    /// Line and column of the first byte.
    pub start: Position,
    /// Line and column one past the last byte.
    pub end: Position,
}

/// A replacement of bytes in the file of the violation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

/// What the edits of a fix make of the lines that they touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// First line, from 1.
    pub first: usize,
    /// Last line.
    pub last: usize,
    /// What stands there afterwards, each line with its LF; empty deletes the lines.
    pub text: String,
    /// Whether replacing these lines as a whole gives exactly the bytes that the edits give, so that GitHub may do it.
    pub exact: bool,
}

/// A waiver that covers a violation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waived {
    /// Why, as written: hostile text.
    pub reason: String,
    /// First day on which it no longer holds.
    pub expires: NaiveDate,
}

/// What a rule reports; the reader's refusals included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Id of the rule, kebab-case.
    pub rule: &'static str,
    /// After the policy has spoken.
    pub severity: Severity,
    /// What is wrong, one sentence without a full stop; holds names from the request: hostile text.
    pub message: String,
    /// What to do about it, imperative.
    pub suggestion: Option<String>,
    /// Where.
    pub location: Location,
    /// The edits that fix it, all in its file, where that is mechanical; empty otherwise.
    pub fix: Vec<Edit>,
    /// The waiver that covers it.
    pub waived: Option<Waived>,
}

impl Violation {
    /// Whether it blocks: an error that no waiver covers.
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.severity == Severity::Error && self.waived.is_none()
    }
}

/// Something that the reader refuses in a request file; the rule `invalid-request` reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The field, or the root.
    pub route: Route,
    /// Bytes of the text, without its byte-order mark.
    pub span: Span,
    /// What is wrong, one sentence without a full stop: hostile text.
    pub message: String,
    /// What to do about it, imperative.
    pub suggestion: Option<String>,
    /// The edits that fix it, where that is mechanical.
    pub fix: Vec<Edit>,
}

/// Something that a request asks for and that cannot be carried out yet; the rule `unsupported-change` reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    /// The field, or the root.
    pub route: Route,
    /// What is asked for: hostile text.
    pub message: String,
    /// The way out, imperative.
    pub suggestion: String,
}
