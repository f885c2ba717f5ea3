//! What GitHub says about a pull request, read live.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Who did something, by GitHub's numeric id; logins are for people and change hands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Actor {
    /// Numeric user id.
    pub id: u64,
    /// Login at the time.
    pub login: String,
}

/// What kind of account an [`Account`] is. Whatever GitHub may add counts as a bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountKind {
    /// A person.
    User,
    /// An app, or anything that is not a person.
    Bot,
}

/// An actor with the kind of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Id and login.
    pub actor: Actor,
    /// Person or not.
    pub kind: AccountKind,
}

/// A repository on GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryFacts {
    /// Numeric id; survives renames and transfers.
    pub id: u64,
    /// `owner/name`.
    pub full_name: String,
    /// Name of the default branch.
    pub default_branch: String,
    /// Whether only some people can see it; internal repositories are private, too.
    pub private: bool,
}

/// A pull request, as `GET /repos/{owner}/{repo}/pulls/{number}` tells.
/// Source: <https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// The repository that it is in.
    pub repository: RepositoryFacts,
    /// Number.
    pub number: u64,
    /// Who opened it; `None` for a deleted account.
    pub author: Option<Account>,
    /// Whether it is open.
    pub open: bool,
    /// Whether it is a draft.
    pub draft: bool,
    /// Whether it was merged.
    pub merged: bool,
    /// When it was merged.
    pub merged_at: Option<DateTime<Utc>>,
    /// Who merged it; lists of pull requests do not say.
    pub merged_by: Option<Actor>,
    /// The commit that the merge made, once merged.
    pub merge_commit_sha: Option<String>,
    /// Tip of the head branch.
    pub head_sha: String,
    /// Numeric id of the repository of the head branch; `None` when it was deleted.
    pub head_repository: Option<u64>,
    /// `owner/name` of that repository.
    pub head_full_name: Option<String>,
    /// Name of the head branch, in that repository.
    pub head_ref: String,
    /// Name of the base branch.
    pub base_ref: String,
    /// Labels it has now.
    pub labels: Vec<String>,
}

/// A `labeled` or `unlabeled` event of the timeline.
/// Source: <https://docs.github.com/en/rest/using-the-rest-api/issue-event-types>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelEvent {
    /// Node id, unique for ever.
    pub id: String,
    /// Name of the label.
    pub label: String,
    /// Set, or removed.
    pub added: bool,
    /// Who; `None` for a deleted account.
    pub account: Option<Account>,
    /// Whether an app acted on the account's behalf.
    pub via_app: bool,
    /// When, by GitHub's clock.
    pub at: DateTime<Utc>,
}

/// A comment whose first line is `/approve` and the first digits of an approval digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApproveCommand {
    /// Node id of the comment.
    pub id: String,
    /// What stands after `/approve`: hostile text.
    pub digits: String,
    /// Who; `None` for a deleted account.
    pub account: Option<Account>,
    /// Whether an app acted on the account's behalf.
    pub via_app: bool,
    /// Whether the comment was edited since.
    pub edited: bool,
    /// When, by GitHub's clock.
    pub at: DateTime<Utc>,
}

/// What the timeline of a pull request says about its approval.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timeline {
    /// Oldest first.
    pub labels: Vec<LabelEvent>,
    /// Oldest first.
    pub commands: Vec<ApproveCommand>,
}

impl Timeline {
    /// Whether something happened since it was read as `before` that somebody else than the account `own_id` did.
    #[must_use]
    pub fn moved_since(&self, before: &Self, own_id: Option<u64>) -> bool {
        let by_other = |account: &Option<Account>| account.as_ref().is_none_or(|it| Some(it.actor.id) != own_id);
        let is_news = |event: &LabelEvent| by_other(&event.account) && before.labels.iter().all(|it| it.id != event.id);
        let is_said = |command: &ApproveCommand, timeline: &Self| {
            timeline.commands.iter().any(|it| it.id == command.id && (command.edited || !it.edited))
        };
        self.labels.iter().any(is_news)
            || before.commands.iter().any(|command| !is_said(command, self))
            || self.commands.iter().any(|command| before.commands.iter().all(|it| it.id != command.id))
    }

    /// Marks the commands that the conversation knows to be edited. The timeline tells it by two times in whole seconds,
    /// which an edit in the second of the comment does not tell apart.
    pub fn note_edits(&mut self, conversation: &Conversation) {
        let edited = |id: &str| conversation.comments.iter().any(|comment| comment.node_id == id && comment.edited);
        for command in &mut self.commands {
            command.edited |= edited(&command.id);
        }
    }
}

/// A comment of the conversation (not of a review).
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own that GitHub tells")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// GraphQL node id.
    pub node_id: String,
    /// REST id.
    pub id: u64,
    /// Markdown.
    pub body: String,
    /// Whether our own identity wrote it (GraphQL `viewerDidAuthor`).
    pub ours: bool,
    /// Whether anybody edited it (GraphQL `lastEditedAt`).
    pub edited: bool,
    /// Whether an account other than its author edited it last (GraphQL `editor`).
    pub edited_by_other: bool,
    /// Whether it is minimised.
    pub minimized: bool,
    /// When it was made, by GitHub's clock.
    pub created_at: DateTime<Utc>,
}

/// A review thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// GraphQL node id.
    pub node_id: String,
    /// Whether it is resolved.
    pub resolved: bool,
    /// Whether the lines that it is on have changed since: GitHub folds it away then.
    pub outdated: bool,
    /// First comment first; never empty.
    pub comments: Vec<ThreadComment>,
}

/// A comment of a [`Thread`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadComment {
    /// GraphQL node id.
    pub node_id: String,
    /// Markdown.
    pub body: String,
    /// Whether our own identity wrote it.
    pub ours: bool,
    /// Whether an account other than its author edited it last.
    pub edited_by_other: bool,
    /// Whether it is minimised.
    pub minimized: bool,
}

/// Everything said on a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conversation {
    /// Numeric id of our own identity; `None` where GitHub does not tell.
    pub viewer: Option<u64>,
    /// In order of time.
    pub comments: Vec<Comment>,
    /// In order of time.
    pub threads: Vec<Thread>,
}

/// State of a commit status, worst first.
/// Source: <https://docs.github.com/en/rest/commits/statuses#create-a-commit-status>
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusState {
    /// Blocks, for a reason in the tool or its surroundings.
    Error,
    /// Blocks.
    Failure,
    /// Blocks for now.
    Pending,
    /// Does not block.
    Success,
}

/// A commit status of our context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitStatus {
    /// State.
    pub state: StatusState,
    /// At most 140 characters.
    pub description: String,
}

/// What a run looks at once more right before it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// Whether the pull request is open.
    pub open: bool,
    /// Tip of its head branch.
    pub head_sha: String,
    /// Name of its base branch.
    pub base_ref: String,
    /// The newest status of our context on the commit that was judged, whoever posted it.
    pub status: Option<CommitStatus>,
    /// Numbers of the open pull requests whose head is that commit, as far as GitHub connects them with it: 100 at most,
    /// and none where the commit is one of the default branch.
    pub same_head: BTreeSet<u64>,
}
