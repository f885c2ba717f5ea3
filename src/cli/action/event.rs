//! What happened, from the event file.
//! Source: <https://docs.github.com/en/webhooks/webhook-events-and-payloads>

use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Deserialize;

/// What happened: a hint at what to look at. Everything that decides is read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// What to look at.
    pub(super) subject: Subject,
    /// Whether the workflow that runs is the default branch's. `pull_request` and `merge_group` run the workflow file
    /// of what is to be merged, so their jobs get no token that may write, and nothing is posted for them.
    pub(super) trusted: bool,
}

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// One pull request, by number.
    PullRequest(u64),
    /// The pull requests from a branch; `workflow_run` does not name those of forks.
    Head {
        /// Login of the owner of the branch's repository.
        owner: String,
        /// Name of the branch.
        branch: String,
    },
    /// What a merge queue is about to merge, by the branch that it made for it.
    MergeGroup {
        /// `gh-readonly-queue/main/pr-7-<sha>`.
        branch: String,
        /// What the queue made the branch at. Others can move it.
        head_sha: String,
    },
    /// What landed on a branch, and the open pull requests to it.
    Branch {
        /// Name of the branch.
        name: String,
        /// Its tip before.
        before: String,
    },
    /// Every open pull request, and whatever landed.
    Everything,
    /// Nothing; why.
    Nothing(&'static str),
}

#[derive(Deserialize)]
struct Payload {
    pull_request: Option<Numbered>,
    issue: Option<Issue>,
    workflow_run: Option<WorkflowRun>,
    merge_group: Option<MergeGroup>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    before: Option<String>,
}

#[derive(Deserialize)]
struct Numbered {
    number: u64,
}

#[derive(Deserialize)]
struct Issue {
    number: u64,
    /// Present where the issue is a pull request.
    pull_request: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct WorkflowRun {
    event: String,
    head_branch: Option<String>,
    head_sha: Option<String>,
    head_repository: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    owner: Option<Owner>,
}

#[derive(Deserialize)]
struct Owner {
    login: String,
}

#[derive(Deserialize)]
struct MergeGroup {
    head_ref: String,
    head_sha: String,
}

const EVENTS: &str = "pull_request, pull_request_target, workflow_run, issue_comment, merge_group, push, schedule or \
                      workflow_dispatch";

impl Event {
    /// Reads the event called `name` from its file.
    #[expect(clippy::disallowed_methods, reason = "the event file is part of the environment")]
    pub(super) fn read(name: &str, path: &Path) -> anyhow::Result<Self> {
        let file = path.display();
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the event file {file}"))?;
        let payload: Payload = serde_json::from_str(&text)
            .with_context(|| format!("the event file {file} is not what GitHub sends for {name}"))?;
        let trusted = !matches!(name, "pull_request" | "merge_group");
        let subject = match name {
            "pull_request" | "pull_request_target" => {
                payload.pull_request.map(|pull_request| Subject::PullRequest(pull_request.number))
            }
            "issue_comment" => payload.issue.as_ref().map(commented),
            "workflow_run" => payload.workflow_run.map(ran),
            "merge_group" => payload.merge_group.map(|MergeGroup { head_ref, head_sha }| {
                let branch = branch(head_ref);
                Subject::MergeGroup { branch, head_sha }
            }),
            "push" => payload.reference.zip(payload.before).map(pushed),
            "schedule" | "workflow_dispatch" => Some(Subject::Everything),
            _ => bail!("the event `{name}` is not supported; run the action on {EVENTS}"),
        };
        let subject = subject.with_context(|| format!("the event file {file} does not say what {name} is about"))?;
        Ok(Self { subject, trusted })
    }
}

fn commented(issue: &Issue) -> Subject {
    match issue.pull_request {
        Some(_) => Subject::PullRequest(issue.number),
        None => Subject::Nothing("The comment is on an issue, not on a pull request."),
    }
}

fn ran(run: WorkflowRun) -> Subject {
    let owner = run.head_repository.and_then(|repository| repository.owner).map(|owner| owner.login);
    match (run.event.as_str(), owner, run.head_branch) {
        ("merge_group", _, Some(branch)) => Subject::MergeGroup { branch, head_sha: run.head_sha.unwrap_or_default() },
        ("pull_request", Some(owner), Some(branch)) => Subject::Head { owner, branch },
        ("pull_request", ..) => Subject::Nothing("The branch that was validated is gone."),
        _ => Subject::Nothing("The workflow that ended was not about a pull request."),
    }
}

fn pushed((reference, before): (String, String)) -> Subject {
    match reference.strip_prefix("refs/heads/") {
        Some(name) => Subject::Branch { name: name.to_owned(), before },
        None => Subject::Nothing("What was pushed is not a branch."),
    }
}

fn branch(reference: String) -> String {
    reference.strip_prefix("refs/heads/").map(str::to_owned).unwrap_or(reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, payload: &str) -> anyhow::Result<Event> {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::io::Write::write_all(&mut file.as_file(), payload.as_bytes()).expect("writes");
        Event::read(name, file.path())
    }

    #[test]
    fn every_event_says_what_to_look_at() {
        let pull = r#"{"action": "opened", "pull_request": {"number": 7, "more": []}}"#;
        let number = Subject::PullRequest(7);
        let owned = str::to_owned;
        let head = Subject::Head { owner: owned("fred"), branch: owned("notes") };
        let group = || Subject::MergeGroup { branch: owned("gh-readonly-queue/main/pr-7-abc"), head_sha: owned("def") };
        let pushed = Subject::Branch { name: owned("a/b"), before: owned("0a") };
        let cases = [
            ("pull_request", pull, number.clone(), false),
            ("pull_request_target", pull, number.clone(), true),
            ("issue_comment", r#"{"issue": {"number": 7, "pull_request": {"url": "x"}}}"#, number, true),
            (
                "issue_comment",
                r#"{"issue": {"number": 7}}"#,
                Subject::Nothing("The comment is on an issue, not on a pull request."),
                true,
            ),
            (
                "workflow_run",
                r#"{"workflow_run": {"event": "pull_request", "head_branch": "notes",
                    "head_repository": {"owner": {"login": "fred"}}, "pull_requests": []}}"#,
                head,
                true,
            ),
            (
                "workflow_run",
                r#"{"workflow_run": {"event": "pull_request", "head_branch": "notes", "head_repository": null}}"#,
                Subject::Nothing("The branch that was validated is gone."),
                true,
            ),
            (
                "workflow_run",
                r#"{"workflow_run": {"event": "merge_group", "head_branch": "gh-readonly-queue/main/pr-7-abc",
                    "head_sha": "def", "head_repository": {"owner": {"login": "octo"}}}}"#,
                group(),
                true,
            ),
            (
                "workflow_run",
                r#"{"workflow_run": {"event": "push", "head_branch": "main", "head_repository": null}}"#,
                Subject::Nothing("The workflow that ended was not about a pull request."),
                true,
            ),
            (
                "merge_group",
                r#"{"merge_group": {"head_ref": "refs/heads/gh-readonly-queue/main/pr-7-abc", "head_sha": "def"}}"#,
                group(),
                false,
            ),
            ("push", r#"{"ref": "refs/heads/a/b", "before": "0a"}"#, pushed, true),
            (
                "push",
                r#"{"ref": "refs/tags/v1", "before": "0a"}"#,
                Subject::Nothing("What was pushed is not a branch."),
                true,
            ),
            ("schedule", r#"{"schedule": "17 * * * *"}"#, Subject::Everything, true),
            ("workflow_dispatch", r#"{"inputs": null, "ref": "refs/heads/main"}"#, Subject::Everything, true),
        ];
        for (name, payload, subject, trusted) in cases {
            assert_eq!(read(name, payload).expect(name), Event { subject, trusted }, "{name} {payload}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let error = |name, payload| format!("{:#}", read(name, payload).expect_err("an error"));
        assert!(error("release", "{}").starts_with("the event `release` is not supported; run the action on pull_req"));
        assert!(error("pull_request", "{}").ends_with("does not say what pull_request is about"));
        assert!(error("push", "{}").ends_with("does not say what push is about"));
        assert!(error("pull_request", "[").contains("is not what GitHub sends for pull_request"));
    }
}
