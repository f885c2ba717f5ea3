//! Responses, one builder for each kind of object, with every field that GitHub's OpenAPI description requires.
//! Source: <https://github.com/github/rest-api-description>

mod commit;
mod conversation;
mod pull;
mod repository;
mod workflow;

pub use commit::{commit, comparison};
pub use conversation::{file_comment, issue_comment, label, review, timeline_item};
pub use pull::{issue, pull_request, pull_request_simple};
pub use repository::{full_repository, repository};
pub use workflow::{Run, workflow_run};

use serde_json::{Map, Value, json};

use super::{
    model::{State, Status, Time},
    server::API,
};

/// `2026-01-05T09:00:00Z`.
pub fn time(at: Time) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub fn api(state: &State, path: &str) -> String {
    format!("{}{API}{path}", state.url)
}

/// `reaction-rollup` of what has `url`: there are none.
fn reactions(url: &str) -> Value {
    json!({
        "url": format!("{url}/reactions"), "total_count": 0, "+1": 0, "-1": 0, "laugh": 0, "hooray": 0,
        "confused": 0, "heart": 0, "rocket": 0, "eyes": 0,
    })
}

/// `object` with the fields of `more`.
pub(super) fn with(object: Value, more: Value) -> Value {
    match (object, more) {
        (Value::Object(mut object), Value::Object(more)) => {
            object.extend(more);
            Value::Object(object)
        }
        _ => unreachable!("builders make objects"),
    }
}

fn urls(root: &str, suffixes: &[(&str, &str)]) -> Value {
    Value::Object(
        suffixes.iter().map(|(field, suffix)| ((*field).to_owned(), json!(format!("{root}{suffix}")))).collect(),
    )
}

/// `simple-user`; null for a deleted account.
pub fn user(state: &State, login: &str) -> Value {
    let user = &state.users[login];
    if user.deleted {
        return Value::Null;
    }
    let escaped = login.replace('[', "%5B").replace(']', "%5D");
    let root = api(state, &format!("/users/{escaped}"));
    let links = urls(
        &root,
        &[
            ("url", ""),
            ("followers_url", "/followers"),
            ("following_url", "/following{/other_user}"),
            ("gists_url", "/gists{/gist_id}"),
            ("starred_url", "/starred{/owner}{/repo}"),
            ("subscriptions_url", "/subscriptions"),
            ("organizations_url", "/orgs"),
            ("repos_url", "/repos"),
            ("events_url", "/events{/privacy}"),
            ("received_events_url", "/received_events"),
        ],
    );
    with(
        json!({
            "login": login,
            "id": user.id,
            "node_id": format!("U_{}", user.id),
            "avatar_url": format!("{}/avatars/u/{}?v=4", state.url, user.id),
            "gravatar_id": "",
            "html_url": format!("{}/{}", state.url, if user.bot { format!("apps/{}", user.graphql_login()) } else { escaped }),
            "type": if user.bot { "Bot" } else { "User" },
            "user_view_type": "public",
            "site_admin": false,
        }),
        links,
    )
}

/// `integration`: the app that acted, or null.
pub fn app(state: &State, slug: Option<&str>) -> Value {
    let Some(slug) = slug else {
        return Value::Null;
    };
    let at = "2018-07-30T09:30:17Z";
    json!({
        "id": 15_368,
        "client_id": "Iv1.05c79e9ad1f6bdfa",
        "slug": slug,
        "node_id": "MDM6QXBwMTUzNjg=",
        "owner": user(state, "github"),
        "name": slug,
        "description": null,
        "external_url": format!("{}/features/actions", state.url),
        "html_url": format!("{}/apps/{slug}", state.url),
        "created_at": at,
        "updated_at": at,
        "permissions": {"metadata": "read", "pull_requests": "write"},
        "events": ["pull_request"],
    })
}

/// `repository-collaborator-permission`.
pub fn permission(state: &State, login: &str, role: super::model::Role) -> Value {
    let name = role.name();
    let rights = json!({
        "pull": true,
        "triage": role >= super::model::Role::Triage,
        "push": role >= super::model::Role::Write,
        "maintain": role >= super::model::Role::Maintain,
        "admin": role == super::model::Role::Admin,
    });
    json!({
        "permission": role.legacy_name(),
        "role_name": name,
        "user": with(user(state, login), json!({"role_name": name, "permissions": rights})),
    })
}

/// `status`, or with `creator` left out `simple-commit-status`.
pub fn status(state: &State, repo: u64, status: &Status, creator: bool) -> Value {
    let name = state.repo(repo).full_name();
    let mut object = json!({
        "url": api(state, &format!("/repos/{name}/statuses/{}", status.sha)),
        "avatar_url": format!("{}/avatars/u/{}?v=4", state.url, state.users[&status.creator].id),
        "id": status.id,
        "node_id": format!("SC_{}", status.id),
        "state": status.state,
        "description": status.description,
        "target_url": status.target_url,
        "context": status.context,
        "created_at": time(status.at),
        "updated_at": time(status.at),
    });
    if creator {
        object["creator"] = user(state, &status.creator);
    }
    object
}

/// `combined-commit-status` with one page of statuses.
pub fn combined_status(state: &State, repo: u64, sha: &str, all: &[&Status], page: &[Value]) -> Value {
    let name = state.repo(repo).full_name();
    let any = |wanted: &[&str]| all.iter().any(|status| wanted.contains(&status.state.as_str()));
    let overall = if any(&["error", "failure"]) {
        "failure"
    } else if all.is_empty() || any(&["pending"]) {
        "pending"
    } else {
        "success"
    };
    json!({
        "state": overall,
        "statuses": page,
        "sha": sha,
        "total_count": all.len(),
        "repository": repository(state, repo),
        "commit_url": api(state, &format!("/repos/{name}/commits/{sha}")),
        "url": api(state, &format!("/repos/{name}/commits/{sha}/status")),
    })
}

/// `_links`.
fn links(pairs: &[(&str, &str)]) -> Value {
    let pairs = pairs.iter().map(|(name, href)| ((*name).to_owned(), json!({"href": href})));
    Value::Object(pairs.collect::<Map<_, _>>())
}
