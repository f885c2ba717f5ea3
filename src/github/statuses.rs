//! Commit statuses.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::{
    Error, Github,
    request::{Request, segment},
};
use crate::model::{CommitStatus, StatusState};

#[derive(Deserialize)]
struct Combined {
    statuses: Vec<StatusData>,
}

#[derive(Deserialize)]
struct StatusData {
    context: String,
    state: StatusState,
    description: Option<String>,
}

impl Github {
    /// The newest status of a context on a commit, whoever posted it. GitHub compares contexts without case.
    /// Source: <https://docs.github.com/en/rest/commits/statuses#get-the-combined-status-for-a-specific-reference>
    pub async fn status(&self, sha: &str, context: &str) -> Result<Option<CommitStatus>, Error> {
        let route = self.route(&format!("/commits/{}/status", segment(sha)));
        let find =
            |page: Combined| page.statuses.into_iter().find(|status| status.context.eq_ignore_ascii_case(context));
        let found = self.pages(&route, "statuses: read", find).await?;
        Ok(found
            .map(|status| CommitStatus { state: status.state, description: status.description.unwrap_or_default() }))
    }

    /// Posts a status. The description has at most 140 characters.
    /// Source: <https://docs.github.com/en/rest/commits/statuses#create-a-commit-status>
    pub async fn set_status(
        &self,
        sha: &str,
        context: &str,
        status: &CommitStatus,
        target_url: Option<&str>,
    ) -> Result<(), Error> {
        let mut body = json!({"state": status.state, "description": status.description, "context": context});
        if let Some(url) = target_url {
            body["target_url"] = json!(url);
        }
        let route = self.route(&format!("/statuses/{}", segment(sha)));
        self.send(Request::write(Method::POST, route, Some(body), "statuses: write")).await?;
        Ok(())
    }
}
