//! What an expression is made of: the kinds of nodes that it may have, and what each refers to.

use std::collections::BTreeMap;

use pg_query::{
    Node, NodeEnum,
    protobuf::{AConst, ColumnRef, FuncCall, SqlValueFunctionOp, TypeCast, a_const},
};

use super::{
    ExpressionUse, SyntaxError,
    builtin::{self, Kind},
    expression::{Found, instead_of_column},
    quote, tree, types,
};

type Checked = Result<(), SyntaxError>;

static NO_RENAMES: BTreeMap<String, String> = BTreeMap::new();

/// Checks a tree, collects what it refers to, and forgets where its nodes stood in the text, so that two trees of the
/// same meaning are equal.
pub(super) struct Walk<'r> {
    place: ExpressionUse,
    /// New names of columns by their old ones.
    renames: &'r BTreeMap<String, String>,
    pub(super) columns: Found,
    pub(super) functions: Found,
    pub(super) casts: Found,
    /// Whether the node at hand is the argument of `nextval` and the like.
    sequence: bool,
}

impl<'r> Walk<'r> {
    pub(super) fn new(place: ExpressionUse) -> Self {
        Self::renaming(place, &NO_RENAMES)
    }

    pub(super) fn renaming(place: ExpressionUse, renames: &'r BTreeMap<String, String>) -> Self {
        Self { place, renames, columns: Found::new(), functions: Found::new(), casts: Found::new(), sequence: false }
    }

    pub(super) fn value(&mut self, value: &mut NodeEnum) -> Checked {
        let sequence = std::mem::take(&mut self.sequence);
        match value {
            NodeEnum::AConst(constant) => {
                constant.location = 0;
                Ok(())
            }
            NodeEnum::ColumnRef(column) => self.column(column),
            NodeEnum::FuncCall(call) => self.call(call),
            NodeEnum::TypeCast(cast) => self.cast(cast, sequence),
            NodeEnum::SqlvalueFunction(function) => {
                function.location = 0;
                self.keyword_function(function.op())
            }
            NodeEnum::AExpr(expression) => {
                expression.location = 0;
                (expression.rexpr_list_start, expression.rexpr_list_end) = (0, 0);
                self.option(expression.lexpr.as_deref_mut())?;
                self.option(expression.rexpr.as_deref_mut())
            }
            NodeEnum::BoolExpr(expression) => {
                expression.location = 0;
                self.list(&mut expression.args)
            }
            NodeEnum::NullTest(test) => {
                test.location = 0;
                self.option(test.arg.as_deref_mut())
            }
            NodeEnum::BooleanTest(test) => {
                test.location = 0;
                self.option(test.arg.as_deref_mut())
            }
            NodeEnum::CoalesceExpr(expression) => {
                expression.location = 0;
                self.list(&mut expression.args)
            }
            NodeEnum::MinMaxExpr(expression) => {
                expression.location = 0;
                self.list(&mut expression.args)
            }
            NodeEnum::CaseExpr(case) => {
                case.location = 0;
                self.option(case.arg.as_deref_mut())?;
                self.list(&mut case.args)?;
                self.option(case.defresult.as_deref_mut())
            }
            NodeEnum::CaseWhen(when) => {
                when.location = 0;
                self.option(when.expr.as_deref_mut())?;
                self.option(when.result.as_deref_mut())
            }
            NodeEnum::AArrayExpr(array) => {
                array.location = 0;
                (array.list_start, array.list_end) = (0, 0);
                self.list(&mut array.elements)
            }
            NodeEnum::AIndirection(indirection) => {
                self.option(indirection.arg.as_deref_mut())?;
                indirection.indirection.iter_mut().try_for_each(|step| self.indirection(step))
            }
            NodeEnum::CollateClause(collate) => {
                collate.location = 0;
                self.option(collate.arg.as_deref_mut())
            }
            NodeEnum::RowExpr(row) => {
                row.location = 0;
                self.list(&mut row.args)
            }
            NodeEnum::NamedArgExpr(argument) => {
                argument.location = 0;
                self.option(argument.arg.as_deref_mut())
            }
            NodeEnum::List(list) => self.list(&mut list.items),
            other => Err(self.refused(kind(other))),
        }
    }

    fn list(&mut self, nodes: &mut [Node]) -> Checked {
        nodes.iter_mut().try_for_each(|node| self.option(Some(node)))
    }

    fn option(&mut self, node: Option<&mut Node>) -> Checked {
        // An empty node stands for what was not written, such as the ELSE of a CASE.
        node.and_then(|node| node.node.as_mut()).map_or(Ok(()), |value| self.value(value))
    }

    fn indirection(&mut self, step: &mut Node) -> Checked {
        match &mut step.node {
            Some(NodeEnum::String(_)) => Ok(()),
            Some(NodeEnum::AIndices(indices)) => {
                self.option(indices.lidx.as_deref_mut())?;
                self.option(indices.uidx.as_deref_mut())
            }
            _ => Err(self.refused("`*`")),
        }
    }

    fn column(&mut self, column: &mut ColumnRef) -> Checked {
        column.location = 0;
        let Some(names) = tree::strings(&column.fields) else { return Err(self.refused("`*`")) };
        match names.as_slice() {
            [name] if self.place == ExpressionUse::Default => {
                Err(SyntaxError::new(format!("A default cannot refer to a column: `{name}`"))
                    .suggest(instead_of_column(name)))
            }
            [name] => {
                let name = self.renames.get(*name).map_or(*name, String::as_str).to_owned();
                column.fields = vec![tree::string(&name)];
                self.columns.insert(name);
                Ok(())
            }
            _ => Err(SyntaxError::new(format!("`{}` names a column of a table", names.join("."))).suggest(format!(
                "Write the column alone: `{}`",
                names.last().map_or_else(String::new, |name| quote::identifier(name))
            ))),
        }
    }

    fn call(&mut self, call: &mut FuncCall) -> Checked {
        call.location = 0;
        if call.over.is_some() {
            return Err(self.refused("a window function"));
        }
        let aggregate = call.agg_star || call.agg_distinct || call.agg_within_group;
        if aggregate || call.agg_filter.is_some() || !call.agg_order.is_empty() {
            return Err(self.refused("an aggregate"));
        }
        let names = tree::strings(&call.funcname).unwrap_or_default();
        let (name, own) = match names.as_slice() {
            ["pg_catalog", name] | [name] => ((*name).to_owned(), true),
            [schema, name] => (format!("{schema}.{name}"), false),
            _ => return Err(self.refused("a name of three parts")),
        };
        let kind = own.then(|| builtin::function_kind(&name)).flatten();
        match kind {
            Some(Kind::Aggregate) => return Err(self.refused(&format!("an aggregate, `{name}()`"))),
            Some(Kind::Window) => return Err(self.refused(&format!("a window function, `{name}()`"))),
            Some(Kind::SetReturning) => return Err(self.refused(&format!("a set-returning function, `{name}()`"))),
            Some(Kind::ReachesOut) => {
                return Err(SyntaxError::new(format!("`{name}()` reaches outside of the row and is not allowed")));
            }
            Some(Kind::Sequence) if self.place != ExpressionUse::Default => {
                return Err(self.refused(&format!("a sequence function, `{name}()`")));
            }
            Some(Kind::NotImmutable) if self.place.immutable() => return Err(self.not_immutable(&format!("{name}()"))),
            _ => {}
        }
        self.functions.insert(name);
        for argument in &mut call.args {
            self.sequence = kind == Some(Kind::Sequence);
            self.option(Some(argument))?;
        }
        self.sequence = false;
        Ok(())
    }

    fn keyword_function(&mut self, function: SqlValueFunctionOp) -> Checked {
        let name = function.as_str_name().trim_start_matches("SVFOP_").trim_end_matches("_N").to_ascii_lowercase();
        if self.place.immutable() {
            return Err(self.not_immutable(&name.to_ascii_uppercase()));
        }
        self.functions.insert(name);
        Ok(())
    }

    fn cast(&mut self, cast: &mut TypeCast, sequence: bool) -> Checked {
        cast.location = 0;
        if let Some(name) = &mut cast.type_name {
            name.location = 0;
            clear_constants(&mut name.typmods);
            let found = types::resolve(name, u32::MAX)?;
            if found.base.starts_with("reg") && found.built_in && !sequence {
                return Err(SyntaxError::new(format!("A cast to `{}` looks up an object by name", found.base))
                    .suggest("Only the argument of nextval() may have it"));
            }
            if let Some(text) = string(cast.arg.as_deref()) {
                clock_free(text, &found.base)?;
            }
            self.casts.insert(found.canonical);
        }
        self.option(cast.arg.as_deref_mut())
    }

    fn refused(&self, what: &str) -> SyntaxError {
        let noun = self.place.noun();
        let mut rest = noun.chars();
        let noun: String = rest.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(rest).collect();
        SyntaxError::new(format!("{noun} cannot hold {what}"))
    }

    fn not_immutable(&self, name: &str) -> SyntaxError {
        SyntaxError::new(format!("`{name}` is not immutable and cannot be in {}", self.place.noun()))
            .suggest("Use only functions whose result depends on nothing but their arguments")
    }
}

/// Refuses texts that PostgreSQL would turn into a moment of the clock, or into one that depends on the session's zone,
/// once and for all when the migration runs.
/// Source: <https://www.postgresql.org/docs/current/datatype-datetime.html#DATATYPE-DATETIME-SPECIAL-VALUES>
fn clock_free(text: &str, base: &str) -> Checked {
    let zoned = base == "timestamp with time zone";
    if !(zoned || base == "date" || base.starts_with("timestamp") || base.starts_with("time ")) {
        return Ok(());
    }
    let word = text.trim().to_ascii_lowercase();
    if ["now", "today", "tomorrow", "yesterday"].iter().any(|clock| word.split_whitespace().any(|part| part == *clock))
    {
        return Err(
            SyntaxError::new(format!("`'{text}'` is read once, when the migration runs")).suggest("Call now() instead")
        );
    }
    let fixed = ["infinity", "-infinity", "epoch"].contains(&word.as_str());
    let after_date = word.get(10..).unwrap_or_default();
    let has_zone = after_date.contains(['+', '-']) || after_date.ends_with('z') || after_date.ends_with("utc");
    if zoned && !fixed && !has_zone {
        return Err(SyntaxError::new(format!("`'{text}'` depends on the session's time zone"))
            .suggest("Write the offset as well, such as `+00`"));
    }
    Ok(())
}

fn string(node: Option<&Node>) -> Option<&str> {
    match &node?.node {
        Some(NodeEnum::AConst(AConst { val: Some(a_const::Val::Sval(text)), .. })) => Some(&text.sval),
        _ => None,
    }
}

/// Forgets the places of a type's modifiers, which [`types::resolve`] has checked to be constants or words.
fn clear_constants(nodes: &mut [Node]) {
    for node in nodes {
        match &mut node.node {
            Some(NodeEnum::AConst(constant)) => constant.location = 0,
            Some(NodeEnum::ColumnRef(column)) => column.location = 0,
            _ => {}
        }
    }
}

/// What a kind of node is called.
fn kind(value: &NodeEnum) -> &'static str {
    match value {
        NodeEnum::SubLink(_) => "a subquery",
        NodeEnum::ParamRef(_) => "a parameter",
        NodeEnum::SetToDefault(_) => "DEFAULT",
        NodeEnum::GroupingFunc(_) => "GROUPING",
        NodeEnum::XmlExpr(_) | NodeEnum::XmlSerialize(_) => "an XML constructor",
        NodeEnum::JsonIsPredicate(_) => "IS JSON",
        NodeEnum::JsonFuncExpr(_)
        | NodeEnum::JsonObjectConstructor(_)
        | NodeEnum::JsonArrayConstructor(_)
        | NodeEnum::JsonParseExpr(_)
        | NodeEnum::JsonScalarExpr(_)
        | NodeEnum::JsonSerializeExpr(_) => "a SQL/JSON function",
        _ => "this construct",
    }
}
