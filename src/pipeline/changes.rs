//! What a revision does to each table that it touches.

use std::collections::BTreeSet;

use super::{
    Scope, Snapshot, early,
    order::Order,
    requests::{RequestFile, Requests},
    steps::Step,
};
use crate::{
    migration::{self, Baselines, Chain, Chains, Link},
    model::{
        Catalog, Change, ChangeKind, Digest, MIGRATION_FORMAT, Migration, Plan, Renames, Subject, Table, TableName,
        Tree, Unsupported,
    },
    policy::PathKind,
    rules::StaleMigration,
};

/// Both sides of a snapshot, read.
pub(super) struct Sides<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) base_tree: &'a Tree,
    pub(super) requests: Requests,
    pub(super) base_requests: Requests,
    pub(super) base: Catalog,
    pub(super) merged: Catalog,
    pub(super) renames: Renames,
    pub(super) base_chains: Chains,
    pub(super) chains: Chains,
    pub(super) baselines: Baselines,
}

impl<'a> Sides<'a> {
    /// Reads both trees of `snapshot`; `empty` stands in for the base where every table is judged as new.
    pub(super) fn read(snapshot: &'a Snapshot, empty: &'a Tree) -> Self {
        let policy = &snapshot.policy;
        let base_tree = if snapshot.scope == Scope::All { empty } else { &snapshot.base };
        let base_requests = Requests::read(base_tree, policy, None);
        let requests = Requests::read(&snapshot.merged, policy, Some((base_tree, &base_requests)));
        let base = base_requests.catalog(&policy.database);
        let renames = requests.renames(&base);
        let mut merged = requests.catalog(&policy.database);
        for (name, old) in &renames.tables {
            if let (Some(known), Some(old)) = (merged.tables.get_mut(name), base.tables.get(old)) {
                known.registry_id = old.registry_id;
            }
        }
        Self {
            snapshot,
            base_tree,
            renames,
            base,
            merged,
            requests,
            base_requests,
            base_chains: Chains::read(base_tree, &policy.migrations),
            chains: Chains::read(&snapshot.merged, &policy.migrations),
            baselines: Baselines::read(&snapshot.merged, &policy.migrations),
        }
    }

    /// The request files that are judged: those that the revision touches, and those of tables whose migrations it
    /// touches.
    pub(super) fn judged(&self) -> Vec<(&str, &RequestFile)> {
        let policy = &self.snapshot.policy;
        let scope = &self.snapshot.scope;
        let chains = self.chains.iter().chain(self.base_chains.iter());
        let touched = chains.filter(|chain| chain.paths().any(|path| scope.judges(path)));
        let touched: BTreeSet<&TableName> = touched.filter_map(|chain| chain.subject.table()).collect();
        self.requests
            .iter()
            .filter(|(path, file)| {
                let of_touched = file.parsed.table.as_ref().is_some_and(|table| touched.contains(table));
                policy.classify(path) == PathKind::Request && (scope.judges(path) || of_touched)
            })
            .collect()
    }

    /// What the revision does to the table of `file`; `None` where the file was not accepted.
    pub(super) fn change(&self, file: &RequestFile) -> Option<Change> {
        let request = file.accepted()?;
        let table = request.table.clone();
        let after = file.wanted().cloned();
        let of_base = |name: &TableName| self.base.tables.get(name).map(|known| known.table.clone());
        let before = of_base(self.renames.table_before(&table));
        // What a baseline takes over is there as it is described.
        let before = before.or_else(|| after.clone().filter(|_| self.takes_over(&table)));
        let kind = kind_of(before.as_ref(), after.as_ref(), self.renames.tables.contains_key(&table));
        Some(Change { table, kind, before, after, renames: self.renames.clone() })
    }

    /// Whether every table is judged as new.
    pub(super) fn judges_all(&self) -> bool {
        self.snapshot.scope == Scope::All
    }

    /// The plan and the migrations that a change must bring whose steps these are, or what of it cannot be carried out.
    pub(super) fn plan(&self, steps: &[Step]) -> Result<(Plan, Vec<Planned>), Vec<Unsupported>> {
        let mut plan = Plan::default();
        let mut planned = Vec::new();
        let mut before = steps.first().and_then(|step| self.digest_before(&step.change));
        for Step { change, stamp, fresh } in steps {
            let (part, migrations) = migration::generate(change, *stamp, before, *fresh)?;
            before = change.after.as_ref().map(Table::state_digest);
            plan.operations.extend(part.operations);
            planned.push(Planned { change: change.clone(), migrations });
        }
        Ok((plan, planned))
    }

    /// The state digest that the table's last migration on the base left; the state's own where it has none.
    fn digest_before(&self, change: &Change) -> Option<Digest> {
        let name = change.before.as_ref().map_or(&change.table, |before| &before.name);
        if let Some(end) = self.base_chains.get(name).and_then(Chain::end) {
            return end.header.after;
        }
        let baseline = self.baselines.tables.get(name).map(|baseline| baseline.state);
        baseline.or_else(|| change.before.as_ref().map(Table::state_digest))
    }

    /// What is wrong with the migrations of the table of `change`: the expected ones missing or different, others that
    /// the change does not bring, a chain that does not hold or does not end in the wanted state.
    pub(super) fn stale(&self, order: &Order, change: &Change, planned: &[Planned]) -> Vec<StaleMigration> {
        let expected: Vec<_> = planned.iter().flat_map(|planned| &planned.migrations).cloned().collect();
        let mut stale = self.broken(change);
        let firsts = planned.iter().map(|planned| planned.migrations.first().map_or("", |first| &first.name.0));
        if stale.is_empty() && self.is_compared(&(&change.table).into(), &firsts.collect::<Vec<_>>()) {
            stale.extend(migration::compare(&expected, &self.snapshot.merged, &self.snapshot.policy.migrations));
        }
        if stale.is_empty() {
            stale.extend(self.unexpected(self.chains.links(&change.table), &expected));
            stale.extend(self.end_of_chain(change));
            stale.extend(early::too_early(self, order, change, planned));
        }
        stale
    }

    /// Whether the bytes of the migrations are to be the expected ones. History may have brought a table here in several
    /// changes, at other times and by older versions of the tool: where everything is judged as new, only migrations
    /// that could be those of the request are. `firsts` are the stems of the first migrations of each link that is wanted.
    pub(super) fn is_compared(&self, subject: &Subject, firsts: &[&str]) -> bool {
        let links = self.chains.links(subject);
        let same = || firsts.iter().copied().eq(links.iter().map(Link::first));
        !self.judges_all()
            || links.is_empty()
            || (links.iter().all(|link| link.header.format == MIGRATION_FORMAT) && (firsts.is_empty() || same()))
    }

    /// What does not hold in the chain of the table.
    fn broken(&self, change: &Change) -> Vec<StaleMigration> {
        let Some(chain) = self.chains.get(&change.table) else { return Vec::new() };
        let on_base = change.before.as_ref().filter(|before| self.base_chains.get(&before.name).is_none());
        self.problems(chain, self.start_of(chain, on_base))
    }

    /// What does not hold in a chain that starts from the state `start`. What is on the base as it is here is not this
    /// revision's to answer for.
    pub(super) fn problems(&self, chain: &Chain, start: Option<Digest>) -> Vec<StaleMigration> {
        let problems = self.chains.problems(chain, start).into_iter();
        let ours = |path: &String| !self.base_tree.contains_key(path);
        let problems = problems.filter(|problem| problem.paths.iter().any(ours));
        problems.map(|problem| StaleMigration { message: problem.message, suggestion: problem.suggestion }).collect()
    }

    /// Migrations of the revision that its change does not bring.
    pub(super) fn unexpected<'b>(
        &'b self,
        links: &'b [Link],
        expected: &'b [Migration],
    ) -> impl Iterator<Item = StaleMigration> + 'b {
        let new = links
            .iter()
            .flat_map(|link| &link.files)
            .filter(|file| !self.judges_all() && !self.base_tree.contains_key(&file.path));
        new.filter(|file| expected.iter().all(|migration| migration.name.0 != file.stem)).map(|file| StaleMigration {
            message: format!("Migration {} is not what this change brings", file.path),
            suggestion: "Run `schema-registry generate`, which removes it".to_owned(),
        })
    }

    /// A chain that does not end in the wanted state. Digests of an older format cannot be told from wrong ones by this
    /// binary's own, so only a table that the chain leaves in a state of this format is judged.
    fn end_of_chain(&self, change: &Change) -> Option<StaleMigration> {
        let end = self.chains.get(&change.table)?.end().filter(|end| end.header.format == MIGRATION_FORMAT)?;
        let wanted = change.after.as_ref().map(Table::state_digest);
        // What the base has already is not this revision's to answer for.
        let judged = change.kind != ChangeKind::None || self.snapshot.scope == Scope::All;
        (judged && end.header.after != wanted).then(|| StaleMigration {
            message: format!("Migration {} does not end in the state that the request describes", end.last()),
            suggestion: "Run `schema-registry generate`".to_owned(),
        })
    }
}

/// One link of the chain that a change adds to.
pub(super) struct Planned {
    pub(super) change: Change,
    pub(super) migrations: Vec<Migration>,
}

pub(super) fn kind_of(before: Option<&Table>, after: Option<&Table>, renamed: bool) -> ChangeKind {
    match (before, after) {
        (None, Some(_)) => ChangeKind::Create,
        (Some(_), None) => ChangeKind::Drop,
        (Some(_), Some(_)) if renamed => ChangeKind::Rename,
        (Some(before), Some(after)) if before != after => ChangeKind::Alter,
        _ => ChangeKind::None,
    }
}
