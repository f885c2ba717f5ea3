//! Whatever people do between runs.

use proptest::prelude::*;

use super::{
    super::*,
    world::{Problem, World},
};
use crate::model::{Digest, Severity, Thread};

#[derive(Debug, Clone)]
enum Step {
    /// The author pushes: these violations are there now, and the lines of every thread whose number the second has
    /// changed.
    Push(Vec<Problem>, Vec<usize>),
    /// The author rewrites the branch: every line is another.
    ForcePush(Vec<Problem>),
    /// The base moves: files that it changed too have no lines to comment on.
    BasePush(Vec<usize>),
    Summary(Option<(u8, Option<u8>)>),
    Run,
    Reply(usize),
    Resolve(usize),
    Edit(usize),
    Hide(usize),
    EditSummary,
    /// The answer to a write got lost, and it was made twice.
    Double(usize),
    /// Another tool says the very same.
    Foreign,
}

fn problems() -> impl Strategy<Value = Vec<Problem>> {
    let place = prop_oneof![
        6 => Just(Some(Place::Lines { start: 1, end: 2 })),
        1 => Just(Some(Place::File)),
        1 => Just(None),
    ];
    let problem = (0..3_usize, 0..40_u8, 0..2_u8, place).prop_map(|(severity, field, words, place)| Problem {
        severity: [Severity::Error, Severity::Warning, Severity::Notice][severity],
        field: format!("f{field}"),
        words: format!("f{field} said {words}"),
        place,
    });
    proptest::collection::vec(problem, 0..45)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let numbers = || proptest::collection::vec(0..40_usize, 0..10);
    let step = prop_oneof![
        (problems(), numbers()).prop_map(|(problems, touched)| Step::Push(problems, touched)),
        problems().prop_map(Step::ForcePush),
        numbers().prop_map(Step::BasePush),
        proptest::option::of((0..2_u8, proptest::option::of(0..2_u8))).prop_map(Step::Summary),
        Just(Step::Run),
        (0..40_usize).prop_map(Step::Reply),
        (0..40_usize).prop_map(Step::Resolve),
        (0..40_usize).prop_map(Step::Edit),
        (0..40_usize).prop_map(Step::Hide),
        Just(Step::EditSummary),
        (0..40_usize).prop_map(Step::Double),
        Just(Step::Foreign),
    ];
    proptest::collection::vec(step, 0..12)
}

fn touch(world: &mut World, index: usize, change: impl FnOnce(&mut Thread)) {
    let count = world.conversation.threads.len().max(1);
    if let Some(thread) = world.conversation.threads.get_mut(index % count) {
        change(thread);
    }
}

fn take(world: &mut World, step: Step) {
    let foreign = world.reply("a reply", false);
    let bodies: Vec<String> = world.conversation.threads.iter().map(|it| it.comments[0].body.clone()).collect();
    match step {
        Step::Push(problems, touched) => {
            world.violations = problems;
            for index in touched {
                touch(world, index, |thread| thread.outdated = true);
            }
        }
        Step::ForcePush(problems) => {
            world.violations = problems;
            for thread in &mut world.conversation.threads {
                thread.outdated = true;
            }
        }
        Step::BasePush(files) => {
            let count = world.violations.len().max(1);
            for index in files {
                if let Some(problem) = world.violations.get_mut(index % count) {
                    problem.place = problem.place.as_ref().map(|_| Place::File);
                }
            }
        }
        Step::Summary(said) => {
            world.summary = said.map(|(text, digest)| (format!("s{text}"), digest.map(|digest| Digest::of([digest]))));
        }
        Step::Run => {
            world.run();
        }
        Step::Reply(index) => touch(world, index, |thread| thread.comments.push(foreign)),
        Step::Resolve(index) => touch(world, index, |thread| thread.resolved = true),
        Step::Edit(index) => touch(world, index, |thread| thread.comments[0].edited_by_other = true),
        Step::Hide(index) => touch(world, index, |thread| thread.comments[0].minimized = true),
        Step::EditSummary => {
            for comment in &mut world.conversation.comments {
                comment.edited_by_other = true;
            }
        }
        Step::Double(index) => {
            if let Some(body) = bodies.get(index % bodies.len().max(1)) {
                world.thread(body, true);
            }
        }
        Step::Foreign => {
            for body in bodies.iter().take(3) {
                world.thread(body, false);
            }
            let summary = world.conversation.comments.first().map(|comment| comment.body.clone());
            world.comment(&summary.unwrap_or_default(), false);
        }
    }
}

/// Nodes that nothing may touch: what is not ours, what somebody edited, what people answered.
fn untouchable(world: &World) -> Vec<String> {
    let threads = world.conversation.threads.iter().filter(|thread| {
        thread.resolved || thread.comments.iter().any(|comment| !comment.ours || comment.edited_by_other)
    });
    let comments = world.conversation.comments.iter().filter(|comment| !comment.ours);
    threads.map(|thread| thread.comments[0].node_id.clone()).chain(comments.map(|it| it.node_id.clone())).collect()
}

/// How many visible threads of ours tell `problem` in its present words, or were answered when they told it.
fn told(world: &World, problem: &Problem) -> usize {
    let tells = |thread: &&Thread| {
        let first = &thread.comments[0];
        let answered = thread.resolved || thread.comments.iter().any(|comment| !comment.ours);
        let now = !thread.outdated || !matches!(problem.place, Some(Place::Lines { .. }));
        let words = first.body.rsplit('\n').next().unwrap_or_default();
        let about =
            if answered { words.split(' ').next() == Some(&problem.field) } else { words == problem.words && now };
        first.ours && !first.edited_by_other && !first.minimized && about
    };
    world.conversation.threads.iter().filter(tells).count()
}

proptest! {
    /// A second plan is empty, what is not ours and what people answered is not touched, and every violation that may
    /// have a comment has one that says what is so now, or had one that a person dealt with.
    #[test]
    fn a_second_plan_is_empty(steps in steps(), may_resolve: bool) {
        let mut world = World { may_resolve, ..World::new(&["m1"]) };
        for step in steps {
            take(&mut world, step);
        }
        world.touched.clear();
        let untouchable = untouchable(&world);
        world.settle();
        prop_assert!(untouchable.iter().all(|id| !world.touched.contains(id)));
        let mut worst = world.violations.clone();
        worst.sort_by_key(|problem| (problem.severity, problem.field.clone(), problem.words.clone()));
        let lines = worst.iter().filter(|problem| matches!(problem.place, Some(Place::Lines { .. }))).take(MAX_INLINE);
        let files = worst.iter().filter(|problem| problem.place == Some(Place::File)).take(MAX_FILE_COMMENTS);
        for problem in lines.chain(files) {
            prop_assert!(told(&world, problem) > 0, "{problem:?} has no comment");
        }
    }
}
