//! Runs that make every call that the client can make, each answered in more than one way.

use std::collections::BTreeSet;

use serde_json::json;

use crate::{
    actors::{LABEL, Stage, required},
    request::{FIRST_DRAFT, corrected},
    support::github::{Branches, Environment, Exchange, Method, Visibility},
};

const FILE: &str = "schema-requests/notes.yaml";

/// Every call of every run, with its answer.
pub(crate) fn exchanges() -> Vec<Exchange> {
    [reviewed_approved_and_merged(), queued(), pages()].concat()
}

fn reviewed_approved_and_merged() -> Vec<Exchange> {
    let stage = Stage::with_log(Visibility::Private, "[approval]\nrequired = 2\nteams = [\"octo/dba\"]\n");
    stage.world.team("octo/dba", &["mia"]);
    let number = stage.open("notes", "main", &[(FILE, FIRST_DRAFT)]);
    stage.review(number, "opened", "ann");
    stage.push("notes", "ann", "Fix", &[(FILE, &corrected())]);
    stage.review(number, "synchronize", "ann");
    stage.approve(number, "tom");
    stage.repo.unlabel(number, "tom", LABEL).expect("may take it off");
    stage.review(number, "unlabeled", "tom");
    // What only the one who rejected may take off is set again.
    stage.repo.label(number, "max", "schema-rejected").expect("may label");
    stage.review(number, "labeled", "max");
    stage.repo.unlabel(number, "tom", "schema-rejected").expect("may take it off");
    stage.review(number, "unlabeled", "tom");
    stage.repo.unlabel(number, "max", "schema-rejected").expect("may take it off");
    stage.review(number, "unlabeled", "max");
    stage.approve(number, "mia");
    stage.approve(number, "max");
    assert_eq!(stage.status(number).state, "success");
    let before = stage.repo.tip("main");
    stage.repo.merge(number, "mia", Method::Squash);
    stage.deliver(&stage.repo.push_event("main", &before, "mia"));
    stage.review(number, "closed", "mia");
    stage.repo.rules("main", &required(Some(1)));
    assert_eq!(stage.doctor(&[]).0, Some(1));
    set(&stage);
    assert_eq!(stage.doctor(&[]).0, Some(1));
    seen(&stage, &[number])
}

/// Every setting that there is.
fn set(stage: &Stage) {
    let check = json!({"context": "schema-registry", "app_id": 1});
    let protection = json!({
        "required_status_checks": {"contexts": ["schema-registry"], "checks": [check], "strict": false},
        "enforce_admins": {"url": "https://api.github.com/x", "enabled": false},
        "allow_force_pushes": {"enabled": false},
        "allow_deletions": {"enabled": true},
    });
    stage.repo.protect("main", protection);
    let named = Branches::Named(vec![("branch", "main".to_owned()), ("tag", "v*".to_owned())]);
    let secrets: BTreeSet<String> = ["A", "B"].map(str::to_owned).into();
    let environment = Environment { branches: named, secrets: secrets.clone() };
    stage.repo.settings(|settings| {
        settings.environments.insert("schema-registry".to_owned(), environment);
        (settings.secrets, settings.organisation_secrets) = (secrets.clone(), secrets);
        (settings.token_writes, settings.pinned) = (true, true);
        settings.selected = Some(vec!["octo/*".to_owned()]);
    });
}

/// A merge queue, a run after validation, the hourly run, and a file whose lines the base has moved.
fn queued() -> Vec<Exchange> {
    let stage = Stage::with_log(Visibility::Public, "[approval]\nrequired = 1\n");
    stage.push("main", "max", "Notes", &[(FILE, &corrected())]);
    let column = "    - {name: readAt, type: TIMESTAMPTZ}\n    - {name: created_at";
    let edited = corrected().replace("    - {name: created_at", column);
    let number = stage.open("notes", "main", &[(FILE, &edited)]);
    let reworded = corrected().replace("lose", "misplace");
    stage.push("main", "max", "Reword", &[(FILE, &reworded)]);
    stage.deliver(&stage.repo.workflow_run_event(number));
    let group = stage.repo.enqueue(number);
    stage.deliver(&stage.repo.workflow_run_of_group_event(&group));
    stage.deliver(&stage.repo.schedule_event());
    assert!(stage.repo.threads(number).iter().any(|thread| thread.line == 0), "a comment on the file as a whole");
    seen(&stage, &[number])
}

/// Lists of several pages.
fn pages() -> Vec<Exchange> {
    let stage = Stage::with_log(Visibility::Private, "[approval]\nrequired = 1\n");
    stage.world.limit_pages(1);
    let number = stage.open("notes", "main", &[(FILE, FIRST_DRAFT)]);
    stage.review(number, "opened", "ann");
    let thread = stage.repo.threads(number)[0].id;
    stage.repo.reply(number, thread, "ann", "why?");
    stage.repo.comment(number, "tom", "hello");
    stage.review(number, "synchronize", "ann");
    seen(&stage, &[number])
}

fn seen(stage: &Stage, numbers: &[u64]) -> Vec<Exchange> {
    for number in numbers {
        stage.repo.comments(*number);
        stage.repo.threads(*number);
    }
    stage.world.take_exchanges()
}
