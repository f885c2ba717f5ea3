//! By a merge queue that does not know yet what was taken back.

use super::waiting;
use crate::{
    actors::{LABEL, Stage},
    request::another,
    support::github::Role,
};

const GREEN: &str = "success: What the queue would merge has no error";

/// What the status says of a group that holds these without approval.
fn unapproved(numbers: &[u64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(|number| format!("#{number}")).collect();
    format!("pending: No approval covers what the queue would merge of {}", numbers.join(", "))
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
    assert_eq!(
        (stage.status_of(&ahead), stage.status_of(&behind)),
        (unapproved(&[first]), unapproved(&[first, second]))
    );
    assert_eq!((posts(&stage, &ahead), posts(&stage, &behind)), (2, 3));

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
    // One that nobody gates, with a policy that nobody can read.
    stage.repo.branch("broken", "main");
    stage.repo.commit("broken", "ann", "Broken", &[("schema-registry.toml", Some("[gate\n"))]);
    stage.repo.branch(&format!("gh-readonly-queue/broken/pr-{number}-{}", stage.repo.tip("broken")), &group);
    stage.action(&stage.repo.schedule_event());
    assert_eq!(stage.status_of(&group), GREEN);
    stage.repo.unlabel(number, "mia", LABEL).expect("may label");
    let ran = stage.action(&stage.repo.schedule_event());
    assert_eq!((stage.gate(number), stage.status_of(&group)), (super::WAITING.to_owned(), unapproved(&[number])));
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stdout.contains("a group of the merge queue of main could not be judged: "), "{ran:?}");
    assert!(!ran.stdout.contains("broken"), "{ran:?}");
    assert!(ran.stderr.contains("1 group of merge queues could not be judged; run it again"), "{ran:?}");
    stage.summary(number);
}

#[test]
fn a_group_that_cannot_be_judged_does_not_stay_green() {
    let (stage, number, group) = queued();
    let made_up = format!("gh-readonly-queue/main/pr-0-{}", stage.repo.tip("main"));
    stage.repo.branch(&made_up, "main");
    stage.push(&made_up, "ann", "Rooms", &[("schema-requests/rooms.yaml", &another("rooms"))]);
    stage.repo.post_status(&stage.repo.tip(&made_up), crate::actors::CONTEXT, "success");
    stage.action(&stage.repo.schedule_event());
    assert_eq!(stage.status_of(&made_up), "error: It could not be judged; the run says why");
    assert_eq!(stage.status_of(&group), GREEN);
    stage.summary(number);
}
