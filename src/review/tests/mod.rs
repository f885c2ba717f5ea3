//! Plans, performed on a model of the conversation.

mod properties;
mod world;

use self::world::{Problem, World, kinds};
use super::*;
use crate::model::{Comment, Digest, Location, Position, Route, Severity, Span, Violation, Waived};

pub(super) fn violation(rule: &'static str, message: &str) -> Violation {
    let place = Position { line: 1, column: 1 };
    Violation {
        rule,
        severity: Severity::Error,
        message: message.to_owned(),
        suggestion: None,
        location: Location {
            file: "a.yaml".to_owned(),
            route: Route::root(),
            span: Span::default(),
            start: place,
            end: place,
        },
        fix: Vec::new(),
        waived: None,
    }
}

#[test]
fn a_fixed_violation_is_hidden_after_the_new_ones_are_posted() {
    let mut world = World::new(&["a", "b"]);
    assert_eq!(kinds(&world.settle()), ["review", "create"]);
    world.violations[0].words = "c".to_owned();
    world.summary = Some(("Other".to_owned(), None));
    assert_eq!(kinds(&world.settle()), ["review", "update", "resolve", "minimize"]);
    assert_eq!(world.open(), ["b", "c"]);
    world.violations = vec![Problem::new(Severity::Error, "a")];
    world.settle();
    assert_eq!(world.open(), ["a"], "what comes back is told again");
}

#[test]
fn a_comment_has_its_marker_and_its_lines() {
    let operations = World::new(&["a"]).plan();
    let [Operation::PostReview { commit, body, comments }, Operation::CreateComment { body: summary }] =
        &operations[..]
    else {
        panic!("{operations:?}")
    };
    assert_eq!((commit.as_str(), body.as_str()), ("head", ""));
    assert_eq!((comments[0].path.as_str(), comments[0].start_line, comments[0].line), ("a.yaml", None, 1));
    insta::assert_snapshot!(format!("{}\n\n{summary}", comments[0].body), @r#"
    <!-- schema-registry:violation v1 key=5fee41084220c641a987d0a4e4fe76a3 -->

    a

    <!-- schema-registry:summary v1 digest=559aead08264d5795d3909718cdd05abd49572e84fe55590eef31a88a08fdffd head=head since=2027-01-15T08:00:00Z body=8e76a94ac8320d515375e625bef1829238b097ecbd33611b59eeefd4ffefebfb -->

    Summary
    "#);
}

#[test]
fn a_comment_follows_its_violation_to_other_lines_and_says_what_is_so_now() {
    let mut world = World::new(&["a", "b"]);
    world.settle();
    world.conversation.threads[0].outdated = true;
    assert_eq!(kinds(&world.settle()), ["review", "resolve", "minimize"], "GitHub had folded it away");
    assert_eq!(world.open(), ["a", "b"]);
    world.violations[1].words = "b, in other words".to_owned();
    assert_eq!(kinds(&world.settle()), ["review", "resolve", "minimize"]);
    assert_eq!(world.open(), ["a", "b, in other words"]);

    let nowhere = |world: &mut World, place| {
        world.conversation.threads.last_mut().expect("a thread").outdated = true;
        world.violations[1].place = place;
        world.settle()
    };
    assert_eq!(nowhere(&mut world, None), [], "an old place is better than none");
    assert_eq!(nowhere(&mut world, Some(Place::File)), []);
    let reply = world.reply("why?", false);
    world.conversation.threads[0].outdated = true;
    let answered = world.conversation.threads.last_mut().expect("a thread");
    answered.comments.push(reply);
    world.violations[1].words = "b, in yet other words".to_owned();
    assert_eq!(nowhere(&mut world, Some(Place::Lines { start: 1, end: 1 })), [], "people talk there");
}

#[test]
fn a_violation_off_the_shown_lines_is_told_on_its_file() {
    let mut world = World::new(&["a"]);
    world.violations[0].place = Some(Place::File);
    assert_eq!(kinds(&world.settle()), ["file", "create"]);
    world.violations[0].place = Some(Place::Lines { start: 2, end: 3 });
    assert_eq!(world.settle(), [], "what is said once is said");
    let on_file = |n| Problem { place: Some(Place::File), ..Problem::new(Severity::Notice, &format!("n{n:02}")) };
    world.violations.extend((0..20).map(on_file));
    assert_eq!(kinds(&world.settle()), ["file"; MAX_FILE_COMMENTS], "each is a call");
}

#[test]
fn a_fresh_pull_request_takes_two_writes_whatever_its_size() {
    for count in [1, 30, 500] {
        let messages: Vec<String> = (0..count).map(|n| format!("m{n}")).collect();
        let mut world = World::new(&messages.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(kinds(&world.settle()), ["review", "create"], "{count} violations");
    }
}

#[test]
fn twins_are_told_apart_and_doubles_are_hidden() {
    let mut world = World::new(&["a", "a"]);
    world.settle();
    assert_eq!(world.open(), ["a", "a"]);
    world.violations.pop();
    world.settle();
    assert_eq!(world.open(), ["a"]);
    let double = world.conversation.threads[0].comments[0].body.clone();
    world.thread(&double, true);
    assert_eq!(kinds(&world.settle()), ["resolve", "minimize"], "a lost response posted it twice");
    assert_eq!(world.open(), ["a"]);
}

#[test]
fn what_people_did_stays() {
    let mut replied = World::new(&["a"]);
    replied.settle();
    let reply = replied.reply("why?", false);
    replied.conversation.threads[0].comments.push(reply);
    replied.violations.clear();
    assert_eq!(replied.settle(), vec![], "a thread with a reply is not touched");

    let mut resolved = World::new(&["a"]);
    resolved.settle();
    resolved.conversation.threads[0].resolved = true;
    assert_eq!(resolved.settle(), vec![], "a person's answer is an answer");

    let mut edited = World::new(&["a"]);
    edited.settle();
    edited.conversation.threads[0].comments[0].edited_by_other = true;
    assert_eq!(kinds(&edited.settle()), ["review"], "an edited comment is no longer ours, so the violation is told");
    edited.violations.clear();
    assert_eq!(kinds(&edited.settle()), ["resolve", "minimize"]);
    assert!(!edited.conversation.threads[0].resolved);
}

#[test]
fn markers_of_others_mean_nothing() {
    let mut ours = World::new(&["a"]);
    ours.settle();
    let mut world = World::new(&["a"]);
    world.comment(&ours.conversation.comments[0].body.clone(), false);
    world.thread(&ours.conversation.threads[0].comments[0].body.clone(), false);
    assert_eq!(world.since(), None);
    assert_eq!(kinds(&world.settle()), ["review", "create"]);
    world.comment("A comment of another tool under the same login", true);
    assert_eq!(world.settle(), vec![]);
}

#[test]
fn at_most_thirty_the_worst_first() {
    let mut world = World::new(&[]);
    world.violations = (0..40).map(|n| Problem::new(Severity::Notice, &format!("n{n:02}"))).collect();
    world.violations.extend((0..20).map(|n| Problem::new(Severity::Error, &format!("e{n:02}"))));
    world.settle();
    let open = world.open();
    assert_eq!((open.len(), open[0], open[19], open[20], open[29]), (30, "e00", "e19", "n00", "n09"));
}

#[test]
fn waived_violations_and_those_outside_the_diff_get_no_comment() {
    let mut waived = violation("rule", "waived");
    waived.waived = Some(Waived { reason: "r".to_owned(), expires: chrono::NaiveDate::MAX });
    let far = violation("rule", "far");
    let near = Some(Place::Lines { start: 1, end: 1 });
    let wanted = [
        Wanted { violation: &waived, text: "", place: near, body: String::new() },
        Wanted { violation: &far, text: "", place: None, body: String::new() },
    ];
    let world = World::new(&[]);
    let input = PlanInput {
        conversation: &world.conversation,
        wanted: &wanted,
        summary: None,
        head_sha: "h",
        now: world.time(),
    };
    assert_eq!(plan(&input), vec![]);
}

#[test]
fn the_age_of_a_summary_is_that_of_its_digest() {
    let mut world = World::new(&[]);
    assert_eq!(world.since(), None);
    world.settle();
    assert_eq!(world.since(), Some(0));
    world.now = 50;
    world.summary = Some(("Approved by ann".to_owned(), Some(Digest::of("A"))));
    assert_eq!(kinds(&world.settle()), ["update"]);
    assert_eq!(world.since(), Some(0), "other words about the same bytes");
    world.summary = Some(("Approved by ann".to_owned(), Some(Digest::of("B"))));
    assert_eq!(world.since(), None);
    world.settle();
    assert_eq!(world.since(), Some(51), "other bytes");
}

#[test]
fn a_summary_that_somebody_changed_is_not_believed_and_written_again() {
    let forge = |change: &dyn Fn(&mut Comment)| {
        let mut world = World::new(&[]);
        world.settle();
        change(&mut world.conversation.comments[0]);
        world.now = 50;
        assert_eq!(world.since(), None);
        let operations = kinds(&world.settle());
        (operations, world.since())
    };
    assert_eq!(forge(&|comment| comment.edited_by_other = true), (vec!["update"], Some(50)));
    assert_eq!(forge(&|comment| comment.body.push_str("approved")), (vec!["update"], Some(50)));
    assert_eq!(forge(&|comment| comment.body = comment.body.replace("00Z", "00Z ")), (vec!["create"], Some(50)));
    assert_eq!(forge(&|comment| comment.minimized = true), (vec!["create"], Some(50)));
    let old = |comment: &mut Comment| comment.body = comment.body.replace("since=2027", "since=2020");
    let mut backdated = World::new(&[]);
    backdated.settle();
    old(&mut backdated.conversation.comments[0]);
    assert_eq!(backdated.since(), Some(0), "never older than the comment");
}

#[test]
fn only_one_summary_is_shown_and_none_where_nothing_is_governed() {
    let mut world = World::new(&[]);
    world.settle();
    let double = world.conversation.comments[0].body.clone();
    world.comment(&double, true);
    assert_eq!(world.settle(), [Operation::Minimize { node_id: "node-2".to_owned() }]);
    world.summary = None;
    assert_eq!(world.settle(), [Operation::Minimize { node_id: "node-1".to_owned() }]);
    assert_eq!(World { summary: None, ..World::new(&[]) }.plan(), vec![]);
}
