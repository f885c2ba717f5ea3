//! State to request: the text of a file that describes what is there.

mod yaml;

use std::fmt::Write as _;

use self::yaml::{Mapping, list, string, strings};
use super::index::word;
use crate::model::{
    Column, Deferrable, ForeignKey, FoundObject, Identity, Index, IndexElement, IndexKey, NullsOrder, ObjectKind,
    ReferentialAction, SortOrder, Table, TableName,
};

/// The text of a request that describes `table` as it is, every constraint and index by its name. It has no metadata.
#[must_use]
pub fn write_request(table: &Table, owner: &str) -> String {
    let mut text = format!("tableName: {}\nowner: {}\nschemaJson:\n", string(&table.name.name), string(owner));
    if table.name.schema != crate::model::DEFAULT_SCHEMA {
        let _ = writeln!(text, "  schemaName: {}", string(&table.name.schema));
    }
    if let Some(comment) = &table.comment {
        let _ = writeln!(text, "  comment: {}", string(comment));
    }
    let flagged = flagged_key(table);
    section(&mut text, "columns", table.columns.iter().map(|it| column(it, flagged == Some(&it.name))));
    if let Some(key) = table.primary_key.as_ref().filter(|_| flagged.is_none()) {
        let key = Mapping::default().text("name", Some(&key.name)).raw("columns", strings(&key.columns));
        let _ = writeln!(text, "  primaryKey: {}", key.finish());
    }
    let unique = |it: &crate::model::Unique| {
        let unique = Mapping::default().text("name", Some(&it.name)).raw("columns", strings(&it.columns));
        deferrable(unique.flag("nullsNotDistinct", it.nulls_not_distinct), it.deferrable).finish()
    };
    section(&mut text, "uniques", table.uniques.iter().map(unique));
    let check = |it: &crate::model::Check| {
        Mapping::default().text("name", Some(&it.name)).raw("expression", string(&it.expression)).finish()
    };
    section(&mut text, "checks", table.checks.iter().map(check));
    section(&mut text, "foreignKeys", table.foreign_keys.iter().map(|key| foreign_key(key, &table.name)));
    let exclude = |it: &crate::model::Exclude| {
        let elements = it.elements.iter();
        let elements = elements.map(|it| keyed(&it.key).raw("with", string(&it.operator)).finish());
        let exclude = Mapping::default().text("name", Some(&it.name)).raw("using", word(it.using));
        exclude.raw("elements", list(elements)).text("where", it.predicate.as_ref()).finish()
    };
    section(&mut text, "excludes", table.excludes.iter().map(exclude));
    section(&mut text, "indexes", table.indexes.iter().map(index));
    text
}

/// The text of a file that declares `objects`; each has its reason.
#[must_use]
pub fn write_declarations(objects: &[Declared<'_>], owner: &str) -> String {
    let mut text = "opaqueObjects:\n".to_owned();
    for object in objects {
        let _ = writeln!(text, "  - {}", declared(object));
    }
    let _ = writeln!(text, "owner: {}\nreason: {}", string(owner), string("Was there before the registry"));
    text
}

/// What is declared as an opaque object.
#[derive(Debug, Clone, Copy)]
pub enum Declared<'a> {
    /// A table, with the reason why no request describes it, as the end of a sentence.
    Table(&'a Table, &'a str),
    /// Anything else.
    Object(&'a FoundObject),
}

impl Declared<'_> {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> ObjectKind {
        match self {
            Self::Table(..) => ObjectKind::Table,
            Self::Object(object) => object.kind,
        }
    }

    /// Its schema and name.
    #[must_use]
    pub fn name(&self) -> &TableName {
        match self {
            Self::Table(table, _) => &table.name,
            Self::Object(object) => &object.name,
        }
    }
}

fn declared(object: &Declared<'_>) -> String {
    let name = object.name();
    let mapping = Mapping::default().raw("kind", object.kind().as_str());
    let schema = Some(&name.schema).filter(|schema| *schema != crate::model::DEFAULT_SCHEMA);
    let mapping = mapping.text("schema", schema).text("name", Some(&name.name));
    let field = |name: &String, type_name: &String| {
        Mapping::default().text("name", Some(name)).text("type", Some(type_name)).finish()
    };
    let filled = |mapping: Mapping, key: &str, items: Vec<String>| {
        if items.is_empty() { mapping } else { mapping.raw(key, list(items)) }
    };
    match object {
        Declared::Table(table, reason) => {
            let columns = table.columns.iter().map(|column| field(&column.name, &column.type_name)).collect();
            let mut mapping = filled(mapping, "columns", columns);
            if let Some(key) = &table.primary_key {
                mapping = mapping.raw("primaryKey", strings(&key.columns));
            }
            let uniques = table.uniques.iter().map(|unique| strings(&unique.columns)).collect();
            filled(mapping, "uniques", uniques).raw("reason", string(&format!("The table {reason}"))).finish()
        }
        Declared::Object(object) => {
            let columns = object.columns.iter().map(|(name, type_name)| field(name, type_name)).collect();
            let mapping = filled(mapping, "columns", columns);
            let mapping = filled(mapping, "labels", object.labels.iter().map(|label| string(label)).collect());
            let types = object.types.iter().map(|name| string(name)).collect();
            filled(mapping.text("type", object.base_type.as_ref()), "types", types).finish()
        }
    }
}

fn section(text: &mut String, key: &str, items: impl Iterator<Item = String>) {
    let mut items = items.peekable();
    if items.peek().is_some() {
        let _ = writeln!(text, "  {key}:");
    }
    for item in items {
        let _ = writeln!(text, "    - {item}");
    }
}

/// The only column of a primary key that has the name PostgreSQL gives it.
fn flagged_key(table: &Table) -> Option<&String> {
    let key = table.primary_key.as_ref()?;
    let [only] = key.columns.as_slice() else { return None };
    (key.name == format!("{}_pkey", table.name.name)).then_some(only)
}

fn column(column: &Column, key: bool) -> String {
    let identity = column.identity.map(|identity| match identity {
        Identity::Always => "always",
        Identity::ByDefault => "byDefault",
    });
    let mut mapping = Mapping::default().text("name", Some(&column.name)).text("type", Some(&column.type_name));
    mapping = mapping.flag("primaryKey", key);
    if !column.nullable && column.identity.is_none() {
        mapping = mapping.raw("nullable", "false");
    }
    mapping = mapping.text("defaultValue", column.default.as_ref());
    if let Some(identity) = identity {
        mapping = mapping.raw("identity", identity);
    }
    mapping = mapping.text("generated", column.generated.as_ref()).text("collation", column.collation.as_ref());
    mapping.text("comment", column.comment.as_ref()).finish()
}

fn foreign_key(key: &ForeignKey, of: &TableName) -> String {
    let to = &key.references;
    let schema = Some(&to.schema).filter(|schema| **schema != of.schema);
    let references = Mapping::default().text("schema", schema).text("table", Some(&to.name));
    let references = references.raw("columns", strings(&key.referenced_columns)).finish();
    let mut mapping = Mapping::default().text("name", Some(&key.name)).raw("columns", strings(&key.columns));
    mapping = mapping.raw("references", references);
    for (event, action) in [("onDelete", key.on_delete), ("onUpdate", key.on_update)] {
        mapping = match action {
            ReferentialAction::NoAction => mapping,
            ReferentialAction::Restrict => mapping.raw(event, "RESTRICT"),
            ReferentialAction::Cascade => mapping.raw(event, "CASCADE"),
            ReferentialAction::SetNull => mapping.raw(event, "SET NULL"),
            ReferentialAction::SetDefault => mapping.raw(event, "SET DEFAULT"),
        };
    }
    deferrable(mapping, key.deferrable).finish()
}

fn deferrable(mapping: Mapping, deferrable: Deferrable) -> Mapping {
    match deferrable {
        Deferrable::No => mapping,
        Deferrable::InitiallyImmediate => mapping.raw("deferrable", "initiallyImmediate"),
        Deferrable::InitiallyDeferred => mapping.raw("deferrable", "initiallyDeferred"),
    }
}

fn keyed(key: &IndexKey) -> Mapping {
    match key {
        IndexKey::Column(name) => Mapping::default().text("column", Some(name)),
        IndexKey::Expression(text) => Mapping::default().text("expression", Some(text)),
    }
}

fn index(index: &Index) -> String {
    let mut mapping = Mapping::default().text("name", Some(&index.name));
    mapping = mapping.raw("columns", list(index.elements.iter().map(element)));
    if index.method != crate::model::IndexMethod::Btree {
        mapping = mapping.raw("type", word(index.method));
    }
    mapping = mapping.flag("unique", index.unique).flag("nullsNotDistinct", index.nulls_not_distinct);
    if !index.include.is_empty() {
        mapping = mapping.raw("include", strings(&index.include));
    }
    mapping.text("where", index.predicate.as_ref()).finish()
}

fn element(element: &IndexElement) -> String {
    let usual = if element.order == SortOrder::Desc { NullsOrder::First } else { NullsOrder::Last };
    let plain = element.order == SortOrder::Asc && element.opclass.is_none() && element.collation.is_none();
    if let (IndexKey::Column(name), true) = (&element.key, plain && element.nulls == usual) {
        return string(name);
    }
    let mut mapping = keyed(&element.key);
    if element.order == SortOrder::Desc {
        mapping = mapping.raw("order", "desc");
    }
    if element.nulls != usual {
        mapping = mapping.raw("nulls", if element.nulls == NullsOrder::First { "first" } else { "last" });
    }
    mapping.text("opclass", element.opclass.as_ref()).text("collation", element.collation.as_ref()).finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::File,
        parse::{parse_request, resolve},
    };

    fn state(path: &str, text: &str) -> Table {
        let parsed = parse_request(path, &File::regular(text));
        assert_eq!(parsed.refusals, [], "{text}");
        resolve(&parsed.request.expect("is accepted"))
    }

    #[test]
    fn what_is_written_describes_the_same_state() {
        let everything = include_str!("../tests/everything.yaml");
        let caricatures = include_str!("../tests/caricatures.json");
        for (path, text) in [("audit.users.yaml", everything), ("caricatures.yaml", caricatures)] {
            let wanted = state(path, text);
            assert_eq!(state(path, &write_request(&wanted, "no")), wanted);
        }
    }
}
