//! `unsupported-change`

use crate::{
    model::Severity,
    rules::{Check, Example, Report, RequestContext, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "unsupported-change",
    severity: Severity::Error,
    fixed: true,
    summary: "A change for which no migration can be written yet",
    rationale: "What a request asks for is carried out or refused, never ignored.",
    example: Example {
        base: &[(
            "schema-requests/ledger_entries.yaml",
            "\
tableName: ledger_entries
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: amount, type: INTEGER, nullable: false}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_ledger_entries_created_at, columns: [created_at]}
requestMetadata: {justification: Book every movement of money, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        bad: &[(
            "schema-requests/ledger_entries.yaml",
            "\
tableName: ledger_entries
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: amount, type: \"NUMERIC(12,2)\", nullable: false}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_ledger_entries_created_at, columns: [created_at]}
requestMetadata: {justification: Cents are not enough, requestedAt: 2026-02-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/ledger_entries.yaml",
            "\
tableName: ledger_entries
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: amount, type: INTEGER, nullable: false}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_ledger_entries_created_at, columns: [created_at]}
requestMetadata: {justification: Book every movement of money and goods, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Request(check)],
};

fn check(context: &RequestContext<'_>, report: &mut Report<'_>) {
    for unsupported in context.unsupported {
        report.at(&unsupported.route, unsupported.message.clone()).suggest(unsupported.suggestion.clone());
    }
}
