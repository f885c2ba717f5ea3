//! Registry ids: a table keeps its own, whatever it is called.

use std::collections::BTreeMap;

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

/// The ids that `generate` has to write, by request file: those that tables have on the base and that their files would
/// change, because the table has another name now or the id was edited.
#[must_use]
pub fn carried_ids(snapshot: &Snapshot) -> BTreeMap<String, Uuid> {
    let empty = Tree::new();
    let sides = Sides::read(snapshot, &empty);
    let ids = sides.judged().into_iter().filter_map(|(path, file)| {
        let change = sides.change(file)?;
        Some((path.to_owned(), lost(&sides, file, &change)?))
    });
    ids.collect()
}

/// A file that would give the table of `change` another id than the base.
pub(super) fn lost_id(sides: &Sides<'_>, file: &RequestFile, change: &Change) -> Option<StaleMigration> {
    let id = lost(sides, file, change)?;
    let carries = file.accepted().is_some_and(|request| request.registry_id.is_some());
    let message = if carries {
        format!("The registry id is another one than the table has, `{id}`")
    } else {
        format!("A renamed table keeps its identity: `registryId: {id}` is missing")
    };
    Some(StaleMigration { message, suggestion: "Run `schema-registry generate`, which writes it".to_owned() })
}

/// A table keeps the id that it has on the base; a new one gets the id that its file carries or its name gives.
pub(super) fn registry_id_of(sides: &Sides<'_>, file: &RequestFile, change: Option<&Change>) -> Option<Uuid> {
    let database = &sides.snapshot.policy.database;
    let of_name = || file.parsed.table.as_ref().map(|table| crate::parse::registry_id(database, table));
    let known = change.and_then(|change| on_base(sides, change));
    known.or_else(|| file.accepted().map(|request| registry_id(database, request))).or_else(of_name)
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
