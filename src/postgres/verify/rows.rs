//! The steps that need rows.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{Connection, PostgresError, catalog::table_diff},
    Failure, Step,
    change::{Run, Stop},
    observe::Oid,
    scratch::{Db, State},
    seed::{self, Demand, Seedable},
};
use crate::sql::ALLOW_DATA_LOSS;

/// A column, wherever renames lead it, with its type.
type Cell = (Oid, i16, String);

/// The values of columns: how messages call each, and the values, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Values(BTreeMap<Cell, (String, String)>);

impl Values {
    /// Reads the columns of some tables.
    async fn read(connection: &Connection, tables: &BTreeSet<Oid>) -> Result<Self, PostgresError> {
        let mut values = Self::default();
        for table in seed::seedable(connection).await?.iter().filter(|table| tables.contains(&table.oid)) {
            for column in &table.columns {
                let (name, of) = (&column.name, &table.name);
                let sql = format!(
                    "SELECT string_agg(coalesce({name}::text, 'null'), ', ' ORDER BY {name}::text COLLATE \"C\") FROM {of}"
                );
                let text = connection.column(&sql).await?.pop().unwrap_or_default();
                let cell = (table.oid.clone(), column.number, column.type_name.clone());
                values.0.insert(cell, (format!("{of}.{name}"), text));
            }
        }
        Ok(values)
    }

    /// Those that `other` has as well, by whatever values, named as they are there.
    fn shared_with(&self, other: &Self) -> Self {
        let shared = self.0.iter().filter_map(|(cell, (_, text))| {
            let (name, _) = other.0.get(cell)?;
            Some((cell.clone(), (name.clone(), text.clone())))
        });
        Self(shared.collect())
    }

    /// Those that are not null and not in `other`.
    fn lost_in(&self, other: &Self) -> Self {
        let gone = |(cell, (_, text)): &(&Cell, &(String, String))| {
            // Retyped columns keep their number.
            !text.is_empty() && !other.0.keys().any(|kept| (&kept.0, kept.1) == (&cell.0, cell.1))
        };
        Self(self.0.iter().filter(gone).map(|(a, b)| (a.clone(), b.clone())).collect())
    }

    fn lines(&self) -> BTreeMap<String, String> {
        self.0.values().cloned().collect()
    }
}

impl Run<'_> {
    /// Puts rows into the tables that the change is about, and takes the steps that need them. [`Db::Seeded`] has the rows
    /// afterwards. `demanded` is what the schema after the change demands of rows.
    pub(super) async fn with_rows(&mut self, before: &State, after: &State, demanded: &[Demand]) -> Result<(), Stop> {
        let mut tables = self.seen.touched();
        let changed = table_diff(&before.catalog, &after.catalog);
        let columns = self.seed(&mut tables, &changed, demanded).await?;
        self.reset(Db::Seeded).await?;
        let rows = Values::read(self.watch().await?, &tables).await?;
        let reached = self.up(&Step::UpWithRows).await?;
        self.same("the schema is not the one that it makes of empty tables", after, &reached)?;
        let left = Values::read(self.watch().await?, &tables).await?;
        let kept = rows.shared_with(&left);
        self.equal("rows that were there before have other values", &kept.lines(), &left.shared_with(&kept).lines())?;
        let operations = || self.change.migrations.iter().filter_map(|pair| pair.operations.as_ref()).flatten();
        if operations().next().is_some() && operations().all(|operation| operation.data_loss.is_none()) {
            let lost = rows.lost_in(&left).lines();
            self.equal("values are lost, and the plan does not say so", &lost, &BTreeMap::new())?;
        }

        let fresh = self.fill(&mut tables, &columns).await?;
        let full = Values::read(self.watch().await?, &tables).await?;
        let restored = self.down_with_rows(fresh, &tables, &full).await?;
        self.same("what was there before the up is not restored", before, &restored)?;
        let again = Values::read(self.watch().await?, &tables).await?.shared_with(&kept);
        self.equal("rows that were there before have other values", &kept.shared_with(&again).lines(), &again.lines())
    }

    /// Fills [`Db::Seeded`]; the columns that its tables have, by number. `tables` gets those that `changed` mentions too:
    /// locks of statements that commit at once are not seen.
    async fn seed(
        &mut self,
        tables: &mut BTreeSet<Oid>,
        changed: &str,
        demanded: &[Demand],
    ) -> Result<BTreeMap<Oid, BTreeSet<i16>>, Stop> {
        self.scratch.copy(Db::Base, Db::Seeded).await?;
        let connection = self.scratch.connect(Db::Seeded).await?;
        let now = seed::demands(&connection).await?;
        let later: Vec<Demand> = demanded.iter().filter(|demand| !now.contains(demand)).cloned().collect();
        let all = seed::seedable(&connection).await?;
        tables.extend(all.iter().filter(|table| changed.contains(&table.name)).map(|table| table.oid.clone()));
        let unseeded = seed::seed(&connection, tables, &later).await?;
        self.unseeded(unseeded);
        let numbers = |table: &Seedable| table.columns.iter().map(|column| column.number).collect();
        Ok(all.iter().map(|table| (table.oid.clone(), numbers(table))).collect())
    }

    /// Puts values into what the change has brought, tables and columns, which are added to `tables`; whether there are any.
    async fn fill(&mut self, tables: &mut BTreeSet<Oid>, columns: &BTreeMap<Oid, BTreeSet<i16>>) -> Result<bool, Stop> {
        let watch = self.watch().await?;
        let now = seed::seedable(watch).await?;
        let created: BTreeSet<Oid> =
            now.iter().map(|table| table.oid.clone()).filter(|table| !columns.contains_key(table)).collect();
        let mut filled = 0;
        for table in now.iter().filter(|table| tables.contains(&table.oid)) {
            let known = columns.get(&table.oid);
            for column in
                table.columns.iter().filter(|column| known.is_some_and(|known| !known.contains(&column.number)))
            {
                filled += seed::fill_column(watch, table, column).await?;
            }
        }
        let unseeded = seed::seed(watch, &created, &[]).await?;
        let fresh = filled > 0 || unseeded.len() < created.len();
        self.unseeded(unseeded);
        tables.extend(created);
        Ok(fresh)
    }

    /// Runs the downs over rows. Where there is something `fresh`, they must refuse to lose it, lose nothing, and do it
    /// when told to; where there is nothing, they may run through.
    async fn down_with_rows(&mut self, fresh: bool, tables: &BTreeSet<Oid>, full: &Values) -> Result<State, Stop> {
        self.begin(&Step::DownWithRows);
        match self.downs(None).await {
            Ok(()) if fresh => {
                let left = Values::read(self.watch().await?, tables).await?;
                let lost = full.lost_in(&left).lines();
                let problem = "it does not refuse to lose values that have come since";
                let (step, diff) = (Step::DownWithRows, table_diff(&lost, &BTreeMap::new()));
                Err(Stop::Failure(Box::new(Failure::Differs { step, problem, diff })))
            }
            Ok(()) => self.state().await,
            Err(stop) if is_guard(&stop) => {
                let left = Values::read(self.watch().await?, tables).await?;
                let left = left.shared_with(full).lines();
                self.equal("it refuses to lose values, and has lost some", &full.lines(), &left)?;
                self.begin(&Step::DownAllowed);
                self.downs(Some(&format!("SET {ALLOW_DATA_LOSS} = on"))).await?;
                self.state().await
            }
            Err(stop) => Err(stop),
        }
    }
}

/// Whether a down has refused to lose rows, and says how to insist.
fn is_guard(stop: &Stop) -> bool {
    let Stop::Failure(failure) = stop else { return false };
    let Failure::Refused { error, .. } = failure.as_ref() else { return false };
    error.code == "P0001" && error.hint.as_ref().is_some_and(|hint| hint.contains(ALLOW_DATA_LOSS))
}
