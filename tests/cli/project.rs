//! A folder with requests, with or without git.

use std::{
    fs,
    io::Write as _,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

/// A temporary folder to run the binary in.
pub(crate) struct Project {
    folder: tempfile::TempDir,
}

/// A request that no rule has anything to say about.
pub(crate) const TEAMS: &str = "\
tableName: teams
owner: platform
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, nullable: false, defaultValue: gen_random_uuid()}
    - {name: title, type: TEXT, nullable: false}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_teams_created_at, columns: [created_at]}
    - {name: idx_teams_updated_at, columns: [updated_at]}
requestMetadata:
  requestedBy: ann
  justification: Teams own everything else
  requestedAt: 2026-01-02T03:04:05Z
";

/// [`TEAMS`] under another name, requested a day later.
pub(crate) fn another(table: &str) -> String {
    TEAMS.replace("teams", table).replace("2026-01-02", "2026-01-03")
}

impl Project {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A repository whose branch `main` has `teams` with its migration, and with a branch `work` checked out.
    pub(crate) fn with_history() -> Self {
        let project = Self::new();
        project.git(&["init", "--quiet", "--initial-branch=main"]);
        project.write("schema-requests/teams.yaml", TEAMS);
        assert_eq!(project.run(&["generate"]).status.code(), Some(0));
        project.commit("teams");
        project.git(&["checkout", "--quiet", "-b", "work"]);
        project
    }

    /// Where `path` is.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("makes the folder");
        fs::write(path, text).expect("writes");
    }

    /// Reads a file.
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect("reads")
    }

    /// The names in a folder, sorted.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).expect("lists");
        let name =
            |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name().into_string().expect("UTF-8");
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }

    /// Runs git.
    pub(crate) fn git(&self, arguments: &[&str]) {
        let identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false"];
        let status = Command::new("git").current_dir(self.folder.path()).args(identity).args(arguments).status();
        assert!(status.expect("git starts").success(), "git {arguments:?}");
    }

    /// Runs git with this input; what it answers.
    pub(crate) fn pipe(&self, arguments: &[&str], input: &str) -> String {
        let mut command = Command::new("git");
        command.current_dir(self.folder.path()).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("git starts");
        child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("git reads it");
        let output = child.wait_with_output().expect("git ends");
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    }

    /// Commits everything.
    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "-m", message]);
    }

    /// Runs the binary here.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_schema-registry"));
        command.current_dir(self.folder.path()).args(arguments);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GIT_") {
                command.env_remove(name);
            }
        }
        command.output().expect("the binary starts")
    }

    /// Runs the binary here and returns its exit code and what it printed.
    pub(crate) fn outcome(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments);
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        (output.status.code().expect("an exit code"), String::from_utf8(output.stdout).expect("UTF-8"))
    }

    /// Runs the binary here and returns what it printed as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let (_, text) = self.outcome(&[arguments, &["--format", "json"]].concat());
        serde_json::from_str(&text).expect("JSON")
    }

    /// `rule file:line:column` of every violation that `check` finds.
    pub(crate) fn violations(&self, arguments: &[&str]) -> Vec<String> {
        let report = self.json(&[&["check"], arguments].concat());
        let requests = report["requests"].as_array().expect("a list").iter();
        let lists = requests.map(|request| &request["violations"]).chain([&report["violations"]]);
        lists.flat_map(|list| list.as_array().expect("a list")).map(short).collect()
    }
}

fn short(violation: &serde_json::Value) -> String {
    let text = |key: &str| violation[key].as_str().expect("text").to_owned();
    format!("{} {}:{}:{}", text("rule"), text("file"), violation["line"], violation["column"])
}
