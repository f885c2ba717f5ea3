//! `verify` that is interrupted or killed, at any moment, leaves no process, no folder and no database behind.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use schema_registry::postgres::Connection;
use tempfile::TempDir;

use crate::{Major, connect, runtime};

const REQUEST: &str = "\
tableName: teams
owner: platform
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, nullable: false, defaultValue: gen_random_uuid()}
    - {name: mood, type: mood, nullable: false}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
requestMetadata:
  requestedBy: ann
  justification: Teams own everything else
  requestedAt: 2026-01-02T03:04:05Z
";
const DECLARATION: &str = "\
opaqueObjects:
  - {kind: enum, name: mood, labels: [calm, cross]}
owner: platform
reason: Older than the registry
";

/// How many times it is killed.
const KILLS: u32 = 12;

/// A folder with one request, its migration and a prelude; beside it a folder for what is temporary.
struct Project {
    folder: TempDir,
}

impl Project {
    fn new() -> Self {
        let project = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        // The server's account must reach its folder.
        fs::set_permissions(project.folder.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
        let temporary = project.temporary();
        fs::create_dir_all(&temporary).expect("writable");
        fs::set_permissions(&temporary, fs::Permissions::from_mode(0o1777)).expect("it is ours");
        project.write("teams.yaml", REQUEST);
        project.write("opaque.yaml", DECLARATION);
        project.write("prelude.sql", "CREATE TYPE mood AS ENUM ('calm', 'cross');\n");
        let generated = project.command(&["generate"]).status().expect("it runs");
        assert!(generated.success());
        project
    }

    fn write(&self, name: &str, text: &str) {
        let folder = self.folder.path().join("work/schema-requests");
        fs::create_dir_all(&folder).expect("writable");
        fs::write(folder.join(name), text).expect("writable");
    }

    fn temporary(&self) -> std::path::PathBuf {
        self.folder.path().join("t")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_schema-registry"));
        command.arg("-C").arg(self.folder.path().join("work")).args(arguments);
        command.env("TMPDIR", self.temporary()).env("PG_BIN", Major::Installed.binaries());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Its exit code and what it says on standard output and standard error.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.command(arguments).output().expect("it runs");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).expect("text"))
    }
}

/// Waits for a moment that lies `after` from now, or until the process has ended by itself.
fn wait(child: &mut Child, after: Duration) {
    let moment = Instant::now() + after;
    while Instant::now() < moment && child.try_wait().expect("it is ours").is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn signal(child: &Child, name: &str) {
    // It may have ended meanwhile.
    let _ = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).stderr(Stdio::null()).status();
}

/// Processes with `folder` in their command line, and what is in it.
fn left_in(folder: &Path) -> Vec<String> {
    let processes = fs::read_dir("/proc").expect("Linux").filter_map(Result::ok).filter_map(|process| {
        let line = fs::read(process.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains(folder.to_str()?).then_some(line)
    });
    let files =
        fs::read_dir(folder).expect("readable").filter_map(Result::ok).map(|file| file.path().display().to_string());
    processes.chain(files).collect()
}

#[test]
fn at_any_moment_it_leaves_no_process_and_no_folder() {
    let project = Project::new();
    let begun = Instant::now();
    let (code, text) = project.run(&["verify"]);
    assert_eq!(code, Some(0), "{text}");
    let whole = begun.elapsed();
    for kill in 0..KILLS {
        let name = ["KILL", "TERM", "INT", "HUP"][kill as usize % 4];
        let mut child = project.command(&["verify"]).spawn().expect("it runs");
        // Spread over the whole run.
        wait(&mut child, whole * kill / KILLS);
        signal(&child, name);
        child.wait().expect("it ends");
        // Nobody tells when an orphan ends.
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            let left = left_in(&project.temporary());
            if left.is_empty() {
                break;
            }
            assert!(Instant::now() < deadline, "{name}, {kill} of {KILLS}: {left:#?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Whether there are databases of verifications.
async fn databases(admin: &Connection) -> bool {
    let any = "DO $$ BEGIN IF EXISTS (SELECT FROM pg_database WHERE datname LIKE 'schema\\_registry\\_verify\\_%') THEN RAISE 'left behind'; END IF; END $$";
    admin.execute_script(any).await.is_err()
}

#[test]
fn interrupted_on_a_server_of_somebody_else_it_leaves_no_database() {
    let project = Project::new();
    runtime().block_on(async {
        let cluster = schema_registry::postgres::TemporaryCluster::start(&Major::Installed.binaries()).await.expect("it starts");
        let url = format!("postgresql:///postgres?host={}&user=schema_registry", cluster.folder().display());
        let admin = connect(&cluster, "postgres").await;
        for name in ["TERM", "INT", "KILL"] {
            let mut child = project.command(&["verify", "--database-url", &url]).spawn().expect("it runs");
            while child.try_wait().expect("it is ours").is_none() && !databases(&admin).await {}
            signal(&child, name);
            let output = child.wait_with_output().expect("it ends");
            if name != "KILL" {
                assert_eq!(String::from_utf8_lossy(&output.stderr), "error: interrupted; nothing is left behind\n");
                assert_eq!(output.status.code(), Some(2));
                assert!(!databases(&admin).await, "{name}");
            }
        }
        let gone = "DO $$ BEGIN IF EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'schema\\_registry\\_verify\\_%') THEN RAISE 'alive'; END IF; END $$";
        while admin.execute_script(gone).await.is_err() {}
        // What a killed one has left, the next one takes along.
        let (code, text) = project.run(&["verify", "--database-url", &url]);
        assert_eq!(code, Some(0), "{text}");
        assert!(!databases(&admin).await);
    });
}

#[test]
fn a_prelude_is_loaded_first_and_its_mistakes_have_a_line() {
    let project = Project::new();
    project.write("prelude.sql", "-- moods\nCREATE TYPE mood AS ENUMERATION ('calm');\n");
    let (code, text) = project.run(&["verify"]);
    assert_eq!(code, Some(2), "{text}");
    insta::assert_snapshot!(text, @r#"
    error: schema-requests/prelude.sql, line 2: ERROR 42601: syntax error at or near "ENUMERATION"
    The prelude runs first, in an empty database, as a role that owns it and is no superuser.
    "#);
    fs::remove_file(project.folder.path().join("work/schema-requests/prelude.sql")).expect("it is there");
    let (code, text) = project.run(&["verify"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("type \"mood\" does not exist"), "{text}");
}

#[test]
fn on_a_terminal_it_says_what_it_is_doing() {
    let project = Project::new();
    let verify = project.command(&["verify"]);
    let words = verify.get_args().map(|word| format!("'{}'", word.to_str().expect("text")));
    let line = format!("'{}' {}", env!("CARGO_BIN_EXE_schema-registry"), words.collect::<Vec<_>>().join(" "));
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).stdin(Stdio::null());
    script.env("TMPDIR", project.temporary()).env("PG_BIN", Major::Installed.binaries());
    let output = script.output().expect("`script` is a part of every Debian");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{text}");
    for step in ["starting PostgreSQL", "[1/1] 20260102_030405_create_teams: up, run again", "down, with rows"] {
        assert!(text.contains(step), "{step} in {text}");
    }
    // The line is gone before the result is there.
    assert!(text.contains("\r\x1b[Kok      20260102_030405_create_teams\r\nPostgreSQL "), "{text}");
    assert!(text.ends_with(": 1 change proved, 0 failed\r\n"), "{text}");
    let (_, piped) = project.run(&["verify"]);
    assert!(piped.starts_with("ok      20260102_030405_create_teams\nPostgreSQL ") && !piped.contains('\r'), "{piped}");
}
