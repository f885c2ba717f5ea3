//! Pull requests.

use super::{
    git,
    model::{Access, PullRequest, Repo, Scope, State},
    payloads,
    reply::{Outcome, Reply, page},
    routes::Call,
};

/// `GET /repos/{owner}/{repo}/pulls/{number}`
pub fn get(state: &mut State, call: &Call) -> Outcome {
    call.require(state, Access::Read, &[Scope::PullRequests])?;
    let number = call.pull(state)?;
    let reply = Reply::json(200, &payloads::pull_request(state, call.repo, state.pull(call.repo, number)));
    // Asking starts the job that finds out about conflicts; whoever asks next gets its answer.
    state.pull_mut(call.repo, number).mergeable_known = true;
    Ok(reply)
}

/// `GET /repos/{owner}/{repo}/pulls`
pub fn list(state: &mut State, call: &Call) -> Outcome {
    call.require(state, Access::Read, &[Scope::PullRequests])?;
    let wanted = call.query.get("state").map_or("open", String::as_str);
    let (base, head) = (call.query.get("base"), call.query.get("head"));
    let pulls = state.repo(call.repo).pulls.values().rev();
    let pulls = pulls.filter(|pull| wanted == "all" || pull.open == (wanted == "open"));
    let pulls = pulls.filter(|pull| base.is_none_or(|base| *base == pull.base_ref));
    // `owner:branch`; what has no colon filters nothing.
    let head = head.filter(|head| head.contains(':'));
    let pulls = pulls.filter(|pull| head.is_none_or(|head| *head == label(state, pull)));
    let items = pulls.map(|pull| payloads::pull_request_simple(state, call.repo, pull)).collect();
    page(call, &state.url, state.page_limit, items, Into::into)
}

/// `owner:branch` of the head.
fn label(state: &State, pull: &PullRequest) -> String {
    let owner = pull.head_repo.map_or("unknown", |repo| state.repo(repo).owner.as_str());
    format!("{owner}:{}", pull.head_ref)
}

/// `GET /repos/{owner}/{repo}/commits/{sha}/pulls`
///
/// Of a commit of the default branch: the merged pull request that brought it. Of any other: those that have it.
pub fn of_commit(state: &mut State, call: &Call) -> Outcome {
    call.require(state, Access::Read, &[Scope::PullRequests, Scope::Contents])?;
    let repo = state.repo(call.repo);
    let spec = format!("{}^{{commit}}", call.params[0]);
    let Some(sha) = git::attempt(&repo.git, &["rev-parse", "--verify", "--quiet", "--end-of-options", &spec]) else {
        let message = format!("No commit found for SHA: {}", call.params[0]);
        return Err(Reply::error(422, &message));
    };
    let pulls = containing(repo, &sha);
    let items = pulls.map(|pull| payloads::pull_request_simple(state, call.repo, pull)).collect();
    let repo = state.repo_mut(call.repo);
    repo.commit_pulls_lag = repo.commit_pulls_lag.saturating_sub(1);
    page(call, &state.url, state.page_limit, items, Into::into)
}

/// The pull requests that GitHub connects with a commit, as far as it knows of it yet.
pub fn containing<'a>(repo: &'a Repo, sha: &str) -> impl Iterator<Item = &'a PullRequest> {
    let contains = move |pull: &&PullRequest| {
        let range = format!("{}..{}", pull.base_sha, pull.head_sha);
        let own = || git::run(&repo.git, &["rev-list", &range]).lines().any(|line| line == sha);
        let merged = pull.merged.as_ref();
        let merged = merged.is_some_and(|merged| merged.commits.iter().any(|commit| commit == sha) || own());
        // "If the commit is not present in the default branch, additionally returns open Pull Requests": only then.
        let landed = git::attempt(&repo.git, &["merge-base", "--is-ancestor", sha, &repo.default_branch]).is_some();
        merged || !landed && own()
    };
    let known: Vec<&PullRequest> =
        repo.pulls.values().filter(|_| repo.commit_pulls_lag == 0).filter(contains).collect();
    known.into_iter()
}
