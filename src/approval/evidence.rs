//! What an entry says about the change that it is about.

use std::collections::BTreeMap;

use crate::{
    approval::ApprovalDigest,
    model::{
        ChangeKind, Digest, EntryTable, EntryViolation, FileMode, Outcome, RequestOutcome, Severity, TableName, Tree,
        Violation,
    },
};

/// The parts of an entry that come from the evaluated change, and the blobs that it refers to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Errors and warnings, waived ones included.
    pub violations: Vec<EntryViolation>,
    /// One a touched request with a table, and one for everything that SQL of a request says that it touches; status `approved`, nobody as performer yet.
    pub tables: Vec<EntryTable>,
    /// The lines of the approval digest, the SQL of both directions, and every changed governed file, by digest.
    pub blobs: BTreeMap<Digest, Vec<u8>>,
}

impl Evidence {
    /// The evidence of an outcome; `merged` holds the governed files of the merged result. A landing has no digest.
    #[must_use]
    pub fn of(outcome: &Outcome, merged: &Tree, digest: Option<&ApprovalDigest>) -> Self {
        let mut violations: Vec<&Violation> =
            outcome.all_violations().filter(|violation| violation.severity != Severity::Notice).collect();
        violations.sort_by_key(|violation| violation.severity);
        Self {
            violations: violations.into_iter().map(entry_violation).collect(),
            tables: outcome.requests.iter().flat_map(tables).collect(),
            blobs: blobs(outcome, merged, digest),
        }
    }
}

fn blobs(outcome: &Outcome, merged: &Tree, digest: Option<&ApprovalDigest>) -> BTreeMap<Digest, Vec<u8>> {
    let lines = digest.map(|digest| (digest.digest, digest.lines.clone().into_bytes()));
    let mut blobs: BTreeMap<Digest, Vec<u8>> = lines.into_iter().collect();
    for migration in outcome.requests.iter().flat_map(|request| &request.migrations) {
        for sql in [&migration.up, &migration.down] {
            blobs.insert(Digest::of(sql), sql.clone().into_bytes());
        }
    }
    let changed = outcome.files.iter().filter_map(|change| merged.get(&change.path));
    for file in changed.filter(|file| matches!(file.mode, FileMode::Regular | FileMode::Executable)) {
        blobs.insert(file.digest(), file.bytes.clone());
    }
    blobs
}

fn entry_violation(violation: &Violation) -> EntryViolation {
    EntryViolation {
        rule: violation.rule.to_owned(),
        severity: violation.severity,
        path: violation.location.file.clone(),
        route: violation.location.route.to_string(),
        waived: violation.waived.is_some(),
    }
}

/// The table of a request, or what its SQL says that it touches.
fn tables(request: &RequestOutcome) -> Vec<EntryTable> {
    let touched = request.sql.iter().flat_map(|sql| &sql.touches);
    request.table.iter().chain(touched).map(|name| table(request, name)).collect()
}

fn table(request: &RequestOutcome, name: &TableName) -> EntryTable {
    let action = if request.taken_over { "import" } else { request.kind().unwrap_or(ChangeKind::None).verb() };
    let claims = &request.claims;
    EntryTable {
        table_name: name.to_string(),
        registry_id: request.registry_id,
        action: action.to_owned(),
        status: "approved".to_owned(),
        performed_by: None,
        requested_by: claims.requested_by_username.clone().or_else(|| claims.requested_by.clone()),
        justification: claims.justification.clone(),
        related_issue: claims.related_issue.clone(),
        sql: request.migrations.iter().map(|migration| Digest::of(&migration.up)).collect(),
        success: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        approval::testing::{outcome, request},
        model::File,
    };

    fn approval() -> ApprovalDigest {
        let digest = Digest::of("lines");
        ApprovalDigest { lines: "lines".to_owned(), digest, policy: digest, context: digest }
    }

    #[test]
    fn an_entry_says_who_asked_for_what_and_the_blobs_hold_the_bytes() {
        let mut outcome = outcome(&[Severity::Error]);
        outcome.requests.push(request("because"));
        let merged = Tree::from([("a.yaml".to_owned(), File::regular("yaml")), ("b".to_owned(), File::regular("b"))]);
        let evidence = Evidence::of(&outcome, &merged, Some(&approval()));
        let rules: Vec<&str> = evidence.violations.iter().map(|violation| violation.rule.as_str()).collect();
        assert_eq!(rules, ["some-rule", "w"], "errors first, no notices");
        let [table] = &evidence.tables[..] else { panic!("one table") };
        assert_eq!((table.table_name.as_str(), table.action.as_str()), ("public.teams", "none"));
        assert_eq!((table.requested_by.as_deref(), table.justification.as_deref()), (Some("Jane"), Some("because")));
        assert_eq!(table.sql, [Digest::of("up")]);
        outcome.requests[0].taken_over = true;
        assert_eq!(Evidence::of(&outcome, &merged, None).tables[0].action, "import");
        let mut blobs: Vec<&[u8]> = evidence.blobs.values().map(Vec::as_slice).collect();
        blobs.sort_unstable();
        assert_eq!(blobs, [&b"down"[..], b"lines", b"up", b"yaml"]);
    }
}
