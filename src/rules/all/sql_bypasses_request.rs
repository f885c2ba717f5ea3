//! `sql-bypasses-request`

use crate::{
    model::{Severity, Table, TableName},
    rules::{Check, Example, Report, Rule, SqlContext, context::place},
    sql::Danger,
};

pub(super) static RULE: Rule = Rule {
    id: "sql-bypasses-request",
    severity: Severity::Error,
    fixed: false,
    summary: "SQL of a request that changes columns, constraints or indexes of a table that a request describes",
    rationale: "A request says what its table is; SQL that changes the table behind its back makes it say something else, and the next \
        migration of the table starts from a state that is not there.",
    example: Example {
        base: &[(
            "schema-requests/orders.yaml",
            "\
tableName: orders
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: state, type: TEXT, nullable: false}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
requestMetadata: {justification: Sell things, requestedAt: 2026-01-04T09:00:00Z}
",
        )],
        bad: &[(
            "schema-requests/order_notes.yaml",
            "\
sqlRequest: order_notes
touches: [orders]
up: ALTER TABLE orders ADD COLUMN note text
down: ALTER TABLE orders DROP COLUMN note
requestMetadata: {justification: Readers of the data warehouse need it, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/order_notes.yaml",
            "\
sqlRequest: order_notes
touches: [orders]
up: ALTER TABLE orders ENABLE ROW LEVEL SECURITY
down: ALTER TABLE orders DISABLE ROW LEVEL SECURITY
requestMetadata: {justification: Readers of the data warehouse need it, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Sql(check)],
};

fn check(context: &SqlContext<'_>, report: &mut Report<'_>) {
    let tables = || context.merged.tables.iter().chain(&context.base.tables);
    let describes = |name: &TableName| {
        let index = |table: &Table| {
            table.name.schema == name.schema && table.indexes.iter().any(|index| index.name == name.name)
        };
        tables().find(|(table, known)| *table == name || index(&known.table))
    };
    for (route, statement) in context.statements().filter(|(_, it)| it.dangers.contains(&Danger::Shape)) {
        if let Some((table, known)) = statement.relations.iter().find_map(describes) {
            let message =
                format!("{} changes table `{}`, which {} describes", place(statement), table.short(), known.path);
            report.at(route, message).suggest("Ask for the change in the request of the table");
        }
    }
}
