//! Who pushed, who committed, who is in a team.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;

use super::{
    Error, Github,
    data::UserData,
    request::{Graphql, segment},
};
use crate::model::{Account, CommitAccounts, Contribution, Push};

/// Whose the addresses in the commits are, and how old the label is.
/// Sources: <https://docs.github.com/en/graphql/reference/objects#commit>,
/// <https://docs.github.com/en/graphql/reference/objects#label>
const PROVENANCE: &str = "
query Provenance($owner: String!, $name: String!, $number: Int!, $label: String!, $commits: String) {
  repository(owner: $owner, name: $name) {
    labels(first: 100, query: $label) { nodes { name createdAt updatedAt } }
    pullRequest(number: $number) {
      commits(first: 100, after: $commits) {
        nodes {
          commit {
            oid
            authors(first: 50) { nodes { email user { databaseId } } pageInfo { hasNextPage endCursor } }
            committer { email user { databaseId } }
          }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}";

/// What GitHub knows about the people behind the commits of a pull request, and about the label.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Provenance {
    /// Whom it names in the commits.
    pub accounts: CommitAccounts,
    /// Since when the label has had its name; `None` where there is none, or GitHub does not tell.
    pub label_since: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Data {
    repository: RepositoryData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RepositoryData {
    labels: Option<Nodes<LabelData>>,
    pull_request: PullData,
}

#[derive(Deserialize)]
struct Nodes<T> {
    nodes: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LabelData {
    name: String,
    created_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct PullData {
    commits: Commits,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Commits {
    nodes: Vec<Node>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Node {
    commit: CommitData,
}

#[derive(Deserialize)]
struct CommitData {
    oid: String,
    authors: Authors,
    committer: Option<GitActor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authors {
    nodes: Vec<GitActor>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
struct GitActor {
    email: Option<String>,
    user: Option<User>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    database_id: Option<u64>,
}

/// An `activity`.
#[derive(Deserialize)]
struct ActivityData {
    before: String,
    after: String,
    timestamp: DateTime<Utc>,
    actor: Option<UserData>,
}

/// Adds whom a commit names. The author of the git object comes first, then those of the trailers.
fn add(accounts: &mut CommitAccounts, commit: CommitData) {
    let CommitData { oid, authors, committer } = commit;
    if authors.page_info.has_next_page {
        accounts.crowded.push(oid.clone());
    }
    let first = std::iter::once(Contribution::Authored).chain(std::iter::repeat(Contribution::CoAuthored));
    let people = first.zip(authors.nodes).chain(committer.map(|committer| (Contribution::Committed, committer)));
    for (contribution, person) in people {
        let Some(id) = person.user.and_then(|user| user.database_id) else { continue };
        accounts.named.push((oid.clone(), contribution, id));
        if let Some(email) = person.email {
            accounts.owners.insert((oid.clone(), email.to_lowercase()), id);
        }
    }
}

impl Github {
    /// Whose the addresses in the commits of a pull request are, and since when `label` has been there.
    pub async fn provenance(&self, number: u64, label: &str) -> Result<Provenance, Error> {
        let mut provenance = Provenance::default();
        let mut after: Option<String> = None;
        loop {
            let variables = json!({
                "owner": self.owner,
                "name": self.name,
                "number": number,
                "label": label,
                "commits": after,
            });
            let permission = "pull-requests: read";
            let call = Graphql { operation: "Provenance", text: PROVENANCE, variables, permission, reads: true };
            let repository = self.graphql::<Data>(call).await?.repository;
            let labels = repository.labels.map(|labels| labels.nodes).unwrap_or_default();
            let found = labels.into_iter().find(|found| found.name.to_lowercase() == label.to_lowercase());
            provenance.label_since = found.and_then(|label| label.created_at.max(label.updated_at));
            let commits = repository.pull_request.commits;
            for commit in commits.nodes.into_iter().map(|node| node.commit) {
                add(&mut provenance.accounts, commit);
            }
            after = commits.page_info.end_cursor.filter(|_| commits.page_info.has_next_page);
            if after.is_none() {
                return Ok(provenance);
            }
        }
    }

    /// The pushes to a branch of `owner/name`, which may be a fork, newest first.
    /// Source: <https://docs.github.com/en/rest/repos/repos#list-repository-activities>
    pub async fn pushes(&self, full_name: &str, branch: &str) -> Result<Vec<Push>, Error> {
        let (owner, name) = full_name.split_once('/').unwrap_or((full_name, ""));
        let reference = format!("refs/heads/{branch}");
        let route =
            format!("{}/repos/{}/{}/activity?ref={}", self.prefix, segment(owner), segment(name), segment(&reference));
        let activities: Vec<ActivityData> = self.list(&route, "contents: read").await?;
        let push = |activity: ActivityData| Push {
            before: activity.before,
            after: activity.after,
            actor: activity.actor.map(Account::from),
            at: activity.timestamp,
        };
        Ok(activities.into_iter().map(push).collect())
    }

    /// User ids of the members of `organisation/team`, those of child teams included.
    /// Source: <https://docs.github.com/en/rest/teams/members#list-team-members>
    pub async fn team_members(&self, team: &str) -> Result<BTreeSet<u64>, Error> {
        let (organisation, slug) = team.split_once('/').unwrap_or((team, ""));
        let route = format!("{}/orgs/{}/teams/{}/members", self.prefix, segment(organisation), segment(slug));
        let members: Vec<UserData> = self.list(&route, "members: read").await?;
        Ok(members.into_iter().map(|member| member.id).collect())
    }
}
