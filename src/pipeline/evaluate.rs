//! The evaluation itself.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Scope, Snapshot,
    changes::Sides,
    identity::{lost_id, registry_id_of},
    order::Order,
    requests::RequestFile,
    sql_requests,
    steps::Step,
    strays,
};
use crate::{
    model::{
        ChangeKind, Claims, DeclarationsOutcome, Field, FileChange, FileState, Migration, Outcome, Plan, Reference,
        Request, RequestMetadata, RequestOutcome, TableName, Tree,
    },
    policy::{PathKind, Policy},
    rules::{self, DeclarationsContext, RequestContext, TreeContext},
};

/// Evaluates a snapshot. Pure: the same snapshot gives the same outcome.
#[must_use]
pub fn evaluate(snapshot: &Snapshot) -> Outcome {
    let empty = Tree::new();
    let sides = Sides::read(snapshot, &empty);
    let order = Order::read(&sides);
    let steps = order.steps();
    let of_tables = sides.judged().into_iter();
    let mut requests: Vec<_> =
        of_tables.map(|(path, file)| evaluate_request(&sides, &order, &steps, path, file)).collect();
    requests.extend(sql_requests::evaluate(&sides));
    requests.sort_by(|a, b| a.path.cmp(&b.path));
    let migrations = requests.iter().flat_map(|request| &request.migrations);
    let paths = |migration: &Migration| [migration.name.up_file(), migration.name.down_file()];
    let expected = migrations.flat_map(paths).map(|name| format!("{}/{name}", snapshot.policy.migrations)).collect();
    let is_change =
        |request: &&RequestOutcome| request.change.as_ref().is_some_and(|change| change.kind != ChangeKind::None);
    let changing: Vec<&str> = match snapshot.scope {
        Scope::All => Vec::new(),
        Scope::Changed(_) => requests.iter().filter(is_change).map(|request| request.path.as_str()).collect(),
    };
    let violations = rules::check_tree(&TreeContext {
        policy: &snapshot.policy,
        base_tree: sides.base_tree,
        merged_tree: &snapshot.merged,
        judged: &|path| snapshot.scope.judges(path),
        base: &sides.base,
        merged: &sides.merged,
        strays: &strays::strays(&sides, &expected),
        baselines: &sides.baseline_problems(),
        changing: &changing,
        activity: &snapshot.activity,
    });
    Outcome {
        referring: referring(&sides, &requests),
        requests,
        declarations: evaluate_declarations(&sides),
        violations,
        files: changed_files(sides.base_tree, &snapshot.merged, &snapshot.policy),
    }
}

fn referring(sides: &Sides<'_>, requests: &[RequestOutcome]) -> Vec<Reference> {
    let changes = requests.iter().filter_map(|request| request.change.as_ref());
    let touched: BTreeSet<&TableName> =
        changes.filter(|change| change.kind != ChangeKind::None).map(|change| &change.table).collect();
    let others = sides.merged.tables.values().map(|known| &known.table).filter(|table| !touched.contains(&table.name));
    let keys = others.flat_map(|table| table.foreign_keys.iter().map(move |key| (table, key)));
    keys.filter(|(_, key)| touched.contains(&key.references)).map(|(table, key)| Reference::of(table, key)).collect()
}

fn evaluate_declarations(sides: &Sides<'_>) -> Vec<DeclarationsOutcome> {
    let judged = sides.requests.declarations().filter(|(path, _)| sides.snapshot.scope.judges(path));
    let outcome = judged.map(|(path, file)| {
        let violations = rules::check_declarations(&DeclarationsContext {
            policy: &sides.snapshot.policy,
            path,
            text: &file.text,
            declarations: file.declarations.as_ref(),
            refusals: &file.refusals,
            merged: &sides.merged,
        });
        DeclarationsOutcome { path: path.to_owned(), text: file.text.clone(), violations }
    });
    outcome.collect()
}

fn evaluate_request(
    sides: &Sides<'_>,
    order: &Order,
    steps: &BTreeMap<&TableName, Vec<Step>>,
    path: &str,
    file: &RequestFile,
) -> RequestOutcome {
    let Snapshot { policy, now, .. } = sides.snapshot;
    let change = sides.change(file);
    let planned = change.as_ref().map(|change| {
        let planned = sides.plan(steps.get(&change.table).map_or(&[], Vec::as_slice));
        match sides.held(change) {
            held if held.is_empty() => planned,
            held => Err([held, planned.err().unwrap_or_default()].concat()),
        }
    });
    let (plan, planned, unsupported) = match planned {
        Some(Ok((plan, planned))) => (plan, planned, Vec::new()),
        Some(Err(unsupported)) => (Plan::default(), Vec::new(), unsupported),
        None => Default::default(),
    };
    let mut stale = match &change {
        Some(change) if unsupported.is_empty() => sides.stale(order, change, &planned),
        _ => Vec::new(),
    };
    stale.extend(change.as_ref().and_then(|change| lost_id(sides, file, change)));
    let migrations: Vec<Migration> = planned.into_iter().flat_map(|planned| planned.migrations).collect();
    let twins = file.parsed.table.as_ref().map(|table| sides.requests.paths_of(table)).unwrap_or_default();
    let violations = rules::check_request(&RequestContext {
        policy,
        now: *now,
        path,
        text: &file.parsed.text,
        request: file.parsed.request.as_ref(),
        refusals: &file.parsed.refusals,
        table: file.state.as_ref(),
        change: change.as_ref(),
        unsupported: &unsupported,
        base: &sides.base,
        merged: &sides.merged,
        twins: &twins,
        expected: &migrations,
        stale: &stale,
        imported: change
            .as_ref()
            .is_some_and(|change| change.kind == ChangeKind::None && sides.baseline_of(&change.table).is_some()),
    });
    RequestOutcome {
        path: path.to_owned(),
        text: file.parsed.text.clone(),
        table: file.parsed.table.clone(),
        registry_id: registry_id_of(sides, file, change.as_ref()),
        taken_over: change
            .as_ref()
            .is_some_and(|change| change.kind == ChangeKind::None && sides.takes_over(&change.table)),
        change,
        sql: None,
        plan,
        migrations,
        violations,
        claims: file.parsed.request.as_ref().map(claims).unwrap_or_default(),
    }
}

fn claims(request: &Request) -> Claims {
    let owner = request.owner.as_ref().map(|field| field.value.clone());
    Claims { owner, ..claimed(&request.metadata) }
}

/// What the metadata of a request claims.
pub(super) fn claimed(metadata: &RequestMetadata) -> Claims {
    let text = |field: &Option<Field<String>>| field.as_ref().map(|field| field.value.clone());
    Claims {
        owner: None,
        requested_by: text(&metadata.requested_by),
        requested_by_username: text(&metadata.requested_by_username),
        justification: text(&metadata.justification),
        related_issue: text(&metadata.related_issue),
    }
}

/// The governed files that differ between two trees.
#[must_use]
pub fn changed_files(base: &Tree, merged: &Tree, policy: &Policy) -> Vec<FileChange> {
    let paths: std::collections::BTreeSet<&String> = base.keys().chain(merged.keys()).collect();
    let governed =
        paths.into_iter().filter(|path| !matches!(policy.classify(path), PathKind::Ungoverned | PathKind::Ignored));
    let changed = governed.filter(|path| base.get(*path) != merged.get(*path));
    let state =
        |tree: &Tree, path: &str| tree.get(path).map(|file| FileState { mode: file.mode, digest: file.digest() });
    changed
        .map(|path| FileChange { path: path.clone(), before: state(base, path), after: state(merged, path) })
        .collect()
}
