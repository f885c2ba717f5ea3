//! What is recorded of approvals, and what is told of those that no longer count.

use super::world::*;
use crate::{
    approval::{
        testing::{outcome, request},
        *,
    },
    model::{Digest, EntryKind, Severity, Tree},
};

#[test]
fn an_approval_is_recorded_with_what_its_giver_saw() {
    let mut world = World::new(1);
    let mut seen = outcome(&[Severity::Error, Severity::Warning]);
    seen.requests.push(request("because"));
    world.evidence = Evidence::of(&seen, &Tree::new(), Some(&world.digest));
    world.set(ANN);
    world.settle();
    let [entry] = &world.log[..] else { panic!("one entry: {:?}", world.kinds()) };
    let violations: Vec<_> = entry.violations.iter().map(|it| (it.severity, it.rule.as_str())).collect();
    assert_eq!(
        violations,
        [(Severity::Error, "some-rule"), (Severity::Warning, "w"), (Severity::Warning, "some-rule")]
    );
    let mut blobs = ["up", "down"].map(Digest::of).to_vec();
    blobs.push(world.digest.digest);
    blobs.sort();
    assert_eq!(entry.blobs, blobs, "the SQL of both directions and the digest's lines");
    let tables: Vec<_> = entry.tables.iter().map(|it| (it.table_name.as_str(), it.performed_by.as_deref())).collect();
    assert_eq!(tables, [("public.teams", Some("ann"))], "performed by whoever approved");
}

/// The people whose voided approvals are still missed.
fn missed(evaluation: &Evaluation) -> Vec<u64> {
    evaluation.state.voided.iter().flat_map(|voided| &voided.who).map(|who| who.id).collect()
}

#[test]
fn approvals_of_the_same_bytes_are_voided_together() {
    let mut world = World::new(3);
    for id in [ANN, BEN] {
        world.set(id);
        world.settle();
    }
    world.push("B");
    assert_eq!(missed(&world.settle()), [ANN, BEN]);
    assert_eq!(world.kinds(), [EntryKind::Approved, EntryKind::Approved, EntryKind::Voided]);
    assert_eq!(world.log[2].approvals, [0, 1].map(|n: usize| world.log[n].id.clone()));
}

#[test]
fn a_voided_approval_is_missed_until_it_is_given_again_or_others_suffice() {
    let cases: &[(usize, &[u64], &[u64])] =
        &[(3, &[], &[ANN, BEN]), (3, &[ANN], &[BEN]), (3, &[ANN, BEN], &[]), (1, &[LISTED], &[])];
    for (required, again, expected) in cases {
        let mut world = World::new(*required);
        for id in [ANN, BEN] {
            world.comment(id, None);
        }
        world.settle();
        world.push("B");
        world.settle();
        for id in *again {
            world.comment(*id, None);
        }
        assert_eq!(missed(&world.settle()), *expected, "{required} needed, again by {again:?}");
    }
}

#[test]
fn what_changed_is_told_also_where_the_lines_do_not_tell() {
    let mut world = World::new(1);
    world.set(ANN);
    world.settle();
    world.push("B");
    world.settle();
    let changed = |world: &World| world.evaluate().state.voided.expect("an approval was voided").changed;
    let lines = std::mem::take(&mut world.lines);
    assert_eq!(changed(&world), ["The approved bytes changed"], "the log's blob could not be read");
    world.lines = lines;
    world.push("A");
    assert_eq!(changed(&world), ["The approved bytes were replaced and came back later"]);
}
