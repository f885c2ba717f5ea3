//! What `needs-newer-version` reports for the version of a server, this server refuses, and nothing else.

use chrono::{TimeZone as _, Utc};
use schema_registry::{
    model::{Activity, File, Tree},
    pipeline::{self, Scope, Snapshot},
    policy::Policy,
};

use crate::on_each;

/// Expressions with their types: those that some version lacks, and some that all have.
const EXPRESSIONS: &[(&str, &str)] = &[
    ("uuid", "uuidv7()"),
    ("uuid", "pg_catalog.uuidv4()"),
    ("uuid", "gen_random_uuid()"),
    ("float8", "random_normal()"),
    ("float8", "random()"),
    ("float8", "erf(0.5)"),
    ("float8", "erfc(0.5)"),
    ("float8", "gamma(0.5)"),
    ("float8", "lgamma(0.5)"),
    ("text", "to_bin(5)"),
    ("text", "to_oct(5)"),
    ("text", "to_hex(5)"),
    ("text", "casefold('A')"),
    ("text", "lower('A')"),
    ("int8", "crc32('a'::bytea)"),
    ("int8", "crc32c('a'::bytea)"),
    ("int[]", "array_sort(ARRAY[2, 1])"),
    ("int[]", "array_reverse(ARRAY[2, 1])"),
    ("int[]", "array_shuffle(ARRAY[2, 1])"),
    ("int[]", "array_sample(ARRAY[2, 1], 1)"),
    ("int[]", "array_append(ARRAY[2, 1], 1)"),
    ("timestamptz", "date_add(now(), interval '1 day')"),
    ("timestamptz", "date_subtract(now(), interval '1 day')"),
    ("timestamptz", "date_trunc('day', now())"),
    ("boolean", "pg_input_is_valid('1', 'integer')"),
    ("boolean", "unicode_assigned('a')"),
    ("boolean", "regexp_like('a', 'a')"),
    ("int2", "uuid_extract_version(gen_random_uuid())"),
    ("timestamptz", "uuid_extract_timestamp(gen_random_uuid())"),
    ("xml", "xmltext('a')"),
];

/// The violations of a table on a server of that version.
fn reported(version: u32, column: &str, rest: &str) -> Vec<String> {
    reported_beside("opaqueObjects: []", version, column, rest)
}

/// The same, with declarations.
fn reported_beside(declarations: &str, version: u32, column: &str, rest: &str) -> Vec<String> {
    let text = format!(
        "tableName: orders\nschemaJson:\n  columns:\n    - {{name: id, type: UUID, primaryKey: true}}\n    - {column}\n{rest}\
         requestMetadata: {{justification: It is needed, requestedAt: 2026-01-05T09:00:00Z}}\n"
    );
    let files = [("schema-requests/orders.yaml", text.as_str()), ("schema-requests/opaque.yaml", declarations)];
    let merged: Tree = files.map(|(path, text)| (path.to_owned(), File::regular(text))).into();
    let policy = Policy { postgres_version: version, ..Policy::default() };
    let now = Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).single().expect("is a time");
    let (base, scope, activity) = (Tree::new(), Scope::All, Activity::default());
    let outcome = pipeline::evaluate(&Snapshot { policy, now, base, merged, scope, activity });
    let found = outcome.all_violations().filter(|found| found.rule == "needs-newer-version");
    found
        .map(|found| format!("{}:{} {}", found.location.start.line, found.location.start.column, found.message))
        .collect()
}

#[test]
fn what_is_reported_is_refused_and_nothing_else() {
    on_each("versions", async |_, connection| {
        let version = connection.server_version().await.expect("it answers");
        for (type_name, expression) in EXPRESSIONS {
            let column = format!("{{name: a, type: \"{type_name}\", defaultValue: \"{expression}\"}}");
            let found = reported(version, &column, "");
            // Looks functions up, and runs nothing.
            let accepted = connection.execute_script(&format!("PREPARE p AS SELECT {expression}; DEALLOCATE p")).await;
            assert_eq!(found.is_empty(), accepted.is_ok(), "{expression} on {version}: {found:?}, {accepted:?}");
        }
        for collation in ["pg_c_utf8", "pg_unicode_fast", "C"] {
            let found = reported(version, &format!("{{name: a, type: TEXT, collation: {collation}}}"), "");
            let sql = format!("CREATE TABLE t (a text COLLATE \"{collation}\"); DROP TABLE t");
            let accepted = connection.execute_script(&sql).await;
            assert_eq!(found.is_empty(), accepted.is_ok(), "{collation} on {version}: {found:?}, {accepted:?}");
        }
    });
}

#[test]
fn a_message_names_the_version_and_a_function_of_ones_own_is_fine() {
    let column = "{name: a, type: UUID, defaultValue: uuidv7()}";
    assert_eq!(
        reported(17, column, ""),
        ["5:43 The default of column `a` calls `uuidv7`, which needs PostgreSQL 18; migrations must run on 17"]
    );
    assert_eq!(reported(18, column, ""), [""; 0]);
    let own = "opaqueObjects:\n  - {kind: function, name: uuidv7}\nowner: platform\nreason: Older than the registry\n";
    assert_eq!(reported_beside(own, 15, column, ""), [""; 0]);
    let unique = "  uniques:\n    - {columns: [a], nullsNotDistinct: true}\n";
    assert_eq!(reported(14, "{name: a, type: UUID}", unique).len(), 1);
    assert_eq!(reported(15, "{name: a, type: UUID}", unique), [""; 0]);
    let check = "{name: a, type: TEXT, check: \"casefold(a) = a\"}";
    assert_eq!(reported(15, check, "").len(), 1);
}
