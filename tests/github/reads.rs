//! What the adapter reads.

use schema_registry::{
    github::Error,
    model::{AccountKind, CommitStatus, StatusState},
    review::{InlineComment, Operation},
};

use crate::{
    scene::{NUMBER, Scene, connect, lines},
    support::github::{Access, Fault, Method, Permissions, Role, Visibility, World},
};

#[tokio::test]
async fn the_repository_and_a_pull_request() {
    let scene = Scene::new();
    let facts = scene.github.repository().await.unwrap();
    assert_eq!(
        (facts.id, facts.full_name.as_str(), facts.default_branch.as_str()),
        (scene.repo.id(), "octo/db", "main")
    );

    scene.repo.label(NUMBER, "mia", "schema-approved").unwrap();
    scene.repo.set_draft(NUMBER, true);
    let pull = scene.github.pull_request(NUMBER).await.unwrap();
    let author = pull.author.unwrap();
    assert_eq!((author.actor.id, author.actor.login.as_str()), (scene.world.user("alice"), "alice"));
    assert_eq!(author.kind, AccountKind::User);
    assert_eq!((pull.open, pull.draft, pull.merged), (true, true, false));
    assert_eq!(pull.merge_commit_sha, None, "the test merge is not the merge");
    assert_eq!(pull.head_sha, scene.repo.head_sha(NUMBER));
    assert_eq!(pull.head_repository, Some(scene.repo.id()));
    assert_eq!(pull.base_ref, "main");
    assert_eq!(pull.labels, ["schema-approved"]);
    assert_eq!((pull.merged_at, pull.merged_by), (None, None));

    let landed = scene.repo.merge(NUMBER, "mia", Method::Squash);
    scene.world.delete_user("alice");
    let pull = scene.github.pull_request(NUMBER).await.unwrap();
    assert_eq!((pull.open, pull.merged, pull.author), (false, true, None));
    assert_eq!(pull.merge_commit_sha, Some(landed));
    assert_eq!(pull.merged_at, Some(scene.world.now()));
    let by = pull.merged_by.unwrap();
    assert_eq!((by.id, by.login.as_str()), (scene.world.user("mia"), "mia"));

    let error = scene.github.pull_request(99).await.unwrap_err();
    assert!(matches!(error, Error::NotFound(_)), "{error}");
}

#[tokio::test]
async fn open_pull_requests_of_one_base_on_every_page() {
    let scene = Scene::new();
    scene.repo.branch("stable/1", "main");
    for (branch, base) in [("b", "main"), ("c", "main"), ("d", "stable/1"), ("e", "main")] {
        scene.repo.commit(branch, "alice", branch, &[(branch, Some("x"))]);
        scene.repo.open_pull_request("alice", branch, base, branch);
    }
    scene.repo.close(2, "alice");
    let fork = scene.world.fork(&scene.repo, "frida");
    fork.commit("patch", "frida", "patch", &[("p", Some("p"))]);
    let from_fork = scene.repo.open_from_fork(&fork, "frida", "patch", "main", "Patch");
    scene.world.limit_pages(1);

    let pulls = scene.github.open_pull_requests(Some("main")).await.unwrap();
    assert_eq!(pulls.iter().map(|pull| pull.number).collect::<Vec<_>>(), [from_fork, 5, 3, 1]);
    assert_eq!(pulls[0].head_repository, Some(fork.id()));
    assert_eq!(pulls[0].head_sha, fork.tip("patch"));
    scene.world.delete_fork(&fork);
    let orphan = scene.github.pull_request(from_fork).await.unwrap();
    assert_eq!((orphan.head_repository, orphan.head_sha), (None, pulls[0].head_sha.clone()));
    let stable = scene.github.open_pull_requests(Some("stable/1")).await.unwrap();
    assert_eq!(stable.iter().map(|pull| pull.number).collect::<Vec<_>>(), [4]);
}

#[tokio::test]
async fn pull_requests_of_a_commit() {
    let scene = Scene::new();
    let head = scene.repo.head_sha(NUMBER);
    let landed = scene.repo.merge(NUMBER, "mia", Method::Squash);
    for sha in [&head, &landed] {
        let pulls = scene.github.pull_requests_of_commit(sha).await.unwrap();
        assert_eq!(pulls.iter().map(|pull| (pull.number, pull.merged)).collect::<Vec<_>>(), [(NUMBER, true)]);
        assert_eq!(pulls[0].merge_commit_sha.as_ref(), Some(&landed), "also in a list, which has no `merged`");
    }
    let parent = scene.repo.git(&["rev-parse", &format!("{landed}^")]);
    assert!(scene.github.pull_requests_of_commit(&parent).await.unwrap().is_empty());
    scene.repo.lag_commit_pulls(1);
    assert!(scene.github.pull_requests_of_commit(&landed).await.unwrap().is_empty());
    let error = scene.github.pull_requests_of_commit(&"0".repeat(40)).await.unwrap_err();
    assert!(matches!(error, Error::Unprocessable(_)), "{error}");
}

#[tokio::test]
async fn the_merge_base_of_branches_that_diverged() {
    let scene = Scene::new();
    let start = scene.repo.tip("main");
    let base = scene.repo.commit("main", "mia", "more", &[("b", Some("b"))]);
    let head = scene.repo.head_sha(NUMBER);
    assert_eq!(scene.github.merge_base(&base, &head).await.unwrap(), start);
    scene.repo.branch("team/a", "main");
    assert_eq!(scene.github.merge_base("team/a", "feature").await.unwrap(), start, "a name with a slash");
    let error = scene.github.merge_base(&base, "gone").await.unwrap_err();
    assert!(matches!(error, Error::NotFound(_)), "{error}");
}

#[tokio::test]
async fn whether_the_merge_base_is_the_only_one_is_known_where_all_ways_lead_there() {
    let scene = Scene::new();
    let start = scene.repo.tip("main");
    let main = scene.repo.commit("main", "mia", "more", &[("b", Some("b"))]);
    let head = scene.repo.head_sha(NUMBER);
    let merge = |ours: &str, theirs: &str| {
        let arguments = ["-c", "user.name=mia", "-c", "user.email=mia@example.com", "commit-tree", "-m", "Merge"];
        let tree = format!("{ours}^{{tree}}");
        scene.repo.git(&[&arguments[..], &["-p", ours, "-p", theirs, &tree]].concat()).trim().to_owned()
    };
    let (updated, landed) = (merge(&head, &main), merge(&main, &head));
    let cases = [
        ("apart", &main, &head, Some(&start), true),
        ("behind", &main, &start, Some(&start), true),
        ("the base merged into it", &main, &updated, Some(&main), false),
        ("crosswise", &landed, &updated, None, false),
    ];
    for (case, base, head, merge_base, only) in cases {
        scene.repo.force_push("tip-of-base", base);
        scene.repo.force_push("tip-of-head", head);
        let meeting = scene.github.meeting(base, head).await.unwrap();
        assert_eq!(meeting.only, only, "{case}");
        assert!(merge_base.is_none_or(|merge_base| *merge_base == meeting.merge_base), "{case}");
    }
    for number in 0..101 {
        scene.repo.commit("long", "mia", "more", &[("b", Some(&number.to_string()))]);
    }
    let long = scene.repo.tip("long");
    assert!(!scene.github.meeting(&main, &long).await.unwrap().only, "more commits than one answer has");
}

#[tokio::test]
async fn comments_with_who_wrote_and_who_edited_them() {
    let scene = Scene::new();
    scene.github.perform(NUMBER, &Operation::CreateComment { body: "ours".to_owned() }).await.unwrap();
    scene.world.user("other[bot]");
    scene.repo.comment(NUMBER, "other[bot]", "another bot's");
    scene.world.advance(60);
    scene.repo.comment(NUMBER, "alice", "a person's");
    let whole = scene.github.conversation(NUMBER).await.unwrap();
    assert_eq!(whole.viewer, Some(scene.world.user("github-actions[bot]")));
    let read = async || scene.github.conversation(NUMBER).await.unwrap().comments;

    let comments = read().await;
    let seen: Vec<(&str, bool, bool, bool)> = comments
        .iter()
        .map(|comment| (comment.body.as_str(), comment.ours, comment.edited_by_other, comment.minimized))
        .collect();
    let expected =
        [("ours", true, false, false), ("another bot's", false, false, false), ("a person's", false, false, false)];
    assert_eq!(seen, expected);
    assert_eq!(comments[0].id, scene.repo.comments(NUMBER)[0].id);
    assert_eq!((comments[2].created_at - comments[0].created_at).num_seconds(), 60);

    let ours = &comments[0];
    let edit = Operation::UpdateComment { id: ours.id, body: "ours, again".to_owned() };
    scene.github.perform(NUMBER, &edit).await.unwrap();
    scene.github.perform(NUMBER, &Operation::Minimize { node_id: ours.node_id.clone() }).await.unwrap();
    let found = &read().await[0];
    assert_eq!((found.body.as_str(), found.edited_by_other, found.minimized), ("ours, again", false, true));

    scene.repo.edit_comment(NUMBER, ours.id, "mia", "forged").unwrap();
    assert!(read().await[0].edited_by_other);
    scene.world.delete_user("mia");
    assert!(read().await[0].edited_by_other, "an editor whose account is gone is no reason to trust it");
}

#[tokio::test]
async fn threads_with_replies() {
    let scene = Scene::new();
    scene.github.perform(NUMBER, &scene.review("fix this")).await.unwrap();
    let thread = scene.repo.threads(NUMBER)[0].id;
    let reply = scene.repo.reply(NUMBER, thread, "alice", "why?");
    scene.repo.edit_comment(NUMBER, reply, "mia", "why not?").unwrap();
    let read = async || scene.github.conversation(NUMBER).await.unwrap().threads;

    let threads = read().await;
    assert_eq!(threads.len(), 1);
    let seen: Vec<(&str, bool, bool)> = threads[0]
        .comments
        .iter()
        .map(|comment| (comment.body.as_str(), comment.ours, comment.edited_by_other))
        .collect();
    assert_eq!(seen, [("fix this", true, false), ("why not?", false, true)]);
    assert!(!threads[0].resolved);
    scene.repo.resolve_thread(NUMBER, thread, "alice");
    assert!(read().await[0].resolved);
}

#[tokio::test]
async fn a_long_conversation_is_read_to_its_end() {
    let scene = Scene::new();
    for n in 0..230 {
        scene.repo.comment(NUMBER, "alice", &format!("comment {n}"));
    }
    let comment =
        |line| InlineComment { path: "a.yaml".to_owned(), start_line: None, line, body: format!("at {line}") };
    scene.github.perform(NUMBER, &scene.review_of((7..14).chain(27..34).map(comment).collect())).await.unwrap();
    let first = scene.repo.threads(NUMBER)[0].id;
    for n in 0..120 {
        scene.repo.reply(NUMBER, first, "alice", &format!("reply {n}"));
    }
    scene.world.take_calls();
    let conversation = scene.github.conversation(NUMBER).await.unwrap();
    let bodies: Vec<String> = conversation.comments.into_iter().map(|comment| comment.body).collect();
    assert_eq!(bodies, (0..230).map(|n| format!("comment {n}")).collect::<Vec<_>>());
    assert_eq!(conversation.threads.len(), 14);
    assert_eq!(conversation.threads[0].comments.len(), 121);
    assert_eq!(conversation.threads[0].comments[120].body, "reply 119");
    // Three pages of comments, and one more of the long thread.
    assert_eq!(scene.world.take_calls().len(), 4);

    scene.world.limit_pages(3);
    let threads = scene.github.conversation(NUMBER).await.unwrap().threads;
    let bodies: Vec<&str> = threads.iter().map(|thread| thread.comments[0].body.as_str()).collect();
    let expected: Vec<String> = (7..14).chain(27..34).map(|line| format!("at {line}")).collect();
    assert_eq!(bodies, expected);
    assert_eq!(threads[0].comments.len(), 121, "on more than two pages");
}

#[tokio::test]
async fn label_events_among_everything_else() {
    let scene = Scene::new();
    let (repo, number) = (&scene.repo, NUMBER);
    repo.add_unheard_of_event(number);
    repo.label(number, "tess", "schema-approved").unwrap();
    scene.world.advance(5);
    repo.unlabel(number, "mia", "schema-approved").unwrap();
    repo.label_via_app(number, "mia", "mobile-app", "schema-approved").unwrap();
    scene.github.perform(number, &Operation::RemoveLabel { label: "schema-approved".to_owned() }).await.unwrap();
    repo.comment(number, "alice", "a comment");
    scene.world.delete_user("tess");

    let events = scene.github.timeline(number).await.unwrap().labels;
    let seen: Vec<_> = events
        .iter()
        .map(|event| {
            let account = event.account.as_ref();
            (account.map(|account| (account.actor.login.as_str(), account.kind)), event.added, event.via_app)
        })
        .collect();
    let expected = [
        (None, true, false),
        (Some(("mia", AccountKind::User)), false, false),
        (Some(("mia", AccountKind::User)), true, true),
        (Some(("github-actions[bot]", AccountKind::Bot)), false, true),
    ];
    assert_eq!(seen, expected);
    assert_eq!((events[1].at - events[0].at).num_seconds(), 5);
    assert!(events.iter().all(|event| event.label == "schema-approved" && event.id.starts_with("LE_")));
    assert_eq!(events[1].account.as_ref().unwrap().actor.id, scene.world.user("mia"));
}

#[tokio::test]
async fn label_events_of_a_long_timeline() {
    let scene = Scene::new();
    for _ in 0..120 {
        scene.repo.label(NUMBER, "mia", "a").unwrap();
        scene.repo.unlabel(NUMBER, "mia", "a").unwrap();
    }
    scene.world.take_calls();
    let events = scene.github.timeline(NUMBER).await.unwrap().labels;
    assert_eq!(events.len(), 240);
    let calls = scene.world.take_calls();
    assert_eq!(calls.len(), 3, "a hundred a page: {calls:?}");
}

#[tokio::test]
async fn a_label_event_that_cannot_be_read_is_not_skipped() {
    let scene = Scene::new();
    let timeline = "/repos/{owner}/{repo}/issues/{number}/timeline";
    scene
        .world
        .fail_next(timeline, Fault::Answer(200, r#"[{"event": "unlabeled", "label": {"name": "a"}}]"#.to_owned()));
    let error = scene.github.timeline(NUMBER).await.unwrap_err();
    assert!(matches!(error, Error::Other(_)) && error.to_string().contains("node_id"), "{error}");
}

#[tokio::test]
async fn roles_by_name_with_the_id_of_the_account() {
    let scene = Scene::new();
    scene.repo.role("ada", Role::Admin);
    scene.repo.role("other[bot]", Role::Write);
    scene.world.user("stranger");
    let cases = [
        ("alice", Some("write")),
        ("ALICE", Some("write")),
        ("mia", Some("maintain")),
        ("tess", Some("triage")),
        ("ada", Some("admin")),
        ("other[bot]", Some("write")),
        ("stranger", None),
        ("nobody", None),
        ("../../octo", None),
    ];
    for (login, expected) in cases {
        let found = scene.github.role(login).await.unwrap();
        let expected = expected.map(|name| {
            let writes = !["read", "triage"].contains(&name);
            (scene.world.user(&login.to_lowercase()), schema_registry::model::Role { name: name.to_owned(), writes })
        });
        assert_eq!(found, expected, "{login}");
    }
}

#[tokio::test]
async fn the_newest_status_of_the_context_among_many() {
    let scene = Scene::new();
    let head = scene.repo.head_sha(NUMBER);
    let ours = |state, description: &str| CommitStatus { state, description: description.to_owned() };
    assert_eq!(scene.github.status(&head, "schema-registry").await.unwrap(), None);
    for n in 0..230 {
        scene.repo.post_status(&head, &format!("ci/{n}"), "failure");
    }
    for status in [ours(StatusState::Failure, "3 errors"), ours(StatusState::Pending, "waits for an approval")] {
        scene.github.set_status(&head, "schema-registry", &status, None).await.unwrap();
        assert_eq!(scene.github.status(&head, "schema-registry").await.unwrap(), Some(status));
    }
    assert!(scene.github.status(&head, "Schema-Registry").await.unwrap().is_some());
    assert_eq!(scene.github.status(&scene.repo.tip("main"), "schema-registry").await.unwrap(), None);
    let other = scene.github.status(&head, "ci/1").await.unwrap().unwrap();
    assert_eq!(other, ours(StatusState::Failure, ""), "a status without a description");
}

#[tokio::test]
async fn what_is_public_needs_no_token_to_read_and_one_to_write() {
    let world = World::start();
    let repo = world.repository("octo/db", Visibility::Public);
    repo.commit("main", "octo", "start", &[("a.yaml", Some(&lines(&[])))]);
    repo.commit("feature", "octo", "change", &[("a.yaml", Some(&lines(&[10])))]);
    repo.open_pull_request("octo", "feature", "main", "Change");
    let nobody = connect(&world, None);
    assert_eq!(nobody.pull_request(1).await.unwrap().author.unwrap().actor.login, "octo");
    let error = nobody.perform(1, &Operation::CreateComment { body: "hello".to_owned() }).await.unwrap_err();
    assert!(matches!(error, Error::Forbidden(_)), "{error}");
    let none = connect(&world, Some(&repo.token(Permissions::all(Access::None))));
    assert_eq!(none.pull_request(1).await.unwrap().number, 1);
}
