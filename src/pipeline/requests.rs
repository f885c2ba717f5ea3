//! The request files of a tree, read and resolved.

use std::collections::BTreeMap;

use crate::{
    model::{
        Catalog, CatalogObject, CatalogTable, File, Lifecycle, Renames, Request, SqlRequest, Table, TableName, Tree,
    },
    parse::{self, Parsed, ParsedDeclarations, ParsedFile, ParsedSql},
    policy::{PathKind, Policy},
};

/// A request file of a tree.
#[derive(Debug, Clone)]
pub(super) struct RequestFile {
    /// What the reader made of it.
    pub(super) parsed: Parsed,
    /// The desired state, also of a dropped table; `None` where something was refused.
    pub(super) state: Option<Table>,
}

impl RequestFile {
    /// The request, where nothing in it was refused.
    pub(super) fn accepted(&self) -> Option<&Request> {
        self.parsed.request.as_ref().filter(|_| self.parsed.refusals.is_empty())
    }

    /// The state that the file wants the table to have: none for a dropped one.
    pub(super) fn wanted(&self) -> Option<&Table> {
        let wanted = self.accepted().is_some_and(|request| request.lifecycle == Lifecycle::Active);
        self.state.as_ref().filter(|_| wanted)
    }
}

/// The request files of a tree, by path: those of tables, those that bring SQL, and the declarations of opaque objects.
#[derive(Debug, Clone, Default)]
pub(super) struct Requests {
    files: BTreeMap<String, RequestFile>,
    declarations: BTreeMap<String, ParsedDeclarations>,
    sql: BTreeMap<String, ParsedSql>,
}

impl Requests {
    /// Reads the request files of `tree`; those that `known` has with the same bytes are taken from there.
    pub(super) fn read(tree: &Tree, policy: &Policy, known: Option<(&Tree, &Self)>) -> Self {
        let mut requests = Self::default();
        for (path, file) in tree.iter().filter(|(path, _)| policy.classify(path) == PathKind::Request) {
            let known = known.filter(|(tree, _)| tree.get(path).is_some_and(|old| old == file));
            match known {
                Some((_, known)) => requests.take(path, known),
                None => requests.add(path, file),
            }
        }
        requests
    }

    /// Reads every file of `tree` as a request file.
    pub(super) fn read_all(tree: &Tree) -> Self {
        let mut requests = Self::default();
        for (path, file) in tree {
            requests.add(path, file);
        }
        requests
    }

    fn add(&mut self, path: &str, file: &File) {
        match parse::parse_file(path, file) {
            ParsedFile::Request(parsed) => {
                let request = parsed.request.as_ref().filter(|_| parsed.refusals.is_empty());
                let state = request.map(parse::resolve);
                self.files.insert(path.to_owned(), RequestFile { parsed: *parsed, state });
            }
            ParsedFile::Declarations(parsed) => _ = self.declarations.insert(path.to_owned(), parsed),
            ParsedFile::Sql(parsed) => _ = self.sql.insert(path.to_owned(), *parsed),
        }
    }

    fn take(&mut self, path: &str, known: &Self) {
        self.files.extend(known.files.get_key_value(path).map(|(path, file)| (path.clone(), file.clone())));
        self.sql.extend(known.sql.get_key_value(path).map(|(path, file)| (path.clone(), file.clone())));
        let declarations = known.declarations.get_key_value(path);
        self.declarations.extend(declarations.map(|(path, file)| (path.clone(), file.clone())));
    }

    /// The files of opaque objects, by path.
    pub(super) fn declarations(&self) -> impl Iterator<Item = (&str, &ParsedDeclarations)> {
        self.declarations.iter().map(|(path, file)| (path.as_str(), file))
    }

    /// The files that bring SQL, by path.
    pub(super) fn sql(&self) -> impl Iterator<Item = (&str, &ParsedSql)> {
        self.sql.iter().map(|(path, file)| (path.as_str(), file))
    }

    /// The request called `name` that brings SQL. Of two files of one name, in two folders, the first counts.
    pub(super) fn sql_request(&self, name: &str) -> Option<&SqlRequest> {
        let accepted = self.sql.values().filter(|file| file.refusals.is_empty());
        accepted.filter_map(|file| file.request.as_ref()).find(|request| request.name.value == name)
    }

    /// Every file of a table, by path.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &RequestFile)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file))
    }

    /// Paths of the files that describe `table`, sorted.
    pub(super) fn paths_of(&self, table: &TableName) -> Vec<String> {
        let same = self.files.iter().filter(|(_, file)| file.parsed.table.as_ref() == Some(table));
        same.map(|(path, _)| path.clone()).collect()
    }

    /// What the files rename, where `base` knows the old name and not the new one: a rename that has landed is inert.
    pub(super) fn renames(&self, base: &Catalog) -> Renames {
        let mut renames = Renames::default();
        for request in self.files.values().filter_map(RequestFile::accepted) {
            let table = &request.table;
            let old = request.renamed_from.as_ref().map(|old| TableName::new(&table.schema, &old.value));
            let old = old.filter(|old| !base.tables.contains_key(table) && base.tables.contains_key(old));
            let Some(before) = base.tables.get(old.as_ref().unwrap_or(table)) else { continue };
            let known = |column: &str| before.table.column(column).is_some();
            let wanted = |name: &str| request.schema.columns.iter().any(|column| column.name == name);
            let columns = request.schema.columns.iter().filter_map(|column| {
                let old = column.renamed_from.clone()?;
                (known(&old) && !known(&column.name) && !wanted(&old)).then(|| (column.name.clone(), old))
            });
            let columns: BTreeMap<_, _> = columns.collect();
            if !columns.is_empty() {
                renames.columns.insert(table.clone(), columns);
            }
            if let Some(old) = old {
                renames.tables.insert(table.clone(), old);
            }
        }
        renames
    }

    /// The tables that the files want, and the objects that they declare. Of two files for one table, or two declarations
    /// of one object, the first counts; `duplicate-table` and `duplicate-object` report it.
    pub(super) fn catalog(&self, database: &str) -> Catalog {
        let mut catalog = Catalog::default();
        for (path, file) in &self.files {
            let (Some(request), Some(table)) = (file.accepted(), file.wanted()) else { continue };
            catalog.tables.entry(table.name.clone()).or_insert_with(|| CatalogTable {
                path: path.clone(),
                registry_id: registry_id(database, request),
                table: table.clone(),
            });
        }
        let accepted = self.declarations.iter().filter(|(_, file)| file.refusals.is_empty());
        let files = accepted.filter_map(|(path, file)| Some((path, file.declarations.as_ref()?)));
        for (path, object) in files.flat_map(|(path, file)| file.objects.iter().map(move |object| (path, object))) {
            let key = (object.kind.namespace(), object.name.clone());
            let object = || CatalogObject { path: path.clone(), object: object.clone() };
            catalog.objects.entry(key).or_insert_with(object);
        }
        catalog
    }
}

/// The registry id that a request carries, or that its table has by name.
pub(super) fn registry_id(database: &str, request: &Request) -> uuid::Uuid {
    let carried = request.registry_id.as_ref().map(|field| field.value);
    carried.unwrap_or_else(|| parse::registry_id(database, &request.table))
}
