//! What an entry says about the change that it is about.

use std::collections::BTreeMap;

use crate::{
    approval::ApprovalDigest,
    model::{ChangeKind, Digest, EntryTable, EntryViolation, FileMode, Outcome, RequestOutcome, Severity, Tree},
};

/// The parts of an entry that come from the evaluated change, and the blobs that it refers to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Errors and warnings, waived ones included.
    pub violations: Vec<EntryViolation>,
    /// One a touched request with a table; status `approved`, nobody as performer yet.
    pub tables: Vec<EntryTable>,
    /// The lines of the approval digest, the SQL of both directions, and every changed governed file, by digest.
    pub blobs: BTreeMap<Digest, Vec<u8>>,
}

impl Evidence {
    /// The evidence of an outcome; `merged` holds the governed files of the merged result.
    #[must_use]
    pub fn of(outcome: &Outcome, merged: &Tree, digest: &ApprovalDigest) -> Self {
        let mut blobs = BTreeMap::from([(digest.digest, digest.lines.clone().into_bytes())]);
        for migration in outcome.requests.iter().flat_map(|request| &request.migrations) {
            for sql in [&migration.up, &migration.down] {
                blobs.insert(Digest::of(sql), sql.clone().into_bytes());
            }
        }
        let changed = outcome.files.iter().filter_map(|change| merged.get(&change.path));
        for file in changed.filter(|file| matches!(file.mode, FileMode::Regular | FileMode::Executable)) {
            blobs.insert(file.digest(), file.bytes.clone());
        }
        let violations = outcome
            .all_violations()
            .filter(|violation| violation.severity != Severity::Notice)
            .map(|violation| EntryViolation {
                rule: violation.rule.to_owned(),
                severity: violation.severity,
                path: violation.location.file.clone(),
                route: violation.location.route.to_string(),
                waived: violation.waived.is_some(),
            })
            .collect();
        Self { violations, tables: outcome.requests.iter().filter_map(table).collect(), blobs }
    }
}

fn table(request: &RequestOutcome) -> Option<EntryTable> {
    let table_name = request.table.as_ref()?.to_string();
    let kind = request.change.as_ref().map_or(ChangeKind::None, |change| change.kind);
    let claims = &request.claims;
    Some(EntryTable {
        table_name,
        registry_id: request.registry_id,
        action: kind.verb().to_owned(),
        status: "approved".to_owned(),
        performed_by: None,
        requested_by: claims.requested_by_username.clone().or_else(|| claims.requested_by.clone()),
        justification: claims.justification.clone(),
        related_issue: claims.related_issue.clone(),
        sql: request.migrations.iter().map(|migration| Digest::of(&migration.up)).collect(),
        success: true,
    })
}
