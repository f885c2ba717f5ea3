//! Commit statuses.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    git,
    model::{Access, Scope, State, Status},
    payloads,
    reply::{Outcome, Reply, page},
    routes::Call,
};

/// Longest description, in characters.
pub const MAX_DESCRIPTION: usize = 140;
/// Most statuses of one commit and context.
pub const MAX_PER_CONTEXT: usize = 1_000;

/// `GET /repos/{owner}/{repo}/commits/{sha}/status`
pub fn combined(state: &mut State, call: &Call) -> Outcome {
    call.require(state, Access::Read, &[Scope::Statuses])?;
    let sha = commit(state, call)?;
    let repo = state.repo(call.repo);
    let statuses = repo.statuses.iter().filter(|status| status.sha == sha);
    let latest: BTreeMap<String, &Status> = statuses.map(|status| (status.context.to_lowercase(), status)).collect();
    let latest: Vec<&Status> = latest.into_values().collect();
    let items = latest.iter().map(|status| payloads::status(state, call.repo, status, false)).collect();
    page(call, &state.url, state.page_limit, items, |shown| {
        payloads::combined_status(state, call.repo, &sha, &latest, &shown)
    })
}

fn commit(state: &State, call: &Call) -> Result<String, Reply> {
    let spec = format!("{}^{{commit}}", call.params[0]);
    git::attempt(&state.repo(call.repo).git, &["rev-parse", "--verify", "--quiet", "--end-of-options", &spec])
        .ok_or_else(|| Reply::error(422, &format!("No commit found for SHA: {}", call.params[0])))
}

/// `POST /repos/{owner}/{repo}/statuses/{sha}`
pub fn create(state: &mut State, call: &Call) -> Outcome {
    call.require(state, Access::Write, &[Scope::Statuses])?;
    let sha = commit(state, call)?;
    let invalid = |field: &str, message: String| {
        let error = json!([{"resource": "Status", "code": "custom", "field": field, "message": message}]);
        Err(Reply::unprocessable("Validation Failed", &error))
    };
    let value = call.text("state")?.to_owned();
    if !["error", "failure", "pending", "success"].contains(&value.as_str()) {
        return invalid("state", "state is not included in the list".to_owned());
    }
    let text = |field: &str| call.body[field].as_str().map(str::to_owned);
    let (context, description) = (text("context").unwrap_or_else(|| "default".to_owned()), text("description"));
    if description.as_ref().is_some_and(|text| text.chars().count() > MAX_DESCRIPTION) {
        return invalid("description", format!("description is too long (maximum is {MAX_DESCRIPTION} characters)"));
    }
    let same = |status: &&Status| status.sha == sha && status.context.eq_ignore_ascii_case(&context);
    if state.repo(call.repo).statuses.iter().filter(same).count() >= MAX_PER_CONTEXT {
        let message = "This SHA and context has reached the maximum number of statuses.";
        return invalid("base", message.to_owned());
    }
    let status = Status {
        id: state.next_id(),
        sha,
        context,
        state: value,
        description,
        target_url: text("target_url"),
        creator: call.who().login,
        at: state.clock.now(),
    };
    let body = payloads::status(state, call.repo, &status, true);
    state.repo_mut(call.repo).statuses.push(status);
    Ok(Reply::json(201, &body))
}
