//! Histories that are rare, and of which the log and `audit verify` must think the same.

use crate::{
    actors::Stage,
    request::another,
    support::github::{Method, Visibility},
};

const POLICY: &str = "[approval]\nrequired = 1\n\n[gate]\nbranches = [\"stable\"]\n";
const WORKFLOW: &str = ".github/workflows/ci.yml";
const OURS: &str = "on: push\njobs: {a: {steps: [{run: schema-registry lint}]}}\n";

fn stage() -> Stage {
    Stage::with_log(Visibility::Private, POLICY)
}

fn file(name: &str) -> String {
    format!("schema-requests/{name}.yaml")
}

/// The hourly run, after which a new clone finds the log whole; the kinds of all entries.
fn recorded(stage: &Stage) -> Vec<String> {
    stage.deliver(&stage.repo.schedule_event());
    let (code, text, error) = stage.verify_afresh(&[]);
    assert!(code == 0 && !text.contains("not recorded yet"), "{text}{error}");
    stage.kinds()
}

/// Edits of a workflow that does not use the tool have no entry, so the one of its first use begins at any of them.
#[test]
fn a_workflow_that_was_edited_before_it_uses_the_tool_is_no_damage() {
    for runs in [true, false] {
        let stage = stage();
        for text in ["on: push\njobs: {}\n", "on: pull_request\njobs: {}\n", OURS] {
            stage.repo.commit("main", "max", "CI", &[(WORKFLOW, Some(text))]);
            if runs {
                recorded(&stage);
            }
        }
        assert_eq!(recorded(&stage), ["initialised", "direct-push"]);
    }
}

/// The approval is of the workflow as it was when it was asked for.
#[test]
fn such_a_workflow_that_comes_with_a_pull_request_is_approved() {
    let stage = stage();
    stage.repo.commit("main", "max", "CI", &[(WORKFLOW, Some("on: push\njobs: {}\n"))]);
    let number = stage.open("ask", "main", &[(WORKFLOW, OURS), (&file("rooms"), &another("rooms"))]);
    stage.review(number, "opened", "ann");
    stage.approve(number, "mia");
    stage.repo.merge(number, "mia", Method::Squash);
    assert_eq!(recorded(&stage), ["initialised", "approved", "merged"]);
    assert!(stage.summary(number).contains("**Merged as approved.**"));
}
