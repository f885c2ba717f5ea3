//! GitHub, through octocrab: its raw routes only, with data types of our own that read what we need and ignore the rest.
//!
//! Reads are repeated, within bounds, when the network or the server fails. Writes never are: whoever writes looks up
//! first whether the one that failed took effect ([`Github::recover`]). octocrab is built without
//! its features `retry` and `follow-redirect`, so that a request is sent when this module sends it.

mod conversation;
mod data;
mod error;
mod labels;
mod page;
mod people;
mod perform;
mod present;
mod pulls;
mod request;
mod rules;
mod settings;
mod statuses;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use http::{HeaderValue, Uri, header};
use octocrab::Octocrab;

pub use error::{Error, Failure};
pub use people::Provenance;
pub use pulls::Meeting;

use crate::model::Secret;
use request::segment;

/// How long calls may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// To connect.
    pub connect: Duration,
    /// For one attempt, from the connection to the last byte of the answer.
    pub answer: Duration,
    /// How often a read is tried.
    pub attempts: u32,
    /// Before the second attempt; doubles with each further one, and varies by half.
    pub pause: Duration,
    /// Longest wait that a `Retry-After` can ask for; beyond it the call fails.
    pub longest_wait: Duration,
    /// How many writes go without a pause before each further one.
    pub unpaced_writes: u32,
    /// That pause.
    pub pace: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            attempts: 3,
            pause: Duration::from_millis(500),
            longest_wait: Duration::from_mins(1),
            unpaced_writes: 20,
            pace: Duration::from_secs(1),
        }
    }
}

/// Where the API is, who asks, and about which repository.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `https://api.github.com`, or `https://<host>/api/v3` of GitHub Enterprise Server.
    pub api_url: String,
    /// Without one, only what is public can be read.
    pub token: Option<Secret>,
    /// `owner/name`.
    pub repository: String,
    /// Time-outs and repetition.
    pub patience: Patience,
}

/// One repository on GitHub.
#[derive(Clone)]
pub struct Github {
    client: Octocrab,
    /// Scheme and authority; requests go nowhere else.
    origin: Uri,
    /// Path of the REST API: empty, or `/api/v3`.
    prefix: String,
    owner: String,
    name: String,
    token: Option<Secret>,
    patience: Patience,
    /// How many writes were sent.
    writes: Arc<AtomicU32>,
    /// GitHub's clock at the latest answer, in Unix seconds; 0 before the first.
    clock: Arc<AtomicI64>,
}

impl Github {
    /// A client of `settings.repository`. Needs a running tokio runtime, and sends nothing yet.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let Settings { api_url, token, repository, patience } = settings;
        let url = api_url.parse::<Uri>().ok().filter(|url| matches!(url.scheme_str(), Some("http" | "https")));
        let url = url.filter(|url| url.authority().is_some_and(|authority| !authority.as_str().contains('@')));
        let url = url.ok_or_else(|| Error::Settings(format!("`{api_url}` is not the URL of a GitHub API")))?;
        let origin = request::origin(&url);
        let (owner, name) = repository
            .split_once('/')
            .filter(|(owner, name)| !owner.is_empty() && !name.is_empty() && !name.contains('/'))
            .ok_or_else(|| Error::Settings(format!("`{repository}` is not a repository: `owner/name` is expected")))?;

        let mut builder = Octocrab::builder()
            .base_uri(origin.clone())
            .and_then(|builder| builder.upload_uri(origin.clone()))
            .map_err(|_| Error::Settings(format!("`{api_url}` is not the URL of a GitHub API")))?
            .set_connect_timeout(Some(patience.connect))
            .add_header(header::ACCEPT, "application/vnd.github+json".to_owned());
        if let Some(token) = &token {
            // octocrab panics on a token that no header can carry.
            if HeaderValue::from_str(token.reveal()).is_err() {
                return Err(Error::Settings(
                    "The token has a line break or another character that no token has".into(),
                ));
            }
            builder = builder.personal_token(token.reveal());
        }
        let client = builder.build().map_err(|error| Error::Settings(format!("No HTTPS client: {error}")))?;
        let prefix = url.path().trim_end_matches('/').to_owned();
        let (owner, name) = (owner.to_owned(), name.to_owned());
        let (writes, clock) = (Arc::default(), Arc::default());
        Ok(Self { client, origin, prefix, owner, name, token, patience, writes, clock })
    }

    /// What GitHub's clock said with the latest answer; `None` before the first, and where a server sends no `Date`.
    ///
    /// Labels, comments and pushes carry GitHub's time, so whatever is compared with them must too: the clock of the
    /// machine that a job happens to run on may be wrong.
    /// Source: <https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1>
    #[must_use]
    pub fn clock(&self) -> Option<DateTime<Utc>> {
        let seconds = self.clock.load(Ordering::Relaxed);
        DateTime::from_timestamp(seconds, 0).filter(|_| seconds != 0)
    }

    /// A route of the repository; `rest` begins with a slash, its segments are encoded already.
    fn route(&self, rest: &str) -> String {
        format!("{}/repos/{}/{}{rest}", self.prefix, segment(&self.owner), segment(&self.name))
    }

    /// The GraphQL endpoint: `/graphql`, or `/api/graphql` of GitHub Enterprise Server.
    /// Source: <https://docs.github.com/en/enterprise-server@latest/graphql/guides/forming-calls-with-graphql>
    fn graphql_route(&self) -> String {
        format!("{}/graphql", self.prefix.strip_suffix("/v3").unwrap_or(&self.prefix))
    }
}

impl std::fmt::Debug for Github {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Github({}{}: {}/{})", self.origin, self.prefix, self.owner, self.name)
    }
}
