//! Parsing text into one value of a target list, with proof that the text holds nothing else.

use pg_query::{
    NodeEnum,
    protobuf::{LimitOption, ParseResult, ResTarget, SelectStmt, SetOperation},
};

use super::SyntaxError;

impl SyntaxError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), suggestion: None }
    }

    pub(super) fn suggest(self, suggestion: impl Into<String>) -> Self {
        Self { suggestion: Some(suggestion.into()), ..self }
    }
}

/// Parses a statement that must be a bare `SELECT <value>`, and returns the value; `what` is `type` or `expression`.
///
/// That PostgreSQL accepts the text proves nothing: `SELECT (1) AS x, (2)` and `SELECT (1) UNION (SELECT 2)` parse too.
/// The tree is compared with that of a `SELECT` without any clause, so that a clause added to the grammar is refused.
pub(super) fn selected_value(statement: &str, what: &str) -> Result<NodeEnum, SyntaxError> {
    let tree = parse(statement)?;
    only_value(tree).ok_or_else(|| SyntaxError::new(format!("Exactly one {what} is expected here")))
}

pub(super) fn parse(statement: &str) -> Result<ParseResult, SyntaxError> {
    match pg_query::parse(statement, 0) {
        Ok(result) => Ok(result.protobuf),
        Err(pg_query::Error::Parse(message)) if message.starts_with("stack depth") => Err(too_complex()),
        Err(pg_query::Error::Parse(message)) if message.starts_with("memory exhausted") => Err(too_complex()),
        Err(pg_query::Error::Parse(message)) => Err(SyntaxError::new(sentence(&message))),
        Err(pg_query::Error::Conversion(_)) => Err(SyntaxError::new("A NUL character is not allowed")),
        // The decoder gives up at a nesting of about 100.
        Err(_) => Err(too_complex()),
    }
}

/// The parser's own words on why `statement` is refused; `None` when it is accepted.
pub(super) fn complaint(statement: &str) -> Option<String> {
    parse(statement).err().map(|error| error.message)
}

pub(super) fn too_complex() -> SyntaxError {
    SyntaxError::new("The expression is too complex: it is nested too deeply").suggest("Simplify it")
}

/// The only value of the only statement; `None` when there is anything else in the tree.
fn only_value(tree: ParseResult) -> Option<NodeEnum> {
    let [statement] = <[_; 1]>::try_from(tree.stmts).ok()?;
    // A length is given only where a semicolon follows.
    if statement.stmt_len != 0 {
        return None;
    }
    let NodeEnum::SelectStmt(mut select) = statement.stmt?.node? else { return None };
    let [target] = <[_; 1]>::try_from(std::mem::take(&mut select.target_list)).ok()?;
    let NodeEnum::ResTarget(mut target) = target.node? else { return None };
    let value = target.val.take()?.node?;
    let bare = *select == bare_select() && *target == ResTarget { location: target.location, ..ResTarget::default() };
    bare.then_some(value)
}

fn bare_select() -> SelectStmt {
    SelectStmt {
        limit_option: LimitOption::Default.into(),
        op: SetOperation::SetopNone.into(),
        ..SelectStmt::default()
    }
}

/// `SELECT <value>` as PostgreSQL's deparser writes the value.
pub(super) fn deparse(value: NodeEnum) -> Result<String, SyntaxError> {
    let target = ResTarget { val: Some(boxed(value)), ..ResTarget::default() };
    let select = SelectStmt { target_list: vec![node(NodeEnum::ResTarget(Box::new(target)))], ..bare_select() };
    let sql = NodeEnum::SelectStmt(Box::new(select)).deparse(pg_query::DeparseOptions::default());
    sql.ok().and_then(|sql| Some(sql.strip_prefix("SELECT ")?.to_owned())).ok_or_else(too_complex)
}

fn node(value: NodeEnum) -> pg_query::Node {
    pg_query::Node { node: Some(value) }
}

fn boxed(value: NodeEnum) -> Box<pg_query::Node> {
    Box::new(node(value))
}

/// A name in a list of names.
pub(super) fn string(text: &str) -> pg_query::Node {
    node(NodeEnum::String(pg_query::protobuf::String { sval: text.to_owned() }))
}

/// The text of a list of names: `pg_catalog`, `int4`. `None` when something else is among them.
pub(super) fn strings(nodes: &[pg_query::Node]) -> Option<Vec<&str>> {
    nodes
        .iter()
        .map(|node| match &node.node {
            Some(NodeEnum::String(string)) => Some(string.sval.as_str()),
            _ => None,
        })
        .collect()
}

/// The parser's words as a sentence. What is unterminated would be quoted to its end, our own parenthesis included.
fn sentence(message: &str) -> String {
    let message =
        if message.starts_with("unterminated") { message.split(" at or near ").next() } else { Some(message) };
    let mut rest = message.unwrap_or_default().chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}
