//! The repository and its pull requests.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{
    Error, Github,
    data::{PullData, RepositoryData},
    request::{Request, segment},
};
use crate::model::{PullRequest, RepositoryFacts};

/// What reading pull requests needs.
const READ: &str = "pull-requests: read";

/// A pull request of a list with its age.
#[derive(Deserialize)]
struct Dated {
    created_at: DateTime<Utc>,
    #[serde(flatten)]
    pull: PullData,
}

#[derive(Deserialize)]
struct Comparison {
    merge_base_commit: Commit,
    total_commits: usize,
    commits: Vec<Commit>,
}

#[derive(Deserialize)]
struct Commit {
    sha: String,
    #[serde(default)]
    parents: Vec<Parent>,
}

#[derive(Deserialize)]
struct Parent {
    sha: String,
}

/// Where two branches meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    /// A best common ancestor.
    pub merge_base: String,
    /// Whether there can be no other that is as good.
    pub only: bool,
}

impl Github {
    /// The repository, under its present name.
    /// Source: <https://docs.github.com/en/rest/repos/repos#get-a-repository>
    pub async fn repository(&self) -> Result<RepositoryFacts, Error> {
        Ok(self.send(Request::get(self.route(""), "metadata: read")).await?.json::<RepositoryData>()?.into())
    }

    /// A pull request.
    /// Source: <https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request>
    pub async fn pull_request(&self, number: u64) -> Result<PullRequest, Error> {
        let route = self.route(&format!("/pulls/{number}"));
        Ok(self.send(Request::get(route, READ)).await?.json::<PullData>()?.into())
    }

    /// The open pull requests, newest first: all, or those to one base branch.
    /// Source: <https://docs.github.com/en/rest/pulls/pulls#list-pull-requests>
    pub async fn open_pull_requests(&self, base_ref: Option<&str>) -> Result<Vec<PullRequest>, Error> {
        let base = base_ref.map(|base| format!("&base={}", segment(base))).unwrap_or_default();
        self.pulls(&format!("/pulls?state=open{base}")).await
    }

    /// The open pull requests from a branch of `owner`'s repository or fork, newest first.
    pub async fn open_pull_requests_from(&self, owner: &str, branch: &str) -> Result<Vec<PullRequest>, Error> {
        self.pulls(&format!("/pulls?state=open&head={}", segment(&format!("{owner}:{branch}")))).await
    }

    /// The pull requests, open or not, that were opened after `since`, newest first.
    /// Source: <https://docs.github.com/en/rest/pulls/pulls#list-pull-requests>
    pub async fn pull_requests_since(&self, since: DateTime<Utc>) -> Result<Vec<PullRequest>, Error> {
        let route = self.route("/pulls?state=all&sort=created&direction=desc");
        let mut found = Vec::new();
        self.pages(&route, READ, |page: Vec<Dated>| {
            let older = page.iter().position(|pull| pull.created_at <= since);
            let wanted = older.unwrap_or(page.len());
            found.extend(page.into_iter().take(wanted).map(|pull| PullRequest::from(pull.pull)));
            older.map(drop)
        })
        .await?;
        Ok(found)
    }

    /// The closed pull requests to a base branch that changed last, one page of them, newest first. It knows a merge at
    /// once, unlike [`Github::pull_requests_of_commit`].
    /// Source: <https://docs.github.com/en/rest/pulls/pulls#list-pull-requests>
    pub async fn recently_closed(&self, base_ref: &str) -> Result<Vec<PullRequest>, Error> {
        let query = format!("state=closed&base={}&sort=updated&direction=desc", segment(base_ref));
        let mut found = Vec::new();
        self.pages(&self.route(&format!("/pulls?{query}")), READ, |page: Vec<PullData>| {
            found.extend(page.into_iter().map(PullRequest::from));
            Some(())
        })
        .await?;
        Ok(found)
    }

    async fn pulls(&self, route: &str) -> Result<Vec<PullRequest>, Error> {
        let pulls: Vec<PullData> = self.list(&self.route(route), READ).await?;
        Ok(pulls.into_iter().map(PullRequest::from).collect())
    }

    /// The pull requests that GitHub connects with a commit: merged ones that brought it to the default branch, else
    /// those that have it. It can lag behind a merge, and name unrelated ones.
    /// Source: <https://docs.github.com/en/rest/commits/commits#list-pull-requests-associated-with-a-commit>
    pub async fn pull_requests_of_commit(&self, sha: &str) -> Result<Vec<PullRequest>, Error> {
        self.pulls(&format!("/commits/{}/pulls", segment(sha))).await
    }

    /// The best common ancestor of two commits, for clones that are too shallow to know.
    /// Source: <https://docs.github.com/en/rest/commits/commits#compare-two-commits>
    pub async fn merge_base(&self, base: &str, head: &str) -> Result<String, Error> {
        Ok(self.compare(base, head, 1).await?.merge_base_commit.sha)
    }

    /// Where two branches meet. Whether that is the only such commit shows in the first commits of `head` alone: every way
    /// out of them leads to a commit of `base`, so where all lead to one, whatever both have is that one or before it.
    pub async fn meeting(&self, base: &str, head: &str) -> Result<Meeting, Error> {
        let Comparison { merge_base_commit, total_commits, commits } = self.compare(base, head, 100).await?;
        let merge_base = merge_base_commit.sha;
        let ids: BTreeSet<&str> = commits.iter().map(|commit| commit.sha.as_str()).collect();
        let mut parents = commits.iter().flat_map(|commit| &commit.parents);
        let leads_there = parents.all(|parent| parent.sha == merge_base || ids.contains(parent.sha.as_str()));
        Ok(Meeting { only: leads_there && ids.len() == total_commits, merge_base })
    }

    async fn compare(&self, base: &str, head: &str, commits: usize) -> Result<Comparison, Error> {
        let route = format!("/compare/{}...{}?per_page={commits}", segment(base), segment(head));
        self.send(Request::get(self.route(&route), "contents: read")).await?.json()
    }
}
