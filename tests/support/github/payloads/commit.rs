//! Commits and comparisons.

use serde_json::{Value, json};

use super::super::{git, model::State};
use super::{api, user};

/// `commit`.
pub fn commit(state: &State, repo: u64, sha: &str) -> Value {
    let name = state.repo(repo).full_name();
    let format = "--format=%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B";
    let text = git::run(&state.repo(repo).git, &["show", "--no-patch", format, sha]);
    let part: Vec<&str> = text.splitn(9, '\0').collect();
    let url = api(state, &format!("/repos/{name}/commits/{sha}"));
    let html = format!("{}/{name}/commit/{sha}", state.url);
    let account = |email: &str| {
        let found = state.users.values().find(|user| user.email() == email);
        found.map_or(Value::Null, |found| user(state, &found.login))
    };
    let parents = part[1].split_whitespace().map(|parent| {
        json!({
            "sha": parent,
            "url": api(state, &format!("/repos/{name}/commits/{parent}")),
            "html_url": format!("{}/{name}/commit/{parent}", state.url),
        })
    });
    json!({
        "url": url,
        "sha": sha,
        "node_id": format!("C_{sha}"),
        "html_url": html,
        "comments_url": format!("{url}/comments"),
        "commit": {
            "url": api(state, &format!("/repos/{name}/git/commits/{sha}")),
            "author": {"name": part[2], "email": part[3], "date": part[4]},
            "committer": {"name": part[5], "email": part[6], "date": part[7]},
            "message": part[8].trim_end(),
            "comment_count": 0,
            "tree": {"sha": part[0], "url": api(state, &format!("/repos/{name}/git/trees/{}", part[0]))},
            "verification": {
                "verified": false, "reason": "unsigned", "payload": null, "signature": null, "verified_at": null,
            },
        },
        "author": account(part[3]),
        "committer": account(part[6]),
        "parents": parents.collect::<Vec<_>>(),
    })
}

/// `commit-comparison` with one page of commits; the files are left out, as beyond the first page.
pub fn comparison(state: &State, repo: u64, base: &str, head: &str, merge_base: &str, page: &[String]) -> Value {
    let dir = &state.repo(repo).git;
    let count = |range: String| -> u64 { git::run(dir, &["rev-list", "--count", &range]).parse().expect("a count") };
    let (ahead, behind) = (count(format!("{base}..{head}")), count(format!("{head}..{base}")));
    let status = match (ahead, behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    let name = state.repo(repo).full_name();
    let html = format!("{}/{name}/compare/{base}...{head}", state.url);
    json!({
        "url": api(state, &format!("/repos/{name}/compare/{base}...{head}")),
        "html_url": html,
        "permalink_url": html,
        "diff_url": format!("{html}.diff"),
        "patch_url": format!("{html}.patch"),
        "base_commit": commit(state, repo, base),
        "merge_base_commit": commit(state, repo, merge_base),
        "status": status,
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
        "commits": page.iter().map(|sha| commit(state, repo, sha)).collect::<Vec<_>>(),
    })
}
