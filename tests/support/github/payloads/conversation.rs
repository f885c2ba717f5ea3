//! Labels, comments, reviews and the timeline.

use serde_json::{Value, json};

use super::super::model::{Happening, Post, PullRequest, Review, State, Thread, TimelineItem};
use super::{api, app, commit, links, reactions, time, user, with};

/// `label` of a repository.
pub fn label(state: &State, repo: u64, name: &str) -> Value {
    let label = &state.repo(repo).labels[&name.to_lowercase()];
    json!({
        "id": label.id,
        "node_id": format!("LA_{}", label.id),
        "url": api(state, &format!("/repos/{}/labels/{}", state.repo(repo).full_name(), label.name)),
        "name": label.name,
        "description": "",
        "color": label.color,
        "default": false,
    })
}

/// `issue-comment`.
pub fn issue_comment(state: &State, repo: u64, number: u64, post: &Post) -> Value {
    let name = state.repo(repo).full_name();
    let url = api(state, &format!("/repos/{name}/issues/comments/{}", post.id));
    let updated = post.edited.as_ref().map_or(post.created_at, |(_, at)| *at);
    json!({
        "id": post.id,
        "node_id": format!("IC_{}", post.id),
        "reactions": reactions(&url),
        "url": url,
        "html_url": format!("{}/{name}/pull/{number}#issuecomment-{}", state.url, post.id),
        "issue_url": api(state, &format!("/repos/{name}/issues/{number}")),
        "body": post.body,
        "user": user(state, &post.who.login),
        "created_at": time(post.created_at),
        "updated_at": time(updated),
        "author_association": "NONE",
        "performed_via_github_app": app(state, post.who.app.as_deref()),
    })
}

/// `pull-request-review`.
pub fn review(state: &State, repo: u64, number: u64, review: &Review) -> Value {
    let name = state.repo(repo).full_name();
    let html = format!("{}/{name}/pull/{number}#pullrequestreview-{}", state.url, review.post.id);
    let pull = api(state, &format!("/repos/{name}/pulls/{number}"));
    json!({
        "id": review.post.id,
        "node_id": format!("PRR_{}", review.post.id),
        "user": user(state, &review.post.who.login),
        "body": review.post.body,
        "state": "COMMENTED",
        "html_url": html,
        "pull_request_url": pull,
        "_links": links(&[("html", &html), ("pull_request", &pull)]),
        "submitted_at": time(review.post.created_at),
        "commit_id": review.commit,
        "author_association": "NONE",
    })
}

/// `pull-request-review-comment` on a file as a whole.
pub fn file_comment(state: &State, repo: u64, number: u64, review: u64, thread: &Thread) -> Value {
    let name = state.repo(repo).full_name();
    let post = &thread.comments[0];
    let html = format!("{}/{name}/pull/{number}#discussion_r{}", state.url, post.id);
    let url = api(state, &format!("/repos/{name}/pulls/comments/{}", post.id));
    let pull = api(state, &format!("/repos/{name}/pulls/{number}"));
    json!({
        "id": post.id,
        "node_id": format!("PRRC_{}", post.id),
        "url": url,
        "html_url": html,
        "pull_request_url": pull,
        "pull_request_review_id": review,
        "diff_hunk": thread.diff_hunk,
        "path": thread.path,
        "commit_id": thread.commit,
        "original_commit_id": thread.commit,
        "subject_type": "file",
        "body": post.body,
        "user": user(state, &post.who.login),
        "created_at": time(post.created_at),
        "updated_at": time(post.created_at),
        "author_association": "NONE",
        "_links": links(&[("self", &url), ("html", &html), ("pull_request", &pull)]),
    })
}

/// What issue events have in common.
fn event(state: &State, repo: u64, item: &TimelineItem, name: &str) -> Value {
    json!({
        "id": item.id,
        "node_id": format!("EV_{}", item.id),
        "url": api(state, &format!("/repos/{}/issues/events/{}", state.repo(repo).full_name(), item.id)),
        "actor": user(state, &item.actor),
        "event": name,
        "commit_id": null,
        "commit_url": null,
        "created_at": time(item.at),
        "performed_via_github_app": app(state, item.via_app.as_deref()),
    })
}

/// `labeled-issue-event` and `unlabeled-issue-event`.
fn label_event(state: &State, repo: u64, item: &TimelineItem, name: &str, label_name: &str) -> Value {
    let color = state.repo(repo).labels.get(&label_name.to_lowercase()).map_or("ededed", |label| &label.color);
    let mut event = event(state, repo, item, name);
    event["node_id"] = json!(format!("LE_{}", item.id));
    with(event, json!({"label": {"name": label_name, "color": color}}))
}

/// One of `timeline-issue-events`.
pub fn timeline_item(state: &State, repo: u64, pull: &PullRequest, item: &TimelineItem) -> Value {
    match &item.what {
        Happening::Labeled(name) => label_event(state, repo, item, "labeled", name),
        Happening::Unlabeled(name) => label_event(state, repo, item, "unlabeled", name),
        Happening::Commented(id) => {
            let post = pull.comments.iter().find(|post| post.id == *id).expect("the comment exists");
            let actor = user(state, &item.actor);
            with(issue_comment(state, repo, pull.number, post), json!({"event": "commented", "actor": actor}))
        }
        Happening::Reviewed(id) => {
            let found = pull.reviews.iter().find(|review| review.post.id == *id).expect("the review exists");
            let mut review = review(state, repo, pull.number, found);
            review["event"] = json!("reviewed");
            review["state"] = json!("commented");
            review
        }
        // The dates are those of the commit: whoever makes it can forge them. There is no actor.
        Happening::Committed(sha) => {
            let commit = commit(state, repo, sha);
            let inner = commit["commit"].clone();
            json!({
                "event": "committed",
                "sha": sha,
                "node_id": commit["node_id"],
                "url": inner["url"],
                "html_url": commit["html_url"],
                "author": inner["author"],
                "committer": inner["committer"],
                "tree": inner["tree"],
                "message": inner["message"],
                "parents": commit["parents"],
                "verification": inner["verification"],
            })
        }
        Happening::ForcePushed => {
            let mut event = event(state, repo, item, "head_ref_force_pushed");
            event["commit_id"] = json!(pull.head_sha);
            let name = state.repo(repo).full_name();
            event["commit_url"] = json!(api(state, &format!("/repos/{name}/commits/{}", pull.head_sha)));
            event
        }
        Happening::Merged => event(state, repo, item, "merged"),
        Happening::Closed => event(state, repo, item, "closed"),
        Happening::Novelty => json!({"event": "blessed", "blessing": {"by": [1, null]}}),
    }
}
