//! `sql-blocking-index`

use crate::{
    model::Severity,
    rules::{Check, Example, Report, Rule, SqlContext, context::place},
    sql::Danger,
};

pub(super) static RULE: Rule = Rule {
    id: "sql-blocking-index",
    severity: Severity::Warning,
    fixed: false,
    summary: "SQL of a request that builds or drops an index while nobody can write to the table",
    rationale: "An index of a table that is in use is built and dropped `CONCURRENTLY`: the plain statement blocks writers for as long as it \
        takes. That of a table that a request describes belongs into its `indexes`.",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/index_archive.yaml",
            "\
sqlRequest: index_archive
touches: [archive, idx_archive_day]
up: CREATE INDEX idx_archive_day ON archive (day)
down: DROP INDEX CONCURRENTLY idx_archive_day
requestMetadata: {justification: Readers of the data warehouse need it, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/index_archive.yaml",
            "\
sqlRequest: index_archive
touches: [archive, idx_archive_day]
up: CREATE INDEX CONCURRENTLY idx_archive_day ON archive (day)
down: DROP INDEX CONCURRENTLY idx_archive_day
requestMetadata: {justification: Readers of the data warehouse need it, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Sql(check)],
};

fn check(context: &SqlContext<'_>, report: &mut Report<'_>) {
    for (route, statement) in context.statements() {
        if statement.dangers.contains(&Danger::BlockingIndex) {
            report
                .at(route, format!("{} blocks everybody who writes to the table until it is done", place(statement)))
                .suggest("Write `CONCURRENTLY`, in a SQL request of its own");
        }
    }
}
