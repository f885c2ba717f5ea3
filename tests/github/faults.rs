//! What the adapter does when the network or GitHub fails.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use schema_registry::{
    github::{Error, Github},
    model::{CommitStatus, Secret, StatusState},
    review::Operation,
};

use crate::{
    scene::{NUMBER, Scene, connect, settings},
    support::github::Fault,
};

const REPOSITORY: &str = "/repos/{owner}/{repo}";
const PULL: &str = "/repos/{owner}/{repo}/pulls/{number}";
const PULLS: &str = "/repos/{owner}/{repo}/pulls";

fn faults() -> Vec<Fault> {
    vec![
        Fault::Error(500),
        Fault::Error(503),
        Fault::Html(502),
        Fault::TooManyRequests { retry_after: Some(0) },
        Fault::SecondaryLimit { retry_after: Some(0) },
        Fault::Reset,
        Fault::LostResponse,
        Fault::Truncated,
    ]
}

/// Faults that leave the effect behind.
fn after_the_effect(fault: &Fault) -> bool {
    matches!(fault, Fault::LostResponse | Fault::Truncated)
}

#[tokio::test]
async fn no_write_is_ever_sent_twice() {
    for fault in faults() {
        let scene = Scene::new();
        let text = || "x".to_owned();
        scene.github.perform(NUMBER, &scene.review("first")).await.unwrap();
        let id = scene.repo.comment(NUMBER, "alice", "hello");
        let conversation = scene.github.conversation(NUMBER).await.unwrap();
        let thread = conversation.threads[0].clone();
        let cases = [
            ("/repos/{owner}/{repo}/pulls/{number}/reviews", scene.review("x")),
            ("/repos/{owner}/{repo}/issues/{number}/comments", Operation::CreateComment { body: text() }),
            ("/repos/{owner}/{repo}/issues/comments/{id}", Operation::UpdateComment { id, body: text() }),
            ("/repos/{owner}/{repo}/issues/{number}/labels", Operation::AddLabel { label: text() }),
            ("/repos/{owner}/{repo}/issues/{number}/labels/{name}", Operation::RemoveLabel { label: text() }),
            ("mutation minimizeComment", Operation::Minimize { node_id: conversation.comments[0].node_id.clone() }),
            (
                "mutation resolveReviewThread",
                Operation::ResolveThread { thread: thread.node_id, comment: thread.comments[0].node_id.clone() },
            ),
        ];
        for (route, operation) in cases {
            scene.world.take_calls();
            scene.world.fail_next(route, fault.clone());
            let result = scene.github.perform(NUMBER, &operation).await;
            assert!(result.is_err(), "{route} {fault:?}");
            let calls = scene.world.take_calls();
            assert_eq!(calls.len(), 1, "{route} {fault:?}: {calls:?}");
        }
        let route = "/repos/{owner}/{repo}/statuses/{sha}";
        scene.world.fail_next(route, fault.clone());
        let (sha, status) =
            (scene.repo.head_sha(NUMBER), CommitStatus { state: StatusState::Success, description: text() });
        assert!(scene.github.set_status(&sha, "c", &status, None).await.is_err());
        assert_eq!(scene.world.take_calls().len(), 1, "{fault:?}");
        let expected = usize::from(after_the_effect(&fault));
        assert_eq!(scene.repo.statuses(&sha, "c").len(), expected, "{fault:?}");
        assert_eq!(scene.repo.comments(NUMBER).len(), 1 + expected, "{fault:?}");
        assert_eq!(scene.repo.threads(NUMBER).len(), 1 + expected, "{fault:?}");
    }
}

#[tokio::test]
async fn reads_are_repeated_within_bounds() {
    for fault in faults() {
        let scene = Scene::new();
        scene.world.fail_next(PULL, fault.clone());
        scene.world.fail_next(PULL, fault.clone());
        assert_eq!(scene.github.pull_request(NUMBER).await.unwrap().number, NUMBER, "{fault:?}");
        assert_eq!(scene.world.take_calls().len(), 3, "{fault:?}");

        scene.world.fail_next("query viewer repository", fault.clone());
        assert!(scene.github.conversation(NUMBER).await.unwrap().comments.is_empty(), "{fault:?}");
        assert_eq!(scene.world.take_calls().len(), 2, "{fault:?}");

        for _ in 0..3 {
            scene.world.fail_next(PULL, fault.clone());
        }
        let error = scene.github.pull_request(NUMBER).await.unwrap_err();
        assert_eq!(scene.world.take_calls().len(), 3, "{fault:?}");
        let expected = match fault {
            Fault::TooManyRequests { .. } | Fault::SecondaryLimit { .. } => matches!(error, Error::RateLimited { .. }),
            Fault::Error(_) | Fault::Html(_) => matches!(error, Error::Other(_)),
            _ => matches!(error, Error::Network(_)),
        };
        assert!(expected, "{fault:?}: {error:?}");
    }
}

#[tokio::test]
async fn refusals_and_long_waits_are_not_repeated() {
    let cases = [
        Fault::Error(401),
        Fault::Error(403),
        Fault::Error(404),
        Fault::Error(422),
        Fault::TooManyRequests { retry_after: Some(3_600) },
        Fault::TooManyRequests { retry_after: None },
        Fault::SecondaryLimit { retry_after: None },
        Fault::PrimaryLimit,
    ];
    for fault in cases {
        let scene = Scene::new();
        scene.world.fail_next(PULL, fault.clone());
        let started = Instant::now();
        let error = scene.github.pull_request(NUMBER).await.unwrap_err();
        assert_eq!(scene.world.calls().len(), 1, "{fault:?}");
        assert!(started.elapsed().as_secs() < 10, "{fault:?}");
        if let Fault::TooManyRequests { retry_after: Some(_) } = fault {
            assert!(error.to_string().ends_with("run it again in 3600 seconds"), "{error}");
        }
    }
}

#[tokio::test]
async fn the_wait_that_github_asks_for_is_kept() {
    let scene = Scene::new();
    scene.world.fail_next(PULL, Fault::TooManyRequests { retry_after: Some(1) });
    let started = Instant::now();
    scene.github.pull_request(NUMBER).await.unwrap();
    assert!(started.elapsed().as_millis() >= 1_000);
}

#[tokio::test]
async fn errors_name_the_call_and_never_the_token() {
    let scene = Scene::new();
    let echo = format!(r#"{{"message": "no access for Bearer {}\n::error::here"}}"#, scene.token);
    let mut messages = Vec::new();
    for fault in [
        Fault::Answer(403, echo.clone()),
        Fault::Answer(418, echo),
        Fault::Answer(200, "{\"number\": 1}".to_owned()),
        Fault::Answer(200, "<html>".to_owned()),
        Fault::Error(404),
        Fault::Error(401),
        Fault::TooManyRequests { retry_after: Some(90) },
        Fault::Moved("https://example.com/".to_owned()),
    ] {
        scene.world.fail_next(PULL, fault);
        let error = scene.github.pull_request(NUMBER).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains(&scene.token), "{error:?}");
        let id = error.failure().unwrap().request_id.clone().unwrap();
        messages.push(error.to_string().replace(&id, "ID"));
    }
    insta::assert_snapshot!(messages.join("\n"), @"
    GET /api/v3/repos/octo/db/pulls/1 was answered with 403 Forbidden (request ID): no access for Bearer *** ::error::here; give the token the permission `pull-requests: read`
    GET /api/v3/repos/octo/db/pulls/1 was answered with 418 I'm a teapot (request ID): no access for Bearer *** ::error::here
    GET /api/v3/repos/octo/db/pulls/1 was answered with 200 OK (request ID): the answer is not what GitHub documents: missing field `state` at line 1 column 13
    GET /api/v3/repos/octo/db/pulls/1 was answered with 200 OK (request ID): the answer is not what GitHub documents: expected value at line 1 column 1
    GET /api/v3/repos/octo/db/pulls/1 was answered with 404 Not Found (request ID): Server Error; it does not exist, or the token may not see it (`pull-requests: read` is needed)
    GET /api/v3/repos/octo/db/pulls/1 was answered with 401 Unauthorized (request ID): Server Error; check that a token is given and that it has not expired
    GET /api/v3/repos/octo/db/pulls/1 was answered with 429 Too Many Requests (request ID): Too Many Requests; the rate limit is used up, run it again in 90 seconds
    GET /api/v3/repos/octo/db/pulls/1 was answered with 301 Moved Permanently (request ID): it is redirected to another host, which gets no token
    ");
    for _ in 0..3 {
        scene.world.fail_next(PULL, Fault::Html(502));
    }
    let error = scene.github.pull_request(NUMBER).await.unwrap_err();
    insta::assert_snapshot!(error.to_string().split("): ").last().unwrap(), @"the answer is not JSON, so it comes from a proxy or a failing server; check <https://www.githubstatus.com>, then run it again");
    let shown = format!("{:?} {:?}", scene.github, settings(&scene.world, Some(&scene.token)));
    assert!(!shown.contains(&scene.token), "{shown}");
}

#[tokio::test]
async fn silence_ends() {
    let scene = Scene::new();
    let mut hasty = settings(&scene.world, Some(&scene.token));
    hasty.patience.answer = Duration::from_millis(500);
    hasty.patience.attempts = 2;
    let hasty = Github::new(hasty).unwrap();
    scene.world.fail_next(PULL, Fault::Silence);
    scene.world.fail_next(PULL, Fault::Silence);
    let call = tokio::time::timeout(Duration::from_secs(20), hasty.pull_request(NUMBER));
    let error = call.await.expect("it ends by itself").unwrap_err();
    assert!(matches!(error, Error::Network(_)), "{error}");
    assert!(error.to_string().contains("GET /api/v3/repos/octo/db/pulls/1 got no answer"), "{error}");

    scene.world.take_calls();
    scene.world.fail_next("/repos/{owner}/{repo}/issues/{number}/comments", Fault::Silence);
    let error = hasty.perform(NUMBER, &Operation::CreateComment { body: "x".to_owned() }).await.unwrap_err();
    assert!(matches!(error, Error::Network(_)), "{error}");
    assert_eq!((scene.world.calls().len(), scene.repo.comments(NUMBER).len()), (1, 1));
}

#[tokio::test]
async fn a_closed_port_is_a_network_error() {
    let scene = Scene::new();
    let mut closed = settings(&scene.world, Some(&scene.token));
    let (listener, url) = elsewhere();
    drop(listener);
    closed.api_url = url;
    let error = Github::new(closed).unwrap().repository().await.unwrap_err();
    assert!(matches!(error, Error::Network(_)), "{error}");
}

/// A server that nobody should talk to.
fn elsewhere() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

#[tokio::test]
async fn links_and_redirections_to_other_hosts_are_refused() {
    let scene = Scene::new();
    let (listener, foreign) = elsewhere();
    let targets = [
        format!("{foreign}/api/v3/repos/octo/db/pulls?page=2"),
        format!("{}/other?page=2", scene.world.server_url()),
        format!("{}3/repos/octo/db/pulls?page=2", scene.world.api_url()),
        scene.world.api_url().replace("http:", "https:") + "/repositories/1/pulls?page=2",
        scene.world.api_url().replace("http://", "http://user@") + "/repositories/1/pulls?page=2",
    ];
    for target in &targets {
        scene.world.fail_next(PULLS, Fault::Link(format!("<{target}>; rel=\"next\"")));
        let error = scene.github.open_pull_requests(Some("main")).await.unwrap_err();
        assert!(error.to_string().ends_with("its next page is on another host, which gets no token"), "{error}");
        scene.world.fail_next(REPOSITORY, Fault::Moved(target.clone()));
        let error = scene.github.repository().await.unwrap_err();
        assert!(error.to_string().ends_with("it is redirected to another host, which gets no token"), "{error}");
    }
    assert!(listener.accept().is_err(), "nobody has connected");
    assert_eq!(scene.world.calls().len(), 2 * targets.len());
}

#[tokio::test]
async fn a_renamed_repository_is_followed_by_reads_only() {
    let scene = Scene::new();
    let new = format!("{}/repositories/{}", scene.world.api_url(), scene.repo.id());
    scene.world.fail_next(REPOSITORY, Fault::Moved(new.clone()));
    assert_eq!(scene.github.repository().await.unwrap().full_name, "octo/db");

    for _ in 0..4 {
        scene.world.fail_next(REPOSITORY, Fault::Moved(new.clone()));
    }
    let error = scene.github.repository().await.unwrap_err();
    assert!(error.to_string().contains("again and again"), "{error}");

    let comments = "/repos/{owner}/{repo}/issues/{number}/comments";
    scene.world.fail_next(comments, Fault::Moved(format!("{new}/issues/1/comments")));
    scene.world.take_calls();
    let error = scene.github.perform(NUMBER, &Operation::CreateComment { body: "x".to_owned() }).await.unwrap_err();
    assert!(matches!(error, Error::Other(_)), "{error}");
    assert!(error.to_string().ends_with("use the present name of the repository"), "{error}");
    assert_eq!(scene.world.calls().len(), 1);
    assert!(scene.repo.comments(NUMBER).is_empty());
}

#[tokio::test]
async fn settings_that_make_no_client() {
    let scene = Scene::new();
    let good = || settings(&scene.world, Some(&scene.token));
    let mut cases = vec![];
    for url in ["", "api.github.com", "ftp://api.github.com", "https://user:secret@api.github.com", "https:///x"] {
        cases.push(schema_registry::github::Settings { api_url: url.to_owned(), ..good() });
    }
    for name in ["", "db", "/db", "octo/", "octo/db/x"] {
        cases.push(schema_registry::github::Settings { repository: name.to_owned(), ..good() });
    }
    cases.push(schema_registry::github::Settings { token: Some(Secret::new("line\nbreak")), ..good() });
    for case in cases {
        let error = Github::new(case.clone()).unwrap_err();
        assert!(matches!(error, Error::Settings(_)) && !error.to_string().contains("break\n"), "{case:?}: {error}");
    }
    assert!(connect(&scene.world, None).repository().await.is_err(), "nobody sees what is private");
}
