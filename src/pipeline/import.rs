//! An inventory of a database to the files that take it over.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SubsecRound as _, Utc};

use super::{Scope, Snapshot, evaluate};
use crate::{
    migration,
    model::{Activity, File, FoundTable, Inventory, LeftOut, ObjectKind, Table, TableName, Tree},
    parse::{self, Declared, ParsedFile},
    policy::Policy,
};

/// Most objects that one file declares, so that no file grows beyond what the reader takes.
const OBJECTS_PER_FILE: usize = 200;

/// What taking a database over gives.
#[derive(Debug, Clone, Default)]
pub struct Imported {
    /// The files: requests, declarations, the baseline. None of them is in the tree yet.
    pub files: Tree,
    /// Tables that have a request now.
    pub tables: Vec<TableName>,
    /// The objects of each kind that are declared.
    pub declared: BTreeMap<ObjectKind, Vec<TableName>>,
    /// Tables that are declared only, with the reason.
    pub opaque: BTreeMap<TableName, String>,
    /// What the registry does not know about, sorted.
    pub left_out: Vec<LeftOut>,
}

/// Describes every table of `inventory` that a request can describe, and declares the rest, so that the policy has
/// nothing to say against the result: a table that a rule stands against is declared, too. `tree` is what is there
/// already; `owner` answers for what is new.
#[must_use]
pub fn import(inventory: &Inventory, tree: &Tree, policy: &Policy, owner: &str, now: DateTime<Utc>) -> Imported {
    let mut opaque: BTreeMap<TableName, String> = BTreeMap::new();
    for FoundTable { table, odd, .. } in &inventory.tables {
        let why = odd.clone().or_else(|| not_readable(table, owner));
        opaque.extend(why.map(|why| (table.name.clone(), why)));
    }
    loop {
        let imported = compose(inventory, &opaque, policy, owner, now);
        let refused = refused(&imported, tree, policy, now);
        let before = opaque.len();
        for (table, why) in refused {
            opaque.entry(table).or_insert(why);
        }
        // Each round declares at least one table more, so this ends.
        if opaque.len() == before {
            return imported;
        }
    }
}

/// Why the reader does not take the request of a table for the table itself.
fn not_readable(table: &Table, owner: &str) -> Option<String> {
    let path = format!("{}.yaml", table.name.short());
    let parsed = parse::parse_request(&path, &File::regular(parse::write_request(table, owner)));
    if let Some(refusal) = parsed.refusals.first() {
        return Some(format!("cannot be written as a request: {}", refusal.message));
    }
    let Some(request) = parsed.request else { return Some("cannot be written as a request".to_owned()) };
    (request.table != table.name).then(|| "has a name that no file name tells".to_owned())
}

/// The tables whose requests the policy refuses, each with the first reason.
fn refused(imported: &Imported, tree: &Tree, policy: &Policy, now: DateTime<Utc>) -> BTreeMap<TableName, String> {
    let mut merged = tree.clone();
    merged.extend(imported.files.clone());
    let changed: BTreeSet<String> = imported.files.keys().cloned().collect();
    let scope = Scope::Changed(changed);
    let outcome = evaluate(&Snapshot {
        policy: policy.clone(),
        now,
        base: tree.clone(),
        merged,
        scope,
        activity: Activity::default(),
    });
    let mut refused = BTreeMap::new();
    for request in &outcome.requests {
        let first = request.violations.iter().find(|violation| violation.blocks());
        if let (Some(table), Some(violation)) = (&request.table, first) {
            let why = format!("is refused by `{}`: {}", violation.rule, violation.message);
            refused.insert(table.clone(), why);
        }
    }
    refused
}

fn compose(
    inventory: &Inventory,
    opaque: &BTreeMap<TableName, String>,
    policy: &Policy,
    owner: &str,
    now: DateTime<Utc>,
) -> Imported {
    let mut imported = Imported { opaque: opaque.clone(), left_out: inventory.left_out.clone(), ..Imported::default() };
    let mut states = BTreeMap::new();
    let mut declared = Vec::new();
    for FoundTable { table, sequences, .. } in &inventory.tables {
        if let Some(why) = opaque.get(&table.name) {
            declared.push(Declared::Table(table, why));
            declared.extend(sequences.iter().map(Declared::Object));
            imported.left_out.extend(of_opaque(table));
            continue;
        }
        let path = format!("{}/{}.yaml", policy.requests, table.name.short());
        let file = File::regular(parse::write_request(table, owner));
        if let Some(request) = parse::parse_request(&path, &file).request {
            states.insert(table.name.clone(), parse::resolve(&request).state_digest());
            imported.left_out.extend(changed_comments(table, &parse::resolve(&request)));
        }
        imported.files.insert(path, file);
        imported.tables.push(table.name.clone());
    }
    declared.extend(inventory.objects.iter().map(Declared::Object));
    declare(&declared, policy, owner, &mut imported);
    if !states.is_empty() {
        let (name, text) = migration::write_baseline(now.trunc_subsecs(0), &states);
        imported.files.insert(format!("{}/{name}", policy.migrations), File::regular(text));
    }
    imported.left_out.sort();
    imported.left_out.dedup();
    imported
}

/// What a declaration does not say of a table, part by part.
fn of_opaque(table: &Table) -> Vec<LeftOut> {
    let left_out = |kind: &str, object: String| LeftOut {
        kind: kind.to_owned(),
        object,
        why: Some("is part of a table that is declared only".to_owned()),
    };
    let part = |kind: &str, name: &str| left_out(kind, format!("{name} on {}", table.name));
    let comments = commented(table).into_iter().map(|object| left_out("comment", object));
    let checks = table.checks.iter().map(|check| part("constraint", &check.name));
    let keys = table.foreign_keys.iter().map(|key| part("constraint", &key.name));
    let excludes = table.excludes.iter().map(|exclude| part("constraint", &exclude.name));
    let indexes = table.indexes.iter().map(|index| part("index", &index.name));
    comments.chain(checks).chain(keys).chain(excludes).chain(indexes).collect()
}

/// The table and the columns that have comments, as PostgreSQL identifies them.
fn commented(table: &Table) -> Vec<String> {
    let of_table = table.comment.as_ref().map(|_| table.name.to_string());
    let columns = table.columns.iter().filter(|column| column.comment.is_some());
    of_table.into_iter().chain(columns.map(|column| format!("{}.{}", table.name, column.name))).collect()
}

/// Comments that a request cannot keep to the byte: white space around them.
fn changed_comments(found: &Table, kept: &Table) -> Vec<LeftOut> {
    let lost = |object: String| LeftOut {
        kind: "comment".to_owned(),
        object,
        why: Some("loses the white space around it".to_owned()),
    };
    let of_table = (found.comment != kept.comment).then(|| lost(found.name.to_string()));
    let columns = found.columns.iter().zip(&kept.columns).filter(|(found, kept)| found.comment != kept.comment);
    of_table.into_iter().chain(columns.map(|(column, _)| lost(format!("{}.{}", found.name, column.name)))).collect()
}

/// Declares what the reader accepts, a file or more for each kind; the rest is left out.
fn declare(objects: &[Declared<'_>], policy: &Policy, owner: &str, imported: &mut Imported) {
    let mut kinds: BTreeMap<ObjectKind, Vec<Declared<'_>>> = BTreeMap::new();
    for object in objects {
        let file = File::regular(parse::write_declarations(std::slice::from_ref(object), owner));
        let refusal = match parse::parse_file("opaque.yaml", &file) {
            ParsedFile::Declarations(parsed) => parsed.refusals.into_iter().next().map(|refusal| refusal.message),
            ParsedFile::Request(_) | ParsedFile::Sql(_) => Some("no declaration can hold it".to_owned()),
        };
        match refusal {
            None => kinds.entry(object.kind()).or_default().push(*object),
            Some(message) => imported.left_out.push(LeftOut {
                kind: object.kind().as_str().to_owned(),
                object: object.name().to_string(),
                why: Some(format!("cannot be declared: {message}")),
            }),
        }
    }
    for (kind, objects) in kinds {
        imported.declared.insert(kind, objects.iter().map(|object| object.name().clone()).collect());
        for (number, part) in objects.chunks(OBJECTS_PER_FILE).enumerate() {
            let suffix = if number == 0 { String::new() } else { format!("_{}", number + 1) };
            let path = format!("{}/opaque/{}{suffix}.yaml", policy.requests, kind.as_str());
            imported.files.insert(path, File::regular(parse::write_declarations(part, owner)));
        }
    }
}
