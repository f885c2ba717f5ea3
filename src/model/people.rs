//! The people around a pull request.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Account;

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
    /// Who; `None` for a deleted account, or where GitHub names none.
    pub actor: Option<Account>,
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

/// Whom GitHub names in the commits of a pull request, of which it shows 250 at most.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommitAccounts {
    /// User ids by commit and lower-case address, where the address is an account's.
    pub owners: BTreeMap<(String, String), u64>,
    /// Commit, contribution and user id of every account, also where its address is not told.
    pub named: Vec<(String, Contribution, u64)>,
    /// Commits that have more authors than GitHub was asked for.
    pub crowded: Vec<String>,
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
    /// What could not be told. While there is any, nobody is known not to be a contributor.
    pub unknown: Vec<Unknown>,
    /// When the head was pushed, by GitHub's clock.
    pub head_since: Option<DateTime<Utc>>,
}

/// What could not be told of who had a hand in the commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// A sentence without a full stop: hostile text.
    pub what: String,
    /// Whether it stays so on this branch, whatever is pushed to it.
    pub stays: bool,
}

impl Unknown {
    /// What another commit or another run may mend.
    #[must_use]
    pub fn for_now(what: impl Into<String>) -> Self {
        Self { what: what.into(), stays: false }
    }
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
