//! `verify`: the migrations of the working tree, proved on a real PostgreSQL.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    task::Poll,
};

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use super::{
    Ended,
    arguments::{Format, Verify},
    block_on,
    context::Context,
    output::{self, Progress},
};
use crate::{
    migration::{self, MigrationFile},
    model::{Digest, Outcome, Table, Tree},
    pipeline::{self, Ground},
    postgres::{
        self, ChangeResult, ChangeScripts, Failure, Pair, Prelude, Server, Standing, Step, TemporaryCluster,
        Verification, Wanted,
    },
    report::terminal::{plural, printable},
};

/// Why a migration is not proved.
const UNPROVED: &str = "skipped are those of tables that start from a baseline, which holds digests and no states; without \
                        --all, and with the history of the default branch, what changed since that branch is proved";

/// Runs the migrations of what changed, up, up again, down, up and interrupted, on scratch databases; those that are
/// merged already are only run.
pub(super) fn run(context: &Context, verify: &Verify, format: Format) -> anyhow::Result<Ended> {
    let snapshot = context.snapshot(&verify.selection)?;
    let ground = pipeline::ground(&snapshot).map_err(|(path, unsupported)| {
        anyhow::anyhow!("{path}: {}; {}", unsupported.message, unsupported.suggestion)
    })?;
    let (contained, ups): (Vec<_>, Vec<_>) = migration::ups(&snapshot.merged, &snapshot.policy.migrations)
        .into_iter()
        .partition(|file| ground.contained.contains(&file.path));
    let judged = |file: &MigrationFile| snapshot.scope.judges(&file.path) || snapshot.scope.judges(&down_path(file));
    let unproved: Vec<&str> = contained
        .chunk_by(same_change)
        .filter(|files| files.iter().any(judged))
        .map(|files| change_name(&files[0]))
        .collect();
    let outcome = pipeline::evaluate(&snapshot);
    let states = outcome.requests.iter().filter_map(|request| request.change.as_ref()?.after.as_ref());
    let states: BTreeMap<Digest, &Table> = states.map(|table| (table.state_digest(), table)).collect();
    let links = ups.chunk_by(same_change);
    let changes = links.map(|files| {
        let last = files.last().context("a change has at least one migration")?;
        let pairs = files.iter().map(|file| {
            let (up, down) = (text(&snapshot.merged, &file.path)?, text(&snapshot.merged, &down_path(file))?);
            Ok(Pair { name: &file.stem, up, down, operations: planned(&outcome, file, up) })
        });
        let whole = last.header.phase.is_none_or(|phase| phase.number == phase.of);
        Ok(ChangeScripts {
            name: change_name(last),
            migrations: pairs.collect::<anyhow::Result<_>>()?,
            wanted: if whole { wanted(last, &states, &outcome) } else { Wanted::Unknown },
            standing: if files.iter().any(judged) { Standing::New } else { Standing::Merged },
        })
    });
    let changes = on_ground(&ground, changes.collect::<anyhow::Result<_>>()?);
    let path = snapshot.policy.prelude_path();
    let prelude = snapshot.merged.get(&path).map(|_| text(&snapshot.merged, &path)).transpose()?;
    let prelude = prelude.map(|sql| Prelude { path: &path, sql });
    let verification = block_on(prove(verify, prelude, &changes))?;
    match format {
        Format::Human => output::print(&human(&verification, &unproved))?,
        Format::Json => output::print_json(&json(&verification, &unproved))?,
    }
    Ok(Ended::well_if(verification.passes()))
}

/// The changes behind the tables that baselines took over, whose foreign keys to the tables of migrations come once these are
/// there: after what is merged, or where nothing is known to be, last.
fn on_ground<'a>(ground: &'a Ground, mut changes: Vec<ChangeScripts<'a>>) -> Vec<ChangeScripts<'a>> {
    let baseline = |(path, up): &'a (String, String)| ChangeScripts {
        name: path,
        migrations: vec![Pair { name: path, up, down: "", operations: None }],
        wanted: Wanted::Unknown,
        standing: Standing::Baseline,
    };
    let merged =
        changes.iter().rposition(|change| change.standing == Standing::Merged).map_or(changes.len(), |last| last + 1);
    let new = changes.split_off(merged);
    let tables = ground.tables.iter().map(baseline);
    tables.chain(changes).chain(ground.foreign_keys.iter().map(baseline)).chain(new).collect()
}

async fn prove(
    verify: &Verify,
    prelude: Option<Prelude<'_>>,
    changes: &[ChangeScripts<'_>],
) -> anyhow::Result<Verification> {
    // Installed first, so that no signal comes too early.
    let stop = stopped()?;
    let progress = Progress::on_terminal();
    let tell = |index: usize, step: &Step| {
        let name = printable(changes.get(index).map_or("", |change| change.name));
        progress.show(&format!("[{}/{}] {name}: {step}", index + 1, changes.len()));
    };
    if let Some(url) = &verify.database_url {
        return Ok(postgres::verify(&Server::from_url(url)?, prelude, changes, &tell, stop).await?);
    }
    progress.show("starting PostgreSQL");
    let cluster = TemporaryCluster::start(&postgres::find_binaries(verify.pg_bin.as_deref())?).await?;
    Ok(postgres::verify(&cluster.server(), prelude, changes, &tell, stop).await?)
}

/// Ready when somebody wants this program to end: an interrupt from the terminal, its closing, or `kill`.
fn stopped() -> anyhow::Result<impl Future<Output = ()>> {
    let mut signals =
        [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?];
    Ok(std::future::poll_fn(move |context| {
        let ready = signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
        if ready { Poll::Ready(()) } else { Poll::Pending }
    }))
}

/// Whether two files, of which the second comes right after the first, belong to one change.
fn same_change(first: &MigrationFile, second: &MigrationFile) -> bool {
    let follows = match (first.header.phase, second.header.phase) {
        (Some(first), Some(second)) => first.number < second.number && first.of == second.of,
        _ => false,
    };
    follows && change_name(first) == change_name(second)
}

/// The stem that the files of a change share.
fn change_name(file: &MigrationFile) -> &str {
    let suffix =
        file.header.phase.map_or_else(String::new, |phase| format!("_{:02}_{}", phase.number, phase.kind.as_str()));
    file.stem.strip_suffix(&suffix).unwrap_or(&file.stem)
}

/// What the plan says about an up file: nothing about one that is not what the plan brings.
fn planned<'a>(outcome: &'a Outcome, file: &MigrationFile, up: &str) -> Option<Vec<&'a crate::model::Operation>> {
    let brings = |request: &&crate::model::RequestOutcome| {
        request.migrations.iter().any(|migration| migration.name.0 == file.stem && migration.up == up)
    };
    let request = outcome.requests.iter().find(brings)?;
    let of_file = request
        .plan
        .operations
        .iter()
        .filter(|operation| operation.migration.as_ref().is_some_and(|migration| migration.0 == file.stem));
    Some(of_file.collect())
}

fn down_path(up: &MigrationFile) -> String {
    format!("{}.down.sql", up.path.strip_suffix(".up.sql").unwrap_or(&up.path))
}

fn text<'a>(tree: &'a Tree, path: &str) -> anyhow::Result<&'a str> {
    let file = tree.get(path).with_context(|| format!("{path} is missing; run `schema-registry generate`"))?;
    std::str::from_utf8(&file.bytes).with_context(|| format!("{path} is not UTF-8; run `schema-registry generate`"))
}

/// The table that must be there after an up, where its header names a state that a request describes now.
fn wanted<'a>(file: &'a MigrationFile, states: &BTreeMap<Digest, &'a Table>, outcome: &Outcome) -> Wanted<'a> {
    match (file.header.after, file.header.subject.table()) {
        (_, None) => Wanted::Written { reversible: is_reversible(file, outcome) },
        (None, Some(table)) => Wanted::Absent(table),
        (Some(after), Some(_)) => states.get(&after).map_or(Wanted::Unknown, |table| Wanted::Table(table)),
    }
}

/// Whether the SQL request of a migration has a way back; one that is merged is only run.
fn is_reversible(file: &MigrationFile, outcome: &Outcome) -> bool {
    let brings = |request: &&crate::model::RequestOutcome| {
        request.migrations.iter().any(|migration| migration.name.0 == file.stem)
    };
    let request = outcome.requests.iter().find(brings);
    request.is_none_or(|request| request.plan.operations.iter().all(|operation| operation.reversible))
}

fn human(verification: &Verification, unproved: &[&str]) -> String {
    let mut text = String::new();
    // One table that cannot be created is enough to say.
    let is_echo = |change: &&ChangeResult| {
        change.standing == Standing::Baseline && matches!(change.result, Err(Failure::NotRun { .. }))
    };
    for change in verification.changes.iter().filter(|change| !is_echo(change)) {
        let name = printable(&change.name);
        match &change.result {
            Ok(()) if change.standing != Standing::New => {}
            Ok(()) => {
                let _ = writeln!(text, "ok      {name}");
                for unseeded in &change.unseeded {
                    let (table, reason) = (unseeded.table.to_string(), printable(&unseeded.reason));
                    let _ = writeln!(text, "note    without rows in {}: {reason}", printable(&table));
                }
            }
            Err(failure) => {
                let failure = failure.to_string();
                let lines: Vec<String> = failure.lines().map(|line| format!("        {}", printable(line))).collect();
                let _ = writeln!(text, "FAILED  {name}\n{}", lines.join("\n"));
            }
        }
    }
    for name in unproved {
        let _ = writeln!(text, "skipped {}", printable(name));
    }
    if !unproved.is_empty() {
        let _ = writeln!(text, "note    {UNPROVED}");
    }
    let count =
        |wanted: &dyn Fn(&ChangeResult) -> bool| verification.changes.iter().filter(|change| wanted(change)).count();
    let failed = count(&|change| change.result.is_err() && !is_echo(&change));
    let of = |standing| count(&|change: &ChangeResult| change.result.is_ok() && change.standing == standing);
    let merged = of(Standing::Merged);
    let baseline: BTreeSet<&str> =
        verification.changes.iter().filter(|it| it.standing == Standing::Baseline).map(|it| it.name.as_str()).collect();
    let mut below = Vec::new();
    below.extend((!baseline.is_empty()).then(|| format!("{} of a baseline", plural(baseline.len(), "table"))));
    below.extend((merged > 0).then(|| format!("{merged} merged before")));
    let after = if below.is_empty() { String::new() } else { format!(", on top of {}", below.join(" and ")) };
    let version = verification.server_version;
    let _ =
        writeln!(text, "PostgreSQL {version}: {} proved, {failed} failed{after}", plural(of(Standing::New), "change"));
    text
}

fn json(verification: &Verification, unproved: &[&str]) -> serde_json::Value {
    let changes = verification.changes.iter().map(|change| {
        let failure = change.result.as_ref().err().map(ToString::to_string);
        let last = change.steps.len().saturating_sub(1);
        let steps = change.steps.iter().enumerate().map(|(index, step)| {
            serde_json::json!({ "step": step.to_string(), "success": failure.is_none() || index < last })
        });
        serde_json::json!({
            "name": change.name,
            "merged": change.standing == Standing::Merged,
            "baseline": change.standing == Standing::Baseline,
            "migrations": change.migrations,
            "success": failure.is_none(),
            "failure": failure,
            "steps": steps.collect::<Vec<_>>(),
            "locks": change.locks,
            "rewrites": change.rewrites,
            "unseeded": change.unseeded,
        })
    });
    serde_json::json!({
        "success": verification.passes(),
        "serverVersion": verification.server_version,
        "changes": changes.collect::<Vec<_>>(),
        "unproved": unproved,
    })
}
