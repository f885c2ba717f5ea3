//! Comments of the conversation.

use serde_json::json;

use super::{
    model::{Access, Happening, Post, Role, Scope, State, Who},
    payloads,
    reply::{Outcome, Reply},
    routes::Call,
};

/// Longest body, in characters.
pub const MAX_BODY: usize = 65_536;

/// A new post of `who`; `read` when no assertion has to see it.
pub fn post(state: &mut State, who: &Who, body: &str, read: bool) -> Post {
    Post {
        id: state.next_id(),
        who: who.clone(),
        body: body.to_owned(),
        created_at: state.clock.now(),
        edited: None,
        minimized: None,
        read,
    }
}

/// 422 for a body that is too long.
pub fn check_length(resource: &str, body: &str) -> Result<(), Reply> {
    if body.chars().count() <= MAX_BODY {
        return Ok(());
    }
    let message = format!("body is too long (maximum is {MAX_BODY} characters)");
    let error = json!([{"resource": resource, "code": "unprocessable", "field": "data", "message": message}]);
    Err(Reply::unprocessable("Validation Failed", &error))
}

/// `POST /repos/{owner}/{repo}/issues/{number}/comments`
pub fn create(state: &mut State, call: &Call) -> Outcome {
    call.require(state, Access::Write, &[Scope::Issues, Scope::PullRequests])?;
    let number = call.pull(state)?;
    let body = call.text("body")?;
    check_length("IssueComment", body)?;
    let who = call.who();
    let read = !state.users[&who.login].bot;
    let post = say(state, call.repo, number, &who, body, read);
    let url =
        payloads::api(state, &format!("/repos/{}/issues/comments/{}", state.repo(call.repo).full_name(), post.id));
    Ok(Reply::json(201, &payloads::issue_comment(state, call.repo, number, &post)).header("location", url))
}

/// Adds a comment to the conversation.
pub fn say(state: &mut State, repo: u64, number: u64, who: &Who, body: &str, read: bool) -> Post {
    let post = post(state, who, body, read);
    state.pull_mut(repo, number).comments.push(post.clone());
    state.happened(repo, number, who, Happening::Commented(post.id));
    post
}

/// `PATCH /repos/{owner}/{repo}/issues/comments/{id}`
pub fn update(state: &mut State, call: &Call) -> Outcome {
    call.require(state, Access::Write, &[Scope::Issues, Scope::PullRequests])?;
    let id = call.number()?;
    let body = call.text("body")?;
    check_length("IssueComment", body)?;
    let who = call.who();
    let owner = state.repo(call.repo).pulls.values().find(|pull| pull.comments.iter().any(|post| post.id == id));
    let number = owner.map(|pull| pull.number).ok_or_else(Reply::not_found)?;
    let writer = state.users[&who.login].bot || state.repo(call.repo).role(&who.login) >= Some(Role::Write);
    let post = state.pull(call.repo, number).comments.iter().find(|post| post.id == id).expect("it was found");
    if post.who.login != who.login && !writer {
        return Err(Reply::error(403, "Must have admin rights to Repository."));
    }
    let read = !state.users[&who.login].bot;
    edit(state, call.repo, number, id, &who, body, read);
    let post = state.pull(call.repo, number).comments.iter().find(|post| post.id == id).expect("it was found");
    Ok(Reply::json(200, &payloads::issue_comment(state, call.repo, number, post)))
}

/// Changes the body of any post of a pull request and remembers who did it.
pub fn edit(state: &mut State, repo: u64, number: u64, id: u64, who: &Who, body: &str, read: bool) {
    let at = state.clock.now();
    let pull = state.pull_mut(repo, number);
    let posts = pull.comments.iter_mut().chain(pull.threads.iter_mut().flat_map(|thread| &mut thread.comments));
    let post = posts.into_iter().find(|post| post.id == id).expect("the comment exists");
    body.clone_into(&mut post.body);
    post.edited = Some((who.login.clone(), at));
    post.read = read;
}
