//! Rejections.

use super::world::*;
use crate::{
    approval::LabelChange,
    model::{EntryKind, LabelEvent},
};

fn vetoers(world: &mut World) -> Vec<u64> {
    let state = world.settle().state;
    state.vetoes.iter().filter_map(|veto| veto.who.as_ref().map(|who| who.id)).collect()
}

#[test]
fn only_the_setter_or_an_approver_lifts_a_rejection() {
    for (setter, lifter, lifted) in [
        (TRIAGER, TRIAGER, true),
        (TRIAGER, ANN, true),
        (TRIAGER, LISTED, true),
        (TRIAGER, AUTHOR, false),
        (TRIAGER, REQUESTER, false),
        (TRIAGER, STRANGER, false),
        (TRIAGER, BOT, false),
        (ANN, TRIAGER, false),
        (ANN, BEN, true),
        (AUTHOR, AUTHOR, true),
        (BOT, BOT, true),
        (BOT, TRIAGER, false),
    ] {
        let mut world = World::new(1);
        world.set(BEN);
        world.settle();
        world.veto(setter);
        assert_eq!(vetoers(&mut world), [setter], "anybody may reject");
        assert_eq!(world.kinds().last(), Some(&EntryKind::Vetoed));
        world.lift(lifter);
        let standing = if lifted { vec![] } else { vec![setter] };
        assert_eq!(vetoers(&mut world), standing, "{setter} {lifter}");
        assert_eq!(world.labels.contains(&"schema-rejected".to_owned()), !lifted, "the label comes back");
        assert_eq!(world.kinds().last() == Some(&EntryKind::VetoLifted), lifted);
        assert!(world.on(), "the approval is another matter");
    }
}

#[test]
fn who_rejects_too_cannot_lift_what_others_rejected() {
    let mut world = World::new(1);
    world.veto(ANN);
    world.settle();
    world.lift(AUTHOR);
    world.veto(AUTHOR);
    world.lift(AUTHOR);
    assert_eq!(vetoers(&mut world), [ANN]);
    assert!(world.labels.contains(&"schema-rejected".to_owned()));
    world.lift(ANN);
    assert_eq!(vetoers(&mut world), [0; 0]);
    let lifted: Vec<&str> = world.log.last().expect("an entry").approvals.iter().map(String::as_str).collect();
    assert_eq!(lifted, [world.log[0].id.as_str()], "the entry names what it lifts");
}

#[test]
fn a_rejection_outlives_pushes_and_lost_labels_and_bots() {
    let mut world = World::new(1);
    world.veto(ANN);
    world.settle();
    world.push("B");
    world.labels.clear();
    let settled = world.settle();
    assert_eq!(settled.labels, [LabelChange::Add("schema-rejected".to_owned())]);
    assert_eq!(settled.state.vetoes.len(), 1);
    assert_eq!(world.kinds(), [EntryKind::Vetoed], "recorded once");
}

#[test]
fn a_removal_by_nobody_lifts_nothing() {
    let mut world = World::new(1);
    world.veto(ANN);
    world.lift(ANN);
    let removal: &mut LabelEvent = world.timeline.labels.last_mut().expect("an event");
    removal.account = None;
    assert_eq!(vetoers(&mut world), [ANN]);
    let mut world = World::new(1);
    world.veto(ANN);
    world.lift(BEN);
    world.timeline.labels.last_mut().expect("an event").via_app = true;
    assert_eq!(vetoers(&mut world), [ANN], "an app on behalf of an approver");
}

#[test]
fn a_rejection_in_the_log_outlives_its_label() {
    let rename = |world: &mut World| {
        for event in &mut world.timeline.labels {
            event.label = event.label.replace("schema-rejected", "nice");
        }
        world.labels.clear();
    };
    let mut world = World::new(1);
    world.veto(ANN);
    world.settle();
    rename(&mut world);
    assert_eq!(vetoers(&mut world), [ANN], "it comes back");
    assert_eq!(world.kinds(), [EntryKind::Vetoed], "recorded once");
    world.lift(STRANGER);
    assert_eq!(vetoers(&mut world), [ANN]);
    world.lift(BEN);
    assert_eq!(vetoers(&mut world), [0; 0]);
    rename(&mut world);
    assert_eq!(vetoers(&mut world), [0; 0], "what was lifted stays so");
    assert_eq!(world.kinds(), [EntryKind::Vetoed, EntryKind::VetoLifted]);
    world.veto(TRIAGER);
    assert_eq!(vetoers(&mut world), [TRIAGER], "another one is another one");
}

#[test]
fn a_lift_in_the_log_lifts_what_it_names() {
    let mut world = World::new(1);
    world.veto(ANN);
    world.veto(TRIAGER);
    assert_eq!(vetoers(&mut world), [ANN, TRIAGER]);
    world.lift(TRIAGER);
    assert_eq!(vetoers(&mut world), [ANN], "their own");
    for event in &mut world.timeline.labels {
        event.label = event.label.replace("schema-rejected", "nice");
    }
    world.labels.clear();
    assert_eq!(vetoers(&mut world), [ANN]);
}

#[test]
fn a_rejection_by_a_workflow_with_the_identity_of_this_tool_stands_until_an_approver_lifts_it() {
    let mut world = World::new(1);
    world.veto(OWN);
    assert_eq!(vetoers(&mut world), [OWN]);
    world.lift(OWN);
    assert_eq!(vetoers(&mut world), [OWN], "any workflow could have taken it off");
    assert!(world.labels.contains(&"schema-rejected".to_owned()));
    world.lift(ANN);
    assert_eq!(vetoers(&mut world), [0; 0]);
}
