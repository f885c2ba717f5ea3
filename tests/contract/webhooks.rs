//! Events: GitHub's examples are read, and those of the in-memory GitHub look like them.
//! Source: <https://github.com/octokit/webhooks>

use std::process::Command;

use serde_json::{Value, json};

use crate::{
    actors::Stage,
    json,
    request::corrected,
    schema::Schemas,
    support::github::{Event, Visibility},
};

/// What the first call of a run for each of GitHub's examples asks for.
fn asks_for(name: &str, example: &Value) -> String {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    match name {
        "pull_request" => format!("/pulls/{}", example["pull_request"]["number"]),
        "issue_comment" => "The comment is on an issue, not on a pull request.".to_owned(),
        "push" if text(&example["ref"]).starts_with("refs/tags/") => "What was pushed is not a branch.".to_owned(),
        "workflow_run" => "The workflow that ended was not about a pull request.".to_owned(),
        "push" | "merge_group" | "workflow_dispatch" => String::new(),
        other => panic!("no expectation for {other}"),
    }
}

#[test]
fn the_examples_of_events_are_read() {
    let stage = Stage::with_log(Visibility::Public, "");
    let folder = stage.world.folder("examples");
    let examples = json("webhooks-examples.json");
    let mut read = 0;
    for event in examples.as_array().expect("a list") {
        let name = event["name"].as_str().expect("a name");
        if !["pull_request", "push", "issue_comment", "workflow_run", "merge_group", "workflow_dispatch"]
            .contains(&name)
        {
            continue;
        }
        for example in event["examples"].as_array().expect("a list") {
            let path = folder.join("event.json");
            std::fs::write(&path, example.to_string()).expect("writes");
            let mut command = Command::new(env!("CARGO_BIN_EXE_schema-registry"));
            command.arg("action").current_dir(&folder).env_clear();
            command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", stage.world.home());
            command.env("GITHUB_REPOSITORY", stage.repo.full_name()).env("GITHUB_API_URL", stage.world.api_url());
            command.env("GITHUB_SERVER_URL", stage.world.server_url());
            command.env("GITHUB_EVENT_NAME", name).env("GITHUB_EVENT_PATH", &path);
            stage.world.take_exchanges();
            let output = command.output().expect("the binary starts");
            let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
            let asked = stage.world.take_exchanges();
            let expected = asks_for(name, example);
            let found = asked.iter().any(|call| call.path.ends_with(&expected)) || said.trim() == expected;
            assert!(found, "{name}: {expected:?} in {said} {asked:?}");
            read += 1;
        }
    }
    assert!(read > 50, "{read}");
}

#[test]
fn the_events_of_the_model_look_like_githubs() {
    let schemas = Schemas::new(open(&json("webhooks-schema.json")));
    let stage = Stage::with_log(Visibility::Private, "");
    let number = stage.open("notes", "main", &[("schema-requests/notes.yaml", &corrected())]);
    let repo = &stage.repo;
    let before = repo.tip("main");
    let head = repo.head_sha(number);
    stage.push("notes", "ann", "More", &[("README.md", "hello\n")]);
    repo.label(number, "mia", "schema-approved").expect("may label");
    let comment = repo.comment(number, "tom", "please look");
    let group = repo.enqueue(number);
    stage.push("main", "max", "More", &[("README.md", "other\n")]);
    let of_pull = |action| repo.pull_request_event("pull_request_target", action, number, "ann");
    let events: Vec<(&str, Event)> = vec![
        ("pull_request$opened", of_pull("opened")),
        ("pull_request$synchronize", repo.synchronize_event("pull_request_target", number, "ann", &head)),
        ("pull_request$labeled", repo.label_event("pull_request_target", "labeled", number, "mia", "schema-approved")),
        (
            "pull_request$unlabeled",
            repo.label_event("pull_request_target", "unlabeled", number, "mia", "schema-approved"),
        ),
        ("push$event", repo.push_event("main", &before, "max")),
        ("issue_comment$created", repo.issue_comment_event(number, comment)),
        ("workflow_run$completed", repo.workflow_run_event(number)),
        ("merge_group$checks_requested", repo.merge_group_event(&group)),
    ];
    for (definition, event) in events {
        let payload: Value = serde_json::from_slice(&std::fs::read(event.payload()).expect("a payload")).expect("JSON");
        let schema = json!({"$ref": format!("#/definitions/{definition}")});
        let problems = schemas.invalid(&schema, &payload);
        assert!(problems.is_empty(), "{definition}:\n{}", problems.join("\n"));
    }
}

/// The schemas are older than the payloads, and closed: what they do not know is fine. They want `custom_properties` of
/// every repository, which the description of the REST API does not have in the same places.
fn open(schema: &Value) -> Value {
    match schema {
        Value::Object(object) => {
            let kept = object.iter().filter(|(name, value)| *name != "additionalProperties" || value.is_object());
            kept.map(|(name, value)| (name.clone(), open(value))).collect()
        }
        Value::Array(items) => items.iter().filter(|item| *item != "custom_properties").map(open).collect(),
        other => other.clone(),
    }
}
