//! Whatever fails at whichever call: the pull request ends as it would have without, at once or with the next run, and
//! nothing is said twice.

use std::collections::BTreeSet;

use crate::{
    actors::{LABEL, Stage},
    request::{FIRST_DRAFT, corrected},
    support::github::Fault,
};

const FILE: &str = "schema-requests/notes.yaml";

/// What a run is about to be made for.
type Scene = fn() -> (Stage, u64, &'static str, &'static str);

fn fresh() -> (Stage, u64, &'static str, &'static str) {
    let stage = Stage::new();
    stage.create_log();
    let number = stage.open("notes", "main", &[(FILE, FIRST_DRAFT)]);
    (stage, number, "opened", "ann")
}

fn fixed() -> (Stage, u64, &'static str, &'static str) {
    let (stage, number, action, sender) = fresh();
    stage.review(number, action, sender);
    stage.push("notes", "ann", "Fix", &[(FILE, &corrected())]);
    (stage, number, "synchronize", "ann")
}

fn approved() -> (Stage, u64, &'static str, &'static str) {
    let (stage, number, action, sender) = fixed();
    stage.review(number, action, sender);
    stage.world.advance(3_600);
    stage.repo.label(number, "mia", LABEL).expect("may label");
    (stage, number, "labeled", "mia")
}

/// Everything that is on the pull request and in the log, as far as a run decides it, in lines.
fn state(stage: &Stage, number: u64) -> Vec<String> {
    let text = |kind: &str, hidden: Option<&String>, body: &str| {
        // The marker says when the summary was posted.
        let said = body.split_once("-->").map_or(body, |(_, said)| said);
        format!("{kind}, hidden: {hidden:?}\n{said}")
    };
    let comments = stage.repo.comments(number);
    let mut parts: Vec<String> =
        comments.iter().map(|comment| text("comment", comment.minimized.as_ref(), &comment.body)).collect();
    for thread in stage.repo.threads(number) {
        let place = format!("{}:{}, resolved: {}", thread.path, thread.line, thread.resolved);
        // What is resolved is folded, hidden or not.
        let hidden = |minimized: Option<String>| minimized.filter(|_| !thread.resolved);
        parts.extend(
            thread
                .comments
                .iter()
                .map(|comment| text(&place, hidden(comment.minimized.clone()).as_ref(), &comment.body)),
        );
    }
    parts.sort();
    parts.push(format!("labels {:?}, status {}", stage.repo.labels(number), stage.gate(number)));
    parts.push(format!("log {:?}", stage.kinds()));
    let head = stage.repo.head_sha(number);
    let text = parts.join("\n").replace(&head, "<head>").replace(&head[..7], "<head>");
    let text = text.replace(&stage.world.server_url(), "<server>");
    let when = |line: &str| line.split_once(" on 2").filter(|_| line.ends_with(" UTC")).map(|(who, _)| who.to_owned());
    text.lines().map(|line| when(line).unwrap_or_else(|| line.to_owned())).collect()
}

/// How a run that meets `fault` at `route` leaves the pull request, and its exit code; where that is not `code`, the
/// next run has its turn.
fn met(scene: Scene, code: i32, route: &str, fault: &Fault) -> (i32, Vec<String>) {
    let (stage, number, action, sender) = scene();
    stage.world.fail_next(route, fault.clone());
    let event = stage.repo.pull_request_event("pull_request_target", action, number, sender);
    let ran = stage.action(&event);
    if ran.code != code {
        assert!(!ran.stderr.is_empty() || !ran.stdout.is_empty(), "{route} {fault:?}: it says why");
        stage.world.advance(1);
        stage.review(number, action, sender);
    }
    (ran.code, state(&stage, number))
}

fn faults() -> Vec<Fault> {
    vec![
        Fault::Error(500),
        Fault::Error(502),
        Fault::Html(503),
        Fault::PrimaryLimit,
        Fault::SecondaryLimit { retry_after: None },
        Fault::SecondaryLimit { retry_after: Some(0) },
        Fault::TooManyRequests { retry_after: None },
        Fault::TooManyRequests { retry_after: Some(0) },
        Fault::Reset,
        Fault::Truncated,
        Fault::LostResponse,
        Fault::Silence,
    ]
}

/// Every call of a run meets every fault; without `ALL_FAULTS` in the environment, every call meets one fault of `share`.
/// Two workers: the machines that run this have two processors.
fn matrix(scene: Scene, share: usize) {
    let share = if std::env::var_os("ALL_FAULTS").is_some() { 1 } else { share };
    let (stage, number, action, sender) = scene();
    let ran = stage.review(number, action, sender);
    let expected = state(&stage, number);
    let calls = ran.calls.iter().filter_map(|call| Some(call.split_once(' ')?.1.to_owned()));
    let routes: BTreeSet<String> = calls.collect();
    let mut cases: Vec<(String, Fault)> = Vec::new();
    for (place, route) in routes.iter().enumerate() {
        let git = route.starts_with("git ");
        // A silent server makes git give up after a minute; what git answers in part it throws away itself.
        let faults = faults().into_iter().filter(|fault| !git || matches!(fault, Fault::Error(_) | Fault::Reset));
        let chosen = faults.enumerate().filter(|(number, _)| git || (place + number) % share == 0);
        cases.extend(chosen.map(|(_, fault)| (route.clone(), fault)));
    }
    assert!(cases.len() > routes.len());
    let check = |cases: &[(String, Fault)]| {
        for (route, fault) in cases {
            let (code, found) = met(scene, ran.code, route, fault);
            let differs = found.iter().zip(&expected).find(|(found, expected)| found != expected);
            assert_eq!(differs, None, "{route} {fault:?}, exit code {code}");
            assert_eq!(found.len(), expected.len(), "{route} {fault:?}, exit code {code}");
        }
    };
    let (left, right) = cases.split_at(cases.len() / 2);
    std::thread::scope(|scope| {
        scope.spawn(|| check(left));
        check(right);
    });
}

#[test]
fn a_first_review() {
    matrix(fresh, 3);
}

#[test]
fn a_review_after_a_fix() {
    matrix(fixed, 6);
}

#[test]
fn an_approval() {
    matrix(approved, 6);
}
