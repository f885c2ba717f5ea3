//! `needs-newer-version`

use super::invalid_expression::{Place, expressions};
use crate::{
    model::{Namespace, Route, Severity, TableName},
    rules::{Check, Example, Report, Rule, TableContext},
    sql::{self, ExpressionUse},
};

pub(super) static RULE: Rule = Rule {
    id: "needs-newer-version",
    severity: Severity::Error,
    fixed: false,
    summary: "A function, a collation or a constraint that the configured version of PostgreSQL does not have",
    rationale: "`[database] version` in the policy is the oldest major version that migrations must run on. What only \
        newer ones know passes every parser and then fails where it hurts, in the migration. A function of that name \
        that the database brings itself is declared as an opaque object of kind function, and not reported.\n\n\
        <https://www.postgresql.org/docs/release/>",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/payments.yaml",
            "\
tableName: payments
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: uuidv7()}
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

/// Functions by the first major version that has them: the difference of the servers' own catalogs.
const FUNCTIONS: &[(u32, &[&str])] = &[
    (15, &["regexp_count", "regexp_instr", "regexp_like", "regexp_substr"]),
    (
        16,
        &[
            "array_sample",
            "array_shuffle",
            "date_add",
            "date_subtract",
            "erf",
            "erfc",
            "pg_input_is_valid",
            "random_normal",
        ],
    ),
    (
        17,
        &[
            "jsonb_populate_record_valid",
            "pg_basetype",
            "to_bin",
            "to_oct",
            "unicode_assigned",
            "uuid_extract_timestamp",
            "uuid_extract_version",
            "xmltext",
        ],
    ),
    (18, &["array_reverse", "array_sort", "casefold", "crc32", "crc32c", "gamma", "lgamma", "uuidv4", "uuidv7"]),
];

/// The same of collations.
const COLLATIONS: &[(u32, &[&str])] = &[(16, &["unicode"]), (17, &["pg_c_utf8"]), (18, &["pg_unicode_fast"])];

/// The first version with `UNIQUE NULLS NOT DISTINCT`.
const NULLS_NOT_DISTINCT: u32 = 15;

fn check(context: &TableContext<'_>, report: &mut Report<'_>) {
    let schema = &context.request.schema;
    let mut places = expressions(context);
    for column in &schema.columns {
        if let Some(text) = &column.default {
            let what = format!("The default of column `{}`", column.name);
            let (route, stands) = (column.route.key("defaultValue"), ExpressionUse::Default);
            places.push(Place { route, text, stands, what });
        }
        if let Some(collation) = &column.collation {
            let what = format!("Column `{}` has the collation `{collation}`, which", column.name);
            newer(context, &column.route.key("collation"), &what, since(COLLATIONS, collation), report);
        }
    }
    for place in &places {
        // What does not parse is reported already.
        let Ok(expression) = sql::parse_expression(place.text, place.stands) else { continue };
        for function in expression.functions.iter().filter(|function| !is_declared(context, function)) {
            let what = format!("{} calls `{function}`, which", place.what);
            let name = function.strip_prefix("pg_catalog.").unwrap_or(function);
            newer(context, &place.route, &what, since(FUNCTIONS, name), report);
        }
    }
    for unique in schema.uniques.iter().filter(|unique| unique.nulls_not_distinct) {
        let route = unique.route.key("nullsNotDistinct");
        newer(context, &route, "NULLS NOT DISTINCT", Some(NULLS_NOT_DISTINCT), report);
    }
    for index in schema.indexes.iter().filter(|index| index.nulls_not_distinct) {
        let route = index.route.key("nullsNotDistinct");
        newer(context, &route, "NULLS NOT DISTINCT", Some(NULLS_NOT_DISTINCT), report);
    }
}

fn newer(context: &TableContext<'_>, route: &Route, what: &str, since: Option<u32>, report: &mut Report<'_>) {
    let version = context.policy.postgres_version;
    let Some(since) = since.filter(|since| *since > version) else { return };
    report.at(route, format!("{what} needs PostgreSQL {since}; migrations must run on {version}")).suggest(
        "Do without it, or set `[database] version` in schema-registry.toml to the oldest version that you run",
    );
}

fn since(table: &[(u32, &[&str])], name: &str) -> Option<u32> {
    table.iter().find(|(_, names)| names.contains(&name)).map(|(since, _)| *since)
}

/// Whether the database has a function of that name, whatever its version.
fn is_declared(context: &TableContext<'_>, function: &str) -> bool {
    let (schema, name) = function.split_once('.').unwrap_or(("public", function));
    context.merged.objects.contains_key(&(Namespace::Routine, TableName::new(schema, name)))
}
