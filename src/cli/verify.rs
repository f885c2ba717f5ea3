//! `verify`: the migrations of the working tree, proved on a real PostgreSQL.

use std::{collections::BTreeMap, fmt::Write as _};

use anyhow::Context as _;

use super::{
    Ended,
    arguments::{Format, Selection, Verify},
    block_on,
    context::Context,
    output,
};
use crate::{
    migration::{self, MigrationFile},
    model::{Digest, Table, Tree},
    pipeline,
    postgres::{self, Pair, Server, TemporaryCluster, Verification, Wanted},
    report::terminal::{plural, printable},
};

/// Runs every migration up, up again, down and up on a scratch database.
pub(super) fn run(context: &Context, verify: &Verify, format: Format) -> anyhow::Result<Ended> {
    let snapshot = context.snapshot(&Selection { all: true, changed_since: None })?;
    let dir = &snapshot.policy.migrations;
    let ups = migration::ups(&snapshot.merged, dir);
    let outcome = pipeline::evaluate(&snapshot);
    let states = outcome.requests.iter().filter_map(|request| request.change.as_ref()?.after.as_ref());
    let states: BTreeMap<Digest, &Table> = states.map(|table| (table.state_digest(), table)).collect();
    let texts =
        ups.iter().map(|up| Ok((up, text(&snapshot.merged, &up.path)?, text(&snapshot.merged, &down_path(up))?)));
    let texts: Vec<(&MigrationFile, &str, &str)> = texts.collect::<anyhow::Result<_>>()?;
    let pairs = texts.iter().map(|(file, up, down)| Pair { name: &file.stem, up, down, wanted: wanted(file, &states) });
    let pairs: Vec<Pair<'_>> = pairs.collect();
    let verification = block_on(prove(verify, &pairs))?;
    match format {
        Format::Human => output::print(&human(&verification))?,
        Format::Json => output::print_json(&json(&verification))?,
    }
    Ok(Ended::well_if(verification.passes()))
}

async fn prove(verify: &Verify, pairs: &[Pair<'_>]) -> anyhow::Result<Verification> {
    if let Some(url) = &verify.database_url {
        return Ok(postgres::verify(&Server::from_url(url)?, pairs).await?);
    }
    let cluster = TemporaryCluster::start(&postgres::find_binaries(verify.pg_bin.as_deref())?).await?;
    Ok(postgres::verify(&cluster.server(), pairs).await?)
}

fn down_path(up: &MigrationFile) -> String {
    format!("{}.down.sql", up.path.strip_suffix(".up.sql").unwrap_or(&up.path))
}

fn text<'a>(tree: &'a Tree, path: &str) -> anyhow::Result<&'a str> {
    let file = tree.get(path).with_context(|| format!("{path} is missing; run `schema-registry generate`"))?;
    std::str::from_utf8(&file.bytes).with_context(|| format!("{path} is not UTF-8; run `schema-registry generate`"))
}

/// The table that must be there after an up, where its header names a state that a request describes now.
fn wanted<'a>(file: &'a MigrationFile, states: &BTreeMap<Digest, &'a Table>) -> Wanted<'a> {
    match file.header.after {
        None => Wanted::Absent(&file.header.table),
        Some(after) => states.get(&after).map_or(Wanted::Unknown, |table| Wanted::Table(table)),
    }
}

fn human(verification: &Verification) -> String {
    let mut text = String::new();
    for result in &verification.results {
        let name = printable(&result.name);
        match &result.result {
            Ok(()) => _ = writeln!(text, "ok      {name}"),
            Err(failure) => {
                let failure = failure.to_string();
                let lines: Vec<String> = failure.lines().map(|line| format!("        {}", printable(line))).collect();
                let _ = writeln!(text, "FAILED  {name}\n{}", lines.join("\n"));
            }
        }
    }
    let failed = verification.results.iter().filter(|result| result.result.is_err()).count();
    let passed = verification.results.len() - failed;
    let version = verification.server_version;
    let _ = writeln!(text, "PostgreSQL {version}: {} proved, {failed} failed", plural(passed, "migration"));
    text
}

fn json(verification: &Verification) -> serde_json::Value {
    let migrations = verification.results.iter().map(|result| {
        let failure = result.result.as_ref().err().map(ToString::to_string);
        serde_json::json!({ "fileName": result.name, "success": failure.is_none(), "failure": failure })
    });
    serde_json::json!({
        "success": verification.passes(),
        "serverVersion": verification.server_version,
        "migrations": migrations.collect::<Vec<_>>(),
    })
}
