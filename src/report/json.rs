//! JSON in the seed's response shapes.

use serde::Serialize;

use crate::model::{ChangeKind, Migration, Outcome, Plan, RequestOutcome, Severity, SqlChange, TableName, Violation};

/// What `check --format json` prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckReport<'a> {
    success: bool,
    requests: Vec<RequestReport<'a>>,
    violations: Vec<ViolationReport<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestReport<'a> {
    file: &'a str,
    table_name: Option<String>,
    registry_id: Option<uuid::Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sql_request: Option<SqlReport<'a>>,
    violations: Vec<ViolationReport<'a>>,
    migration_preview: Option<MigrationReport<'a>>,
    migrations: Vec<MigrationReport<'a>>,
}

#[derive(Debug, Serialize)]
struct SqlReport<'a> {
    name: &'a str,
    touches: Vec<String>,
}

impl<'a> SqlReport<'a> {
    fn new(sql: &'a SqlChange) -> Self {
        Self { name: &sql.name, touches: sql.touches.iter().map(TableName::short).collect() }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ViolationReport<'a> {
    rule: &'a str,
    severity: Severity,
    message: &'a str,
    suggestion: Option<&'a str>,
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    waived: Option<WaivedReport<'a>>,
}

#[derive(Debug, Serialize)]
struct WaivedReport<'a> {
    reason: &'a str,
    expires: chrono::NaiveDate,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MigrationReport<'a> {
    file_name: &'a str,
    up_sql: &'a str,
    down_sql: &'a str,
}

impl<'a> CheckReport<'a> {
    /// The report of `outcome`.
    #[must_use]
    pub fn new(outcome: &'a Outcome) -> Self {
        let declared = outcome.declarations.iter().flat_map(|declarations| &declarations.violations);
        Self {
            success: !outcome.fails(),
            requests: outcome.requests.iter().map(RequestReport::new).collect(),
            violations: declared.chain(&outcome.violations).map(ViolationReport::new).collect(),
        }
    }
}

impl<'a> RequestReport<'a> {
    fn new(request: &'a RequestOutcome) -> Self {
        let migrations = || request.migrations.iter().map(MigrationReport::new);
        Self {
            file: &request.path,
            table_name: request.table.as_ref().map(TableName::short),
            registry_id: request.registry_id,
            sql_request: request.sql.as_ref().map(SqlReport::new),
            violations: request.violations.iter().map(ViolationReport::new).collect(),
            migration_preview: migrations().next(),
            migrations: migrations().collect(),
        }
    }
}

impl<'a> ViolationReport<'a> {
    fn new(violation: &'a Violation) -> Self {
        let location = &violation.location;
        Self {
            rule: violation.rule,
            severity: violation.severity,
            message: &violation.message,
            suggestion: violation.suggestion.as_deref(),
            file: &location.file,
            line: location.start.line,
            column: location.start.column,
            end_line: location.end.line,
            end_column: location.end.column,
            waived: violation
                .waived
                .as_ref()
                .map(|waived| WaivedReport { reason: &waived.reason, expires: waived.expires }),
        }
    }
}

impl<'a> MigrationReport<'a> {
    fn new(migration: &'a Migration) -> Self {
        Self { file_name: &migration.name.0, up_sql: &migration.up, down_sql: &migration.down }
    }
}

/// What `plan --format json` prints.
#[derive(Debug, Serialize)]
pub struct PlanReport<'a> {
    changes: Vec<ChangeReport<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeReport<'a> {
    file: &'a str,
    table_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sql_request: Option<SqlReport<'a>>,
    change: &'static str,
    /// Whether nothing but comments changes.
    metadata_only: bool,
    #[serde(flatten)]
    plan: &'a Plan,
    migrations: Vec<&'a str>,
}

impl<'a> PlanReport<'a> {
    /// The plans of `outcome`, in the order in which they run.
    #[must_use]
    pub fn new(outcome: &'a Outcome) -> Self {
        let changes = outcome.in_order().map(|request| ChangeReport {
            file: &request.path,
            table_name: request.table.as_ref().map(TableName::short),
            sql_request: request.sql.as_ref().map(SqlReport::new),
            change: request.kind().unwrap_or(ChangeKind::None).verb(),
            metadata_only: request.plan.is_metadata(),
            plan: &request.plan,
            migrations: request.migrations.iter().map(|migration| migration.name.0.as_str()).collect(),
        });
        Self { changes: changes.collect() }
    }
}
