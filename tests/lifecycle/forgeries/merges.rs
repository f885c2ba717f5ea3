//! By what a merge does that neither branch did.

use super::{FILE, POLICY, WAITING};
use crate::{
    actors::Stage,
    request::corrected,
    support::github::{Method, Visibility},
};

/// What the gate says where nothing governed changes.
const NOTHING: &str = "success: No schema changes";

/// A commit of ann's with any parents.
fn commit_of(stage: &Stage, tree_of: &str, parents: &[&str]) -> String {
    let (name, email) = ("user.name=ann", format!("user.email={}", stage.repo.email("ann")));
    let mut arguments = vec!["-c", name, "-c", &email, "commit-tree", "-m", "Merge"];
    for parent in parents {
        arguments.extend(["-p", parent]);
    }
    let tree = format!("{tree_of}^{{tree}}");
    arguments.push(&tree);
    stage.repo.git(&arguments).trim().to_owned()
}

/// The request with another column, and without its migrations.
fn edited() -> String {
    let edited = corrected().replace("name: body, type: TEXT", "name: bodyText, type: VARCHAR(20)");
    assert_ne!(edited, corrected());
    edited
}

/// Of two merge bases, one makes the merge a revert that the other does not show.
#[test]
fn what_a_crosswise_merge_takes_back_is_judged() {
    let stage = Stage::with_log(Visibility::Private, POLICY);
    let repo = &stage.repo;
    repo.branch("words", "main");
    stage.push("main", "max", "Notes", &[(FILE, &corrected())]);
    repo.commit("main", "max", "Stricter", &[("schema-registry.toml", Some("[approval]\nrequired = 2\n"))]);
    let before = repo.tip("main");
    stage.world.advance(60);
    let harmless = repo.commit("words", "ann", "Words", &[("README.md", Some("hello\n"))]);
    let first = repo.open_pull_request("ann", "words", "main", "Words");
    stage.review(first, "opened", "ann");
    assert_eq!(stage.gate(first), NOTHING);
    repo.merge(first, "ann", Method::Merge);
    stage.deliver(&repo.push_event("main", &before, "ann"));
    // The same two commits the other way round, with the files of before.
    repo.force_push_of("ann", "more", &commit_of(&stage, &harmless, &[&harmless, &before]));
    repo.commit("more", "ann", "More", &[("README.md", Some("hello\nagain\n"))]);
    assert_eq!(repo.git(&["merge-base", "--all", "main", "more"]).lines().count(), 2);
    let second = repo.open_pull_request("ann", "more", "main", "More words");
    stage.review(second, "opened", "ann");
    let summary = stage.summary(second);
    assert!(summary.contains("`schema-registry.toml` is a control file"), "{summary}");
    assert!(summary.contains(FILE), "{summary}");
    assert_eq!(stage.gate(second), "failure: 3 errors");
    stage.open_threads(second);
}

/// The base moves a file; git carries the edit of it under its old name along.
#[test]
fn an_edit_that_follows_a_file_to_its_new_place_is_judged_there() {
    let stage = Stage::with_log(Visibility::Private, POLICY);
    let repo = &stage.repo;
    stage.push("main", "max", "Notes", &[(FILE, &corrected())]);
    repo.commit("edit", "ann", "Edit", &[(FILE, Some(&edited()))]);
    let number = repo.open_pull_request("ann", "edit", "main", "Edit");
    stage.review(number, "opened", "ann");
    assert_eq!(stage.status(number).state, "failure", "the migrations are missing");
    let (judged, before) = (stage.gate(number), repo.tip("main"));
    repo.commit("main", "max", "Move", &[(FILE, None), ("schema-requests/team/notes.yaml", Some(&corrected()))]);
    stage.deliver(&repo.push_event("main", &before, "max"));
    assert_eq!(stage.gate(number), judged, "the same change at another path");
    let summary = stage.summary(number);
    assert!(summary.contains("schema-requests/team/notes.yaml"), "{summary}");
    stage.open_threads(number);
}

/// A pull request that repeats what the base has, until the base takes it back.
#[test]
fn what_a_push_to_the_base_makes_a_change_of_is_judged_after_it() {
    let stage = Stage::with_log(Visibility::Private, POLICY);
    let repo = &stage.repo;
    let number = stage.open("notes", "main", &[(FILE, &corrected())]);
    stage.review(number, "opened", "ann");
    stage.approve(number, "mia");
    let start = repo.tip("main");
    repo.force_push_of("ann", "copy", &commit_of(&stage, &repo.tip("notes"), &[&start]));
    repo.commit("copy", "ann", "Words", &[("README.md", Some("hello\n"))]);
    repo.merge(number, "mia", Method::Squash);
    stage.deliver(&repo.push_event("main", &start, "mia"));
    let second = repo.open_pull_request("ann", "copy", "main", "Words");
    stage.review(second, "opened", "ann");
    assert_eq!(stage.gate(second), NOTHING);
    let landed = repo.tip("main");
    repo.force_push_of("max", "main", &commit_of(&stage, &start, &[&landed]));
    stage.deliver(&repo.push_event("main", &landed, "max"));
    assert_eq!(stage.gate(second), WAITING);
    for number in [number, second] {
        assert!(stage.summary(number).contains(FILE));
    }
}

/// A draft that is nobody's business, until the base makes a request of it.
#[test]
fn an_edit_that_follows_a_draft_into_the_requests_is_judged_after_the_push() {
    let stage = Stage::with_log(Visibility::Private, POLICY);
    let repo = &stage.repo;
    repo.commit("main", "max", "Draft", &[("drafts/notes.yaml", Some(&corrected()))]);
    repo.commit("draft", "ann", "Draft", &[("drafts/notes.yaml", Some(&edited()))]);
    let number = repo.open_pull_request("ann", "draft", "main", "Draft");
    stage.review(number, "opened", "ann");
    assert_eq!(stage.gate(number), NOTHING);
    let before = repo.tip("main");
    stage.push("main", "max", "Notes", &[(FILE, &corrected())]);
    repo.commit("main", "max", "No draft", &[("drafts/notes.yaml", None)]);
    stage.deliver(&repo.push_event("main", &before, "max"));
    assert_eq!(stage.status(number).state, "failure", "{}", stage.gate(number));
    assert!(stage.summary(number).contains(FILE), "{}", stage.summary(number));
    stage.open_threads(number);
}

/// The base merges a commit that changes nothing there, and with it the merge base moves.
#[test]
fn a_merge_that_only_moves_the_merge_base_has_the_pull_request_judged_again() {
    let stage = Stage::with_log(Visibility::Private, POLICY);
    let repo = &stage.repo;
    let start = repo.tip("main");
    stage.push("main", "max", "Notes", &[(FILE, &corrected())]);
    let landed = repo.tip("main");
    // What main has by now, and what it had, one on the other: together they change nothing.
    let same = commit_of(&stage, &landed, &[&start]);
    repo.force_push_of("ann", "nothing", &commit_of(&stage, &start, &[&same]));
    repo.commit("nothing", "ann", "Words", &[("README.md", Some("hello\n"))]);
    let number = repo.open_pull_request("ann", "nothing", "main", "Words");
    stage.review(number, "opened", "ann");
    assert_eq!(stage.gate(number), NOTHING);
    repo.force_push_of("ann", "main", &commit_of(&stage, &landed, &[&landed, &same]));
    stage.deliver(&repo.push_event("main", &landed, "ann"));
    assert_eq!(stage.gate(number), "failure: 3 errors");
    assert!(stage.summary(number).contains(FILE), "{}", stage.summary(number));
    stage.open_threads(number);
}
