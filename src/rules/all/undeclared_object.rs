//! `undeclared-object`

use crate::{
    model::Severity,
    rules::{Check, Example, Report, Rule, TreeContext},
    sql::uses_object,
};

pub(super) static RULE: Rule = Rule {
    id: "undeclared-object",
    severity: Severity::Error,
    fixed: false,
    summary: "An opaque object that is no longer declared, while requests still refer to it",
    rationale: "The declaration of an opaque object goes once nothing refers to the object: otherwise the next change of a \
        table that does would fail for a reason that nobody remembers.",
    example: Example {
        base: &[
            (
                "schema-requests/opaque.yaml",
                "\
opaqueObjects:
  - {kind: enum, name: mood, labels: [sad, happy]}
  - {kind: enum, name: colour, labels: [red, green]}
owner: platform
reason: Older than the registry
",
            ),
            (
                "schema-requests/people.yaml",
                "\
tableName: people
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: feels, type: mood}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
requestMetadata: {justification: Know how people are, requestedAt: 2026-01-05T09:00:00Z}
",
            ),
        ],
        bad: &[(
            "schema-requests/opaque.yaml",
            "\
opaqueObjects:
  - {kind: enum, name: colour, labels: [red, green]}
owner: platform
reason: Older than the registry
",
        )],
        good: &[(
            "schema-requests/opaque.yaml",
            "\
opaqueObjects:
  - {kind: enum, name: mood, labels: [sad, happy]}
owner: platform
reason: Older than the registry
",
        )],
    },
    checks: &[Check::Tree(check)],
};

fn check(context: &TreeContext<'_>, report: &mut Report<'_>) {
    for (key, known) in &context.base.objects {
        let described = context.merged.tables.contains_key(&known.object.name);
        if context.merged.objects.contains_key(key) || described || !(context.judged)(&known.path) {
            continue;
        }
        if let Some((name, _)) =
            context.merged.tables.iter().find(|(_, table)| uses_object(&table.table, &known.object))
        {
            let (kind, object) = (known.object.kind.as_str(), known.object.name.short());
            report
                .at_file(
                    &known.path,
                    format!("The {kind} `{object}` is no longer declared, and table `{}` uses it", name.short()),
                )
                .suggest("Declare it again, or change the table first");
        }
    }
}
