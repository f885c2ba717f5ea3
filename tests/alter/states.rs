//! Random states of a table: each part is absent or one of a few, under names that break whatever does not quote them.

use schema_registry::model::{
    Check, Column, Deferrable, Exclude, ExcludeElement, ForeignKey, Identity, Index, IndexElement, IndexKey,
    IndexMethod, NullsOrder, PrimaryKey, ReferentialAction, Renames, SortOrder, Table, TableName, Unique,
};

/// A source of choices that gives the same ones for the same seed.
/// Source: <https://prng.di.unimi.it/splitmix64.c>
pub(crate) struct Choices(pub(crate) u64);

impl Choices {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).expect("it is small")).expect("it is small")
    }

    /// True in one of `of` cases.
    pub(crate) fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    fn of<T: Copy>(&mut self, values: &[T]) -> T {
        let place = self.below(values.len());
        *values.get(place).expect("it is below the length")
    }

    fn maybe<T: Copy>(&mut self, values: &[T]) -> Option<T> {
        (!self.one_in(3)).then(|| self.of(values))
    }
}

pub(crate) const TEXT: &str = "Mixed \"Case\"";
pub(crate) const LONG: &str = "sixty_three_bytes_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1";
pub(crate) const TABLE: &str = "user";

/// A literal for each column, of the row of the given number, which every state takes.
pub(crate) fn value(column: &str, row: usize) -> String {
    match column {
        "id" | "select" | "ser" => (row + 5).to_string(),
        TEXT => "'a'".to_owned(),
        "order" => format!("{row}.25"),
        LONG => format!("'2024-02-0{} 03:04:05+02'", row + 1),
        "token" => "gen_random_uuid()".to_owned(),
        "parent" => "5".to_owned(),
        "addr" => format!("'10.0.{row}.0/24'"),
        "at" => format!("'2024-03-0{} 01:02:03'", row + 1),
        "nap" => format!("'{row} days 01:02:03.25'"),
        "doc" => format!("'{{\"a\": [{row}]}}'"),
        "bits" => "'101'".to_owned(),
        "during" => format!("'[2024-01-0{0}, 2024-01-0{0} 12:00)'", row + 1),
        _ => unreachable!("{column}"),
    }
}

fn column(name: &str, type_name: &str) -> Column {
    Column {
        name: name.to_owned(),
        type_name: type_name.to_owned(),
        nullable: true,
        default: None,
        identity: None,
        generated: None,
        collation: None,
        comment: None,
    }
}

/// Types that a column may have one after the other.
const GROWING: &[&[&str]] = &[
    &["character varying(20)", "character varying(40)", "character varying", "text"],
    &["numeric(10,2)", "numeric(12,2)", "numeric"],
    &["timestamp(3) with time zone", "timestamp with time zone"],
    &["timestamp without time zone", "timestamp with time zone"],
    &["cidr", "inet"],
    &["interval(2)", "interval"],
    &["bit varying(4)", "bit varying(9)", "bit varying"],
];

fn grows(before: &str, after: &str) -> bool {
    let place = |types: &[&str], name: &str| types.iter().position(|known| *known == name);
    GROWING.iter().any(|types| place(types, before).is_some_and(|from| place(types, after).is_some_and(|to| from < to)))
}

fn columns(choices: &mut Choices, sequences: bool) -> Vec<Column> {
    let mut columns = Vec::new();
    let identity = if sequences { choices.maybe(&[Identity::Always, Identity::ByDefault]) } else { None };
    columns.push(Column { identity, nullable: identity.is_none() && choices.one_in(2), ..column("id", "bigint") });
    columns.push(Column { nullable: choices.one_in(2), ..column("parent", "bigint") });
    let mut some = |name: &str, types: &[&str], defaults: &[&str]| {
        let default = choices.maybe(defaults).map(str::to_owned);
        let nullable = default.is_none() || choices.one_in(2);
        let whole = Column { default, nullable, ..column(name, choices.of(types)) };
        columns.extend((!choices.one_in(3)).then_some(whole));
    };
    let texts = ["character varying(20)", "character varying(40)", "character varying", "text", "text"];
    some(TEXT, &texts, &["'it''s $$ \\'", "'a'", "lower('A')", "'a' || 'b'"]);
    some("order", &["numeric(10,2)", "numeric(12,2)", "numeric"], &["0", "-1.5", "(1 + 2) * 3"]);
    let times = ["timestamp(3) with time zone", "timestamp with time zone", "timestamp with time zone"];
    some(LONG, &times, &["now()", "CURRENT_TIMESTAMP", "'2020-01-01'", "clock_timestamp()"]);
    some("token", &["uuid"], &["gen_random_uuid()"]);
    some("select", &["integer"], &["7", "8"]);
    some("during", &["tstzrange"], &["'empty'"]);
    some("addr", &["cidr", "inet"], &["'10.0.0.0/8'"]);
    some("at", &["timestamp without time zone", "timestamp with time zone"], &["'2020-01-01 12:00'"]);
    some("nap", &["interval(2)", "interval"], &["'1 day 02:03'"]);
    some("doc", &["jsonb"], &["'{}'"]);
    some("bits", &["bit varying(4)", "bit varying(9)", "bit varying"], &["'1'"]);
    if sequences && choices.one_in(3) {
        columns.push(Column { nullable: false, ..column("ser", "bigserial") });
    }
    if columns.iter().any(|column| column.name == "select") && choices.one_in(2) {
        let generated = Some("\"select\" * 2".to_owned());
        columns.push(Column { generated, ..column("twice", "integer") });
    }
    for column in &mut columns {
        column.comment = choices.maybe(&["it's $$ $postcondition$ \\", "two\nlines", "--"]).map(str::to_owned);
        if column.name == TEXT && choices.one_in(4) {
            column.collation = Some("C".to_owned());
        }
    }
    columns
}

fn index(name: &str, keys: &[IndexKey]) -> Index {
    let element = |key: &IndexKey| IndexElement {
        key: key.clone(),
        order: SortOrder::Asc,
        nulls: NullsOrder::Last,
        opclass: None,
        collation: None,
    };
    Index {
        name: name.to_owned(),
        method: IndexMethod::Btree,
        unique: false,
        elements: keys.iter().map(element).collect(),
        include: Vec::new(),
        predicate: None,
        nulls_not_distinct: false,
    }
}

fn of_class(mut index: Index, method: IndexMethod, class: Option<&str>) -> Index {
    index.method = method;
    for element in &mut index.elements {
        element.opclass = class.map(str::to_owned);
    }
    index
}

fn indexes(choices: &mut Choices, has: &dyn Fn(&str) -> bool) -> Vec<Index> {
    let named = |name: &str| IndexKey::Column(name.to_owned());
    let mut indexes = Vec::new();
    for name in ["Idx $1", "order", "a_third"] {
        let mut found = match choices.below(12) {
            0 => index(name, &[named("id")]),
            1 => Index { unique: true, ..index(name, &[named("id"), named("parent")]) },
            2 if has("select") => {
                let predicate = choices.maybe(&["\"select\" > 0", "\"select\" IN (5, 6, 7, 8)"]).map(str::to_owned);
                Index { predicate, ..index(name, &[named("select")]) }
            }
            3 if has(TEXT) => index(name, &[IndexKey::Expression("lower(\"Mixed \"\"Case\"\"\")".to_owned())]),
            4 if has(TEXT) => index(name, &[named(TEXT)]),
            5 if has("token") => Index { method: IndexMethod::Hash, ..index(name, &[named("token")]) },
            6 if has("order") => Index { include: vec!["parent".to_owned()], ..index(name, &[named("order")]) },
            7 if has("doc") => {
                of_class(index(name, &[named("doc")]), IndexMethod::Gin, choices.maybe(&["jsonb_path_ops"]))
            }
            8 if has(TEXT) => of_class(index(name, &[named(TEXT)]), IndexMethod::Btree, Some("text_pattern_ops")),
            9 if has("order") => Index { method: IndexMethod::Brin, ..index(name, &[named("order")]) },
            10 => Index {
                unique: true,
                nulls_not_distinct: choices.one_in(2),
                ..index(name, &[named("id"), IndexKey::Expression("parent + 1".to_owned())])
            },
            11 if has(TEXT) => {
                let mut found = index(name, &[named(TEXT), named("id")]);
                found.elements[0].collation = Some("C".to_owned());
                found
            }
            _ => continue,
        };
        if found.method == IndexMethod::Btree && choices.one_in(3) {
            let nulls = choices.of(&[NullsOrder::First, NullsOrder::Last]);
            for element in &mut found.elements {
                (element.order, element.nulls) = (SortOrder::Desc, nulls);
            }
        }
        indexes.push(found);
    }
    indexes
}

fn foreign_key(choices: &mut Choices, name: &str, references: &str) -> ForeignKey {
    ForeignKey {
        name: name.to_owned(),
        columns: vec!["parent".to_owned()],
        references: TableName::public(references),
        referenced_columns: if choices.one_in(2) { Vec::new() } else { vec!["id".to_owned()] },
        on_delete: choices.of(&[ReferentialAction::NoAction, ReferentialAction::Cascade, ReferentialAction::SetNull]),
        on_update: choices.of(&[ReferentialAction::NoAction, ReferentialAction::Restrict]),
        deferrable: choices.of(&[Deferrable::No, Deferrable::InitiallyDeferred]),
    }
}

/// A state of the table; with `sequences`, columns may have some. Where there is one before it, columns mostly keep their
/// types, because most other pairs of types are refused.
pub(crate) fn state(choices: &mut Choices, sequences: bool, before: Option<&Table>) -> Table {
    let mut columns = columns(choices, sequences);
    for column in &mut columns {
        let Some(old) = before.and_then(|table| table.column(&column.name)) else { continue };
        if !grows(&old.type_name, &column.type_name) && !choices.one_in(30) || choices.one_in(2) {
            column.type_name.clone_from(&old.type_name);
        }
        if !choices.one_in(8) {
            column.collation.clone_from(&old.collation);
        }
    }
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let has = |name: &str| names.iter().any(|known| known == name);
    let key = |name: &str, columns: &[&str]| PrimaryKey {
        name: name.to_owned(),
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
    };
    let primary_key = match choices.below(4) {
        0 => None,
        1 => Some(key("user_pkey", &["id", "parent"])),
        2 => Some(key("Key", &["id"])),
        _ => Some(key("user_pkey", &["id"])),
    };
    for column in &mut columns {
        column.nullable &= primary_key.as_ref().is_none_or(|key| !key.columns.contains(&column.name));
    }
    let mut uniques = Vec::new();
    if choices.one_in(2) {
        let second = if has("select") && choices.one_in(2) { "select" } else { "parent" };
        uniques.push(Unique {
            name: "uq%s".to_owned(),
            // In another order than a key's: PostgreSQL silently leaves out one that repeats the primary key.
            columns: vec![second.to_owned(), "id".to_owned()],
            nulls_not_distinct: choices.one_in(2),
            deferrable: choices.of(&[Deferrable::No, Deferrable::InitiallyImmediate]),
        });
    }
    let mut checks = Vec::new();
    let mut check = |name: &str, expression: &str| {
        checks.push(Check { name: name.to_owned(), expression: expression.to_owned() });
    };
    if has("select") && choices.one_in(2) {
        check("check", choices.of(&["\"select\" > 0", "\"select\" BETWEEN 1 AND 100", "(\"select\" + 1) * 2 > 0"]));
    }
    if has(TEXT) && choices.one_in(2) {
        check("li'sted", "\"Mixed \"\"Case\"\"\" IN ('a', 'ab', 'it''s $$ \\')");
    }
    if has("token") && choices.one_in(3) {
        check("tok", "token <> '00000000-0000-0000-0000-000000000000'");
    }
    let mut excludes = Vec::new();
    if has("during") && choices.one_in(2) {
        let element = ExcludeElement { key: IndexKey::Column("during".to_owned()), operator: "&&".to_owned() };
        let predicate = choices.maybe(&["id > 0"]).map(str::to_owned);
        let using = IndexMethod::Gist;
        excludes.push(Exclude { name: "no overlap".to_owned(), using, elements: vec![element], predicate });
    }
    let mut foreign_keys = Vec::new();
    foreign_keys.extend(choices.one_in(2).then(|| foreign_key(choices, "fk 'parent'", "Parent")));
    let own = primary_key.as_ref().is_some_and(|key| key.columns == ["id"]) && choices.one_in(3);
    foreign_keys.extend(own.then(|| foreign_key(choices, "fk itself", TABLE)));
    let indexes = indexes(choices, &has);
    Table {
        name: TableName::public(TABLE),
        comment: choices.maybe(&["it's a table", "$$"]).map(str::to_owned),
        columns,
        primary_key,
        uniques,
        checks,
        foreign_keys,
        excludes,
        indexes,
    }
}

/// What a revision may rename on top: the table, columns, constraints, indexes.
pub(crate) fn rename(choices: &mut Choices, before: &Table, table: &Table) -> (Table, Renames) {
    let mut renames = Renames::default();
    let names = [TableName::public("Übung"), TableName::new("My \"schema\"", "user")];
    let name = choices.maybe(&names.each_ref()).cloned().unwrap_or_else(|| table.name.clone());
    if name != table.name {
        renames.tables.insert(name.clone(), table.name.clone());
    }
    for column in &table.columns {
        if before.column(&column.name).is_some() && choices.one_in(3) {
            let columns = renames.columns.entry(name.clone()).or_default();
            columns.insert(format!("{} 2", &column.name[..2]), column.name.clone());
        }
    }
    let mut table = schema_registry::diff::renamed(table, &name, &renames);
    let mut add = |name: &mut String| {
        if name.len() < 60 && choices.one_in(3) {
            name.push_str(" r");
        }
    };
    table.primary_key.iter_mut().for_each(|key| add(&mut key.name));
    table.uniques.iter_mut().for_each(|unique| add(&mut unique.name));
    table.checks.iter_mut().for_each(|check| add(&mut check.name));
    table.foreign_keys.iter_mut().for_each(|key| add(&mut key.name));
    table.excludes.iter_mut().for_each(|exclude| add(&mut exclude.name));
    table.indexes.iter_mut().for_each(|index| add(&mut index.name));
    (table, renames)
}
