//! Changes to plans and migrations: names, bytes, headers, chains.
//!
//! A migration is a pair of files, `<YYYYMMDD>_<HHMMSS>_<verb>_<table>.up.sql` and `.down.sql`, in one folder. Their first
//! lines are comments that name the table, the change and the state digests before and after it, so that the files of a
//! table form a chain without an index that branches would conflict about.

mod alter;
mod baseline;
mod chain;
mod compare;
mod header;
mod name;
mod phases;
mod script;
mod sql_request;

pub use baseline::{Baseline, Baselines, write_baseline};
pub use chain::{Chain, ChainProblem, Chains, Link};
pub use compare::compare;
pub use sql_request::generate_sql;

use chrono::{DateTime, Datelike as _, Utc};

use crate::model::{
    Change, ChangeKind, Digest, MIGRATION_FORMAT, Migration, MigrationHeader, Plan, Route, Table, Tree, Unsupported,
};

/// The plan of a change and the migrations that carry it out.
///
/// `stamp` is the request's `requestedAt`; `before` the state digest after the table's last migration on the base; `fresh`
/// whether the table is there only since a migration of the same revision, so that nobody can be using it.
/// The same change, stamp and digest give the same bytes. What cannot be carried out yet is an `Err`.
pub fn generate(
    change: &Change,
    stamp: DateTime<Utc>,
    before: Option<Digest>,
    fresh: bool,
) -> Result<(Plan, Vec<Migration>), Vec<Unsupported>> {
    let header = |after: Option<&Table>| MigrationHeader {
        format: MIGRATION_FORMAT,
        subject: (&change.table).into(),
        kind: change.kind,
        before,
        after: after.map(Table::state_digest),
        phase: None,
        renamed_from: None,
    };
    let (mut plan, scripts) = match (change.kind, &change.before, &change.after) {
        (ChangeKind::Create, _, Some(table)) => {
            let header = header(Some(table));
            (script::plan_of_create(table), vec![(header.clone(), script::create(&header, table)?)])
        }
        (ChangeKind::Drop, Some(table), _) => {
            let header = header(None);
            (script::plan_of_drop(table), vec![(header.clone(), script::drop(&header, table)?)])
        }
        (ChangeKind::Alter | ChangeKind::Rename, Some(before), Some(after)) => {
            let renamed_from = (before.name != after.name).then(|| before.name.clone());
            let header = MigrationHeader { renamed_from, ..header(Some(after)) };
            alter::generate(change, (before, after), &header, fresh)?
        }
        _ => return Ok((Plan::default(), Vec::new())),
    };
    if !(0..=9999).contains(&stamp.year()) {
        return Err(vec![Unsupported {
            route: Route::root().key("requestMetadata").key("requestedAt"),
            message: "The year of `requestedAt` does not have four digits".to_owned(),
            suggestion: "Set it to the time of the request".to_owned(),
        }]);
    }
    let mut migrations = Vec::new();
    for (header, (up, down)) in scripts {
        let name = name::stem(stamp, &header);
        if name.0.len() > name::MAX_STEM_BYTES {
            return Err(vec![Unsupported {
                route: Route::root().key("tableName"),
                message: "The table's name is too long for the name of a file".to_owned(),
                suggestion: "Use lower-case letters, digits and `_`".to_owned(),
            }]);
        }
        let own = plan.operations.iter_mut().filter(|operation| operation.phase == header.phase);
        own.for_each(|operation| operation.migration = Some(name.clone()));
        migrations.push(Migration { name, header, up, down });
    }
    Ok((plan, migrations))
}

/// One file of a migrations folder whose name and header were understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationFile {
    /// Path in the repository.
    pub path: String,
    /// Common stem of the pair.
    pub stem: String,
    /// Whether it is the up file.
    pub up: bool,
    /// Stamp in its name.
    pub stamp: DateTime<Utc>,
    /// What its header says.
    pub header: MigrationHeader,
}

/// Reads the name and header of a migration file; `Err` says why it is not one, as the end of a sentence that begins
/// with the path.
pub fn read_file(path: &str, bytes: &[u8]) -> Result<MigrationFile, String> {
    let file = path.rsplit('/').next().unwrap_or(path);
    let name = name::parse(file)?;
    let header = header::parse(bytes)?;
    if name::stem(name.stamp, &header).0 != name.stem {
        return Err(format!(
            "has a name that disagrees with its header, which says `{} {}`",
            header.kind.verb(),
            header.subject.short()
        ));
    }
    Ok(MigrationFile { path: path.to_owned(), stem: name.stem, up: name.up, stamp: name.stamp, header })
}

/// The up files of a tree's migrations folder, in order of their stems; files that are none are left out.
#[must_use]
pub fn ups(tree: &Tree, migrations_dir: &str) -> Vec<MigrationFile> {
    let folder = format!("{}/", migrations_dir.trim_end_matches('/'));
    let mut files: Vec<_> = tree
        .iter()
        .filter(|(path, _)| path.strip_prefix(&folder).is_some_and(|name| !name.contains('/')))
        .filter_map(|(path, file)| read_file(path, &file.bytes).ok())
        .filter(|file| file.up)
        .collect();
    files.sort_by(|a, b| a.stem.cmp(&b.stem));
    files
}

#[cfg(test)]
mod tests;
