//! Reviews: all of their comments are accepted, or none.

use serde_json::{Value, json};

use super::{
    comments::{check_length, post},
    git,
    model::{Access, Happening, Review, Scope, State, Thread, Who},
    payloads,
    reply::{Outcome, Reply},
    routes::Call,
};

/// `POST /repos/{owner}/{repo}/pulls/{number}/reviews`, event `COMMENT` only.
pub fn create(state: &mut State, call: &Call) -> Outcome {
    call.require(state, Access::Write, &[Scope::PullRequests])?;
    let number = call.pull(state)?;
    let event = call.body["event"].as_str().unwrap_or("PENDING");
    if event != "COMMENT" {
        state.problems.push(format!("the in-memory GitHub knows no reviews of event {event}"));
        return Err(Reply::error(501, "Not Implemented"));
    }
    let body = call.body["body"].as_str().unwrap_or_default();
    check_length("PullRequestReview", body)?;
    let comments = call.body["comments"].as_array().cloned().unwrap_or_default();
    if body.is_empty() && comments.is_empty() {
        return unprocessable("Body can't be blank");
    }
    let pull = state.pull(call.repo, number);
    let commit = call.body["commit_id"].as_str().unwrap_or(&pull.head_sha).to_owned();
    let dir = &state.repo(call.repo).git;
    let within = git::run(dir, &["rev-list", &format!("{}..{}", pull.base_sha, pull.head_sha)]);
    if !within.lines().any(|sha| sha == commit) {
        return unprocessable("commit_id is not part of the pull request");
    }
    let base = pull.base_sha.clone();
    let anchors: Result<Vec<Anchor>, Reply> =
        comments.iter().map(|comment| anchor(state, call.repo, &base, &commit, comment)).collect();
    let anchors = anchors?;
    let who = call.who();
    let review = publish(state, call.repo, number, &who, body, &commit, anchors);
    Ok(Reply::json(200, &payloads::review(state, call.repo, number, &review)))
}

/// `POST /repos/{owner}/{repo}/pulls/{number}/comments`, on files as a whole only.
pub fn comment(state: &mut State, call: &Call) -> Outcome {
    call.require(state, Access::Write, &[Scope::PullRequests])?;
    let number = call.pull(state)?;
    if call.body["subject_type"] != "file" {
        state.problems.push("the in-memory GitHub knows single comments on files only".to_owned());
        return Err(Reply::error(501, "Not Implemented"));
    }
    let (body, path, commit) = (call.text("body")?, call.text("path")?, call.text("commit_id")?);
    if body.is_empty() {
        return unprocessable("Body can't be blank");
    }
    check_length("PullRequestReviewComment", body)?;
    let pull = state.pull(call.repo, number);
    let dir = &state.repo(call.repo).git;
    let within = git::run(dir, &["rev-list", &format!("{}..{}", pull.base_sha, pull.head_sha)]);
    if !within.lines().any(|sha| sha == commit) {
        return unprocessable("commit_id is not part of the pull request");
    }
    let files = git::run(dir, &["diff", "--name-only", &format!("{}...{commit}", pull.base_sha)]);
    if !files.lines().any(|file| file == path) {
        return unprocessable("Path could not be resolved");
    }
    let (path, body) = (path.to_owned(), body.to_owned());
    let anchor = Anchor { path, start_line: None, line: 0, diff_hunk: String::new(), body };
    let commit = commit.to_owned();
    let review = publish(state, call.repo, number, &call.who(), "", &commit, vec![anchor]);
    let thread = state.pull(call.repo, number).threads.last().expect("it was just made");
    Ok(Reply::json(201, &payloads::file_comment(state, call.repo, number, review.post.id, thread)))
}

fn unprocessable<T>(reason: &str) -> Result<T, Reply> {
    Err(Reply::unprocessable("Unprocessable Entity", &json!([reason])))
}

struct Anchor {
    path: String,
    start_line: Option<u64>,
    line: u64,
    diff_hunk: String,
    body: String,
}

/// Where a comment goes: its lines must be in one hunk of the head's side of the diff.
fn anchor(state: &State, repo: u64, base: &str, commit: &str, comment: &Value) -> Result<Anchor, Reply> {
    let body = comment["body"].as_str().unwrap_or_default();
    if body.is_empty() {
        return unprocessable("Body can't be blank");
    }
    check_length("PullRequestReviewComment", body)?;
    let path = comment["path"].as_str().unwrap_or_default();
    let Some(hunks) = git::hunks(&state.repo(repo).git, base, commit, path) else {
        return unprocessable("Path could not be resolved");
    };
    let side = |field: &str| comment[field].as_str().unwrap_or("RIGHT");
    let line = comment["line"].as_u64().unwrap_or_default();
    let Some(hunk) = hunks.iter().find(|hunk| side("side") == "RIGHT" && (hunk.first..=hunk.last).contains(&line))
    else {
        return unprocessable("Line could not be resolved");
    };
    let start_line = comment["start_line"].as_u64();
    if let Some(start) = start_line {
        if start >= line {
            return unprocessable("Start line must precede the end line.");
        }
        if start < hunk.first || side("start_side") != "RIGHT" {
            return unprocessable("Start line must be part of the same hunk as the line.");
        }
    }
    let (path, body, diff_hunk) = (path.to_owned(), body.to_owned(), hunk.text.clone());
    Ok(Anchor { path, start_line, line, diff_hunk, body })
}

fn publish(
    state: &mut State,
    repo: u64,
    number: u64,
    who: &Who,
    body: &str,
    commit: &str,
    anchors: Vec<Anchor>,
) -> Review {
    let read = !state.users[&who.login].bot;
    // There is nothing to read in a review whose comments say everything.
    let review = Review { post: post(state, who, body, read || body.is_empty()), commit: commit.to_owned() };
    for anchor in anchors {
        let comment = post(state, who, &anchor.body, read);
        let thread = Thread {
            id: state.next_id(),
            review: review.post.id,
            path: anchor.path,
            start_line: anchor.start_line,
            line: anchor.line,
            commit: commit.to_owned(),
            diff_hunk: anchor.diff_hunk,
            resolved_by: None,
            outdated: false,
            comments: vec![comment],
        };
        state.pull_mut(repo, number).threads.push(thread);
    }
    state.pull_mut(repo, number).reviews.push(review.clone());
    state.happened(repo, number, who, Happening::Reviewed(review.post.id));
    review
}
