//! `timestamp-without-time-zone`

use crate::{
    model::Severity,
    rules::{Check, Example, Report, Rule, TableContext, fix},
};

pub(super) static RULE: Rule = Rule {
    id: "timestamp-without-time-zone",
    severity: Severity::Warning,
    fixed: false,
    summary: "A new TIMESTAMP column that does not know its time zone",
    rationale: "`TIMESTAMP` stores what the clock on some wall showed, not when something happened: read in another zone, or \
        through the hour that repeats in autumn, it is another moment. `TIMESTAMPTZ` takes the same eight bytes and \
        stores the moment.\n\n\
        <https://www.postgresql.org/docs/current/datatype-datetime.html>",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/deliveries.yaml",
            "\
tableName: deliveries
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: arrived_at, type: TIMESTAMP(3)}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_deliveries_created_at, columns: [created_at]}
requestMetadata: {justification: Know where parcels are, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/deliveries.yaml",
            "\
tableName: deliveries
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: arrived_at, type: TIMESTAMPTZ(3)}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_deliveries_created_at, columns: [created_at]}
requestMetadata: {justification: Know where parcels are, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Table(check)],
};

fn check(context: &TableContext<'_>, report: &mut Report<'_>) {
    for column in context.typed_columns() {
        let Some(name) = context.type_of(column).filter(|name| name.base == "timestamp without time zone") else {
            continue;
        };
        let precision = name.modifiers.first().map_or_else(String::new, |digits| format!("({digits})"));
        let wanted = format!("TIMESTAMPTZ{precision}{}", "[]".repeat(name.dimensions));
        let route = column.route.key("type");
        report
            .at(&route, format!("Column `{}` is TIMESTAMP, which does not know its time zone", column.name))
            .suggest(format!("Use {wanted} instead, for timezone support"))
            .fix(fix::replace(context.request, &route, &column.type_text, &wanted));
    }
}
