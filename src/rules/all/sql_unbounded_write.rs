//! `sql-unbounded-write`

use crate::{
    model::Severity,
    rules::{Check, Example, Report, Rule, SqlContext, context::place},
    sql::Danger,
};

pub(super) static RULE: Rule = Rule {
    id: "sql-unbounded-write",
    severity: Severity::Warning,
    fixed: false,
    summary: "SQL of a request that changes every row of a table",
    rationale: "One statement that changes every row locks them all until it commits, doubles the table, and holds back vacuum and replicas. \
        Say which rows, and run it again and again where there are many.",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/settle_orders.yaml",
            "\
sqlRequest: settle_orders
touches: [orders]
up: UPDATE orders SET state = 'settled'
irreversible: The old states are gone
requestMetadata: {justification: Readers of the data warehouse need it, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/settle_orders.yaml",
            "\
sqlRequest: settle_orders
touches: [orders]
up: UPDATE orders SET state = 'settled' WHERE state = 'paid'
irreversible: The old states are gone
requestMetadata: {justification: Readers of the data warehouse need it, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Sql(check)],
};

fn check(context: &SqlContext<'_>, report: &mut Report<'_>) {
    for (route, statement) in context.statements() {
        if statement.dangers.contains(&Danger::EveryRow) {
            report
                .at(route, format!("{} changes every row of the table", place(statement)))
                .suggest("Add `WHERE`, so that only the rows that need it are touched");
        }
    }
}
