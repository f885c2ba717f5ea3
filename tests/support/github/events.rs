//! Events as a job of GitHub Actions gets them: payload file and environment.
//! Source: <https://docs.github.com/en/webhooks/webhook-events-and-payloads>

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{driver::RepoDriver, git, model::State, payloads};

/// An event that was delivered to a workflow.
#[derive(Debug, Clone)]
pub struct Event {
    /// `pull_request_target` and so on.
    pub name: String,
    /// `GITHUB_SHA`.
    pub sha: String,
    /// `GITHUB_REF`.
    pub reference: String,
    /// Login of who caused it.
    pub actor: String,
    folder: PathBuf,
}

impl Event {
    /// `GITHUB_EVENT_PATH`.
    pub fn payload(&self) -> PathBuf {
        self.folder.join("event.json")
    }

    /// What the job wrote to `GITHUB_OUTPUT`.
    pub fn output(&self) -> String {
        std::fs::read_to_string(self.folder.join("output")).unwrap()
    }

    /// What the job wrote to `GITHUB_STEP_SUMMARY`.
    pub fn step_summary(&self) -> String {
        std::fs::read_to_string(self.folder.join("summary.md")).unwrap()
    }
}

impl RepoDriver {
    /// An event about a pull request. `trigger` is `pull_request` or `pull_request_target`; `action` is `opened`,
    /// `synchronize`, `closed` and so on.
    pub fn pull_request_event(&self, trigger: &str, action: &str, number: u64, sender: &str) -> Event {
        self.pull_request_event_with(trigger, action, number, sender, |_, _| {})
    }

    /// `labeled` or `unlabeled`.
    pub fn label_event(&self, trigger: &str, action: &str, number: u64, sender: &str, label: &str) -> Event {
        let repo = self.id();
        self.pull_request_event_with(trigger, action, number, sender, |state, payload| {
            payload["label"] = payloads::label(state, repo, label);
        })
    }

    /// `synchronize` after a push that moved the head from `before`.
    pub fn synchronize_event(&self, trigger: &str, number: u64, sender: &str, before: &str) -> Event {
        let repo = self.id();
        self.pull_request_event_with(trigger, "synchronize", number, sender, |state, payload| {
            payload["before"] = json!(before);
            payload["after"] = json!(state.pull(repo, number).head_sha);
        })
    }

    fn pull_request_event_with(
        &self,
        trigger: &str,
        action: &str,
        number: u64,
        sender: &str,
        more: impl FnOnce(&State, &mut Value),
    ) -> Event {
        let mut state = self.lock();
        let repo = state.repo(self.id());
        let pull = state.pull(self.id(), number);
        let mut payload = json!({
            "action": action,
            "number": number,
            "pull_request": payloads::pull_request(&state, self.id(), pull),
            "repository": payloads::repository(&state, self.id()),
            "sender": payloads::user(&state, sender),
        });
        more(&state, &mut payload);
        // `pull_request` runs on the test merge, `pull_request_target` on the default branch, whatever the base is.
        let (sha, reference) = if trigger == "pull_request" {
            let merge = pull.test_merge.clone().expect("a job on pull_request needs a branch without conflicts");
            (merge, format!("refs/pull/{number}/merge"))
        } else {
            let branch = &repo.default_branch;
            (git::tip(&repo.git, branch).expect("it exists"), format!("refs/heads/{branch}"))
        };
        deliver(&mut state, trigger, sender, sha, reference, &payload)
    }

    /// A push to a branch that has moved from `before` to its tip.
    pub fn push_event(&self, branch: &str, before: &str, pusher: &str) -> Event {
        let mut state = self.lock();
        let repo = state.repo(self.id());
        let after = git::tip(&repo.git, branch).expect("the branch exists");
        let commits = git::run(&repo.git, &["rev-list", "--reverse", &format!("{before}..{after}")]);
        let commits: Vec<Value> = commits.lines().map(|sha| push_commit(&state, self.id(), sha)).collect();
        let name = repo.full_name();
        let payload = json!({
            "ref": format!("refs/heads/{branch}"),
            "before": before,
            "after": after,
            "created": false,
            "deleted": false,
            "forced": git::attempt(&repo.git, &["merge-base", "--is-ancestor", before, &after]).is_none(),
            "base_ref": null,
            "compare": format!("{}/{name}/compare/{before}...{after}", state.url),
            "head_commit": commits.last(),
            "commits": commits,
            "repository": payloads::repository(&state, self.id()),
            "pusher": {"name": pusher, "email": state.users[pusher].email()},
            "sender": payloads::user(&state, pusher),
        });
        deliver(&mut state, "push", pusher, after, format!("refs/heads/{branch}"), &payload)
    }

    /// A comment on a pull request.
    pub fn issue_comment_event(&self, number: u64, comment: u64) -> Event {
        let mut state = self.lock();
        let pull = state.pull(self.id(), number);
        let post = pull.comments.iter().find(|post| post.id == comment).expect("the comment exists").clone();
        let payload = json!({
            "action": "created",
            "issue": payloads::issue(&state, self.id(), pull),
            "comment": payloads::issue_comment(&state, self.id(), number, &post),
            "repository": payloads::repository(&state, self.id()),
            "sender": payloads::user(&state, &post.who.login),
        });
        self.on_default_branch(&mut state, "issue_comment", &post.who.login, &payload)
    }

    /// A `pull_request` run of the workflow `validate` has ended.
    pub fn workflow_run_event(&self, number: u64) -> Event {
        let mut state = self.lock();
        let pull = state.pull(self.id(), number);
        let run = payloads::Run {
            event: "pull_request",
            branch: &pull.head_ref,
            sha: &pull.head_sha,
            repository: pull.head_repo,
            actor: &pull.author,
            // GitHub names none of forks.
            pulls: if pull.head_repo == Some(self.id()) { vec![pull] } else { Vec::new() },
        };
        let actor = pull.author.clone();
        let payload = payloads::workflow_run(&state, self.id(), &run);
        self.on_default_branch(&mut state, "workflow_run", &actor, &payload)
    }

    /// A `merge_group` run of the workflow `validate` has ended, for the group with the branch `branch`.
    pub fn workflow_run_of_group_event(&self, branch: &str) -> Event {
        let mut state = self.lock();
        let sha = git::tip(&state.repo(self.id()).git, branch).expect("the group exists");
        let repository = Some(self.id());
        let run =
            payloads::Run { event: "merge_group", branch, sha: &sha, repository, actor: "github", pulls: Vec::new() };
        let payload = payloads::workflow_run(&state, self.id(), &run);
        self.on_default_branch(&mut state, "workflow_run", "github", &payload)
    }

    /// The queue asks for checks of the group with the branch `branch`, which [`enqueue`](Self::enqueue) returned.
    pub fn merge_group_event(&self, branch: &str) -> Event {
        let mut state = self.lock();
        let repo = state.repo(self.id());
        let sha = git::tip(&repo.git, branch).expect("the group exists");
        let reference = format!("refs/heads/{branch}");
        let base = branch.trim_start_matches("gh-readonly-queue/").rsplit_once('/').expect("a base").0;
        let commit = payloads::commit(&state, self.id(), &sha);
        let payload = json!({
            "action": "checks_requested",
            "merge_group": {
                "head_sha": sha,
                "head_ref": reference,
                "base_sha": branch.rsplit_once('-').expect("a commit").1,
                "base_ref": format!("refs/heads/{base}"),
                "head_commit": {
                    "id": sha,
                    "tree_id": commit["commit"]["tree"]["sha"],
                    "message": commit["commit"]["message"],
                    "timestamp": commit["commit"]["committer"]["date"],
                    "author": commit["commit"]["author"],
                    "committer": commit["commit"]["committer"],
                },
            },
            "repository": payloads::repository(&state, self.id()),
            "sender": payloads::user(&state, "github"),
        });
        deliver(&mut state, "merge_group", "github", sha, reference, &payload)
    }

    fn on_default_branch(&self, state: &mut State, name: &str, actor: &str, payload: &Value) -> Event {
        let repo = state.repo(self.id());
        let branch = repo.default_branch.clone();
        let sha = git::tip(&repo.git, &branch).expect("the branch exists");
        deliver(state, name, actor, sha, format!("refs/heads/{branch}"), payload)
    }

    /// The hourly run on the default branch.
    pub fn schedule_event(&self) -> Event {
        let mut state = self.lock();
        let repo = state.repo(self.id());
        let (branch, owner) = (repo.default_branch.clone(), repo.owner.clone());
        let sha = git::tip(&repo.git, &branch).expect("the branch exists");
        let payload = json!({"schedule": "17 * * * *", "repository": payloads::repository(&state, self.id())});
        deliver(&mut state, "schedule", &owner, sha, format!("refs/heads/{branch}"), &payload)
    }

    /// The `GITHUB_*` environment of a job; the caller clears everything else. `workspace` is the checkout.
    pub fn env_for(&self, event: &Event, token: Option<&str>, workspace: &Path) -> Vec<(String, String)> {
        let state = self.lock();
        let repo = state.repo(self.id());
        let path = |path: &Path| path.to_string_lossy().into_owned();
        let url = &state.url;
        let branch = event.reference.trim_start_matches("refs/heads/").trim_start_matches("refs/");
        let mut env: Vec<(&str, String)> = vec![
            ("CI", "true".to_owned()),
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("GITHUB_ACTOR", event.actor.clone()),
            ("GITHUB_ACTOR_ID", state.users[&event.actor].id.to_string()),
            ("GITHUB_API_URL", payloads::api(&state, "")),
            ("GITHUB_EVENT_NAME", event.name.clone()),
            ("GITHUB_EVENT_PATH", path(&event.payload())),
            ("GITHUB_GRAPHQL_URL", format!("{url}/api/graphql")),
            ("GITHUB_OUTPUT", path(&event.folder.join("output"))),
            ("GITHUB_REF", event.reference.clone()),
            ("GITHUB_REF_NAME", branch.to_owned()),
            ("GITHUB_REPOSITORY", repo.full_name()),
            ("GITHUB_REPOSITORY_ID", repo.id.to_string()),
            ("GITHUB_REPOSITORY_OWNER", repo.owner.clone()),
            ("GITHUB_RUN_ATTEMPT", "1".to_owned()),
            ("GITHUB_RUN_ID", "1658821493".to_owned()),
            ("GITHUB_SERVER_URL", url.clone()),
            ("GITHUB_SHA", event.sha.clone()),
            ("GITHUB_STEP_SUMMARY", path(&event.folder.join("summary.md"))),
            ("GITHUB_WORKSPACE", path(workspace)),
        ];
        env.extend(token.map(|token| ("GITHUB_TOKEN", token.to_owned())));
        env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

fn push_commit(state: &State, repo: u64, sha: &str) -> Value {
    let commit = payloads::commit(state, repo, sha);
    let dir = &state.repo(repo).git;
    let changes =
        git::run(dir, &["diff-tree", "--no-commit-id", "--root", "-r", "-m", "--first-parent", "--name-status", sha]);
    let of_kind = |kind: char| -> Vec<&str> {
        changes.lines().filter(|line| line.starts_with(kind)).filter_map(|line| line.split('\t').nth(1)).collect()
    };
    let person = |role: &str| {
        let mut person = commit["commit"][role].clone();
        if let Some(login) = commit[role]["login"].as_str() {
            person["username"] = json!(login);
        }
        person
    };
    json!({
        "id": sha,
        "tree_id": commit["commit"]["tree"]["sha"],
        "distinct": true,
        "message": commit["commit"]["message"],
        "timestamp": commit["commit"]["committer"]["date"],
        "url": commit["html_url"],
        "author": person("author"),
        "committer": person("committer"),
        "added": of_kind('A'),
        "removed": of_kind('D'),
        "modified": of_kind('M'),
    })
}

fn deliver(state: &mut State, name: &str, actor: &str, sha: String, reference: String, payload: &Value) -> Event {
    let folder = state.home.join(format!("event-{}", state.last_id + 1));
    state.next_id();
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("event.json"), serde_json::to_vec_pretty(payload).unwrap()).unwrap();
    std::fs::write(folder.join("output"), "").unwrap();
    std::fs::write(folder.join("summary.md"), "").unwrap();
    Event { name: name.to_owned(), sha, reference, actor: actor.to_owned(), folder }
}
