//! `invalid-expression`

use crate::{
    model::{IndexKey, Route, Severity},
    policy::nearest,
    rules::{Check, Example, Report, Rule, TableContext},
    sql::{self, Expression, ExpressionUse},
};

pub(super) static RULE: Rule = Rule {
    id: "invalid-expression",
    severity: Severity::Error,
    fixed: true,
    summary: "A check, generated column, index or exclusion expression that is not one valid SQL expression over the columns of its table",
    rationale: "Expressions are parsed by PostgreSQL's own grammar and written to migrations from the tree, never pasted: \
        what is not exactly one allowed expression has no place in one. Columns must be those of the table, and what \
        an index or a generated column computes must not change with time.\n\n\
        <https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS>",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/payments.yaml",
            "\
tableName: payments
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: amount_cents, type: INTEGER, nullable: false, check: amount > 0}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_payments_created_at, columns: [created_at]}
requestMetadata: {justification: Take money, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/payments.yaml",
            "\
tableName: payments
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: amount_cents, type: INTEGER, nullable: false, check: amount_cents > 0}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_payments_created_at, columns: [created_at]}
requestMetadata: {justification: Take money, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Table(check)],
};

/// An expression, where it stands and where it is written.
pub(super) struct Place<'a> {
    pub(super) route: Route,
    pub(super) text: &'a str,
    pub(super) stands: ExpressionUse,
    pub(super) what: String,
}

fn check(context: &TableContext<'_>, report: &mut Report<'_>) {
    for place in expressions(context) {
        match sql::parse_expression(place.text, place.stands) {
            Err(error) => {
                report
                    .at(&place.route, format!("{} is not valid: {}", place.what, error.message))
                    .suggest(error.suggestion.unwrap_or_else(|| "Write exactly one SQL expression".to_owned()));
            }
            Ok(expression) => {
                unknown_columns(context, &place, &expression, report);
            }
        }
    }
}

/// Every expression of a request except for defaults.
pub(super) fn expressions<'a>(context: &TableContext<'a>) -> Vec<Place<'a>> {
    let schema = &context.request.schema;
    let mut places = Vec::new();
    let mut add = |route: Route, text: &'a str, stands, what: String| places.push(Place { route, text, stands, what });
    for column in &schema.columns {
        if let Some(text) = &column.check {
            add(
                column.route.key("check"),
                text,
                ExpressionUse::Check,
                format!("The check of column `{}`", column.name),
            );
        }
        if let Some(text) = &column.generated {
            let what = format!("The expression of generated column `{}`", column.name);
            add(column.route.key("generated"), text, ExpressionUse::Generated, what);
        }
    }
    for check in &schema.checks {
        let what = named("Check", check.name.as_deref());
        add(check.route.key("expression"), &check.expression, ExpressionUse::Check, what);
    }
    for index in &schema.indexes {
        let what = named("index", index.name.as_deref());
        for element in &index.elements {
            if let IndexKey::Expression(text) = &element.key {
                let what = format!("An expression of {what}");
                add(element.route.key("expression"), text, ExpressionUse::IndexKey, what);
            }
        }
        if let Some(text) = &index.predicate {
            add(index.route.key("where"), text, ExpressionUse::Predicate, format!("The predicate of {what}"));
        }
    }
    for exclude in &schema.excludes {
        let what = named("exclusion constraint", exclude.name.as_deref());
        for element in &exclude.elements {
            if let IndexKey::Expression(text) = &element.key {
                let what = format!("An expression of {what}");
                add(element.route.key("expression"), text, ExpressionUse::IndexKey, what);
            }
        }
        if let Some(text) = &exclude.predicate {
            add(exclude.route.key("where"), text, ExpressionUse::Predicate, format!("The predicate of {what}"));
        }
    }
    places
}

fn named(what: &str, name: Option<&str>) -> String {
    name.map_or_else(|| format!("{what} without a name"), |name| format!("{what} `{name}`"))
}

fn unknown_columns(context: &TableContext<'_>, place: &Place<'_>, expression: &Expression, report: &mut Report<'_>) {
    for column in &expression.columns {
        let known = context.column(column).is_some() || (column == "tableoid" && place.stands == ExpressionUse::Check);
        if known {
            continue;
        }
        let names = context.request.schema.columns.iter().map(|column| column.name.as_str());
        let suggestion = match names.clone().find(|name| name.eq_ignore_ascii_case(column)) {
            Some(name) => format!("Write \"{name}\" in double quotes: PostgreSQL folds other names to lower case"),
            None => match nearest(column, names) {
                Some(name) => format!("Did you mean `{name}`?"),
                None => "Use columns of this table only".to_owned(),
            },
        };
        report
            .at(&place.route, format!("{} uses column `{column}`, which the table does not have", place.what))
            .suggest(suggestion);
    }
}
