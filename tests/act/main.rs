//! The workflows that `init` writes and `action.yml`, run by [act](https://nektosact.com), which is what people run
//! workflows with on their own machines; only GitHub is a model. Each job has a token with the permissions that its
//! workflow asks for, and no others.

#![allow(clippy::expect_used, clippy::panic, clippy::disallowed_methods, reason = "a broken set-up panics")]

#[path = "../support/mod.rs"]
mod support;

#[allow(dead_code, reason = "a part is used")]
#[path = "../lifecycle/actors.rs"]
mod actors;
#[allow(dead_code, reason = "a part is used")]
#[path = "../lifecycle/request.rs"]
mod request;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use actors::{LABEL, Stage, git};
use request::{FIRST_DRAFT, corrected};
use support::github::{Access, Event, Method, Permissions, Scope, Visibility};

const ACTION: &str = "octo/schema-registry";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const FILE: &str = "schema-requests/notes.yaml";
const VALIDATE: &str = ".github/workflows/schema-registry-validate.yml";
const RECORD: &str = ".github/workflows/schema-registry.yml";

/// A runner with a repository that has the workflows.
struct Runner {
    stage: Stage,
    folder: tempfile::TempDir,
}

/// How a workflow ended.
#[derive(Debug)]
struct Run {
    succeeded: bool,
    log: String,
    writes: usize,
}

impl Run {
    fn output(&self, name: &str) -> &str {
        let mark = format!("::set-output:: {name}=");
        self.log.lines().find_map(|line| Some(line.split_once(&mark)?.1)).unwrap_or_else(|| panic!("{}", self.log))
    }
}

impl Runner {
    fn new(visibility: Visibility) -> Self {
        let stage = Stage::with_log(visibility, "[approval]\nrequired = 1\n");
        let runner = Self { stage, folder: tempfile::tempdir().expect("a folder") };
        let repository = runner.path("repository");
        fs::create_dir_all(&repository).expect("makes folders");
        git(&repository, &["init", "--quiet", "--initial-branch=main"]);
        git(&repository, &["remote", "add", "origin", &runner.stage.repo.clone_url()]);
        let visibility = if visibility == Visibility::Public { "public" } else { "private" };
        let mut command = Command::new(env!("CARGO_BIN_EXE_schema-registry"));
        command.current_dir(&repository).args(["init", "--visibility", visibility]);
        let output = command.arg("--action").arg(format!("{ACTION}@{COMMIT}")).output().expect("the binary starts");
        assert!(output.status.success(), "{output:?}");
        for workflow in [VALIDATE, RECORD] {
            adapt(&repository.join(workflow));
        }
        git(&repository, &["add", "--all"]);
        let who = ["-c", "user.name=Max", "-c", "user.email=max@example.com"];
        git(&repository, &[&who[..], &["commit", "--quiet", "-m", "Workflows"]].concat());
        let source = Path::new(env!("CARGO_MANIFEST_DIR"));
        fs::create_dir(runner.path("action")).expect("makes a folder");
        fs::copy(source.join("action.yml"), runner.path("action").join("action.yml")).expect("copies");
        runner
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a workflow for an event.
    fn run(&self, workflow: &str, event: &Event) -> Run {
        self.run_with(workflow, event, "")
    }

    /// Runs it with a key for the audit log among the secrets.
    fn run_with(&self, workflow: &str, event: &Event, key: &str) -> Run {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin/act");
        assert!(program.exists(), "act is missing: run `scripts/setup tools`");
        let workflow = self.path("repository").join(workflow);
        let world = &self.stage.world;
        let environment = [
            ("GITHUB_API_URL", world.api_url()),
            ("GITHUB_SERVER_URL", world.server_url()),
            ("GITHUB_REPOSITORY", self.stage.repo.full_name()),
            ("SCHEMA_REGISTRY_HTTP_TIMEOUT", "10".to_owned()),
        ];
        let lines: String = environment.map(|(name, value)| format!("{name}={value}\n")).concat();
        fs::write(self.path("environment"), lines).expect("writes");
        let mut command = Command::new(program);
        command.arg(&event.name).current_dir(self.path("repository")).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", world.home());
        command.env("GITHUB_TOKEN", self.stage.repo.token(permissions(&workflow))).args(["-s", "GITHUB_TOKEN"]);
        command.arg("-s").arg(format!("SCHEMA_REGISTRY_SIGNING_KEY={key}"));
        command.arg("-W").arg(&workflow).arg("-e").arg(event.payload()).args(["-a", &event.actor]);
        command.arg("--env-file").arg(self.path("environment"));
        command.args(["-P", "ubuntu-24.04=-self-hosted", "--no-cache-server"]);
        command.arg("--local-repository").arg(format!("{ACTION}@{COMMIT}={}", self.path("action").display()));
        world.take_calls();
        let output = command.output().expect("act starts");
        let log = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        Run { succeeded: output.status.success(), log: log.into_owned(), writes: world.writes().len() }
    }

    fn pull_request(&self, trigger: &str, action: &str, number: u64, sender: &str) -> Event {
        self.stage.repo.pull_request_event(trigger, action, number, sender)
    }
}

/// The binary is built already, and this act has not learnt `deployment`, which GitHub has.
fn adapt(workflow: &Path) {
    let text = fs::read_to_string(workflow).expect("it is written");
    let uses = format!("      - uses: {ACTION}@{COMMIT}\n");
    let with = format!("{uses}        with:\n          binary-path: {}\n", env!("CARGO_BIN_EXE_schema-registry"));
    let (before, after) = text.split_once(&uses).expect("it is used");
    let after = after.strip_prefix("        with:\n").unwrap_or(after);
    fs::write(workflow, [before, &with, after].concat().replace("      deployment: false\n", "")).expect("writes");
}

/// The permissions of the one job of a workflow; one that is not named is not given.
fn permissions(workflow: &Path) -> Permissions {
    let text = fs::read_to_string(workflow).expect("it is there");
    let workflow: serde_yaml::Value = serde_yaml::from_str(&text).expect("YAML");
    assert_eq!(workflow["permissions"], serde_yaml::Value::Mapping(serde_yaml::Mapping::new()), "none at the top");
    let jobs = workflow["jobs"].as_mapping().expect("jobs");
    assert_eq!(jobs.len(), 1);
    let job = jobs.values().next().expect("a job");
    let asked = job["permissions"].as_mapping().expect("permissions");
    asked.iter().fold(Permissions::none(), |permissions, (scope, access)| {
        let scope = match scope.as_str() {
            Some("contents") => Scope::Contents,
            Some("pull-requests") => Scope::PullRequests,
            Some("statuses") => Scope::Statuses,
            other => panic!("{other:?} is not needed"),
        };
        permissions.with(scope, if access == "write" { Access::Write } else { Access::Read })
    })
}

#[test]
fn a_pull_request_of_a_private_repository_from_its_opening_to_the_log() {
    let runner = Runner::new(Visibility::Private);
    let stage = &runner.stage;
    let number = stage.open("notes", "main", &[(FILE, FIRST_DRAFT)]);
    let run = runner.run(RECORD, &runner.pull_request("pull_request_target", "opened", number, "ann"));
    assert!(!run.succeeded, "an error is an error: {}", run.log);
    assert_eq!((run.output("verdict"), run.output("violations")), ("fail", "3"), "{}", run.log);
    assert_eq!(stage.gate(number), "failure: 1 error, 2 warnings");
    assert_eq!(stage.open_threads(number).len(), 3);

    stage.push("notes", "ann", "Fix", &[(FILE, &corrected())]);
    let run = runner.run(RECORD, &runner.pull_request("pull_request_target", "synchronize", number, "ann"));
    assert!(run.succeeded, "{}", run.log);
    assert_eq!((run.output("verdict"), run.output("missing-approvals")), ("pending", "1"));
    assert!(stage.open_threads(number).is_empty());

    stage.world.advance(3_600);
    stage.repo.label(number, "mia", LABEL).expect("may label");
    let run = runner.run(RECORD, &runner.pull_request("pull_request_target", "labeled", number, "mia"));
    assert_eq!((run.succeeded, run.output("verdict")), (true, "pass"), "{}", run.log);
    assert_eq!(stage.gate(number), "success: Approved by mia; no violations");

    let chat = stage.repo.comment(number, "tom", "nice");
    let run = runner.run(RECORD, &stage.repo.issue_comment_event(number, chat));
    assert!(run.succeeded && !run.log.contains("Run Main"), "what approves nothing starts nothing: {}", run.log);
    let command = stage.repo.comment(number, "max", "/approve 0123456789ab");
    let run = runner.run(RECORD, &stage.repo.issue_comment_event(number, command));
    assert!(run.succeeded && run.log.contains("Run Main"), "{}", run.log);

    let before = stage.repo.tip("main");
    stage.repo.merge(number, "mia", Method::Squash);
    let run = runner.run(RECORD, &stage.repo.push_event("main", &before, "mia"));
    assert!(run.succeeded, "{}", run.log);
    assert_eq!(stage.kinds(), ["initialised", "approved", "merged"]);
    // A busy act may lose what a step says that ends at once.
    let told = (0..3).any(|_| {
        let run = runner.run_with(RECORD, &stage.repo.schedule_event(), "no-key");
        assert_eq!((run.succeeded, run.writes), (false, 0), "{}", run.log);
        run.log.contains("error: SCHEMA_REGISTRY_SIGNING_KEY: ")
    });
    assert!(told, "it says why");
    let run = runner.run(RECORD, &stage.repo.schedule_event());
    assert_eq!((run.succeeded, run.writes), (true, 0), "{}", run.log);
    stage.summary(number);
}

#[test]
fn a_pull_request_from_a_fork_of_a_public_repository() {
    let runner = Runner::new(Visibility::Public);
    let stage = &runner.stage;
    let number = stage.open_from_fork(&[(FILE, FIRST_DRAFT)]);
    let run = runner.run(VALIDATE, &runner.pull_request("pull_request", "opened", number, "fred"));
    assert_eq!((run.succeeded, run.output("verdict"), run.writes), (false, "fail", 0), "{}", run.log);
    assert!(run.log.contains("column-name-not-snake-case"), "{}", run.log);
    assert!(stage.repo.comments(number).is_empty());

    let run = runner.run(RECORD, &stage.repo.workflow_run_event(number));
    assert_eq!((run.succeeded, run.output("verdict")), (false, "fail"), "{}", run.log);
    assert_eq!(stage.gate(number), "failure: 1 error, 2 warnings");
    assert_eq!(stage.open_threads(number).len(), 3);
    stage.summary(number);
}

#[test]
fn a_merge_queue() {
    for visibility in [Visibility::Public, Visibility::Private] {
        let runner = Runner::new(visibility);
        let stage = &runner.stage;
        let number = stage.open("notes", "main", &[(FILE, &corrected())]);
        stage.review(number, "opened", "ann");
        stage.approve(number, "mia");
        let group = stage.repo.enqueue(number);
        let run = runner.run(VALIDATE, &stage.repo.merge_group_event(&group));
        assert_eq!((run.succeeded, run.output("verdict"), run.writes), (true, "pass", 0), "{}", run.log);
        let run = runner.run(RECORD, &stage.repo.workflow_run_of_group_event(&group));
        assert_eq!((run.succeeded, run.output("verdict"), run.writes), (true, "pass", 1), "{}", run.log);
        let status = stage.repo.status(&stage.repo.tip(&group), "schema-registry").expect("there is a status");
        assert_eq!(status.state, "success");
        stage.summary(number);
    }
}
