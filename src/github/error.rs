//! Calls that failed.

use std::{fmt, time::Duration};

use http::{HeaderMap, StatusCode, header::DATE};
use serde::Deserialize;

/// A call that failed. A variant for each thing that a caller can do about it; each prints as one line that names the
/// call, the answer and the way out, and never the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It does not exist, or the token may not know that it does (404).
    #[error("{0}; it does not exist, or the token may not see it (`{permission}` is needed)", permission = .0.permission)]
    NotFound(Failure),
    /// The token may not do this (401, 403, GraphQL `FORBIDDEN`).
    #[error("{0}; {advice}", advice = permission_advice(.0))]
    Forbidden(Failure),
    /// GitHub does not accept the content (422).
    #[error("{0}")]
    Unprocessable(Failure),
    /// A rate limit, primary or secondary, for longer than we wait (403, 429, GraphQL `RATE_LIMITED`).
    #[error("{failure}; the rate limit is used up, run it again {}", .wait.map_or_else(|| "later".to_owned(), |wait| format!("in {} seconds", wait.as_secs())))]
    RateLimited {
        /// The call.
        failure: Failure,
        /// What `Retry-After` says, or the time until the limit is reset.
        wait: Option<Duration>,
    },
    /// There was no complete answer: no connection, a time-out, a broken one. A write may have taken effect.
    #[error("{0}; check the connection and <https://www.githubstatus.com>, then run it again")]
    Network(Failure),
    /// Anything else: a failing server, or an answer that GitHub does not document.
    #[error("{0}{advice}", advice = other_advice(.0))]
    Other(Failure),
    /// A client cannot be made of the settings.
    #[error("{0}")]
    Settings(String),
}

/// What a failed call was, and what came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Method and path: `GET /repos/octo/db/pulls/1`; of GraphQL, with the name of the operation.
    pub call: String,
    /// The answer's status; `None` when there was none.
    pub status: Option<StatusCode>,
    /// `x-github-request-id`, which GitHub's support asks for.
    pub request_id: Option<String>,
    /// What GitHub, or the network, says about it.
    pub message: String,
    /// What the call needs: `pull-requests: write`.
    pub permission: &'static str,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            None => write!(f, "{} got no answer", self.call)?,
            Some(status) => write!(f, "{} was answered with {status}", self.call)?,
        }
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl Error {
    /// The call that failed; `None` when there was no call.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::NotFound(failure)
            | Self::Forbidden(failure)
            | Self::Unprocessable(failure)
            | Self::RateLimited { failure, .. }
            | Self::Network(failure)
            | Self::Other(failure) => Some(failure),
            Self::Settings(_) => None,
        }
    }

    /// The error that an answer of at least 300 means.
    pub(super) fn of_answer(failure: Failure, headers: &HeaderMap) -> Self {
        let limited = || headers.contains_key("retry-after") || header(headers, "x-ratelimit-remaining") == Some("0");
        match failure.status {
            Some(StatusCode::TOO_MANY_REQUESTS) => Self::limited(failure, headers),
            Some(StatusCode::FORBIDDEN) if limited() || failure.message.contains("rate limit") => {
                Self::limited(failure, headers)
            }
            Some(StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED) => Self::Forbidden(failure),
            Some(StatusCode::NOT_FOUND) => Self::NotFound(failure),
            Some(StatusCode::UNPROCESSABLE_ENTITY) => Self::Unprocessable(failure),
            _ => Self::Other(failure),
        }
    }

    fn limited(failure: Failure, headers: &HeaderMap) -> Self {
        let after = header(headers, "retry-after").and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
        Self::RateLimited { failure, wait: after.or_else(|| until_reset(headers)) }
    }

    /// The error that a GraphQL error of this type means.
    /// Source: <https://docs.github.com/en/graphql/guides/using-the-graphql-api-for-resource-limits>
    pub(super) fn of_graphql(kind: Option<&str>, failure: Failure) -> Self {
        match kind {
            Some("FORBIDDEN" | "INSUFFICIENT_SCOPES") => Self::Forbidden(failure),
            Some("NOT_FOUND") => Self::NotFound(failure),
            Some("UNPROCESSABLE") => Self::Unprocessable(failure),
            Some("RATE_LIMIT" | "RATE_LIMITED") => Self::RateLimited { failure, wait: None },
            _ => Self::Other(failure),
        }
    }
}

/// How long the primary limit lasts, by the server's own clock.
/// Source: <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit>
fn until_reset(headers: &HeaderMap) -> Option<Duration> {
    let reset: i64 = header(headers, "x-ratelimit-reset")?.parse().ok()?;
    let now = date(headers)?;
    // A second more: the header is cut to whole ones.
    Some(Duration::from_secs(u64::try_from(reset.saturating_sub(now)).unwrap_or(0).saturating_add(1)))
}

/// What to do about a refusal. An unknown token has no permissions to speak of.
fn permission_advice(failure: &Failure) -> String {
    match failure.status {
        Some(StatusCode::UNAUTHORIZED) => "check that a token is given and that it has not expired".to_owned(),
        _ => format!("give the token the permission `{}`", failure.permission),
    }
}

fn other_advice(failure: &Failure) -> &'static str {
    match failure.status {
        Some(status) if status.is_server_error() => "; check <https://www.githubstatus.com>, then run it again",
        _ => "",
    }
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// When the server answered, by its own clock, in Unix seconds.
/// Source: <https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1>
pub(super) fn date(headers: &HeaderMap) -> Option<i64> {
    Some(chrono::DateTime::parse_from_rfc2822(header(headers, DATE.as_str())?).ok()?.timestamp())
}

/// Longest message that is passed on, in characters.
const MAX_MESSAGE: usize = 400;

/// The body of an error. `errors` holds objects or, for reviews, strings.
#[derive(Deserialize)]
struct Body {
    message: String,
    #[serde(default)]
    errors: Vec<serde_json::Value>,
}

/// What the body of a failed call says, on one line; something about its kind where it is not GitHub's JSON.
pub(super) fn message(body: &[u8]) -> String {
    let Ok(Body { message, errors }) = serde_json::from_slice(body) else {
        return "the answer is not JSON, so it comes from a proxy or a failing server".to_owned();
    };
    let reasons = errors.iter().map(|error| match error {
        serde_json::Value::String(text) => text.clone(),
        error => match error["message"].as_str() {
            Some(text) => text.to_owned(),
            None => error.to_string(),
        },
    });
    let reasons: Vec<String> = reasons.collect();
    one_line(&if reasons.is_empty() { message } else { format!("{message}: {}", reasons.join("; ")) })
}

/// `text` without line breaks and other control characters, cut where it is long.
pub(super) fn one_line(text: &str) -> String {
    let text = text.split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(MAX_MESSAGE) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_one_bounded_line() {
        let body = br#"{"message": "Validation Failed", "errors": ["a\n::error::b", {"message": "c"}, {"code": 1}]}"#;
        insta::assert_snapshot!(message(body), @r#"Validation Failed: a ::error::b; c; {"code":1}"#);
        insta::assert_snapshot!(message(b"<html>"), @"the answer is not JSON, so it comes from a proxy or a failing server");
        assert_eq!(one_line(&"ä".repeat(9_999)).chars().count(), MAX_MESSAGE + 3);
    }

    #[test]
    fn the_wait_for_the_primary_limit_is_by_the_servers_clock() {
        let wait = |headers: &[(&'static str, &'static str)]| {
            let headers = headers
                .iter()
                .map(|(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_static(value)));
            until_reset(&headers.collect()).map(|wait| wait.as_secs())
        };
        let date = ("date", "Thu, 15 Jan 2026 08:00:00 GMT");
        assert_eq!(wait(&[date, ("x-ratelimit-reset", "1768464042")]), Some(43));
        assert_eq!(wait(&[date, ("x-ratelimit-reset", "1")]), Some(1), "it is over");
        assert_eq!(wait(&[("x-ratelimit-reset", "1768464042")]), None);
        assert_eq!(wait(&[date, ("x-ratelimit-reset", "soon")]), None);
    }

    #[test]
    fn only_a_403_that_speaks_of_limits_is_one() {
        let of = |message: &str, headers: &[(&'static str, &'static str)]| {
            let failure = Failure {
                call: "GET /x".to_owned(),
                status: Some(StatusCode::FORBIDDEN),
                request_id: None,
                message: message.to_owned(),
                permission: "contents: read",
            };
            let headers = headers
                .iter()
                .map(|(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_static(value)));
            matches!(Error::of_answer(failure, &headers.collect()), Error::RateLimited { .. })
        };
        assert!(of("no", &[("retry-after", "1")]));
        assert!(of("no", &[("x-ratelimit-remaining", "0")]));
        assert!(of("You have exceeded a secondary rate limit", &[]));
        assert!(!of("Resource not accessible by integration", &[("x-ratelimit-remaining", "12")]));
    }
}
