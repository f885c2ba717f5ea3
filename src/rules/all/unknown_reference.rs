//! `unknown-reference`

use crate::{
    model::{Lifecycle, ObjectKind, Severity, Table, TableName},
    policy::nearest,
    rules::{Check, Example, Report, RequestContext, Rule, TableContext, context::RequestedForeignKeyView},
};

pub(super) static RULE: Rule = Rule {
    id: "unknown-reference",
    severity: Severity::Error,
    fixed: false,
    summary: "A foreign key to a table or columns that it cannot refer to",
    rationale: "A foreign key needs a table on the merged result, or an opaque one that is declared, columns that are there, and a primary key or unique \
        constraint over exactly those columns, of types that can be compared. A table that others refer to cannot be \
        dropped before they let go.\n\n\
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
    - {name: team_id, type: UUID, nullable: false, references: {table: team, column: id, onDelete: CASCADE}}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_projects_created_at, columns: [created_at]}
    - {name: idx_projects_team_id, columns: [team_id]}
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
    checks: &[Check::Table(references), Check::Request(still_referenced)],
};

fn references(context: &TableContext<'_>, report: &mut Report<'_>) {
    for key in context.foreign_keys() {
        let name = &key.reference.table;
        let referenced = if *name == context.table.name { Some(context.table) } else { context.merged.referable(name) };
        if let Some(object) = context.merged.relation(name).filter(|known| known.object.kind != ObjectKind::Table) {
            let kind = object.object.kind.as_str();
            report
                .at(&key.reference.route.key("table"), format!("Foreign key refers to `{}`, a {kind}", name.short()))
                .suggest("Refer to a table");
            continue;
        }
        let Some(referenced) = referenced else {
            let declared = context.merged.objects.values().map(|known| &known.object);
            let declared = declared.filter(|object| object.kind == ObjectKind::Table).map(|object| &object.name);
            let tables: Vec<_> = context.merged.tables.keys().chain(declared).map(TableName::short).collect();
            let suggestion = did_you_mean(
                &name.short(),
                tables.iter().map(String::as_str),
                "Add a request for it to this change, declare it as an opaque object, or correct the name",
            );
            report
                .at(
                    &key.reference.route.key("table"),
                    format!("Foreign key refers to table `{}`, which does not exist", name.short()),
                )
                .suggest(suggestion);
            continue;
        };
        reference(context.table, &key, referenced, report);
    }
}

/// What PostgreSQL asks of the referenced columns.
/// Source: <https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-PARMS-REFERENCES>
fn reference(table: &Table, key: &RequestedForeignKeyView<'_>, referenced: &Table, report: &mut Report<'_>) {
    let name = referenced.name.short();
    let route =
        if key.reference.columns.len() == 1 { key.reference.route.key("column") } else { key.reference.route.clone() };
    let columns = referenced.referred_columns(&key.reference.columns);
    if columns.is_empty() {
        report
            .at(&route, format!("Foreign key refers to the primary key of `{name}`, which has none"))
            .suggest(format!("Name a unique column of `{name}`, or give the table a primary key"));
        return;
    }
    let missing = columns.iter().find(|column| referenced.column(column).is_none());
    if let Some(column) = missing {
        let names = referenced.columns.iter().map(|column| column.name.as_str());
        report
            .at(&route, format!("Foreign key refers to column `{column}`, which `{name}` does not have"))
            .suggest(did_you_mean(column, names, "Name a column of the referenced table"));
        return;
    }
    if columns.len() != key.columns.len() {
        report
            .at(
                &route,
                format!("Foreign key has {} columns and refers to {} of `{name}`", key.columns.len(), columns.len()),
            )
            .suggest("Name as many columns on both sides");
        return;
    }
    if referenced.keys_for(&key.reference.columns).is_empty() {
        report
            .at(&route, format!("Foreign key refers to ({}) of `{name}`, which is no key there", columns.join(", ")))
            .suggest("Refer to the primary key or to columns with a unique constraint");
        return;
    }
    for (from, to) in key.columns.iter().zip(columns) {
        let (Some(from), Some(to)) = (table.column(from), referenced.column(to)) else { continue };
        if !comparable(&from.type_name, &to.type_name) {
            report
                .at(
                    &route,
                    format!(
                        "Column `{}` is {} and `{name}.{}` is {}",
                        from.name, from.type_name, to.name, to.type_name
                    ),
                )
                .suggest(format!("Make `{}` {}", from.name, to.type_name));
        }
    }
}

/// False only for types that PostgreSQL certainly cannot compare: of two different families of built-in ones.
fn comparable(left: &str, right: &str) -> bool {
    match (family(left), family(right)) {
        (Some(left), Some(right)) => left == right,
        _ => true,
    }
}

fn family(type_name: &str) -> Option<&'static str> {
    if type_name.ends_with(']') {
        return None;
    }
    // `timestamp(3) without time zone` is of the family of `timestamp without time zone`.
    let plain = match (type_name.find('('), type_name.find(')')) {
        (Some(open), Some(close)) if open < close => format!("{}{}", &type_name[..open], &type_name[close + 1..]),
        _ => type_name.to_owned(),
    };
    Some(match plain.as_str() {
        "smallint" | "integer" | "bigint" | "numeric" | "smallserial" | "serial" | "bigserial" => "number",
        "text" | "character varying" | "character" | "bpchar" => "text",
        "uuid" => "uuid",
        "boolean" => "boolean",
        "date" | "timestamp with time zone" | "timestamp without time zone" => "date",
        "bytea" => "bytea",
        "inet" | "cidr" => "inet",
        _ => return None,
    })
}

fn still_referenced(context: &RequestContext<'_>, report: &mut Report<'_>) {
    let Some(request) = context.accepted().filter(|request| request.lifecycle == Lifecycle::Dropped) else { return };
    let Some(route) = &request.lifecycle_route else { return };
    for (name, entry) in &context.merged.tables {
        let key = entry.table.foreign_keys.iter().find(|key| key.references == request.table);
        if let Some(key) = key.filter(|_| *name != request.table) {
            report
                .at(
                    route,
                    format!("Table `{}` still refers to `{}` by `{}`", name.short(), request.table.short(), key.name),
                )
                .suggest(format!(
                    "Remove the foreign key from `{}` first, or drop that table in the same change",
                    entry.path
                ));
        }
    }
}

fn did_you_mean<'a>(word: &str, names: impl Iterator<Item = &'a str>, otherwise: &str) -> String {
    nearest(word, names).map_or_else(|| otherwise.to_owned(), |name| format!("Did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_different_families_cannot_be_compared() {
        for (left, right, expected) in [
            ("uuid", "uuid", true),
            ("uuid", "text", false),
            ("integer", "bigint", true),
            ("bigserial", "bigint", true),
            ("character varying(40)", "text", true),
            ("numeric(10,2)", "integer", true),
            ("timestamp(3) without time zone", "uuid", false),
            ("integer", "text", false),
            ("citext", "text", true),
            ("uuid[]", "uuid", true),
        ] {
            assert_eq!(comparable(left, right), expected, "{left} {right}");
        }
    }
}
