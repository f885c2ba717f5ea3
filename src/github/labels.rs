//! Who set which label when, and what role they have.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::{
    Error, Failure, Github,
    data::UserData,
    request::{Request, segment},
};
use crate::model::{Account, LabelEvent};

/// A person's role in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Numeric id of the account that has the login now.
    pub user_id: u64,
    /// `read`, `triage`, `write`, `maintain`, `admin`, or the name of a custom role.
    pub role_name: String,
}

#[derive(Deserialize)]
struct Permission {
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

impl Github {
    /// The label events of a pull request, oldest first. Other events of the timeline are skipped unread, since GitHub
    /// adds kinds of them; a label event that cannot be read is an error, since it may revoke an approval.
    /// Source: <https://docs.github.com/en/rest/issues/timeline>
    pub async fn label_events(&self, number: u64) -> Result<Vec<LabelEvent>, Error> {
        let route = self.route(&format!("/issues/{number}/timeline"));
        let items: Vec<Value> = self.list(&route, "pull-requests: read").await?;
        let unreadable = |error: serde_json::Error| {
            Error::Other(Failure {
                call: format!("GET {route}"),
                status: Some(http::StatusCode::OK),
                request_id: None,
                message: format!("a label event is not what GitHub documents: {error}"),
                permission: "pull-requests: read",
            })
        };
        let mut events = Vec::new();
        for item in items {
            let added = match item["event"].as_str() {
                Some("labeled") => true,
                Some("unlabeled") => false,
                _ => continue,
            };
            let data: LabelData = serde_json::from_value(item).map_err(unreadable)?;
            events.push(LabelEvent {
                id: data.node_id,
                label: data.label.name,
                added,
                account: data.actor.map(Account::from),
                via_app: data.performed_via_github_app.is_some(),
                at: data.created_at,
            });
        }
        Ok(events)
    }

    /// The role of a person; `None` where GitHub knows of none, or not of the person.
    /// Source: <https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user>
    pub async fn role(&self, login: &str) -> Result<Option<Role>, Error> {
        let route = self.route(&format!("/collaborators/{}/permission", segment(login)));
        let permission: Permission = match self.send(Request::get(route, "metadata: read")).await {
            Ok(answer) => answer.json()?,
            Err(Error::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(permission.user.map(|user| Role { user_id: user.id, role_name: permission.role_name }))
    }
}
