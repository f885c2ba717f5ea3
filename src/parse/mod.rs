//! Text to request, request to desired state.

mod bytes;
mod column;
mod consistency;
mod constraint;
mod declarations;
mod file_name;
mod identifier;
mod index;
mod labels;
mod metadata;
mod object_name;
mod reader;
mod request;
mod resolve;
mod sql_request;
mod stamp;
mod suggest;
mod torn;
mod write;

use crate::{
    model::{Declarations, File, Refusal, Request, Route, SqlRequest, TableName},
    yaml::{self, Node},
};

pub use file_name::stem;
pub use resolve::resolve;
pub use stamp::{set_registry_id, set_requested_at};
pub use write::{Declared, write_declarations, write_request};

/// What the reader made of one request file.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// Path in the repository.
    pub path: String,
    /// The text that spans count in: decoded, without a byte-order mark; empty when the file cannot be read at all (not
    /// UTF-8, too large, not a regular file).
    pub text: String,
    /// The table, from the file's content, or from its name when the content cannot be read.
    pub table: Option<TableName>,
    /// The request; `None` when the file is refused as a whole.
    pub request: Option<Request>,
    /// Everything refused, in order of place. A request with refusals is not acted upon.
    pub refusals: Vec<Refusal>,
}

/// What the reader made of one file of opaque objects.
#[derive(Debug, Clone)]
pub struct ParsedDeclarations {
    /// Path in the repository.
    pub path: String,
    /// The text that spans count in: decoded, without a byte-order mark.
    pub text: String,
    /// The objects; `None` when the file is refused as a whole.
    pub declarations: Option<Declarations>,
    /// Everything refused, in order of place. A file with refusals declares nothing.
    pub refusals: Vec<Refusal>,
}

/// What the reader made of one file that brings SQL of its own.
#[derive(Debug, Clone)]
pub struct ParsedSql {
    /// The text that spans count in: decoded, without a byte-order mark.
    pub text: String,
    /// The request; `None` when the file is refused as a whole.
    pub request: Option<SqlRequest>,
    /// Everything refused, in order of place. A request with refusals is not acted upon.
    pub refusals: Vec<Refusal>,
}

/// What the reader made of one file below the folder of requests.
#[derive(Debug, Clone)]
pub enum ParsedFile {
    /// A request for a table, or something that cannot be told from one.
    Request(Box<Parsed>),
    /// A file of opaque objects.
    Declarations(ParsedDeclarations),
    /// SQL to run as it is written.
    Sql(Box<ParsedSql>),
}

/// Reads one file below the folder of requests; its keys tell what it is. Never fails and never panics.
#[must_use]
pub fn parse_file(path: &str, file: &File) -> ParsedFile {
    let opened = Opened::new(path, file);
    match &opened.root {
        Some(root) if declarations::is_one(root) => ParsedFile::Declarations(opened.declarations()),
        Some(root) if sql_request::is_one(root) => ParsedFile::Sql(Box::new(opened.sql_request())),
        _ => ParsedFile::Request(Box::new(opened.request())),
    }
}

/// Reads one request file. Never fails and never panics.
#[must_use]
pub fn parse_request(path: &str, file: &File) -> Parsed {
    Opened::new(path, file).request()
}

/// A file with everything about it that does not depend on what it describes.
struct Opened<'f> {
    path: &'f str,
    text: &'f str,
    bom: usize,
    root: Option<Node>,
    cx: reader::Reader,
}

impl<'f> Opened<'f> {
    fn new(path: &'f str, file: &'f File) -> Self {
        let mut refusals = Vec::new();
        let decoded = bytes::decode(file, &mut refusals);
        let (text, bom) = decoded.as_ref().map_or(("", 0), |decoded| (decoded.text, decoded.bom));
        let start = request::beginning(text);
        for refusal in &mut refusals {
            refusal.span = start;
        }
        bytes::refuse_hidden_characters(text, &mut refusals);
        let hidden: Vec<_> = refusals.iter().map(|refusal| refusal.span).collect();
        let mut cx = reader::Reader::new(text, refusals);
        if let Some(name) = file_name::with_extension(path) {
            cx.refuse(&Route::root(), start, "Request files end in `.yaml`", format!("Rename the file to `{name}`"));
        }
        let mut root = None;
        if decoded.is_some() {
            let reading = yaml::read(text);
            if reading.root.is_none() && reading.problems.is_empty() {
                cx.refuse(&Route::root(), start, "The file is empty", "Describe a table in it, or delete it");
            }
            // A character that was refused already often breaks the syntax, too.
            for problem in reading.problems.into_iter().filter(|problem| !hidden.contains(&problem.span)) {
                cx.refuse(&Route::root(), problem.span, problem.message, problem.suggestion);
            }
            root = reading.root;
        }
        // What is hidden in the text itself was refused above, at its own place.
        if let Some(root) = root.as_ref().filter(|_| hidden.is_empty()) {
            cx.refuse_with(|refusals| bytes::refuse_hidden_escapes(root, refusals));
        }
        Self { path, text, bom, root, cx }
    }

    fn request(mut self) -> Parsed {
        let content = match &self.root {
            Some(root) => request::content(&mut self.cx, root, self.path, self.text, self.bom),
            None => request::Content { table: None, request: None },
        };
        if let Some(request) = &content.request {
            consistency::check(&mut self.cx, request);
        }
        Parsed {
            path: self.path.to_owned(),
            text: self.text.to_owned(),
            table: content.table.or_else(|| file_name::table(self.path)),
            request: content.request,
            refusals: self.cx.finish(),
        }
    }

    fn declarations(mut self) -> ParsedDeclarations {
        let declarations = self.root.as_ref().and_then(|root| declarations::content(&mut self.cx, root));
        ParsedDeclarations {
            path: self.path.to_owned(),
            text: self.text.to_owned(),
            declarations,
            refusals: self.cx.finish(),
        }
    }

    fn sql_request(mut self) -> ParsedSql {
        let request = self.root.as_ref().and_then(|root| sql_request::content(&mut self.cx, root, self.path));
        ParsedSql { text: self.text.to_owned(), request, refusals: self.cx.finish() }
    }
}

/// The registry id of a table: the `UUIDv5` (URL namespace) of `schema-registry:<database>/<schema>.<table>`.
#[must_use]
pub fn registry_id(database: &str, table: &TableName) -> uuid::Uuid {
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, format!("schema-registry:{database}/{table}").as_bytes())
}

#[cfg(test)]
#[expect(clippy::format_collect, reason = "short tests beat fast ones")]
mod tests;
