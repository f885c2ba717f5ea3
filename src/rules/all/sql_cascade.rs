//! `sql-cascade`

use crate::{
    model::Severity,
    rules::{Check, Example, Report, Rule, SqlContext, context::place},
    sql::Danger,
};

pub(super) static RULE: Rule = Rule {
    id: "sql-cascade",
    severity: Severity::Warning,
    fixed: false,
    summary: "SQL of a request with `CASCADE`",
    rationale: "`CASCADE` takes along whatever depends on the object in the database where it runs, which may be more than in the one where \
        it was tried. Name what goes.",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/order_totals.yaml",
            "\
sqlRequest: order_totals
touches: [order_totals]
up: DROP VIEW order_totals CASCADE
down: CREATE VIEW order_totals AS SELECT count(*) FROM orders
requestMetadata: {justification: Readers of the data warehouse need it, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/order_totals.yaml",
            "\
sqlRequest: order_totals
touches: [order_totals]
up: DROP VIEW order_totals
down: CREATE VIEW order_totals AS SELECT count(*) FROM orders
requestMetadata: {justification: Readers of the data warehouse need it, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Sql(check)],
};

fn check(context: &SqlContext<'_>, report: &mut Report<'_>) {
    for (route, statement) in context.statements() {
        if statement.dangers.contains(&Danger::Cascade) {
            report
                .at(route, format!("{} takes along whatever depends on the object", place(statement)))
                .suggest("Drop what depends on it by name, and leave out `CASCADE`");
        }
    }
}
