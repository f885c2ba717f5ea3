//! Answers: bodies, errors and pages as GitHub writes them.

use serde_json::{Value, json};

use super::{routes::Call, server::API};

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What a route does: `Err` is an answer too, the one of a refusal.
pub type Outcome = Result<Reply, Reply>;

impl Reply {
    pub fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
        Self { status, headers, body: body.to_string().into_bytes() }
    }

    pub fn error(status: u16, message: &str) -> Self {
        Self::json(
            status,
            &json!({
                "message": message,
                "documentation_url": "https://docs.github.com/rest",
                "status": status.to_string(),
            }),
        )
    }

    /// 422 with the reasons.
    pub fn unprocessable(message: &str, errors: &Value) -> Self {
        Self::json(
            422,
            &json!({
                "message": message,
                "errors": errors,
                "documentation_url": "https://docs.github.com/rest",
                "status": "422",
            }),
        )
    }

    pub fn not_found() -> Self {
        Self::error(404, "Not Found")
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// Something that goes wrong at the next call of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A JSON error, without the effect.
    Error(u16),
    /// The page that GitHub's load balancer shows, without the effect.
    Html(u16),
    /// 429 with `Retry-After`, without the effect.
    TooManyRequests { retry_after: Option<u64> },
    /// 403 with the text of the secondary limit, without the effect.
    SecondaryLimit { retry_after: Option<u64> },
    /// 403 since the calls of the hour are used up, without the effect; that lasts until 2100.
    PrimaryLimit,
    /// The connection breaks, without the effect.
    Reset,
    /// The effect happens, and the connection breaks.
    LostResponse,
    /// The effect happens, and the body breaks off in the middle.
    Truncated,
    /// The effect happens, and the answer never comes.
    Silence,
    /// This answer, without the effect.
    Answer(u16, String),
    /// 301 to this place, without the effect.
    Moved(String),
    /// The answer, with another `Link`.
    Link(String),
}

impl Fault {
    /// The answer that replaces the effect; `None` for faults that come after it.
    pub fn instead(&self) -> Option<Reply> {
        let wait = |reply: Reply, seconds: &Option<u64>| match seconds {
            Some(seconds) => reply.header("retry-after", seconds.to_string()),
            None => reply,
        };
        Some(match self {
            Self::Error(status) => Reply::error(*status, "Server Error"),
            Self::PrimaryLimit => Reply::error(403, "API rate limit exceeded for installation ID 7.")
                .header("x-ratelimit-limit", "1000")
                .header("x-ratelimit-remaining", "0")
                .header("x-ratelimit-reset", "4102444800"),
            Self::Html(status) => Reply {
                status: *status,
                headers: vec![("content-type".to_owned(), "text/html".to_owned())],
                body: b"<html><body><h1>Unicorn!</h1></body></html>".to_vec(),
            },
            Self::TooManyRequests { retry_after } => wait(Reply::error(429, "Too Many Requests"), retry_after),
            Self::SecondaryLimit { retry_after } => wait(
                Reply::error(
                    403,
                    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
                ),
                retry_after,
            ),
            Self::Moved(to) => Reply::error(301, "Moved Permanently").header("location", to.clone()),
            Self::Answer(status, text) => Reply {
                status: *status,
                headers: vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())],
                body: text.clone().into_bytes(),
            },
            Self::Reset | Self::LostResponse | Self::Truncated | Self::Silence | Self::Link(_) => return None,
        })
    }
}

/// One page of `items` with the links that GitHub gives: by the repository's id, not by its name.
/// `wrap` makes the body of the page's items.
pub fn page(
    call: &Call,
    url: &str,
    limit: usize,
    items: Vec<Value>,
    wrap: impl FnOnce(Vec<Value>) -> Value,
) -> Result<Reply, Reply> {
    let number = |name: &str, default: usize| match call.query.get(name) {
        None => Ok(default),
        Some(text) => text.parse::<usize>().map_err(|_| Reply::error(400, "Bad Request")),
    };
    let size = number("per_page", 30)?.clamp(1, limit);
    let current = number("page", 1)?.max(1);
    let pages = items.len().div_ceil(size).max(1);
    let shown: Vec<Value> = items.into_iter().skip((current - 1) * size).take(size).collect();
    let reply = Reply::json(200, &wrap(shown));

    let link = |page: usize, rel: &str| {
        let mut query: Vec<String> = call
            .query
            .iter()
            .filter(|(name, _)| *name != "page")
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        query.push(format!("page={page}"));
        format!("<{url}{API}/repositories/{}{}?{}>; rel=\"{rel}\"", call.repo, call.rest, query.join("&"))
    };
    let mut links = Vec::new();
    if current > 1 {
        links.push(link(current - 1, "prev"));
    }
    if current < pages {
        links.push(link(current + 1, "next"));
        links.push(link(pages, "last"));
    }
    if current > 1 {
        links.push(link(1, "first"));
    }
    Ok(if links.is_empty() { reply } else { reply.header("link", links.join(", ")) })
}

pub fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
