//! What the organisation demands: `schema-registry.toml`, read and checked.

mod audit;
mod governed;
mod nearest;
mod read;
mod section;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use audit::AuditPolicy;
pub use governed::{PathKind, is_control_file};
pub use nearest::nearest;

use crate::model::{Severity, Span};

/// Name of the policy file, at the top of the repository.
pub const POLICY_FILE: &str = "schema-registry.toml";

/// A policy with every default filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Name of the database; part of every id. `default`.
    pub database: String,
    /// Folder of the request files. `schema-requests`.
    pub requests: String,
    /// Folder of the migrations. `migrations`.
    pub migrations: String,
    /// Major version of PostgreSQL that migrations must run on. 15.
    pub postgres_version: u32,
    /// Types beyond the built-in ones that columns may have, lower-case.
    pub allowed_types: Vec<String>,
    /// Severity by rule id where it differs from the rule's default; `None` switches the rule off.
    pub severities: BTreeMap<String, Option<Severity>>,
    /// `[approval]`.
    pub approval: ApprovalPolicy,
    /// `[audit]`.
    pub audit: AuditPolicy,
    /// `[gate] branches`: judged beside the default branch.
    pub gate_branches: Vec<String>,
}

/// `[approval]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalPolicy {
    /// Label that approves. `schema-approved`.
    pub label: String,
    /// How many approvals a change needs. 1.
    pub required: usize,
    /// Repository roles that may approve. `maintain`, `admin`.
    pub permission: Vec<String>,
    /// Numeric ids of further people who may approve.
    pub approvers: Vec<u64>,
    /// How long the summary must have been shown before a label counts. 60.
    pub min_review_seconds: u64,
}

/// What is wrong with a policy file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PolicyError {
    /// What is wrong and what to do.
    pub message: String,
    /// Bytes of the text.
    pub span: Option<Span>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            database: "default".to_owned(),
            requests: "schema-requests".to_owned(),
            migrations: "migrations".to_owned(),
            postgres_version: 15,
            allowed_types: Vec::new(),
            severities: BTreeMap::new(),
            approval: ApprovalPolicy::default(),
            audit: AuditPolicy::default(),
            gate_branches: Vec::new(),
        }
    }
}

impl Default for ApprovalPolicy {
    fn default() -> Self {
        Self {
            label: "schema-approved".to_owned(),
            required: 1,
            permission: vec!["maintain".to_owned(), "admin".to_owned()],
            approvers: Vec::new(),
            min_review_seconds: 60,
        }
    }
}

impl Policy {
    /// Reads the text of a policy file; `known_rules` are the ids that `[rules]` may name. The first mistake ends it:
    /// a policy that is half understood demands nothing that anyone could rely on.
    ///
    /// ```toml
    /// [database]
    /// name = "default"                # part of every registry id
    /// version = 15                    # major version of PostgreSQL
    /// [paths]
    /// requests = "schema-requests"
    /// migrations = "migrations"
    /// [types]
    /// allow = ["citext", "vector"]    # beyond the built-in ones
    /// [rules]
    /// table-name-not-plural = "off"   # error, warning, notice or off
    /// [approval]
    /// label = "schema-approved"
    /// required = 1
    /// permission = "maintain"         # that role or a higher one; or exact roles: ["admin", "Schema owner"]
    /// approvers = [583231, { id = 1024, login = "octocat" }]
    /// min_review_seconds = 60
    /// [audit]
    /// branch = "schema-registry/audit"
    /// origin = "schema-registry/github.com/1296269"
    /// first_entry = "2a3b..."         # leaf hash of the first entry
    /// keys = ["schema-registry/github.com/1296269+6f1c0a52+AWZ8..."] # the present one first
    /// witnesses = ["witness.example/w1+5a0b1c2d+BHx9..."]
    /// cosignatures = 1                # how many of them `audit verify` asks for
    /// [gate]
    /// branches = ["release"]          # beside the default branch
    /// ```
    pub fn parse(text: &str, known_rules: &[&str]) -> Result<Self, PolicyError> {
        read::read(text, known_rules)
    }
}
