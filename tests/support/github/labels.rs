//! Labels and the timeline.

use serde_json::{Value, json};

use super::{
    model::{Access, Happening, Label, Scope, State, Who},
    payloads,
    reply::{Outcome, Reply, page},
    routes::Call,
};

/// Longest name, in characters.
pub const MAX_NAME: usize = 50;

/// `GET /repos/{owner}/{repo}/issues/{number}/timeline`
pub fn timeline(state: &mut State, call: &Call) -> Outcome {
    call.require(state, Access::Read, &[Scope::Issues, Scope::PullRequests])?;
    let pull = state.pull(call.repo, call.pull(state)?);
    let items = pull.timeline.iter().map(|item| payloads::timeline_item(state, call.repo, pull, item)).collect();
    page(call, &state.url, state.page_limit, items, Into::into)
}

/// `POST /repos/{owner}/{repo}/issues/{number}/labels`
pub fn add(state: &mut State, call: &Call) -> Outcome {
    call.require(state, Access::Write, &[Scope::Issues, Scope::PullRequests])?;
    let number = call.pull(state)?;
    let names = call.body.get("labels").unwrap_or(&call.body).as_array().cloned().unwrap_or_default();
    let names: Option<Vec<&str>> = names.iter().map(Value::as_str).collect();
    let names = names.ok_or_else(|| Reply::unprocessable("Invalid request.", &json!([])))?;
    for name in &names {
        if name.is_empty() || name.chars().count() > MAX_NAME {
            let error = json!([{"resource": "Label", "code": "invalid", "field": "name"}]);
            return Err(Reply::unprocessable("Validation Failed", &error));
        }
    }
    let who = call.who();
    for name in names {
        set(state, call.repo, number, &who, name);
    }
    Ok(all(state, call.repo, number))
}

/// `DELETE /repos/{owner}/{repo}/issues/{number}/labels/{name}`
pub fn remove(state: &mut State, call: &Call) -> Outcome {
    call.require(state, Access::Write, &[Scope::Issues, Scope::PullRequests])?;
    let number = call.pull(state)?;
    let who = call.who();
    if take(state, call.repo, number, &who, &call.params[1]) {
        Ok(all(state, call.repo, number))
    } else {
        Err(Reply::error(404, "Label does not exist"))
    }
}

fn all(state: &State, repo: u64, number: u64) -> Reply {
    let names = &state.pull(repo, number).labels;
    let labels: Vec<Value> = names.iter().map(|name| payloads::label(state, repo, name)).collect();
    Reply::json(200, &labels.into())
}

/// Makes sure that the repository has the label.
pub fn ensure(state: &mut State, repo: u64, name: &str) {
    let id = state.next_id();
    let updated_at = state.clock.now();
    let label = Label { id, name: name.to_owned(), color: "ededed".to_owned(), updated_at };
    state.repo_mut(repo).labels.entry(name.to_lowercase()).or_insert(label);
}

/// Sets a label, which the repository gets when it does not have it; names differ by more than case.
pub fn set(state: &mut State, repo: u64, number: u64, who: &Who, name: &str) {
    ensure(state, repo, name);
    let name = state.repo(repo).labels[&name.to_lowercase()].name.clone();
    if !state.pull(repo, number).labels.contains(&name) {
        state.pull_mut(repo, number).labels.push(name.clone());
        state.happened(repo, number, who, Happening::Labeled(name));
    }
}

/// Removes a label; false when it is not there.
pub fn take(state: &mut State, repo: u64, number: u64, who: &Who, name: &str) -> bool {
    let labels = &mut state.pull_mut(repo, number).labels;
    let Some(at) = labels.iter().position(|label| label.eq_ignore_ascii_case(name)) else {
        return false;
    };
    let name = labels.remove(at);
    state.happened(repo, number, who, Happening::Unlabeled(name));
    true
}

/// Renames a label of the repository; everything that was ever said of it has the new name then.
pub fn rename(state: &mut State, repo: u64, from: &str, to: &str) {
    let now = state.clock.now();
    let repo = state.repo_mut(repo);
    let mut label = repo.labels.remove(&from.to_lowercase()).expect("the label exists");
    to.clone_into(&mut label.name);
    label.updated_at = now;
    repo.labels.insert(to.to_lowercase(), label);
    for pull in repo.pulls.values_mut() {
        for name in pull.labels.iter_mut().filter(|name| name.as_str() == from) {
            to.clone_into(name);
        }
        for item in &mut pull.timeline {
            if let Happening::Labeled(name) | Happening::Unlabeled(name) = &mut item.what
                && name == from
            {
                to.clone_into(name);
            }
        }
    }
}

/// Deletes a label of the repository, and with it from every pull request; the timeline stays.
pub fn delete(state: &mut State, repo: u64, name: &str) {
    let repo = state.repo_mut(repo);
    repo.labels.remove(&name.to_lowercase());
    for pull in repo.pulls.values_mut() {
        pull.labels.retain(|label| !label.eq_ignore_ascii_case(name));
    }
}
