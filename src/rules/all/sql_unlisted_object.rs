//! `sql-unlisted-object`

use std::collections::BTreeSet;

use crate::{
    model::{Severity, TableName},
    rules::{Check, Example, Report, Rule, SqlContext, context::place},
};

pub(super) static RULE: Rule = Rule {
    id: "sql-unlisted-object",
    severity: Severity::Error,
    fixed: false,
    summary: "SQL of a request that changes a table or view that `touches` does not list",
    rationale: "`touches` is what reviewers and the audit log go by: who asks later what happened to a table finds the SQL under its name.",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/settle_orders.yaml",
            "\
sqlRequest: settle_orders
touches: [customers]
up: UPDATE orders SET state = 'settled' WHERE state = 'paid'
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
    let Some(request) = context.accepted() else { return };
    let mut listed: BTreeSet<&TableName> = request.touches.iter().map(|field| &field.value).collect();
    for (route, statement) in context.statements() {
        for relation in &statement.relations {
            if listed.insert(relation) {
                let name = relation.short();
                report
                    .at(route, format!("{} changes `{name}`, which `touches` does not list", place(statement)))
                    .suggest(format!("Add `{name}` to `touches`"));
            }
        }
    }
}
