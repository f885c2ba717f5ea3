//! `import`: takes over a database that is there.

use std::{collections::BTreeMap, fmt::Write as _, io::Read as _, path::Path};

use anyhow::{Context as _, bail};

use super::{Ended, arguments, arguments::Format, block_on, context::Context, output};
use crate::{
    model::{Inventory, LeftOut, TableName, Tree},
    pipeline::{self, Imported},
    postgres::{self, Connection, Server, TemporaryCluster},
    report::terminal::{plural, printable},
    workspace::Workspace,
};

/// The database of the temporary server that a dump is loaded into.
const SCRATCH: &str = "import";

/// Writes the requests, the declarations and the baseline, and says what is left out.
pub(super) fn run(context: &Context, import: &arguments::Import, format: Format) -> anyhow::Result<Ended> {
    if import.owner.trim().is_empty() {
        bail!("--owner is empty; name the team or person who answers for the tables");
    }
    let policy = context.policy()?;
    let tree = context.working_tree(&policy)?;
    let inventory = block_on(read(import))?;
    let imported = pipeline::import(&inventory, &tree, &policy, import.owner.trim(), context.now);
    // A baseline of the same second comes before the folders of the requests, and says less.
    if let Some(path) = imported.files.keys().rev().find(|path| tree.contains_key(*path)) {
        bail!("{} is there already, so nothing was written; remove it, or import where it is not", printable(path));
    }
    if imported.files.is_empty() {
        bail!("nothing is there to import: no table and nothing else that users have made");
    }
    write(&context.workspace, &imported.files)?;
    match format {
        Format::Human => output::print(&human(&imported))?,
        Format::Json => output::print_json(&json(&imported))?,
    }
    Ok(Ended::Well)
}

/// Writes all of the files or none.
fn write(workspace: &Workspace, files: &Tree) -> anyhow::Result<()> {
    for (number, (path, file)) in files.iter().enumerate() {
        if let Err(error) = workspace.write(path, &file.bytes) {
            for written in files.keys().take(number) {
                workspace.remove(written)?;
            }
            return Err(anyhow::Error::new(error).context("nothing was written"));
        }
    }
    Ok(())
}

async fn read(import: &arguments::Import) -> anyhow::Result<Inventory> {
    let Some(path) = import.dump.as_deref() else {
        let url = import.database_url.as_deref().unwrap_or_default();
        let server = Server::from_url(url)?;
        let connection = Connection::connect(&server, server.maintenance_database()).await?;
        return Ok(postgres::inventory(&connection).await?);
    };
    let dump = dump(path)?;
    let cluster = TemporaryCluster::start(&postgres::find_binaries(import.pg_bin.as_deref())?).await?;
    let skipped = postgres::load_dump(&cluster, SCRATCH, &dump).await;
    let skipped = skipped.with_context(|| format!("{} does not load", path.display()))?;
    let connection = Connection::connect(&cluster.server(), SCRATCH).await?;
    let mut inventory = postgres::inventory(&connection).await?;
    inventory.left_out.extend(skipped);
    Ok(inventory)
}

#[expect(clippy::disallowed_methods, reason = "a file that the caller names, wherever it is")]
fn dump(path: &Path) -> anyhow::Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("cannot read the standard input")?;
        return Ok(bytes);
    }
    if path.is_dir() {
        let advice = "print an archive of pg_dump with `pg_restore --schema-only --file=-`";
        bail!("{} is a folder; {advice}", path.display());
    }
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn human(imported: &Imported) -> String {
    let mut text = format!("described  {}\n", plural(imported.tables.len(), "table"));
    for (kind, names) in &imported.declared {
        let _ = writeln!(text, "declared   {}", plural(names.len(), kind.as_str()));
    }
    for (table, why) in &imported.opaque {
        let _ = writeln!(text, "           table {}: {}", printable(&table.short()), printable(why));
    }
    for (kind, items) in by_kind(&imported.left_out) {
        let _ = writeln!(text, "left out   {kind}: {}", items.len());
        for item in items {
            let why = item.why.as_ref().map(|why| format!(" {}", printable(why))).unwrap_or_default();
            let _ = writeln!(text, "           {}{why}", printable(&item.object));
        }
    }
    let _ = writeln!(text, "wrote      {}", plural(imported.files.len(), "file"));
    text
}

fn by_kind(left_out: &[LeftOut]) -> BTreeMap<&str, Vec<&LeftOut>> {
    let mut kinds: BTreeMap<&str, Vec<&LeftOut>> = BTreeMap::new();
    for item in left_out {
        kinds.entry(&item.kind).or_default().push(item);
    }
    kinds
}

fn json(imported: &Imported) -> serde_json::Value {
    let counts = by_kind(&imported.left_out).into_iter().map(|(kind, items)| (kind, items.len()));
    let declared = imported.declared.iter().map(|(kind, names)| (kind.as_str(), names.len()));
    let objects = imported.declared.iter().flat_map(|(kind, names)| {
        let object =
            |name: &TableName| serde_json::json!({ "kind": kind.as_str(), "schema": name.schema, "name": name.name });
        names.iter().map(object)
    });
    serde_json::json!({
        "tables": imported.tables.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "declared": declared.collect::<BTreeMap<_, _>>(),
        "declaredObjects": objects.collect::<Vec<_>>(),
        "opaqueTables": imported.opaque.iter().map(|(table, why)| (table.to_string(), why)).collect::<BTreeMap<_, _>>(),
        "leftOut": { "counts": counts.collect::<BTreeMap<_, _>>(), "objects": imported.left_out },
        "written": imported.files.keys().collect::<Vec<_>>(),
    })
}
