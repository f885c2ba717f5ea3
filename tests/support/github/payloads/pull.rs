//! Pull requests.

use serde_json::{Value, json};

use super::super::{
    git,
    model::{PullRequest, State},
};
use super::{api, label, links, reactions, repository, time, user, with};

/// `pull-request-simple`, as lists have it.
pub fn pull_request_simple(state: &State, repo: u64, pull: &PullRequest) -> Value {
    let name = state.repo(repo).full_name();
    let url = api(state, &format!("/repos/{name}/pulls/{}", pull.number));
    let issue = api(state, &format!("/repos/{name}/issues/{}", pull.number));
    let html = format!("{}/{name}/pull/{}", state.url, pull.number);
    let statuses = api(state, &format!("/repos/{name}/statuses/{}", pull.head_sha));
    let labels = pull.labels.iter().map(|label_name| label(state, repo, label_name));
    let merge_commit = pull.merged.as_ref().map(|merged| &merged.sha).or(pull.test_merge.as_ref());
    json!({
        "url": url,
        "id": pull.id,
        "node_id": format!("PR_{}", pull.id),
        "html_url": html,
        "diff_url": format!("{html}.diff"),
        "patch_url": format!("{html}.patch"),
        "issue_url": issue,
        "commits_url": format!("{url}/commits"),
        "review_comments_url": format!("{url}/comments"),
        "review_comment_url": api(state, &format!("/repos/{name}/pulls/comments{{/number}}")),
        "comments_url": format!("{issue}/comments"),
        "statuses_url": statuses,
        "number": pull.number,
        "state": if pull.open { "open" } else { "closed" },
        "locked": false,
        "active_lock_reason": null,
        "title": pull.title,
        "user": user(state, &pull.author),
        "body": pull.body,
        "labels": labels.collect::<Vec<_>>(),
        "milestone": null,
        "created_at": time(pull.created_at),
        "updated_at": time(pull.updated_at),
        "closed_at": pull.closed_at.map(time),
        "merged_at": pull.merged.as_ref().map(|merged| time(merged.at)),
        "merge_commit_sha": merge_commit,
        "assignee": null,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "head": side(state, pull.head_repo, &pull.head_ref, &pull.head_sha, &pull.author),
        "base": side(state, Some(repo), &pull.base_ref, &pull.base_sha, &pull.author),
        "_links": links(&[
            ("self", &url),
            ("html", &html),
            ("issue", &issue),
            ("comments", &format!("{issue}/comments")),
            ("review_comments", &format!("{url}/comments")),
            ("review_comment", &api(state, &format!("/repos/{name}/pulls/comments{{/number}}"))),
            ("commits", &format!("{url}/commits")),
            ("statuses", &statuses),
        ]),
        "author_association": "CONTRIBUTOR",
        "auto_merge": null,
        "draft": pull.draft,
    })
}

fn side(state: &State, repo: Option<u64>, branch: &str, sha: &str, author: &str) -> Value {
    let owner = repo.map_or(author, |repo| state.repo(repo).owner.as_str());
    json!({
        "label": format!("{owner}:{branch}"),
        "ref": branch,
        "sha": sha,
        "user": user(state, owner),
        "repo": repo.map_or(Value::Null, |repo| repository(state, repo)),
    })
}

/// `pull-request`, as a single GET has it.
pub fn pull_request(state: &State, repo: u64, pull: &PullRequest) -> Value {
    let dir = &state.repo(repo).git;
    let range = format!("{}...{}", pull.base_sha, pull.head_sha);
    let numbers = git::run(dir, &["diff", "--numstat", &range]);
    let sum = |column: usize| -> u64 {
        numbers.lines().filter_map(|line| line.split('\t').nth(column)?.parse::<u64>().ok()).sum()
    };
    let commits = git::run(dir, &["rev-list", "--count", &format!("{}..{}", pull.base_sha, pull.head_sha)]);
    let known = pull.mergeable_known && pull.open;
    let mergeable = known.then_some(pull.test_merge.is_some());
    let mergeable_state = match mergeable {
        None => "unknown",
        Some(true) if pull.draft => "draft",
        Some(true) => "clean",
        Some(false) => "dirty",
    };
    let full = json!({
        "merged": pull.merged.is_some(),
        "mergeable": mergeable,
        "rebaseable": mergeable,
        "mergeable_state": mergeable_state,
        "merged_by": pull.merged.as_ref().map(|merged| user(state, &merged.by)),
        "comments": pull.comments.len(),
        "review_comments": pull.threads.iter().map(|thread| thread.comments.len()).sum::<usize>(),
        "maintainer_can_modify": false,
        "commits": commits.parse::<u64>().expect("a count"),
        "additions": sum(0),
        "deletions": sum(1),
        "changed_files": numbers.lines().count(),
    });
    with(pull_request_simple(state, repo, pull), full)
}

/// `issue` of a webhook: the pull request as an issue.
pub fn issue(state: &State, repo: u64, pull: &PullRequest) -> Value {
    let simple = pull_request_simple(state, repo, pull);
    let name = state.repo(repo).full_name();
    let url = api(state, &format!("/repos/{name}/issues/{}", pull.number));
    let mut issue = json!({
        "url": url,
        "repository_url": api(state, &format!("/repos/{name}")),
        "labels_url": format!("{url}/labels{{/name}}"),
        "comments_url": format!("{url}/comments"),
        "events_url": format!("{url}/events"),
        "timeline_url": format!("{url}/timeline"),
        "comments": pull.comments.len(),
        "pull_request": {
            "url": simple["url"],
            "html_url": simple["html_url"],
            "diff_url": simple["diff_url"],
            "patch_url": simple["patch_url"],
            "merged_at": simple["merged_at"],
        },
        "reactions": reactions(&url),
    });
    for field in [
        "html_url",
        "id",
        "node_id",
        "number",
        "title",
        "user",
        "labels",
        "state",
        "locked",
        "assignee",
        "assignees",
        "milestone",
        "created_at",
        "updated_at",
        "closed_at",
        "author_association",
        "active_lock_reason",
        "draft",
        "body",
    ] {
        issue[field] = simple[field].clone();
    }
    issue
}
