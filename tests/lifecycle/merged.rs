//! What a merged pull request says last: how it was recorded, and the size and root of the log that holds it.

use crate::{
    actors::{CONTEXT, Ran, Stage},
    request::corrected,
    support::github::{Fault, Method, Visibility},
};

const FILE: &str = "schema-requests/notes.yaml";
const STATUSES: &str = "POST /repos/{owner}/{repo}/statuses/{sha}";
const COMMENTS: &str = "/repos/{owner}/{repo}/issues/comments/{id}";

/// A pull request that mia has approved.
fn green(policy: &str) -> (Stage, u64) {
    let stage = Stage::with_log(Visibility::Private, policy);
    let number = stage.open("notes", "main", &[(FILE, &corrected())]);
    stage.review(number, "opened", "ann");
    stage.approve(number, "mia");
    assert_eq!(stage.gate(number), "success: Approved by mia; no violations");
    (stage, number)
}

/// Somebody merges, and the push event is delivered.
fn merge(stage: &Stage, number: u64) -> Ran {
    let before = stage.repo.tip("main");
    stage.repo.merge(number, "mia", Method::Squash);
    stage.deliver(&stage.repo.push_event("main", &before, "mia"))
}

/// Number of entries and root, as the checkpoint on the log's branch has them.
fn log(stage: &Stage) -> String {
    let checkpoint = stage.repo.git(&["show", "schema-registry/audit:checkpoint"]);
    let lines: Vec<&str> = checkpoint.lines().collect();
    format!("{} entries, root {}", lines[1], lines[2])
}

fn last_line(stage: &Stage, number: u64) -> String {
    stage.summary(number).trim_end().lines().last().unwrap_or_default().replace('`', "")
}

#[test]
fn status_and_summary_say_how_it_was_recorded_and_in_which_log() {
    let (stage, number) = green("[approval]\nrequired = 1\n");
    let before = stage.summary(number);
    let ran = merge(&stage, number);
    assert_eq!(ran.writes.iter().filter(|call| *call == STATUSES).count(), 1, "{ran:?}");
    assert_eq!(stage.gate(number), format!("success: Merged as approved; audit log: {}", log(&stage)));
    assert_eq!(last_line(&stage, number), format!("**Merged as approved.** Audit log: {}", log(&stage)));
    let text = |summary: &str| summary.split_once("-->").map(|(_, text)| text.trim().to_owned()).expect("a marker");
    assert!(text(&stage.summary(number)).starts_with(&text(&before)), "what was shown stays");
    let (code, verified) = stage.ask(&["audit", "verify"]);
    assert_eq!(code, 0, "{verified}");

    for event in
        [stage.repo.pull_request_event("pull_request_target", "closed", number, "mia"), stage.repo.schedule_event()]
    {
        let ran = stage.deliver(&event);
        assert_eq!(ran.writes, [""; 0], "it was said");
    }
}

#[test]
fn the_run_that_records_says_it_whichever_event_started_it() {
    for closed in [true, false] {
        let (stage, number) = green("[approval]\nrequired = 1\n");
        stage.repo.merge(number, "mia", Method::Rebase);
        stage.deliver(&if closed {
            stage.repo.pull_request_event("pull_request_target", "closed", number, "mia")
        } else {
            stage.repo.schedule_event()
        });
        assert_eq!(last_line(&stage, number), format!("**Merged as approved.** Audit log: {}", log(&stage)));
        assert!(stage.gate(number).starts_with("success: Merged as approved; audit log: 3 entries, root "));
    }
}

#[test]
fn a_merge_past_the_gate_is_told_and_turns_nothing_green() {
    let stage = Stage::with_log(Visibility::Private, "[approval]\nrequired = 1\n");
    let number = stage.open("notes", "main", &[(FILE, &corrected())]);
    stage.review(number, "opened", "ann");
    merge(&stage, number);
    assert_eq!(stage.gate(number), format!("pending: Merged unapproved, and recorded so; audit log: {}", log(&stage)));
    let words = format!("**Merged unapproved, and recorded so.** Audit log: {}", log(&stage));
    assert_eq!(last_line(&stage, number), words);
}

#[test]
fn where_nothing_was_shown_or_somebody_edited_it_the_words_stand_alone() {
    let stage = Stage::with_log(Visibility::Private, "[approval]\nrequired = 1\n");
    let number = stage.open("notes", "main", &[(FILE, &corrected())]);
    merge(&stage, number);
    let words = format!("**Merged unapproved, and recorded so.** Audit log: {}", log(&stage));
    assert_eq!(last_line(&stage, number), words);
    assert_eq!(stage.repo.status(&stage.repo.head_sha(number), CONTEXT), None, "there was no status to say it in");

    let (stage, number) = green("[approval]\nrequired = 1\n");
    let comments = stage.repo.comments(number);
    let edited = comments[0].body.replace("pass", "PASS");
    stage.repo.edit_comment(number, comments[0].id, "max", &edited).expect("may edit");
    merge(&stage, number);
    let summary = stage.summary(number);
    assert!(summary.contains("**Merged as approved.**") && !summary.contains("PASS"), "{summary}");
}

#[test]
fn an_open_pull_request_with_the_same_head_keeps_its_status() {
    let (stage, number) = green("[approval]\nrequired = 1\n\n[gate]\nbranches = [\"stable\"]\n");
    stage.repo.branch("stable", "main");
    stage.repo.open_pull_request("ann", "notes", "stable", "The same for stable");
    merge(&stage, number);
    assert_eq!(stage.gate(number), "success: Approved by mia; no violations", "until the other one is judged");
    assert!(last_line(&stage, number).starts_with("**Merged as approved.**"));
}

#[test]
fn comments_that_are_off_stay_off() {
    let stage = Stage::with_log(Visibility::Private, "[approval]\nrequired = 0\n\n[review]\ncomment = \"off\"\n");
    let number = stage.open("notes", "main", &[(FILE, &corrected())]);
    stage.review(number, "opened", "ann");
    merge(&stage, number);
    assert!(stage.repo.comments(number).is_empty());
    assert_eq!(stage.gate(number), format!("success: Merged as approved; audit log: {}", log(&stage)));
}

#[test]
fn a_summary_that_cannot_be_written_costs_nothing_but_the_words() {
    let (stage, number) = green("[approval]\nrequired = 1\n");
    stage.world.fail_next(COMMENTS, Fault::LostResponse);
    merge(&stage, number);
    assert!(last_line(&stage, number).starts_with("**Merged as approved.**"), "looked up, and not written twice");

    let (stage, number) = green("[approval]\nrequired = 1\n");
    stage.world.fail_next(COMMENTS, Fault::Error(403));
    let ran = merge(&stage, number);
    assert!(ran.stdout.contains(&format!("#{number} was recorded, and could not be told so: ")), "{}", ran.stdout);
    assert!(!stage.summary(number).contains("Audit log:"), "{}", stage.summary(number));
    assert_eq!(stage.kinds().last().map(String::as_str), Some("merged"));
}
