//! Requests that bring SQL of their own.

use std::collections::BTreeMap;

use super::{Digest, Field, FieldSpan, RequestMetadata, Route, TableName, Waiver};

/// One file that asks for SQL to be run as it is written: a backfill, a trigger, policies, grants, a view.
#[derive(Debug, Clone)]
pub struct SqlRequest {
    /// Every field of the document, for pointing at it.
    pub spans: BTreeMap<Route, FieldSpan>,
    /// `sqlRequest`, its name.
    pub name: Field<String>,
    /// `owner`.
    pub owner: Option<Field<String>>,
    /// `touches`: the tables, views, functions and so on that it changes; at least one.
    pub touches: Vec<Field<TableName>>,
    /// `up`.
    pub up: Field<String>,
    /// The way back.
    pub down: Down,
    /// `waivers`.
    pub waivers: Vec<Waiver>,
    /// `requestMetadata`.
    pub metadata: RequestMetadata,
}

/// The way back from a [`SqlRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Down {
    /// `down`: SQL.
    Sql(Field<String>),
    /// `irreversible`: why there is none.
    Irreversible(Field<String>),
}

impl SqlRequest {
    /// The keys beside the SQL that say something else in `other`, in the order of the file.
    #[must_use]
    pub fn other_words(&self, other: &Self) -> Vec<&'static str> {
        let differing = [
            ("owner", self.owner != other.owner),
            ("touches", self.touches != other.touches),
            ("waivers", self.waivers != other.waivers),
            ("requestMetadata", self.metadata != other.metadata),
        ];
        differing.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
    }

    /// SHA-256 of the RFC 8785 JSON of what is run: `{"down": .., "up": ..}`, or `irreversible` for `down`.
    ///
    /// # Panics
    ///
    /// Never: strings always serialise.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a map of strings is plain JSON")]
    pub fn state_digest(&self) -> Digest {
        let (key, value) = match &self.down {
            Down::Sql(field) => ("down", &field.value),
            Down::Irreversible(field) => ("irreversible", &field.value),
        };
        let state = BTreeMap::from([("up", &self.up.value), (key, value)]);
        Digest::of(serde_json_canonicalizer::to_vec(&state).expect("a map of strings is plain JSON"))
    }
}

/// What a [`SqlRequest`] does in a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlChange {
    /// Its name.
    pub name: String,
    /// What it says that it changes.
    pub touches: Vec<TableName>,
    /// Whether it is new or its SQL differs from the base, so that it is run.
    pub runs: bool,
}
