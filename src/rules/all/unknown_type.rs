//! `unknown-type`

use crate::{
    model::{RequestedColumn, Severity},
    rules::{Check, Example, Report, Rule, TableContext, fix},
    sql::{self, TypeName},
};

pub(super) static RULE: Rule = Rule {
    id: "unknown-type",
    severity: Severity::Error,
    fixed: false,
    summary: "A column of a type that PostgreSQL does not have and the policy does not allow",
    rationale: "Types are read by PostgreSQL's own grammar and looked up among the built-in ones of the target version \
        (`[database] version`). Types of extensions, enums and domains are declared as opaque objects, or named in \
        `[types] allow` of `schema-registry.toml`.\n\n\
        <https://www.postgresql.org/docs/current/datatype.html>",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/meetings.yaml",
            "\
tableName: meetings
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: starts_at, type: DATETIME, nullable: false}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_meetings_created_at, columns: [created_at]}
requestMetadata: {justification: Find a time, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/meetings.yaml",
            "\
tableName: meetings
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: starts_at, type: TIMESTAMPTZ, nullable: false}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_meetings_created_at, columns: [created_at]}
requestMetadata: {justification: Find a time, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Table(check)],
};

fn check(context: &TableContext<'_>, report: &mut Report<'_>) {
    for column in context.typed_columns() {
        match sql::parse_type(&column.type_text, context.policy.postgres_version) {
            Err(error) => {
                let route = column.route.key("type");
                report.at(&route, format!("Type of column `{}` is not valid: {}", column.name, error.message)).suggest(
                    error.suggestion.unwrap_or_else(|| "Write one PostgreSQL type, such as `TEXT`".to_owned()),
                );
            }
            Ok(name) if !name.built_in && !is_known(context, &name) => {
                unknown(context, column, &name, report);
            }
            Ok(_) => {}
        }
    }
}

fn is_known(context: &TableContext<'_>, name: &TypeName) -> bool {
    is_allowed(name, &context.policy.allowed_types) || sql::type_object(context.merged, &name.base).is_some()
}

fn unknown(context: &TableContext<'_>, column: &RequestedColumn, name: &TypeName, report: &mut Report<'_>) {
    let route = column.route.key("type");
    let version = context.policy.postgres_version;
    let message = format!("Type `{}` of column `{}` does not exist in PostgreSQL {version}", name.base, column.name);
    let meant = meant(&name.base).map(ToOwned::to_owned);
    let wanted = meant.as_ref().map(|meant| format!("{meant}{}", "[]".repeat(name.dimensions)));
    let found = report.at(&route, message);
    match wanted {
        Some(wanted) => {
            let edits = fix::replace(context.request, &route, &column.type_text, &wanted);
            // What stands in brackets may mean something else for the other type.
            let edits = if name.modifiers.is_empty() { edits } else { Vec::new() };
            found.suggest(format!("Use {wanted} instead")).fix(edits);
        }
        None => {
            found.suggest(
                "Correct the spelling, or, if the database has it, declare it as an opaque object of kind enum, domain, \
                 composite, range or extension",
            );
        }
    }
}

/// With or without its schema; quotes do not count.
fn is_allowed(name: &TypeName, allowed: &[String]) -> bool {
    let whole = name.base.replace('"', "").to_lowercase();
    let alone = whole.rsplit('.').next().unwrap_or(&whole);
    allowed.iter().any(|allowed| *allowed == whole || allowed == alone)
}

/// What people who come from other databases and languages mean, then the nearest built-in name.
fn meant(base: &str) -> Option<&'static str> {
    let base = base.to_lowercase();
    let known = match base.as_str() {
        "datetime" | "datetime2" | "smalldatetime" | "datetimeoffset" | "instant" => "TIMESTAMPTZ",
        "string" | "str" | "varchar2" | "nvarchar" | "nvarchar2" | "nchar" | "clob" | "nclob" | "longtext"
        | "mediumtext" | "tinytext" | "ntext" => "TEXT",
        "number" => "NUMERIC",
        "double" | "float64" => "DOUBLE PRECISION",
        "float32" => "REAL",
        "tinyint" | "int1" | "int16" | "uint8" => "SMALLINT",
        "mediumint" | "int32" | "uint16" => "INTEGER",
        "long" | "int64" | "uint32" => "BIGINT",
        "blob" | "longblob" | "mediumblob" | "tinyblob" | "binary" | "varbinary" | "bytes" => "BYTEA",
        "guid" | "uniqueidentifier" => "UUID",
        "object" | "hash" | "map" => "JSONB",
        "autoincrement" | "auto_increment" => "BIGSERIAL",
        // One slip only: `citext` and `vector` are types of extensions, not misspellings of TEXT and TSVECTOR.
        _ => return BUILT_IN.into_iter().find(|name| strsim::osa_distance(&base, &name.to_lowercase()) == 1),
    };
    Some(known)
}

/// Common built-in names, as they are suggested.
const BUILT_IN: [&str; 26] = [
    "BIGINT",
    "BIGSERIAL",
    "BOOLEAN",
    "BYTEA",
    "CHARACTER",
    "CIDR",
    "DATE",
    "DOUBLE PRECISION",
    "INET",
    "INTEGER",
    "INTERVAL",
    "JSON",
    "JSONB",
    "MACADDR",
    "MONEY",
    "NUMERIC",
    "REAL",
    "SERIAL",
    "SMALLINT",
    "TEXT",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMPTZ",
    "TSVECTOR",
    "UUID",
    "XML",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_guessed() {
        for (written, expected) in [
            ("datetime", Some("TIMESTAMPTZ")),
            ("string", Some("TEXT")),
            ("timestmaptz", Some("TIMESTAMPTZ")),
            ("boolan", Some("BOOLEAN")),
            ("uniqueidentifier", Some("UUID")),
            ("citext", None),
            ("vector", None),
            ("geometry", None),
        ] {
            assert_eq!(meant(written), expected, "{written}");
        }
    }

    #[test]
    fn allowed_types_match_with_and_without_schema() {
        let name = |base: &str| TypeName {
            canonical: base.to_owned(),
            base: base.to_owned(),
            modifiers: Vec::new(),
            dimensions: 0,
            serial: false,
            built_in: false,
        };
        let allowed = ["citext".to_owned(), "billing.currency".to_owned()];
        assert!(is_allowed(&name("citext"), &allowed));
        assert!(is_allowed(&name("extensions.citext"), &allowed));
        assert!(is_allowed(&name("billing.currency"), &allowed));
        assert!(!is_allowed(&name("currency"), &allowed));
    }
}
