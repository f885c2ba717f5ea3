//! A success on a commit that is not of the pull request that somebody wants to merge, or not any more.

use super::{FILE, approvals, waiting};
use crate::{
    actors::{CONTEXT, LABEL, Stage},
    request::{FIRST_DRAFT, corrected},
    support::github::{Fault, Visibility},
};

#[test]
fn a_branch_that_says_itself_that_it_is_gated_turns_no_commit_green() {
    let stage = Stage::with_log(Visibility::Private, super::POLICY);
    let repo = &stage.repo;
    stage.push("notes", "ann", "Ask", &[(FILE, FIRST_DRAFT)]);
    let paths = repo.git(&["diff", "--name-only", "main", "notes"]);
    let texts: Vec<(&str, String)> =
        paths.lines().map(|path| (path, repo.git(&["show", &format!("notes:{path}")]) + "\n")).collect();
    let mut files: Vec<(&str, Option<&str>)> = texts.iter().map(|(path, text)| (*path, Some(text.as_str()))).collect();
    files.push(("schema-registry.toml", Some("[approval]\nrequired = 0\n[gate]\nbranches = [\"lax\"]\n")));
    repo.commit("lax", "ann", "Policy", &files);
    let to_lax = repo.open_pull_request("ann", "notes", "lax", "To lax");
    let ran = stage.review(to_lax, "opened", "ann");
    assert!(ran.stdout.contains("The branch lax is not gated; `[gate] branches` of the default branch"), "{ran:?}");
    assert_eq!(repo.status(&repo.head_sha(to_lax), CONTEXT), None);
    let to_main = repo.open_pull_request("ann", "notes", "main", "To main");
    stage.review(to_main, "opened", "ann");
    assert!(stage.gate(to_main).starts_with("failure: 1 error"), "{}", stage.gate(to_main));
    assert!(stage.summary(to_main).contains("1 error") && !stage.open_threads(to_main).is_empty());
}

#[test]
fn a_success_does_not_outlive_what_can_be_judged() {
    let (stage, number) = waiting();
    let repo = &stage.repo;
    stage.approve(number, "mia");
    assert!(stage.gate(number).starts_with("success: "));
    let before = repo.tip("main");
    repo.commit("main", "max", "Broken", &[("schema-registry.toml", Some("[gate\n"))]);
    let ran = stage.action(&repo.push_event("main", &before, "max"));
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(stage.gate(number), "error: It could not be judged; the run says why");
    repo.commit("main", "max", "Repaired", &[("schema-registry.toml", Some(super::POLICY))]);
    stage.deliver(&repo.schedule_event());
    assert!(stage.gate(number).starts_with("success: "), "{}", stage.gate(number));
    stage.summary(number);
}

/// One commit, and a pull request to a branch whose policy somebody broke.
#[test]
fn a_pull_request_that_cannot_be_judged_shuts_the_gate_of_all_with_its_head() {
    let stage = super::gating(&["next"]);
    let repo = &stage.repo;
    let number = stage.open("notes", "main", &[(FILE, &corrected())]);
    stage.review(number, "opened", "ann");
    stage.approve(number, "mia");
    assert_eq!(stage.gate(number), "success: Approved by mia; no violations");
    repo.commit("next", "max", "Broken", &[("schema-registry.toml", Some("[gate\n"))]);
    let twin = repo.open_pull_request("ann", "notes", "next", "Twin");
    let ran = stage.action(&repo.pull_request_event("pull_request_target", "opened", twin, "ann"));
    assert_eq!((ran.code, stage.gate(number)), (2, "error: It could not be judged; the run says why".to_owned()));
    repo.label(number, "max", "schema-rejected").expect("may label");
    stage.review(number, "labeled", "max");
    assert!(stage.gate(number).starts_with("error: #"), "{}", stage.gate(number));
    assert!(stage.summary(number).contains("max"), "what becomes of the first is told all the same");
    repo.close(twin, "ann");
    stage.review(number, "edited", "ann");
    assert!(stage.gate(number).starts_with("failure: Rejected by max"), "{}", stage.gate(number));
}

/// A commit of `main` that is the head of pull requests to two other branches, before anybody looks at them.
fn backported() -> (Stage, [u64; 2]) {
    let stage = super::gating(&["one", "two"]);
    stage.push("main", "max", "Notes", &[(FILE, &corrected())]);
    stage.deliver(&stage.repo.schedule_event());
    stage.repo.force_push_of("ann", "backport", &stage.repo.tip("main"));
    let numbers = ["one", "two"].map(|base| stage.repo.open_pull_request("ann", "backport", base, base));
    (stage, numbers)
}

/// GitHub does not connect a commit of the default branch with the open pull requests whose head it is.
#[test]
fn a_commit_of_the_default_branch_has_the_worst_status_of_all_whose_head_it_is() {
    let (stage, [one, two]) = backported();
    let repo = &stage.repo;
    for number in [one, two] {
        stage.review(number, "opened", "ann");
    }
    stage.world.advance(3_600);
    repo.label(one, "mia", LABEL).expect("may label");
    stage.review(one, "labeled", "mia");
    assert_eq!(approvals(&stage), 1);
    assert!(stage.gate(one).starts_with(&format!("pending: #{two} to two: 0 of 1")), "{}", stage.gate(one));
    assert!(stage.summary(one).contains("Approved by mia") && stage.summary(two).contains("0 of 1"));
}

/// While GitHub does not answer for another pull request with the same head.
#[test]
fn a_rejection_waits_for_no_other_pull_request() {
    let stage = super::gating(&["next"]);
    let repo = &stage.repo;
    let number = stage.open("notes", "main", &[(FILE, &corrected())]);
    let twin = repo.open_pull_request("ann", "notes", "next", "Twin");
    stage.review(number, "opened", "ann");
    stage.review(twin, "opened", "ann");
    for number in [number, twin] {
        stage.approve(number, "mia");
    }
    assert!(stage.gate(number).starts_with("success: "), "{}", stage.gate(number));
    repo.label(number, "max", "schema-rejected").expect("may label");
    let (timeline, one) = ("/repos/{owner}/{repo}/issues/{number}/timeline", "/repos/{owner}/{repo}/pulls/{number}");
    repo.fail_from(timeline, one, vec![Fault::Error(500); 3]);
    stage.review(number, "labeled", "max");
    assert_eq!(stage.gate(number), "failure: Rejected by max; no violations");
    assert!(stage.summary(number).contains("max") && stage.summary(twin).contains("mia"));
}

/// Who locks the conversation keeps the tool from commenting there.
#[test]
fn a_comment_that_is_refused_keeps_no_gate_open() {
    let (stage, number) = waiting();
    let repo = &stage.repo;
    stage.approve(number, "mia");
    assert_eq!(stage.gate(number), "success: Approved by mia; no violations");
    repo.label(number, "max", "schema-rejected").expect("may label");
    let locked = "{\"message\": \"Unable to create comment because issue is locked.\"}";
    stage.world.fail_next("/repos/{owner}/{repo}/issues/comments/{id}", Fault::Answer(403, locked.to_owned()));
    let ran = stage.review(number, "labeled", "max");
    assert!(ran.stdout.contains("issue is locked"), "{ran:?}");
    assert!(stage.gate(number).starts_with("failure: Rejected by max"), "{}", stage.gate(number));
    stage.summary(number);
}

/// Somebody opens a pull request with the same head while the hourly run is on its way.
#[test]
fn a_success_counts_those_with_its_head_that_are_open_when_it_is_posted() {
    let (stage, [one, two]) = backported();
    let repo = &stage.repo;
    repo.close(two, "ann");
    stage.review(one, "opened", "ann");
    stage.world.advance(3_600);
    repo.label(one, "mia", LABEL).expect("may label");
    repo.reopen_during("/repos/{owner}/{repo}/issues/{number}/timeline", two);
    stage.deliver(&repo.schedule_event());
    assert!(stage.gate(one).starts_with(&format!("pending: #{two} to two: 0 of 1")), "{}", stage.gate(one));
    stage.summary(one);
}

/// All were red while the policy could not be read, also those that change nothing governed.
#[test]
fn what_a_broken_policy_shut_opens_with_its_repair() {
    let (stage, number) = waiting();
    let repo = &stage.repo;
    repo.commit("words", "ann", "Words", &[("README.md", Some("words\n"))]);
    let words = repo.open_pull_request("ann", "words", "main", "Words");
    stage.review(words, "opened", "ann");
    let green = stage.gate(words);
    for (text, expected) in [("[gate\n", "error: It could not be judged; the run says why"), (super::POLICY, &*green)] {
        let before = repo.tip("main");
        repo.commit("main", "max", "Policy", &[("schema-registry.toml", Some(text))]);
        stage.action(&repo.push_event("main", &before, "max"));
        assert_eq!(stage.gate(words), expected);
    }
    assert!(green.starts_with("success: "), "{green}");
    stage.summary(number);
}
