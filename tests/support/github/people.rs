//! Pushes and teams.

use serde_json::{Value, json};

use super::{
    model::{Access, Activity, Scope, State},
    payloads,
    reply::{Outcome, Reply, page},
    routes::Call,
};

/// The commit before a branch existed.
pub const ZERO: &str = "0000000000000000000000000000000000000000";

/// `GET /repos/{owner}/{repo}/activity`
pub fn activity(state: &mut State, call: &Call) -> Outcome {
    call.require(state, Access::Read, &[Scope::Contents])?;
    let wanted = call.query.get("ref");
    let of_ref = |activity: &&Activity| wanted.is_none_or(|wanted| *wanted == activity.reference);
    let activities: Vec<&Activity> = state.repo(call.repo).activities.iter().rev().filter(of_ref).collect();
    let items = activities.iter().map(|activity| {
        json!({
            "id": activity.id,
            "node_id": format!("PSH_{}", activity.id),
            "before": activity.before,
            "after": activity.after,
            "ref": activity.reference,
            "timestamp": payloads::time(activity.at),
            "activity_type": if activity.before == ZERO { "branch_creation" } else { "push" },
            "actor": payloads::user(state, &activity.actor),
        })
    });
    let items: Vec<Value> = items.collect();
    page(call, &state.url, state.page_limit, items, Into::into)
}

/// Remembers a push.
pub fn pushed(state: &mut State, repo: u64, branch: &str, before: Option<&str>, after: &str, actor: &str) {
    let activity = Activity {
        id: state.next_id(),
        reference: format!("refs/heads/{branch}"),
        before: before.unwrap_or(ZERO).to_owned(),
        after: after.to_owned(),
        actor: actor.to_owned(),
        at: state.clock.now(),
    };
    state.repo_mut(repo).activities.push(activity);
}

/// `GET /orgs/{org}/teams/{slug}/members`: the team is not there for a token that may not see members.
pub fn members(state: &State, token: Option<&super::model::Token>, team: &str) -> Outcome {
    let may = token.is_some_and(|token| token.permissions.of(Scope::Members) >= Access::Read);
    let members = state.teams.get(team).filter(|_| may).ok_or_else(Reply::not_found)?;
    let members: Vec<Value> = members.iter().map(|login| payloads::user(state, login)).collect();
    Ok(Reply::json(200, &members.into()))
}
