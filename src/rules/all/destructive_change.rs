//! `destructive-change`

use crate::{
    model::{ChangeKind, Lifecycle, Severity},
    rules::{Check, Example, Report, RequestContext, Rule, TableContext, TreeContext},
};

pub(super) static RULE: Rule = Rule {
    id: "destructive-change",
    severity: Severity::Error,
    fixed: false,
    summary: "A change that loses data: a file of a live table deleted, a column gone, or a table dropped",
    rationale: "Losing data is never an accident. A table is dropped by `lifecycle: dropped` in its request, which stays as the \
        record of who wanted it and why; that is explicit, and only warned of. Deleting the file of a live table is refused. A \
        column that disappears from its file is an error until a waiver gives the reason and an expiry; a column that is \
        renamed keeps its values with `renamedFrom`.\n\n\
        <https://www.postgresql.org/docs/current/sql-altertable.html>",
    example: Example {
        base: &[(
            "schema-requests/invoices.yaml",
            "\
tableName: invoices
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: note, type: TEXT}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
requestMetadata: {justification: Know what was charged, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        bad: &[(
            "schema-requests/invoices.yaml",
            "\
tableName: invoices
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
requestMetadata: {justification: Notes moved to the ledger, requestedAt: 2026-02-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/invoices.yaml",
            "\
tableName: invoices
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
waivers:
  - {rule: destructive-change, reason: Copied to the ledger on 2026-01-20, expires: 2027-01-01}
requestMetadata: {justification: Notes moved to the ledger, requestedAt: 2026-02-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Request(dropped_tables), Check::Table(dropped_columns), Check::Tree(deleted_files)],
};

fn dropped_tables(context: &RequestContext<'_>, report: &mut Report<'_>) {
    let Some(request) = context.accepted().filter(|request| request.lifecycle == Lifecycle::Dropped) else { return };
    let live = context.change.is_some_and(|change| change.kind == ChangeKind::Drop && change.before.is_some());
    if let (true, Some(route)) = (live, &request.lifecycle_route) {
        report
            .at(route, format!("Dropping table `{}` loses its rows for good", request.table.short()))
            .suggest("Make sure that nothing reads it any more and that a backup exists")
            .at_most(Severity::Warning);
    }
}

fn dropped_columns(context: &TableContext<'_>, report: &mut Report<'_>) {
    let Some(before) = context.before else { return };
    let columns = &context.request.schema.columns;
    for old in &before.columns {
        let kept = |name: &str, from: Option<&str>| name == old.name || from == Some(&old.name);
        if columns.iter().any(|column| kept(&column.name, column.renamed_from.as_deref())) {
            continue;
        }
        report
            .at(
                &context.columns_route(),
                format!("Column `{}` is no longer in the file: dropping it loses its values for good", old.name),
            )
            .suggest(format!(
                "Put it back; name it in `renamedFrom: {}` of the column that replaces it; or waive this rule with the reason \
                 why its values may go",
                old.name
            ));
    }
}

fn deleted_files(context: &TreeContext<'_>, report: &mut Report<'_>) {
    for (name, live) in &context.base.tables {
        let moved = |id| context.merged.tables.values().any(|table| table.registry_id == id);
        let stays = context.merged_tree.contains_key(&live.path) || context.merged.tables.contains_key(name);
        if stays || moved(live.registry_id) || !(context.judged)(&live.path) {
            continue;
        }
        report
            .at_file(&live.path, format!("The file of table `{}`, which exists, was deleted", name.short()))
            .suggest(
                "Restore it; to drop the table set `lifecycle: dropped` in it, with a justification, and run `schema-registry \
                 generate`",
            );
    }
}
