//! Plans, performed on a model of the conversation.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::model::{
    Comment, Digest, Location, Position, Route, Severity, Span, Thread, ThreadComment, Violation, Waived,
};

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

/// A pull request's conversation that performs operations as GitHub does.
#[derive(Clone, Default)]
struct World {
    conversation: Conversation,
    /// Messages of the violations that are there now.
    violations: Vec<(Severity, String)>,
    summary: Option<(String, Option<Digest>)>,
    now: i64,
    next: u64,
    may_resolve: bool,
    /// Every node that an operation hid or changed.
    touched: Vec<String>,
}

impl World {
    fn new(messages: &[&str]) -> Self {
        let violations = messages.iter().map(|message| (Severity::Error, (*message).to_owned())).collect();
        let summary = Some(("Summary".to_owned(), Some(Digest::of("A"))));
        Self { violations, summary, may_resolve: true, ..Self::default() }
    }

    fn time(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(1_800_000_000 + self.now)
    }

    fn plan(&self) -> Vec<Operation> {
        let violations: Vec<Violation> = self
            .violations
            .iter()
            .map(|(severity, message)| Violation { severity: *severity, ..violation("rule", message) })
            .collect();
        let anchor = |violation: &Violation| anchor(violation, "", &[1..=9]);
        let wanted: Vec<Wanted<'_>> = violations
            .iter()
            .map(|violation| Wanted { violation, anchor: anchor(violation), body: violation.message.clone() })
            .collect();
        let summary = self.summary.as_ref().map(|(markdown, digest)| SummaryText { markdown, digest: *digest });
        plan(&PlanInput {
            conversation: &self.conversation,
            wanted: &wanted,
            summary,
            head_sha: "head",
            now: self.time(),
        })
    }

    fn run(&mut self) -> Vec<Operation> {
        let operations = self.plan();
        for operation in &operations {
            self.perform(operation);
        }
        self.now += 1;
        operations
    }

    fn settle(&mut self) -> Vec<Operation> {
        let first = self.run();
        assert_eq!(self.plan(), vec![], "a second plan must be empty");
        first
    }

    fn id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn perform(&mut self, operation: &Operation) {
        match operation {
            Operation::PostReview { comments, .. } => {
                assert!(comments.len() <= MAX_INLINE);
                for comment in comments {
                    self.thread(&comment.body, true);
                }
            }
            Operation::CreateComment { body } => self.comment(body, true),
            Operation::UpdateComment { id, body } => {
                let comment = self.conversation.comments.iter_mut().find(|comment| comment.id == *id);
                let comment = comment.expect("the comment exists");
                (comment.body, comment.edited_by_other) = (body.clone(), false);
                self.touched.push(comment.node_id.clone());
            }
            Operation::Minimize { node_id } => self.minimize(node_id),
            Operation::ResolveThread { thread, comment } if self.may_resolve => {
                let found = self.conversation.threads.iter_mut().find(|found| found.node_id == *thread);
                found.expect("the thread exists").resolved = true;
                self.touched.push(comment.clone());
            }
            Operation::ResolveThread { comment, .. } => self.minimize(comment),
            Operation::AddLabel { .. } | Operation::RemoveLabel { .. } => unreachable!("labels are no conversation"),
        }
    }

    fn minimize(&mut self, node_id: &str) {
        self.touched.push(node_id.to_owned());
        let summaries = self.conversation.comments.iter_mut().map(|comment| (&comment.node_id, &mut comment.minimized));
        let inline = self.conversation.threads.iter_mut().flat_map(|thread| &mut thread.comments);
        let inline = inline.map(|comment| (&comment.node_id, &mut comment.minimized));
        let (_, minimized) = summaries.chain(inline).find(|(id, _)| *id == node_id).expect("the comment exists");
        *minimized = true;
    }

    fn comment(&mut self, body: &str, ours: bool) {
        let id = self.id();
        self.conversation.comments.push(Comment {
            node_id: format!("node-{id}"),
            id,
            body: body.to_owned(),
            ours,
            edited_by_other: false,
            minimized: false,
            created_at: self.time(),
        });
    }

    fn thread(&mut self, body: &str, ours: bool) {
        let id = self.id();
        let comments = vec![self.reply(body, ours)];
        self.conversation.threads.push(Thread { node_id: format!("thread-{id}"), resolved: false, comments });
    }

    fn reply(&mut self, body: &str, ours: bool) -> ThreadComment {
        let node_id = format!("node-{}", self.id());
        ThreadComment { node_id, body: body.to_owned(), ours, edited_by_other: false, minimized: false }
    }

    /// Bodies of the open threads of ours, without markers.
    fn open(&self) -> Vec<&str> {
        let open = |thread: &&Thread| !thread.resolved && !thread.comments[0].minimized && thread.comments[0].ours;
        let mut open: Vec<&str> = self
            .conversation
            .threads
            .iter()
            .filter(open)
            .map(|thread| thread.comments[0].body.rsplit('\n').next().unwrap_or_default())
            .collect();
        open.sort_unstable();
        open
    }

    fn since(&self) -> Option<i64> {
        let (_, digest) = self.summary.as_ref()?;
        shown_since(&self.conversation, (*digest)?).map(|since| since.timestamp() - 1_800_000_000)
    }
}

fn kinds(operations: &[Operation]) -> Vec<&'static str> {
    let kind = |operation: &Operation| match operation {
        Operation::PostReview { .. } => "review",
        Operation::CreateComment { .. } => "create",
        Operation::UpdateComment { .. } => "update",
        Operation::Minimize { .. } => "minimize",
        Operation::ResolveThread { .. } => "resolve",
        Operation::AddLabel { .. } | Operation::RemoveLabel { .. } => "label",
    };
    operations.iter().map(kind).collect()
}

#[test]
fn a_fixed_violation_is_hidden_after_the_new_ones_are_posted() {
    let mut world = World::new(&["a", "b"]);
    assert_eq!(kinds(&world.settle()), ["review", "create"]);
    world.violations[0].1 = "c".to_owned();
    world.summary = Some(("Other".to_owned(), None));
    assert_eq!(kinds(&world.settle()), ["review", "update", "resolve", "minimize"]);
    assert_eq!(world.open(), ["b", "c"]);
    world.violations = vec![(Severity::Error, "a".to_owned())];
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
    <!-- schema-registry:violation v1 key=8952b36a6e7e8e580a6068d378d0b589 -->

    a

    <!-- schema-registry:summary v1 digest=559aead08264d5795d3909718cdd05abd49572e84fe55590eef31a88a08fdffd head=head since=2027-01-15T08:00:00Z body=8e76a94ac8320d515375e625bef1829238b097ecbd33611b59eeefd4ffefebfb -->

    Summary
    "#);
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
    world.violations = (0..40).map(|n| (Severity::Notice, format!("n{n:02}"))).collect();
    world.violations.extend((0..20).map(|n| (Severity::Error, format!("e{n:02}"))));
    world.settle();
    let open = world.open();
    assert_eq!((open.len(), open[0], open[19], open[20], open[29]), (30, "e00", "e19", "n00", "n09"));
}

#[test]
fn waived_violations_and_those_outside_the_diff_get_no_comment() {
    let mut waived = violation("rule", "waived");
    waived.waived = Some(Waived { reason: "r".to_owned(), expires: chrono::NaiveDate::MAX });
    let far = violation("rule", "far");
    let near = Some(Anchor { start: 1, end: 1, replacement: None });
    let wanted = [
        Wanted { violation: &waived, anchor: near, body: String::new() },
        Wanted { violation: &far, anchor: None, body: String::new() },
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

#[derive(Debug, Clone)]
enum Step {
    Push(Vec<(u8, u8)>),
    Summary(Option<(u8, Option<u8>)>),
    Run,
    Reply(usize),
    Resolve(usize),
    Edit(usize),
    Hide(usize),
    EditSummary,
    Double(usize),
    Foreign,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let violations = proptest::collection::vec((0..3_u8, 0..40_u8), 0..40);
    let step = prop_oneof![
        violations.prop_map(Step::Push),
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
    let count = world.conversation.threads.len().max(1);
    let bodies: Vec<String> = world.conversation.threads.iter().map(|it| it.comments[0].body.clone()).collect();
    match step {
        Step::Push(found) => {
            let severity = [Severity::Error, Severity::Warning, Severity::Notice];
            world.violations = found.iter().map(|(s, m)| (severity[usize::from(*s)], format!("m{m}"))).collect();
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
            if let Some(body) = bodies.get(index % count) {
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

proptest! {
    /// Whatever people do between runs: a second plan is empty, what is not ours and what people answered is not touched,
    /// and every violation that may have a comment has one, or had one that a person resolved.
    #[test]
    fn a_second_plan_is_empty(steps in steps(), may_resolve: bool) {
        let mut world = World { may_resolve, ..World::new(&["m1"]) };
        for step in steps {
            take(&mut world, step);
        }
        world.touched.clear();
        let foreign: Vec<String> = world
            .conversation
            .threads
            .iter()
            .filter(|thread| thread.comments.iter().any(|comment| !comment.ours || comment.edited_by_other))
            .map(|thread| thread.comments[0].node_id.clone())
            .chain(world.conversation.comments.iter().filter(|it| !it.ours).map(|it| it.node_id.clone()))
            .collect();
        world.settle();
        prop_assert!(foreign.iter().all(|id| !world.touched.contains(id)));
        let told = |message: &str| world.conversation.threads.iter().any(|thread| {
            let first = &thread.comments[0];
            first.ours && !first.edited_by_other && !first.minimized && first.body.ends_with(&format!("\n{message}"))
        });
        let mut worst = world.violations.clone();
        worst.sort();
        for (_, message) in worst.iter().take(MAX_INLINE) {
            prop_assert!(told(message), "{message} has no comment");
        }
    }
}
