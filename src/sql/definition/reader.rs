//! Reads the definition of a table, checking everything in it.

use std::collections::BTreeSet;

use crate::model::{
    Check, Column, Deferrable, Exclude, ForeignKey, Index, IndexElement, IndexKey, IndexMethod, MAX_IDENTIFIER_BYTES,
    NullsOrder, PrimaryKey, ReferentialAction, Route, SortOrder, Table, Unique,
};

use super::{
    super::{Expression, ExpressionUse, SyntaxError, builtin, parse_expression, parse_type, quote},
    ColumnDefinition, ConstraintDefinition, Definition, IndexDefinition, InvalidDefinition,
};

type Columns = BTreeSet<String>;

/// Checks every name, type and expression of `table`; `Err` has everything that is wrong.
pub(super) fn read(table: &Table) -> Result<Definition, Vec<InvalidDefinition>> {
    let mut reader = Reader { problems: Vec::new() };
    reader.names(table);
    let definition = Definition {
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

    fn column(&mut self, column: &Column) -> ColumnDefinition {
        let route = Route::root().key("schemaJson").key("columns").item(&column.name);
        let subject = |what: &str| format!("{what} of column {}", column.name);
        let found = parse_type(&column.type_name, u32::MAX);
        let serial = found.as_ref().is_ok_and(|found| found.serial);
        let type_name = match found {
            Ok(found) => found.canonical,
            Err(error) => self.fail(route.key("type"), subject("type"), error),
        };
        let default = column.default.as_ref().and_then(|text| {
            self.expression(text, ExpressionUse::Default, route.key("defaultValue"), subject("default"))
        });
        let generated = column.generated.as_ref().and_then(|text| {
            self.expression(text, ExpressionUse::Generated, route.key("generated"), subject("generated expression"))
        });
        ColumnDefinition {
            name: column.name.clone(),
            type_name,
            collation: column.collation.as_deref().map(quote::identifier),
            not_null: !column.nullable,
            volatile: default.as_ref().is_some_and(is_volatile),
            default: default.as_ref().map(operand),
            identity: column.identity,
            uses: generated.as_ref().map(|found| found.columns.clone()).unwrap_or_default(),
            generated: generated.map(|found| found.sql),
            serial,
        }
    }

    fn constraints(&mut self, table: &Table) -> Vec<ConstraintDefinition> {
        let mut constraints: Vec<_> = table.primary_key.iter().map(primary_key).collect();
        constraints.extend(table.uniques.iter().map(unique));
        constraints.extend(table.checks.iter().map(|check| self.check(check)));
        constraints.extend(table.excludes.iter().map(|exclude| self.exclude(exclude)));
        constraints
    }

    fn check(&mut self, check: &Check) -> ConstraintDefinition {
        let route = Route::root().key("schemaJson").key("checks").item(&check.name).key("expression");
        let subject = format!("check {}", check.name);
        let found = self.expression(&check.expression, ExpressionUse::Check, route, subject);
        let (sql, uses) = found.map_or_else(Default::default, |found| (found.sql, found.columns));
        ConstraintDefinition {
            name: check.name.clone(),
            body: format!("CHECK ({sql})"),
            index: None,
            using_index: ("", ""),
            uses,
        }
    }

    fn exclude(&mut self, exclude: &Exclude) -> ConstraintDefinition {
        let route = Route::root().key("schemaJson").key("excludes").item(&exclude.name);
        let (mut elements, mut uses) = (Vec::new(), Columns::new());
        for element in &exclude.elements {
            if !is_operator(&element.operator) {
                let error = SyntaxError::new(format!("`{}` is not an operator", element.operator));
                self.fail(route.key("elements"), format!("exclusion constraint {}", exclude.name), error);
            }
            let key = self.key(&element.key, &route.key("elements"), &exclude.name, &mut uses);
            elements.push(format!("{key} WITH {}", element.operator));
        }
        let predicate = self.predicate(exclude.predicate.as_deref(), route.key("where"), &exclude.name, &mut uses);
        ConstraintDefinition {
            name: exclude.name.clone(),
            body: format!("EXCLUDE USING {} ({}){predicate}", method(exclude.using), elements.join(", ")),
            index: None,
            using_index: ("", ""),
            uses,
        }
    }

    fn index(&mut self, index: &Index) -> IndexDefinition {
        let route = Route::root().key("schemaJson").key("indexes").item(&index.name);
        let (mut words, mut uses) = (Vec::new(), Columns::new());
        if index.method != IndexMethod::Btree {
            words.push(format!("USING {}", method(index.method)));
        }
        let at = route.key("columns");
        let keys = index.elements.iter().map(|element| self.element(element, &at, &index.name, &mut uses));
        let keys: Vec<_> = keys.collect();
        words.push(format!("({})", keys.join(", ")));
        if !index.include.is_empty() {
            words.push(format!("INCLUDE ({})", quote::identifiers(&index.include)));
        }
        if index.nulls_not_distinct {
            words.push("NULLS NOT DISTINCT".to_owned());
        }
        uses.extend(index.include.iter().cloned());
        let predicate = self.predicate(index.predicate.as_deref(), route.key("where"), &index.name, &mut uses);
        let body = words.join(" ") + &predicate;
        IndexDefinition { name: index.name.clone(), unique: index.unique, body, uses }
    }

    fn element(&mut self, element: &IndexElement, route: &Route, index: &str, uses: &mut Columns) -> String {
        let mut words = vec![self.key(&element.key, route, index, uses)];
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

    fn key(&mut self, key: &IndexKey, route: &Route, owner: &str, uses: &mut Columns) -> String {
        match key {
            IndexKey::Column(name) => {
                uses.insert(name.clone());
                quote::identifier(name)
            }
            IndexKey::Expression(text) => {
                let subject = format!("key of {owner}");
                let found = self.expression(text, ExpressionUse::IndexKey, route.clone(), subject);
                found.map_or_else(String::new, |found| {
                    uses.extend(found.columns);
                    format!("({})", found.sql)
                })
            }
        }
    }

    fn predicate(&mut self, text: Option<&str>, route: Route, owner: &str, uses: &mut Columns) -> String {
        let subject = format!("predicate of {owner}");
        let found = text.and_then(|text| self.expression(text, ExpressionUse::Predicate, route, subject));
        found.map_or_else(String::new, |found| {
            uses.extend(found.columns);
            format!(" WHERE ({})", found.sql)
        })
    }
}

fn primary_key(key: &PrimaryKey) -> ConstraintDefinition {
    let columns = quote::identifiers(&key.columns);
    let body = format!("PRIMARY KEY ({columns})");
    keyed(&key.name, body, format!("({columns})"), ("PRIMARY KEY", ""), &key.columns)
}

fn unique(unique: &Unique) -> ConstraintDefinition {
    let nulls = if unique.nulls_not_distinct { " NULLS NOT DISTINCT" } else { "" };
    let columns = quote::identifiers(&unique.columns);
    let deferrable = deferrable(unique.deferrable);
    let body = format!("UNIQUE{nulls} ({columns}){deferrable}");
    keyed(&unique.name, body, format!("({columns}){nulls}"), ("UNIQUE", deferrable), &unique.columns)
}

fn keyed(
    name: &str,
    body: String,
    index: String,
    using_index: (&'static str, &'static str),
    columns: &[String],
) -> ConstraintDefinition {
    let uses: Columns = columns.iter().cloned().collect();
    let index = IndexDefinition { name: name.to_owned(), unique: true, body: index, uses: uses.clone() };
    ConstraintDefinition { name: name.to_owned(), body, index: Some(index), using_index, uses }
}

/// Whether it may give another value each time it is asked. A function that is not known not to is taken to.
/// Source: <https://www.postgresql.org/docs/current/xfunc-volatility.html>
fn is_volatile(expression: &Expression) -> bool {
    !expression.functions.iter().all(|name| builtin::is_steady(name))
}

pub(in crate::sql) fn deferrable(deferrable: Deferrable) -> &'static str {
    match deferrable {
        Deferrable::No => "",
        Deferrable::InitiallyImmediate => " DEFERRABLE",
        Deferrable::InitiallyDeferred => " DEFERRABLE INITIALLY DEFERRED",
    }
}

/// ` ON UPDATE CASCADE ON DELETE SET NULL`, in the order and with the omissions of `pg_get_constraintdef`.
pub(in crate::sql) fn actions(key: &ForeignKey) -> String {
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
