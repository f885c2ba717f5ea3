//! A pull request's conversation, and what is wrong with the pull request.

use chrono::TimeDelta;

use super::{super::*, violation};
use crate::model::{Comment, Conversation, Digest, Route, Severity, Thread, ThreadComment, Violation};

/// A violation, as far as comments are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) severity: Severity,
    /// The field that it is about, its identity.
    pub(super) field: String,
    /// What its comment says.
    pub(super) words: String,
    pub(super) place: Option<Place>,
}

impl Problem {
    /// On a line of the diff, and saying its field.
    pub(super) fn new(severity: Severity, field: &str) -> Self {
        let (field, place) = (field.to_owned(), Some(Place::Lines { start: 1, end: 1 }));
        Self { severity, words: field.clone(), field, place }
    }

    fn violation(&self) -> Violation {
        let mut violation = Violation { severity: self.severity, ..violation("rule", &self.words) };
        violation.location.route = Route::root().key(&self.field);
        violation
    }
}

/// A pull request's conversation that performs operations as GitHub does.
#[derive(Clone, Default)]
pub(super) struct World {
    pub(super) conversation: Conversation,
    /// The violations that are there now.
    pub(super) violations: Vec<Problem>,
    pub(super) summary: Option<(String, Option<Digest>)>,
    pub(super) now: i64,
    pub(super) next: u64,
    pub(super) may_resolve: bool,
    /// Every node that an operation hid or changed.
    pub(super) touched: Vec<String>,
}

impl World {
    pub(super) fn new(messages: &[&str]) -> Self {
        let violations = messages.iter().map(|message| Problem::new(Severity::Error, message)).collect();
        let summary = Some(("Summary".to_owned(), Some(Digest::of("A"))));
        Self { violations, summary, may_resolve: true, ..Self::default() }
    }

    pub(super) fn time(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(1_800_000_000 + self.now)
    }

    pub(super) fn plan(&self) -> Vec<Operation> {
        let violations: Vec<Violation> = self.violations.iter().map(Problem::violation).collect();
        let wanted: Vec<Wanted<'_>> = violations
            .iter()
            .zip(&self.violations)
            .map(|(violation, problem)| Wanted {
                violation,
                text: "",
                place: problem.place.clone(),
                body: problem.words.clone(),
            })
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

    pub(super) fn run(&mut self) -> Vec<Operation> {
        let operations = self.plan();
        for operation in &operations {
            self.perform(operation);
        }
        self.now += 1;
        operations
    }

    pub(super) fn settle(&mut self) -> Vec<Operation> {
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
            Operation::PostFileComment { body, .. } => self.thread(body, true),
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

    pub(super) fn comment(&mut self, body: &str, ours: bool) {
        let id = self.id();
        self.conversation.comments.push(Comment {
            node_id: format!("node-{id}"),
            id,
            body: body.to_owned(),
            ours,
            edited: false,
            edited_by_other: false,
            minimized: false,
            created_at: self.time(),
        });
    }

    pub(super) fn thread(&mut self, body: &str, ours: bool) {
        let id = self.id();
        let comments = vec![self.reply(body, ours)];
        self.conversation.threads.push(Thread {
            node_id: format!("thread-{id}"),
            resolved: false,
            outdated: false,
            comments,
        });
    }

    pub(super) fn reply(&mut self, body: &str, ours: bool) -> ThreadComment {
        let node_id = format!("node-{}", self.id());
        ThreadComment { node_id, body: body.to_owned(), ours, edited_by_other: false, minimized: false }
    }

    /// Bodies of the open threads of ours, without markers.
    pub(super) fn open(&self) -> Vec<&str> {
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

    pub(super) fn since(&self) -> Option<i64> {
        let (_, digest) = self.summary.as_ref()?;
        shown_since(&self.conversation, (*digest)?).map(|since| since.timestamp() - 1_800_000_000)
    }
}

pub(super) fn kinds(operations: &[Operation]) -> Vec<&'static str> {
    let kind = |operation: &Operation| match operation {
        Operation::PostReview { .. } => "review",
        Operation::PostFileComment { .. } => "file",
        Operation::CreateComment { .. } => "create",
        Operation::UpdateComment { .. } => "update",
        Operation::Minimize { .. } => "minimize",
        Operation::ResolveThread { .. } => "resolve",
        Operation::AddLabel { .. } | Operation::RemoveLabel { .. } => "label",
    };
    operations.iter().map(kind).collect()
}
