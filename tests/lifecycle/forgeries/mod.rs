//! Approvals that are none. Each is refused, and the pull request says why.

mod bytes;
mod merges;
mod moments;
mod people;
mod queue;
mod records;
mod statuses;

use crate::{
    actors::{LABEL, Stage},
    request::corrected,
    support::github::Visibility,
};

const FILE: &str = "schema-requests/notes.yaml";
const POLICY: &str = "[approval]\nrequired = 1\n";
/// What the gate says while nobody's approval counts.
const WAITING: &str = "pending: 0 of 1 approval given; no violations";

/// A repository, and a pull request of ann's that waits for one approval; its summary has been there for an hour.
fn waiting() -> (Stage, u64) {
    let stage = Stage::with_log(Visibility::Private, POLICY);
    let number = stage.open("notes", "main", &[(FILE, &corrected())]);
    stage.review(number, "opened", "ann");
    stage.world.advance(3_600);
    (stage, number)
}

/// A repository in which these are gated beside `main`, and begin where it is.
fn gating(branches: &[&str]) -> Stage {
    let stage = Stage::with_log(Visibility::Private, &format!("{POLICY}[gate]\nbranches = {branches:?}\n"));
    for branch in branches {
        stage.repo.branch(branch, "main");
    }
    stage
}

/// The summary gives the reason, the gate is shut, the label is off, and the log holds no further approval.
fn refused(stage: &Stage, number: u64, forgery: &str, reason: &str) {
    let summary = stage.summary(number);
    assert!(summary.contains(reason), "{forgery}: {reason:?} is not in {summary}");
    assert_eq!(stage.gate(number), WAITING, "{forgery}");
    assert!(!stage.repo.labels(number).contains(&LABEL.to_owned()), "{forgery}: the label is off");
}

/// How many approvals the log holds.
fn approvals(stage: &Stage) -> usize {
    stage.kinds().iter().filter(|kind| *kind == "approved").count()
}

/// What the summary's marker says that it shows.
fn digest(stage: &Stage, number: u64) -> String {
    let summary = stage.summary(number);
    let (_, rest) = summary.split_once("digest=").expect("a marker");
    rest.split(' ').next().expect("a digest").to_owned()
}
