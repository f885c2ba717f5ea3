//! What a run looks at once more before it writes.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::json;

use super::{Error, Failure, Github, request::Graphql};
use crate::model::{CommitStatus, Present, StatusState};

/// What a run looks at right before it writes, in one query.
/// Source: <https://docs.github.com/en/graphql/reference/objects#commit>
const PRESENT: &str = "
query Present(
  $owner: String!, $name: String!, $number: Int!, $sha: GitObjectID!, $context: String!,
  $withStatus: Boolean!
) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) { state headRefOid baseRefName }
    object(oid: $sha) @include(if: $withStatus) {
      ... on Commit {
        status { context(name: $context) { state description } }
        associatedPullRequests(first: 100) {
          nodes { number state headRefOid }
        }
      }
    }
  }
}";

#[derive(Deserialize)]
struct PresentData {
    repository: RepositoryData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RepositoryData {
    pull_request: PullData,
    object: Option<CommitData>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PullData {
    state: String,
    head_ref_oid: String,
    base_ref_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommitData {
    status: Option<Contexts>,
    associated_pull_requests: Associated,
}

#[derive(Deserialize)]
struct Contexts {
    context: Option<ContextData>,
}

#[derive(Deserialize)]
struct ContextData {
    state: String,
    description: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Associated {
    nodes: Vec<AssociatedData>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssociatedData {
    number: u64,
    state: String,
    head_ref_oid: String,
}

/// GraphQL's names are upper-case, and `EXPECTED` is what a required status is before anybody posts it.
fn state(name: &str) -> Option<StatusState> {
    serde_json::from_value(json!(name.to_ascii_lowercase())).ok()
}

impl Github {
    /// A pull request, and the status of `context` on `sha`, as they are now. Without a context neither the status nor
    /// other pull requests are asked for, which takes fewer permissions.
    pub async fn present(&self, number: u64, sha: &str, context: Option<&str>) -> Result<Present, Error> {
        let permission = if context.is_some() { "statuses: read" } else { "pull-requests: read" };
        let variables = json!({
            "owner": self.owner,
            "name": self.name,
            "number": number,
            "sha": sha,
            "context": context.unwrap_or_default(),
            "withStatus": context.is_some(),
        });
        let call = Graphql { operation: "Present", text: PRESENT, variables, permission, reads: true };
        let RepositoryData { pull_request, object } = self.graphql::<PresentData>(call).await?.repository;
        let failure = |message: &str| {
            Error::Other(Failure {
                call: format!("POST {} (Present)", self.graphql_route()),
                status: Some(http::StatusCode::OK),
                request_id: None,
                message: message.to_owned(),
                permission,
            })
        };
        let open = pull_request.state == "OPEN";
        let (head_sha, base_ref) = (pull_request.head_ref_oid, pull_request.base_ref_name);
        if context.is_none() {
            return Ok(Present { open, head_sha, base_ref, status: None, same_head: BTreeSet::new() });
        }
        let commit = object.ok_or_else(|| failure("GitHub does not know the commit that was judged"))?;
        let status = commit.status.and_then(|status| status.context).and_then(|context| {
            Some(CommitStatus { state: state(&context.state)?, description: context.description.unwrap_or_default() })
        });
        let associated = commit.associated_pull_requests.nodes.into_iter();
        let same_head = associated.filter(|pull| pull.state == "OPEN" && pull.head_ref_oid == sha);
        let same_head = same_head.map(|pull| pull.number).collect();
        Ok(Present { open, head_sha, base_ref, status, same_head })
    }
}
