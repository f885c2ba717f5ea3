//! What can go wrong between us and PostgreSQL.

use std::{error::Error, fmt};

/// A PostgreSQL that cannot be found, started, reached, or that refuses a statement.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// No server is installed where one is looked for.
    #[error(
        "no PostgreSQL server was found: looked for `initdb` and `postgres` in {}; install one (Debian, Ubuntu: \
         `apt-get install postgresql`) or set PG_BIN to the folder of its programs",
        looked.join(", ")
    )]
    NoBinaries {
        /// Where, in order.
        looked: Vec<String>,
    },
    /// A temporary cluster that does not come up.
    #[error("the temporary PostgreSQL did not start: {reason}{}", quoted(log))]
    Start {
        /// Why.
        reason: String,
        /// Last lines of its log; may be empty.
        log: String,
    },
    /// A connection string that cannot be read. The string itself is not repeated: it may hold a password.
    #[error("the database URL cannot be read: {0}; write it as postgresql://user@host:port/database")]
    Url(String),
    /// A server that cannot be reached, or that went away.
    #[error("PostgreSQL at {server}: {reason}")]
    Connection {
        /// Host, port and database.
        server: String,
        /// Why.
        reason: String,
    },
    /// A catalog that does not read as expected.
    #[error("the catalog of the database cannot be read: {0}")]
    Catalog(String),
    /// A dump that cannot be loaded as it is.
    #[error("{0}")]
    Dump(String),
    /// A prelude that the server refused.
    #[error(
        "{path}, {error}\nThe prelude runs first, in an empty database, as a role that owns it and is no superuser."
    )]
    Prelude {
        /// Path of the file.
        path: String,
        /// What the server says.
        error: Box<StatementError>,
    },
    /// A verification that was told to stop.
    #[error("interrupted; nothing is left behind")]
    Stopped,
    /// A statement that the server refused.
    #[error("{0}")]
    Statement(Box<StatementError>),
}

/// A statement that the server refused, and where it stands.
/// Source: <https://www.postgresql.org/docs/current/protocol-error-fields.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementError {
    /// Line of the script, from 1: of the token that the server points at, else of the statement's first.
    pub line: usize,
    /// `ERROR`, `FATAL` or `PANIC`.
    pub severity: String,
    /// SQLSTATE, five characters.
    pub code: String,
    /// Primary message.
    pub message: String,
    /// Second message.
    pub detail: Option<String>,
    /// What the server suggests.
    pub hint: Option<String>,
    /// Call stack inside the server: which line of which function.
    pub context: Option<String>,
    /// The constraint or unique index that a row violates.
    pub constraint: Option<String>,
}

impl fmt::Display for StatementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {} {}: {}", self.line, self.severity, self.code, self.message)?;
        for (label, text) in [("detail", &self.detail), ("hint", &self.hint), ("context", &self.context)] {
            if let Some(text) = text {
                write!(f, "\n{label}: {text}")?;
            }
        }
        Ok(())
    }
}

/// The error and everything that caused it, in one line.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

fn quoted(log: &str) -> String {
    log.lines().fold(String::new(), |text, line| text + "\n  | " + line)
}
