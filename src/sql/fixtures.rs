//! Tables for tests.

use crate::model::{
    Check, Column, Deferrable, Exclude, ExcludeElement, ForeignKey, Identity, Index, IndexElement, IndexKey,
    IndexMethod, NullsOrder, PrimaryKey, ReferentialAction, SortOrder, Table, TableName, Unique,
};

pub(crate) fn column(name: &str, type_name: &str) -> Column {
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

fn required(name: &str, type_name: &str, default: &str) -> Column {
    let default = (!default.is_empty()).then(|| default.to_owned());
    Column { nullable: false, default, ..column(name, type_name) }
}

fn index(name: &str, key: &str) -> Index {
    let element = IndexElement {
        key: IndexKey::Column(key.to_owned()),
        order: SortOrder::Asc,
        nulls: NullsOrder::Last,
        opclass: None,
        collation: None,
    };
    Index {
        name: name.to_owned(),
        method: IndexMethod::Btree,
        unique: false,
        elements: vec![element],
        include: Vec::new(),
        predicate: None,
        nulls_not_distinct: false,
    }
}

/// The first example of the specification.
pub(crate) fn caricatures() -> Table {
    Table {
        name: TableName::public("caricatures"),
        comment: Some("Pictures that users asked for".to_owned()),
        columns: vec![
            required("id", "uuid", "gen_random_uuid()"),
            required("user_id", "text", ""),
            Column { comment: Some("The user's name".to_owned()), ..column("username", "text") },
            required("image_url", "text", ""),
            column("description", "text"),
            required("created_at", "timestamp with time zone", "CURRENT_TIMESTAMP"),
        ],
        primary_key: Some(PrimaryKey { name: "caricatures_pkey".to_owned(), columns: vec!["id".to_owned()] }),
        uniques: Vec::new(),
        checks: Vec::new(),
        foreign_keys: Vec::new(),
        excludes: Vec::new(),
        indexes: vec![index("idx_caricatures_user_id", "user_id"), index("idx_caricatures_created_at", "created_at")],
    }
}

/// Names that break out of whatever does not quote them, and one of everything that a table can have.
pub(crate) fn hostile() -> Table {
    let text = str::to_owned;
    Table {
        name: TableName::new("My \"Schema\"", "wanted'; DROP TABLE x; --"),
        comment: Some(text("$postcondition$ 'quoted' \\ backslash\nsecond line */")),
        columns: vec![
            Column { identity: Some(Identity::Always), nullable: false, ..column("order", "bigint") },
            required("$$", "bigserial", ""),
            Column { collation: Some(text("C")), ..column("Text \"x\"", "character varying(40)") },
            Column { default: Some(text("'it''s \\' || '$guard$'")), ..column("a,b", "text") },
            Column { generated: Some(text("lower(\"a,b\")")), ..column("%I", "text") },
            Column { default: Some(text("'2020-01-01'")), ..column("at", "timestamp with time zone") },
            column("during", "tstzrange"),
            column("parent", "bigint"),
            Column { default: Some(text("'{a,\"b c\"}'")), ..column("tags", "text[]") },
            Column { default: Some(text("interval '1 day'")), ..column("every", "interval day to second(3)") },
        ],
        primary_key: Some(PrimaryKey { name: text("pk \"1\""), columns: vec![text("order"), text("$$")] }),
        uniques: vec![Unique {
            name: text("uq%s"),
            columns: vec![text("a,b"), text("order")],
            nulls_not_distinct: true,
            deferrable: Deferrable::InitiallyDeferred,
        }],
        checks: vec![
            Check { name: text("t_id_not_null"), expression: text("\"Text \"\"x\"\"\" IN ('a', 'b') -- why") },
            Check { name: text("ok"), expression: text("(parent + 1) * 2 > 0 AND tags[1] <> ''") },
        ],
        foreign_keys: vec![
            ForeignKey {
                name: text("fk 'self'"),
                columns: vec![text("parent"), text("$$")],
                references: TableName::new("My \"Schema\"", "wanted'; DROP TABLE x; --"),
                referenced_columns: Vec::new(),
                on_delete: ReferentialAction::Cascade,
                on_update: ReferentialAction::SetNull,
                deferrable: Deferrable::InitiallyImmediate,
            },
            ForeignKey {
                name: text("fk_json"),
                columns: vec![text("parent")],
                references: TableName::public("json"),
                referenced_columns: vec![text("select")],
                on_delete: ReferentialAction::NoAction,
                on_update: ReferentialAction::Restrict,
                deferrable: Deferrable::No,
            },
        ],
        excludes: vec![Exclude {
            name: text("no overlap"),
            using: IndexMethod::Gist,
            elements: vec![ExcludeElement { key: IndexKey::Column(text("during")), operator: text("&&") }],
            predicate: Some(text("\"Text \"\"x\"\"\" <> 'z'")),
        }],
        indexes: vec![
            Index {
                unique: true,
                nulls_not_distinct: true,
                include: vec![text("parent")],
                predicate: Some(text("\"Text \"\"x\"\"\" IN ('a', 'b')")),
                elements: vec![
                    IndexElement {
                        key: IndexKey::Expression(text("lower(\"Text \"\"x\"\"\")")),
                        order: SortOrder::Desc,
                        nulls: NullsOrder::Last,
                        opclass: Some(text("pg_catalog.text_pattern_ops")),
                        collation: Some(text("C")),
                    },
                    index("", "at").elements.remove(0),
                ],
                ..index("Index \"1\"", "")
            },
            Index { method: IndexMethod::Gin, ..index("idx_tags", "tags") },
        ],
    }
}
