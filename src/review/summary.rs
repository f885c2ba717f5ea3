//! The sticky summary: one comment, ours, kept up to date in place.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

use super::{
    Operation, PlanInput,
    marker::{SummaryMarker, same, text_digest},
};
use crate::model::{Comment, Conversation, Digest};

/// What the summary should say.
#[derive(Debug, Clone, Copy)]
pub struct SummaryText<'a> {
    /// Markdown without a marker.
    pub markdown: &'a str,
    /// The approval digest that it shows; `None` where there is nothing to approve.
    pub digest: Option<Digest>,
}

/// Since when the summary has shown `digest` without anybody changing it; `None` where it does not show it now.
///
/// This is the earliest that an approval of these bytes may be from: the marker's own word, but not before GitHub says
/// that the comment was made.
#[must_use]
pub fn shown_since(conversation: &Conversation, digest: Digest) -> Option<DateTime<Utc>> {
    let (comment, marker) = current(conversation)?;
    (marker.digest == Some(digest) && is_intact(comment)).then(|| marker.since.max(comment.created_at))
}

/// What writes `words` under the summary of a pull request that was merged; `None` where they are there already.
///
/// Nothing is evaluated any more, so the summary stays as it was. One that somebody edited is not: of it only the words
/// are kept, as where there was none.
#[must_use]
pub fn conclude(conversation: &Conversation, words: &str, head_sha: &str, now: DateTime<Utc>) -> Option<Operation> {
    let nothing = || SummaryMarker {
        digest: None,
        head: head_sha.to_owned(),
        since: whole_seconds(now),
        body: text_digest(words),
    };
    let Some((comment, marker)) = current(conversation) else {
        return Some(Operation::CreateComment { body: nothing().comment(&format!("{words}\n")) });
    };
    let text = SummaryMarker::parse(&comment.body).map(|(_, text)| text.trim()).filter(|_| is_intact(comment));
    let (marker, text) = match text {
        Some(text) if text.ends_with(words) => return None,
        Some(text) => (marker, format!("{text}\n\n{words}")),
        None => (nothing(), words.to_owned()),
    };
    let marker = SummaryMarker { body: text_digest(&text), ..marker };
    Some(Operation::UpdateComment { id: comment.id, body: marker.comment(&(text + "\n")) })
}

/// What to write, then what to hide.
///
/// An own comment with a summary's marker is the summary even when somebody edited it: writing it again is how the edit
/// goes away. But what it says is believed, and its age counted, only while it is intact.
pub(super) fn reconcile(input: &PlanInput<'_>) -> (Option<Operation>, Vec<Operation>) {
    let current = current(input.conversation);
    let keep = current.as_ref().filter(|_| input.summary.is_some()).map(|(comment, _)| comment.id);
    let write = input.summary.and_then(|wanted| {
        let body = comment_of(input, wanted);
        match current {
            None => Some(Operation::CreateComment { body }),
            Some((comment, _)) if is_intact(comment) && same(&comment.body, &body) => None,
            Some((comment, _)) => Some(Operation::UpdateComment { id: comment.id, body }),
        }
    });
    // Two summaries are what a lost response leaves behind; the first one stays.
    let hide = summaries(input.conversation)
        .filter(|(comment, _)| Some(comment.id) != keep)
        .map(|(comment, _)| Operation::Minimize { node_id: comment.node_id.clone() })
        .collect();
    (write, hide)
}

/// The comment with its marker; its age goes on while it shows the same digest.
fn comment_of(input: &PlanInput<'_>, wanted: SummaryText<'_>) -> String {
    let digest = wanted.digest;
    let since = current(input.conversation)
        .filter(|(comment, marker)| is_intact(comment) && marker.digest == digest)
        .map_or_else(|| whole_seconds(input.now), |(_, marker)| marker.since);
    let head = input.head_sha.to_owned();
    SummaryMarker { digest, head, since, body: text_digest(wanted.markdown) }.comment(wanted.markdown)
}

/// The summary that people see: the first that is not hidden.
fn current(conversation: &Conversation) -> Option<(&Comment, SummaryMarker)> {
    summaries(conversation).next()
}

fn summaries(conversation: &Conversation) -> impl Iterator<Item = (&Comment, SummaryMarker)> {
    conversation
        .comments
        .iter()
        .filter(|comment| comment.ours && !comment.minimized)
        .filter_map(|comment| Some((comment, SummaryMarker::parse(&comment.body)?.0)))
}

/// Whether the comment says what this tool wrote.
fn is_intact(comment: &Comment) -> bool {
    let written = SummaryMarker::parse(&comment.body);
    !comment.edited_by_other && written.is_some_and(|(marker, text)| text_digest(text) == marker.body)
}

/// The next whole second, so that a marker never claims more time than there was.
fn whole_seconds(now: DateTime<Utc>) -> DateTime<Utc> {
    let second = TimeDelta::seconds(1);
    match now.duration_trunc(second) {
        Ok(whole) if whole < now => whole + second,
        _ => now,
    }
}
