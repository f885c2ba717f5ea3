//! Inline comments: which to post, which to hide, which to leave alone.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Anchor, InlineComment, MAX_INLINE, Operation,
    marker::{parse_violation, violation_comment, violation_key},
};
use crate::model::{Conversation, Thread, Violation};

/// A violation with its place and what a comment says about it.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The violation; a waived one wants no comment.
    pub violation: &'a Violation,
    /// Its place in the diff; `None` where it has none, which keeps a comment that exists and makes no new one.
    pub anchor: Option<Anchor>,
    /// Markdown without a marker.
    pub body: String,
}

/// What to do about the threads.
pub(super) struct Reconciled {
    pub(super) new: Vec<InlineComment>,
    pub(super) hide: Vec<Operation>,
}

/// Compares the violations with the threads that are there.
///
/// - An open comment of ours about a violation that is still there stays as it is, wherever its line has moved.
/// - A violation without one gets one, if it is among the first [`MAX_INLINE`] by severity, then place.
/// - Unless a person resolved the thread: that was an answer, and asking again would be nagging. The summary goes on
///   listing the violation. A comment that is minimised was hidden when the violation went away; when it comes back, so
///   does a comment.
/// - An open comment of ours about a violation that is gone is hidden, as is the second of two about the same.
/// - A thread in which somebody else wrote, or whose comment somebody edited, is not touched.
pub(super) fn reconcile(conversation: &Conversation, wanted: &[Wanted<'_>]) -> Reconciled {
    let mut wanted: Vec<&Wanted<'_>> = wanted.iter().filter(|wanted| wanted.violation.waived.is_none()).collect();
    wanted.sort_by_key(|wanted| {
        let violation = wanted.violation;
        (violation.severity, &violation.location, violation.rule, &violation.message)
    });
    let keyed = with_keys(wanted);
    let keys: BTreeSet<&str> = keyed.iter().map(|(key, _)| key.as_str()).collect();

    let mut settled: BTreeSet<&str> = BTreeSet::new();
    let mut hide = Vec::new();
    for (key, thread) in own_threads(conversation) {
        let hidden = thread.comments.first().is_none_or(|comment| comment.minimized);
        if hidden {
            continue;
        }
        if keys.contains(key) && settled.insert(key) {
            continue;
        }
        if !thread.resolved && !has_reply(thread) {
            hide.extend(hidden_thread(thread));
        }
    }

    let new = keyed
        .iter()
        .filter_map(|(key, wanted)| Some((key, wanted, wanted.anchor.as_ref()?)))
        .take(MAX_INLINE)
        .filter(|(key, ..)| !settled.contains(key.as_str()))
        .map(|(key, wanted, anchor)| InlineComment {
            path: wanted.violation.location.file.clone(),
            start_line: (anchor.start < anchor.end).then_some(anchor.start),
            line: anchor.end,
            body: violation_comment(key, &wanted.body),
        })
        .collect();
    Reconciled { new, hide }
}

/// Violations that are alike are told apart by their number.
fn with_keys<'w, 'a>(wanted: Vec<&'w Wanted<'a>>) -> Vec<(String, &'w Wanted<'a>)> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    wanted
        .into_iter()
        .map(|wanted| {
            let count = seen.entry(violation_key(wanted.violation, 0)).or_default();
            let key = violation_key(wanted.violation, *count);
            *count += 1;
            (key, wanted)
        })
        .collect()
}

/// Threads that an intact comment of ours opened, with the key of its violation.
fn own_threads(conversation: &Conversation) -> impl Iterator<Item = (&str, &Thread)> {
    conversation.threads.iter().filter_map(|thread| {
        let first = thread.comments.first().filter(|comment| comment.ours && !comment.edited_by_other)?;
        Some((parse_violation(&first.body)?, thread))
    })
}

fn has_reply(thread: &Thread) -> bool {
    thread.comments.iter().any(|comment| !comment.ours)
}

/// Resolved where the token may, minimised in any case: a comment that is minimised was hidden by us, a thread that is
/// only resolved was resolved by a person.
fn hidden_thread(thread: &Thread) -> Vec<Operation> {
    let comment = thread.comments.first().map(|comment| comment.node_id.clone()).unwrap_or_default();
    let resolve = Operation::ResolveThread { thread: thread.node_id.clone(), comment: comment.clone() };
    vec![resolve, Operation::Minimize { node_id: comment }]
}
