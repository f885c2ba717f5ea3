//! Which types and tables a declaration of an opaque object stands for.

use crate::model::{Catalog, CatalogObject, DEFAULT_SCHEMA, ObjectKind, OpaqueObject, Table};

use super::{parse_type, quote};

/// The object that declares the type called `base`, as [`super::TypeName::base`] spells it.
#[must_use]
pub fn type_object<'a>(catalog: &'a Catalog, base: &str) -> Option<&'a CatalogObject> {
    catalog.objects.values().find(|known| declares(&known.object, base))
}

/// Whether `object` is or brings the type called `base`. A type of an extension may be in any schema.
fn declares(object: &OpaqueObject, base: &str) -> bool {
    if object.kind == ObjectKind::Extension {
        let alone = base.rsplit_once('.').map_or(base, |(_, alone)| alone);
        return object.types.iter().any(|name| quote::identifier(name) == alone);
    }
    let (schema, name) = (&object.name.schema, quote::identifier(&object.name.name));
    let in_path = schema == DEFAULT_SCHEMA && base == name;
    object.kind.is_type() && (in_path || base == format!("{}.{name}", quote::identifier(schema)))
}

/// Whether a column of `table` is of a type that `object` declares, or a foreign key of it leads there.
#[must_use]
pub fn uses_object(table: &Table, object: &OpaqueObject) -> bool {
    let of_type = |type_name: &str| parse_type(type_name, u32::MAX).is_ok_and(|name| declares(object, &name.base));
    table.foreign_keys.iter().any(|key| object.kind == ObjectKind::Table && key.references == object.name)
        || table.columns.iter().any(|column| of_type(&column.type_name))
}
