//! Each table's migrations as a chain of states.

mod check;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

pub use check::ChainProblem;

use super::{MigrationFile, name, ups};
use crate::model::{MigrationHeader, MigrationName, Subject, TableName, Tree};

/// The migrations of one change, in the order in which they run: one link of a table's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What the headers of all its files say; without a phase.
    pub header: MigrationHeader,
    /// The time in the names of its files.
    pub stamp: DateTime<Utc>,
    /// The up files, in order; at least one.
    pub files: Vec<MigrationFile>,
}

impl Link {
    /// The common beginning of the names of its files: `20231206_090000_alter_caricatures`.
    #[must_use]
    pub fn name(&self) -> MigrationName {
        name::stem(self.stamp, &self.header)
    }

    /// Stem of its first file.
    #[must_use]
    pub fn first(&self) -> &str {
        self.files.first().map_or("", |file| &file.stem)
    }

    /// Stem of its last file.
    #[must_use]
    pub fn last(&self) -> &str {
        self.files.last().map_or("", |file| &file.stem)
    }
}

/// The links of one table, through all of its names, or of one request that brings SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Whose they are: the name that the last link leaves the table with, or dropped it under.
    pub subject: Subject,
    /// In order.
    pub links: Vec<Link>,
    /// Names of other tables that it took.
    taken: Vec<ChainProblem>,
}

impl Chain {
    /// The paths of its up files.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.links.iter().flat_map(|link| &link.files).map(|file| file.path.as_str())
    }

    /// Its last link.
    #[must_use]
    pub fn end(&self) -> Option<&Link> {
        self.links.last()
    }
}

/// The chains of a tree. A rename carries a chain from the old name to the new one; whatever has the old name later
/// begins a chain of its own.
#[derive(Debug, Clone, Default)]
pub struct Chains {
    /// In order of their first links.
    all: Vec<Chain>,
    /// The chain that has a name in the end. One that ended in a drop keeps its name until another takes it.
    by_name: BTreeMap<Subject, usize>,
    by_stem: BTreeMap<String, usize>,
    /// The names of renames by the names that they took away.
    renamed_away: BTreeMap<TableName, (MigrationName, TableName)>,
}

impl Chains {
    /// Reads the migrations folder of a tree. Files that are no migrations are left out.
    #[must_use]
    pub fn read(tree: &Tree, migrations_dir: &str) -> Self {
        let mut chains = Self::default();
        for link in links(ups(tree, migrations_dir)) {
            chains.add(link);
        }
        chains
    }

    /// The chain of the table that has this name in the end, or that was dropped under it.
    #[must_use]
    pub fn get(&self, subject: impl Into<Subject>) -> Option<&Chain> {
        self.all.get(*self.by_name.get(&subject.into())?)
    }

    /// The links of [`Self::get`]; none where there is no chain.
    #[must_use]
    pub fn links(&self, subject: impl Into<Subject>) -> &[Link] {
        self.get(subject).map(|chain| chain.links.as_slice()).unwrap_or_default()
    }

    /// The chain that the migration called `stem` is part of.
    #[must_use]
    pub fn of_migration(&self, stem: &str) -> Option<&Chain> {
        self.all.get(*self.by_stem.get(stem)?)
    }

    /// Every chain, also those that ended under a name that another has now, in order of their first links.
    pub fn iter(&self) -> impl Iterator<Item = &Chain> {
        self.all.iter()
    }

    fn add(&mut self, link: Link) {
        let subject = link.header.subject.clone();
        let old = link.header.renamed_from.as_ref().zip(subject.table());
        let before = old.map_or_else(|| subject.clone(), |(old, _)| old.into());
        let at = self.by_name.get(&before).copied().unwrap_or_else(|| {
            self.all.push(Chain { subject: subject.clone(), links: Vec::new(), taken: Vec::new() });
            self.all.len() - 1
        });
        let mut taken = None;
        if let Some((old, table)) = old {
            let live = self.get(table).filter(|other| other.end().is_some_and(|end| end.header.after.is_some()));
            taken = live.map(|other| check::taken(table, &link, other));
            self.by_name.remove(&before);
            self.renamed_away.entry(old.clone()).or_insert_with(|| (link.name(), table.clone()));
        }
        self.by_stem.extend(link.files.iter().map(|file| (file.stem.clone(), at)));
        self.by_name.insert(subject.clone(), at);
        if let Some(chain) = self.all.get_mut(at) {
            chain.subject = subject;
            chain.links.push(link);
            chain.taken.extend(taken);
        }
    }
}

/// Groups migrations, which come in order of their stems, by the change that they belong to.
fn links(files: Vec<MigrationFile>) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for file in files {
        let header = MigrationHeader { phase: None, ..file.header.clone() };
        let same = |link: &&mut Link| {
            link.stamp == file.stamp && link.header.subject == header.subject && link.header.kind == header.kind
        };
        // Names of other tables of the same time may stand between: `a_01_build` sorts between the files of `a`.
        match links.iter_mut().rev().take_while(|link| link.stamp == file.stamp).find(same) {
            Some(link) => link.files.push(file),
            None => links.push(Link { header, stamp: file.stamp, files: vec![file] }),
        }
    }
    links
}
