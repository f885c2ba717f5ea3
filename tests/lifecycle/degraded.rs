//! What a step does when it may do less, or cannot tell.

use crate::{
    actors::{LABEL, Stage, rules},
    request::{FIRST_DRAFT, corrected},
    support::github::{Access, Fault, Permissions, Scope, Visibility},
};

const FILE: &str = "schema-requests/notes.yaml";

fn opened(text: &str) -> (Stage, u64) {
    let stage = Stage::new();
    stage.push("notes", "ann", "Ask for a table of notes", &[(FILE, text)]);
    let number = stage.repo.open_pull_request("ann", "notes", "main", "A table of notes");
    (stage, number)
}

#[test]
fn pull_request_validates_and_writes_nothing() {
    let (stage, number) = opened(FIRST_DRAFT);
    let event = stage.repo.pull_request_event("pull_request", "opened", number, "ann");
    let token = stage
        .repo
        .token(Permissions::none().with(Scope::Contents, Access::Read).with(Scope::PullRequests, Access::Read));
    let ran = stage.action_with(&event, Some(&token));
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    assert_eq!(ran.writes, [""; 0]);
    assert_eq!(
        (ran.output("verdict"), ran.output("violations"), ran.output("head-sha")),
        ("fail", "3", stage.repo.head_sha(number).as_str())
    );
    assert!(ran.stdout.contains("::error file=schema-requests/notes.yaml,line=6,"), "{}", ran.stdout);
    assert!(ran.stdout.contains("::warning file=schema-requests/notes.yaml,line=7,"), "{}", ran.stdout);
    assert!(event.step_summary().contains("Schema review: fail"));
    for place in [&ran.stdout, &event.step_summary()] {
        assert!(place.contains("this run, which may only read.") && place.contains("schema-registry init"), "{place}");
    }
}

#[test]
fn a_token_that_may_not_write_degrades_and_says_so() {
    let (stage, number) = opened(FIRST_DRAFT);
    stage.create_log();
    let event = stage.repo.pull_request_event("pull_request_target", "opened", number, "ann");
    let token = stage.repo.token(Permissions::all(Access::Read));
    let ran = stage.action_with(&event, Some(&token));
    assert_eq!((ran.code, ran.output("verdict")), (1, "fail"));
    assert!(ran.stdout.contains("::error file="), "{}", ran.stdout);
    assert!(ran.stdout.contains("Nothing could be posted") && ran.stdout.contains("write"), "{}", ran.stdout);
    assert!(event.step_summary().contains("Nothing could be posted"), "{}", event.step_summary());
    assert!(!ran.stdout.contains(&token) && !ran.stderr.contains(&token));
}

#[test]
fn without_a_log_the_gate_stays_shut() {
    let (stage, number) = opened(&corrected());
    let ran = stage.action(&stage.repo.pull_request_event("pull_request_target", "opened", number, "ann"));
    assert_eq!((ran.code, ran.output("verdict")), (2, "fail"), "it cannot tell");
    assert_eq!(stage.status(number).state, "error");
    assert!(ran.stderr.contains("audit init --repo-id"), "{}", ran.stderr);
    stage.summary(number);
    stage.create_log();
    stage.review(number, "synchronize", "ann");
    assert_eq!(stage.status(number).state, "pending");
    stage.summary(number);
}

#[test]
fn an_approval_that_cannot_be_recorded_is_none() {
    let stage = Stage::with_log(Visibility::Private, "[approval]\nrequired = 1\n");
    let number = stage.open("notes", "main", &[(FILE, &corrected())]);
    stage.review(number, "opened", "ann");
    stage.world.advance(3_600);
    stage.repo.label(number, "mia", LABEL).expect("may label");
    let event = stage.repo.pull_request_event("pull_request_target", "labeled", number, "mia");
    let token = stage.repo.token(Permissions::record().with(Scope::Contents, Access::Read));
    let ran = stage.action_with(&event, Some(&token));
    assert_eq!((ran.code, ran.output("verdict"), ran.output("approved")), (2, "fail", "0"));
    assert!(ran.stderr.starts_with("error: the audit log could not be written, so nothing was approved: "), "{ran:?}");
    assert_eq!((stage.status(number).state.as_str(), stage.kinds()), ("error", vec!["initialised".to_owned()]));
    stage.review(number, "labeled", "mia");
    assert_eq!(stage.gate(number), "success: Approved by mia; no violations", "the next run makes up for it");
    stage.summary(number);
}

#[test]
fn a_pull_request_without_governed_files_is_green_and_quiet() {
    let stage = Stage::new();
    stage.repo.commit("docs", "ann", "Docs", &[("README.md", Some("hello\n"))]);
    let number = stage.repo.open_pull_request("ann", "docs", "main", "Docs");
    let ran = stage.review(number, "opened", "ann");
    assert_eq!((ran.code, ran.output("verdict")), (0, "pass"));
    assert_eq!(stage.gate(number), "success: No schema changes");
    assert_eq!(ran.writes, ["POST /repos/{owner}/{repo}/statuses/{sha}"]);
}

#[test]
fn a_review_that_github_refuses_loses_neither_summary_nor_status() {
    let (stage, number) = opened(FIRST_DRAFT);
    stage.create_log();
    stage.world.fail_next("/repos/{owner}/{repo}/pulls/{number}/reviews", Fault::Error(422));
    let ran = stage.review(number, "opened", "ann");
    assert_eq!((ran.code, ran.output("verdict")), (1, "fail"));
    assert!(ran.stdout.contains("GitHub took no comments on lines: "), "{}", ran.stdout);
    assert!(stage.gate(number).starts_with("failure: "), "{}", stage.gate(number));
    assert!(stage.summary(number).contains("column-name-not-snake-case"));
    stage.review(number, "synchronize", "ann");
    assert_eq!(stage.repo.threads(number).len(), 3, "the next run tries again");
    stage.summary(number);
}

#[test]
fn lines_that_the_base_has_moved_are_commented_on_with_the_file_as_a_whole() {
    let stage = Stage::with_log(Visibility::Private, "[approval]\nrequired = 1\n");
    stage.push("main", "max", "Notes", &[(FILE, &corrected())]);
    let column = "    - {name: readAt, type: TIMESTAMPTZ}\n    - {name: created_at";
    let number = stage.open("notes", "main", &[(FILE, &corrected().replace("    - {name: created_at", column))]);
    stage.push("main", "max", "Reword", &[(FILE, &corrected().replace("Writers lose", "Readers lose"))]);
    let ran = stage.review(number, "opened", "ann");
    assert_eq!((ran.code, ran.output("errors")), (1, "1"));
    assert_eq!(rules(&stage.open_threads(number)), [(0, "column-name-not-snake-case".to_owned())].into());
    stage.summary(number);
}

#[test]
fn a_conflict_is_pending() {
    let (stage, number) = opened(&corrected());
    stage.create_log();
    stage.push("main", "max", "The same table", &[(FILE, &corrected().replace("Writers lose", "Readers lose"))]);
    let ran = stage.review(number, "synchronize", "ann");
    assert_eq!((ran.code, ran.output("verdict")), (0, "pending"));
    assert!(stage.gate(number).contains("conflict"), "{}", stage.gate(number));
    stage.summary(number);
}

#[test]
fn a_label_right_after_the_push_is_too_early() {
    let (stage, number) = opened(&corrected());
    stage.create_log();
    stage.review(number, "opened", "ann");
    stage.repo.label(number, "mia", LABEL).expect("may label");
    let ran = stage.review(number, "labeled", "mia");
    assert_eq!((ran.output("verdict"), ran.output("approved")), ("pending", "0"));
    assert!(stage.summary(number).contains("mia"));
}

#[test]
fn the_policy_of_the_base_judges_a_pull_request_that_weakens_it() {
    let stage = Stage::new();
    stage.create_log();
    let weak = "[approval]\nrequired = 0\n[rules]\ncolumn-name-not-snake-case = \"off\"\n";
    stage.push("notes", "ann", "Ask", &[(FILE, FIRST_DRAFT), ("schema-registry.toml", weak)]);
    let number = stage.repo.open_pull_request("ann", "notes", "main", "A table of notes");
    let ran = stage.review(number, "opened", "ann");
    assert_eq!((ran.output("verdict"), ran.output("errors"), ran.output("missing-approvals")), ("fail", "1", "1"));
    assert!(stage.summary(number).contains("schema-registry.toml"));
    stage.open_threads(number);
}

#[test]
fn a_revoked_approval_opens_nothing() {
    let (stage, number) = opened(&corrected());
    stage.create_log();
    stage.review(number, "opened", "ann");
    stage.approve(number, "mia");
    assert_eq!(stage.status(number).state, "success");
    stage.world.advance(60);
    stage.repo.unlabel(number, "tom", LABEL).expect("may take it off");
    let ran = stage.review(number, "unlabeled", "tom");
    assert_eq!((ran.output("verdict"), ran.output("approved")), ("pending", "0"));
    assert_eq!(stage.kinds().last().map(String::as_str), Some("revoked"));
    stage.summary(number);
}
