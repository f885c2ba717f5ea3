//! The repository, the people around it, and the steps of its workflow.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Output},
};

use crate::support::github::{Event, Permissions, RepoDriver, Role, StatusView, ThreadView, Visibility, World};

/// Context of the commit status.
pub(crate) const CONTEXT: &str = "schema-registry";
/// The label that approves.
pub(crate) const LABEL: &str = "schema-approved";

/// A repository with a policy and an audit log; `ann` writes, `mia` and `max` maintain, `tom` triages, `rita` maintains
/// and asks for tables.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) repo: RepoDriver,
    token: String,
    clone: tempfile::TempDir,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with(Visibility::Private, "[approval]\nrequired = 1\n")
    }

    /// With a policy of its own, and an audit log.
    pub(crate) fn with_log(visibility: Visibility, policy: &str) -> Self {
        let stage = Self::with(visibility, policy);
        stage.create_log();
        stage
    }

    fn with(visibility: Visibility, policy: &str) -> Self {
        let world = World::start_now();
        let repo = world.repository("octo/app", visibility);
        let roles = [("ann", Role::Write), ("mia", Role::Maintain), ("max", Role::Admin), ("tom", Role::Triage)];
        for (login, role) in roles.into_iter().chain([("rita", Role::Maintain), ("robot[bot]", Role::Admin)]) {
            world.user(login);
            repo.role(login, role);
        }
        let token = repo.token(Permissions::record());
        let stage = Self { world, repo, token, clone: tempfile::tempdir().expect("a folder") };
        stage.repo.commit("main", "max", "policy", &[("schema-registry.toml", Some(policy))]);
        stage
    }

    /// The clone, in the state of the last command.
    pub(crate) fn clone(&self) -> &Path {
        self.clone.path()
    }

    /// Creates the audit log, as an administrator does from a clone.
    pub(crate) fn create_log(&self) {
        let id = self.repo.id().to_string();
        let output = self.in_clone("main", &[], &["audit", "init", "--repo-id", &id]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Pushes a commit with these files to `branch`, with the migrations that `generate` writes for them.
    pub(crate) fn push(&self, branch: &str, author: &str, message: &str, files: &[(&str, &str)]) -> String {
        let output = self.in_clone(branch, files, &["generate"]);
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{said}");
        let folder = self.clone.path();
        git(folder, &["add", "--all"]);
        let changed = git(folder, &["diff", "--cached", "--no-renames", "--name-only", "HEAD"]);
        let texts: Vec<(String, Option<String>)> =
            changed.lines().map(|path| (path.to_owned(), fs::read_to_string(folder.join(path)).ok())).collect();
        let files: Vec<(&str, Option<&str>)> =
            texts.iter().map(|(path, text)| (path.as_str(), text.as_deref())).collect();
        self.repo.commit(branch, author, message, &files)
    }

    /// The commit with which somebody merges one branch into another, which stays where it is.
    pub(crate) fn merge_commit(&self, login: &str, branch: &str, other: &str) -> String {
        let [ours, theirs] = [branch, other].map(|name| self.repo.tip(name));
        let tree = self.repo.git(&["merge-tree", "--write-tree", &ours, &theirs]);
        let (name, email) = (format!("user.name={login}"), format!("user.email={}", self.repo.email(login)));
        let message = format!("Merge {other}");
        let arguments = ["commit-tree", "-m", &message, "-p", &ours, "-p", &theirs, tree.trim()];
        self.repo.git(&[&["-c", &name, "-c", &email], &arguments[..]].concat()).trim().to_owned()
    }

    /// Runs the binary in a clone with `branch` checked out, or one that begins at `main`, and `files` written.
    pub(crate) fn in_clone(&self, branch: &str, files: &[(&str, &str)], arguments: &[&str]) -> Output {
        let folder = self.clone.path();
        if !folder.join(".git").exists() {
            git(folder, &["clone", "--quiet", &self.repo.git_dir().to_string_lossy(), "."]);
        }
        git(folder, &["fetch", "--quiet", "--prune", "origin"]);
        git(folder, &["reset", "--quiet", "--hard"]);
        git(folder, &["clean", "--quiet", "-fd"]);
        let remote = format!("origin/{branch}");
        let known =
            git(folder, &["branch", "--remotes", "--format=%(refname:short)"]).lines().any(|name| name == remote);
        git(folder, &["checkout", "--quiet", "--detach", if known { &remote } else { "origin/main" }]);
        for (path, text) in files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("makes folders");
            fs::write(path, text).expect("writes");
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_schema-registry"));
        command.current_dir(folder).args(arguments).env("HOME", self.world.home());
        command.output().expect("the binary starts")
    }

    /// What the binary prints in a clone of `main`, and its exit code.
    pub(crate) fn ask(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.in_clone("main", &[], arguments);
        let text = String::from_utf8(output.stdout).expect("UTF-8") + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().expect("an exit code"), text)
    }

    /// What `audit verify` prints in a new clone made with `arguments`: exit code, standard output, standard error.
    pub(crate) fn verify_afresh(&self, arguments: &[&str]) -> (i32, String, String) {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("file://{}", self.repo.git_dir().display());
        git(folder.path(), &[&["clone", "--quiet"], arguments, &[&url, "."]].concat());
        let mut command = Command::new(env!("CARGO_BIN_EXE_schema-registry"));
        let output = command.current_dir(folder.path()).args(["audit", "verify"]).output().expect("the binary starts");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
    }

    /// Runs the action for an event with the default token, from an empty workspace.
    pub(crate) fn action(&self, event: &Event) -> Ran {
        self.action_with(event, Some(&self.token))
    }

    /// Runs the action for an event with another token, or none.
    pub(crate) fn action_with(&self, event: &Event, token: Option<&str>) -> Ran {
        self.action_of(event, token, &[])
    }

    /// Runs a part of the action.
    pub(crate) fn action_of(&self, event: &Event, token: Option<&str>, arguments: &[&str]) -> Ran {
        self.world.take_calls();
        let workspace = tempfile::tempdir().expect("a workspace");
        let mut command = Command::new(env!("CARGO_BIN_EXE_schema-registry"));
        command.arg("action").args(arguments).current_dir(workspace.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", self.world.home());
        command.envs(self.repo.env_for(event, token, workspace.path()));
        command.env("SCHEMA_REGISTRY_HTTP_TIMEOUT", "3").env("SCHEMA_REGISTRY_HTTP_RETRY_PAUSE", "0.001");
        let output = command.output().expect("the binary starts");
        Ran {
            code: output.status.code().expect("an exit code"),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
            outputs: event.output(),
            calls: self.world.calls().iter().map(|call| format!("{} {}", call.method, call.route)).collect(),
            writes: self.world.writes().iter().map(|call| format!("{} {}", call.method, call.route)).collect(),
        }
    }

    /// Runs the action for an action of `pull_request_target`; it must not fail to do its work.
    pub(crate) fn review(&self, number: u64, action: &str, sender: &str) -> Ran {
        let ran = self.action(&self.repo.pull_request_event("pull_request_target", action, number, sender));
        assert!(ran.code < 2 && ran.stderr.is_empty(), "{ran:?}");
        ran
    }

    /// Somebody sets the label, an hour after whatever happened last, and the action runs.
    pub(crate) fn approve(&self, number: u64, login: &str) -> Ran {
        self.world.advance(3_600);
        self.repo.label(number, login, LABEL).expect("may label");
        self.review(number, "labeled", login)
    }

    /// Runs the action for an event; it must not fail to do its work.
    pub(crate) fn deliver(&self, event: &Event) -> Ran {
        let ran = self.action(event);
        assert!(ran.code < 2 && ran.stderr.is_empty(), "{ran:?}");
        ran
    }

    /// Opens a pull request to `base` that asks for these files; nothing runs for it yet.
    pub(crate) fn open(&self, branch: &str, base: &str, files: &[(&str, &str)]) -> u64 {
        self.push(branch, "ann", "Ask", files);
        self.repo.open_pull_request("ann", branch, base, &format!("Ask for {branch}"))
    }

    /// Opens a pull request that asks for these files from a fork of `fred`'s; nothing runs for it yet.
    pub(crate) fn open_from_fork(&self, files: &[(&str, &str)]) -> u64 {
        self.world.user("fred");
        let fork = self.world.fork(&self.repo, "fred");
        self.push("scratch", "ann", "Ask", files);
        let paths = self.repo.git(&["diff", "--name-only", "main", "scratch"]);
        let text = |path: &str| self.repo.git(&["show", &format!("scratch:{path}")]) + "\n";
        let texts: Vec<(&str, String)> = paths.lines().map(|path| (path, text(path))).collect();
        let files: Vec<(&str, Option<&str>)> = texts.iter().map(|(path, text)| (*path, Some(text.as_str()))).collect();
        fork.commit("ask", "fred", "Ask", &files);
        self.repo.open_from_fork(&fork, "fred", "ask", "main", "Ask")
    }

    /// Runs `doctor` in a clone whose remote is the server, with these files written and an administrator's token: exit
    /// code and what it prints.
    pub(crate) fn doctor(&self, files: &[(&str, &str)]) -> (Option<i32>, String) {
        self.doctor_with(files, &self.repo.token(Permissions::administrator()))
    }

    /// The same with another token.
    pub(crate) fn doctor_with(&self, files: &[(&str, &str)], token: &str) -> (Option<i32>, String) {
        let folder = self.clone.path();
        self.in_clone("main", &[], &["list"]);
        let local = git(folder, &["remote", "get-url", "origin"]);
        for (path, text) in files {
            fs::create_dir_all(folder.join(path).parent().expect("a folder")).expect("makes folders");
            fs::write(folder.join(path), text).expect("writes");
        }
        git(folder, &["remote", "set-url", "origin", &self.repo.clone_url()]);
        let mut command = Command::new(env!("CARGO_BIN_EXE_schema-registry"));
        command.current_dir(folder).arg("doctor").env("HOME", self.world.home()).env("GH_TOKEN", token);
        let output = command.env("GITHUB_API_URL", format!("{}/api/v3", self.world.server_url())).output();
        let output = output.expect("the binary starts");
        git(folder, &["remote", "set-url", "origin", local.trim()]);
        let text = String::from_utf8(output.stdout).expect("UTF-8") + &String::from_utf8_lossy(&output.stderr);
        (output.status.code(), text)
    }

    /// The status of a pull request's head.
    pub(crate) fn status(&self, number: u64) -> StatusView {
        self.repo.status(&self.repo.head_sha(number), CONTEXT).expect("there is a status")
    }

    /// `pending: 0 of 1 approval given`.
    pub(crate) fn gate(&self, number: u64) -> String {
        let status = self.status(number);
        format!("{}: {}", status.state, status.description.unwrap_or_default())
    }

    /// The same of a branch's tip.
    pub(crate) fn status_of(&self, branch: &str) -> String {
        let status = self.repo.status(&self.repo.tip(branch), CONTEXT).expect("there is a status");
        format!("{}: {}", status.state, status.description.unwrap_or_default())
    }

    /// The one comment of the conversation that is ours.
    pub(crate) fn summary(&self, number: u64) -> String {
        let comments = self.repo.comments(number);
        let ours: Vec<_> = comments.iter().filter(|comment| comment.body.contains("schema-registry:summary")).collect();
        assert_eq!(ours.len(), 1, "one sticky summary");
        ours[0].body.clone()
    }

    /// Threads that are neither resolved nor hidden.
    pub(crate) fn open_threads(&self, number: u64) -> Vec<ThreadView> {
        let open = |thread: &ThreadView| !thread.resolved && thread.comments[0].minimized.is_none();
        self.repo.threads(number).into_iter().filter(open).collect()
    }

    /// The entries of the audit log, as `audit log --format json` prints them.
    pub(crate) fn log(&self) -> Vec<serde_json::Value> {
        let (code, text) = self.ask(&["audit", "log", "--format", "json"]);
        assert_eq!(code, 0, "{text}");
        text.lines().map(|line| serde_json::from_str(line).expect("one entry a line")).collect()
    }

    /// The kinds of the entries, in order.
    pub(crate) fn kinds(&self) -> Vec<String> {
        self.log().iter().map(|entry| entry["kind"].as_str().expect("a kind").to_owned()).collect()
    }
}

/// How a run of the action ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) outputs: String,
    /// `GET /repos/{owner}/{repo}/pulls/{number}` of every call, git's included.
    pub(crate) calls: Vec<String>,
    /// `POST /repos/{owner}/{repo}/statuses/{sha}` of every call that writes.
    pub(crate) writes: Vec<String>,
}

impl Ran {
    /// The output called `name`.
    pub(crate) fn output(&self, name: &str) -> &str {
        let line = self.outputs.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("no output {name} in {:?}", self.outputs))
    }
}

/// The distinct rules that comments name in their first line.
pub(crate) fn rules(threads: &[ThreadView]) -> BTreeSet<(u64, String)> {
    let rule = |thread: &ThreadView| {
        let body = &thread.comments[0].body;
        let name = body.split('`').find(|word| schema_registry::rules::find(word).is_some());
        (thread.line, name.unwrap_or(body).to_owned())
    };
    threads.iter().map(rule).collect()
}

/// Runs git.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").current_dir(folder).args(arguments).output().expect("git starts");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Rules of a gated branch that require the status, maybe from one app only.
pub(crate) fn required(app: Option<u64>) -> Vec<serde_json::Value> {
    let mut check = serde_json::json!({"context": CONTEXT});
    if let Some(app) = app {
        check["integration_id"] = app.into();
    }
    let parameters =
        serde_json::json!({"strict_required_status_checks_policy": false, "required_status_checks": [check]});
    let mut rules = kept();
    rules.push(serde_json::json!({"type": "required_status_checks", "parameters": parameters}));
    rules
}

/// Rules of a branch that nobody deletes or rewrites.
pub(crate) fn kept() -> Vec<serde_json::Value> {
    ["deletion", "non_fast_forward"].map(|rule| serde_json::json!({"type": rule})).to_vec()
}
