//! `audit verify` against the history: what the log says landed, and what did.

use std::process::Command;

use schema_registry::{
    audit_log::{Addition, LANDING_HEADER, LandingId, Origin},
    cli::log::Log,
    git::Git,
    model::{ENTRY_VERSION, Entry, EntryKind},
};

use crate::{
    actors::{Stage, git},
    support::github::Visibility,
};

const POLICY: &str = "[approval]\nrequired = 1\n";

/// A log with two landings: the policy came before it, and two requests were pushed directly.
fn stage() -> Stage {
    let stage = Stage::with_log(Visibility::Private, POLICY);
    for name in ["rooms", "zones"] {
        stage.push("main", "max", name, &[(&format!("schema-requests/{name}.yaml"), &crate::request::another(name))]);
        let ran = stage.action(&stage.repo.schedule_event());
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    }
    assert_eq!(stage.kinds(), ["initialised", "direct-push", "direct-push"]);
    stage
}

#[test]
fn what_landed_is_compared_with_the_history() {
    let stage = stage();
    let (code, text) = stage.ask(&["audit", "verify"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("2 landings are in the history as recorded"), "{text}");
    // A commit that landed and was taken back by force, before any run could record that.
    let dir = stage.repo.git_dir();
    let tip = git(&dir, &["rev-parse", "main"]);
    git(&dir, &["update-ref", "refs/heads/main", "main~1"]);
    let (code, text) = stage.ask(&["audit", "verify"]);
    assert_eq!(code, 1, "{text}");
    let named = format!("names commit {}, which is not in the history of main", tip.trim());
    assert!(text.lines().any(|line| line.starts_with("entry 2 ") && line.ends_with(&named)), "{text}");
}

#[test]
fn a_policy_that_was_broken_and_repaired_keeps_nothing_from_being_recorded() {
    let stage = Stage::with_log(Visibility::Private, POLICY);
    stage.repo.commit("main", "max", "Broken", &[("schema-registry.toml", Some("[approval\n"))]);
    let ran = stage.action(&stage.repo.schedule_event());
    assert!(ran.code == 2 && ran.stderr.contains("schema-registry.toml:1:10"), "{ran:?}");
    stage.repo.commit("main", "max", "Repaired", &[("schema-registry.toml", Some(POLICY))]);
    let ran = stage.action(&stage.repo.schedule_event());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(stage.kinds(), ["initialised", "direct-push", "direct-push"]);
    let (code, text) = stage.ask(&["audit", "verify"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("2 landings are in the history as recorded"), "{text}");
}

#[test]
fn history_that_was_rewritten_and_recorded_as_such_is_no_damage() {
    let stage = stage();
    let dir = stage.repo.git_dir();
    git(&dir, &["update-ref", "refs/heads/main", "main~1"]);
    let ran = stage.action(&stage.repo.schedule_event());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(stage.kinds().last().map(String::as_str), Some("history-rewritten"));
    let folder = stage.world.folder("fresh");
    git(&folder, &["clone", "--quiet", &format!("file://{}", dir.display()), "."]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_schema-registry"));
    let output = command.current_dir(&folder).args(["audit", "verify"]).output().expect("the binary starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("1 landing is in the history as recorded\n2 landings cannot be compared"), "{text}");
}

#[test]
fn a_shallow_clone_cannot_tell() {
    let stage = stage();
    let folder = stage.world.folder("shallow");
    let url = format!("file://{}", stage.repo.git_dir().display());
    git(&folder, &["clone", "--quiet", "--depth=1", "--no-single-branch", &url, "."]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_schema-registry"));
    let output = command.current_dir(&folder).args(["audit", "verify"]).output().expect("the binary starts");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("git fetch --unshallow"), "{text}");
}

#[test]
fn an_entry_that_somebody_appended_by_hand_is_found_although_the_log_is_whole() {
    let stage = stage();
    let before = git(&stage.repo.git_dir(), &["rev-parse", "main"]).trim().to_owned();
    let request = crate::request::another("floors");
    let after = stage.push("main", "max", "floors", &[("schema-requests/floors.yaml", &request)]);
    let folder = stage.world.folder("forger");
    let local = Git::init_bare(&folder).expect("git is installed");
    let url = format!("file://{}", stage.repo.git_dir().display());
    let origin = Origin { host: "github.com".into(), repo: stage.repo.id(), database: "default".into() };
    let repo = origin.repo;
    let log = Log {
        git: &local,
        remote: &url,
        token: None,
        branch: "schema-registry/audit",
        origin,
        keys: &[],
        signer: None,
    };
    let id = LandingId {
        database: "default".into(),
        reference: "refs/heads/main".into(),
        before: before.clone(),
        after: after.clone(),
        rewrites: 0,
    };
    let now = chrono::DateTime::from_timestamp(1_700_000_000, 0).expect("in range");
    let entry = Entry {
        version: ENTRY_VERSION,
        id: id.to_string(),
        kind: EntryKind::DirectPush,
        repo,
        at: now,
        actor: None,
        pr: None,
        digest: None,
        policy: None,
        tool: "schema-registry 0".into(),
        before: Some(before),
        after: Some(after),
        approvals: Vec::new(),
        violations: Vec::new(),
        blobs: Vec::new(),
        tables: Vec::new(),
    };
    // Nothing governed landed, it says.
    let forged = Addition::new(entry, vec![format!("{LANDING_HEADER}\n").into_bytes()]);
    log.append_all(now, |_| Ok(((), vec![forged.clone()])), |_| ()).expect("appended");
    let (code, text) = stage.ask(&["audit", "verify"]);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.lines().any(|line| line.starts_with("entry 3 ") && line.contains("does not say what landed")),
        "{text}"
    );
}
