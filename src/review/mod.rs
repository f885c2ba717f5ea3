//! From (outcome, what is on the pull request now) to an ordered list of GitHub operations.
//!
//! There is no memory but the pull request itself: our comments carry hidden markers, which are believed only where
//! GitHub says that our own identity wrote the comment and nobody else edited it.

mod marker;
mod place;
mod suggestion;
mod summary;
#[cfg(test)]
mod tests;
mod threads;

pub use place::{Place, place};
pub use summary::{SummaryText, conclude, shown_since};
pub use threads::Wanted;

use chrono::{DateTime, Utc};

use crate::model::Conversation;

/// Most comments on lines of a pull request at a time; more make its page slow and nobody reads them.
pub const MAX_INLINE: usize = 30;

/// Most comments on files as a whole: each takes a call of its own.
pub const MAX_FILE_COMMENTS: usize = 5;

/// What the conversation should say, and what it says.
#[derive(Debug, Clone, Copy)]
pub struct PlanInput<'a> {
    /// Everything on the pull request now.
    pub conversation: &'a Conversation,
    /// Every violation, in any order.
    pub wanted: &'a [Wanted<'a>],
    /// The summary; `None` where the pull request changes no governed file.
    pub summary: Option<SummaryText<'a>>,
    /// Tip of the head branch, which the anchors are lines of.
    pub head_sha: &'a str,
    /// Now, by the clock of the run.
    pub now: DateTime<Utc>,
}

/// What to do so that the conversation says what it should: the new comments first, then the summary, and only then what
/// is out of date is hidden, so that a run that dies on the way loses nothing.
///
/// A second plan, made after the operations were performed, is empty.
#[must_use]
pub fn plan(input: &PlanInput<'_>) -> Vec<Operation> {
    let threads = threads::reconcile(input.conversation, input.wanted);
    let mut operations = Vec::new();
    let commit = || input.head_sha.to_owned();
    if !threads.lines.is_empty() {
        operations.push(Operation::PostReview { commit: commit(), body: String::new(), comments: threads.lines });
    }
    let files = threads.files.into_iter();
    operations.extend(files.map(|(path, body)| Operation::PostFileComment { commit: commit(), path, body }));
    let (write, hide) = summary::reconcile(input);
    operations.extend(write);
    operations.extend(hide);
    operations.extend(threads.hide);
    operations
}

/// One write to a pull request's conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// One review with all its inline comments, event `COMMENT`.
    PostReview {
        /// Head commit that the lines are of.
        commit: String,
        /// Body; empty where the comments say everything.
        body: String,
        /// At most 30.
        comments: Vec<InlineComment>,
    },
    /// A comment on a file of the diff as a whole.
    PostFileComment {
        /// Head commit.
        commit: String,
        /// Path in the repository.
        path: String,
        /// Markdown.
        body: String,
    },
    /// The sticky summary, first time.
    CreateComment {
        /// Markdown.
        body: String,
    },
    /// The sticky summary, changed.
    UpdateComment {
        /// REST id.
        id: u64,
        /// Markdown.
        body: String,
    },
    /// Hides a comment as resolved.
    Minimize {
        /// GraphQL node id.
        node_id: String,
    },
    /// Resolves a thread; where the token may not, its first comment is minimised instead.
    ResolveThread {
        /// GraphQL node id of the thread.
        thread: String,
        /// GraphQL node id of its first comment.
        comment: String,
    },
    /// Removes a label.
    RemoveLabel {
        /// Name.
        label: String,
    },
    /// Sets a label.
    AddLabel {
        /// Name.
        label: String,
    },
}

impl Operation {
    /// Whether it comments on lines or files of the diff.
    #[must_use]
    pub fn is_on_the_diff(&self) -> bool {
        matches!(self, Self::PostReview { .. } | Self::PostFileComment { .. })
    }

    /// Whether performing it twice comes to the same as once.
    #[must_use]
    pub fn is_idempotent(&self) -> bool {
        !matches!(self, Self::PostReview { .. } | Self::PostFileComment { .. } | Self::CreateComment { .. })
    }
}

/// A comment on lines of the head's side of the diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InlineComment {
    /// Path in the repository.
    pub path: String,
    /// First line, where it differs from the last.
    pub start_line: Option<usize>,
    /// Last line.
    pub line: usize,
    /// Markdown.
    pub body: String,
}
