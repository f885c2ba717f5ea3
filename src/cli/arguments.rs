//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// GitOps of PostgreSQL schemas: every table is asked for, checked, approved and remembered.
#[derive(Debug, Parser)]
#[command(name = "schema-registry", version, max_term_width = 100, disable_help_subcommand = true)]
pub(super) struct Arguments {
    /// Work as if started in this folder.
    #[arg(short = 'C', long, global = true, value_name = "DIR", default_value = ".")]
    pub(super) directory: PathBuf,
    /// How to print results.
    #[arg(long, global = true, value_enum, default_value_t = Format::Human)]
    pub(super) format: Format,
    /// Whether to colour what is printed for people.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(super) color: Color,
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
}

/// How to print results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Human,
    /// For programs.
    Json,
}

/// Whether to colour what is printed for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check request files and migrations against the policy.
    ///
    /// Judges what changed since the merge base with the default branch; without git history, everything.
    Check(Check),
    /// Show what each change would run, what it locks and what it loses.
    Plan(Selection),
    /// Write the migrations that the changed requests need.
    ///
    /// Fills in missing `requestedAt` values and removes migrations of this branch that no change needs any more.
    Generate(Selection),
    /// Prove the migrations on a real PostgreSQL.
    ///
    /// Runs what changed since the merge base up, up again, down and up, and kills it after each statement to run it again
    /// from the start; compares the catalog at each step, and what was locked and rewritten with the plan. Migrations that
    /// are merged already are only run; `--all` proves them too, and so does a run without git history.
    Verify(Verify),
    /// List the requests.
    List(List),
    /// Show one table: its request, its state and its migrations.
    Show {
        /// Name of the table, or its registry id.
        table: String,
    },
    /// Explain a rule: why it exists, what triggers it, what is better.
    Explain {
        /// Id of the rule; all of them are listed when it is left out.
        rule: Option<String>,
    },
    /// Create, read and verify the audit log.
    #[command(subcommand)]
    Audit(Audit),
    /// Run as a GitHub Action: read the event, review the pull request, record and gate.
    Action,
}

/// Which requests are judged.
#[derive(Debug, Clone, Args)]
pub(super) struct Selection {
    /// Judge every table as if it were new.
    #[arg(long, conflicts_with = "changed_since")]
    pub(super) all: bool,
    /// Judge what changed since the merge base with this revision.
    #[arg(long, value_name = "REV")]
    pub(super) changed_since: Option<String>,
}

/// `check`.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Which requests are judged.
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Do not print the SQL of each change.
    #[arg(long)]
    pub(super) no_preview: bool,
}

/// `verify`.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Which changes are proved.
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Use this server instead of a temporary one; a scratch database is made there and dropped again.
    #[arg(long, value_name = "URL", env = "SCHEMA_REGISTRY_DATABASE_URL", hide_env_values = true)]
    pub(super) database_url: Option<String>,
    /// Folder with `initdb` and `postgres`, for the temporary server.
    #[arg(long, value_name = "DIR", env = "PG_BIN")]
    pub(super) pg_bin: Option<PathBuf>,
}

/// `list`.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Only requests with this status.
    #[arg(long, value_parser = ["draft", "requested", "approved", "migrated", "rejected"])]
    pub(super) status: Option<String>,
    /// Number of requests at most.
    #[arg(long, default_value_t = 50)]
    pub(super) limit: usize,
    /// Number of requests to pass over.
    #[arg(long, default_value_t = 0)]
    pub(super) offset: usize,
}

/// `audit`.
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Create the audit log on its branch and push it to `origin`.
    Init {
        /// Numeric id of the repository on GitHub.
        #[arg(long, value_name = "ID", env = "GITHUB_REPOSITORY_ID")]
        repo_id: Option<u64>,
    },
    /// Print the entries, oldest first.
    Log,
    /// Recompute the log's tree and everything that can be derived from its entries.
    Verify,
}
