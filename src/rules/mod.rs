//! Rules: context to violations.

use chrono::{DateTime, Utc};

use crate::{
    model::{Catalog, Change, Migration, Refusal, Request, Severity, Table, Tree, Unsupported, Violation},
    policy::Policy,
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
}

/// A migration of the revision that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaleMigration {
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What to do about it.
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
}

/// The check of a rule.
#[derive(Clone, Copy)]
pub enum Check {
    /// Runs once for every judged request file.
    Request(fn(&RequestContext<'_>, &mut Report<'_>)),
    /// Runs once.
    Tree(fn(&TreeContext<'_>, &mut Report<'_>)),
}

/// A rule's declaration; everything that people read about it is generated from here.
pub struct Rule {
    /// Kebab-case id, stable.
    pub id: &'static str,
    /// Severity where the policy names no other.
    pub severity: Severity,
    /// One line: what it reports.
    pub summary: &'static str,
    /// Why it matters, in plain Markdown.
    pub rationale: &'static str,
    /// Files that trigger it and the same files corrected.
    pub example: Example,
    /// The check.
    pub check: Check,
}

/// A triggering example and its correction; run by a test.
pub struct Example {
    /// Base files: path and text.
    pub base: &'static [(&'static str, &'static str)],
    /// Files that trigger the rule.
    pub bad: &'static [(&'static str, &'static str)],
    /// Files that do not.
    pub good: &'static [(&'static str, &'static str)],
}

/// Where a rule puts what it finds; knows the rule, its severity, and how to turn routes into places.
pub struct Report<'a> {
    _todo: &'a (),
}

/// Every rule, sorted by id.
#[must_use]
pub fn all() -> &'static [&'static Rule] {
    todo!()
}

/// Runs every request rule that is on; waivers applied; sorted by place, then rule.
#[must_use]
pub fn check_request(_context: &RequestContext<'_>) -> Vec<Violation> {
    todo!()
}

/// Runs every tree rule that is on; sorted by file, place, then rule.
#[must_use]
pub fn check_tree(_context: &TreeContext<'_>) -> Vec<Violation> {
    todo!()
}
