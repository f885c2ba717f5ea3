//! Runs of workflows.

use serde_json::{Value, json};

use super::super::model::{PullRequest, State};
use super::{api, commit, repository, time, user};

const PATH: &str = ".github/workflows/schema-registry-validate.yml";

/// A run that has ended.
pub struct Run<'a> {
    /// `pull_request` and so on.
    pub event: &'a str,
    pub branch: &'a str,
    pub sha: &'a str,
    /// Of the branch; `None` when it was deleted.
    pub repository: Option<u64>,
    pub actor: &'a str,
    pub pulls: Vec<&'a PullRequest>,
}

/// The payload of `workflow_run`, action `completed`.
pub fn workflow_run(state: &State, repo: u64, run: &Run<'_>) -> Value {
    let name = state.repo(repo).full_name();
    let url = api(state, &format!("/repos/{name}/actions/runs/30433642"));
    let workflow = api(state, &format!("/repos/{name}/actions/workflows/159038"));
    let at = time(state.clock.now());
    let head = run.repository.map_or(Value::Null, |head| repository(state, head));
    let pulls = run.pulls.iter().map(|pull| {
        let side = |id: u64, branch: &str, sha: &str| {
            let name = state.repo(id).full_name();
            let repo = json!({"id": id, "url": api(state, &format!("/repos/{name}")), "name": state.repo(id).name});
            json!({"ref": branch, "sha": sha, "repo": repo})
        };
        json!({
            "id": pull.id,
            "number": pull.number,
            "url": api(state, &format!("/repos/{name}/pulls/{}", pull.number)),
            "head": side(repo, &pull.head_ref, &pull.head_sha),
            "base": side(repo, &pull.base_ref, &pull.base_sha),
        })
    });
    let pulls: Vec<Value> = pulls.collect();
    let commit = commit(state, repo, run.sha);
    json!({
        "action": "completed",
        "workflow_run": {
            "id": 30_433_642,
            "name": "Schema validation",
            "node_id": "MDEyOldvcmtmbG93IFJ1bjI2OTI4OQ==",
            "head_branch": run.branch,
            "head_sha": run.sha,
            "path": PATH,
            "display_title": "Schema validation",
            "run_number": 562,
            "event": run.event,
            "status": "completed",
            "conclusion": "success",
            "workflow_id": 159_038,
            "check_suite_id": 414_944_374,
            "check_suite_node_id": "MDEwOkNoZWNrU3VpdGU0MTQ5NDQzNzQ=",
            "url": url,
            "html_url": format!("{}/{name}/actions/runs/30433642", state.url),
            "pull_requests": pulls,
            "created_at": at,
            "updated_at": at,
            "actor": user(state, run.actor),
            "run_attempt": 1,
            "referenced_workflows": [],
            "run_started_at": at,
            "triggering_actor": user(state, run.actor),
            "jobs_url": format!("{url}/jobs"),
            "logs_url": format!("{url}/logs"),
            "check_suite_url": api(state, &format!("/repos/{name}/check-suites/414944374")),
            "artifacts_url": format!("{url}/artifacts"),
            "cancel_url": format!("{url}/cancel"),
            "rerun_url": format!("{url}/rerun"),
            "previous_attempt_url": null,
            "workflow_url": workflow,
            "head_commit": {
                "id": run.sha,
                "tree_id": commit["commit"]["tree"]["sha"],
                "message": commit["commit"]["message"],
                "timestamp": commit["commit"]["committer"]["date"],
                "author": commit["commit"]["author"],
                "committer": commit["commit"]["committer"],
            },
            "repository": repository(state, repo),
            "head_repository": head,
        },
        "workflow": workflow_object(state, &name, &workflow, &at),
        "repository": repository(state, repo),
        "sender": user(state, run.actor),
    })
}

fn workflow_object(state: &State, name: &str, url: &str, at: &str) -> Value {
    json!({
        "id": 159_038,
        "node_id": "MDg6V29ya2Zsb3cxNTkwMzg=",
        "name": "Schema validation",
        "path": PATH,
        "state": "active",
        "created_at": at,
        "updated_at": at,
        "url": url,
        "html_url": format!("{}/{name}/blob/main/{PATH}", state.url),
        "badge_url": format!("{}/{name}/workflows/CI/badge.svg", state.url),
    })
}
