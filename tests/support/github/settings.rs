//! Settings of a repository that few may read.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    driver::RepoDriver,
    git,
    model::{Access, Scope, State},
    payloads,
    reply::{Outcome, Reply, page},
    routes::Call,
};

/// What somebody set under Settings, or nobody touched.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Classic protection by branch, as GitHub gives it.
    pub protection: BTreeMap<String, Value>,
    /// Whether Actions are switched off.
    pub actions_off: bool,
    /// Patterns of the selected Actions; any are allowed where there are none.
    pub selected: Option<Vec<String>>,
    /// Whether Actions must be named by a full commit.
    pub pinned: bool,
    /// Whether workflows that do not say get a token that writes.
    pub token_writes: bool,
    pub environments: BTreeMap<String, Environment>,
    pub secrets: BTreeSet<String>,
    pub organisation_secrets: BTreeSet<String>,
}

#[derive(Debug, Clone, Default)]
pub struct Environment {
    pub branches: Branches,
    pub secrets: BTreeSet<String>,
}

/// From where an environment may be used.
#[derive(Debug, Clone, Default)]
pub enum Branches {
    #[default]
    Any,
    Protected,
    /// `branch` or `tag`, and a pattern.
    Named(Vec<(&'static str, String)>),
}

impl RepoDriver {
    /// Somebody changes the settings.
    pub fn settings(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.lock().repo_mut(self.id()).settings);
    }

    /// Protects a branch in the classic way.
    pub fn protect(&self, branch: &str, protection: Value) {
        self.settings(|settings| {
            settings.protection.insert(branch.to_owned(), protection);
        });
    }
}

/// Refuses whoever lacks the permission, also where the repository is public.
fn only(state: &State, call: &Call, scope: Scope) -> Result<(), Reply> {
    let token = call.token.as_ref().ok_or_else(|| Reply::error(401, "Requires authentication"))?;
    if token.repo == call.repo && token.permissions.of(scope) >= Access::Read {
        return Ok(());
    }
    let kind = if state.users[&token.who.login].bot { "integration" } else { "personal access token" };
    Err(Reply::error(403, &format!("Resource not accessible by {kind}")))
}

/// `GET /repos/{owner}/{repo}/branches/{branch}/protection`
pub fn protection(state: &mut State, call: &Call) -> Outcome {
    only(state, call, Scope::Administration)?;
    let repo = state.repo(call.repo);
    let branch = &call.params[0];
    match repo.settings.protection.get(branch) {
        Some(protection) => Ok(Reply::json(200, protection)),
        None if git::tip(&repo.git, branch).is_none() => Err(Reply::error(404, "Branch not found")),
        None => Err(Reply::error(404, "Branch not protected")),
    }
}

/// `GET /repos/{owner}/{repo}/actions/permissions`
pub fn actions(state: &mut State, call: &Call) -> Outcome {
    only(state, call, Scope::Administration)?;
    let settings = &state.repo(call.repo).settings;
    let mut body = json!({"enabled": !settings.actions_off, "sha_pinning_required": settings.pinned});
    if !settings.actions_off {
        body["allowed_actions"] = if settings.selected.is_some() { "selected" } else { "all" }.into();
    }
    Ok(Reply::json(200, &body))
}

/// `GET /repos/{owner}/{repo}/actions/permissions/selected-actions`
pub fn selected(state: &mut State, call: &Call) -> Outcome {
    only(state, call, Scope::Administration)?;
    let patterns = state.repo(call.repo).settings.selected.as_ref();
    let patterns = patterns.ok_or_else(|| Reply::error(409, "Conflict"))?;
    let body = json!({"github_owned_allowed": true, "verified_allowed": false, "patterns_allowed": patterns});
    Ok(Reply::json(200, &body))
}

/// `GET /repos/{owner}/{repo}/actions/permissions/workflow`
pub fn workflow(state: &mut State, call: &Call) -> Outcome {
    only(state, call, Scope::Administration)?;
    let permissions = if state.repo(call.repo).settings.token_writes { "write" } else { "read" };
    let body = json!({"default_workflow_permissions": permissions, "can_approve_pull_request_reviews": false});
    Ok(Reply::json(200, &body))
}

fn found<'a>(state: &'a State, call: &Call) -> Result<&'a Environment, Reply> {
    state.repo(call.repo).settings.environments.get(&call.params[0]).ok_or_else(Reply::not_found)
}

/// `GET /repos/{owner}/{repo}/environments/{environment_name}`
pub fn environment(state: &mut State, call: &Call) -> Outcome {
    call.require(state, Access::Read, &[Scope::Actions])?;
    let policy = match &found(state, call)?.branches {
        Branches::Any => Value::Null,
        Branches::Protected => json!({"protected_branches": true, "custom_branch_policies": false}),
        Branches::Named(_) => json!({"protected_branches": false, "custom_branch_policies": true}),
    };
    let (repo, name) = (state.repo(call.repo), &call.params[0]);
    let (at, path) = (payloads::time(repo.created_at), repo.full_name());
    let body = json!({
        "id": 1,
        "node_id": "EN_1",
        "name": name,
        "url": format!("{}/api/v3/repos/{path}/environments/{name}", state.url),
        "html_url": format!("{}/{path}/deployments/activity_log?environments_filter={name}", state.url),
        "created_at": at,
        "updated_at": at,
        "protection_rules": [],
        "deployment_branch_policy": policy,
    });
    Ok(Reply::json(200, &body))
}

/// `GET /repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies`
pub fn branches(state: &mut State, call: &Call) -> Outcome {
    call.require(state, Access::Read, &[Scope::Actions])?;
    let Branches::Named(named) = &found(state, call)?.branches else { return Err(Reply::not_found()) };
    let items = named
        .iter()
        .zip(1_u64..)
        .map(|((kind, name), id)| json!({"id": id, "node_id": format!("DBP_{id}"), "name": name, "type": kind}));
    let items: Vec<Value> = items.collect();
    let total = items.len();
    page(call, &state.url, state.page_limit, items, |shown| json!({"total_count": total, "branch_policies": shown}))
}

/// `GET /repos/{owner}/{repo}/environments/{environment_name}/secrets`
pub fn environment_secrets(state: &mut State, call: &Call) -> Outcome {
    only(state, call, Scope::Environments)?;
    secrets(state, call, &found(state, call)?.secrets)
}

/// `GET /repos/{owner}/{repo}/actions/secrets`
pub fn repository_secrets(state: &mut State, call: &Call) -> Outcome {
    only(state, call, Scope::Secrets)?;
    secrets(state, call, &state.repo(call.repo).settings.secrets)
}

/// `GET /repos/{owner}/{repo}/actions/organization-secrets`
pub fn organisation_secrets(state: &mut State, call: &Call) -> Outcome {
    only(state, call, Scope::Secrets)?;
    secrets(state, call, &state.repo(call.repo).settings.organisation_secrets)
}

fn secrets(state: &State, call: &Call, names: &BTreeSet<String>) -> Outcome {
    let at = payloads::time(state.repo(call.repo).created_at);
    let items: Vec<Value> =
        names.iter().map(|name| json!({"name": name, "created_at": at, "updated_at": at})).collect();
    let total = items.len();
    page(call, &state.url, state.page_limit, items, |shown| json!({"total_count": total, "secrets": shown}))
}
