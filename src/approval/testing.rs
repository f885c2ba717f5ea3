//! Values that the tests of this module share.

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::{
    Actor, Approval, ApprovalState, ChangeKind, Claims, Column, Digest, FileChange, FileMode, FileState, Location,
    Migration, MigrationHeader, MigrationName, Outcome, Plan, Position, RequestOutcome, Route, Severity, Span, Table,
    TableName, Violation,
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
        violations: severities.iter().map(|severity| violation("some-rule", *severity, "a.yaml")).collect(),
        files: vec![FileChange { path: "a.yaml".to_owned(), before: None, after }],
        ..Outcome::default()
    }
}

pub(super) fn approval_state(required: usize, given: u64) -> ApprovalState {
    let approvals = (1..=given)
        .map(|id| Approval { id: format!("event-{id}"), who: Actor { id, login: format!("person-{id}") }, at: at(0) })
        .collect();
    ApprovalState { required, approvals, ..ApprovalState::default() }
}

/// The outcome of a request that creates a table of teams, without a change.
pub(super) fn request(justification: &str) -> RequestOutcome {
    let table = TableName::public("teams");
    let header = MigrationHeader {
        format: 1,
        subject: (&table).into(),
        kind: ChangeKind::Create,
        before: None,
        after: None,
        phase: None,
        renamed_from: None,
    };
    let name = MigrationName("20231205_120000_create_teams".to_owned());
    RequestOutcome {
        path: "a.yaml".to_owned(),
        text: String::new(),
        table: Some(table),
        registry_id: None,
        change: None,
        taken_over: false,
        sql: None,
        plan: Plan::default(),
        migrations: vec![Migration { name, header, up: "up".to_owned(), down: "down".to_owned() }],
        violations: vec![violation("w", Severity::Warning, "a.yaml"), violation("n", Severity::Notice, "a.yaml")],
        claims: Claims {
            requested_by: Some("Jane".to_owned()),
            justification: Some(justification.to_owned()),
            ..Claims::default()
        },
    }
}

/// A table with one column.
pub(super) fn table(name: &str) -> Table {
    let id = Column {
        name: "id".to_owned(),
        type_name: "uuid".to_owned(),
        nullable: false,
        default: None,
        identity: None,
        generated: None,
        collation: None,
        comment: None,
    };
    Table {
        name: TableName::public(name),
        comment: None,
        columns: vec![id],
        primary_key: None,
        uniques: Vec::new(),
        checks: Vec::new(),
        foreign_keys: Vec::new(),
        excludes: Vec::new(),
        indexes: Vec::new(),
    }
}
