//! What time alone does to a verdict. It is GitHub's time, whatever the clock of the machine says that a job runs on.

use std::process::Command;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::{
    actors::{CONTEXT, LABEL, Stage},
    request::corrected,
    support::github::{Method, Visibility},
};

const FILE: &str = "schema-requests/notes.yaml";
const GREEN: &str = "success: Approved by mia, max; no violations";
const DAY: i64 = 86_400;

/// A pull request with an error that a waiver covers until the day after tomorrow, and as many approvals as that needs.
fn green() -> (Stage, u64, NaiveDate) {
    let stage = Stage::with_log(Visibility::Private, "");
    let until = Utc::now().date_naive() + TimeDelta::days(3);
    let number = stage.open("notes", "main", &[(FILE, &waived(until))]);
    stage.review(number, "opened", "ann");
    stage.approve(number, "mia");
    stage.approve(number, "max");
    assert_eq!(stage.gate(number), GREEN);
    (stage, number, until)
}

/// The request with a name that the policy refuses, and a waiver of that.
fn waived(until: NaiveDate) -> String {
    let waiver = format!("{{rule: column-name-not-snake-case, reason: A legacy client reads it, expires: {until}}}");
    corrected().replace("note_title", "noteTitle") + &format!("waivers:\n  - {waiver}\n")
}

#[test]
fn a_waiver_that_expires_under_a_green_status_shuts_the_gate() {
    let (stage, number, until) = green();
    stage.world.advance(DAY);
    let ran = stage.deliver(&stage.repo.schedule_event());
    assert_eq!((stage.gate(number).as_str(), ran.writes.len()), (GREEN, 0), "it holds until its day: {ran:?}");

    stage.world.advance(3 * DAY);
    stage.deliver(&stage.repo.schedule_event());
    assert_eq!(stage.gate(number), "failure: 1 error");
    assert!(!stage.repo.labels(number).contains(&LABEL.to_owned()), "the label is off");
    let summary = stage.summary(number);
    for said in [
        &format!("the waiver of this rule expired on {until}: renew it or fix this"),
        "The approval of `mia`, `max` for the digest",
        "no longer counts, because what it was given for has changed:",
        "- Other errors or warnings are reported, or other waivers cover them",
    ] {
        assert!(summary.contains(said), "{said:?} is not in {summary}");
    }
    assert_eq!(stage.open_threads(number).len(), 1, "the line is commented on");
    let log = stage.log();
    let [.., first, second, voided] = log.as_slice() else { panic!("{log:#?}") };
    let given = serde_json::json!([first["id"], second["id"]]);
    assert_eq!((voided["kind"].as_str(), &voided["approvals"]), (Some("voided"), &given));
    assert_eq!(stage.deliver(&stage.repo.schedule_event()).writes, [""; 0], "nothing has changed");

    // Renewed, it is another request, which needs everybody's approval again.
    stage.push("notes", "ann", "Renew", &[(FILE, &waived(until + TimeDelta::days(30)))]);
    stage.review(number, "synchronize", "ann");
    assert_eq!(stage.gate(number), "pending: 0 of 2 approvals given; no violations");
    stage.approve(number, "mia");
    stage.approve(number, "max");
    assert_eq!(stage.gate(number), GREEN);
    stage.summary(number);
    assert_eq!(stage.open_threads(number).len(), 0);
}

#[test]
fn an_expired_waiver_does_not_get_through_the_merge_queue() {
    let (stage, number, _) = green();
    stage.summary(number);
    stage.world.advance(4 * DAY);
    let queued = stage.repo.enqueue(number);
    stage.deliver(&stage.repo.workflow_run_of_group_event(&queued));
    let status = stage.repo.status(&stage.repo.tip(&queued), CONTEXT).expect("there is a status");
    assert_eq!(status.description.as_deref(), Some("1 error in what the queue would merge"));
    assert_eq!(status.state, "failure");
}

#[test]
fn what_merges_before_the_hourly_run_is_recorded_with_the_error_that_nothing_waives() {
    let (stage, number, _) = green();
    stage.summary(number);
    stage.world.advance(4 * DAY);
    let before = stage.repo.tip("main");
    stage.repo.merge(number, "ann", Method::Squash);
    stage.deliver(&stage.repo.push_event("main", &before, "ann"));
    assert!(stage.summary(number).contains("**Merged as approved.**"));
    let log = stage.log();
    let landed = log.last().expect("an entry");
    assert_eq!(landed["kind"], "merged", "these are the bytes that were approved");
    let known = &landed["violations"];
    assert_eq!(known.as_array().map(Vec::len), Some(1), "{known}");
    assert_eq!((&known[0]["rule"], &known[0]["waived"]), (&"column-name-not-snake-case".into(), &false.into()));
}

#[test]
fn a_commit_that_says_it_is_older_than_it_is_brings_no_waiver_back() {
    let stage = Stage::with_log(Visibility::Private, "");
    let until = Utc::now().date_naive() + TimeDelta::days(3);
    stage.push("scratch", "max", "Add", &[(FILE, &waived(until))]);
    for (day, said) in [("then", Utc::now().timestamp()), ("some day", 4_000_000_000)] {
        stage.world.advance(4 * DAY);
        let mut command = Command::new("git");
        command.current_dir(stage.repo.git_dir()).env("GIT_COMMITTER_DATE", format!("{said} +0000"));
        let identity = ["-c", "user.name=max", "-c", "user.email=max@example.org"];
        command.args(identity).args(["commit-tree", "-m", day, "-p", "main", "scratch^{tree}"]);
        let commit = String::from_utf8(command.output().expect("git starts").stdout).expect("an id");
        let base = stage.repo.tip("main");
        stage.repo.force_push_of("max", "main", commit.trim());
        stage.deliver(&stage.repo.schedule_event());
        let log = stage.log();
        let landed = log.last().expect("an entry");
        assert_eq!(
            (&landed["kind"], landed["violations"][0]["waived"].as_bool()),
            (&"direct-push".into(), Some(false))
        );
        let at: DateTime<Utc> = landed["at"].as_str().expect("a time").parse().expect("a time");
        assert!(at.timestamp() <= said && at.timestamp() < 4_000_000_000, "{day}: {at}");
        stage.repo.force_push_of("max", "main", &base);
        stage.deliver(&stage.repo.schedule_event());
    }
}
