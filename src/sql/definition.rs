//! The definition of a table, every type and expression of it checked and in PostgreSQL's own spelling.

use crate::model::{
    Check, Column, Deferrable, Exclude, ForeignKey, Identity, Index, IndexElement, IndexKey, IndexMethod,
    MAX_IDENTIFIER_BYTES, NullsOrder, PrimaryKey, ReferentialAction, Route, SortOrder, Table, TableName, Unique,
};

use super::{Expression, ExpressionUse, Statement, SyntaxError, parse_expression, parse_type, quote};

/// A table that can be written as SQL: nothing in it is text that a request gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    pub(super) table: TableName,
    /// `id uuid NOT NULL`, one a column.
    pub(super) columns: Vec<String>,
    /// `CONSTRAINT x CHECK (y)`, without the foreign keys.
    pub(super) constraints: Vec<String>,
    pub(super) foreign_keys: Vec<ForeignKey>,
    pub(super) indexes: Vec<IndexDefinition>,
    pub(super) comment: Option<String>,
    /// Column and its comment.
    pub(super) column_comments: Vec<(String, String)>,
}

/// An index of a [`Definition`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexDefinition {
    pub(super) name: String,
    pub(super) unique: bool,
    /// What follows the name of the table: `USING gin (payload) WHERE x`.
    pub(super) body: String,
}

/// What of a table cannot be written as SQL, and where the request says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidDefinition {
    /// The field.
    pub route: Route,
    /// What the field is: `default of column slug`. Hostile text.
    pub subject: String,
    /// What is wrong with it.
    pub error: SyntaxError,
}

impl Definition {
    /// Checks every name, type and expression of `table`; `Err` has everything that is wrong.
    pub fn new(table: &Table) -> Result<Self, Vec<InvalidDefinition>> {
        let mut reader = Reader { problems: Vec::new() };
        reader.names(table);
        let definition = Self {
            table: table.name.clone(),
            columns: table.columns.iter().map(|column| reader.column(column)).collect(),
            constraints: reader.constraints(table),
            foreign_keys: table.foreign_keys.clone(),
            indexes: table.indexes.iter().map(|index| reader.index(index)).collect(),
            comment: table.comment.clone(),
            column_comments: table
                .columns
                .iter()
                .filter_map(|column| Some((column.name.clone(), column.comment.clone()?)))
                .collect(),
        };
        if reader.problems.is_empty() { Ok(definition) } else { Err(reader.problems) }
    }

    /// The table.
    #[must_use]
    pub fn table(&self) -> &TableName {
        &self.table
    }

    /// The statements that create its indexes.
    pub fn create_indexes(&self) -> impl Iterator<Item = Statement<'_>> {
        self.indexes.iter().map(|index| Statement::CreateIndex(&self.table, index))
    }

    /// The statements that set its comments.
    pub fn comments(&self) -> impl Iterator<Item = Statement<'_>> {
        let columns = self.column_comments.iter();
        let columns = columns.map(|(column, text)| Statement::CommentOnColumn(&self.table, column, text));
        self.comment.iter().map(|text| Statement::CommentOnTable(&self.table, text)).chain(columns)
    }
}

struct Reader {
    problems: Vec<InvalidDefinition>,
}

impl Reader {
    fn fail(&mut self, route: Route, subject: String, error: SyntaxError) -> String {
        self.problems.push(InvalidDefinition { route, subject, error });
        String::new()
    }

    fn expression(&mut self, text: &str, place: ExpressionUse, route: Route, subject: String) -> Option<Expression> {
        parse_expression(text, place).map_err(|error| self.fail(route, subject, error)).ok()
    }

    /// A control character could make a line of a comment say something else than it seems to, and PostgreSQL cuts a
    /// name that is too long, after which nothing finds it under the name that the request gives.
    fn names(&mut self, table: &Table) {
        let mut names = vec![&table.name.schema, &table.name.name];
        names.extend(table.columns.iter().map(|column| &column.name));
        names.extend(table.primary_key.iter().map(|key| &key.name));
        names.extend(table.uniques.iter().map(|unique| &unique.name));
        names.extend(table.checks.iter().map(|check| &check.name));
        names.extend(table.foreign_keys.iter().map(|key| &key.name));
        names.extend(table.excludes.iter().map(|exclude| &exclude.name));
        names.extend(table.indexes.iter().map(|index| &index.name));
        for name in names {
            let message = if name.is_empty() || name.chars().any(char::is_control) {
                "A name must not be empty or hold control characters".to_owned()
            } else if name.len() > MAX_IDENTIFIER_BYTES {
                format!("A name has at most {MAX_IDENTIFIER_BYTES} bytes, not {}", name.len())
            } else {
                continue;
            };
            self.fail(Route::root().key("schemaJson"), format!("name {name:?}"), SyntaxError::new(message));
        }
    }

    fn column(&mut self, column: &Column) -> String {
        let route = Route::root().key("schemaJson").key("columns").item(&column.name);
        let subject = |what: &str| format!("{what} of column {}", column.name);
        let type_name = match parse_type(&column.type_name, u32::MAX) {
            Ok(found) => found.canonical,
            Err(error) => self.fail(route.key("type"), subject("type"), error),
        };
        let mut words = vec![quote::identifier(&column.name), type_name];
        words.extend(column.collation.as_ref().map(|name| format!("COLLATE {}", quote::identifier(name))));
        words.extend((!column.nullable).then(|| "NOT NULL".to_owned()));
        if let Some(text) = &column.default {
            let at = route.key("defaultValue");
            let found = self.expression(text, ExpressionUse::Default, at, subject("default"));
            words.extend(found.map(|found| format!("DEFAULT {}", operand(&found))));
        }
        words.extend(column.identity.map(|identity| match identity {
            Identity::Always => "GENERATED ALWAYS AS IDENTITY".to_owned(),
            Identity::ByDefault => "GENERATED BY DEFAULT AS IDENTITY".to_owned(),
        }));
        if let Some(text) = &column.generated {
            let at = route.key("generated");
            let found = self.expression(text, ExpressionUse::Generated, at, subject("generated expression"));
            words.extend(found.map(|found| format!("GENERATED ALWAYS AS ({}) STORED", found.sql)));
        }
        words.join(" ")
    }

    fn constraints(&mut self, table: &Table) -> Vec<String> {
        let mut constraints: Vec<_> = table.primary_key.iter().map(primary_key).collect();
        constraints.extend(table.uniques.iter().map(unique));
        constraints.extend(table.checks.iter().map(|check| self.check(check)));
        constraints.extend(table.excludes.iter().map(|exclude| self.exclude(exclude)));
        constraints
    }

    fn check(&mut self, check: &Check) -> String {
        let route = Route::root().key("schemaJson").key("checks").item(&check.name).key("expression");
        let subject = format!("check {}", check.name);
        let found = self.expression(&check.expression, ExpressionUse::Check, route, subject);
        found.map_or_else(String::new, |found| named(&check.name, &format!("CHECK ({})", found.sql)))
    }

    fn exclude(&mut self, exclude: &Exclude) -> String {
        let route = Route::root().key("schemaJson").key("excludes").item(&exclude.name);
        let mut elements = Vec::new();
        for element in &exclude.elements {
            if !is_operator(&element.operator) {
                let error = SyntaxError::new(format!("`{}` is not an operator", element.operator));
                self.fail(route.key("elements"), format!("exclusion constraint {}", exclude.name), error);
            }
            let key = self.key(&element.key, &route.key("elements"), &exclude.name);
            elements.push(format!("{key} WITH {}", element.operator));
        }
        let predicate = self.predicate(exclude.predicate.as_deref(), route.key("where"), &exclude.name);
        named(&exclude.name, &format!("EXCLUDE USING {} ({}){predicate}", method(exclude.using), elements.join(", ")))
    }

    fn index(&mut self, index: &Index) -> IndexDefinition {
        let route = Route::root().key("schemaJson").key("indexes").item(&index.name);
        let mut words = Vec::new();
        if index.method != IndexMethod::Btree {
            words.push(format!("USING {}", method(index.method)));
        }
        let keys: Vec<_> =
            index.elements.iter().map(|element| self.element(element, &route.key("columns"), &index.name)).collect();
        words.push(format!("({})", keys.join(", ")));
        if !index.include.is_empty() {
            words.push(format!("INCLUDE ({})", quote::identifiers(&index.include)));
        }
        if index.nulls_not_distinct {
            words.push("NULLS NOT DISTINCT".to_owned());
        }
        let predicate = self.predicate(index.predicate.as_deref(), route.key("where"), &index.name);
        let body = words.join(" ") + &predicate;
        IndexDefinition { name: index.name.clone(), unique: index.unique, body }
    }

    fn element(&mut self, element: &IndexElement, route: &Route, index: &str) -> String {
        let mut words = vec![self.key(&element.key, route, index)];
        words.extend(element.collation.as_ref().map(|name| format!("COLLATE {}", quote::identifier(name))));
        words.extend(element.opclass.as_ref().map(|name| qualified(name)));
        // Access methods without an order refuse the words, also where they say what is so anyway.
        let nulls = match (element.order, element.nulls) {
            (SortOrder::Asc, NullsOrder::Last) | (SortOrder::Desc, NullsOrder::First) => None,
            (_, NullsOrder::First) => Some("NULLS FIRST"),
            (_, NullsOrder::Last) => Some("NULLS LAST"),
        };
        words.extend((element.order == SortOrder::Desc).then(|| "DESC".to_owned()));
        words.extend(nulls.map(str::to_owned));
        words.join(" ")
    }

    fn key(&mut self, key: &IndexKey, route: &Route, owner: &str) -> String {
        match key {
            IndexKey::Column(name) => quote::identifier(name),
            IndexKey::Expression(text) => {
                let subject = format!("key of {owner}");
                let found = self.expression(text, ExpressionUse::IndexKey, route.clone(), subject);
                found.map_or_else(String::new, |found| format!("({})", found.sql))
            }
        }
    }

    fn predicate(&mut self, text: Option<&str>, route: Route, owner: &str) -> String {
        let subject = format!("predicate of {owner}");
        let found = text.and_then(|text| self.expression(text, ExpressionUse::Predicate, route, subject));
        found.map_or_else(String::new, |found| format!(" WHERE ({})", found.sql))
    }
}

fn primary_key(key: &PrimaryKey) -> String {
    named(&key.name, &format!("PRIMARY KEY ({})", quote::identifiers(&key.columns)))
}

fn unique(unique: &Unique) -> String {
    let nulls = if unique.nulls_not_distinct { " NULLS NOT DISTINCT" } else { "" };
    let columns = quote::identifiers(&unique.columns);
    named(&unique.name, &format!("UNIQUE{nulls} ({columns}){}", deferrable(unique.deferrable)))
}

fn named(name: &str, body: &str) -> String {
    format!("CONSTRAINT {} {body}", quote::identifier(name))
}

pub(super) fn deferrable(deferrable: Deferrable) -> &'static str {
    match deferrable {
        Deferrable::No => "",
        Deferrable::InitiallyImmediate => " DEFERRABLE",
        Deferrable::InitiallyDeferred => " DEFERRABLE INITIALLY DEFERRED",
    }
}

/// ` ON UPDATE CASCADE ON DELETE SET NULL`, in the order and with the omissions of `pg_get_constraintdef`.
pub(super) fn actions(key: &ForeignKey) -> String {
    let clause = |event: &str, action| {
        let action = match action {
            ReferentialAction::NoAction => return String::new(),
            ReferentialAction::Restrict => "RESTRICT",
            ReferentialAction::Cascade => "CASCADE",
            ReferentialAction::SetNull => "SET NULL",
            ReferentialAction::SetDefault => "SET DEFAULT",
        };
        format!(" ON {event} {action}")
    };
    clause("UPDATE", key.on_update) + &clause("DELETE", key.on_delete)
}

fn method(method: IndexMethod) -> &'static str {
    match method {
        IndexMethod::Btree => "btree",
        IndexMethod::Hash => "hash",
        IndexMethod::Gist => "gist",
        IndexMethod::Spgist => "spgist",
        IndexMethod::Gin => "gin",
        IndexMethod::Brin => "brin",
    }
}

fn operand(expression: &Expression) -> String {
    if expression.primary { expression.sql.clone() } else { format!("({})", expression.sql) }
}

/// A name that may carry a schema: `public.gin_trgm_ops`.
fn qualified(name: &str) -> String {
    name.split('.').map(quote::identifier).collect::<Vec<_>>().join(".")
}

/// Whether `text` is an operator; PostgreSQL's lexer would read `--` and `/*` as comments.
/// Source: <https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-OPERATORS>
fn is_operator(text: &str) -> bool {
    let symbols = !text.is_empty() && text.chars().all(|symbol| "+-*/<>=~!@#%^&|`?".contains(symbol));
    symbols && !text.contains("--") && !text.contains("/*")
}
