//! Scripts that people write: read statement by statement, never rewritten.

use std::collections::BTreeSet;

use pg_query::{
    Context, Node, NodeEnum,
    protobuf::{
        AlterTableCmd, AlterTableType, CopyStmt, DropBehavior, DropStmt, ObjectType, RangeVar, VariableSetStmt,
    },
};

use super::{SyntaxError, tree};
use crate::model::{LockMode, TableName};

/// Longest summary of a statement, in characters.
const SUMMARY: usize = 72;

/// Settings by which a script would be read in another way than it was reviewed, or run as somebody else.
const FOREIGN_SETTINGS: [&str; 5] =
    ["role", "session_authorization", "standard_conforming_strings", "backslash_quote", "escape_string_warning"];

/// What reviewers have to weigh in a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Danger {
    /// `CASCADE`: it takes along what nobody has listed.
    Cascade,
    /// It builds or drops an index, and nobody writes to the table meanwhile.
    BlockingIndex,
    /// `UPDATE` or `DELETE` without `WHERE`.
    EveryRow,
    /// It changes columns, constraints or indexes.
    Shape,
}

/// A statement of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptStatement {
    /// The line of the script on which it begins, from 1.
    pub line: usize,
    /// Its beginning, on one line: hostile text.
    pub summary: String,
    /// The tables, views, indexes and sequences that it changes, as far as the grammar tells.
    pub relations: BTreeSet<TableName>,
    /// The strongest lock that it takes on them.
    pub lock: Option<LockMode>,
    /// Whether it looks at rows.
    pub scans: bool,
    /// What is lost for good, one phrase.
    pub data_loss: Option<&'static str>,
    /// What reviewers have to weigh.
    pub dangers: BTreeSet<Danger>,
    /// Whether PostgreSQL runs it in no transaction.
    pub alone: bool,
    /// Why it can be in no migration.
    pub refused: Option<SyntaxError>,
}

/// Reads a script; an `Err` says where it cannot be read, or that there is nothing in it.
pub fn parse_script(text: &str) -> Result<Vec<ScriptStatement>, SyntaxError> {
    let tree = tree::parse(text)?;
    let mut statements = Vec::new();
    for raw in tree.stmts {
        let at = usize::try_from(raw.stmt_location).unwrap_or(0);
        let end = usize::try_from(raw.stmt_len).ok().filter(|length| *length > 0).map_or(text.len(), |len| at + len);
        let sql = text.get(at..end).unwrap_or_default();
        let skipped = blank(sql);
        let sql = &sql[skipped..];
        let Some(value) = raw.stmt.and_then(|node| node.node) else { continue };
        let mut statement = ScriptStatement {
            line: text[..at + skipped].matches('\n').count() + 1,
            summary: summary(sql),
            relations: changed(sql),
            lock: None,
            scans: false,
            data_loss: None,
            dangers: BTreeSet::new(),
            alone: false,
            refused: refused(&value),
        };
        statement.weigh(&value);
        statements.push(statement);
    }
    if statements.is_empty() {
        return Err(SyntaxError::new("There is no statement in it"));
    }
    let several = statements.len() > 1;
    for statement in statements.iter_mut().filter(|statement| several && statement.alone) {
        let error = SyntaxError::new("PostgreSQL runs it in no transaction, so that it cannot share a migration");
        statement.refused.get_or_insert(error.suggest("Put it into a SQL request of its own"));
    }
    Ok(statements)
}

/// Whether a script is run outside of a transaction: its only statement has to be.
#[must_use]
pub fn runs_alone(statements: &[ScriptStatement]) -> bool {
    statements.iter().any(|statement| statement.alone)
}

impl ScriptStatement {
    fn touch(&mut self, relation: Option<&RangeVar>, lock: LockMode) {
        self.relations.extend(relation.map(named));
        self.lock = self.lock.max(Some(lock));
    }

    fn weigh(&mut self, value: &NodeEnum) {
        match value {
            NodeEnum::InsertStmt(_) | NodeEnum::MergeStmt(_) => self.lock = Some(LockMode::RowExclusive),
            NodeEnum::UpdateStmt(update) => self.write(update.where_clause.is_none(), None),
            NodeEnum::DeleteStmt(delete) => self.write(delete.where_clause.is_none(), Some("the rows that it deletes")),
            NodeEnum::SelectStmt(_) => self.scans = true,
            NodeEnum::TruncateStmt(truncate) => {
                truncate
                    .relations
                    .iter()
                    .filter_map(range)
                    .for_each(|table| self.touch(Some(table), LockMode::AccessExclusive));
                self.data_loss = Some("every row of the table");
                self.cascade(truncate.behavior);
            }
            NodeEnum::DropStmt(drop) => self.drop(drop),
            NodeEnum::IndexStmt(index) => {
                let lock = if index.concurrent { LockMode::ShareUpdateExclusive } else { LockMode::Share };
                self.touch(index.relation.as_ref(), lock);
                self.index(index.concurrent);
            }
            NodeEnum::ReindexStmt(reindex) => {
                let concurrent = reindex.params.iter().any(|param| option_is(param, "concurrently"));
                let lock = if concurrent { LockMode::ShareUpdateExclusive } else { LockMode::Share };
                self.touch(reindex.relation.as_ref(), lock);
                self.index(concurrent);
                self.dangers.remove(&Danger::Shape);
            }
            NodeEnum::AlterTableStmt(alter) => {
                self.relations.extend(alter.relation.as_ref().map(named));
                alter.cmds.iter().filter_map(command).for_each(|command| self.alter(command));
            }
            NodeEnum::RenameStmt(rename) => {
                self.touch(rename.relation.as_ref(), LockMode::AccessExclusive);
                let of_table = [
                    ObjectType::ObjectTable,
                    ObjectType::ObjectColumn,
                    ObjectType::ObjectTabconstraint,
                    ObjectType::ObjectIndex,
                ];
                self.shape(of_table.contains(&rename.rename_type()));
            }
            NodeEnum::CreateStmt(create) => {
                self.relations.extend(create.relation.as_ref().map(named));
                self.shape(true);
            }
            NodeEnum::CreateTableAsStmt(create) => {
                self.relations.extend(create.into.as_ref().and_then(|into| into.rel.as_ref()).map(named));
                self.scans = true;
            }
            NodeEnum::ViewStmt(view) => self.relations.extend(view.view.as_ref().map(named)),
            NodeEnum::RefreshMatViewStmt(refresh) => {
                let lock = if refresh.concurrent { LockMode::Exclusive } else { LockMode::AccessExclusive };
                self.touch(refresh.relation.as_ref(), lock);
                self.scans = true;
            }
            NodeEnum::CreateTrigStmt(trigger) => self.touch(trigger.relation.as_ref(), LockMode::ShareRowExclusive),
            NodeEnum::CreatePolicyStmt(policy) => self.touch(policy.table.as_ref(), LockMode::AccessExclusive),
            NodeEnum::AlterPolicyStmt(policy) => self.touch(policy.table.as_ref(), LockMode::AccessExclusive),
            NodeEnum::RuleStmt(rule) => self.touch(rule.relation.as_ref(), LockMode::AccessExclusive),
            NodeEnum::GrantStmt(grant) => {
                self.relations.extend(grant.objects.iter().filter_map(range).map(named));
                self.cascade(grant.behavior);
            }
            NodeEnum::VacuumStmt(vacuum) => self.alone = vacuum.is_vacuumcmd,
            _ => {}
        }
    }

    fn write(&mut self, every_row: bool, data_loss: Option<&'static str>) {
        (self.lock, self.scans, self.data_loss) = (Some(LockMode::RowExclusive), true, data_loss);
        self.dangers.extend(every_row.then_some(Danger::EveryRow));
    }

    fn drop(&mut self, drop: &DropStmt) {
        use ObjectType as Kind;
        let kind = drop.remove_type();
        let lists = drop.objects.iter().filter_map(|object| match &object.node {
            Some(NodeEnum::List(list)) => tree::strings(&list.items),
            _ => None,
        });
        let relation =
            [Kind::ObjectTable, Kind::ObjectView, Kind::ObjectMatview, Kind::ObjectIndex, Kind::ObjectSequence];
        let of_relation = [Kind::ObjectTrigger, Kind::ObjectPolicy, Kind::ObjectRule];
        for mut names in lists {
            if of_relation.contains(&kind) {
                names.pop();
            } else if !relation.contains(&kind) {
                continue;
            }
            self.relations.extend(qualified(&names));
            self.lock = Some(LockMode::AccessExclusive);
        }
        if kind == Kind::ObjectIndex {
            self.index(drop.concurrent);
            self.lock = drop.concurrent.then_some(LockMode::ShareUpdateExclusive).or(self.lock);
        }
        if kind == Kind::ObjectTable {
            self.shape(true);
            self.data_loss = Some("every row of the table");
        }
        self.cascade(drop.behavior);
    }

    fn alter(&mut self, command: &AlterTableCmd) {
        use AlterTableType as At;
        let kind = command.subtype();
        let shape = [
            At::AtAddColumn,
            At::AtColumnDefault,
            At::AtDropNotNull,
            At::AtSetNotNull,
            At::AtSetExpression,
            At::AtDropExpression,
            At::AtDropColumn,
            At::AtAddConstraint,
            At::AtAlterConstraint,
            At::AtAddIndexConstraint,
            At::AtDropConstraint,
            At::AtAlterColumnType,
            At::AtAddIdentity,
            At::AtSetIdentity,
            At::AtDropIdentity,
        ];
        let lock = match kind {
            At::AtValidateConstraint | At::AtSetStatistics | At::AtSetRelOptions | At::AtResetRelOptions => {
                LockMode::ShareUpdateExclusive
            }
            At::AtEnableTrig
            | At::AtDisableTrig
            | At::AtEnableTrigAll
            | At::AtDisableTrigAll
            | At::AtEnableTrigUser
            | At::AtDisableTrigUser => LockMode::ShareRowExclusive,
            _ => LockMode::AccessExclusive,
        };
        self.lock = self.lock.max(Some(lock));
        self.shape(shape.contains(&kind));
        if kind == At::AtDropColumn {
            self.data_loss = Some("every value of the column");
        }
        let partition = command.def.as_ref().and_then(|def| def.node.as_ref());
        self.alone |= matches!(partition, Some(NodeEnum::PartitionCmd(partition)) if partition.concurrent);
        self.scans |= matches!(kind, At::AtValidateConstraint | At::AtSetNotNull | At::AtAddConstraint);
        self.cascade(command.behavior);
    }

    fn index(&mut self, concurrent: bool) {
        self.alone = concurrent;
        self.scans = true;
        self.dangers.extend((!concurrent).then_some(Danger::BlockingIndex));
        self.shape(true);
    }

    fn shape(&mut self, changes: bool) {
        self.dangers.extend(changes.then_some(Danger::Shape));
    }

    fn cascade(&mut self, behavior: i32) {
        let cascades = DropBehavior::try_from(behavior) == Ok(DropBehavior::DropCascade);
        self.dangers.extend(cascades.then_some(Danger::Cascade));
    }
}

/// The tables that a statement writes to or defines, those in its `WITH` included.
fn changed(sql: &str) -> BTreeSet<TableName> {
    let Ok(parsed) = pg_query::parse(sql, 0) else { return BTreeSet::new() };
    let changes = |context: &Context| matches!(context, Context::DML | Context::DDL);
    let names = parsed
        .tables
        .iter()
        .filter(|(_, context)| changes(context))
        .map(|(name, _)| name.split('.').collect::<Vec<_>>());
    names.filter_map(|names| qualified(&names)).collect()
}

/// Why a statement can be in no migration; `None` where it can.
fn refused(value: &NodeEnum) -> Option<SyntaxError> {
    let refuse = |message: &str, suggestion: &str| Some(SyntaxError::new(message).suggest(suggestion));
    match value {
        NodeEnum::TransactionStmt(_) => {
            refuse("It controls the transaction, and the migration is one of its own", "Remove the statement")
        }
        NodeEnum::CopyStmt(copy) => {
            refuse(copied(copy), "Write the rows as INSERT .. VALUES, or load them outside of migrations")
        }
        NodeEnum::AlterSystemStmt(_)
        | NodeEnum::CreatedbStmt(_)
        | NodeEnum::DropdbStmt(_)
        | NodeEnum::AlterDatabaseStmt(_)
        | NodeEnum::AlterDatabaseSetStmt(_)
        | NodeEnum::AlterDatabaseRefreshCollStmt(_)
        | NodeEnum::CreateTableSpaceStmt(_)
        | NodeEnum::DropTableSpaceStmt(_)
        | NodeEnum::AlterTableSpaceOptionsStmt(_)
        | NodeEnum::CheckPointStmt(_)
        | NodeEnum::LoadStmt(_) => {
            refuse("It reaches beyond the database that is migrated", "Do it where the server is set up")
        }
        NodeEnum::CreateRoleStmt(_)
        | NodeEnum::AlterRoleStmt(_)
        | NodeEnum::AlterRoleSetStmt(_)
        | NodeEnum::DropRoleStmt(_)
        | NodeEnum::DropOwnedStmt(_)
        | NodeEnum::ReassignOwnedStmt(_) => refuse(
            "Roles belong to the server, not to the database that is migrated",
            "Do it where the server is set up",
        ),
        NodeEnum::CreateSubscriptionStmt(_)
        | NodeEnum::AlterSubscriptionStmt(_)
        | NodeEnum::DropSubscriptionStmt(_) => {
            refuse("It connects to another server", "Do it where replication is set up")
        }
        NodeEnum::ReindexStmt(reindex) if reindex.relation.is_none() => {
            refuse("It rebuilds more than one table", "Name one index or one table")
        }
        NodeEnum::DiscardStmt(_) | NodeEnum::ListenStmt(_) | NodeEnum::UnlistenStmt(_) => {
            refuse("It changes the session, which other migrations share", "Remove the statement")
        }
        NodeEnum::CreateFunctionStmt(function) if function.sql_body.is_some() => {
            refuse("Tools that split scripts at semicolons cut its body", "Write the body as a string, `AS $$ .. $$`")
        }
        NodeEnum::VariableSetStmt(set) => setting(set),
        _ => None,
    }
}

fn copied(copy: &CopyStmt) -> &'static str {
    if copy.is_program {
        "It runs a program on the server"
    } else if copy.filename.is_empty() {
        "It waits for rows from the client, which a migration does not send"
    } else {
        "It reads or writes a file of the server"
    }
}

fn setting(set: &VariableSetStmt) -> Option<SyntaxError> {
    let name = set.name.as_str();
    if FOREIGN_SETTINGS.contains(&name) {
        let error = SyntaxError::new(format!("It changes `{name}`, by which the rest would not be what was reviewed"));
        return Some(error.suggest("Remove the statement"));
    }
    let error = || SyntaxError::new("The setting outlives the migration, and other migrations share the session");
    (!set.is_local).then(|| error().suggest("Write SET LOCAL"))
}

fn range(node: &Node) -> Option<&RangeVar> {
    match &node.node {
        Some(NodeEnum::RangeVar(range)) => Some(range),
        _ => None,
    }
}

fn command(node: &Node) -> Option<&AlterTableCmd> {
    match &node.node {
        Some(NodeEnum::AlterTableCmd(command)) => Some(command),
        _ => None,
    }
}

fn option_is(node: &Node, name: &str) -> bool {
    matches!(&node.node, Some(NodeEnum::DefElem(option)) if option.defname == name)
}

fn named(range: &RangeVar) -> TableName {
    if range.schemaname.is_empty() {
        TableName::public(&range.relname)
    } else {
        TableName::new(&range.schemaname, &range.relname)
    }
}

fn qualified(names: &[&str]) -> Option<TableName> {
    match names {
        [name] => Some(TableName::public(*name)),
        [.., schema, name] => Some(TableName::new(*schema, *name)),
        [] => None,
    }
}

/// Its first words on one line.
fn summary(sql: &str) -> String {
    let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().take(SUMMARY).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

/// Length of the white space and comments at the start of `sql`.
fn blank(sql: &str) -> usize {
    let mut at = 0;
    while let Some(rest) = sql.get(at..).filter(|rest| !rest.is_empty()) {
        at += if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if rest.starts_with(|c: char| c.is_ascii_whitespace()) {
            1
        } else {
            return at;
        };
    }
    at
}

/// Length of a block comment; they nest.
fn block_comment(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while at < text.len() {
        match text.as_bytes().get(at..at + 2) {
            Some(b"/*") => (at, depth) = (at + 2, depth + 1),
            Some(b"*/") => (at, depth) = (at + 2, depth.saturating_sub(1)),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests;
