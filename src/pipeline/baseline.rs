//! Tables that were there before the registry: their chains start from a baseline.

use super::changes::Sides;
use crate::{
    migration::{Baseline, Chain},
    model::{Digest, Table, TableName},
    rules::BaselineProblem,
};

impl Sides<'_> {
    /// The baseline that the chain of `table` starts from, whatever the table was called then.
    pub(super) fn baseline_of(&self, table: &TableName) -> Option<&Baseline> {
        match self.chains.get(table) {
            Some(chain) => self.baseline_of_chain(chain),
            None => self.baselines.tables.get(table),
        }
    }

    /// The baseline that `chain` starts from.
    pub(super) fn baseline_of_chain(&self, chain: &Chain) -> Option<&Baseline> {
        let first = chain.links.first()?;
        let name = first.header.renamed_from.as_ref().or(first.header.subject.table())?;
        self.baselines.tables.get(name).filter(|baseline| baseline.stamp < first.stamp)
    }

    /// The state in which a table was before the first migration of `chain`; `None` where it did not exist. `on_base` is
    /// the table's state where the base has it without migrations.
    pub(super) fn start_of(&self, chain: &Chain, on_base: Option<&Table>) -> Option<Digest> {
        let baseline = self.baseline_of_chain(chain).map(|baseline| baseline.state);
        baseline.or_else(|| on_base.map(Table::state_digest))
    }

    /// Whether this revision takes `table` over as it is: a baseline that it brings lists it, so that nothing of it is
    /// new.
    pub(super) fn takes_over(&self, table: &TableName) -> bool {
        self.baseline_of(table).is_some_and(|baseline| !self.base_tree.contains_key(&baseline.path))
    }

    /// What is wrong with the baselines that the revision brings.
    pub(super) fn baseline_problems(&self) -> Vec<BaselineProblem> {
        let new = |path: &str| self.snapshot.scope.judges(path) && !self.base_tree.contains_key(path);
        let unreadable = self.baselines.problems.iter().filter(|problem| new(&problem.path)).cloned();
        let tables = self.baselines.tables.iter().filter(|(_, baseline)| new(&baseline.path));
        let misfits = tables.filter_map(|(table, baseline)| {
            let (message, suggestion) = self.misfit(table, baseline)?;
            Some(BaselineProblem { path: baseline.path.clone(), message, suggestion: suggestion.to_owned() })
        });
        unreadable.chain(misfits).collect()
    }

    fn misfit(&self, table: &TableName, baseline: &Baseline) -> Option<(String, &'static str)> {
        let name = table.short();
        if self.base.tables.contains_key(table) {
            let message = format!("The baseline lists table `{name}`, which the base describes already");
            return Some((message, "Remove its line: its state is known"));
        }
        let chain = self.chains.get(table);
        if chain.and_then(|chain| chain.links.first()).is_some_and(|first| first.stamp <= baseline.stamp) {
            let message = format!("The baseline lists table `{name}`, which has migrations from before it");
            return Some((message, "Remove its line: its migrations say what it is"));
        }
        // A table that changed since is judged by its chain, which starts from the baseline.
        if self.chains.iter().any(|chain| self.baseline_of_chain(chain) == Some(baseline) && begins(chain, table)) {
            return None;
        }
        match self.merged.tables.get(table) {
            None => Some((
                format!("The baseline lists table `{name}`, which no request describes"),
                "Remove its line, or restore the request that `schema-registry import` wrote",
            )),
            Some(known) if known.table.state_digest() != baseline.state => Some((
                format!("The baseline has another state of table `{name}` than {} describes", known.path),
                "Undo the edit, land the import, and ask for the change after that",
            )),
            Some(_) => None,
        }
    }
}

fn begins(chain: &Chain, table: &TableName) -> bool {
    let first = chain.links.first().and_then(|link| link.header.renamed_from.as_ref().or(link.header.subject.table()));
    first == Some(table)
}

#[cfg(test)]
#[path = "baseline_tests.rs"]
mod tests;
