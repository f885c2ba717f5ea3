//! By a label or comment that is not about these bytes.

use std::fs;

use serde_json::{Value, json};

use super::{FILE, approvals, digest, refused, waiting};
use crate::{
    actors::{LABEL, Stage},
    request::{another, corrected},
    support::github::Visibility,
};

const EARLY: &str = "before the summary showed these bytes";

fn commit(stage: &Stage, text: &str) {
    stage.repo.commit("notes", "ann", "More", &[(FILE, Some(text))]);
}

fn label(stage: &Stage, number: u64, login: &str) {
    stage.repo.label(number, login, LABEL).expect("may label");
}

#[test]
fn a_label_counts_only_while_the_intact_summary_shows_these_bytes() {
    let stage = Stage::with_log(Visibility::Private, super::POLICY);
    let number = stage.open("notes", "main", &[(FILE, &corrected())]);
    label(&stage, number, "mia");
    stage.world.advance(3_600);
    stage.review(number, "opened", "ann");
    refused(&stage, number, "a label before the summary", EARLY);

    stage.world.advance(3_600);
    commit(&stage, &(corrected() + "# 1\n"));
    stage.review(number, "synchronize", "ann");
    stage.world.advance(1);
    label(&stage, number, "mia");
    stage.review(number, "labeled", "mia");
    refused(
        &stage,
        number,
        "a label one second after a push",
        "before the summary and the head had stood for 60 seconds",
    );

    let comment = stage.repo.comments(number)[0].id;
    let shown = stage.summary(number);
    for (forgery, texts) in [
        ("an edited summary", vec![shown.replace("notes", "toads")]),
        ("one edited and restored", vec!["x".to_owned(), shown]),
    ] {
        for text in texts {
            stage.repo.edit_comment(number, comment, "ann", &text).expect("may edit");
        }
        stage.world.advance(3_600);
        label(&stage, number, "mia");
        stage.review(number, "labeled", "mia");
        refused(&stage, number, forgery, EARLY);
        assert!(!stage.summary(number).contains("toads"), "it is written again");
    }

    // The summary of what is to come, by somebody who pushes it later.
    commit(&stage, &(corrected() + "# 2\n"));
    stage.review(number, "synchronize", "ann");
    let (coming, tip) = (stage.repo.comments(number)[0].body.clone(), stage.repo.tip("notes"));
    commit(&stage, &(corrected() + "# 3\n"));
    stage.review(number, "synchronize", "ann");
    stage.repo.comment(number, "ann", &coming);
    stage.world.advance(3_600);
    stage.repo.force_push("notes", &tip);
    label(&stage, number, "mia");
    let ran = stage.review(number, "labeled", "mia");
    assert_eq!((ran.output("verdict"), ran.output("approved")), ("pending", "0"), "an imitation");
    let ours = &stage.repo.comments(number)[0].body;
    assert!(ours.contains(EARLY), "an imitation: {ours}");
    assert_eq!(stage.gate(number), super::WAITING);
    assert_eq!(approvals(&stage), 0);

    stage.approve(number, "mia");
    assert_eq!(stage.gate(number), "success: Approved by mia; no violations", "the same at its time");
    assert!(stage.repo.comments(number)[0].body.contains("Approved by mia"));
}

#[test]
fn a_label_that_is_set_while_a_slow_run_writes_the_summary_is_of_what_was_there_before() {
    let (stage, number) = waiting();
    commit(&stage, &(corrected() + "# 1\n"));
    stage.repo.label_during("query repository", number, "mia", LABEL, 90);
    stage.review(number, "synchronize", "ann");
    stage.review(number, "labeled", "mia");
    refused(&stage, number, "90 seconds after the push, and as old as the summary", "before the summary and the head");

    stage.approve(number, "mia");
    assert_eq!(stage.gate(number), "success: Approved by mia; no violations", "the same at its time");
    stage.summary(number);
}

#[test]
fn a_label_that_was_another_one_counts_for_nothing() {
    let (stage, number) = waiting();
    stage.repo.label(number, "mia", "nice").expect("may label");
    stage.world.advance(3_600);
    stage.repo.rename_label("ann", "nice", LABEL).expect("may rename");
    stage.review(number, "labeled", "ann");
    refused(&stage, number, "a renamed label", "was made, renamed or deleted after `mia` set it");

    stage.world.advance(3_600);
    label(&stage, number, "mia");
    stage.repo.delete_label("ann", LABEL).expect("may delete");
    stage.world.advance(3_600);
    let other = stage.open("rooms", "main", &[("schema-requests/rooms.yaml", &another("rooms"))]);
    label(&stage, other, "tom");
    stage.review(number, "labeled", "ann");
    refused(&stage, number, "a label made anew", "was made, renamed or deleted after `mia` set it");
    assert_eq!(approvals(&stage), 0);
}

#[test]
fn an_event_is_only_a_hint() {
    let (stage, number) = waiting();
    label(&stage, number, "mia");
    let labeled = stage.repo.label_event("pull_request_target", "labeled", number, "mia", LABEL);
    stage.deliver(&labeled);
    assert_eq!(stage.gate(number), "success: Approved by mia; no violations");
    stage.world.advance(60);
    stage.repo.unlabel(number, "tom", LABEL).expect("may label");
    stage.review(number, "unlabeled", "tom");
    let again = stage.deliver(&labeled);
    assert_eq!(again.writes, [""; 0], "an old event, once more");
    refused(&stage, number, "an old event, once more", "took back every approval given before");

    // The payload of somebody who runs the job with a file of his own.
    let path = labeled.payload();
    let mut payload: Value = serde_json::from_slice(&fs::read(&path).expect("the payload")).expect("JSON");
    payload["sender"] = json!({"id": 1, "login": "max", "type": "User"});
    payload["pull_request"]["user"] = json!({"id": 1, "login": "max", "type": "User"});
    payload["pull_request"]["labels"] = json!([{"name": LABEL}]);
    payload["pull_request"]["head"]["sha"] = json!(stage.repo.tip("main"));
    payload["pull_request"]["base"]["ref"] = json!("notes");
    payload["pull_request"]["merged"] = json!(true);
    payload["repository"]["default_branch"] = json!("notes");
    fs::write(&path, payload.to_string()).expect("writes");
    let ran = stage.deliver(&labeled);
    assert_eq!(ran.writes, [""; 0], "an edited payload");
    refused(&stage, number, "an edited payload", "took back every approval given before");
    assert_eq!(approvals(&stage), 1, "the first, which was taken back");
}

#[test]
fn an_approval_is_of_one_pull_request_of_one_repository() {
    let (stage, number) = waiting();
    let elsewhere = stage.world.repository("octo/elsewhere", Visibility::Private);
    assert_ne!(elsewhere.id(), stage.repo.id());
    stage.approve(number, "mia");
    let of_first = digest(&stage, number);

    let twin = stage.repo.open_pull_request("ann", "notes", "main", "The same");
    stage.review(twin, "opened", "ann");
    assert_ne!(digest(&stage, twin), of_first, "the same bytes, and not the same digest");
    stage.world.advance(3_600);
    stage.repo.comment(twin, "mia", &format!("/approve {of_first}"));
    stage.review(twin, "created", "mia");
    let summary = stage.summary(twin);
    assert!(summary.contains("with other digits than these bytes have"), "{summary}");
    let waits = format!("pending: #{twin} to main: 0 of 1 approval given; no violations");
    assert_eq!(stage.gate(twin), waits, "nor does the green one help the commit that they share");
    assert_eq!(approvals(&stage), 1);

    // A comment that names the bytes, and then something else was written into it; and one cut short.
    let of_twin = digest(&stage, twin);
    let comment = stage.repo.comment(twin, "mia", "I like it");
    stage.repo.edit_comment(twin, comment, "ann", &format!("/approve {of_twin}")).expect("may edit");
    stage.repo.comment(twin, "max", &format!("/approve {}", &of_twin[..11]));
    stage.review(twin, "created", "mia");
    let summary = stage.summary(twin);
    assert!(summary.contains("`mia` edited the comment"), "{summary}");
    assert!(summary.contains("`max` wrote `/approve` with other digits"), "{summary}");
    assert_eq!((stage.gate(twin), approvals(&stage)), (waits, 1));
    stage.summary(number);
}
