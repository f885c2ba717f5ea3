//! What is read of GitHub's REST responses.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::model::{Account, AccountKind, Actor, PullRequest, RepositoryFacts};

/// A `simple-user`.
#[derive(Debug, Deserialize)]
pub(super) struct UserData {
    pub(super) id: u64,
    login: String,
    #[serde(rename = "type")]
    kind: String,
}

impl From<UserData> for Account {
    fn from(user: UserData) -> Self {
        // Organizations, mannequins and whatever comes next are not persons.
        let kind = if user.kind == "User" { AccountKind::User } else { AccountKind::Bot };
        Self { actor: Actor { id: user.id, login: user.login }, kind }
    }
}

/// A `pull-request`, or one of a list, which lacks `merged`.
#[derive(Debug, Deserialize)]
pub(super) struct PullData {
    number: u64,
    user: Option<UserData>,
    state: String,
    #[serde(default)]
    draft: bool,
    merged_at: Option<DateTime<Utc>>,
    merged_by: Option<UserData>,
    merge_commit_sha: Option<String>,
    head: Side<Option<Identified>>,
    base: Side<RepositoryData>,
    labels: Vec<Named>,
}

#[derive(Debug, Deserialize)]
struct Side<R> {
    #[serde(rename = "ref")]
    name: String,
    sha: String,
    repo: R,
}

/// A `repository`, or one of the smaller kinds.
#[derive(Debug, Deserialize)]
pub(super) struct RepositoryData {
    id: u64,
    full_name: String,
    default_branch: String,
    private: bool,
}

impl From<RepositoryData> for RepositoryFacts {
    fn from(repository: RepositoryData) -> Self {
        let RepositoryData { id, full_name, default_branch, private } = repository;
        Self { id, full_name, default_branch, private }
    }
}

#[derive(Debug, Deserialize)]
struct Identified {
    id: u64,
    full_name: String,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
}

impl From<PullData> for PullRequest {
    fn from(pull: PullData) -> Self {
        let merged = pull.merged_at.is_some();
        Self {
            repository: pull.base.repo.into(),
            number: pull.number,
            author: pull.user.map(Account::from),
            open: pull.state == "open",
            draft: pull.draft,
            merged,
            merged_at: pull.merged_at,
            merged_by: pull.merged_by.map(|user| Account::from(user).actor),
            // Before the merge it is the test merge, which never lands.
            merge_commit_sha: pull.merge_commit_sha.filter(|_| merged),
            head_sha: pull.head.sha,
            head_repository: pull.head.repo.as_ref().map(|repo| repo.id),
            head_full_name: pull.head.repo.map(|repo| repo.full_name),
            head_ref: pull.head.name,
            base_ref: pull.base.name,
            labels: pull.labels.into_iter().map(|label| label.name).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_users_are_persons() {
        for (kind, expected) in [
            ("User", AccountKind::User),
            ("Bot", AccountKind::Bot),
            ("Organization", AccountKind::Bot),
            ("Mannequin", AccountKind::Bot),
            ("Agent", AccountKind::Bot),
        ] {
            let user = UserData { id: 1, login: "x".to_owned(), kind: kind.to_owned() };
            assert_eq!(Account::from(user).kind, expected, "{kind}");
        }
    }
}
