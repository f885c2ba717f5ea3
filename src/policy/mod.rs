//! What the organisation demands: `schema-registry.toml`, read and checked.

mod approval;
mod audit;
mod codeowners;
mod governed;
mod limits;
mod nearest;
mod read;
mod section;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use approval::{ApprovalPolicy, Owners, Required};
pub use audit::AuditPolicy;
pub use codeowners::{CODEOWNERS_FILES, CodeOwners, Owner};
pub use governed::{PathKind, is_control_file};
pub use limits::LimitsPolicy;
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
    /// The file with what tables lean on and no request describes, SQL that `verify` runs first; `prelude.sql` in the
    /// folder of the request files where `None`.
    pub prelude: Option<String>,
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
    /// `[limits]`.
    pub limits: LimitsPolicy,
    /// `[review] comment`.
    pub comments: Comments,
    /// `[gate] branches`: judged beside the default branch.
    pub gate_branches: Vec<String>,
}

/// What is written on a pull request; the status always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Comments {
    /// Nothing. Labels do not approve then, because no summary has shown what they would approve.
    Off,
    /// The summary.
    Summary,
    /// The summary, and comments on the lines.
    #[default]
    Full,
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
            prelude: None,
            postgres_version: 15,
            allowed_types: Vec::new(),
            severities: BTreeMap::new(),
            approval: ApprovalPolicy::default(),
            audit: AuditPolicy::default(),
            limits: LimitsPolicy::default(),
            comments: Comments::default(),
            gate_branches: Vec::new(),
        }
    }
}

impl Policy {
    /// Path of the prelude, whether or not there is one.
    #[must_use]
    pub fn prelude_path(&self) -> String {
        self.prelude.clone().unwrap_or_else(|| format!("{}/prelude.sql", self.requests))
    }

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
    /// prelude = "schema-requests/prelude.sql" # what `verify` runs first
    /// [types]
    /// allow = ["citext", "vector"]    # beyond the built-in ones
    /// [rules]
    /// table-name-not-plural = "off"   # error, warning, notice or off
    /// [approval]
    /// label = "schema-approved"
    /// veto_label = "schema-rejected"
    /// permission = "maintain"         # that role or a higher one; or exact roles: ["admin", "Schema owner"]
    /// approvers = [583231, { id = 1024, login = "octocat" }]
    /// teams = ["octo/dba"]
    /// codeowners = false              # whether changed files also need one of their code owners
    /// min_review_seconds = 60
    /// [approval.required]             # by class of change; `required = 1` is the same number for all
    /// metadata = 1
    /// ordinary = 1
    /// waived_error = 2
    /// data_loss = 2
    /// drop = 2
    /// raw_sql = 2
    /// baseline = 2
    /// control_file = 2
    /// [[approval.owners]]             # who of must be among those who approve a change of these files
    /// paths = ["schema-requests/billing/**"]
    /// approvers = [583231]
    /// teams = ["octo/billing"]
    /// [audit]
    /// branch = "schema-registry/audit"
    /// origin = "schema-registry/github.com/1296269"
    /// first_entry = "2a3b..."         # leaf hash of the first entry
    /// keys = ["schema-registry/github.com/1296269+6f1c0a52+AWZ8..."] # the present one first
    /// witnesses = ["witness.example/w1+5a0b1c2d+BHx9..."]
    /// cosignatures = 1                # how many of them `audit verify` asks for
    /// [limits]                        # none unless set
    /// open_requests = 5               # open pull requests with requests, for each author
    /// requests_per_day = 10           # opened within 24 hours, for each author
    /// tables_per_change = 20
    /// [review]
    /// comment = "full"                # off, summary or full: with comments on the lines
    /// [gate]
    /// branches = ["release"]          # beside the default branch
    /// ```
    pub fn parse(text: &str, known_rules: &[&str]) -> Result<Self, PolicyError> {
        read::read(text, known_rules)
    }
}
