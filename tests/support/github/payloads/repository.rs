//! Repositories.

use serde_json::{Value, json};

use super::super::model::{State, Visibility};
use super::{api, time, urls, user, with};

/// `full-repository`: what the repository itself is asked for.
pub fn full_repository(state: &State, id: u64) -> Value {
    with(repository(state, id), json!({"custom_properties": {}, "network_count": 0, "subscribers_count": 0}))
}

/// `repository`, as other objects hold it.
pub fn repository(state: &State, id: u64) -> Value {
    let repo = state.repo(id);
    let name = repo.full_name();
    let html = format!("{}/{name}", state.url);
    let at = time(repo.created_at);
    let open = repo.pulls.values().filter(|pull| pull.open).count();
    let facts = json!({
        "id": repo.id,
        "node_id": format!("R_{}", repo.id),
        "name": repo.name,
        "full_name": name,
        "owner": user(state, &repo.owner),
        "private": repo.visibility == Visibility::Private,
        "visibility": if repo.visibility == Visibility::Private { "private" } else { "public" },
        "html_url": html,
        "description": null,
        "fork": repo.fork_of.is_some(),
        "git_url": format!("git://127.0.0.1/{name}.git"),
        "ssh_url": format!("git@127.0.0.1:{name}.git"),
        "clone_url": format!("{html}.git"),
        "svn_url": html,
        "homepage": null,
        "language": null,
        "mirror_url": null,
        "license": null,
        "topics": [],
        "default_branch": repo.default_branch,
        "created_at": at, "updated_at": at, "pushed_at": at,
    });
    let counts = json!({
        "forks": 0, "forks_count": 0, "stargazers_count": 0,
        "watchers": 0, "watchers_count": 0, "size": 0,
        "open_issues": open, "open_issues_count": open,
        "has_issues": true, "has_projects": true, "has_wiki": true, "has_downloads": true, "has_pages": false,
        "has_discussions": false, "archived": false, "disabled": false, "allow_forking": true, "is_template": false,
        "web_commit_signoff_required": false,
    });
    with(with(facts, counts), urls(&api(state, &format!("/repos/{name}")), LINKS))
}

const LINKS: &[(&str, &str)] = &[
    ("url", ""),
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
];
