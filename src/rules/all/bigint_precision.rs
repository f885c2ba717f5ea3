//! `bigint-precision`

use crate::{
    model::Severity,
    rules::{Check, Example, Report, Rule, TableContext, words::words},
};

pub(super) static RULE: Rule = Rule {
    id: "bigint-precision",
    severity: Severity::Warning,
    fixed: false,
    summary: "A new BIGINT column that JavaScript cannot read exactly",
    rationale: "A JavaScript number holds integers exactly up to 2^53 - 1, a BIGINT goes up to 2^63 - 1: the IDs of Discord, \
        Twitter and other services are larger, and are rounded without an error as soon as they become a number. IDs that \
        others hand out are names, not quantities; TEXT keeps them whole. Identity and serial columns, and columns that \
        refer to another table's key, are left alone.\n\n\
        <https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-INT>",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/guild_members.yaml",
            "\
tableName: guild_members
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: discord_id, type: BIGINT, nullable: false}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_guild_members_created_at, columns: [created_at]}
requestMetadata: {justification: Know who is in which guild, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/guild_members.yaml",
            "\
tableName: guild_members
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: discord_id, type: TEXT, nullable: false}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_guild_members_created_at, columns: [created_at]}
requestMetadata: {justification: Know who is in which guild, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Table(check)],
};

fn check(context: &TableContext<'_>, report: &mut Report<'_>) {
    for column in context.typed_columns() {
        let exempt = column.identity.is_some() || context.refers(&column.name);
        let is_bigint = context.type_of(column).is_some_and(|name| name.base == "bigint" && !name.serial);
        if exempt || !is_bigint {
            continue;
        }
        let suggestion = if words(&column.name).last().is_some_and(|word| word == "id") {
            "Use TEXT for external IDs or handle BigInt properly in JavaScript"
        } else {
            "Handle BigInt properly in JavaScript, or use INTEGER where every value stays below 2147483648"
        };
        report
            .at(
                &column.route.key("type"),
                format!("Column `{}` is BIGINT, which JavaScript cannot read exactly above 2^53", column.name),
            )
            .suggest(suggestion);
    }
}
