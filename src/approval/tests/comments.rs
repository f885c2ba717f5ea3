//! Approval by a comment that names the digest.

use super::world::*;
use crate::model::{ApprovalRefusal, EntryKind, Unknown};

#[test]
fn a_comment_that_names_the_bytes_needs_no_waiting() {
    let mut world = World::new(2);
    world.shown_since = None;
    world.comment(ANN, None);
    let digest = world.digest.digest.to_string();
    world.comment(BEN, Some(&digest));
    let done = world.settle();
    assert_eq!(done.state.approvals.iter().map(|approval| approval.who.id).collect::<Vec<_>>(), [ANN, BEN]);
    assert!(world.on() && done.state.refused.is_empty());
    assert_eq!((world.log[0].id.as_str(), world.log[0].kind), ("comment-0", EntryKind::Approved));

    world.remove(ANN);
    assert_eq!(world.settle().state.missing(), 2, "the label takes back comments too");
}

#[test]
fn a_label_and_a_comment_of_one_person_are_one_approval() {
    let mut world = World::new(2);
    world.set(ANN);
    world.comment(ANN, None);
    assert_eq!(reasons(&world.settle()), [ApprovalRefusal::AlreadyApproved]);
    world.comment(BEN, None);
    assert!(world.settle().state.complete());
}

#[test]
fn a_revocation_takes_back_what_did_not_count_yet_too() {
    let mut world = World::new(2);
    world.set(ANN);
    world.settle();
    world.set(BEN);
    world.settle();
    world.comment(ANN, None);
    world.settle();
    world.remove(TRIAGER);
    assert_eq!(world.settle().state.approvals, [], "the second try of the same person does not take its place");
    assert_eq!(world.settle().state.approvals, []);
}

#[test]
fn a_comment_counts_only_from_whom_a_label_would() {
    for (id, refusal) in [
        (AUTHOR, ApprovalRefusal::Author),
        (REQUESTER, ApprovalRefusal::Requester),
        (TRIAGER, ApprovalRefusal::RoleTooLow),
        (STRANGER, ApprovalRefusal::UnknownRole),
        (BOT, ApprovalRefusal::Bot),
    ] {
        let mut world = World::new(1);
        world.comment(id, None);
        assert_eq!(reasons(&world.settle()), [refusal], "{id}");
        assert!(world.log.is_empty());
    }
    let mut world = World::new(1);
    world.comment(OWN, None);
    assert_eq!(reasons(&world.settle()), [], "what this tool writes is nobody's approval");
}

#[test]
fn the_digits_must_be_those_of_the_present_bytes() {
    let right = World::new(1).digest.digest.to_string();
    let wrong = bytes("B").digest.short();
    for (digits, counts) in [
        (&right[..12], true),
        (&right[..64], true),
        (&right[..11], false),
        ("", false),
        (&right[..12].to_uppercase(), false),
        (wrong.as_str(), false),
        (&format!("{right}0"), false),
        (&format!("{} please", &right[..12]), false),
    ] {
        let mut world = World::new(1);
        world.comment(ANN, Some(digits));
        let expected = if counts { vec![] } else { vec![ApprovalRefusal::OtherDigest] };
        assert_eq!(reasons(&world.settle()), expected, "{digits}");
    }
    let mut world = World::new(1);
    world.comment(ANN, None);
    world.push("B");
    world.run();
    assert_eq!(reasons(&world.settle()), [], "it named the bytes of its time");
}

#[test]
fn a_comment_must_stay_as_it_was_written() {
    let mut world = World::new(1);
    world.comment(ANN, None);
    world.timeline.commands[0].edited = true;
    assert_eq!(reasons(&world.settle()), [ApprovalRefusal::Edited]);
    world.comment(ANN, None);
    assert!(world.settle().state.complete());
    world.timeline.commands[1].edited = true;
    let edited = world.settle();
    assert_eq!((edited.state.missing(), reasons(&edited)), (1, vec![ApprovalRefusal::Edited]), "also when it counted");
    world.timeline.commands.pop();
    assert_eq!(
        reasons(&world.settle()),
        [ApprovalRefusal::Edited, ApprovalRefusal::NotOnGitHub],
        "and when it is gone"
    );
}

#[test]
fn refusals_of_comments_speak_of_comments() {
    let message = |prepare: &dyn Fn(&mut World)| {
        let mut world = World::new(2);
        prepare(&mut world);
        world.evaluate().state.refused.iter().map(|refused| refused.message.clone()).collect::<Vec<_>>().join("\n")
    };
    let messages = [
        message(&|world| world.comment(ANN, Some("123"))),
        message(&|world| {
            world.comment(ANN, None);
            world.timeline.commands[0].edited = true;
        }),
        message(&|world| {
            world.comment(ANN, None);
            world.timeline.commands[0].via_app = true;
        }),
        message(&|world| {
            world.comment(ANN, None);
            world.contributors.unknown = vec![Unknown::for_now("GitHub does not tell who pushed commit `c2`"); 2];
        }),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r#"
    `ann` wrote `/approve` with other digits than these bytes have; comment `/approve 197d386fec30`
    `ann` edited the comment; write a new one: `/approve 197d386fec30`
    An app wrote `/approve` on behalf of `ann`; do it by hand on the pull request's page
    `ann` cannot be told from those who had a hand in the commits, since GitHub does not tell who pushed commit `c2` (and 1 more like it); amend that, or run this check again, then comment again
    "#);
}
