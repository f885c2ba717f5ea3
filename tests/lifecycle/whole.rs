//! The whole loop.

use crate::{
    actors::{LABEL, Stage, git, rules},
    request::{FIRST_DRAFT, another, corrected},
    support::github::Method,
    transcript::Transcript,
};

const FILE: &str = "schema-requests/notes.yaml";

#[test]
fn one_request_travels_the_whole_way() {
    let stage = Stage::new();
    let mut story = Transcript::default();
    stage.create_log();
    story.event("max pushes a policy and runs `schema-registry audit init`");
    story.outcome(&format!("log: {}", stage.kinds().join(", ")));

    let number = first_push(&stage, &mut story);
    fixed_push(&stage, &mut story, number);
    labels_that_do_not_count(&stage, &mut story, number);
    approvals(&stage, &mut story, number);
    changed_byte(&stage, &mut story, number);
    merge(&stage, &mut story, number);
    missed_event(&stage, &mut story);
    flipped_byte(&stage, &mut story);
    story.finish();
}

fn first_push(stage: &Stage, story: &mut Transcript) -> u64 {
    stage.push("notes", "ann", "Ask for a table of notes", &[(FILE, FIRST_DRAFT)]);
    let number = stage.repo.open_pull_request("ann", "notes", "main", "A table of notes");
    let ran = stage.review(number, "opened", "ann");
    assert_eq!(ran.code, 1);
    assert_eq!((ran.output("verdict"), ran.output("violations"), ran.output("errors")), ("fail", "3", "1"));
    let threads = stage.open_threads(number);
    let expected =
        [(6, "column-name-not-snake-case"), (7, "varchar-instead-of-text"), (8, "timestamp-without-time-zone")];
    assert_eq!(rules(&threads), expected.map(|(line, rule)| (line, rule.to_owned())).into());
    assert!(threads.iter().all(|thread| thread.path == FILE));
    let suggested = threads.iter().filter(|thread| thread.comments[0].body.contains("```suggestion"));
    assert_eq!(suggested.count(), 2, "a one-click fix where it is mechanical");
    assert_eq!(stage.repo.review_count(number), 1);
    assert!(stage.summary(number).contains("Schema review: fail"), "{}", stage.summary(number));
    assert_eq!(stage.status(number).state, "failure");
    story.event("ann opens a pull request that asks for a table of notes");
    for thread in &threads {
        let body = &thread.comments[0].body;
        let (_, rule) = &rules(std::slice::from_ref(thread)).into_iter().next().expect("a rule");
        assert!(body.contains(rule.as_str()));
        story.outcome(&format!("comment on line {}: {rule}", thread.line));
    }
    story.outcome(&format!("status {}", stage.gate(number)));

    let ran = stage.review(number, "opened", "ann");
    assert_eq!(ran.writes, [""; 0], "a second run finds everything said");
    story.event("the workflow runs again");
    story.outcome("nothing is written");
    number
}

fn fixed_push(stage: &Stage, story: &mut Transcript, number: u64) {
    stage.push("main", "max", "Another table", &[("schema-requests/zones.yaml", &another("zones"))]);
    stage.push("notes", "ann", "Fix what the review found", &[(FILE, &corrected())]);
    let ran = stage.review(number, "synchronize", "ann");
    assert_eq!((ran.code, ran.output("verdict"), ran.output("missing-approvals")), (0, "pending", "1"));
    assert_eq!(stage.open_threads(number).len(), 0, "all comments are hidden or resolved");
    let summary = stage.summary(number);
    assert!(summary.contains("Schema review: pending") && summary.contains("CREATE TABLE IF NOT EXISTS public.notes"));
    assert!(!summary.contains("zones"), "the base gained a table, and the pull request shows only its own change");
    assert_eq!(stage.status(number).state, "pending");
    story.event("max pushes another table to main; ann pushes a fix");
    story.outcome("the three comments are hidden; the review shows the table of notes only");
    story.outcome(&format!("status {}", stage.gate(number)));
}

fn labels_that_do_not_count(stage: &Stage, story: &mut Transcript, number: u64) {
    let cases = [
        ("ann", "opened this pull request"),
        ("tom", "has the role `triage`"),
        ("robot[bot]", "is not a person"),
        ("rita", "is named as the requester"),
    ];
    stage.repo.role("ann", crate::support::github::Role::Maintain);
    for (login, reason) in cases {
        let ran = stage.approve(number, login);
        assert_eq!((ran.code, ran.output("verdict"), ran.output("approved")), (0, "pending", "0"), "{login}");
        assert_eq!(stage.repo.labels(number), [""; 0], "the label is taken off for the next person");
        let summary = stage.summary(number);
        let line = summary.lines().find(|line| line.contains(login.trim_end_matches("[bot]")) && line.contains(reason));
        assert!(line.is_some(), "{login}: {summary}");
        story.event(&format!("{login} sets the label {LABEL}"));
        story.outcome(&format!("not counted: {}", line.unwrap_or_default().trim_start_matches("- ")));
    }
    assert!(stage.kinds().iter().all(|kind| kind != "approved"));
}

fn approvals(stage: &Stage, story: &mut Transcript, number: u64) {
    let ran = stage.approve(number, "mia");
    assert_eq!((ran.code, ran.output("verdict"), ran.output("approved")), (0, "pass", "1"));
    assert_eq!(stage.status(number).state, "success");
    assert_eq!(stage.repo.labels(number), [LABEL]);
    assert_eq!(stage.kinds().last().map(String::as_str), Some("approved"), "in the log before the gate is green");
    story.event("mia, who maintains the repository, sets it");
    story.outcome(&format!("status {}", stage.gate(number)));

    stage.repo.commit("main", "max", "Two approvals", &[("schema-registry.toml", Some("[approval]\nrequired = 2\n"))]);
    let ran = stage.review(number, "edited", "max");
    assert_eq!((ran.output("verdict"), ran.output("missing-approvals")), ("pending", "2"));
    assert_eq!(stage.repo.labels(number), [""; 0]);
    story.event("max raises `required` to 2 on main");
    story.outcome(&format!("the approval was given under another policy: status {}", stage.gate(number)));

    let ran = stage.approve(number, "mia");
    assert_eq!((ran.output("verdict"), ran.output("approved"), ran.output("missing-approvals")), ("pending", "1", "1"));
    assert_eq!(stage.repo.labels(number), [""; 0], "the next person can set it");
    let ran = stage.approve(number, "mia");
    assert_eq!((ran.output("verdict"), ran.output("approved")), ("pending", "1"), "nobody counts twice");
    let ran = stage.approve(number, "max");
    assert_eq!((ran.output("verdict"), ran.output("approved")), ("pass", "2"));
    assert_eq!(stage.repo.labels(number), [LABEL]);
    story.event("mia approves again, and max does");
    story.outcome(&format!("status {}", stage.gate(number)));
}

fn changed_byte(stage: &Stage, story: &mut Transcript, number: u64) {
    let one_more = corrected() + "#\n";
    stage.push("notes", "ann", "One byte", &[(FILE, &one_more)]);
    let ran = stage.review(number, "synchronize", "ann");
    assert_eq!((ran.output("verdict"), ran.output("approved")), ("pending", "0"));
    assert_eq!(stage.repo.labels(number), [""; 0]);
    assert!(stage.summary(number).contains(FILE), "the summary says what changed");
    assert_eq!(stage.kinds().last().map(String::as_str), Some("voided"));
    story.event("ann pushes a comment into the request");
    story.outcome(&format!("the approvals are void: status {}", stage.gate(number)));

    stage.approve(number, "mia");
    stage.approve(number, "max");
    assert_eq!(stage.status(number).state, "success");
    stage.repo.commit("main", "tom", "Nothing to do with tables", &[("README.md", Some("hello\n"))]);
    let before = stage.repo.head_sha(number);
    stage.repo.rebase("notes", "main");
    assert_ne!(stage.repo.head_sha(number), before);
    let ran = stage.review(number, "synchronize", "ann");
    assert_eq!((ran.output("verdict"), ran.output("approved")), ("pass", "2"), "the same bytes");
    assert!(stage.summary(number).contains("Approved by mia, max"), "{}", stage.summary(number));
    assert_eq!(stage.repo.labels(number), [LABEL]);
    story.event("mia and max approve these bytes; ann rebases without a change");
    story.outcome(&format!("the approvals stay: status {}", stage.gate(number)));
}

fn merge(stage: &Stage, story: &mut Transcript, number: u64) {
    let before = stage.repo.tip("main");
    let head = stage.repo.head_sha(number);
    let merged = stage.repo.merge(number, "mia", Method::Squash);
    for _ in 0..2 {
        let ran = stage.action(&stage.repo.push_event("main", &before, "mia"));
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    }
    stage.review(number, "closed", "mia");
    assert!(stage.summary(number).contains("**Merged as approved.** Audit log: "), "{}", stage.summary(number));
    let log = stage.log();
    let entries: Vec<_> = log.iter().filter(|entry| entry["kind"] == "merged").collect();
    assert_eq!(entries.len(), 1, "however often the event is delivered");
    let entry = entries[0];
    assert_eq!((entry["pr"].as_u64(), entry["after"].as_str()), (Some(number), Some(merged.as_str())));
    assert_eq!(entry["actor"]["login"], "mia");
    let approved: Vec<_> = log.iter().filter(|entry| entry["kind"] == "approved").collect();
    let counted = &approved[approved.len() - 2..];
    assert_eq!(entry["digest"], counted[0]["digest"]);
    assert_eq!(entry["approvals"].as_array().expect("a list").len(), 2);
    assert_eq!((&counted[0]["actor"]["login"], &counted[1]["actor"]["login"]), (&"mia".into(), &"max".into()));
    assert_ne!(counted[0]["after"], head.as_str(), "approved before the rebase");
    let table = &entry["tables"][0];
    assert_eq!(
        (&table["tableName"], &table["action"], &table["status"]),
        (&"public.notes".into(), &"create".into(), &"approved".into())
    );
    assert_eq!((&table["requestedBy"], &table["relatedIssue"]), (&"rita".into(), &"42".into()));
    let sql = table["sql"][0].as_str().expect("a digest");
    let blob = format!("schema-registry/audit:open/{sql}");
    let text = git(&stage.repo.git_dir(), &["show", &blob]);
    assert_eq!(text, git(&stage.repo.git_dir(), &["show", "main:migrations/20260102_030405_create_notes.up.sql"]));
    let (code, verified) = stage.ask(&["audit", "verify"]);
    assert_eq!(code, 0, "{verified}");
    story.event("mia merges; the push event is delivered twice");
    story.outcome("log: one `merged` entry, with who asked, who approved which bytes, and the SQL");
}

fn missed_event(stage: &Stage, story: &mut Transcript) {
    stage.push("rooms", "ann", "Ask for rooms", &[("schema-requests/rooms.yaml", &another("rooms"))]);
    let number = stage.repo.open_pull_request("ann", "rooms", "main", "Rooms");
    stage.review(number, "opened", "ann");
    stage.approve(number, "mia");
    stage.approve(number, "max");
    assert_eq!(stage.gate(number), "success: Approved by mia, max; no violations");
    assert!(stage.summary(number).contains("Schema review: pass"), "{}", stage.summary(number));
    stage.repo.merge(number, "ann", Method::Merge);
    for _ in 0..2 {
        let ran = stage.action(&stage.repo.schedule_event());
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    }
    assert!(stage.summary(number).contains("**Merged as approved.**"));
    let of_rooms = stage.log().iter().filter(|entry| entry["kind"] == "merged" && entry["pr"] == number).count();
    assert_eq!(of_rooms, 1, "the event was never delivered, the next run found the landing");
    story.event("a second request is approved and merged, and its push event gets lost");
    story.outcome("log: the next run finds the landing and records it once");
    for (line, entry) in stage.ask(&["audit", "log"]).1.lines().zip(stage.log()) {
        assert!(line.contains(entry["kind"].as_str().expect("a kind")));
    }
    assert!(stage.kinds().contains(&"direct-push".to_owned()), "zones and the policy came without a pull request");
}

fn flipped_byte(stage: &Stage, story: &mut Transcript) {
    let folder = stage.world.folder("tampering");
    git(
        &folder,
        &["clone", "--quiet", "--branch", "schema-registry/audit", &stage.repo.git_dir().to_string_lossy(), "."],
    );
    let path = folder.join("open/entries.jsonl");
    let text = std::fs::read_to_string(&path).expect("the entries");
    std::fs::write(&path, text.replacen("\"login\":\"max\"", "\"login\":\"may\"", 1)).expect("writes");
    git(&folder, &["-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "-am", "x"]);
    git(&folder, &["push", "--quiet", "origin", "HEAD:schema-registry/audit"]);
    let (code, text) = stage.ask(&["audit", "verify"]);
    assert_eq!(code, 1, "{text}");
    let index = stage.log().iter().position(|entry| entry["actor"]["login"] == "may").expect("the forged entry");
    let named = format!("entry {index} ");
    let line = text.lines().find(|line| line.starts_with(&named));
    assert!(line.is_some(), "{text}");
    story.event("somebody changes one byte of the log; `schema-registry audit verify`");
    story.outcome(&format!("entry {index} is not what was recorded"));
}
