//! The repository, its collaborators, and comparisons.

use serde_json::{Value, json};

use super::{
    git,
    model::{Access, Scope, State},
    payloads,
    reply::{Outcome, Reply, page},
    routes::Call,
};

/// `GET /repos/{owner}/{repo}`
#[expect(clippy::unnecessary_wraps, reason = "handlers of routes look alike")]
pub fn repository(state: &mut State, call: &Call) -> Outcome {
    Ok(Reply::json(200, &payloads::full_repository(state, call.repo)))
}

/// `GET /repos/{owner}/{repo}/compare/{basehead}`
pub fn compare(state: &mut State, call: &Call) -> Outcome {
    call.require(state, Access::Read, &[Scope::Contents])?;
    let dir = state.repo(call.repo).git.clone();
    let (base, head) = call.params[0].split_once("...").ok_or_else(Reply::not_found)?;
    let resolve = |name: &str| {
        let spec = format!("{name}^{{commit}}");
        git::attempt(&dir, &["rev-parse", "--verify", "--quiet", "--end-of-options", &spec])
            .ok_or_else(Reply::not_found)
    };
    let (base, head) = (resolve(base)?, resolve(head)?);
    let merge_base = git::attempt(&dir, &["merge-base", &base, &head])
        .ok_or_else(|| Reply::error(404, &format!("No common ancestor between {base} and {head}.")))?;
    let commits = git::run(&dir, &["rev-list", "--reverse", &format!("{base}..{head}")]);
    let commits: Vec<Value> = commits.lines().map(|sha| Value::String(sha.to_owned())).collect();
    page(call, &state.url, state.page_limit, commits, |shown| {
        let shown: Vec<String> = shown.iter().filter_map(|sha| sha.as_str().map(str::to_owned)).collect();
        payloads::comparison(state, call.repo, &base, &head, &merge_base, &shown)
    })
}

/// `GET /repos/{owner}/{repo}/collaborators/{login}/permission`
pub fn permission(state: &mut State, call: &Call) -> Outcome {
    if call.token.is_none() {
        return Err(Reply::error(401, "Requires authentication"));
    }
    let login = &call.params[0];
    let user = state.users.values().find(|user| user.login.eq_ignore_ascii_case(login) && !user.deleted);
    let user = user.ok_or_else(Reply::not_found)?;
    let role = state.repo(call.repo).role(&user.login).ok_or_else(|| {
        let message = format!("{} is not a user", user.login);
        Reply::error(404, &message)
    })?;
    Ok(Reply::json(200, &payloads::permission(state, &user.login, role)))
}

/// `GET /repos/{owner}/{repo}/rules/branches/{branch}`: whoever sees the repository may read them.
pub fn rules(state: &mut State, call: &Call) -> Outcome {
    let repo = state.repo(call.repo);
    let source = json!({"ruleset_source_type": "Repository", "ruleset_source": repo.full_name(), "ruleset_id": 1});
    let rules = repo.rules.get(&call.params[0]).into_iter().flatten();
    let items: Vec<Value> = rules.map(|rule| payloads::with(rule.clone(), source.clone())).collect();
    page(call, &state.url, state.page_limit, items, Into::into)
}
