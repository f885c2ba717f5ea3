//! What GitHub Actions tells a step, from its environment and the event file.
//! Source: <https://docs.github.com/en/actions/reference/workflows-and-actions/variables>

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::model::Secret;

/// What GitHub Actions tells a step. Every field is a hint: decisions re-read the live state.
pub(super) struct Environment {
    /// `owner/name`.
    pub(super) repository: String,
    /// Base of the REST API.
    pub(super) api_url: String,
    /// Base of the web pages and of git's remote.
    pub(super) server_url: String,
    /// The token, if the step has one.
    pub(super) token: Option<Secret>,
    /// What happened.
    pub(super) event: Event,
    /// File that takes `name=value` lines.
    pub(super) output: Option<PathBuf>,
    /// File that takes Markdown.
    pub(super) step_summary: Option<PathBuf>,
    /// Web page of this run.
    pub(super) run_url: Option<String>,
}

/// What happened, as far as it says which pull requests to look at and what the token may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// `pull_request`: code of the pull request's own workflow; validate only.
    Validate {
        /// Number of the pull request.
        number: u64,
    },
    /// `pull_request_target`: code of the default branch; review, record, gate.
    Review {
        /// Number of the pull request.
        number: u64,
    },
    /// `push`, `schedule` or `workflow_dispatch`: reconcile the audit log.
    Record,
}

#[derive(Deserialize)]
struct Payload {
    pull_request: Option<Numbered>,
}

#[derive(Deserialize)]
struct Numbered {
    number: u64,
}

impl Environment {
    /// Reads the environment through `var`.
    pub(super) fn read(var: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let needed = |name: &str| {
            var(name)
                .with_context(|| format!("{name} is not set; `schema-registry action` runs in a GitHub Actions step"))
        };
        let url = |name: &str, default: &str| {
            var(name).unwrap_or_else(|| default.to_owned()).trim_end_matches('/').to_owned()
        };
        let repository = needed("GITHUB_REPOSITORY")?;
        let server_url = url("GITHUB_SERVER_URL", "https://github.com");
        let run_url = var("GITHUB_RUN_ID").map(|run| format!("{server_url}/{repository}/actions/runs/{run}"));
        Ok(Self {
            api_url: url("GITHUB_API_URL", "https://api.github.com"),
            token: var("GITHUB_TOKEN").filter(|token| !token.is_empty()).map(Secret::new),
            event: event(&needed("GITHUB_EVENT_NAME")?, &PathBuf::from(needed("GITHUB_EVENT_PATH")?))?,
            output: var("GITHUB_OUTPUT").map(PathBuf::from),
            step_summary: var("GITHUB_STEP_SUMMARY").map(PathBuf::from),
            run_url,
            repository,
            server_url,
        })
    }

    /// Web page of the repository.
    pub(super) fn repository_url(&self) -> String {
        format!("{}/{}", self.server_url, self.repository)
    }

    /// Where git fetches from and pushes to.
    pub(super) fn remote(&self) -> String {
        format!("{}.git", self.repository_url())
    }
}

#[expect(clippy::disallowed_methods, reason = "the event file is part of the environment")]
fn event(name: &str, path: &PathBuf) -> anyhow::Result<Event> {
    let number = || {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read the event file {}", path.display()))?;
        let payload: Payload = serde_json::from_str(&text)
            .with_context(|| format!("the event file {} is not what GitHub sends for {name}", path.display()))?;
        let number = payload.pull_request.map(|pull_request| pull_request.number);
        number.with_context(|| format!("the event file {} names no pull request", path.display()))
    };
    match name {
        "pull_request" => Ok(Event::Validate { number: number()? }),
        "pull_request_target" => Ok(Event::Review { number: number()? }),
        "push" | "schedule" | "workflow_dispatch" => Ok(Event::Record),
        _ => bail!(
            "the event `{name}` is not supported; run the action on pull_request, pull_request_target, push, schedule \
             or workflow_dispatch"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, payload: &str) -> anyhow::Result<Environment> {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::io::Write::write_all(&mut file.as_file(), payload.as_bytes()).expect("writes");
        let path = file.path().to_str().expect("a path in UTF-8").to_owned();
        Environment::read(&|variable| match variable {
            "GITHUB_REPOSITORY" => Some("octo/app".to_owned()),
            "GITHUB_SERVER_URL" => Some("https://git.example/".to_owned()),
            "GITHUB_EVENT_NAME" => Some(name.to_owned()),
            "GITHUB_EVENT_PATH" => Some(path.clone()),
            "GITHUB_TOKEN" => Some(String::new()),
            _ => None,
        })
    }

    #[test]
    fn tells_the_events_apart() {
        let payload = r#"{"action": "opened", "pull_request": {"number": 7, "more": []}}"#;
        for (name, event) in [
            ("pull_request", Event::Validate { number: 7 }),
            ("pull_request_target", Event::Review { number: 7 }),
            ("push", Event::Record),
            ("schedule", Event::Record),
        ] {
            let environment = read(name, payload).expect("reads");
            assert_eq!(environment.event, event);
            assert_eq!(environment.remote(), "https://git.example/octo/app.git");
            assert!(environment.token.is_none());
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let error = |name, payload| format!("{:#}", read(name, payload).err().expect("an error"));
        assert!(error("release", "{}").starts_with("the event `release` is not supported; run the action on"));
        assert!(error("pull_request", "{}").ends_with("names no pull request"));
        assert!(error("pull_request", "[").contains("is not what GitHub sends for pull_request"));
        let nothing = Environment::read(&|_| None).err().expect("an error");
        assert!(nothing.to_string().starts_with("GITHUB_REPOSITORY is not set"));
    }
}
