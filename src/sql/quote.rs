//! Quoting of identifiers and literals; nowhere else is a name or a text turned into SQL.

use pg_query::protobuf::KeywordKind;

use crate::model::TableName;

/// A name as SQL: bare where PostgreSQL's `quote_ident` would leave it bare (lower case and no keyword), quoted elsewhere.
/// Source: <https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS>
#[must_use]
pub fn identifier(name: &str) -> String {
    if is_plain(name) { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// `schema.name`.
#[must_use]
pub fn table(name: &TableName) -> String {
    format!("{}.{}", identifier(&name.schema), identifier(&name.name))
}

/// `a, b`.
#[must_use]
pub fn identifiers<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    names.into_iter().map(|name| identifier(name)).collect::<Vec<_>>().join(", ")
}

/// A text as a SQL literal; safe whatever `standard_conforming_strings` is.
/// Source: <https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS-ESCAPE>
#[must_use]
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

/// `body` between dollar quotes: `$tag$`, or `$tag1$` and so on where the body holds that.
/// Source: <https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-DOLLAR-QUOTING>
#[must_use]
pub fn dollar(tag: &str, body: &str) -> String {
    let mut quote = format!("${tag}$");
    let mut number = 0;
    // The closing quote may also begin inside the body, with its last character.
    while format!("{body}$").contains(&quote) {
        number += 1;
        // A tag does not begin with a digit.
        quote = format!("${}{number}$", if tag.is_empty() { "body" } else { tag });
    }
    format!("{quote}{body}{quote}")
}

fn is_plain(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && !is_keyword(name)
}

/// Whether `name` is a keyword that `quote_ident` quotes: any but the unreserved ones.
/// Source: <https://www.postgresql.org/docs/current/sql-keywords-appendix.html>
fn is_keyword(name: &str) -> bool {
    let kinds = [KeywordKind::NoKeyword, KeywordKind::UnreservedKeyword];
    let tokens = pg_query::scan(name).map(|result| result.tokens).unwrap_or_default();
    !matches!(tokens.as_slice(), [token] if kinds.contains(&token.keyword_kind()))
}

#[cfg(test)]
mod tests {
    use pg_query::{
        NodeEnum,
        protobuf::{AConst, a_const},
    };
    use proptest::prelude::*;

    use super::{super::tree, *};

    #[test]
    fn names_stay_bare_only_where_quote_ident_leaves_them_bare() {
        for (name, sql) in [
            ("user_id", "user_id"),
            ("_x1", "_x1"),
            ("name", "name"),
            ("user", "\"user\""),
            ("order", "\"order\""),
            ("left", "\"left\""),
            ("between", "\"between\""),
            ("Users", "\"Users\""),
            ("1st", "\"1st\""),
            ("a-b", "\"a-b\""),
            ("a\"b", "\"a\"\"b\""),
            ("a$b", "\"a$b\""),
            ("é", "\"é\""),
            ("", "\"\""),
            ("a b", "\"a b\""),
            ("a--b", "\"a--b\""),
        ] {
            assert_eq!(identifier(name), sql);
        }
        assert_eq!(table(&TableName::new("My Schema", "users")), "\"My Schema\".users");
        assert_eq!(identifiers(&["a".to_owned(), "B".to_owned()]), "a, \"B\"");
    }

    #[test]
    fn backslashes_make_an_escape_string() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\'b"), "E'a\\\\''b'");
    }

    #[test]
    fn a_dollar_quote_does_not_occur_in_what_it_quotes() {
        assert_eq!(dollar("check", "x"), "$check$x$check$");
        assert_eq!(dollar("check", "$check$"), "$check1$$check$$check1$");
        assert_eq!(dollar("check", "x $check"), "$check1$x $check$check1$");
    }

    fn selected(sql: &str) -> Option<NodeEnum> {
        tree::selected_value(&format!("SELECT {sql}"), "value").ok()
    }

    fn text(value: Option<NodeEnum>) -> Option<String> {
        match value {
            Some(NodeEnum::AConst(AConst { val: Some(a_const::Val::Sval(text)), .. })) => Some(text.sval),
            _ => None,
        }
    }

    proptest! {
        #[test]
        fn names_read_back_as_they_were(name in r#"[a-z_$'"\\ .;\-A-Z0-9é漢]{1,21}|select|user|order|values|[a-z]{63}"#) {
            match selected(&identifier(&name)) {
                Some(NodeEnum::ColumnRef(column)) => prop_assert_eq!(tree::strings(&column.fields), Some(vec![name.as_str()])),
                other => prop_assert!(false, "{:?}", other),
            }
        }

        #[test]
        fn literals_read_back_as_they_were(value in r#"([^\x00]|['"\\$;\-]){0,40}"#) {
            prop_assert_eq!(text(selected(&literal(&value))), Some(value));
        }

        #[test]
        fn dollar_quotes_read_back_as_they_were(value in r"([^\x00]|[$a]|\$a\$|\$a1\$){0,12}") {
            for tag in ["a", ""] {
                prop_assert_eq!(text(selected(&dollar(tag, &value))), Some(value.clone()));
            }
        }
    }
}
