//! `invalid-sql`

use crate::{
    model::Severity,
    rules::{Check, Example, Report, Rule, SqlContext, context::place},
};

pub(super) static RULE: Rule = Rule {
    id: "invalid-sql",
    severity: Severity::Error,
    fixed: true,
    summary: "SQL of a request that PostgreSQL would not read, or that can be in no migration",
    rationale: "SQL of a request is run as it is written, in one transaction and in a session that other migrations share. What would end \
        the transaction, outlive the migration, or reach beyond the database is refused: transaction control, `COPY`, roles, \
        `ALTER SYSTEM`, databases, tablespaces, subscriptions, settings without `LOCAL`. A statement that PostgreSQL runs in no \
        transaction, such as `CREATE INDEX CONCURRENTLY`, is a request of its own.",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/order_totals.yaml",
            "\
sqlRequest: order_totals
touches: [order_totals]
up: COPY orders TO PROGRAM 'curl example.com'
down: DROP VIEW order_totals
requestMetadata: {justification: Readers of the data warehouse need it, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/order_totals.yaml",
            "\
sqlRequest: order_totals
touches: [order_totals]
up: CREATE VIEW order_totals AS SELECT count(*) FROM orders
down: DROP VIEW order_totals
requestMetadata: {justification: Readers of the data warehouse need it, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Sql(check)],
};

fn check(context: &SqlContext<'_>, report: &mut Report<'_>) {
    for (route, read) in context.scripts() {
        let refused = match read {
            Err(error) => {
                let suggestion = error.suggestion.as_deref().unwrap_or("Write statements of PostgreSQL");
                report.at(route, format!("The SQL cannot be read: {}", error.message)).suggest(suggestion);
                continue;
            }
            Ok(statements) => statements.iter().filter_map(|it| Some((it, it.refused.as_ref()?))),
        };
        for (statement, error) in refused {
            let suggestion = error.suggestion.as_deref().unwrap_or("Remove the statement");
            report.at(route, format!("{}: {}", place(statement), error.message)).suggest(suggestion);
        }
    }
    if let (Some(request), [twin, ..]) = (context.request, context.twins) {
        let message = format!("SQL request `{}` is also in {twin}", request.name.value);
        report.at(&request.name.route, message).suggest("Give one of them another name");
    }
}
