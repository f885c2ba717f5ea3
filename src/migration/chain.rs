//! Each table's migrations as a chain of states.

use std::collections::BTreeMap;

use crate::model::{Digest, TableName, Tree};

use super::{MigrationFile, ups};

/// A link of a chain that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainProblem {
    /// Path of the up file that does not fit.
    pub path: String,
    /// What is wrong, one sentence without a full stop: hostile text.
    pub message: String,
    /// What to do about it, imperative.
    pub suggestion: String,
}

/// The up files of a tree's migrations folder by table, each in order of its stems.
#[must_use]
pub fn chains(tree: &Tree, migrations_dir: &str) -> BTreeMap<TableName, Vec<MigrationFile>> {
    let mut chains: BTreeMap<TableName, Vec<MigrationFile>> = BTreeMap::new();
    for file in ups(tree, migrations_dir) {
        chains.entry(file.header.table.clone()).or_default().push(file);
    }
    chains
}

/// Checks that each migration of one table starts from the state in which the one before it left the table.
#[must_use]
pub fn check_chain(files: &[MigrationFile]) -> Vec<ChainProblem> {
    let mut problems = Vec::new();
    let mut last: Option<&MigrationFile> = None;
    for file in files {
        let state = last.and_then(|last| last.header.after);
        if file.header.before != state {
            let message = match last {
                Some(last) if last.header.before == file.header.before => {
                    format!("Migrations {} and {} both start from {}", last.stem, file.stem, named(file.header.before))
                }
                _ => format!(
                    "Migration {} starts from {}, but {} before it",
                    file.stem,
                    named(file.header.before),
                    left(last, state),
                ),
            };
            let suggestion = "Update the branch from its base and run `schema-registry generate`".to_owned();
            problems.push(ChainProblem { path: file.path.clone(), message, suggestion });
        }
        last = Some(file);
    }
    problems
}

fn named(state: Option<Digest>) -> String {
    state.map_or_else(|| "a table that does not exist".to_owned(), |digest| format!("state {}", digest.short()))
}

fn left(last: Option<&MigrationFile>, state: Option<Digest>) -> String {
    match last {
        None => "no migration of the table comes".to_owned(),
        Some(last) => format!("{} leaves {}", last.stem, named(state)),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::model::{ChangeKind, MigrationHeader};

    fn link(stem: &str, before: &str, after: &str) -> MigrationFile {
        let digest = |text: &str| (!text.is_empty()).then(|| Digest::of(text));
        MigrationFile {
            path: format!("migrations/{stem}.up.sql"),
            stem: stem.to_owned(),
            up: true,
            stamp: DateTime::<Utc>::UNIX_EPOCH,
            header: MigrationHeader {
                format: 1,
                table: TableName::public("t"),
                kind: ChangeKind::Create,
                before: digest(before),
                after: digest(after),
                phase: None,
                renamed_from: None,
            },
        }
    }

    fn messages(files: &[MigrationFile]) -> String {
        check_chain(files).into_iter().map(|problem| problem.message + "\n").collect()
    }

    #[test]
    fn create_drop_create_is_a_chain() {
        assert_eq!(messages(&[link("1", "", "a"), link("2", "a", ""), link("3", "", "a")]), "");
    }

    #[test]
    fn forks_and_gaps_are_found() {
        insta::assert_snapshot!(messages(&[link("1", "", "a"), link("2", "a", "b"), link("3", "a", "c")]), @"Migrations 2 and 3 both start from state ca978112ca1b");
        insta::assert_snapshot!(messages(&[link("1", "", "a"), link("2", "", "b")]), @"Migrations 1 and 2 both start from a table that does not exist");
        insta::assert_snapshot!(messages(&[link("1", "", "a"), link("3", "b", "c")]), @"Migration 3 starts from state 3e23e8160039, but 1 leaves state ca978112ca1b before it");
        insta::assert_snapshot!(messages(&[link("2", "a", "b")]), @"Migration 2 starts from state ca978112ca1b, but no migration of the table comes before it");
    }
}
