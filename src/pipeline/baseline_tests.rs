use std::collections::BTreeMap;

use chrono::{DateTime, TimeZone as _, Utc};

use crate::{
    migration::write_baseline,
    model::{Activity, ChangeKind, Digest, File, Outcome, TableName, Tree},
    parse,
    pipeline::{Scope, Snapshot, assign_stamps, evaluate},
    policy::Policy,
};

/// A table that breaks every rule about shape that it can, without metadata, as an import writes it.
const OLD: &str =
    "tableName: Person\nschemaJson:\n  columns:\n    - {name: ID, type: BIGINT}\n    - {name: born, type: TIMESTAMP}\n";
const PATH: &str = "schema-requests/Person.yaml";

fn stamp() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 5, 9, 0, 0).unwrap()
}

fn state_of(text: &str) -> Digest {
    let parsed = parse::parse_request(PATH, &File::regular(text));
    parse::resolve(&parsed.request.expect("accepted")).state_digest()
}

fn baseline(tables: &[(&str, Digest)]) -> (String, File) {
    let tables: BTreeMap<_, _> = tables.iter().map(|(name, state)| (TableName::public(*name), *state)).collect();
    let (name, text) = write_baseline(stamp(), &tables);
    (format!("migrations/{name}"), File::regular(text))
}

fn imported() -> Tree {
    Tree::from([(PATH.to_owned(), File::regular(OLD)), baseline(&[("Person", state_of(OLD))])])
}

fn revision(base: &Tree, merged: &Tree) -> Snapshot {
    let paths = base.keys().chain(merged.keys());
    let changed = paths.filter(|path| base.get(*path) != merged.get(*path)).cloned().collect();
    Snapshot {
        policy: Policy::default(),
        now: Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap(),
        base: base.clone(),
        merged: merged.clone(),
        scope: Scope::Changed(changed),
        activity: Activity::default(),
    }
}

fn everything(merged: &Tree) -> Snapshot {
    Snapshot { scope: Scope::All, ..revision(&Tree::new(), merged) }
}

fn violations(outcome: &Outcome) -> String {
    let line = |violation: &crate::model::Violation| {
        let suggestion = violation.suggestion.as_deref().unwrap_or_default();
        format!("{} {}: {} -> {suggestion}", violation.location.file, violation.rule, violation.message)
    };
    outcome.all_violations().map(line).collect::<Vec<_>>().join("\n")
}

/// Else its migration would come before the baseline, which would then not be what it starts from.
#[test]
fn a_change_in_the_second_of_the_baseline_comes_after_it() {
    let mut merged = imported();
    let text = OLD.replace("    - {name: born", "    - {name: motto, type: TEXT}\n    - {name: born");
    merged.insert(PATH.to_owned(), File::regular(text));
    let snapshot = Snapshot { now: stamp(), ..revision(&imported(), &merged) };
    let [given] = &assign_stamps(&snapshot)[..] else { panic!("one stamp") };
    assert_eq!(given.at, stamp() + chrono::TimeDelta::seconds(1));
}

#[test]
fn what_a_baseline_takes_over_is_not_new_and_needs_no_migration() {
    for snapshot in [revision(&Tree::new(), &imported()), everything(&imported())] {
        let outcome = evaluate(&snapshot);
        assert_eq!(violations(&outcome), "");
        let [request] = outcome.requests.as_slice() else { panic!("one request") };
        assert_eq!(request.change.as_ref().map(|change| change.kind), Some(ChangeKind::None));
        assert!(request.migrations.is_empty());
        assert_eq!(assign_stamps(&snapshot), []);
    }
    let mut alone = imported();
    alone.retain(|path, _| path == PATH);
    assert!(violations(&evaluate(&revision(&Tree::new(), &alone))).contains("missing-primary-key"));
}

#[test]
fn a_baseline_says_what_the_requests_beside_it_describe() {
    let shown = |base: &Tree, tables: &[(&str, Digest)]| {
        let mut merged = Tree::from([(PATH.to_owned(), File::regular(OLD))]);
        merged.extend([baseline(tables)]);
        let outcome = evaluate(&revision(base, &merged));
        let of_baselines = outcome.violations.iter().filter(|violation| violation.rule == "invalid-baseline");
        of_baselines.map(|found| found.message.clone() + "\n").collect::<String>()
    };
    let (right, wrong) = (state_of(OLD), Digest::of("another"));
    assert_eq!(shown(&Tree::new(), &[("Person", right)]), "");
    insta::assert_snapshot!(shown(&Tree::new(), &[("Person", wrong), ("nobody", wrong)]), @r"
    The baseline has another state of table `Person` than schema-requests/Person.yaml describes
    The baseline lists table `nobody`, which no request describes
    ");
    let known = Tree::from([(PATH.to_owned(), File::regular(OLD))]);
    insta::assert_snapshot!(shown(&known, &[("Person", right)]), @"The baseline lists table `Person`, which the base describes already");
}

/// Drops the table, after `state`, on 5 February.
fn dropped(request: &mut String, before: Digest) -> [(String, File); 2] {
    request.push_str(
        "lifecycle: dropped\nrequestMetadata: {justification: Nobody reads it, requestedAt: 2026-02-05T09:00:00Z}\n",
    );
    let mut tree = Tree::from([(PATH.to_owned(), File::regular(OLD)), baseline(&[("Person", before)])]);
    let base = tree.clone();
    tree.insert(PATH.to_owned(), File::regular(request.as_str()));
    let outcome = evaluate(&revision(&base, &tree));
    let migration = outcome.requests[0].migrations[0].clone();
    [(migration.name.up_file(), migration.up), (migration.name.down_file(), migration.down)]
        .map(|(name, text)| (format!("migrations/{name}"), File::regular(text)))
}

#[test]
fn the_first_migration_starts_from_the_state_that_the_baseline_says() {
    // Digests are never recomputed: the one of the baseline may be of another version of the tool.
    let before = Digest::of("as an older version saw it");
    let mut request = OLD.to_owned();
    let files = dropped(&mut request, before);
    assert!(String::from_utf8_lossy(&files[0].1.bytes).contains(&format!("-- before: {before}\n")));
    let base = Tree::from([(PATH.to_owned(), File::regular(OLD)), baseline(&[("Person", before)])]);
    let mut merged = base.clone();
    merged.insert(PATH.to_owned(), File::regular(request));
    merged.extend(files);
    for snapshot in [revision(&base, &merged), everything(&merged)] {
        let outcome = evaluate(&snapshot);
        let errors: Vec<_> = outcome.all_violations().filter(|violation| violation.blocks()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    // Without the baseline nothing says where the chain starts.
    merged.retain(|path, _| !path.ends_with("_baseline.txt"));
    insta::assert_snapshot!(violations(&evaluate(&everything(&merged))), @"schema-requests/Person.yaml stale-migration: Migration 20260205_090000_drop_%50erson starts from state cbd67dc0440c, but no migration of the table comes before it -> Restore the migrations that are missing in between, or run `schema-registry generate` where they are of this branch");
}

#[test]
fn a_merged_baseline_is_immutable() {
    let base = imported();
    let mut merged = base.clone();
    merged.extend([baseline(&[("Person", Digest::of("another"))])]);
    insta::assert_snapshot!(violations(&evaluate(&revision(&base, &merged))), @"migrations/20260105_090000_baseline.txt edited-migration: A merged migration was changed -> Restore the file as it is on the base branch, and put what should change into the request of the table");
}
