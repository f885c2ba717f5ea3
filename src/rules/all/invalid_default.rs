//! `invalid-default`

use crate::{
    model::{OpaqueObject, RequestedColumn, Severity},
    rules::{Check, Example, Report, Rule, TableContext},
    sql::{self, ExpressionUse, TypeName},
};

pub(super) static RULE: Rule = Rule {
    id: "invalid-default",
    severity: Severity::Error,
    fixed: true,
    summary: "A default that is not one SQL expression, or cannot be the default of its column",
    rationale: "`defaultValue` is one SQL expression: no column, subquery, aggregate, window or set-returning function. Text \
        needs SQL's single quotes inside YAML's: `defaultValue: \"'pending'\"`. Only what PostgreSQL certainly \
        refuses is reported.\n\n\
        <https://www.postgresql.org/docs/current/ddl-default.html>",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/tickets.yaml",
            "\
tableName: tickets
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: status, type: TEXT, nullable: false, defaultValue: open}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_tickets_created_at, columns: [created_at]}
requestMetadata: {justification: Answer customers, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/tickets.yaml",
            "\
tableName: tickets
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: status, type: TEXT, nullable: false, defaultValue: \"'open'\"}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_tickets_created_at, columns: [created_at]}
requestMetadata: {justification: Answer customers, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Table(check)],
};

fn check(context: &TableContext<'_>, report: &mut Report<'_>) {
    for column in &context.request.schema.columns {
        let name = context.type_of(column);
        conflicts(column, name.as_ref(), report);
        let Some(default) = column.default.as_deref() else { continue };
        let route = column.route.key("defaultValue");
        match sql::parse_expression(default, ExpressionUse::Default) {
            Err(error) => {
                report
                    .at(&route, format!("The default of column `{}` is not valid: {}", column.name, error.message))
                    .suggest(
                        error
                            .suggestion
                            .unwrap_or_else(|| "Write one SQL expression, such as `now()` or `'text'`".to_owned()),
                    );
            }
            Ok(expression) => {
                let Some(name) = name.filter(|name| !fits_declared(context, &expression.sql, name)) else { continue };
                report
                    .at(
                        &route,
                        format!("Column `{}` is {} and cannot default to {}", column.name, name.canonical, default),
                    )
                    .suggest(format!("Write a default of type {}", name.canonical));
            }
        }
    }
}

/// What a type that counts by itself rules out. The reader refuses the other contradictions.
fn conflicts(column: &RequestedColumn, name: Option<&TypeName>, report: &mut Report<'_>) {
    let Some(name) = name else { return };
    let given = [
        (column.default.is_some(), "defaultValue"),
        (column.identity.is_some(), "identity"),
        (column.generated.is_some(), "generated"),
    ];
    for (_, key) in given.into_iter().filter(|(given, _)| *given && name.serial) {
        report
            .at(&column.route.key(key), format!("Column `{}` is {} and has `{key}` too", column.name, name.canonical))
            .suggest(format!("Remove `{key}`, or use the integer type behind {}", name.canonical));
    }
    let whole = ["smallint", "integer", "bigint"];
    if column.identity.is_some() && !name.serial && !whole.contains(&name.canonical.as_str()) {
        report
            .at(&column.route.key("identity"), format!("Identity column `{}` is {}", column.name, name.canonical))
            .suggest("Use SMALLINT, INTEGER or BIGINT: identity counts");
    }
}

/// The same for a type that is declared: a label of an enum, a value of the type under a domain.
fn fits_declared(context: &TableContext<'_>, sql: &str, name: &TypeName) -> bool {
    let declared = sql::type_object(context.merged, &name.base).filter(|_| !name.built_in && name.dimensions == 0);
    let Some(OpaqueObject { labels, base_type, .. }) = declared.map(|known| &known.object) else {
        return fits(sql, name);
    };
    let base = base_type.as_ref().and_then(|base| sql::parse_type(base, u32::MAX).ok());
    match literal(sql) {
        Some(Literal::Text(text)) if !labels.is_empty() => labels.contains(&text),
        _ => base.is_none_or(|base| fits(sql, &base)),
    }
}

/// A literal, as the deparser writes it.
enum Literal {
    Number,
    Boolean,
    Text(String),
}

fn literal(sql: &str) -> Option<Literal> {
    let number = sql.strip_prefix('-').unwrap_or(sql).trim();
    if number.starts_with(|first: char| first.is_ascii_digit()) && number.parse::<f64>().is_ok() {
        return Some(Literal::Number);
    }
    if ["true", "false"].contains(&sql.to_ascii_lowercase().as_str()) {
        return Some(Literal::Boolean);
    }
    let inner = sql.strip_prefix('\'')?.strip_suffix('\'')?.replace("''", "\u{0}");
    (!inner.contains('\'')).then(|| Literal::Text(inner.replace('\u{0}', "'")))
}

/// False only where PostgreSQL certainly refuses the default: a literal whose type has no assignment cast to the
/// column's, or whose text its input function rejects.
/// Source: <https://www.postgresql.org/docs/current/typeconv-query.html>
fn fits(sql: &str, name: &TypeName) -> bool {
    let Some(literal) = literal(sql) else { return true };
    if name.dimensions > 0 {
        return matches!(&literal, Literal::Text(text) if text.trim_start().starts_with(['{', '[']));
    }
    let text = |accepts: fn(&str) -> bool| matches!(&literal, Literal::Text(text) if accepts(text.trim()));
    match name.base.as_str() {
        "boolean" => matches!(literal, Literal::Boolean) || text(is_boolean),
        "smallint" | "integer" | "bigint" => {
            matches!(literal, Literal::Number) || text(|text| text.parse::<f64>().is_ok())
        }
        "uuid" => text(|text| text.bytes().filter(u8::is_ascii_hexdigit).count() == 32),
        "jsonb" | "json" => text(|text| !text.is_empty()),
        "date" | "timestamp without time zone" | "timestamp with time zone" | "interval" => text(|_| true),
        _ => true,
    }
}

/// Source: <https://www.postgresql.org/docs/current/datatype-boolean.html>
fn is_boolean(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let words = ["true", "false", "yes", "no", "on", "off", "1", "0"];
    !text.is_empty() && words.iter().any(|word| word.starts_with(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_name(base: &str, dimensions: usize) -> TypeName {
        let modifiers = Vec::new();
        TypeName {
            canonical: base.to_owned(),
            base: base.to_owned(),
            modifiers,
            dimensions,
            serial: false,
            built_in: true,
        }
    }

    #[test]
    fn only_certain_mismatches_are_found() {
        for (sql, base, dimensions, expected) in [
            ("0", "integer", 0, true),
            ("-1", "integer", 0, true),
            ("'12'", "integer", 0, true),
            ("'abc'", "integer", 0, false),
            ("true", "integer", 0, false),
            ("0", "boolean", 0, false),
            ("'t'", "boolean", 0, true),
            ("false", "boolean", 0, true),
            ("'maybe'", "boolean", 0, false),
            ("gen_random_uuid()", "uuid", 0, true),
            ("''", "uuid", 0, false),
            ("'00000000-0000-0000-0000-000000000000'", "uuid", 0, true),
            ("'{}'", "jsonb", 0, true),
            ("''", "jsonb", 0, false),
            ("0", "jsonb", 0, false),
            ("'{}'::jsonb", "jsonb", 0, true),
            ("'now'", "timestamp with time zone", 0, true),
            ("0", "timestamp with time zone", 0, false),
            ("0", "text", 0, true),
            ("'{}'", "text", 1, true),
            ("''", "text", 1, false),
            ("0", "integer", 1, false),
            ("'a' || 'b'", "integer", 0, true),
            ("NULL", "uuid", 0, true),
            ("0", "citext", 0, true),
        ] {
            assert_eq!(fits(sql, &type_name(base, dimensions)), expected, "{sql} for {base}");
        }
    }
}
