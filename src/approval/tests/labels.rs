//! The label, run after run.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::world::*;
use crate::{
    approval::{testing::at, *},
    model::{AccountKind, ApprovalRefusal, Contribution, Digest, EntryKind, LabelEvent, Role, Unknown},
};

#[test]
fn who_counts_and_who_does_not() {
    let cases = [
        (ANN, None),
        (BEN, None),
        (LISTED, None),
        (AUTHOR, Some(ApprovalRefusal::Author)),
        (REQUESTER, Some(ApprovalRefusal::Requester)),
        (TRIAGER, Some(ApprovalRefusal::RoleTooLow)),
        (STRANGER, Some(ApprovalRefusal::UnknownRole)),
        (BOT, Some(ApprovalRefusal::Bot)),
    ];
    for (id, refusal) in cases {
        let mut world = World::new(1);
        world.set(id);
        let evaluation = world.settle();
        assert_eq!(reasons(&evaluation), Vec::from_iter(refusal), "{id}");
        assert_eq!(evaluation.state.complete(), refusal.is_none(), "{id}");
        assert_eq!(world.on(), refusal.is_none(), "{id}: the label stays only where it counted");
        assert_eq!(world.log.len(), usize::from(refusal.is_none()), "{id}");
    }
}

/// What is said of the attempts to approve in such a world.
fn message(prepare: &dyn Fn(&mut World)) -> String {
    let mut world = World::new(2);
    prepare(&mut world);
    world.evaluate().state.refused.iter().map(|refused| refused.message.clone()).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_refusal_names_the_person_the_rule_and_the_way_out() {
    let set = |id| message(&|world| world.set(id));
    let last = |world: &mut World, change: &dyn Fn(&mut LabelEvent)| {
        world.set(ANN);
        change(world.timeline.labels.last_mut().expect("an event was just made"));
    };
    let messages = [
        set(AUTHOR),
        set(REQUESTER),
        set(TRIAGER),
        set(STRANGER),
        set(BOT),
        message(&|world| last(world, &|event| event.account = None)),
        message(&|world| last(world, &|event| event.via_app = true)),
        message(&|world| last(world, &|event| event.at = at(-1))),
        message(&|world| last(world, &|event| event.at = at(59))),
        message(&|world| {
            world.set(ANN);
            world.remove(OWN);
        }),
        message(&|world| {
            world.set(ANN);
            world.run();
            world.set(ANN);
        }),
        message(&|world| {
            world.set(ANN);
            world.label_since = None;
        }),
        message(&|world| {
            world.set(ANN);
            world.run();
            world.timeline.labels.clear();
        }),
        message(&|world| {
            world.set(ANN);
            world.run();
            let maintain = world.roles.remove(&ANN).expect("a role");
            world.roles.insert(ANN, Role { name: "write".to_owned(), writes: true });
            world.run();
            world.roles.insert(ANN, maintain);
        }),
        message(&|world| {
            world.contributors.people = [(ANN, Contribution::Pushed), (BEN, Contribution::CoAuthored)].into();
            world.contributors.people.extend([(LISTED, Contribution::Authored), (STRANGER, Contribution::Committed)]);
            for id in [ANN, BEN, LISTED, STRANGER] {
                world.set(id);
            }
        }),
        message(&|world| {
            world.contributors.unknown.push(Unknown::for_now("GitHub does not tell who pushed commit `c2`"));
            world.set(ANN);
        }),
        message(&|world| {
            let what = "commit `c2` was pushed by `robot[bot]`, and a bot acts for somebody".to_owned();
            world.contributors.unknown = vec![Unknown::for_now("nobody knows"), Unknown { what, stays: true }];
            world.set(ANN);
        }),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r#"
    `author` opened this pull request; somebody else must approve it
    `ReQuester` is named as the requester in `requestMetadata`; somebody else must approve the change
    `triager` has the role `triage` in the repository; the policy asks for `maintain` or `admin`, or a place among its approvers
    The role of `stranger` in the repository could not be read; run this check again, then set the label again
    `other[bot]` is not a person; a person must approve
    The account that set the label no longer exists; somebody with an account must approve
    An app set the label on behalf of `ann`; do it by hand on the pull request's page
    `ann` set the label before the summary showed these bytes; read it, then set the label again
    `ann` set the label before the summary and the head had stood for 60 seconds (`min_review_seconds`); set it again after 2027-01-15 08:01:00 UTC, or comment `/approve 197d386fec30`
    The label that `ann` set was taken off by a bot before it counted; set it again
    `ann` has approved these bytes already; the next approval must come from somebody else
    The label was made, renamed or deleted after `ann` set it; set the label again
    The audit log has an approval by `ann` of which GitHub knows nothing; set the label again
    The approval by `ann` ended when `ann` could not approve for a while; set the label again
    `ann` pushed to this branch; somebody who had no hand in the change must approve it
    `ben` is named as co-author of one of the commits; somebody who had no hand in the change must approve it
    `listed` is the author of one of the commits; somebody who had no hand in the change must approve it
    `stranger` is the committer of one of the commits; somebody who had no hand in the change must approve it
    `ann` cannot be told from those who had a hand in the commits, since GitHub does not tell who pushed commit `c2`; amend that, or run this check again, then set the label again
    `ann` cannot be told from those who had a hand in the commits, since commit `c2` was pushed by `robot[bot]`, and a bot acts for somebody (and 1 more like it); somebody who is not to approve must push the commits to a new branch, open a pull request from it, and close this one
    "#);
}

#[test]
fn the_label_counts_from_the_sixtieth_second_on() {
    for (second, counts) in [(59, false), (60, true)] {
        let mut world = World::new(1);
        world.now = second;
        world.set(ANN);
        assert_eq!(world.settle().state.complete(), counts, "{second}");
    }
}

#[test]
fn two_approvals_by_one_label() {
    let mut world = World::new(2);
    world.set(ANN);
    assert_eq!(world.settle().state.missing(), 1);
    assert!(!world.on(), "taken off, so that the next person can set it");

    world.set(ANN);
    assert_eq!(reasons(&world.settle()), [ApprovalRefusal::AlreadyApproved]);

    world.set(BEN);
    let done = world.settle();
    assert_eq!(done.state.approvals.iter().map(|approval| approval.who.id).collect::<Vec<_>>(), [ANN, BEN]);
    assert!(done.state.refused.is_empty() && world.on());
    assert_eq!(world.kinds(), [EntryKind::Approved, EntryKind::Approved]);
    assert_eq!(world.log[1].actor, Some(account(BEN).actor));
}

#[test]
fn a_label_withdrawn_before_it_counted_leaves_no_trace() {
    let mut world = World::new(2);
    world.set(ANN);
    world.remove(BEN);
    world.set(BEN);
    assert_eq!(world.settle().state.missing(), 1, "a label that a person took off before it counted never counts");
    world.set(ANN);
    let done = world.settle();
    assert!(done.state.complete() && done.state.refused.is_empty());
    assert_eq!(world.kinds(), [EntryKind::Approved, EntryKind::Approved]);
}

#[test]
fn a_label_lost_to_a_bot_is_set_again_and_a_label_taken_off_by_a_person_is_not() {
    let mut world = World::new(1);
    world.set(ANN);
    world.settle();
    world.remove(BOT);
    assert_eq!(world.settle().labels, [LabelChange::Add("schema-approved".to_owned())]);
    assert!(world.on());

    world.remove(TRIAGER);
    let revoked = world.settle();
    assert_eq!((revoked.state.missing(), revoked.labels), (1, vec![]));
    assert_eq!(revoked.state.revoked.and_then(|revoked| revoked.who), Some(account(TRIAGER).actor));
    assert_eq!(world.log[1].approvals, [world.log[0].id.clone()]);

    world.set(ANN);
    assert!(world.settle().state.complete(), "the same person may change their mind");
}

/// Found by the property below.
#[test]
fn a_revocation_makes_earlier_tries_history() {
    let mut world = World::new(3);
    world.set(ANN);
    world.run();
    world.set(ANN);
    world.remove(BOT);
    world.set(TRIAGER);
    world.remove(REQUESTER);
    assert_eq!(reasons(&world.settle()), []);
}

#[test]
fn what_this_tool_does_with_a_persons_token_is_not_that_persons_doing() {
    let mut world = World::new(2);
    world.set(ANN);
    world.settle();
    for event in &mut world.timeline.labels {
        if let Some(account) = event.account.as_mut().filter(|account| account.actor.id == OWN) {
            account.kind = AccountKind::User;
        }
    }
    assert_eq!(world.evaluate().state.approvals.len(), 1, "its removal of the label takes nothing back");
}

#[test]
fn a_push_voids_and_says_which_bytes() {
    let mut world = World::new(1);
    world.set(ANN);
    world.settle();
    world.push("B");
    let voided = world.settle();
    assert!(!world.on() && voided.state.missing() == 1);
    let told = voided.state.voided.expect("an approval was voided");
    assert_eq!((told.digest, told.who), (bytes("A").digest, vec![account(ANN).actor]));
    let [b, a] = ["B", "A"].map(|content| Digest::of(content).short());
    assert_eq!(told.changed, [format!("`schema-requests/a.yaml` has other bytes: {b} instead of {a}")]);

    world.push("A");
    assert!(!world.settle().state.complete(), "what was voided stays so when the bytes come back");
    world.now += 100;
    world.set(ANN);
    world.settle();
    world.push("B");
    assert_eq!(world.settle().state.missing(), 1);
    world.push("A");
    assert_eq!(world.settle().state.missing(), 1, "voided a second time too");
    let mut ids: Vec<&str> = world.log.iter().map(|entry| entry.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), world.log.len(), "no id twice");
}

#[test]
fn a_rebase_that_leaves_the_bytes_alone_keeps_the_approval() {
    let mut world = World::new(1);
    world.set(ANN);
    world.settle();
    // The summary was vandalised and posted again: what the log holds stays.
    world.shown_since = Some(at(world.now + 1000));
    assert!(world.settle().state.complete());
}

#[test]
fn a_label_for_other_bytes_never_counts_for_these() {
    let mut world = World::new(1);
    world.set(ANN);
    world.push("B");
    assert_eq!(reasons(&world.settle()), [ApprovalRefusal::BeforeSummary]);
    assert!(!world.on() && world.log.is_empty());
    world.push("C");
    world.now += 1;
    assert_eq!(reasons(&world.settle()), [], "history explains nothing any more");
}

#[test]
fn what_was_refused_stays_refused_when_the_person_gets_the_role() {
    let mut world = World::new(1);
    world.set(TRIAGER);
    world.settle();
    world.roles.insert(TRIAGER, Role { name: "admin".to_owned(), writes: true });
    let evaluation = world.settle();
    assert_eq!((reasons(&evaluation), evaluation.state.missing()), (vec![ApprovalRefusal::Answered], 1));
}

#[test]
fn zero_required_needs_no_label_and_records_one() {
    let mut world = World::new(0);
    assert_eq!(world.settle().labels, []);
    world.set(ANN);
    assert!(world.settle().state.complete() && world.on());
    assert_eq!(world.kinds(), [EntryKind::Approved]);
    world.set(TRIAGER);
    world.settle();
    assert!(world.on());
}

#[test]
fn entries_of_other_pull_requests_mean_nothing() {
    let mut world = World::new(1);
    world.set(ANN);
    world.settle();
    // As a new event it would be too early.
    world.timeline.labels[0].at = at(-1);
    assert!(world.evaluate().state.complete());
    for (repo, pr) in [(1, Some(3)), (9, Some(2)), (1, None)] {
        let mut other = world.clone();
        for entry in &mut other.log {
            (entry.repo, entry.pr) = (repo, pr);
        }
        assert_eq!(other.evaluate().state.missing(), 1);
    }
}

#[derive(Debug, Clone)]
enum Step {
    Set(u64),
    Remove(u64),
    Push(u8),
    Wait(i64),
    Comment(u64),
    Veto(u64),
    Lift(u64),
    Role(u64, bool),
    Run,
    LoseSummary,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (AUTHOR..=OWN).prop_map(Step::Set),
        (AUTHOR..=OWN).prop_map(Step::Set),
        (AUTHOR..=OWN).prop_map(Step::Remove),
        (0..3_u8).prop_map(Step::Push),
        (0..90_i64).prop_map(Step::Wait),
        (AUTHOR..=OWN).prop_map(Step::Comment),
        (AUTHOR..=OWN).prop_map(Step::Veto),
        (AUTHOR..=OWN).prop_map(Step::Lift),
        (ANN..=BEN, any::<bool>()).prop_map(|(id, may)| Step::Role(id, may)),
        Just(Step::Run),
        Just(Step::LoseSummary),
    ];
    proptest::collection::vec(step, 0..30)
}

proptest! {
    /// Whatever happens between runs: a run brings the label in line with the count, a second one does nothing, nobody
    /// who may not approve ever counts, and every counted approval is in the log under these bytes.
    #[test]
    fn a_second_run_has_nothing_to_do(required in 0..4_usize, steps in steps()) {
        let mut world = World::new(required);
        for step in steps {
            match step {
                Step::Set(id) => world.set(id),
                Step::Remove(id) => world.remove(id),
                Step::Push(content) => world.push(&content.to_string()),
                Step::Wait(seconds) => world.now += seconds,
                Step::Comment(id) => world.comment(id, None),
                Step::Veto(id) => world.veto(id),
                Step::Lift(id) => world.lift(id),
                Step::Role(id, may) => {
                    let name = if may { "admin" } else { "write" };
                    world.roles.insert(id, Role { name: name.to_owned(), writes: true });
                }
                Step::Run => { world.run(); }
                Step::LoseSummary => world.shown_since = None,
            }
        }
        let evaluation = world.settle();
        for approval in &evaluation.state.approvals {
            prop_assert!([ANN, BEN, LISTED].contains(&approval.who.id));
            let entry = world.log.iter().find(|entry| entry.id == approval.id);
            prop_assert_eq!(entry.and_then(|entry| entry.digest), Some(world.digest.digest));
        }
        prop_assert_eq!(world.on(), evaluation.state.complete() && !evaluation.state.approvals.is_empty());
        let later = world.now + TimeDelta::days(30).num_seconds();
        world.now = later;
        prop_assert_eq!(world.evaluate().entries, vec![], "time alone changes nothing");
        let mut ids: Vec<_> = world.log.iter().map(|entry| &entry.id).collect();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), world.log.len());
    }
}
