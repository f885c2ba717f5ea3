//! Which event leads to what; and what happens to pull requests that nobody pushes to.

use crate::{
    actors::{LABEL, Stage},
    request::{FIRST_DRAFT, another, corrected, refers_to_teams, teams},
    support::github::{Access, Event, Method, Permissions, Role, Scope, Visibility},
};

const FILE: &str = "schema-requests/notes.yaml";
const TEAMS: &str = "schema-requests/teams.yaml";
const POLICY: &str = "[approval]\nrequired = 1\n";

fn stage() -> Stage {
    Stage::with_log(Visibility::Private, POLICY)
}

/// Makes an event about a pull request.
type Make = fn(&Stage, u64) -> Event;

#[test]
fn whatever_the_event_the_pull_request_gets_its_review() {
    let events: [(&str, Make); 4] = [
        ("pull_request_target", |stage, number| {
            stage.repo.pull_request_event("pull_request_target", "opened", number, "ann")
        }),
        ("issue_comment", |stage, number| {
            let comment = stage.repo.comment(number, "tom", "please look");
            stage.repo.issue_comment_event(number, comment)
        }),
        ("workflow_run", |stage, number| stage.repo.workflow_run_event(number)),
        ("schedule", |stage, _| stage.repo.schedule_event()),
    ];
    for (name, event) in events {
        let stage = stage();
        let number = stage.open("notes", "main", &[(FILE, FIRST_DRAFT)]);
        let ran = stage.deliver(&event(&stage, number));
        assert_eq!(ran.code, i32::from(name != "schedule"), "{name}: {ran:?}");
        assert_eq!(stage.gate(number), "failure: 1 error, 2 warnings", "{name}");
        assert_eq!(stage.open_threads(number).len(), 3, "{name}");
        assert!(stage.summary(number).contains("Schema review: fail"), "{name}");
        let again = stage.deliver(&event(&stage, number));
        assert_eq!(again.writes, [""; 0], "{name}: nothing has changed");
    }
}

#[test]
fn a_pull_request_from_a_fork_is_reviewed_after_its_validation() {
    let stage = Stage::with_log(Visibility::Public, POLICY);
    let number = stage.open_from_fork(&[(FILE, FIRST_DRAFT)]);
    let ran = stage.deliver(&stage.repo.workflow_run_event(number));
    assert_eq!((ran.code, ran.output("verdict")), (1, "fail"));
    assert_eq!(stage.gate(number), "failure: 1 error, 2 warnings");
    assert_eq!(stage.open_threads(number).len(), 3);
    stage.summary(number);
}

#[test]
fn each_part_does_its_own_work_and_no_more() {
    let stage = stage();
    let number = stage.open("notes", "main", &[(FILE, &corrected())]);
    let event = |action: &str| stage.repo.pull_request_event("pull_request_target", action, number, "ann");
    let commenter = stage
        .repo
        .token(Permissions::none().with(Scope::PullRequests, Access::Write).with(Scope::Contents, Access::Read));
    let logger = stage.repo.token(
        Permissions::all(Access::Write).with(Scope::PullRequests, Access::Read).with(Scope::Issues, Access::None),
    );
    let parts = |action: &str| {
        let reviewed = stage.action_of(&event(action), Some(&commenter), &["--only", "review"]);
        let recorded = stage.action_of(&event(action), Some(&logger), &["--only", "record"]);
        assert_eq!((reviewed.code, recorded.code), (0, 0), "{reviewed:?} {recorded:?}");
        assert_eq!(reviewed.output("verdict"), recorded.output("verdict"));
        (reviewed, recorded)
    };
    let (reviewed, recorded) = parts("opened");
    assert_eq!(reviewed.writes, ["POST /repos/{owner}/{repo}/issues/{number}/comments"]);
    assert_eq!(recorded.writes, ["POST /repos/{owner}/{repo}/statuses/{sha}"]);
    assert_eq!(stage.gate(number), "pending: 0 of 1 approval given; no violations");

    stage.world.advance(3_600);
    stage.repo.label(number, "mia", LABEL).expect("may label");
    let (reviewed, recorded) = parts("labeled");
    assert_eq!(reviewed.writes, ["PATCH /repos/{owner}/{repo}/issues/comments/{id}"], "it does not write the log");
    assert_eq!(recorded.writes.last().map(String::as_str), Some("POST /repos/{owner}/{repo}/statuses/{sha}"));
    assert_eq!(stage.kinds().last().map(String::as_str), Some("approved"));
    assert_eq!(stage.gate(number), "success: Approved by mia; no violations");
    assert!(stage.summary(number).contains("Schema review: pass"));
    let (reviewed, recorded) = parts("labeled");
    assert_eq!((reviewed.writes, recorded.writes), (vec![], vec![]));
}

#[test]
fn a_push_to_the_base_judges_again_what_it_may_have_changed() {
    let stage = stage();
    let docs = stage.open("docs", "main", &[("README.md", "hello\n")]);
    stage.review(docs, "opened", "ann");
    let number = stage.open("notes", "main", &[(FILE, &refers_to_teams())]);
    stage.review(number, "opened", "ann");
    assert_eq!(stage.gate(number), "failure: 1 error", "there are no teams");
    let head = stage.repo.head_sha(number);

    let before = stage.repo.tip("main");
    stage.push("main", "max", "Teams", &[(TEAMS, &teams())]);
    let ran = stage.deliver(&stage.repo.push_event("main", &before, "max"));
    assert_eq!(ran.code, 0, "the push is not to blame");
    assert_eq!(stage.repo.head_sha(number), head, "nobody pushed to it");
    assert_eq!(stage.gate(number), "pending: 0 of 1 approval given; no violations");
    assert!(stage.summary(number).contains("Schema review: pending"));
    assert!(stage.open_threads(number).is_empty());
    let of_docs = ran.calls.iter().filter(|call| call.contains("compare")).count();
    assert_eq!(of_docs, 1, "no call is spent on the pull request that touches nothing governed: {:?}", ran.calls);

    let before = stage.repo.tip("main");
    stage.repo.commit("main", "max", "Docs", &[("README.md", Some("other\n"))]);
    let ran = stage.deliver(&stage.repo.push_event("main", &before, "max"));
    assert!(
        ran.calls.iter().all(|call| !call.ends_with("{repo}/pulls")),
        "nothing governed was pushed: {:?}",
        ran.calls
    );
}

#[test]
fn a_push_to_the_base_costs_no_call_for_a_pull_request_whose_verdict_stays() {
    let stage = stage();
    stage.repo.commit("main", "max", "Hello", &[("README.md", Some("hello\n")), ("old.md", Some("hello\n"))]);
    let behind = stage.open("docs", "main", &[("README.md", "hello, docs\n")]);
    let merges = stage.open("merges", "main", &[("other.md", "hello\n")]);
    let number = stage.open("notes", "main", &[(FILE, &corrected())]);
    let push = |files: &[(&str, Option<&str>)]| {
        let before = stage.repo.tip("main");
        stage.repo.commit("main", "max", "More", files);
        let ran = stage.deliver(&stage.repo.push_event("main", &before, "max"));
        let of = |route: &str| ran.calls.iter().filter(|call| call.ends_with(route)).count();
        (of("{repo}/pulls"), of("compare/{basehead}"))
    };
    let teams = teams();
    assert_eq!(push(&[(TEAMS, Some(&teams))]).1, 1, "the one that asks for a table");
    // All are two pushes behind, and one has merged main since.
    stage.repo.force_push_of("ann", "merges", &stage.merge_commit("ann", "merges", "main"));
    let other = teams.clone() + "#\n";
    assert_eq!(push(&[(TEAMS, Some(&other))]).1, 1, "no more for those behind");
    assert_eq!(push(&[("README.md", Some("hello, all\n")), ("old.md", None)]), (0, 0), "nothing governed");

    let before = stage.repo.tip("main");
    stage.repo.merge(merges, "max", Method::Merge);
    let ran = stage.deliver(&stage.repo.push_event("main", &before, "max"));
    assert!(ran.calls.iter().all(|call| !call.contains("compare")), "a merge of words: {:?}", ran.calls);
    for number in [behind, merges] {
        assert!(stage.repo.comments(number).is_empty(), "#{number}");
    }
    stage.summary(number);
}

#[test]
fn a_base_that_gains_a_clashing_change_turns_the_pull_request_red() {
    let stage = stage();
    let number = stage.open("notes", "main", &[(FILE, &corrected())]);
    stage.review(number, "opened", "ann");
    stage.approve(number, "mia");
    assert_eq!(stage.status(number).state, "success");

    let before = stage.repo.tip("main");
    stage.push("main", "max", "The same table elsewhere", &[("schema-requests/more/notes.yaml", &corrected())]);
    stage.deliver(&stage.repo.push_event("main", &before, "max"));
    assert_eq!(stage.status(number).state, "failure", "{}", stage.gate(number));
    assert!(stage.summary(number).contains("duplicate-table"), "{}", stage.summary(number));
    stage.open_threads(number);
}

#[test]
fn another_pull_request_on_the_same_table_that_merges_first_makes_a_conflict() {
    let stage = stage();
    let first = stage.open("notes", "main", &[(FILE, &corrected())]);
    let second = stage.open("other", "main", &[(FILE, &corrected().replace("lose", "forget"))]);
    for number in [first, second] {
        stage.review(number, "opened", "ann");
        stage.approve(number, "mia");
        assert_eq!(stage.status(number).state, "success");
    }
    let before = stage.repo.tip("main");
    stage.repo.merge(first, "mia", Method::Squash);
    stage.deliver(&stage.repo.push_event("main", &before, "mia"));
    assert_eq!(stage.gate(second), "pending: The branch conflicts with its base; merge or rebase it");
    assert_eq!(stage.status(first).state, "success", "what is merged stays as it was");
    for number in [first, second] {
        stage.summary(number);
    }
}

#[test]
fn a_head_with_two_bases_has_the_worse_of_two_verdicts() {
    let stage = Stage::with_log(Visibility::Private, "[approval]\nrequired = 1\n[gate]\nbranches = [\"stable\"]\n");
    stage.repo.branch("stable", "main");
    stage.push("main", "max", "Teams", &[(TEAMS, &teams())]);
    stage.repo.branch("notes", "stable");
    // Made where teams are known, so that its migration is complete; put on a branch that begins before them.
    stage.push("made", "ann", "Ask", &[(FILE, &refers_to_teams())]);
    let migrations = stage.repo.git(&["diff", "--name-only", "main", "made"]);
    let texts: Vec<(String, String)> = migrations
        .lines()
        .map(|path| (path.to_owned(), stage.repo.git(&["show", &format!("made:{path}")]) + "\n"))
        .collect();
    let files: Vec<(&str, Option<&str>)> = texts.iter().map(|(path, text)| (path.as_str(), Some(&**text))).collect();
    stage.repo.commit("notes", "ann", "Ask", &files);
    let to_main = stage.repo.open_pull_request("ann", "notes", "main", "To main");
    stage.review(to_main, "opened", "ann");
    assert_eq!(stage.gate(to_main), "pending: 0 of 1 approval given; no violations");

    let to_stable = stage.repo.open_pull_request("ann", "notes", "stable", "To stable");
    let worse = format!("failure: #{to_stable} to stable: 1 error");
    for number in [to_stable, to_main] {
        stage.review(number, "opened", "ann");
        assert_eq!(stage.gate(to_main), worse, "whichever is looked at");
        assert_eq!(stage.review(number, "opened", "ann").writes, [""; 0], "both say the same");
    }
    stage.approve(to_main, "mia");
    assert_eq!(stage.gate(to_main), worse, "an approval of the one does not help the other");

    let before = stage.repo.tip("stable");
    stage.push("stable", "max", "Teams", &[(TEAMS, &teams())]);
    stage.deliver(&stage.repo.push_event("stable", &before, "max"));
    assert_eq!(stage.gate(to_main), format!("pending: #{to_stable} to stable: 0 of 1 approval given; no violations"));
    stage.approve(to_stable, "mia");
    assert_eq!(stage.gate(to_main), format!("success: #{to_main} to main: Approved by mia; no violations"));
    for number in [to_main, to_stable] {
        stage.summary(number);
        stage.open_threads(number);
    }
}

#[test]
fn two_green_pull_requests_that_clash_are_red_in_the_merge_queue() {
    let stage = stage();
    let first = stage.open("notes", "main", &[(FILE, &corrected())]);
    let second = stage.open("more", "main", &[("schema-requests/more/notes.yaml", &corrected())]);
    let rooms = stage.open("rooms", "main", &[("schema-requests/rooms.yaml", &another("rooms"))]);
    for number in [first, second] {
        stage.review(number, "opened", "ann");
        stage.approve(number, "mia");
        assert_eq!(stage.status(number).state, "success");
        stage.summary(number);
    }
    let status = |branch: &str| {
        let status = stage.repo.status(&stage.repo.tip(branch), "schema-registry").expect("there is a status");
        format!("{}: {}", status.state, status.description.unwrap_or_default())
    };
    let green = stage.repo.enqueue(first);
    let unapproved = stage.repo.enqueue(rooms);
    let red = stage.repo.enqueue(second);

    let ran = stage.action(&stage.repo.merge_group_event(&red));
    assert_eq!((ran.code, ran.writes.len()), (1, 0), "its own workflow may say what it likes: {ran:?}");
    for (branch, code, expected) in [
        (&green, 0, "success: What the queue would merge has no error".to_owned()),
        (&unapproved, 1, format!("failure: No approval covers what the queue would merge of #{rooms}")),
        (&red, 1, "failure: 2 errors in what the queue would merge".to_owned()),
    ] {
        let event = stage.repo.workflow_run_of_group_event(branch);
        let ran = stage.deliver(&event);
        assert_eq!((ran.code, status(branch)), (code, expected), "{ran:?}");
        assert_eq!(ran.output("verdict"), ["pass", "fail"][usize::from(code == 1)]);
        assert_eq!(stage.deliver(&event).writes, [""; 0], "it is said already");
    }
    let before = stage.repo.tip("main");
    let sha = stage.repo.commit("main", "max", "A bypass", &[("README.md", Some("hello\n"))]);
    assert_ne!(before, sha);
    let ran = stage.deliver(&stage.repo.workflow_run_of_group_event(&red));
    assert!(ran.writes.is_empty() && ran.stdout.contains("moved on"), "the queue is built anew: {ran:?}");
}

#[test]
fn a_run_that_was_overtaken_writes_nothing() {
    let stage = stage();
    stage.repo.role("tom", Role::Triage);
    let number = stage.open("notes", "main", &[(FILE, FIRST_DRAFT)]);
    let file = (FILE, Some(FIRST_DRAFT));
    stage.repo.push_during("query repository", "notes", "ann", "One more", &[file, ("README.md", Some("hello\n"))]);
    let ran = stage.deliver(&stage.repo.pull_request_event("pull_request_target", "opened", number, "ann"));
    assert_eq!((ran.code, ran.writes.len()), (0, 0), "{ran:?}");
    assert!(ran.stdout.contains("moved on"), "{}", ran.stdout);
    stage.review(number, "synchronize", "ann");
    assert_eq!(stage.gate(number), "failure: 1 error, 2 warnings");
    stage.summary(number);
    stage.open_threads(number);
}
