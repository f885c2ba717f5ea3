//! By a status or a log that somebody else wrote.

use std::process::Command;

use chrono::Utc;
use schema_registry::{
    audit_log::{Addition, Origin},
    cli::log::{Append, Log},
    git::Git,
    model::{Actor, ENTRY_VERSION, Entry, EntryKind},
};

use super::{approvals, digest, refused, waiting};
use crate::{
    actors::{CONTEXT, LABEL, Stage, git},
    support::github::{Role, Visibility},
};

const STATUS: &str = "/repos/{owner}/{repo}/statuses/{sha}";

#[test]
fn an_approval_that_somebody_wrote_into_the_log_counts_for_nothing() {
    let (stage, number) = waiting();
    let digest = digest(&stage, number).parse().expect("a digest");
    let who = Actor { id: stage.world.user("mia"), login: "mia".to_owned() };
    let entry = Entry {
        version: ENTRY_VERSION,
        id: "LE_forged".to_owned(),
        kind: EntryKind::Approved,
        repo: stage.repo.id(),
        at: Utc::now(),
        actor: Some(who),
        pr: Some(number),
        digest: Some(digest),
        policy: None,
        tool: "schema-registry 0".to_owned(),
        before: None,
        after: Some(stage.repo.head_sha(number)),
        approvals: Vec::new(),
        violations: Vec::new(),
        blobs: Vec::new(),
        tables: Vec::new(),
        overflow: None,
    };
    append(&stage, entry);
    assert_eq!(stage.ask(&["audit", "log"]).0, 0, "the log is well-formed");
    stage.review(number, "synchronize", "ann");
    let reason = "The audit log has an approval by `mia` of which GitHub knows nothing";
    refused(&stage, number, "an entry appended by hand", reason);

    stage.approve(number, "mia");
    assert_eq!(stage.gate(number), "success: Approved by mia; no violations", "the same by the label");
    stage.summary(number);
}

/// Appends to the log as anybody who may push can.
fn append(stage: &Stage, entry: Entry) {
    let folder = stage.world.folder("forger");
    git(&folder, &["init", "--quiet", "--bare", "."]);
    let remote = format!("file://{}", stage.repo.git_dir().display());
    let log = Log {
        git: &Git::open(&folder).expect("git is installed"),
        remote: &remote,
        token: None,
        branch: "schema-registry/audit",
        origin: Origin { host: "github.com".to_owned(), repo: stage.repo.id(), database: "default".to_owned() },
        keys: &[],
        signer: None,
    };
    let mut view = log.fetch().expect("reachable").expect("there is a log");
    let appended = log.append(&mut view, &[Addition::new(entry, Vec::new())], Utc::now()).expect("well-formed");
    assert!(matches!(appended, Append::Done(_)));
}

#[test]
fn the_log_of_another_repository_is_none() {
    let (stage, number) = waiting();
    stage.approve(number, "mia");
    let elsewhere = stage.world.repository("octo/elsewhere", Visibility::Private);
    let [from, to] = [&stage.repo, &elsewhere].map(|repo| repo.git_dir().to_string_lossy().into_owned());
    stage.repo.git(&["push", "--quiet", &to, "main"]);
    let folder = stage.world.folder("elsewhere");
    git(&folder, &["clone", "--quiet", &to, "."]);
    let mut init = Command::new(env!("CARGO_BIN_EXE_schema-registry"));
    init.current_dir(&folder).args(["audit", "init", "--repo-id", &elsewhere.id().to_string()]);
    assert!(init.env("HOME", &folder).output().expect("the binary starts").status.success());
    elsewhere.git(&["push", "--quiet", "--force", &from, "refs/heads/schema-registry/audit"]);

    let ran = stage.action(&stage.repo.pull_request_event("pull_request_target", "synchronize", number, "ann"));
    assert_eq!(ran.code, 2, "{ran:?}");
    let gate = stage.gate(number);
    assert!(gate.starts_with("error: ") && gate.contains("schema-registry/github.com/"), "{gate}");
    assert!(stage.summary(number).contains("schema-registry/github.com/"), "{}", stage.summary(number));
}

#[test]
fn a_success_that_comes_too_late_does_not_stay() {
    let (stage, number) = waiting();
    stage.repo.label(number, "mia", LABEL).expect("may label");
    // The run for the removal is done before the run for the label posts what it found.
    stage.repo.unlabel_during(STATUS, number, "tom", LABEL, (CONTEXT, "pending"));
    let ran = stage.review(number, "labeled", "mia");
    assert_eq!(ran.output("verdict"), "pending", "{ran:?}");
    refused(&stage, number, "a success after a revocation", "`tom` took the label");
    let told: Vec<_> = stage.repo.statuses(&stage.repo.head_sha(number), CONTEXT);
    let states: Vec<&str> = told.iter().map(|status| status.state.as_str()).collect();
    assert_eq!(states, ["pending", "pending", "success", "pending"], "in the order in which they were posted");
    assert_eq!(stage.kinds().last().map(String::as_str), Some("revoked"));
}

#[test]
fn the_hourly_run_finds_what_no_event_told() {
    let (stage, number) = waiting();
    let head = stage.repo.head_sha(number);
    stage.repo.post_status(&head, CONTEXT, "success");
    stage.deliver(&stage.repo.schedule_event());
    refused(&stage, number, "a status of another workflow", "0 of 1 given");

    stage.approve(number, "mia");
    assert_eq!(stage.gate(number), "success: Approved by mia; no violations");
    stage.repo.role("mia", Role::Read);
    stage.deliver(&stage.repo.schedule_event());
    refused(&stage, number, "an approver who lost the role", "`mia` has the role `read` in the repository");
    assert_eq!((approvals(&stage), stage.kinds().last().map(String::as_str)), (1, Some("revoked")));
    stage.repo.role("mia", Role::Maintain);
    stage.deliver(&stage.repo.schedule_event());
    refused(&stage, number, "an approver who has it again", "ended when `mia` could not approve for a while");
    assert_eq!(stage.deliver(&stage.repo.schedule_event()).writes, [""; 0], "nothing has changed");

    stage.approve(number, "mia");
    assert_eq!(stage.gate(number), "success: Approved by mia; no violations", "the same by a new label");
    stage.summary(number);
}
