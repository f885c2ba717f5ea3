//! Expressions: text to a checked tree to PostgreSQL's own spelling.

use std::collections::{BTreeMap, BTreeSet};

use pg_query::{NodeEnum, protobuf::CoercionForm};

use super::{Expression, ExpressionUse, SyntaxError, quote, tree, walk::Walk};

impl ExpressionUse {
    /// What the expression is called in messages, with its article.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Default => "a default",
            Self::Check => "a check",
            Self::Generated => "a generated column",
            Self::IndexKey => "an index key",
            Self::Predicate => "a predicate",
        }
    }

    /// Whether PostgreSQL wants the same value for the same row at any time.
    pub(super) fn immutable(self) -> bool {
        matches!(self, Self::Generated | Self::IndexKey | Self::Predicate)
    }
}

/// Reads exactly one expression that may stand in `place`.
///
/// The tree is checked kind by kind against a list of what is allowed, so that whatever the grammar gains is refused
/// until somebody has thought about it. The spelling that is returned was read back and means the same tree.
pub fn parse_expression(text: &str, place: ExpressionUse) -> Result<Expression, SyntaxError> {
    parse_expression_renaming(text, place, &BTreeMap::new())
}

/// The same with every column that is a key of `renames` under the name that is its value.
pub fn parse_expression_renaming(
    text: &str,
    place: ExpressionUse,
    renames: &BTreeMap<String, String>,
) -> Result<Expression, SyntaxError> {
    if text.trim().is_empty() {
        return Err(SyntaxError::new("The expression is empty"));
    }
    let mut value = read(text).map_err(|error| explain(error, text, place))?;
    if matches!(value, NodeEnum::RowExpr(_)) {
        return Err(SyntaxError::new("Exactly one expression is expected here, not a list"));
    }
    let mut walk = Walk::renaming(place, renames);
    walk.value(&mut value)?;
    let sql = tree::deparse(value.clone())?;
    let mut again = read(&sql)?;
    Walk::new(place).value(&mut again)?;
    if again != value {
        return Err(SyntaxError::new("The expression has no unambiguous spelling").suggest("Write it in another way"));
    }
    let primary = stands_alone(&value);
    Ok(Expression { sql, columns: walk.columns, functions: walk.functions, casts: walk.casts, primary })
}

/// The newline ends a comment that would otherwise swallow the parenthesis.
fn read(text: &str) -> Result<NodeEnum, SyntaxError> {
    tree::selected_value(&format!("SELECT ({text}\n)"), "expression")
}

/// Whether it needs no parentheses where the grammar wants an operand.
fn stands_alone(value: &NodeEnum) -> bool {
    match value {
        NodeEnum::FuncCall(call) => call.funcformat() == CoercionForm::CoerceExplicitCall,
        NodeEnum::AConst(_)
        | NodeEnum::SqlvalueFunction(_)
        | NodeEnum::ColumnRef(_)
        | NodeEnum::AArrayExpr(_)
        | NodeEnum::CoalesceExpr(_)
        | NodeEnum::MinMaxExpr(_) => true,
        NodeEnum::TypeCast(cast) => {
            cast.arg.as_ref().and_then(|arg| arg.node.as_ref()).is_some_and(|arg| !negative(arg) && stands_alone(arg))
        }
        _ => false,
    }
}

fn negative(value: &NodeEnum) -> bool {
    tree::deparse(value.clone()).is_ok_and(|sql| sql.starts_with('-'))
}

/// The parser's complaint about `text` alone, without the parenthesis that we put behind it.
fn explain(error: SyntaxError, text: &str, place: ExpressionUse) -> SyntaxError {
    if !error.message.starts_with("Syntax error") {
        return error;
    }
    let alone = tree::complaint(&format!("SELECT ({text}\n"));
    let error = match alone {
        Some(message) if message.ends_with("at end of input") => SyntaxError { message, ..error },
        _ => error,
    };
    let bare = text.trim();
    let call = bare.strip_suffix("()").filter(|name| name.to_ascii_uppercase().starts_with("CURRENT_"));
    if let Some(name) = call {
        return error.suggest(format!("Write `{name}` without parentheses"));
    }
    if place == ExpressionUse::Default && !bare.contains(['\'', '(', ')', '\n', ';']) {
        return error.suggest(format!("If the text itself is meant, quote it: `{}`", quote::literal(bare)));
    }
    error
}

/// What to write instead of the column `name` in a default, where no column is known.
pub(super) fn instead_of_column(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let functions = ["now", "random", "gen_random_uuid", "uuid_generate_v4", "uuidv7", "clock_timestamp"];
    if functions.contains(&lower.as_str()) {
        format!("Write `{lower}()` to call the function")
    } else {
        format!("If the text itself is meant, quote it: `{}`", quote::literal(name))
    }
}

/// A set of what was found, in order.
pub(super) type Found = BTreeSet<String>;

#[cfg(test)]
mod tests;
