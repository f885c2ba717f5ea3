//! How much one author may ask for.

use crate::{
    actors::Stage,
    request::{another, corrected},
    support::github::Visibility,
};

const FILE: &str = "schema-requests/notes.yaml";
const WAITING: &str = "pending: 0 of 1 approval given; no violations";

fn stage(limit: &str) -> Stage {
    Stage::with_log(Visibility::Private, &format!("[approval]\nrequired = 1\n[limits]\n{limit} = 1\n"))
}

fn open(stage: &Stage, table: &str) -> u64 {
    stage.open(table, "main", &[(&format!("schema-requests/{table}.yaml"), &another(table))])
}

#[test]
fn open_pull_requests_beyond_the_limit_wait_for_the_older_ones() {
    let stage = stage("open_requests");
    stage.open("docs", "main", &[("README.md", "hello\n")]);
    let first = stage.open("notes", "main", &[(FILE, &corrected())]);
    let second = open(&stage, "rooms");
    stage.push("zones", "tom", "Ask", &[("schema-requests/zones.yaml", &another("zones"))]);
    let of_tom = stage.repo.open_pull_request("tom", "zones", "main", "Zones");
    for (number, gate) in [(first, WAITING), (second, "failure: 1 error"), (of_tom, WAITING)] {
        stage.review(number, "opened", "ann");
        assert_eq!(stage.gate(number), gate, "#{number}");
    }
    let summary = stage.summary(second);
    let reason = format!("has older open pull requests with requests (`#{first}`), and the policy allows 1");
    assert!(summary.contains("limit-exceeded") && summary.contains(&reason), "{summary}");
    stage.open_threads(second);

    stage.repo.close(first, "ann");
    stage.deliver(&stage.repo.schedule_event());
    assert_eq!(stage.gate(second), WAITING, "the older one is closed");
    assert_eq!(stage.deliver(&stage.repo.schedule_event()).writes, [""; 0]);
    for number in [first, second, of_tom] {
        stage.summary(number);
    }
}

#[test]
fn pull_requests_of_one_day_beyond_the_limit_wait_for_the_next() {
    let stage = stage("requests_per_day");
    stage.world.advance(-90_000);
    let old = stage.open("notes", "main", &[(FILE, &corrected())]);
    stage.world.advance(90_000);
    let first = open(&stage, "rooms");
    stage.repo.close(first, "ann");
    let second = open(&stage, "zones");
    for (number, gate) in [(old, WAITING), (second, "failure: 1 error")] {
        stage.review(number, "opened", "ann");
        assert_eq!(stage.gate(number), gate, "#{number}");
    }
    let summary = stage.summary(second);
    let reason =
        format!("opened other pull requests with requests within 24 hours (`#{first}`), and the policy allows 1 a day");
    assert!(summary.contains("limit-exceeded") && summary.contains(&reason), "{summary}");
    stage.open_threads(second);
    stage.summary(old);
}

/// Each pull request is within its limits, and what the queue would merge at once has none.
#[test]
fn limits_are_not_of_what_a_merge_queue_takes_together() {
    let stage = stage("tables_per_change");
    let mut group = String::new();
    for name in ["rooms", "zones"] {
        let number = open(&stage, name);
        stage.review(number, "opened", "ann");
        let ran = stage.approve(number, "mia");
        let summary = stage.summary(number);
        assert_eq!(ran.output("verdict"), "pass", "{summary}");
        group = stage.repo.enqueue(number);
    }
    stage.deliver(&stage.repo.workflow_run_of_group_event(&group));
    assert_eq!(stage.status_of(&group), "success: What the queue would merge has no error");
}
