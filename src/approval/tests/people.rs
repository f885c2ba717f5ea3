//! Who may approve, and who may no longer.

use super::world::*;
use crate::{
    approval::OwnerGroup,
    model::{Actor, ApprovalRefusal, Contribution, EntryKind, Role, Unknown},
    policy::Owner,
};

#[test]
fn nobody_who_had_a_hand_in_the_commits_counts() {
    for contribution in
        [Contribution::Pushed, Contribution::Authored, Contribution::Committed, Contribution::CoAuthored]
    {
        let mut world = World::new(1);
        world.contributors.people.insert(ANN, contribution);
        world.set(ANN);
        assert_eq!(reasons(&world.settle()), [ApprovalRefusal::Contributor(contribution)]);
        world.set(BEN);
        assert!(world.settle().state.complete());
    }
}

#[test]
fn while_a_contributor_is_unknown_nobody_counts() {
    let mut world = World::new(1);
    world.contributors.unknown.push(Unknown::for_now("nobody knows"));
    world.set(ANN);
    assert_eq!(reasons(&world.settle()), [ApprovalRefusal::UnknownContributor]);
    world.contributors.unknown.clear();
    assert_eq!(reasons(&world.settle()), [ApprovalRefusal::Answered], "the label has to be set again");
    world.set(ANN);
    assert!(world.settle().state.complete());
    world.contributors.unknown.push(Unknown::for_now("nobody knows"));
    let unknown = world.settle();
    assert_eq!((unknown.state.missing(), world.log.len()), (1, 1), "not counted, and not recorded as ended");
    world.contributors.unknown.clear();
    assert!(world.settle().state.complete(), "it counts again");
}

#[test]
fn requesters_are_named_by_login_or_by_id() {
    for (claim, counts) in [("@ANN", false), ("4", false), (" ann ", false), ("anna", true), ("44", true)] {
        let mut world = World::new(1);
        world.requesters = vec![claim.to_owned()];
        world.set(ANN);
        assert_eq!(world.settle().state.complete(), counts, "{claim}");
    }
}

#[test]
fn an_approval_ends_when_its_giver_may_not_give_it_any_more() {
    let mut world = World::new(1);
    world.set(ANN);
    assert!(world.settle().state.complete());
    let maintain = world.roles.insert(ANN, Role { name: "write".to_owned(), writes: true }).expect("a role");
    let lapsed = world.settle();
    assert_eq!((lapsed.state.missing(), reasons(&lapsed)), (1, vec![ApprovalRefusal::RoleTooLow]));
    assert!(!world.on());
    assert_eq!(world.kinds(), [EntryKind::Approved, EntryKind::Revoked]);
    assert_eq!((&world.log[1].approvals[0], &world.log[1].actor), (&world.log[0].id, &None));
    assert_eq!(lapsed.state.revoked, None, "nobody took it back");

    world.roles.insert(ANN, maintain);
    assert_eq!(reasons(&world.settle()), [ApprovalRefusal::Lapsed], "for good");
    world.set(ANN);
    let again = world.settle();
    assert!(again.state.complete() && again.state.refused.is_empty());
}

#[test]
fn an_approval_waits_while_its_givers_role_is_unknown() {
    let mut world = World::new(1);
    world.set(ANN);
    world.settle();
    let role = world.roles.remove(&ANN).expect("a role");
    let unknown = world.settle();
    assert_eq!((unknown.state.missing(), reasons(&unknown)), (1, vec![ApprovalRefusal::UnknownRole]));
    assert_eq!(world.log.len(), 1);
    world.roles.insert(ANN, role);
    assert!(world.settle().state.complete());
}

#[test]
fn who_pushes_after_approving_ends_the_own_approval() {
    let mut world = World::new(1);
    world.set(ANN);
    world.settle();
    world.contributors.people.insert(ANN, Contribution::Pushed);
    assert_eq!(reasons(&world.settle()), [ApprovalRefusal::Contributor(Contribution::Pushed)]);
    assert_eq!(world.kinds(), [EntryKind::Approved, EntryKind::Revoked]);
}

#[test]
fn one_approval_that_ends_leaves_the_other() {
    let mut world = World::new(2);
    world.set(ANN);
    world.settle();
    world.set(BEN);
    world.settle();
    world.roles.insert(ANN, Role { name: "read".to_owned(), writes: false });
    let lapsed = world.settle();
    assert_eq!(lapsed.state.approvals.iter().map(|approval| approval.who.id).collect::<Vec<_>>(), [BEN]);
}

#[test]
fn an_entry_that_somebody_wrote_by_hand_counts_for_nothing() {
    let mut world = World::new(1);
    world.set(ANN);
    world.settle();
    // As a new event it would be too early.
    world.timeline.labels[0].at = crate::approval::testing::at(-1);
    for change in [
        |world: &mut World| world.log[0].id = "event-99".to_owned(),
        |world: &mut World| world.log[0].actor = Some(Actor { id: BEN, login: "ben".to_owned() }),
        |world: &mut World| world.timeline.labels.clear(),
        |world: &mut World| world.timeline.labels[0].label = "bug".to_owned(),
        |world: &mut World| world.timeline.labels[0].added = false,
    ] {
        let mut forged = world.clone();
        change(&mut forged);
        let evaluation = forged.evaluate();
        assert_eq!(evaluation.state.missing(), 1);
        assert!(reasons(&evaluation).contains(&ApprovalRefusal::NotOnGitHub));
    }
}

#[test]
fn a_label_that_was_made_or_renamed_since_is_another_one() {
    let mut world = World::new(1);
    world.set(ANN);
    world.label_since = Some(crate::approval::testing::at(world.now));
    assert_eq!(reasons(&world.settle()), [ApprovalRefusal::LabelChanged]);
    world.set(ANN);
    assert!(world.settle().state.complete());
    world.label_since = None;
    assert!(world.settle().state.complete(), "what counted is in the log");
    let mut world = World::new(1);
    world.set(ANN);
    world.label_since = None;
    assert_eq!(reasons(&world.settle()), [ApprovalRefusal::LabelChanged], "nobody knows");
}

fn team(world: &mut World, name: &str, members: &[u64]) {
    world.teams.insert(name.to_owned(), Ok(members.iter().copied().collect()));
}

#[test]
fn members_of_a_team_may_approve() {
    let mut world = World::new(1);
    world.policy_teams = vec!["octo/dba".to_owned()];
    team(&mut world, "octo/dba", &[TRIAGER]);
    world.set(TRIAGER);
    assert!(world.settle().state.complete());
    world.teams.insert("octo/dba".to_owned(), Err("the token may not".to_owned()));
    let unknown = world.settle();
    assert_eq!(reasons(&unknown), [ApprovalRefusal::UnknownTeam]);
    assert!(unknown.state.refused[0].message.ends_with("could not be read: the token may not"));
    assert_eq!(world.log.len(), 1, "it may be known again");
    team(&mut world, "octo/dba", &[]);
    assert_eq!(reasons(&world.settle()), [ApprovalRefusal::RoleTooLow], "the person left the team");
    assert_eq!(world.kinds(), [EntryKind::Approved, EntryKind::Revoked]);
}

fn group(owners: &[Owner]) -> OwnerGroup {
    OwnerGroup { paths: vec!["schema-requests/a.yaml".to_owned()], owners: owners.to_vec() }
}

#[test]
fn files_need_one_of_their_owners() {
    let login = |name: &str| Owner::Login(name.to_owned());
    let cases: &[(&[Owner], u64, bool)] = &[
        (&[Owner::Id(BEN)], BEN, true),
        (&[Owner::Id(BEN)], ANN, false),
        (&[Owner::Id(STRANGER)], STRANGER, true),
        (&[login("BEN")], BEN, true),
        (&[login("triager")], TRIAGER, false),
        (&[login("stranger")], STRANGER, false),
        (&[Owner::Team("octo/a".to_owned()), Owner::Id(9)], TRIAGER, true),
        (&[Owner::Address("ann@example.com".to_owned())], ANN, false),
    ];
    for (owners, id, covered) in cases {
        let mut world = World::new(1);
        world.owners = vec![group(owners)];
        team(&mut world, "octo/a", &[TRIAGER]);
        world.set(*id);
        let state = world.settle().state;
        assert_eq!((state.uncovered.is_empty(), state.complete()), (*covered, *covered), "{owners:?} {id}");
    }
}

#[test]
fn every_group_needs_its_own_owner_and_free_files_need_somebody_general() {
    let mut world = World::new(1);
    world.owners =
        vec![group(&[Owner::Id(BEN)]), OwnerGroup { paths: vec!["b".to_owned()], owners: vec![Owner::Id(ANN)] }];
    world.set(ANN);
    let state = world.settle().state;
    assert_eq!((state.approvals.len(), state.missing()), (1, 1));
    assert_eq!(state.uncovered[0].owners, ["user id 5"]);
    assert!(!world.on(), "so that the owner can set it");
    world.set(BEN);
    assert!(world.settle().state.complete());

    let mut world = World::new(1);
    world.paths.push("free".to_owned());
    world.owners = vec![group(&[Owner::Id(STRANGER)])];
    world.set(STRANGER);
    let state = world.settle().state;
    assert_eq!(state.uncovered.iter().map(|uncovered| uncovered.paths.concat()).collect::<Vec<_>>(), ["free"]);
    world.set(ANN);
    assert!(world.settle().state.complete());
    let mut world = World::new(0);
    world.owners = vec![group(&[Owner::Id(BEN)])];
    assert!(world.settle().state.complete(), "nobody is needed");
}
