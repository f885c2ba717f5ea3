//! The people around a pull request.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Actor;

/// A person's role in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// `read`, `triage`, `write`, `maintain`, `admin`, or the name of a custom role.
    pub name: String,
    /// Whether the person may push.
    pub writes: bool,
}

/// A push to a branch, as GitHub saw it.
/// Source: <https://docs.github.com/en/rest/repos/repos#list-repository-activities>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// The commit before; all zeros where the push made the branch.
    pub before: String,
    /// The commit after.
    pub after: String,
    /// Who; `None` for a deleted account.
    pub actor: Option<Actor>,
    /// When, by GitHub's clock.
    pub at: DateTime<Utc>,
}

/// The addresses in a commit of a pull request, from the git object itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitAddresses {
    /// Its id.
    pub sha: String,
    /// Of the author, the committer and the co-authors that the message names, in this order; lower case.
    pub addresses: Vec<(Contribution, String)>,
}

/// How somebody had a hand in the commits of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contribution {
    /// Pushed them.
    Pushed,
    /// Is the author of one.
    Authored,
    /// Is the committer of one.
    Committed,
    /// Is named by `Co-authored-by`.
    CoAuthored,
}

/// Everybody who had a hand in the commits of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contributors {
    /// By user id.
    pub people: BTreeMap<u64, Contribution>,
    /// What could not be told, one sentence each without a full stop: hostile text. While there is any, nobody is known
    /// not to be a contributor.
    pub unknown: Vec<String>,
    /// When the head was pushed, by GitHub's clock.
    pub head_since: Option<DateTime<Utc>>,
}

/// What else the author of a pull request asks for: other pull requests with requests that are older than it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Activity {
    /// Login of the author: hostile text.
    pub login: String,
    /// Numbers of the open ones, ascending. They are counted as far as the policy's limit.
    pub open: Vec<u64>,
    /// Numbers of those that were opened within the last 24 hours, ascending. They are counted as far as the limit.
    pub recent: Vec<u64>,
}
