//! The repository and its pull requests.

use serde::Deserialize;

use super::{
    Error, Github,
    data::PullData,
    request::{Request, segment},
};
use crate::model::{PullRequest, RepositoryFacts};

/// What reading pull requests needs.
const READ: &str = "pull-requests: read";

#[derive(Deserialize)]
struct RepositoryData {
    id: u64,
    full_name: String,
    default_branch: String,
}

#[derive(Deserialize)]
struct Comparison {
    merge_base_commit: Commit,
}

#[derive(Deserialize)]
struct Commit {
    sha: String,
}

impl Github {
    /// The repository, under its present name.
    /// Source: <https://docs.github.com/en/rest/repos/repos#get-a-repository>
    pub async fn repository(&self) -> Result<RepositoryFacts, Error> {
        let data: RepositoryData = self.send(Request::get(self.route(""), "metadata: read")).await?.json()?;
        Ok(RepositoryFacts { id: data.id, full_name: data.full_name, default_branch: data.default_branch })
    }

    /// A pull request.
    /// Source: <https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request>
    pub async fn pull_request(&self, number: u64) -> Result<PullRequest, Error> {
        let route = self.route(&format!("/pulls/{number}"));
        Ok(self.send(Request::get(route, READ)).await?.json::<PullData>()?.into())
    }

    /// The open pull requests to a base branch, newest first.
    /// Source: <https://docs.github.com/en/rest/pulls/pulls#list-pull-requests>
    pub async fn open_pull_requests(&self, base_ref: &str) -> Result<Vec<PullRequest>, Error> {
        let route = self.route(&format!("/pulls?state=open&base={}", segment(base_ref)));
        let pulls: Vec<PullData> = self.list(&route, READ).await?;
        Ok(pulls.into_iter().map(PullRequest::from).collect())
    }

    /// The pull requests that GitHub connects with a commit: merged ones that brought it to the default branch, else
    /// those that have it. It can lag behind a merge, and name unrelated ones.
    /// Source: <https://docs.github.com/en/rest/commits/commits#list-pull-requests-associated-with-a-commit>
    pub async fn pull_requests_of_commit(&self, sha: &str) -> Result<Vec<PullRequest>, Error> {
        let route = self.route(&format!("/commits/{}/pulls", segment(sha)));
        let pulls: Vec<PullData> = self.list(&route, READ).await?;
        Ok(pulls.into_iter().map(PullRequest::from).collect())
    }

    /// The best common ancestor of two commits, for clones that are too shallow to know.
    /// Source: <https://docs.github.com/en/rest/commits/commits#compare-two-commits>
    pub async fn merge_base(&self, base: &str, head: &str) -> Result<String, Error> {
        let route = self.route(&format!("/compare/{}...{}?per_page=1", segment(base), segment(head)));
        let comparison: Comparison = self.send(Request::get(route, "contents: read")).await?.json()?;
        Ok(comparison.merge_base_commit.sha)
    }
}
