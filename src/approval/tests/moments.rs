//! Events of the same second, and of before and after.

use super::world::*;
use crate::{approval::testing::at, model::ApprovalRefusal};

#[test]
fn a_label_of_the_second_in_which_the_summary_appeared_is_too_early_and_no_stranger_to_it() {
    let mut world = World::new(1);
    world.now = 0;
    world.set(ANN);
    assert_eq!(world.shown_since, Some(at(0)));
    assert_eq!(reasons(&world.settle()), [ApprovalRefusal::TooEarly]);
}

#[test]
fn a_label_that_was_made_in_the_second_in_which_it_was_set_is_that_label() {
    let mut world = World::new(1);
    world.label_since = Some(at(world.now));
    world.set(ANN);
    assert!(world.settle().state.complete());
}

#[test]
fn what_was_refused_in_the_second_in_which_the_summary_appeared_is_told() {
    for (second, told) in [(-1, vec![]), (0, vec![ApprovalRefusal::BeforeSummary])] {
        let mut world = World::new(1);
        world.now = -9;
        world.set(ANN);
        world.now = second;
        world.remove(OWN);
        assert_eq!(reasons(&world.evaluate()), told, "taken off by this tool in second {second}");
        let mut world = World::new(1);
        world.now = second;
        world.comment(ANN, Some("0123456789ab"));
        let told = if second < 0 { vec![] } else { vec![ApprovalRefusal::OtherDigest] };
        assert_eq!(reasons(&world.evaluate()), told, "a comment of second {second} with other digits");
    }
}

#[test]
fn a_comment_is_withdrawn_by_a_later_removal_and_by_nothing_else() {
    let mut world = World::new(3);
    world.remove(TRIAGER);
    world.comment(ANN, None);
    assert_eq!(world.settle().state.approvals.len(), 1, "not by a removal before");
    world.set(BEN);
    assert_eq!(world.settle().state.approvals.len(), 2);

    let mut world = World::new(3);
    world.comment(ANN, None);
    world.set(BEN);
    assert_eq!(world.evaluate().state.approvals.len(), 2, "not by a label of later");
    let mut world = World::new(3);
    world.comment(ANN, None);
    world.remove(TRIAGER);
    assert_eq!(world.settle().state.approvals, []);
}

#[test]
fn a_comment_that_was_voided_stays_so_when_its_bytes_come_back() {
    let mut world = World::new(1);
    world.comment(ANN, None);
    assert!(world.settle().state.complete());
    for content in ["B", "A"] {
        world.push(content);
        assert_eq!(world.settle().state.missing(), 1, "{content}");
    }
    world.comment(ANN, None);
    assert!(world.settle().state.complete(), "a new one counts");
}

#[test]
fn a_revocation_forgets_tries_and_not_what_people_are() {
    let mut world = World::new(2);
    world.set(AUTHOR);
    world.comment(ANN, Some("0123456789ab"));
    world.settle();
    world.set(BEN);
    let before = world.settle();
    assert_eq!(reasons(&before), [ApprovalRefusal::Author, ApprovalRefusal::OtherDigest]);
    world.remove(TRIAGER);
    assert_eq!(reasons(&world.settle()), [ApprovalRefusal::Author]);
}
