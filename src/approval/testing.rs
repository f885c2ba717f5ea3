//! Values that the tests of this module share.

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::{
    Actor, Approval, ApprovalState, Digest, FileChange, FileMode, FileState, Location, Outcome, Position, Route,
    Severity, Span, Violation,
};

/// `seconds` after a fixed moment.
pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(1_800_000_000 + seconds)
}

pub(super) fn violation(rule: &'static str, severity: Severity, file: &str) -> Violation {
    let place = Position { line: 1, column: 1 };
    Violation {
        rule,
        severity,
        message: "Something is wrong".to_owned(),
        suggestion: None,
        location: Location {
            file: file.to_owned(),
            route: Route::root().key("schemaJson"),
            span: Span::default(),
            start: place,
            end: place,
        },
        fix: Vec::new(),
        waived: None,
    }
}

/// An outcome that changes one file and has a violation of each of `severities`.
pub(super) fn outcome(severities: &[Severity]) -> Outcome {
    let after = Some(FileState { mode: FileMode::Regular, digest: Digest::of("x") });
    Outcome {
        requests: Vec::new(),
        declarations: Vec::new(),
        violations: severities.iter().map(|severity| violation("some-rule", *severity, "a.yaml")).collect(),
        files: vec![FileChange { path: "a.yaml".to_owned(), before: None, after }],
    }
}

pub(super) fn approval_state(required: usize, given: u64) -> ApprovalState {
    let approvals = (1..=given)
        .map(|id| Approval { id: format!("event-{id}"), who: Actor { id, login: format!("person-{id}") }, at: at(0) })
        .collect();
    ApprovalState { required, approvals, ..ApprovalState::default() }
}
