//! Which `requestedAt` each request of a revision should have.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use super::{
    Snapshot,
    changes::Sides,
    order::{Order, Waiting},
    requests::RequestFile,
    sql_requests::{self, accepted},
};
use crate::model::{ChangeKind, TableName, Tree};

/// A `requestedAt` that has to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The request file.
    pub path: String,
    /// What it should say, to the second.
    pub at: DateTime<Utc>,
}

/// The stamps that `generate` has to write: missing ones are filled from `snapshot.now`; each change gets one that is
/// unique, later than every migration on the base and every baseline, and later than the changes that it depends on.
/// Stamps that are fine stay as they are, so a second run finds nothing to do.
#[must_use]
pub fn assign_stamps(snapshot: &Snapshot) -> Vec<Stamp> {
    let empty = Tree::new();
    let sides = Sides::read(snapshot, &empty);
    let migrations = sides.base_chains.iter().flat_map(|chain| &chain.links).map(|link| link.stamp);
    let latest = migrations.chain(sides.baselines.tables.values().map(|baseline| baseline.stamp)).max();
    let order = Order::read(&sides);
    // The links that come before those of the requests need times as well.
    let openings = i64::try_from(order.openings()).unwrap_or(i64::MAX);
    let latest = latest.and_then(|latest| latest.checked_add_signed(TimeDelta::try_seconds(openings)?));
    let mut stamps: Vec<_> =
        sides.judged().into_iter().filter_map(|(path, file)| missing(&sides, path, file)).collect();
    let mut taken = BTreeSet::new();
    let mut given: BTreeMap<&TableName, DateTime<Utc>> = BTreeMap::new();
    for table in &order.tables {
        let Some(Waiting { path, requested_at, .. }) = order.waiting.get(table) else { continue };
        let needed = order.edges.get(table).into_iter().flatten().filter_map(|edge| given.get(&edge.earlier));
        let earliest = needed.copied().chain(latest).max();
        let mut at = requested_at.unwrap_or(snapshot.now).trunc_subsecs(0);
        if let Some(earliest) = earliest.filter(|earliest| at <= *earliest) {
            at = earliest + TimeDelta::seconds(1);
        }
        while !taken.insert(at) {
            at += TimeDelta::seconds(1);
        }
        given.insert(table, at);
        if *requested_at != Some(at) {
            stamps.push(Stamp { path: path.clone(), at });
        }
    }
    // SQL runs last unless it says when: it may lean on anything that the tables bring.
    let last = given.values().copied().chain(latest).max();
    for (path, request) in sql_requests::judged(&sides).filter_map(|(path, file)| Some((path, accepted(file)?))) {
        let requested_at = request.metadata.requested_at.as_ref().map(|field| field.value);
        let runs = sql_requests::runs(&sides, request);
        let earliest = if requested_at.is_some() { latest } else { last };
        let mut at = requested_at.unwrap_or(snapshot.now).trunc_subsecs(0);
        if let Some(earliest) = earliest.filter(|earliest| runs && at <= *earliest) {
            at = earliest + TimeDelta::seconds(1);
        }
        while runs && !taken.insert(at) {
            at += TimeDelta::seconds(1);
        }
        if requested_at != Some(at) {
            stamps.push(Stamp { path: path.to_owned(), at });
        }
    }
    stamps.sort_by(|a, b| a.path.cmp(&b.path));
    stamps
}

/// The time of a request that changes nothing and does not say its own.
fn missing(sides: &Sides<'_>, path: &str, file: &RequestFile) -> Option<Stamp> {
    let change = sides.change(file).filter(|change| change.kind == ChangeKind::None)?;
    let requested_at = file.accepted().and_then(|request| request.metadata.requested_at.as_ref());
    // Nobody asked for what a baseline took over.
    let is_missing = requested_at.is_none() && sides.baseline_of(&change.table).is_none();
    is_missing.then(|| Stamp { path: path.to_owned(), at: sides.snapshot.now.trunc_subsecs(0) })
}
