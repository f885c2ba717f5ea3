//! Who set which label when, and what role they have.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::{
    Error, Failure, Github,
    data::UserData,
    request::{Request, segment},
};
use crate::model::{Account, ApproveCommand, LabelEvent, Role, Timeline};

/// Who approves by a comment writes this, then digits of the digest.
const COMMAND: &str = "/approve";

#[derive(Deserialize)]
struct Permission {
    #[serde(rename = "permission")]
    level: String,
    role_name: String,
    user: Option<UserData>,
}

/// A `labeled-issue-event` or an `unlabeled-issue-event`.
#[derive(Deserialize)]
struct LabelData {
    node_id: String,
    actor: Option<UserData>,
    created_at: DateTime<Utc>,
    label: Named,
    performed_via_github_app: Option<Value>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// A `timeline-comment-event`.
#[derive(Deserialize)]
struct CommentData {
    node_id: String,
    user: Option<UserData>,
    body: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    performed_via_github_app: Option<Value>,
}

impl CommentData {
    /// The command of the first line. Further lines may say why; a quotation or a fenced block is not the first line.
    fn command(self) -> Option<ApproveCommand> {
        let line = self.body.as_deref().unwrap_or_default().lines().next().unwrap_or_default();
        let digits = line.strip_prefix(COMMAND)?;
        (digits.is_empty() || digits.starts_with(char::is_whitespace)).then(|| ApproveCommand {
            id: self.node_id,
            digits: digits.trim().to_owned(),
            account: self.user.map(Account::from),
            via_app: self.performed_via_github_app.is_some(),
            edited: self.updated_at != self.created_at,
            at: self.created_at,
        })
    }
}

impl Github {
    /// What the timeline of a pull request says about its approval, oldest first. Other events are skipped unread, since
    /// GitHub adds kinds of them; a label event or a comment that cannot be read is an error, since it may revoke an
    /// approval or be one.
    /// Source: <https://docs.github.com/en/rest/issues/timeline>
    pub async fn timeline(&self, number: u64) -> Result<Timeline, Error> {
        let route = self.route(&format!("/issues/{number}/timeline"));
        let items: Vec<Value> = self.list(&route, "pull-requests: read").await?;
        let unreadable = |error: serde_json::Error| {
            Error::Other(Failure {
                call: format!("GET {route}"),
                status: Some(http::StatusCode::OK),
                request_id: None,
                message: format!("an event of the timeline is not what GitHub documents: {error}"),
                permission: "pull-requests: read",
            })
        };
        let mut timeline = Timeline::default();
        for item in items {
            let added = match item["event"].as_str() {
                Some("labeled") => true,
                Some("unlabeled") => false,
                Some("commented") => {
                    let comment: CommentData = serde_json::from_value(item).map_err(unreadable)?;
                    timeline.commands.extend(comment.command());
                    continue;
                }
                _ => continue,
            };
            let data: LabelData = serde_json::from_value(item).map_err(unreadable)?;
            timeline.labels.push(LabelEvent {
                id: data.node_id,
                label: data.label.name,
                added,
                account: data.actor.map(Account::from),
                via_app: data.performed_via_github_app.is_some(),
                at: data.created_at,
            });
        }
        Ok(timeline)
    }

    /// The role of the account that has the login now, with its numeric id; `None` where GitHub knows of none, or not of
    /// the account.
    /// Source: <https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user>
    pub async fn role(&self, login: &str) -> Result<Option<(u64, Role)>, Error> {
        let route = self.route(&format!("/collaborators/{}/permission", segment(login)));
        let permission: Permission = match self.send(Request::get(route, "metadata: read")).await {
            Ok(answer) => answer.json()?,
            Err(Error::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        // `permission` knows three levels only, of custom roles the one below.
        let writes = matches!(permission.level.as_str(), "write" | "admin");
        Ok(permission.user.map(|user| (user.id, Role { name: permission.role_name, writes })))
    }
}
