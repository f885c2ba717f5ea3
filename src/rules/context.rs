//! What rules see.

use chrono::{DateTime, Utc};

use crate::{
    model::{
        Activity, Catalog, Change, Declarations, ForeignKey, Lifecycle, Migration, Refusal, Request, RequestedColumn,
        RequestedIndex, RequestedReference, Route, SqlRequest, Table, Tree, Unsupported,
    },
    policy::Policy,
    sql::{self, ScriptStatement, SyntaxError, TypeName},
};

/// What a rule about one request sees.
#[derive(Debug, Clone, Copy)]
pub struct RequestContext<'a> {
    /// The policy of the base.
    pub policy: &'a Policy,
    /// Now, for waivers.
    pub now: DateTime<Utc>,
    /// Path of the request file.
    pub path: &'a str,
    /// Its text as the reader decoded it.
    pub text: &'a str,
    /// The request; `None` when the file was refused as a whole. Rules about shape run only without refusals.
    pub request: Option<&'a Request>,
    /// What the reader refused.
    pub refusals: &'a [Refusal],
    /// The desired state.
    pub table: Option<&'a Table>,
    /// What the revision does to the table.
    pub change: Option<&'a Change>,
    /// What of it cannot be carried out yet.
    pub unsupported: &'a [Unsupported],
    /// The tables on the base tip.
    pub base: &'a Catalog,
    /// The tables on the merged result.
    pub merged: &'a Catalog,
    /// Paths of all request files on the merged result that describe the same table, sorted.
    pub twins: &'a [String],
    /// The migrations that the change must bring.
    pub expected: &'a [Migration],
    /// Problems of the expected migrations with what is in the tree: missing, different, out of order.
    pub stale: &'a [StaleMigration],
    /// Whether a baseline took the table over and the revision changes nothing of it: nobody asked for it, so nobody has
    /// to say why.
    pub imported: bool,
}

/// What a rule about a file of opaque objects sees.
#[derive(Debug, Clone, Copy)]
pub struct DeclarationsContext<'a> {
    /// The policy of the base.
    pub policy: &'a Policy,
    /// Path of the file.
    pub path: &'a str,
    /// Its text as the reader decoded it.
    pub text: &'a str,
    /// Its objects; `None` when the file was refused as a whole.
    pub declarations: Option<&'a Declarations>,
    /// What the reader refused.
    pub refusals: &'a [Refusal],
    /// The tables and objects on the merged result.
    pub merged: &'a Catalog,
}

/// What a rule about SQL of a request sees.
#[derive(Debug, Clone, Copy)]
pub struct SqlContext<'a> {
    /// The policy of the base.
    pub policy: &'a Policy,
    /// Now, for waivers.
    pub now: DateTime<Utc>,
    /// Path of the request file.
    pub path: &'a str,
    /// Its text as the reader decoded it.
    pub text: &'a str,
    /// The request; `None` when the file was refused as a whole.
    pub request: Option<&'a SqlRequest>,
    /// What the reader refused.
    pub refusals: &'a [Refusal],
    /// Its SQL; `None` where the reader refused something.
    pub scripts: Option<&'a Scripts>,
    /// The tables on the base tip.
    pub base: &'a Catalog,
    /// The tables on the merged result.
    pub merged: &'a Catalog,
    /// Paths of other files with a request of the same name.
    pub twins: &'a [String],
    /// Problems of the expected migration with what is in the tree.
    pub stale: &'a [StaleMigration],
}

/// A script and where it stands in the request.
pub type Script = (Route, Result<Vec<ScriptStatement>, SyntaxError>);

/// The SQL of a request, read.
#[derive(Debug, Clone)]
pub struct Scripts {
    /// `up`.
    pub up: Script,
    /// `down`; `None` where there is no way back.
    pub down: Option<Script>,
}

impl Scripts {
    /// The statements of both, where all of them can be in a migration.
    #[must_use]
    pub fn sound(&self) -> Option<(&[ScriptStatement], &[ScriptStatement])> {
        let sound = |(_, read): &'_ Script| read.as_ref().is_ok_and(|them| them.iter().all(|it| it.refused.is_none()));
        let all = sound(&self.up) && self.down.as_ref().is_none_or(sound);
        let up = self.up.1.as_ref().ok().filter(|_| all)?;
        let down = self.down.as_ref().and_then(|(_, down)| down.as_ref().ok());
        Some((up, down.map(Vec::as_slice).unwrap_or_default()))
    }
}

impl<'a> SqlContext<'a> {
    /// The request, where the reader refused nothing of it.
    pub(super) fn accepted(&self) -> Option<&'a SqlRequest> {
        self.request.filter(|_| self.refusals.is_empty())
    }

    /// The scripts of the request, up first.
    pub(super) fn scripts(&self) -> impl Iterator<Item = &'a Script> {
        self.scripts.into_iter().flat_map(|scripts| [&scripts.up].into_iter().chain(&scripts.down))
    }

    /// The statements of both directions that can be in a migration, with the route of their script.
    pub(super) fn statements(&self) -> impl Iterator<Item = (&'a Route, &'a ScriptStatement)> {
        let read = self.scripts().filter_map(|(route, read)| Some((route, read.as_ref().ok()?)));
        let all = read.flat_map(|(route, statements)| statements.iter().map(move |statement| (route, statement)));
        all.filter(|(_, statement)| statement.refused.is_none())
    }
}

/// A migration of the revision that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaleMigration {
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub suggestion: String,
}

/// A migration file of the revision that belongs to no change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrayMigration {
    /// Path in the repository.
    pub path: String,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub suggestion: String,
}

/// Something wrong with a baseline that the revision brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaselineProblem {
    /// Path of the file.
    pub path: String,
    /// What is wrong, one sentence without a full stop: hostile text.
    pub message: String,
    /// What to do about it, imperative.
    pub suggestion: String,
}

/// What a rule about the tree as a whole sees.
#[derive(Clone, Copy)]
pub struct TreeContext<'a> {
    /// The policy of the base.
    pub policy: &'a Policy,
    /// Governed files of the base tip.
    pub base_tree: &'a Tree,
    /// Governed files of the merged result.
    pub merged_tree: &'a Tree,
    /// Paths that are judged: all, or those that the revision touches.
    pub judged: &'a dyn Fn(&str) -> bool,
    /// The tables on the base tip.
    pub base: &'a Catalog,
    /// The tables on the merged result.
    pub merged: &'a Catalog,
    /// Migration files of the revision that belong to no change.
    pub strays: &'a [StrayMigration],
    /// What is wrong with the baselines that the revision brings.
    pub baselines: &'a [BaselineProblem],
    /// Paths of the requests whose tables the revision changes, sorted; none where every table is judged as if it were new.
    pub changing: &'a [&'a str],
    /// What else the author asks for.
    pub activity: &'a Activity,
}

/// What a rule about the shape of a table sees: a request that the reader accepted, of a table that is wanted.
#[derive(Debug, Clone, Copy)]
pub struct TableContext<'a> {
    /// The policy of the base.
    pub policy: &'a Policy,
    /// The request.
    pub request: &'a Request,
    /// The desired state.
    pub table: &'a Table,
    /// State on the base; `None` for a new table.
    pub before: Option<&'a Table>,
    /// The tables on the merged result.
    pub merged: &'a Catalog,
}

/// A foreign key as the request writes it, on a column or in the list.
#[derive(Debug, Clone)]
pub(super) struct RequestedForeignKeyView<'a> {
    /// Where to point.
    pub(super) route: Route,
    /// Referencing columns.
    pub(super) columns: Vec<&'a str>,
    /// What they refer to.
    pub(super) reference: &'a RequestedReference,
}

impl RequestContext<'_> {
    /// The request, where the reader refused nothing of it.
    pub(super) fn accepted(&self) -> Option<&Request> {
        self.request.filter(|_| self.refusals.is_empty())
    }
}

impl<'a> TableContext<'a> {
    /// `None` where rules about shape have nothing to look at.
    pub(super) fn new(context: &RequestContext<'a>) -> Option<Self> {
        let request = context.request.filter(|_| context.refusals.is_empty())?;
        if request.lifecycle == Lifecycle::Dropped {
            return None;
        }
        Some(Self {
            policy: context.policy,
            request,
            table: context.table?,
            before: context.change.and_then(|change| change.before.as_ref()),
            merged: context.merged,
        })
    }

    /// The columns that this change adds.
    pub(super) fn new_columns(&self) -> impl Iterator<Item = &'a RequestedColumn> {
        let before = self.before;
        self.request.schema.columns.iter().filter(move |column| {
            let known = |name: &str| before.is_some_and(|before| before.column(name).is_some());
            !known(&column.name) && !column.renamed_from.as_deref().is_some_and(known)
        })
    }

    /// The columns that get their type from this change: new ones and retyped ones.
    pub(super) fn typed_columns(&self) -> impl Iterator<Item = &'a RequestedColumn> {
        let (table, before) = (self.table, self.before);
        self.request.schema.columns.iter().filter(move |column| {
            let old = before.and_then(|before| {
                before.column(&column.name).or_else(|| before.column(column.renamed_from.as_deref()?))
            });
            old.is_none_or(|old| table.column(&column.name).is_some_and(|new| new.type_name != old.type_name))
        })
    }

    /// The indexes that this change adds.
    pub(super) fn new_indexes(&self) -> impl Iterator<Item = &'a RequestedIndex> {
        let before = self.before;
        self.request.schema.indexes.iter().filter(move |index| {
            let known = |name: &str| before.is_some_and(|table| table.indexes.iter().any(|old| old.name == name));
            !index.name.as_deref().is_some_and(known)
        })
    }

    /// The type of a column, where the grammar accepts it.
    pub(super) fn type_of(&self, column: &RequestedColumn) -> Option<TypeName> {
        sql::parse_type(&column.type_text, self.policy.postgres_version).ok()
    }

    /// Every foreign key, those on columns first.
    pub(super) fn foreign_keys(&self) -> Vec<RequestedForeignKeyView<'a>> {
        let schema = &self.request.schema;
        let on_columns = schema.columns.iter().filter_map(|column| {
            let reference = column.references.as_ref()?;
            Some(RequestedForeignKeyView { route: reference.route.clone(), columns: vec![&column.name], reference })
        });
        let listed = schema.foreign_keys.iter().map(|key| RequestedForeignKeyView {
            route: key.route.clone(),
            columns: key.columns.iter().map(String::as_str).collect(),
            reference: &key.references,
        });
        on_columns.chain(listed).collect()
    }

    /// Whether the base has a foreign key from the same columns to the same table.
    pub(super) fn is_new(&self, key: &RequestedForeignKeyView<'_>) -> bool {
        let same = |old: &ForeignKey| old.columns == key.columns && old.references == key.reference.table;
        !self.before.is_some_and(|before| before.foreign_keys.iter().any(same))
    }

    /// Whether `column` is part of a foreign key.
    pub(super) fn refers(&self, column: &str) -> bool {
        self.foreign_keys().iter().any(|key| key.columns.contains(&column))
    }

    /// The columns of the primary key as the request writes them: flags and the table-level key together.
    pub(super) fn primary_key(&self) -> Vec<&'a str> {
        let schema = &self.request.schema;
        let flagged = schema.columns.iter().filter(|column| column.primary_key).map(|column| column.name.as_str());
        let listed = schema.primary_key.iter().flat_map(|key| &key.columns).map(String::as_str);
        flagged.chain(listed).collect()
    }

    /// The column called `name` as the request writes it.
    pub(super) fn column(&self, name: &str) -> Option<&'a RequestedColumn> {
        self.request.schema.columns.iter().find(|column| column.name == name)
    }

    /// Address of the list of columns.
    pub(super) fn columns_route(&self) -> Route {
        self.request.schema.route.key("columns")
    }
}

/// `The statement on line 3 (DROP VIEW totals)`, for messages about SQL of a request; hostile text.
pub(super) fn place(statement: &ScriptStatement) -> String {
    format!("The statement on line {} (`{}`)", statement.line, statement.summary.replace('`', "'"))
}
