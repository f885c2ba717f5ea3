//! One call: sent, repeated where that is safe, its failure explained.

use std::{borrow::Cow, sync::atomic::Ordering, time::Duration};

use http::{HeaderMap, Method, StatusCode, Uri, header::LOCATION};
use http_body_util::{BodyExt as _, Limited};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    Github,
    error::{self, Error, Failure, header},
};

/// Largest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// Most redirections of one read: a repository that was renamed needs one.
const MAX_REDIRECTS: usize = 3;

/// Characters that may stand in a segment of a path as they are.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `text` as one segment of a path, or one value of a query. `.` and `..` are segments that clients resolve.
pub(super) fn segment(text: &str) -> Cow<'_, str> {
    match text {
        "." => "%2E".into(),
        ".." => "%2E%2E".into(),
        text => utf8_percent_encode(text, SEGMENT).into(),
    }
}

/// Scheme and authority of a URL that has both.
pub(super) fn origin(url: &Uri) -> Uri {
    let mut parts = http::uri::Parts::default();
    parts.scheme = url.scheme().cloned();
    parts.authority = url.authority().cloned();
    parts.path_and_query = Some(http::uri::PathAndQuery::from_static("/"));
    Uri::from_parts(parts).unwrap_or_default()
}

/// What is asked.
#[derive(Debug, Clone)]
pub(super) struct Request<'a> {
    pub(super) method: Method,
    /// Path and query.
    pub(super) path: String,
    /// Name of the GraphQL operation.
    pub(super) operation: Option<&'a str>,
    pub(super) body: Option<Value>,
    /// What it needs, for the message of a failure.
    pub(super) permission: &'static str,
    /// Whether it only reads, so that it may be repeated.
    pub(super) reads: bool,
}

impl Request<'_> {
    pub(super) fn get(path: String, permission: &'static str) -> Self {
        Self { method: Method::GET, path, operation: None, body: None, permission, reads: true }
    }

    pub(super) fn write(method: Method, path: String, body: Option<Value>, permission: &'static str) -> Self {
        Self { method, path, operation: None, body, permission, reads: false }
    }

    /// Method and path, without the query.
    fn call(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        match self.operation {
            None => format!("{} {path}", self.method),
            Some(operation) => format!("{} {path} ({operation})", self.method),
        }
    }
}

/// A complete answer below 300.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// For the failure of whoever cannot read it.
    pub(super) failure: Failure,
}

impl Answer {
    /// The body as `T`.
    pub(super) fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| self.unreadable(&error))
    }

    /// The error for a body that is not what GitHub documents.
    pub(super) fn unreadable(&self, error: &serde_json::Error) -> Error {
        let message = error::one_line(&format!("the answer is not what GitHub documents: {error}"));
        Error::Other(Failure { message, ..self.failure.clone() })
    }
}

impl Github {
    /// Sends a request, and a read again while that can help.
    pub(super) async fn send(&self, mut request: Request<'_>) -> Result<Answer, Error> {
        let mut attempt = 1;
        let mut redirects = 0;
        if !request.reads {
            self.keep_pace().await;
        }
        loop {
            // Not octocrab's read time-out: it also counts how long a connection was idle before the request.
            let answer = tokio::time::timeout(self.patience.answer, self.once(&request)).await;
            let late = |_| Err(Stop::Failed(Error::Network(self.failure(&request, None, "it took too long"))));
            let error = match answer.unwrap_or_else(late) {
                Ok(answer) => return Ok(answer),
                Err(Stop::Moved(path)) if redirects < MAX_REDIRECTS => {
                    redirects += 1;
                    request.path = path;
                    continue;
                }
                Err(Stop::Moved(_)) => {
                    return Err(Error::Other(self.failure(&request, None, "it is redirected again and again")));
                }
                Err(Stop::Failed(error)) => error,
            };
            let pause =
                if request.reads && attempt < self.patience.attempts { self.pause(&error, attempt) } else { None };
            let Some(pause) = pause else {
                return Err(error);
            };
            tracing::debug!(%error, ?pause, "trying again");
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    /// After a write that failed: waits, for the caller to look up whether it took effect and to write again what did
    /// not. Gives the error back where that does not help, or `attempt` (from 1) was the last.
    pub async fn recover(&self, error: Error, attempt: u32) -> Result<(), Error> {
        let pause = if attempt < self.patience.attempts { self.pause(&error, attempt) } else { None };
        let Some(pause) = pause else {
            return Err(error);
        };
        tracing::debug!(%error, ?pause, "looking whether it took effect");
        tokio::time::sleep(pause).await;
        Ok(())
    }

    /// GitHub asks for a second between writes. The few of a normal run go at once.
    /// Source: <https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#pause-between-mutative-requests>
    async fn keep_pace(&self) {
        if self.writes.fetch_add(1, Ordering::Relaxed) >= self.patience.unpaced_writes {
            tokio::time::sleep(self.patience.pace).await;
        }
    }

    /// How long to wait before the next attempt; `None` when another one does not help.
    fn pause(&self, error: &Error, attempt: u32) -> Option<Duration> {
        match error {
            Error::RateLimited { wait, .. } => wait.filter(|wait| *wait <= self.patience.longest_wait),
            Error::Network(_) => Some(jitter(self.patience.pause * 2_u32.saturating_pow(attempt - 1))),
            Error::Other(failure) if failure.status.is_some_and(|status| status.is_server_error()) => {
                Some(jitter(self.patience.pause * 2_u32.saturating_pow(attempt - 1)))
            }
            _ => None,
        }
    }

    async fn once(&self, request: &Request<'_>) -> Result<Answer, Stop> {
        let network =
            |error: &dyn std::error::Error| Stop::Failed(Error::Network(self.failure(request, None, &chain(error))));
        let builder = http::Request::builder().method(request.method.clone()).uri(&request.path);
        let sent = self.client.build_request(builder, request.body.as_ref()).map_err(|error| network(&error))?;
        let (parts, body) = self.client.execute(sent).await.map_err(|error| network(&error))?.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(|error| network(&*error))?;
        let body = body.to_bytes().to_vec();
        if let Some(date) = error::date(&parts.headers) {
            self.clock.store(date, Ordering::Relaxed);
        }

        let mut failure = self.failure(request, Some(parts.status), "");
        failure.request_id = header(&parts.headers, "x-github-request-id").map(|id| self.harmless(id));
        if parts.status.is_success() {
            return Ok(Answer { headers: parts.headers, body, failure });
        }
        if request.method == Method::GET && parts.status.is_redirection() {
            return Err(self.moved(failure, &parts.headers));
        }
        failure.message = self.harmless(&error::message(&body));
        if parts.status.is_redirection() {
            failure.message.push_str("; use the present name of the repository");
        }
        Err(Stop::Failed(Error::of_answer(failure, &parts.headers)))
    }

    fn moved(&self, mut failure: Failure, headers: &HeaderMap) -> Stop {
        if let Some(path) = header(headers, LOCATION.as_str()).and_then(|location| self.own_path(location)) {
            return Stop::Moved(path);
        }
        "it is redirected to another host, which gets no token".clone_into(&mut failure.message);
        Stop::Failed(Error::Other(failure))
    }

    /// Path and query of a link that GitHub gave; `None` when it leads anywhere but to the same API.
    pub(super) fn own_path(&self, link: &str) -> Option<String> {
        let url = link.parse::<Uri>().ok()?;
        let same = url.scheme() == self.origin.scheme() && url.authority() == self.origin.authority();
        let path = url.path_and_query()?.as_str();
        let below = path.strip_prefix(&self.prefix)?.starts_with('/');
        (same && below).then(|| path.to_owned())
    }

    fn failure(&self, request: &Request<'_>, status: Option<StatusCode>, message: &str) -> Failure {
        let message = self.harmless(message);
        Failure { call: request.call(), status, request_id: None, message, permission: request.permission }
    }

    /// `text` on one line and without the token, should a server or a proxy echo it.
    fn harmless(&self, text: &str) -> String {
        let text = error::one_line(text);
        match &self.token {
            Some(token) if !token.reveal().is_empty() => text.replace(token.reveal(), "***"),
            _ => text,
        }
    }

    /// Runs a GraphQL operation and reads its `data`; any error fails it as a whole.
    pub(super) async fn graphql<T: DeserializeOwned>(&self, call: Graphql<'_>) -> Result<T, Error> {
        let request = Request {
            method: Method::POST,
            path: self.graphql_route(),
            operation: Some(call.operation),
            body: Some(json!({"query": call.text, "variables": call.variables})),
            permission: call.permission,
            reads: call.reads,
        };
        let answer = self.send(request).await?;
        let response: Response = serde_json::from_slice(&answer.body).map_err(|error| answer.unreadable(&error))?;
        if let Some(error) = response.errors.first() {
            let kind = error.kind.as_deref().unwrap_or("GraphQL error");
            let message = self.harmless(&format!("{kind}: {}", error.message));
            return Err(Error::of_graphql(error.kind.as_deref(), Failure { message, ..answer.failure }));
        }
        serde_json::from_value(response.data).map_err(|error| answer.unreadable(&error))
    }
}

/// A GraphQL operation.
pub(super) struct Graphql<'a> {
    pub(super) operation: &'a str,
    pub(super) text: &'a str,
    pub(super) variables: Value,
    pub(super) permission: &'static str,
    /// Whether it is a query, which may be repeated; not a mutation.
    pub(super) reads: bool,
}

#[derive(serde::Deserialize)]
struct Response {
    #[serde(default)]
    data: Value,
    #[serde(default)]
    errors: Vec<GraphqlError>,
}

#[derive(serde::Deserialize)]
struct GraphqlError {
    #[serde(rename = "type")]
    kind: Option<String>,
    message: String,
}

/// Why one attempt gave no answer to work with.
enum Stop {
    /// The same API has it elsewhere: path and query.
    Moved(String),
    Failed(Error),
}

/// The messages of an error and its causes, without octocrab's backtraces.
fn chain(error: &dyn std::error::Error) -> String {
    let mut messages = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !messages.iter().any(|known| known.contains(&message)) {
            messages.push(message);
        }
        cause = error.source();
    }
    messages.join(": ")
}

/// Between half of `pause` and all of it, so that many jobs that failed at once do not come back at once.
fn jitter(pause: Duration) -> Duration {
    let random = u32::from(uuid::Uuid::new_v4().as_bytes()[0]);
    pause / 2 + pause / 2 * random / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_stay_segments() {
        let cases = [
            ("schema-approved", "schema-approved"),
            ("a/b", "a%2Fb"),
            ("..", "%2E%2E"),
            ("needs review?x=1#y", "needs%20review%3Fx%3D1%23y"),
            ("100%", "100%25"),
            ("ä", "%C3%A4"),
        ];
        for (text, expected) in cases {
            assert_eq!(segment(text), expected);
        }
    }

    #[test]
    fn jitter_stays_between_half_and_all() {
        let pause = Duration::from_millis(100);
        let found: Vec<Duration> = (0..200).map(|_| jitter(pause)).collect();
        assert!(found.iter().all(|found| (pause / 2..=pause).contains(found)), "{found:?}");
        assert!(found.iter().any(|other| *other != found[0]), "it varies");
    }
}
