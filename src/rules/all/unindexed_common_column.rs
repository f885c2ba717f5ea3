//! `unindexed-common-column`

use crate::{
    model::Severity,
    rules::{Check, Example, Report, Rule, TableContext, lookup::lookups},
};

pub(super) static RULE: Rule = Rule {
    id: "unindexed-common-column",
    severity: Severity::Warning,
    fixed: false,
    summary: "A new `user_id` or `created_at` column without an index; a notice for `updated_at`",
    rationale: "Whose, and since when, is what tables are asked most. `user_id` needs an index that begins with it; \
        `created_at` any index that holds it, such as `(user_id, created_at)`.\n\n\
        An index on `updated_at` has a price: an update that changes an indexed column cannot be [heap- \
        only](https://www.postgresql.org/docs/current/storage-hot.html), so every update of a row writes to every \
        index of the table (measured: the share of heap-only updates falls from 100 % to 0 %). Add one only where \
        rows are really searched by their last change.",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/comments.yaml",
            "\
tableName: comments
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: user_id, type: TEXT, nullable: false}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_comments_created_at, columns: [created_at]}
requestMetadata: {justification: Let people talk, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/comments.yaml",
            "\
tableName: comments
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: user_id, type: TEXT, nullable: false}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_comments_user_id_created_at, columns: [user_id, created_at]}
    - {name: idx_comments_updated_at, columns: [updated_at]}
requestMetadata: {justification: Let people talk, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Table(check)],
};

fn check(context: &TableContext<'_>, report: &mut Report<'_>) {
    let indexes = lookups(context.table);
    for column in context.new_columns() {
        let name = column.name.as_str();
        // A reference is `unindexed-foreign-key`'s business.
        let found = match name {
            "user_id" => context.refers(name) || indexes.iter().any(|index| index.keys.first() == Some(&Some(name))),
            "created_at" | "updated_at" => indexes.iter().any(|index| index.keys.contains(&Some(name))),
            _ => true,
        };
        if found {
            continue;
        }
        let table = &context.table.name.name;
        let index = format!("`{{name: idx_{table}_{name}, columns: [{name}]}}`");
        let found = report.at(&column.route.key("name"), format!("Common column `{name}` has no index"));
        if name == "updated_at" {
            found
                .suggest(format!(
                    "Add an index only if rows are searched by it: {index}; it makes every update write to every index of the \
                     table (no HOT updates)"
                ))
                .at_most(Severity::Notice);
        } else {
            found.suggest(format!("Add an index: {index}"));
        }
    }
}
