//! What the client sends and reads, and what the in-memory GitHub answers, against GitHub's own descriptions: OpenAPI,
//! GraphQL schema, webhook payloads. `scripts/setup github-api` installs them.

#![allow(clippy::expect_used, clippy::panic, clippy::disallowed_methods, reason = "a broken set-up panics")]

#[path = "../support/mod.rs"]
mod support;

#[allow(dead_code, reason = "a part is used")]
#[path = "../lifecycle/actors.rs"]
mod actors;
#[allow(dead_code, reason = "a part is used")]
#[path = "../lifecycle/request.rs"]
mod request;

mod graphql;
mod openapi;
mod schema;
mod tour;
mod webhooks;

use std::{collections::BTreeSet, path::Path};

use serde_json::Value;

/// The text of one of GitHub's descriptions.
fn description(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/github-api").join(name);
    std::fs::read_to_string(&path)
        .unwrap_or_else(|_| panic!("{} is missing: run `scripts/setup github-api`", path.display()))
}

fn json(name: &str) -> Value {
    serde_json::from_str(&description(name)).expect("JSON")
}

#[test]
fn every_call_and_every_answer_is_as_github_describes_it() {
    let exchanges = tour::exchanges();
    let (rest, graphql): (Vec<_>, Vec<_>) = exchanges.iter().partition(|exchange| exchange.route.starts_with('/'));

    let openapi = openapi::OpenApi::new(json("api.github.com.json"));
    let schema = graphql::Graphql::new(&description("schema.graphql"));
    let mut problems: BTreeSet<String> = BTreeSet::new();
    problems.extend(rest.iter().flat_map(|exchange| openapi.problems(exchange)));
    problems.extend(graphql.iter().flat_map(|exchange| schema.problems(exchange)));
    let problems: Vec<String> = problems.into_iter().collect();
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));

    let called: BTreeSet<String> = rest.iter().map(|call| format!("{} {}", call.method, call.route)).collect();
    let routes: BTreeSet<String> = support::github::templates().into_iter().collect();
    let missing: Vec<&String> = routes.difference(&called).collect();
    assert_eq!(missing, [""; 0], "the tour takes every route");
    let called: BTreeSet<String> = graphql.iter().map(|call| graphql::operation_name(&call.request)).collect();
    assert_eq!(called, graphql::operations_of_the_client(), "and every operation");
}
