//! `duplicate-table`

use crate::{
    model::Severity,
    rules::{Check, Example, Report, RequestContext, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "duplicate-table",
    severity: Severity::Error,
    fixed: true,
    summary: "A table that another request file describes already, or a registry id that another table has",
    rationale: "One file describes one table. With two, nobody can tell which is meant, and `CREATE TABLE IF NOT EXISTS` would \
        quietly keep the shape of whichever ran first.\n\n\
        <https://www.postgresql.org/docs/current/sql-createtable.html>",
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
requestMetadata: {justification: People work in teams, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        bad: &[(
            "schema-requests/sports/teams.yaml",
            "\
tableName: teams
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_teams_created_at, columns: [created_at]}
requestMetadata: {justification: Leagues have teams, requestedAt: 2026-02-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/sports/league_teams.yaml",
            "\
tableName: league_teams
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_league_teams_created_at, columns: [created_at]}
requestMetadata: {justification: Leagues have teams, requestedAt: 2026-02-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Request(twins), Check::Request(registry_ids)],
};

fn twins(context: &RequestContext<'_>, report: &mut Report<'_>) {
    let others: Vec<_> = context.twins.iter().filter(|path| *path != context.path).collect();
    let (Some(other), Some(request)) = (others.first(), context.request) else { return };
    report
        .at(
            &request.table_name.route,
            format!("Table already exists: `{other}` describes `{}` too", request.table.short()),
        )
        .suggest("Check schema registry for existing requests, and keep one file");
}

fn registry_ids(context: &RequestContext<'_>, report: &mut Report<'_>) {
    let Some(request) = context.accepted() else { return };
    let Some(id) = &request.registry_id else { return };
    let other =
        context.merged.tables.iter().find(|(name, table)| **name != request.table && table.registry_id == id.value);
    if let Some((name, table)) = other {
        report
            .at(&id.route, format!("The registry id is that of table `{}` (`{}`)", name.short(), table.path))
            .suggest("Remove `registryId`: only a renamed table carries one, its own old one");
    }
}
