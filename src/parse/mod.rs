//! Text to request, request to desired state.

use crate::model::{File, Refusal, Request, Table, TableName};

/// What the reader made of one request file.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// Path in the repository.
    pub path: String,
    /// The text that spans count in: decoded, without a byte-order mark; empty when the bytes are not UTF-8.
    pub text: String,
    /// The table, from the file's content, or from its name when the content cannot be read.
    pub table: Option<TableName>,
    /// The request; `None` when the file is refused as a whole.
    pub request: Option<Request>,
    /// Everything refused, in order of place. A request with refusals is not acted upon.
    pub refusals: Vec<Refusal>,
}

/// Reads one request file. `requests_dir` is the folder of the request files. Never fails and never panics.
#[must_use]
pub fn parse_request(_path: &str, _file: &File, _requests_dir: &str) -> Parsed {
    todo!()
}

/// The desired state that a request describes: defaults filled in, names made explicit, types in PostgreSQL's own
/// spelling. A type that the grammar refuses stays as written: `unknown-type` reports it.
#[must_use]
pub fn resolve(_request: &Request) -> Table {
    todo!()
}

/// The registry id of a table: the `UUIDv5` (URL namespace) of `schema-registry:<database>/<schema>.<table>`.
#[must_use]
pub fn registry_id(_database: &str, _table: &TableName) -> uuid::Uuid {
    todo!()
}
