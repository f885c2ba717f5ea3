//! Registry ids: a table keeps its own, whatever it is called.

use uuid::Uuid;

use super::{
    Snapshot,
    changes::Sides,
    requests::{RequestFile, registry_id},
};
use crate::{
    model::{Change, Tree},
    rules::StaleMigration,
};

/// A `registryId` that a request file has to carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedId {
    /// The request file.
    pub path: String,
    /// What it should say.
    pub registry_id: Uuid,
}

/// The ids that `generate` has to write: those that tables have on the base and that their files would change, because
/// the table has another name now or the id was edited.
#[must_use]
pub fn carried_ids(snapshot: &Snapshot) -> Vec<CarriedId> {
    let empty = Tree::new();
    let sides = Sides::read(snapshot, &empty);
    let ids = sides.judged().into_iter().filter_map(|(path, file)| {
        let registry_id = lost(&sides, file, &sides.change(file)?)?;
        Some(CarriedId { path: path.to_owned(), registry_id })
    });
    ids.collect()
}

/// The id that the table of `change` has on the base, where `file` would give it another.
fn lost(sides: &Sides<'_>, file: &RequestFile, change: &Change) -> Option<Uuid> {
    let given = registry_id(&sides.snapshot.policy.database, file.accepted()?);
    on_base(sides, change).filter(|known| *known != given)
}

fn on_base(sides: &Sides<'_>, change: &Change) -> Option<Uuid> {
    let before = change.before.as_ref()?;
    Some(sides.base.tables.get(&before.name)?.registry_id)
}

/// A table keeps the id that it has on the base; a new one gets the id that its file carries or its name gives.
pub(super) fn registry_id_of(sides: &Sides<'_>, file: &RequestFile, change: Option<&Change>) -> Option<Uuid> {
    let database = &sides.snapshot.policy.database;
    let of_name = || file.parsed.table.as_ref().map(|table| crate::parse::registry_id(database, table));
    let known = change.and_then(|change| on_base(sides, change));
    known.or_else(|| file.accepted().map(|request| registry_id(database, request))).or_else(of_name)
}

/// A file that would give its table another id than the base.
pub(super) fn lost_id(sides: &Sides<'_>, file: &RequestFile, change: &Change) -> Option<StaleMigration> {
    let id = lost(sides, file, change)?;
    let name = change.before.as_ref().map_or(&change.table, |before| &before.name).short();
    let carries = file.accepted().is_some_and(|request| request.registry_id.is_some());
    let message = if carries {
        format!("The file has another registry id than table `{name}`, which keeps its own")
    } else {
        format!("The file does not carry the registry id of table `{name}`")
    };
    let suggestion = format!("Run `schema-registry generate`, which writes `registryId: {id}`");
    Some(StaleMigration { message, suggestion })
}
