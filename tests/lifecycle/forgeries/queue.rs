//! By a merge queue that does not know yet what was taken back.

use super::waiting;
use crate::{
    actors::{LABEL, Stage},
    request::another,
    support::github::{Fault, Role, Visibility},
};

const GREEN: &str = "success: What the queue would merge has no error";

/// What the status says of a group that holds these without approval.
fn unapproved(numbers: &[u64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(|number| format!("#{number}")).collect();
    format!("failure: No approval covers what the queue would merge of {}", numbers.join(", "))
}

/// An approved pull request in the queue, with the branch of its group, which is green.
fn queued() -> (Stage, u64, String) {
    let (stage, number) = waiting();
    stage.approve(number, "mia");
    let group = stage.repo.enqueue(number);
    stage.deliver(&stage.repo.workflow_run_of_group_event(&group));
    assert_eq!(stage.status_of(&group), GREEN);
    (stage, number, group)
}

#[test]
fn what_is_taken_back_or_rejected_is_so_in_the_queue() {
    let (stage, number, group) = queued();
    stage.world.advance(60);
    stage.repo.unlabel(number, "mia", LABEL).expect("may label");
    stage.review(number, "unlabeled", "mia");
    assert_eq!((stage.gate(number), stage.status_of(&group)), (super::WAITING.to_owned(), unapproved(&[number])));
    stage.approve(number, "mia");
    assert_eq!(stage.status_of(&group), unapproved(&[number]), "only the queue's event turns a group green");
    stage.repo.dequeue(&group);
    let group = stage.repo.enqueue(number);
    stage.deliver(&stage.repo.workflow_run_of_group_event(&group));
    assert_eq!(stage.status_of(&group), GREEN, "approved again: {}", stage.summary(number));
    stage.repo.label(number, "max", "schema-rejected").expect("may label");
    stage.review(number, "labeled", "max");
    assert_eq!(stage.status_of(&group), unapproved(&[number]));
    assert!(stage.summary(number).contains("`max`"), "{}", stage.summary(number));
    assert_eq!(stage.deliver(&stage.repo.schedule_event()).writes, [""; 0], "all of it is said");
}

#[test]
fn the_hourly_run_finds_in_the_queue_what_no_event_told() {
    let (stage, number, group) = queued();
    stage.repo.role("mia", Role::Read);
    stage.deliver(&stage.repo.schedule_event());
    assert_eq!((stage.gate(number), stage.status_of(&group)), (super::WAITING.to_owned(), unapproved(&[number])));
    stage.repo.post_status(&stage.repo.tip(&group), crate::actors::CONTEXT, "success");
    stage.deliver(&stage.repo.schedule_event());
    assert_eq!(stage.status_of(&group), unapproved(&[number]), "a status of another workflow");
    assert!(stage.summary(number).contains("`mia` has the role `read`"), "{}", stage.summary(number));
}

#[test]
fn only_the_groups_that_hold_the_pull_request_are_judged_again() {
    let (stage, first, ahead) = queued();
    let second = stage.open("rooms", "main", &[("schema-requests/rooms.yaml", &another("rooms"))]);
    stage.review(second, "opened", "ann");
    stage.approve(second, "mia");
    let behind = stage.repo.enqueue(second);
    stage.deliver(&stage.repo.workflow_run_of_group_event(&behind));
    assert_eq!(stage.status_of(&behind), GREEN);
    let posts = |stage: &Stage, group: &str| stage.repo.statuses(&stage.repo.tip(group), crate::actors::CONTEXT).len();

    stage.repo.unlabel(second, "mia", LABEL).expect("may label");
    stage.review(second, "unlabeled", "mia");
    assert_eq!((stage.status_of(&ahead), stage.status_of(&behind)), (GREEN.to_owned(), unapproved(&[second])));
    stage.repo.unlabel(first, "mia", LABEL).expect("may label");
    stage.review(first, "unlabeled", "mia");
    assert_eq!((stage.status_of(&ahead), stage.status_of(&behind)), (unapproved(&[first]), unapproved(&[second])));
    assert_eq!((posts(&stage, &ahead), posts(&stage, &behind)), (2, 2));

    // What holds neither costs no call of the API for the queue.
    let other = stage.open("zones", "main", &[("schema-requests/zones.yaml", &another("zones"))]);
    let ran = stage.review(other, "opened", "ann");
    let of_queue = ran.calls.iter().filter(|call| *call == "GET /repos/{owner}/{repo}/pulls/{number}").count();
    assert_eq!(of_queue, 1, "{:?}", ran.calls);
    for number in [first, second, other] {
        assert!(stage.summary(number).contains(super::WAITING.trim_start_matches("pending: ")), "{number}");
    }
}

#[test]
fn a_group_that_somebody_made_up_holds_up_no_other() {
    let (stage, number, group) = queued();
    // As if the queue had it, for a pull request that is not there.
    stage.repo.branch(&format!("gh-readonly-queue/main/pr-0-{}", stage.repo.tip("main")), &group);
    // As if it had one that is closed.
    let closed = stage.open("zones", "main", &[("schema-requests/zones.yaml", &another("zones"))]);
    stage.repo.close(closed, "ann");
    stage.repo.branch(&format!("gh-readonly-queue/main/pr-{closed}-{}", stage.repo.tip("main")), &group);
    // One that nobody gates, with a policy that nobody can read.
    stage.repo.branch("broken", "main");
    stage.repo.commit("broken", "ann", "Broken", &[("schema-registry.toml", Some("[gate\n"))]);
    stage.repo.branch(&format!("gh-readonly-queue/broken/pr-{number}-{}", stage.repo.tip("broken")), &group);
    assert_eq!(stage.deliver(&stage.repo.schedule_event()).code, 0);
    assert_eq!(stage.status_of(&group), GREEN);
    stage.repo.unlabel(number, "mia", LABEL).expect("may label");
    assert_eq!(stage.deliver(&stage.repo.schedule_event()).code, 0);
    assert_eq!((stage.gate(number), stage.status_of(&group)), (super::WAITING.to_owned(), unapproved(&[number])));
    stage.summary(number);
}

#[test]
fn a_group_that_github_does_not_tell_about_stays_what_it_is_and_is_named() {
    let (stage, number, group) = queued();
    for _ in 0..3 {
        stage.world.fail_next("/repos/{owner}/{repo}/pulls/{number}", Fault::Error(500));
    }
    let ran = stage.action(&stage.repo.schedule_event());
    assert!(
        ran.code == 2 && ran.stdout.contains("a group of the merge queue of main could not be judged: "),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("1 group of merge queues could not be judged; run it again"), "{ran:?}");
    assert_eq!(stage.status_of(&group), GREEN);
    stage.summary(number);
}

/// One ahead of it, for a pull request that is not there.
#[test]
fn an_entry_that_somebody_made_up_hides_no_other() {
    let (stage, first, ahead) = queued();
    let second = stage.open("rooms", "main", &[("schema-requests/rooms.yaml", &another("rooms"))]);
    stage.review(second, "opened", "ann");
    stage.approve(second, "mia");
    let behind = stage.repo.enqueue(second);
    stage.deliver(&stage.repo.workflow_run_of_group_event(&behind));
    assert_eq!(stage.status_of(&behind), GREEN);
    stage.repo.branch(&format!("gh-readonly-queue/main/pr-0-{}", stage.repo.tip("main")), &ahead);
    stage.repo.unlabel(second, "mia", LABEL).expect("may label");
    assert_eq!(stage.action(&stage.repo.schedule_event()).code, 2);
    assert_eq!(stage.status_of(&behind), "error: It could not be judged; the run says why");
    for number in [first, second] {
        stage.summary(number);
    }
}

/// Anybody can push a branch that looks like one of the queue, at a commit that is the head of something else.
#[test]
fn a_group_that_somebody_made_up_turns_nothing_green() {
    let stage = super::gating(&["stable"]);
    let repo = &stage.repo;
    stage.push("main", "max", "Rooms", &[("schema-requests/rooms.yaml", &another("rooms"))]);
    let tip = repo.tip("main");
    repo.branch("backport", "main");
    let number = repo.open_pull_request("ann", "backport", "stable", "Backport");
    let made_up = format!("gh-readonly-queue/main/pr-{number}-{tip}");
    repo.branch(&made_up, "main");
    for ran in [stage.review(number, "opened", "ann"), stage.deliver(&repo.schedule_event())] {
        assert_eq!((ran.code, stage.gate(number)), (0, super::WAITING.to_owned()));
    }
    stage.summary(number);
}

/// While the queue has it; the branch of what landed may stay.
#[test]
fn a_commit_of_a_queue_turns_green_for_the_queue_alone() {
    let stage = super::gating(&["stable"]);
    let repo = &stage.repo;
    let asked = stage.open("rooms", "main", &[("schema-requests/rooms.yaml", &another("rooms"))]);
    stage.review(asked, "opened", "ann");
    let group = repo.enqueue(asked);
    stage.deliver(&repo.workflow_run_of_group_event(&group));
    repo.branch("backport", &group);
    let number = repo.open_pull_request("ann", "backport", "stable", "Backport");
    stage.review(number, "opened", "ann");
    stage.approve(number, "mia");
    let queued = "pending: This commit is in a merge queue, whose runs say what becomes of it";
    assert_eq!(stage.gate(number), queued);
    repo.post_status(&repo.head_sha(number), crate::actors::CONTEXT, "failure");
    stage.deliver(&repo.schedule_event());
    assert!(stage.gate(number).starts_with("failure: "), "{}", stage.gate(number));
    repo.force_push_of("max", "main", &repo.head_sha(number));
    stage.deliver(&repo.schedule_event());
    assert_eq!(stage.gate(number), "success: Approved by mia; no violations");
    for number in [asked, number] {
        stage.summary(number);
    }
}

/// The queue of a branch whose policy whoever may push there writes.
#[test]
fn the_queue_of_a_branch_that_is_not_gated_turns_nothing_green() {
    let (stage, number) = waiting();
    stage.repo.branch("dev", "main");
    stage.repo.commit("dev", "ann", "Policy", &[("schema-registry.toml", Some("[approval]\nrequired = 0\n"))]);
    stage.repo.branch("words", "dev");
    stage.repo.commit("words", "ann", "Words", &[("README.md", Some("words\n"))]);
    let words = stage.repo.open_pull_request("ann", "words", "dev", "Words");
    let group = stage.repo.enqueue(words);
    let ran = stage.deliver(&stage.repo.workflow_run_of_group_event(&group));
    assert!(ran.stdout.contains("The branch dev is not gated, and neither is its merge queue."), "{ran:?}");
    assert_eq!(stage.repo.status(&stage.repo.tip(&group), crate::actors::CONTEXT), None);
    stage.summary(number);
}

/// A status is of a commit, and the commit of a group can be the head of a pull request, too.
#[test]
fn a_group_whose_commit_is_the_head_of_another_pull_request_turns_neither_green() {
    let stage = super::gating(&["stable"]);
    let repo = &stage.repo;
    stage.push("main", "max", "Rooms", &[("schema-requests/rooms.yaml", &another("rooms"))]);
    let words = stage.open("words", "main", &[("README.md", "words\n")]);
    stage.review(words, "opened", "ann");
    let group = repo.enqueue(words);
    let event = repo.workflow_run_of_group_event(&group);
    repo.branch("backport", &group);
    let number = repo.open_pull_request("ann", "backport", "stable", "Backport");
    stage.review(number, "opened", "ann");
    assert_eq!(stage.gate(number), super::WAITING);
    stage.deliver(&event);
    let waits = format!("pending: #{number} has the same commit as its head, and is judged on its own");
    assert_eq!(stage.gate(number), waits);
    repo.close(number, "ann");
    stage.deliver(&event);
    assert_eq!(stage.status_of(&group), GREEN);
    stage.summary(number);
}

/// Its own has nothing else to say of it; another to the same branch has.
#[test]
fn a_group_does_not_wait_for_the_pull_requests_that_it_holds() {
    let stage = Stage::with_log(Visibility::Private, super::POLICY);
    let repo = &stage.repo;
    let words = stage.open("words", "main", &[("README.md", "words\n")]);
    let group = repo.enqueue(words);
    let event = repo.workflow_run_of_group_event(&group);
    repo.force_push_of("ann", "words", &repo.tip(&group));
    stage.deliver(&event);
    assert_eq!(stage.status_of(&group), GREEN);
    repo.branch("copy", &group);
    let other = repo.open_pull_request("ann", "copy", "main", "Copy");
    stage.deliver(&event);
    let waits = format!("pending: #{other} has the same commit as its head, and is judged on its own");
    assert_eq!(stage.status_of(&group), waits);
}

/// A pull request that nobody judges, whose head is the commit of the group.
#[test]
fn a_pull_request_to_another_branch_keeps_no_group_green() {
    let (stage, number, group) = queued();
    stage.repo.branch("docs", "main");
    stage.repo.branch("copy", &group);
    stage.repo.open_pull_request("ann", "copy", "docs", "Copy");
    stage.repo.unlabel(number, "mia", LABEL).expect("may label");
    stage.review(number, "unlabeled", "mia");
    assert_eq!(stage.status_of(&group), unapproved(&[number]));
    stage.summary(number);
}

/// The queue's own branch can be pushed as well, between its event and the run for that.
#[test]
fn the_branch_of_a_group_that_somebody_moved_turns_nothing_green() {
    let (stage, number) = waiting();
    stage.approve(number, "mia");
    let group = stage.repo.enqueue(number);
    let event = stage.repo.workflow_run_of_group_event(&group);
    let moved = stage.repo.commit(&group, "ann", "More", &[("README.md", Some("more\n"))]);
    let ran = stage.deliver(&event);
    assert!(ran.stdout.contains("The merge queue has moved on"), "{ran:?}");
    assert_eq!(stage.repo.status(&moved, crate::actors::CONTEXT), None);
    stage.summary(number);
}

#[test]
fn a_group_that_cannot_be_judged_does_not_stay_green() {
    let (stage, number, group) = queued();
    stage.repo.git(&["update-ref", "-d", "refs/heads/schema-registry/audit"]);
    let ran = stage.action(&stage.repo.schedule_event());
    assert!(
        ran.code == 2 && ran.stdout.contains("a group of the merge queue of main could not be judged: "),
        "{ran:?}"
    );
    assert_eq!(stage.status_of(&group), "error: It could not be judged; the run says why");
    stage.summary(number);
}
