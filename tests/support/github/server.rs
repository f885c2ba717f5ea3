//! HTTP: one thread with a runtime of its own, so that synchronous tests can drive it and start processes.

use std::{
    io,
    os::unix::net::UnixStream,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State as Shared},
    response::Response,
};
use tokio::io::AsyncReadExt as _;

use super::{
    model::State,
    reply::{Fault, Reply},
    routes,
};

/// Path of the REST API below the server's URL, as on GitHub Enterprise Server.
pub const API: &str = "/api/v3";

/// One request that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedCall {
    pub method: String,
    /// Template of the route: `/repos/{owner}/{repo}/pulls/{number}`; of GraphQL, the operation and its fields:
    /// `mutation minimizeComment`.
    pub route: String,
    pub status: u16,
    /// Whether it is one that writes.
    pub write: bool,
}

/// A call of the API with its answer, for whoever holds both against GitHub's descriptions.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub method: String,
    /// As in [`LoggedCall`].
    pub route: String,
    pub path: String,
    /// As sent: `per_page=100&page=2`.
    pub query: String,
    /// `null` where there is none.
    pub request: serde_json::Value,
    pub status: u16,
    /// `null` where there is none.
    pub response: serde_json::Value,
}

/// A request, read to its end.
#[derive(Debug, Clone)]
pub struct Incoming {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: axum::http::HeaderMap,
    pub body: Bytes,
}

impl Incoming {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// The running server; stops when dropped.
#[derive(Debug)]
pub struct Server {
    stop: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Binds a free port; returns its URL beside the server. `state` is filled in by the caller before requests come.
    pub fn start(make: impl FnOnce(&str) -> Arc<Mutex<State>>) -> io::Result<(Self, Arc<Mutex<State>>)> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let state = make(&format!("http://{}", listener.local_addr()?));
        let (stop, stopped) = UnixStream::pair()?;
        stopped.set_nonblocking(true)?;
        let shared = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                let mut stopped = tokio::net::UnixStream::from_std(stopped).expect("a socket");
                let app = Router::new().fallback(answer).with_state(shared);
                let mut end = [0];
                tokio::select! {
                    result = axum::serve(listener, app) => result.expect("the server runs"),
                    _ = stopped.read(&mut end) => {}
                }
            });
        });
        Ok((Self { stop: Some(stop), thread: Some(thread) }, state))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

pub fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(Shared(state): Shared<Arc<Mutex<State>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let incoming = Incoming {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    let (reply, fault) = {
        let mut state = lock(&state);
        let (reply, fault) = routes::dispatch(&mut state, &incoming);
        let id = state.next_id();
        let date = state.clock.now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        (reply.header("x-github-request-id", format!("{id:04X}:1")).header("date", date), fault)
    };
    match fault {
        // The connection's task unwinds without a message, and the connection closes without an answer.
        Some(Fault::Reset | Fault::LostResponse) => std::panic::resume_unwind(Box::new("the connection breaks")),
        Some(Fault::Silence) => std::future::pending().await,
        Some(Fault::Truncated) => {
            let promised = reply.body.len() + 1;
            respond(reply.header("content-length", promised.to_string()))
        }
        _ => respond(reply),
    }
}

fn respond(reply: Reply) -> Response {
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(reply.body)).expect("a valid answer")
}
