//! Comments on lines and files: which to post, which to hide, which to leave alone.

use std::collections::BTreeMap;

use super::{
    InlineComment, MAX_FILE_COMMENTS, MAX_INLINE, Operation, Place,
    marker::{parse_violation, same, violation_comment, violation_key},
};
use crate::model::{Conversation, Thread, Violation};

/// A violation with its place and what a comment says about it.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The violation; a waived one wants no comment.
    pub violation: &'a Violation,
    /// The file's text at the head, where it was judged.
    pub text: &'a str,
    /// Where it goes; `None` where the diff has no place for it, which keeps a comment that exists and makes no new one.
    pub place: Option<Place>,
    /// Markdown without a marker.
    pub body: String,
}

/// What to do about the threads.
#[derive(Debug, Default)]
pub(super) struct Reconciled {
    /// Comments on lines, for one review.
    pub(super) lines: Vec<InlineComment>,
    /// Comments on files: path and body.
    pub(super) files: Vec<(String, String)>,
    pub(super) hide: Vec<Operation>,
}

/// A comment that should be there.
struct Asked<'a> {
    key: String,
    body: String,
    /// Where it goes when it has to be posted; `None` also where the limits leave no room.
    place: Option<&'a Place>,
    path: &'a str,
}

/// Compares the violations with the threads that are there.
///
/// - An open comment of ours that says what should be said stays, wherever its line has moved.
/// - When GitHub folds it away because its line changed, or when there is something else to say about the same violation,
///   it is posted anew where the violation is now, and the old one hidden.
/// - A violation without a comment gets one, if it is among the first [`MAX_INLINE`] of those that have a line in the
///   diff, or the first [`MAX_FILE_COMMENTS`] of those that have only a file there, by severity, then place.
/// - Unless a person resolved the thread or wrote in it: that was an answer, and asking again would be nagging. The summary
///   goes on listing the violation.
/// - A comment that is minimised was hidden when the violation went away; when it comes back, so does a comment.
/// - An open comment of ours about a violation that is gone is hidden, as is the second of two about the same.
/// - A thread in which somebody else wrote, or whose comment somebody edited, is not touched.
pub(super) fn reconcile(conversation: &Conversation, wanted: &[Wanted<'_>]) -> Reconciled {
    let mut threads: BTreeMap<&str, Vec<&Thread>> = BTreeMap::new();
    for (key, thread) in own_threads(conversation) {
        threads.entry(key).or_default().push(thread);
    }
    let (told, untold): (Vec<_>, Vec<_>) =
        asked(wanted).into_iter().partition(|asked| take(&mut threads, asked, |thread| says(thread, asked)));
    drop(told);
    let new = untold.into_iter().filter(|asked| {
        !take(&mut threads, asked, is_answered) && (asked.place.is_some() || !take(&mut threads, asked, |_| true))
    });
    let mut reconciled = Reconciled::default();
    for Asked { key, body, place, path } in new {
        let (path, body) = (path.to_owned(), violation_comment(&key, &body));
        match place {
            Some(Place::Lines { start, end }) => {
                let start_line = Some(*start).filter(|start| start < end);
                reconciled.lines.push(InlineComment { path, start_line, line: *end, body });
            }
            Some(Place::File) => reconciled.files.push((path, body)),
            None => {}
        }
    }
    let gone = threads.into_values().flatten().filter(|thread| !is_answered(thread));
    reconciled.hide = gone.flat_map(hidden_thread).collect();
    reconciled
}

/// What should be said, the worst first, as far as the limits go.
fn asked<'a>(wanted: &'a [Wanted<'a>]) -> Vec<Asked<'a>> {
    let mut wanted: Vec<&Wanted<'_>> = wanted.iter().filter(|wanted| wanted.violation.waived.is_none()).collect();
    wanted.sort_by_key(|wanted| {
        let violation = wanted.violation;
        (violation.severity, &violation.location, violation.rule, &violation.message)
    });
    let (mut lines, mut files) = (0, 0);
    let room = |place: &&Place| {
        let (count, max) = match place {
            Place::Lines { .. } => (&mut lines, MAX_INLINE),
            Place::File => (&mut files, MAX_FILE_COMMENTS),
        };
        *count += 1;
        *count <= max
    };
    let mut room = room;
    let mut asked: Vec<Asked<'_>> = wanted
        .into_iter()
        .map(|wanted| Asked {
            key: violation_key(wanted.violation, wanted.text),
            body: wanted.body.clone(),
            place: wanted.place.as_ref().filter(&mut room),
            path: &wanted.violation.location.file,
        })
        .collect();
    // Of two that are alike, the one that could be posted anew has the first claim on a comment that is there.
    asked.sort_by_key(|asked| asked.place.is_none());
    asked
}

/// Takes the first thread about the violation that `fits`; whether there was one.
fn take(threads: &mut BTreeMap<&str, Vec<&Thread>>, asked: &Asked<'_>, fits: impl Fn(&Thread) -> bool) -> bool {
    let Some(same_key) = threads.get_mut(asked.key.as_str()) else { return false };
    let found = same_key.iter().position(|thread| fits(thread));
    found.map(|at| same_key.remove(at)).is_some()
}

/// Whether the thread shows the comment as it should be, or a person has dealt with it.
fn says(thread: &Thread, asked: &Asked<'_>) -> bool {
    let folded = thread.outdated && matches!(asked.place, Some(Place::Lines { .. }));
    let body = thread.comments.first().map(|comment| comment.body.as_str()).unwrap_or_default();
    same(body, &violation_comment(&asked.key, &asked.body)) && (is_answered(thread) || !folded)
}

/// Threads that an intact comment of ours opened and that nobody hid, with the key of its violation.
fn own_threads(conversation: &Conversation) -> impl Iterator<Item = (&str, &Thread)> {
    conversation.threads.iter().filter_map(|thread| {
        let first = thread.comments.first().filter(|comment| comment.ours && !comment.edited_by_other)?;
        Some((parse_violation(&first.body)?, thread)).filter(|_| !first.minimized)
    })
}

/// Whether a person resolved the thread, or wrote in it.
fn is_answered(thread: &Thread) -> bool {
    thread.resolved || thread.comments.iter().any(|comment| !comment.ours)
}

/// Resolved where the token may, minimised in any case: a comment that is minimised was hidden by us, a thread that is
/// only resolved was resolved by a person.
fn hidden_thread(thread: &Thread) -> Vec<Operation> {
    let comment = thread.comments.first().map(|comment| comment.node_id.clone()).unwrap_or_default();
    let resolve = Operation::ResolveThread { thread: thread.node_id.clone(), comment: comment.clone() };
    vec![resolve, Operation::Minimize { node_id: comment }]
}
