//! What the adapter writes.

use schema_registry::{
    github::Error,
    model::{CommitStatus, StatusState},
    review::{InlineComment, Operation},
};

use crate::{
    scene::{NUMBER, Scene},
    support::github::{Access, Permissions, Scope},
};

fn comment(start_line: Option<usize>, line: usize) -> InlineComment {
    InlineComment { path: "a.yaml".to_owned(), start_line, line, body: format!("about {line}") }
}

#[tokio::test]
async fn a_review_is_one_call_with_all_its_comments() {
    let scene = Scene::new();
    let comments = vec![comment(None, 10), comment(Some(10), 11), comment(Some(30), 30), comment(Some(33), 31)];
    scene.world.take_calls();
    scene.github.perform(NUMBER, &scene.review_of(comments)).await.unwrap();
    assert_eq!(scene.world.writes().len(), 1);
    let threads = scene.repo.threads(NUMBER);
    let seen: Vec<_> = threads.iter().map(|thread| (thread.start_line, thread.line, thread.text.as_str())).collect();
    let expected =
        [(None, 10, "changed 10"), (Some(10), 11, "changed 11"), (None, 30, "changed 30"), (None, 31, "line 31")];
    assert_eq!(seen, expected, "a range needs a start before its end");
    assert!(threads.iter().all(|thread| thread.commit == scene.repo.head_sha(NUMBER)));
    assert_eq!(threads[1].comments[0].body, "about 11");
    assert!(scene.repo.reviews(NUMBER).is_empty(), "it has no body");

    let body = Operation::PostReview {
        commit: scene.repo.head_sha(NUMBER),
        body: "and the rest".to_owned(),
        comments: Vec::new(),
    };
    scene.github.perform(NUMBER, &body).await.unwrap();
    assert_eq!(scene.repo.reviews(NUMBER)[0].body, "and the rest");
}

#[tokio::test]
async fn one_line_outside_the_diff_loses_the_whole_review() {
    let scene = Scene::new();
    let error = scene.github.perform(NUMBER, &scene.review_of(vec![comment(None, 10), comment(None, 50)])).await;
    let error = error.unwrap_err();
    assert!(matches!(error, Error::Unprocessable(_)), "{error}");
    assert!(error.to_string().ends_with("Unprocessable Entity: Line could not be resolved"), "{error}");
    assert!(scene.repo.threads(NUMBER).is_empty());
    // The last line of the hunk's context, and the first after it.
    let line = |line| scene.review_of(vec![comment(None, line)]);
    assert!(scene.github.perform(NUMBER, &line(14)).await.is_ok());
    assert!(scene.github.perform(NUMBER, &line(15)).await.is_err());
    let across = scene.review_of(vec![comment(Some(11), 30)]);
    assert!(scene.github.perform(NUMBER, &across).await.is_err(), "a range over two hunks");
    assert_eq!(scene.repo.threads(NUMBER).len(), 1);
}

#[tokio::test]
async fn a_file_of_the_diff_is_commented_on_as_a_whole() {
    let scene = Scene::new();
    let on = |path: &str| Operation::PostFileComment {
        commit: scene.repo.head_sha(NUMBER),
        path: path.to_owned(),
        body: "about it".to_owned(),
    };
    scene.github.perform(NUMBER, &on("a.yaml")).await.unwrap();
    let threads = scene.repo.threads(NUMBER);
    assert_eq!((threads.len(), threads[0].line, threads[0].comments[0].body.as_str()), (1, 0, "about it"));
    let thread = scene.github.conversation(NUMBER).await.unwrap().threads.remove(0);
    assert!(thread.comments[0].ours && !thread.outdated);
    let error = scene.github.perform(NUMBER, &on("elsewhere.yaml")).await.unwrap_err();
    assert!(matches!(error, Error::Unprocessable(_)), "{error}");
}

#[tokio::test]
async fn comments_are_made_changed_and_minimised() {
    let scene = Scene::new();
    scene.github.perform(NUMBER, &Operation::CreateComment { body: "one".to_owned() }).await.unwrap();
    let id = scene.repo.comments(NUMBER)[0].id;
    scene.github.perform(NUMBER, &Operation::UpdateComment { id, body: "two".to_owned() }).await.unwrap();
    let node_id = scene.github.conversation(NUMBER).await.unwrap().comments[0].node_id.clone();
    scene.github.perform(NUMBER, &Operation::Minimize { node_id }).await.unwrap();
    let found = &scene.repo.comments(NUMBER)[0];
    assert_eq!(found.body, "two");
    assert_eq!(found.minimized.as_deref(), Some("resolved"));
    assert_eq!(found.editor.as_deref(), Some("github-actions[bot]"));

    let long = Operation::CreateComment { body: "x".repeat(65_537) };
    let error = scene.github.perform(NUMBER, &long).await.unwrap_err();
    assert!(matches!(error, Error::Unprocessable(_)), "{error}");
    let gone = scene.github.perform(NUMBER, &Operation::UpdateComment { id: 7, body: "two".to_owned() }).await;
    assert!(matches!(gone, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn a_thread_is_resolved_or_else_minimised() {
    for (contents, resolved, minimized) in [(Access::Write, true, None), (Access::Read, false, Some("resolved"))] {
        let scene = Scene::with(Permissions::record().with(Scope::Contents, contents));
        scene.github.perform(NUMBER, &scene.review("fix this")).await.unwrap();
        let thread = scene.github.conversation(NUMBER).await.unwrap().threads.remove(0);
        let comment = thread.comments[0].node_id.clone();
        let resolve = Operation::ResolveThread { thread: thread.node_id, comment };
        scene.github.perform(NUMBER, &resolve).await.unwrap();
        let found = &scene.repo.threads(NUMBER)[0];
        assert_eq!((found.resolved, found.comments[0].minimized.as_deref()), (resolved, minimized));
    }
}

#[tokio::test]
async fn labels_of_any_name_come_and_go() {
    let scene = Scene::new();
    for label in ["schema-approved", "a/b c?d#e%f", "..", "größer"] {
        let label = label.to_owned();
        scene.github.perform(NUMBER, &Operation::AddLabel { label: label.clone() }).await.unwrap();
        assert_eq!(scene.repo.labels(NUMBER), [label.as_str()]);
        let remove = Operation::RemoveLabel { label };
        scene.github.perform(NUMBER, &remove).await.unwrap();
        assert!(scene.repo.labels(NUMBER).is_empty());
        scene.github.perform(NUMBER, &remove).await.expect("somebody else removed it, which is as good");
    }
}

#[tokio::test]
async fn a_status_with_its_target() {
    let scene = Scene::new();
    let head = scene.repo.head_sha(NUMBER);
    let status = CommitStatus { state: StatusState::Success, description: "approved by mia".to_owned() };
    scene.github.set_status(&head, "schema-registry", &status, Some("https://example.com/run/1")).await.unwrap();
    let found = scene.repo.status(&head, "schema-registry").unwrap();
    assert_eq!((found.state.as_str(), found.description.as_deref()), ("success", Some("approved by mia")));
    assert_eq!(found.target_url.as_deref(), Some("https://example.com/run/1"));

    let long = CommitStatus { state: StatusState::Success, description: "x".repeat(141) };
    let error = scene.github.set_status(&head, "schema-registry", &long, None).await.unwrap_err();
    assert!(matches!(error, Error::Unprocessable(_)), "{error}");
}

/// The message without the id of the request.
fn message(error: &Error) -> String {
    let id = error.failure().and_then(|failure| failure.request_id.clone()).unwrap_or_default();
    assert!(matches!(error, Error::Forbidden(_)), "{error:?}");
    error.to_string().replace(&id, "ID")
}

#[tokio::test]
async fn a_read_only_token_is_told_what_it_lacks() {
    let scene = Scene::with(Permissions::all(Access::Read));
    let text = || "x".to_owned();
    let id = scene.repo.comment(NUMBER, "alice", "hello");
    let node_id = scene.github.conversation(NUMBER).await.unwrap().comments[0].node_id.clone();
    let operations = [
        scene.review("x"),
        Operation::CreateComment { body: text() },
        Operation::UpdateComment { id, body: text() },
        Operation::Minimize { node_id },
        Operation::AddLabel { label: text() },
        Operation::RemoveLabel { label: text() },
    ];
    let mut messages = Vec::new();
    for operation in operations {
        messages.push(message(&scene.github.perform(NUMBER, &operation).await.unwrap_err()));
    }
    let status = CommitStatus { state: StatusState::Success, description: text() };
    let sha = scene.repo.head_sha(NUMBER);
    messages.push(message(&scene.github.set_status(&sha, "c", &status, None).await.unwrap_err()).replace(&sha, "SHA"));
    insta::assert_snapshot!(messages.join("\n"), @r#"
    POST /api/v3/repos/octo/db/pulls/1/reviews was answered with 403 Forbidden (request ID): Resource not accessible by integration; give the token the permission `pull-requests: write`
    POST /api/v3/repos/octo/db/issues/1/comments was answered with 403 Forbidden (request ID): Resource not accessible by integration; give the token the permission `pull-requests: write`
    PATCH /api/v3/repos/octo/db/issues/comments/1011 was answered with 403 Forbidden (request ID): Resource not accessible by integration; give the token the permission `pull-requests: write`
    POST /api/graphql (Minimize) was answered with 200 OK (request ID): FORBIDDEN: Resource not accessible by integration; give the token the permission `pull-requests: write`
    POST /api/v3/repos/octo/db/issues/1/labels was answered with 403 Forbidden (request ID): Resource not accessible by integration; give the token the permission `pull-requests: write`
    DELETE /api/v3/repos/octo/db/issues/1/labels/x was answered with 403 Forbidden (request ID): Resource not accessible by integration; give the token the permission `pull-requests: write`
    POST /api/v3/repos/octo/db/statuses/SHA was answered with 403 Forbidden (request ID): Resource not accessible by integration; give the token the permission `statuses: write`
    "#);
}

#[tokio::test]
async fn a_token_without_rights_is_told_what_it_lacks() {
    let scene = Scene::with(Permissions::none());
    let github = &scene.github;
    let sha = scene.repo.head_sha(NUMBER);
    let errors = [
        github.pull_request(NUMBER).await.unwrap_err(),
        github.open_pull_requests(Some("main")).await.unwrap_err(),
        github.merge_base("main", "feature").await.unwrap_err(),
        github.conversation(NUMBER).await.unwrap_err(),
        github.timeline(NUMBER).await.unwrap_err(),
        github.status(&sha, "c").await.unwrap_err(),
    ];
    let messages: Vec<String> = errors.iter().map(|error| message(error).replace(&sha, "SHA")).collect();
    insta::assert_snapshot!(messages.join("\n"), @"
    GET /api/v3/repos/octo/db/pulls/1 was answered with 403 Forbidden (request ID): Resource not accessible by integration; give the token the permission `pull-requests: read`
    GET /api/v3/repos/octo/db/pulls was answered with 403 Forbidden (request ID): Resource not accessible by integration; give the token the permission `pull-requests: read`
    GET /api/v3/repos/octo/db/compare/main...feature was answered with 403 Forbidden (request ID): Resource not accessible by integration; give the token the permission `contents: read`
    POST /api/graphql (Conversation) was answered with 200 OK (request ID): FORBIDDEN: Resource not accessible by integration; give the token the permission `pull-requests: read`
    GET /api/v3/repos/octo/db/issues/1/timeline was answered with 403 Forbidden (request ID): Resource not accessible by integration; give the token the permission `pull-requests: read`
    GET /api/v3/repos/octo/db/commits/SHA/status was answered with 403 Forbidden (request ID): Resource not accessible by integration; give the token the permission `statuses: read`
    ");
}
