//! `unindexed-foreign-key`

use crate::{
    model::Severity,
    rules::{Check, Example, Report, Rule, TableContext, lookup::lookups},
};

pub(super) static RULE: Rule = Rule {
    id: "unindexed-foreign-key",
    severity: Severity::Warning,
    fixed: false,
    summary: "A new foreign key whose columns begin no index",
    rationale: "PostgreSQL indexes the referenced side of a foreign key, never the referencing one. Without an index there, \
        every delete or key update of a referenced row reads the whole referencing table, under a lock, and so does \
        every join from the other side. An index, unique constraint or primary key that begins with the columns \
        serves; a partial index does not, unless its predicate is that the column is not null.\n\n\
        <https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK>",
    example: Example {
        base: &[(
            "schema-requests/teams.yaml",
            "\
tableName: teams
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_teams_created_at, columns: [created_at]}
requestMetadata: {justification: People work in teams, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        bad: &[(
            "schema-requests/projects.yaml",
            "\
tableName: projects
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: team_id, type: UUID, nullable: false, references: {table: teams, column: id, onDelete: CASCADE}}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_projects_created_at, columns: [created_at]}
requestMetadata: {justification: Group the work of a team, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/projects.yaml",
            "\
tableName: projects
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: team_id, type: UUID, nullable: false, references: {table: teams, column: id, onDelete: CASCADE}}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_projects_created_at, columns: [created_at]}
    - {name: idx_projects_team_id, columns: [team_id]}
requestMetadata: {justification: Group the work of a team, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Table(check)],
};

fn check(context: &TableContext<'_>, report: &mut Report<'_>) {
    let indexes = lookups(context.table);
    for key in context.foreign_keys() {
        if !context.is_new(&key) || indexes.iter().any(|index| index.finds(&key.columns)) {
            continue;
        }
        let table = &context.table.name.name;
        report
            .at(
                &key.route,
                format!(
                    "Foreign key ({}) has no index: deleting from `{}` reads all of `{table}`",
                    key.columns.join(", "),
                    key.reference.table.short()
                ),
            )
            .suggest(format!(
                "Add an index: `{{name: idx_{table}_{}, columns: [{}]}}`",
                key.columns.join("_"),
                key.columns.join(", ")
            ));
    }
}
