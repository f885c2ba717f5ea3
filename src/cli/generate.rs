//! `generate`: writes what the changed requests need.

use std::{collections::BTreeSet, fmt::Write as _};

use anyhow::Context as _;

use super::{
    Ended,
    arguments::{Format, Selection},
    context::Context,
    output,
};
use crate::{
    migration,
    model::{ChangeKind, File, Outcome, RequestOutcome, Subject},
    parse,
    pipeline::{self, Scope, Snapshot, Stamp},
    policy::PathKind,
    report::terminal::printable,
    yaml::CannotEdit,
};

/// What a run did to the working tree.
#[derive(Debug, Default, serde::Serialize)]
struct Done {
    written: Vec<String>,
    removed: Vec<String>,
}

impl Done {
    /// Edits a request file; `text` is what a person would have to write instead.
    fn edit(
        &mut self,
        context: &Context,
        snapshot: &mut Snapshot,
        path: String,
        edit: impl FnOnce(&[u8]) -> Result<Vec<u8>, CannotEdit>,
        text: &str,
    ) -> anyhow::Result<()> {
        let Some(file) = snapshot.merged.get_mut(&path) else { return Ok(()) };
        let by_hand = || format!("cannot edit {path}; write `{text}` into it by hand");
        file.bytes = edit(&file.bytes).with_context(by_hand)?;
        context.workspace.write(&path, &file.bytes)?;
        // Editing a file makes it one that the revision touches.
        if let Scope::Changed(paths) = &mut snapshot.scope {
            paths.insert(path.clone());
        }
        if !self.written.contains(&path) {
            self.written.push(path);
        }
        Ok(())
    }
}

/// Fills in `requestedAt` and the `registryId` of renamed tables, writes the expected migrations, removes those of this
/// branch that nothing needs.
pub(super) fn run(context: &Context, selection: &Selection, format: Format) -> anyhow::Result<Ended> {
    let mut snapshot = context.snapshot(selection)?;
    let mut done = Done::default();
    for (path, id) in pipeline::carried_ids(&snapshot) {
        let edit = |bytes: &[u8]| parse::set_registry_id(bytes, id);
        done.edit(context, &mut snapshot, path, edit, &format!("registryId: {id}"))?;
    }
    for Stamp { path, at } in pipeline::assign_stamps(&snapshot) {
        let edit = |bytes: &[u8]| parse::set_requested_at(bytes, at);
        done.edit(context, &mut snapshot, path, edit, &format!("requestedAt: {}", at.format("%FT%TZ")))?;
    }
    let outcome = pipeline::evaluate(&snapshot);
    let dir = snapshot.policy.migrations.clone();
    let mut expected = BTreeSet::new();
    for migration in outcome.in_order().flat_map(|request| &request.migrations) {
        for (name, text) in [(migration.name.up_file(), &migration.up), (migration.name.down_file(), &migration.down)] {
            let path = format!("{dir}/{name}");
            if snapshot.merged.get(&path).is_none_or(|file| file.bytes != text.as_bytes()) {
                context.workspace.write(&path, text.as_bytes())?;
                done.written.push(path.clone());
            }
            expected.insert(path);
        }
    }
    for path in superseded(&snapshot, &outcome, &expected) {
        context.workspace.remove(&path)?;
        done.removed.push(path);
    }
    report(&done, &outcome, format)
}

/// Migrations that this branch adds and that none of its changes needs: of tables that it changes, or that no request
/// describes any more. What is on the base is never touched; where everything is judged as new there is no telling, so
/// nothing is removed.
fn superseded(snapshot: &Snapshot, outcome: &Outcome, expected: &BTreeSet<String>) -> Vec<String> {
    if snapshot.scope == Scope::All {
        return Vec::new();
    }
    // The request of a table whose migrations the branch touches is judged. One that cannot be read may be of any table.
    let all_known = outcome.requests.iter().all(|request| request.subject().is_some());
    let described: BTreeSet<Subject> = outcome.requests.iter().filter_map(subject).collect();
    let read = outcome.requests.iter().filter(|request| request.kind().is_some());
    let changed: BTreeSet<Subject> = read.filter_map(subject).collect();
    let is_old = |path: &str, file: &File| {
        let Ok(file) = migration::read_file(path, &file.bytes) else { return false };
        let subject = &file.header.subject;
        changed.contains(subject) || (all_known && !described.contains(subject))
    };
    let files = snapshot.merged.iter().filter(|(path, _)| snapshot.policy.classify(path) == PathKind::Migration);
    files
        .filter(|(path, file)| !snapshot.base.contains_key(*path) && !expected.contains(*path) && is_old(path, file))
        .map(|(path, _)| path.clone())
        .collect()
}

/// Whose migrations a request brings, where its name could be read.
fn subject(request: &RequestOutcome) -> Option<Subject> {
    let table = request.table.as_ref().map(Subject::from);
    table.or_else(|| Some(Subject::Sql(request.sql.as_ref()?.name.clone())))
}

/// Whether the migrations of a request could be made, or none are needed.
fn is_carried_out(request: &RequestOutcome) -> bool {
    request.kind().is_some_and(|kind| kind == ChangeKind::None || !request.migrations.is_empty())
}

fn report(done: &Done, outcome: &Outcome, format: Format) -> anyhow::Result<Ended> {
    if format == Format::Json {
        output::print_json(done)?;
    } else {
        let lines = done.written.iter().map(|path| format!("wrote {path}\n"));
        let removed = done.removed.iter().map(|path| format!("removed {path}\n"));
        let mut text: String = lines.chain(removed).collect();
        let passed_over: Vec<_> = outcome.requests.iter().filter(|request| !is_carried_out(request)).collect();
        if text.is_empty() && passed_over.is_empty() {
            text.push_str("Everything is up to date.\n");
        }
        for request in passed_over {
            let _ = writeln!(text, "passed over {}: `schema-registry check` says why", printable(&request.path));
        }
        output::print(&text)?;
    }
    Ok(Ended::well_if(outcome.requests.iter().all(is_carried_out)))
}
