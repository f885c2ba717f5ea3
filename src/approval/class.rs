//! Which classes of change an outcome holds.

use crate::{
    model::{ChangeKind, ClassOfChange, Classified, Outcome, RequestOutcome, Severity, SqlChange},
    policy::{PathKind, Policy},
};

/// Every part of the outcome with its class, the one that asks for most approvals first.
#[must_use]
pub fn classify(outcome: &Outcome, policy: &Policy) -> Vec<Classified> {
    let mut parts: Vec<(ClassOfChange, String)> = outcome.requests.iter().flat_map(of_request).collect();
    for file in &outcome.files {
        match policy.classify(&file.path) {
            PathKind::Control | PathKind::Workflow => {
                parts.push((ClassOfChange::ControlFile, format!("`{}` is a control file", file.path)));
            }
            PathKind::Baseline => {
                let why = format!("`{}` takes tables over as they are", file.path);
                parts.push((ClassOfChange::Baseline, why));
            }
            _ if belongs(outcome, policy, &file.path) => {}
            _ => parts.push((ClassOfChange::Ordinary, format!("`{}` changes", file.path))),
        }
    }
    let waived = outcome
        .all_violations()
        .filter(|violation| violation.severity == Severity::Error && violation.waived.is_some());
    parts.extend(waived.map(|violation| {
        let why = format!("the error `{}` in `{}` is waived", violation.rule, violation.location.file);
        (ClassOfChange::WaivedError, why)
    }));
    let required = |class| policy.approval.required.of(class);
    parts.sort_by(|(a, why_a), (b, why_b)| (required(*b), b, why_a).cmp(&(required(*a), a, why_b)));
    parts.dedup();
    parts.into_iter().map(|(class, why)| Classified { class, required: required(class), why }).collect()
}

/// How many approvals a change needs that has these parts; none where nothing changes.
#[must_use]
pub fn required(parts: &[Classified]) -> usize {
    parts.iter().map(|part| part.required).max().unwrap_or(0)
}

/// How many approvals a change of these paths needs at the least, whatever is in the files: what can be said of a change
/// of long ago, which this release may put into another class than the one that judged it.
#[must_use]
pub fn least_required<'p>(paths: impl IntoIterator<Item = &'p str>, policy: &Policy) -> usize {
    let of = |class| policy.approval.required.of(class);
    let of_path = |path| match policy.classify(path) {
        PathKind::Control | PathKind::Workflow => of(ClassOfChange::ControlFile),
        PathKind::Baseline => of(ClassOfChange::Baseline),
        _ => ClassOfChange::ALL.into_iter().map(of).min().unwrap_or(0),
    };
    paths.into_iter().map(of_path).max().unwrap_or(0)
}

/// Whether a request of the outcome accounts for the file.
fn belongs(outcome: &Outcome, policy: &Policy, path: &str) -> bool {
    outcome.requests.iter().any(|request| {
        let mut migrations = request.migrations.iter().flat_map(|it| [it.name.up_file(), it.name.down_file()]);
        request.path == path || migrations.any(|name| format!("{}/{name}", policy.migrations) == path)
    })
}

fn of_request(request: &RequestOutcome) -> Vec<(ClassOfChange, String)> {
    if let Some(SqlChange { name, runs, .. }) = &request.sql {
        return vec![match runs {
            true => (ClassOfChange::RawSql, format!("`{name}` runs SQL as it is written")),
            false => (ClassOfChange::Metadata, format!("metadata of `{name}` changes")),
        }];
    }
    let Some(change) = &request.change else {
        return vec![(ClassOfChange::Ordinary, format!("`{}` changes", request.path))];
    };
    let table = change.table.short();
    if change.kind == ChangeKind::Drop {
        return vec![(ClassOfChange::Drop, format!("the table `{table}` is dropped"))];
    }
    let lost = request.plan.operations.iter().filter_map(|operation| operation.data_loss.as_ref());
    let losses: Vec<_> = lost.map(|lost| (ClassOfChange::DataLoss, format!("`{table}` loses data: {lost}"))).collect();
    if !losses.is_empty() {
        return losses;
    }
    if change.kind == ChangeKind::None || request.plan.is_metadata() {
        vec![(ClassOfChange::Metadata, format!("comments or metadata of `{table}` change"))]
    } else {
        vec![(ClassOfChange::Ordinary, format!("the table `{table}` changes"))]
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::{
        approval::testing::{outcome, request, table, violation},
        model::{Change, FileChange, Operation, Table, TableName, Waived, Work},
        policy::Required,
    };

    fn changed(path: &str) -> FileChange {
        FileChange { path: path.to_owned(), before: None, after: outcome(&[]).files[0].after }
    }

    #[test]
    fn what_a_change_needs_at_the_least_is_known_from_its_paths() {
        let mut policy = Policy::default();
        let least = |policy: &Policy, paths: &[&str]| least_required(paths.iter().copied(), policy);
        let (request, control) = ("schema-requests/a.yaml", "schema-registry.toml");
        assert_eq!(least(&policy, &[]), 0);
        assert_eq!(least(&policy, &[request]), 1, "comments alone need one");
        assert_eq!(least(&policy, &[request, control]), 2);
        assert_eq!(least(&policy, &["migrations/20260101_000000_baseline.txt"]), 2);
        policy.approval.required = Required::all(0);
        assert_eq!(least(&policy, &[request, control]), 0);
    }

    fn change(kind: ChangeKind, before: Option<&Table>, after: Option<&Table>) -> RequestOutcome {
        let mut request = request("because");
        let table = before.or(after).map_or_else(|| TableName::public("teams"), |side| side.name.clone());
        let (before, after) = (before.cloned(), after.cloned());
        request.change = Some(Change { table, kind, before, after, renames: crate::model::Renames::default() });
        request
    }

    fn with(mut request: RequestOutcome, work: Work, data_loss: Option<&str>) -> RequestOutcome {
        request.plan.operations.push(Operation {
            summary: "something".to_owned(),
            migration: None,
            phase: None,
            work,
            locks: Vec::new(),
            data_loss: data_loss.map(str::to_owned),
            reversible: data_loss.is_none(),
        });
        request
    }

    fn losing(request: RequestOutcome) -> RequestOutcome {
        with(request, Work::Catalog, Some("every value of `x`"))
    }

    fn commenting(request: RequestOutcome) -> RequestOutcome {
        with(request, Work::Metadata, None)
    }

    fn classes(outcome: &Outcome) -> Vec<String> {
        let classified = classify(outcome, &Policy::default());
        let line = |part: Classified| format!("{} {}: {}", part.required, part.class.key(), part.why);
        classified.into_iter().map(line).collect()
    }

    #[test]
    fn each_kind_of_change_has_its_class() {
        let plain = table("teams");
        let mut commented = table("teams");
        commented.comment = Some("Teams".to_owned());
        commented.columns[0].comment = Some("The key".to_owned());
        let commenting_on = |before, after| commenting(change(ChangeKind::Alter, Some(before), Some(after)));
        let mut nullable = commented.clone();
        nullable.columns[0].nullable = true;
        let cases = [
            (change(ChangeKind::Create, None, Some(&plain)), "1 ordinary: the table `teams` changes"),
            (commenting_on(&plain, &commented), "1 metadata: comments or metadata of `teams` change"),
            (with(commenting_on(&plain, &nullable), Work::Catalog, None), "1 ordinary: the table `teams` changes"),
            // What cannot be carried out has no plan.
            (change(ChangeKind::Alter, Some(&plain), Some(&commented)), "1 ordinary: the table `teams` changes"),
            (
                change(ChangeKind::None, Some(&plain), Some(&plain)),
                "1 metadata: comments or metadata of `teams` change",
            ),
            (change(ChangeKind::None, None, None), "1 metadata: comments or metadata of `teams` change"),
            (change(ChangeKind::Alter, Some(&plain), Some(&nullable)), "1 ordinary: the table `teams` changes"),
            (losing(change(ChangeKind::Drop, Some(&plain), None)), "2 drop: the table `teams` is dropped"),
            (
                losing(change(ChangeKind::Alter, Some(&plain), Some(&nullable))),
                "2 data_loss: `teams` loses data: every value of `x`",
            ),
            (RequestOutcome { change: None, ..request("because") }, "1 ordinary: `a.yaml` changes"),
        ];
        for (request, expected) in cases {
            let outcome = Outcome { requests: vec![request], ..Outcome::default() };
            assert_eq!(classes(&outcome), [expected]);
        }
    }

    #[test]
    fn sql_that_runs_is_a_class_of_its_own() {
        let sql = |runs| {
            let sql = Some(SqlChange { name: "grants".to_owned(), touches: Vec::new(), runs });
            classes(&Outcome { requests: vec![RequestOutcome { sql, ..request("because") }], ..Outcome::default() })
        };
        assert_eq!(sql(true), ["2 raw_sql: `grants` runs SQL as it is written"]);
        assert_eq!(sql(false), ["1 metadata: metadata of `grants` changes"]);
    }

    #[test]
    fn the_most_demanding_part_comes_first_and_decides() {
        let mut waived = violation("missing-primary-key", Severity::Error, "a.yaml");
        waived.waived = Some(Waived { reason: "r".to_owned(), expires: NaiveDate::MAX });
        let mut harmless = violation("missing-created-at", Severity::Warning, "a.yaml");
        harmless.waived.clone_from(&waived.waived);
        let mut all = Outcome {
            requests: vec![change(ChangeKind::Create, None, Some(&table("teams")))],
            violations: vec![waived, harmless],
            files: [
                "a.yaml",
                "migrations/20231205_120000_create_teams.up.sql",
                "migrations/20231205_120000_create_ghosts.up.sql",
                "schema-registry.toml",
                "migrations/20260105_090000_baseline.txt",
            ]
            .map(changed)
            .into(),
            ..Outcome::default()
        };
        let expected = [
            "2 control_file: `schema-registry.toml` is a control file",
            "2 baseline: `migrations/20260105_090000_baseline.txt` takes tables over as they are",
            "2 waived_error: the error `missing-primary-key` in `a.yaml` is waived",
            "1 ordinary: `migrations/20231205_120000_create_ghosts.up.sql` changes",
            "1 ordinary: the table `teams` changes",
        ];
        assert_eq!(classes(&all), expected);
        assert_eq!(required(&classify(&all, &Policy::default())), 2);
        let mut policy = Policy::default();
        policy.approval.required = Required::all(1);
        assert_eq!(required(&classify(&all, &policy)), 1);
        all.requests.clear();
        all.violations.clear();
        all.files.truncate(1);
        assert_eq!(classes(&all), ["1 ordinary: `a.yaml` changes"]);
        assert_eq!(required(&classify(&Outcome::default(), &policy)), 0);
    }
}
