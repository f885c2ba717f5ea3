use super::*;

fn only(sql: &str) -> ScriptStatement {
    let mut statements = parse_script(sql).expect(sql);
    assert_eq!(statements.len(), 1, "{sql}");
    statements.remove(0)
}

#[test]
fn what_can_be_in_no_migration_is_refused() {
    for sql in [
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT a",
        "PREPARE TRANSACTION 'a'",
        "COPY users TO PROGRAM 'curl example.com'",
        "COPY users FROM '/etc/passwd'",
        "COPY users FROM STDIN",
        "ALTER SYSTEM SET fsync = off",
        "CREATE DATABASE a",
        "DROP DATABASE a",
        "ALTER DATABASE a SET work_mem = 1",
        "CREATE TABLESPACE a LOCATION '/tmp'",
        "CREATE ROLE admin SUPERUSER",
        "ALTER ROLE admin PASSWORD 'x'",
        "DROP OWNED BY admin",
        "LOAD 'x'",
        "CREATE SUBSCRIPTION s CONNECTION 'host=elsewhere' PUBLICATION p",
        "SET search_path = x",
        "SET LOCAL ROLE admin",
        "SET LOCAL standard_conforming_strings = off",
        "RESET ALL",
        "DISCARD ALL",
        "REINDEX DATABASE a",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END",
    ] {
        assert!(only(sql).refused.is_some(), "{sql}");
    }
    for sql in [
        "SET LOCAL work_mem = '1GB'",
        "SELECT 1",
        "DO $$ BEGIN NULL; END $$",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$",
        "VACUUM users",
        "GRANT SELECT ON users TO reader",
    ] {
        assert!(only(sql).refused.is_none(), "{sql}");
    }
}

#[test]
fn dangers_and_relations_are_told() {
    use Danger::{BlockingIndex, Cascade, EveryRow, Shape};
    let cases: &[(&str, &str, &[Danger])] = &[
        ("UPDATE users SET a = 1", "users", &[EveryRow]),
        ("UPDATE billing.users SET a = 1 WHERE b", "billing.users", &[]),
        (
            "WITH gone AS (DELETE FROM old WHERE a RETURNING *) INSERT INTO archive SELECT * FROM gone",
            "archive old",
            &[],
        ),
        ("DELETE FROM users", "users", &[EveryRow]),
        ("TRUNCATE a, b.c CASCADE", "a b.c", &[Cascade]),
        ("DROP TABLE a CASCADE", "a", &[Cascade, Shape]),
        ("DROP VIEW v.a, b", "b v.a", &[]),
        ("DROP FUNCTION f() CASCADE", "", &[Cascade]),
        ("DROP TRIGGER t ON users", "users", &[]),
        ("DROP POLICY p ON s.users", "s.users", &[]),
        ("DROP INDEX i", "i", &[BlockingIndex, Shape]),
        ("CREATE INDEX i ON users (a)", "users", &[BlockingIndex, Shape]),
        ("CREATE INDEX CONCURRENTLY i ON users (a)", "users", &[Shape]),
        ("REINDEX TABLE users", "users", &[BlockingIndex]),
        ("ALTER TABLE users ENABLE ROW LEVEL SECURITY", "users", &[]),
        ("ALTER TABLE users ADD COLUMN a int, OWNER TO b", "users", &[Shape]),
        ("ALTER TABLE users DROP COLUMN a CASCADE", "users", &[Cascade, Shape]),
        ("ALTER TABLE users RENAME COLUMN a TO b", "users", &[Shape]),
        ("CREATE TABLE a (b int)", "a", &[Shape]),
        ("CREATE VIEW v AS SELECT * FROM users", "v", &[]),
        ("CREATE MATERIALIZED VIEW v AS SELECT * FROM users", "v", &[]),
        ("CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f()", "users", &[]),
        ("CREATE POLICY p ON users USING (true)", "users", &[]),
        ("GRANT SELECT ON users, s.v TO reader", "s.v users", &[]),
    ];
    for (sql, relations, dangers) in cases {
        let found = only(sql);
        let names: Vec<_> = found.relations.iter().map(TableName::short).collect();
        let mut names = names;
        names.sort();
        assert_eq!(names.join(" "), *relations, "{sql}");
        assert_eq!(found.dangers.into_iter().collect::<Vec<_>>(), *dangers, "{sql}");
    }
}

#[test]
fn locks_and_losses_are_told() {
    let told = |sql: &str| (only(sql).lock.map(LockMode::as_str), only(sql).data_loss.is_some(), only(sql).alone);
    assert_eq!(told("UPDATE users SET a = 1"), (Some("ROW EXCLUSIVE"), false, false));
    assert_eq!(told("DELETE FROM users WHERE a"), (Some("ROW EXCLUSIVE"), true, false));
    assert_eq!(told("TRUNCATE users"), (Some("ACCESS EXCLUSIVE"), true, false));
    assert_eq!(told("ALTER TABLE users VALIDATE CONSTRAINT c"), (Some("SHARE UPDATE EXCLUSIVE"), false, false));
    assert_eq!(told("ALTER TABLE users DROP COLUMN a"), (Some("ACCESS EXCLUSIVE"), true, false));
    assert_eq!(told("DROP INDEX CONCURRENTLY i"), (Some("SHARE UPDATE EXCLUSIVE"), false, true));
    assert_eq!(told("REINDEX INDEX CONCURRENTLY i"), (Some("SHARE UPDATE EXCLUSIVE"), false, true));
    assert_eq!(told("ALTER TABLE a DETACH PARTITION b CONCURRENTLY"), (Some("ACCESS EXCLUSIVE"), false, true));
    assert_eq!(told("VACUUM users"), (None, false, true));
}

#[test]
fn statements_have_lines_and_summaries() {
    let script = "-- why\n/* a /* b */ */ SELECT\n  1;\n\nCREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN; RETURN 1; END $$;\n";
    let shown: Vec<_> = parse_script(script).expect("reads").into_iter().map(|it| (it.line, it.summary)).collect();
    let function = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN; RETURN 1; …";
    assert_eq!(shown, [(2, "SELECT 1".to_owned()), (5, function.to_owned())]);
    for (script, message) in [
        ("", "There is no statement in it"),
        ("-- nothing\n;", "There is no statement in it"),
        ("SELEC 1", "Syntax error at or near \"SELEC\""),
        ("\\! rm -rf /", "Syntax error at or near \"\\\""),
        ("SELECT 'a", "Unterminated quoted string"),
    ] {
        assert_eq!(parse_script(script).expect_err(script).message, message);
    }
    let both = parse_script("SELECT 1; VACUUM users").expect("reads");
    assert!(both[0].refused.is_none() && both[1].refused.is_some());
}
