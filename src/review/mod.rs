//! From (outcome, what is on the pull request now) to an ordered list of GitHub operations.

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
