//! What `pg_dump` says of a table, in an order of our own.

use std::{fs, process::Command};

use crate::support::Major;

/// The schema of a database as `pg_dump` writes it: statements sorted, and the columns of each table.
pub(crate) fn schema(major: Major, database: &str) -> String {
    let output = Command::new(major.binaries().join("pg_dump"))
        .args(["--schema-only", "--no-owner", "--dbname"])
        .arg(database)
        .args(["--username", "schema_registry", "--host"])
        .arg(major.cluster().folder())
        .output()
        .expect("pg_dump starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("it is UTF-8");
    let mut statements: Vec<String> = text.split("\n\n\n").flat_map(|part| part.split("\n\n")).map(sorted).collect();
    statements.sort();
    statements
        .retain(|statement| !statement.starts_with("--") && !statement.is_empty() && !statement.starts_with('\\'));
    statements.join("\n\n")
}

/// The lines of `CREATE TABLE` in order; the columns of a table may be in any.
fn sorted(statement: &str) -> String {
    let Some((head, body)) = statement.split_once("(\n").filter(|(head, _)| head.starts_with("CREATE TABLE")) else {
        return statement.to_owned();
    };
    let mut lines: Vec<_> = body.lines().map(|line| nameless(line.trim_end_matches(','))).collect();
    lines.sort_unstable();
    format!("{head}(\n{}", lines.join("\n"))
}

/// A column without the name of its NOT NULL, which PostgreSQL 18 has and keeps where the column is renamed; no request can
/// say one.
fn nameless(line: &str) -> String {
    let named =
        line.rsplit_once(" CONSTRAINT ").and_then(|(column, rest)| Some((column, rest.split_once(" NOT NULL")?.1)));
    named.map_or_else(|| line.to_owned(), |(column, rest)| format!("{column} NOT NULL{rest}"))
}

/// Copies a database by way of `pg_dump` and `psql`, rows included.
pub(crate) fn restore(major: Major, from: &str, to: &str) {
    let program = |name: &str, database: &str| {
        let mut command = Command::new(major.binaries().join(name));
        command
            .args(["--username", "schema_registry", "--host"])
            .arg(major.cluster().folder())
            .args(["--dbname", database]);
        command
    };
    let dumped = program("pg_dump", from).arg("--no-owner").output().expect("pg_dump starts");
    assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(file.path(), &dumped.stdout).expect("it can be written");
    let restored = program("psql", to)
        .args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--file"])
        .arg(file.path())
        .output()
        .expect("psql starts");
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
}
