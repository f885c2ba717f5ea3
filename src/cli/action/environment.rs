//! What GitHub Actions tells a step, from its environment and the event file.
//! Source: <https://docs.github.com/en/actions/reference/workflows-and-actions/variables>

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;

use super::event::Event;
use crate::{github::Patience, model::Secret};

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
    /// How long calls may take.
    pub(super) patience: Patience,
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
            event: Event::read(&needed("GITHUB_EVENT_NAME")?, &PathBuf::from(needed("GITHUB_EVENT_PATH")?))?,
            output: var("GITHUB_OUTPUT").map(PathBuf::from),
            step_summary: var("GITHUB_STEP_SUMMARY").map(PathBuf::from),
            run_url,
            patience: patience(var)?,
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

/// Time-out of one attempt of a call, in seconds; 30 by default.
const TIMEOUT: &str = "SCHEMA_REGISTRY_HTTP_TIMEOUT";
/// Pause before the second attempt, in seconds; half of one by default.
const RETRY_PAUSE: &str = "SCHEMA_REGISTRY_HTTP_RETRY_PAUSE";

fn patience(var: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<Patience> {
    let seconds = |name: &str, default: Duration| {
        let Some(text) = var(name) else { return Ok(default) };
        let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        seconds.with_context(|| format!("{name} is `{text}`; a number of seconds is expected"))
    };
    let usual = Patience::default();
    Ok(Patience { answer: seconds(TIMEOUT, usual.answer)?, pause: seconds(RETRY_PAUSE, usual.pause)?, ..usual })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_missing_and_where_things_are() {
        let nothing = Environment::read(&|_| None).err().expect("an error");
        assert!(nothing.to_string().starts_with("GITHUB_REPOSITORY is not set"));

        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::io::Write::write_all(&mut file.as_file(), br#"{"schedule": "17 * * * *"}"#).expect("writes");
        let path = file.path().to_str().expect("a path in UTF-8").to_owned();
        let environment = Environment::read(&|variable| match variable {
            "GITHUB_REPOSITORY" => Some("octo/app".to_owned()),
            "GITHUB_SERVER_URL" => Some("https://git.example/".to_owned()),
            "GITHUB_EVENT_NAME" => Some("schedule".to_owned()),
            "GITHUB_EVENT_PATH" => Some(path.clone()),
            "GITHUB_TOKEN" => Some(String::new()),
            _ => None,
        });
        let environment = environment.expect("reads");
        assert_eq!(environment.remote(), "https://git.example/octo/app.git");
        assert_eq!(environment.api_url, "https://api.github.com");
        assert!(environment.token.is_none(), "an empty token is none");
    }

    #[test]
    fn time_outs_are_seconds() {
        let of = |text: &'static str| patience(&move |name| (name == TIMEOUT).then(|| text.to_owned()));
        assert_eq!(of("2.5").expect("reads").answer, Duration::from_millis(2_500));
        assert_eq!(of("2.5").expect("reads").pause, Patience::default().pause);
        for text in ["", "-1", "NaN", "ten"] {
            let error = of(text).expect_err("an error").to_string();
            assert_eq!(error, format!("{TIMEOUT} is `{text}`; a number of seconds is expected"));
        }
    }
}
