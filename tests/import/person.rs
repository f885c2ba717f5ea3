//! What somebody meets who imports with the binary.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use super::support::Major;

/// Runs the binary in a folder: exit code, standard output, standard error.
pub(super) fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    run_with(folder, arguments, b"")
}

fn run_with(folder: &Path, arguments: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_schema-registry"));
    let command = command.current_dir(folder).env("PG_BIN", Major::Installed.binaries()).args(arguments);
    let command = command.env_remove("SCHEMA_REGISTRY_DATABASE_URL").stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    child.stdin.take().expect("is piped").write_all(input).expect("is read");
    let output = child.wait_with_output().expect("the binary ends");
    let text = |bytes| String::from_utf8(bytes).expect("is UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_person_imports_a_dump_and_checks_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dump = "\
\\restrict x
SET transaction_timeout = 0;
CREATE TYPE public.mood AS ENUM ('no', 'yes');
ALTER TYPE public.mood OWNER TO ann;
CREATE TABLE public.people (id integer NOT NULL, feels public.mood);
ALTER TABLE ONLY public.people ADD CONSTRAINT people_pkey PRIMARY KEY (id);
CREATE UNLOGGED TABLE public.cache (k text);
GRANT ALL ON TABLE public.people TO ann;
";
    fs::write(folder.path().join("people.sql"), dump).expect("writes");
    let (code, out, err) = run(folder.path(), &["import", "--owner", "platform", "people.sql"]);
    insta::assert_snapshot!(format!("{code:?}\n{out}{err}"), @r#"
    Some(0)
    described  1 table
    declared   1 table
    declared   1 enum
               table cache: is unlogged
    left out   grant: 1
               GRANT ALL ON TABLE public.people TO ann
    wrote      4 files
    "#);
    assert_eq!(run(folder.path(), &["check"]).0, Some(0));
    let (code, out, err) = run(folder.path(), &["import", "--owner", "platform", "people.sql"]);
    insta::assert_snapshot!(format!("{code:?}\n{out}{err}"), @r#"
    Some(2)
    error: schema-requests/people.yaml is there already, so nothing was written; remove it, or import where it is not
    "#);
}

/// Imports `dump` into an empty folder.
fn imported(dump: &[u8]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("dump.sql"), dump).expect("writes");
    let (code, out, err) = run(folder.path(), &["import", "--owner", "platform", "dump.sql"]);
    (code, out + &err)
}

#[test]
fn a_dump_that_does_not_load_is_refused_with_what_to_do() {
    let dumps = [
        "CREATE EXTENSION IF NOT EXISTS nobody_has_it WITH SCHEMA public;\nCREATE TABLE t (id int, p nobodys);\n",
        "-- Dumped from database version 99.1\nCREATE TABLE t (id int) WITH SURPRISE;\n",
        "CREATE TABLE t (id int);\n\\set x 1\n",
        "SELECT 1;\n",
    ];
    let refused = dumps.map(|dump| imported(dump.as_bytes()));
    assert!(refused.iter().all(|(code, _)| *code == Some(2)));
    insta::assert_snapshot!(refused.map(|(_, said)| said).join("\n"), @r#"
    error: dump.sql does not load: line 2: ERROR 42704: type "nobodys" does not exist
    It uses extensions that cannot be created here: nobody_has_it.
    To read the database itself, use --database-url.

    error: dump.sql does not load: line 2: ERROR 42601: syntax error at or near "SURPRISE"
    It comes from PostgreSQL 99; to load it into a newer server, use --pg-bin.
    To read the database itself, use --database-url.

    error: dump.sql does not load: line 2 is a command of psql, `\set`, which pg_dump does not write; run the script in a database, and name that with --database-url

    error: nothing is there to import: no table and nothing else that users have made
    "#);
}

#[test]
fn what_this_server_has_not_is_left_out_and_the_rest_is_taken() {
    let dump = "\
SET transaction_timeout = 0;
SET setting_of_tomorrow = 0;
CREATE EXTENSION IF NOT EXISTS nobody_has_it WITH SCHEMA public;
CREATE SCHEMA tools;
CREATE EXTENSION IF NOT EXISTS pg_stat_statements WITH SCHEMA tools;
CREATE EXTENSION IF NOT EXISTS postgres_fdw WITH SCHEMA tools;
CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw;
CREATE USER MAPPING FOR nobody_is_this SERVER other;
CREATE FOREIGN TABLE public.far (id int) SERVER other;
CREATE TABLE public.near (id int PRIMARY KEY);
CREATE POLICY mine ON public.near TO nobody_is_this USING (id > 0);
CREATE FUNCTION public.next(i int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE i WHEN 0 THEN 1 ELSE i + 1 END; END;
CREATE SCHEMA empty;
";
    let (code, text) = imported(dump.as_bytes());
    insta::assert_snapshot!(text, @r#"
    described  1 table
    declared   1 table
    declared   1 function
    declared   2 extensions
               table far: is a foreign table
    left out   extension: 1
               nobody_has_it cannot be created here: extension "nobody_has_it" is not available
    left out   foreign server: 1
               other
    left out   policy: 1
               CREATE POLICY mine ON public.near TO nobody_is_this USING (id > 0) cannot be made here: role "nobody_is_this" does not exist
    left out   schema: 1
               empty
    left out   user mapping: 1
               CREATE USER MAPPING FOR nobody_is_this SERVER other cannot be made here: role "nobody_is_this" does not exist
    wrote      5 files
    "#);
    assert_eq!(code, Some(0));
}

#[test]
fn nothing_is_left_behind_where_something_cannot_be_written() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(folder.path().join("schema-requests")).expect("makes a folder");
    std::os::unix::fs::symlink("/nowhere", folder.path().join("schema-requests/opaque")).expect("links");
    let dump = "CREATE TABLE a (id int PRIMARY KEY); CREATE VIEW b AS SELECT id FROM a;";
    fs::write(folder.path().join("dump.sql"), dump).expect("writes");
    let (code, _, err) = run(folder.path(), &["import", "--owner", "platform", "dump.sql"]);
    insta::assert_snapshot!(format!("{code:?} {err}"), @"
    Some(2) error: nothing was written: cannot write schema-requests/opaque/view.yaml: schema-requests/opaque is a symbolic link; make it a real folder or remove it
    ");
    for name in ["schema-requests", "migrations"] {
        let left = fs::read_dir(folder.path().join(name)).expect("is a folder").flatten();
        let left: Vec<_> = left.map(|entry| entry.file_name()).filter(|name| name != "opaque").collect();
        assert!(left.is_empty(), "{name}: {left:?}");
    }
}

/// What `import` writes, by path; the baseline without its time.
fn written(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for name in ["schema-requests", "schema-requests/opaque", "migrations"] {
        for entry in fs::read_dir(folder.join(name)).expect("is a folder").flatten() {
            if entry.path().is_file() {
                let file = entry.file_name().to_string_lossy().into_owned();
                let file = if name == "migrations" { "baseline".to_owned() } else { file };
                files.push((format!("{name}/{file}"), fs::read_to_string(entry.path()).expect("is text")));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn every_kind_of_dump_gives_what_the_database_itself_gives() {
    let script = [super::PRELUDE, super::TABLES].concat();
    for major in Major::ALL {
        major.with_database("import_ways", async |cluster, connection| {
            connection.execute_script(&script).await.expect("the application is made");
            let live = tempfile::tempdir().expect("a temporary folder");
            let url = format!("postgresql:///import_ways?host={}&user=schema_registry", cluster.folder().display());
            let (code, _, err) = run(live.path(), &["import", "--owner", "platform", "--database-url", &url]);
            assert_eq!(code, Some(0), "{err}");
            let ways: [&[&str]; 4] =
                [&[], &["--create"], &["--clean", "--create"], &["--clean", "--if-exists", "--encoding=LATIN1"]];
            for way in ways {
                let mut command = Command::new(major.binaries().join("pg_dump"));
                command.args(["--schema-only", "--username=schema_registry", "--dbname=import_ways", "--host"]);
                let dump = command.arg(cluster.folder()).args(way).output().expect("pg_dump runs");
                assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
                let folder = tempfile::tempdir().expect("a temporary folder");
                let (code, out, err) = run_with(folder.path(), &["import", "--owner", "platform", "-"], &dump.stdout);
                assert_eq!(code, Some(0), "{major:?} {way:?}: {err}");
                assert_eq!(written(folder.path()), written(live.path()), "{major:?} {way:?}: {out}");
            }
        });
    }
}
