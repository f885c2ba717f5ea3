//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};

/// GitOps of PostgreSQL schemas: every table is asked for, checked, approved and remembered.
#[derive(Debug, Parser)]
#[command(name = "schema-registry", version, max_term_width = 100, disable_help_subcommand = true)]
pub(super) struct Arguments {
    /// Work as if started in this folder.
    #[arg(short = 'C', long, global = true, value_name = "DIR", default_value = ".")]
    pub(super) directory: PathBuf,
    /// How to print results.
    #[arg(long, global = true, value_enum, default_value_t = Rendering::Human)]
    pub(super) format: Rendering,
    /// Whether to colour what is printed for people.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(super) color: Color,
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
}

/// How to print results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Rendering {
    /// For people.
    Human,
    /// For programs.
    Json,
    /// For issues and pull requests: `check`, `plan` and `diff`.
    Markdown,
    /// Workflow commands, which GitHub Actions shows as annotations: `check`.
    Github,
    /// For code scanning and editors: `check`.
    Sarif,
}

impl Rendering {
    /// The same for a command that prints for people and programs alone.
    pub(super) fn format(self) -> anyhow::Result<Format> {
        match self {
            Self::Human => Ok(Format::Human),
            Self::Json => Ok(Format::Json),
            Self::Markdown | Self::Github | Self::Sarif => Err(self.refused()),
        }
    }

    /// What somebody is told who asks a command for what it cannot print.
    pub(super) fn refused(self) -> anyhow::Error {
        let name = self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        anyhow::anyhow!(
            "this command cannot print `--format {name}`: `human` and `json` are for every command, `markdown` for \
             `check`, `plan` and `diff`, `github` and `sarif` for `check`"
        )
    }
}

/// How most commands print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// Show how the tables and SQL requests of one revision, folder or file differ from those of another.
    ///
    /// Renames are followed, and two spellings of what PostgreSQL stores alike are no difference. Of a SQL request it says
    /// whether it runs, runs again, or is only described in other words.
    Diff(Diff),
    /// Prove the migrations on a real PostgreSQL.
    ///
    /// Runs what changed since the merge base up, up again, down and up, and kills it after each statement to run it again
    /// from the start; compares the catalog at each step, and what was locked and rewritten with the plan. Migrations that
    /// are merged already are only run; `--all` proves them too, and so does a run without git history.
    Verify(Verify),
    /// Write the workflows that run this tool on GitHub, and a policy to start from.
    ///
    /// Says what is left to do by hand. A workflow that is there and differs is overwritten with --force only, a policy
    /// never.
    Init(Init),
    /// Look at the set-up: what is safe, what holds only as long as those who may write wish it so, and what is broken.
    ///
    /// Reads the policy and the workflows of the working tree, and asks GitHub for the rules of the branches. Prints the
    /// rulesets that mend what rules can mend. Exit code 1: something is broken.
    Doctor,
    /// Take over a database that is there: a request for each table, declarations for the rest, and a baseline.
    ///
    /// Nothing of the database changes, and no migration is written. What the registry will not know about is listed.
    Import(Import),
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
    Action(Action),
}

/// `action`.
#[derive(Debug, Args)]
pub(super) struct Action {
    /// Do this part alone, for workflows that give each part a job with permissions of its own.
    #[arg(long, value_enum)]
    pub(super) only: Option<Only>,
}

/// A part of what the Action does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Only {
    /// Comments and labels of pull requests; needs `pull-requests: write`.
    Review,
    /// The audit log and the commit status; needs `contents: write` and `statuses: write`.
    Record,
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

/// `diff`.
#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The earlier one: a revision, a repository, a folder of request files or one of them.
    #[arg(value_name = "A")]
    pub(super) before: String,
    /// The later one; the working tree when it is left out.
    #[arg(value_name = "B")]
    pub(super) after: Option<String>,
    /// Exit with 1 if there are differences.
    #[arg(long)]
    pub(super) exit_code: bool,
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

/// `init`.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// The Action to run, at a commit that you have read: `owner/name@` and its 40 digits.
    #[arg(long, value_name = "OWNER/NAME@COMMIT", value_parser = pinned)]
    pub(super) action: String,
    /// Who can see the repository; GitHub is asked when it is left out.
    #[arg(long, value_enum)]
    pub(super) visibility: Option<Visibility>,
    /// Write as a GitHub App of yours instead of with the token of the job.
    #[arg(long)]
    pub(super) app: bool,
    /// Overwrite workflows that differ.
    #[arg(long)]
    pub(super) force: bool,
}

/// Who can see a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Visibility {
    /// Everybody.
    Public,
    /// Its members, or everybody in the enterprise.
    Private,
}

/// An action, pinned. A branch or a tag can be moved to other code by whoever gets into its repository.
/// Source: <https://docs.github.com/en/actions/reference/security/secure-use#using-third-party-actions>
fn pinned(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let name = |part: &str| !part.is_empty() && part.bytes().all(plain);
    let valid = text.split_once('@').is_some_and(|(repository, commit)| {
        repository.split_once('/').is_some_and(|(owner, repository)| name(owner) && name(repository))
            && commit.len() == 40
            && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    let why = "expected owner/name@commit, the commit with all of its 40 digits; a branch or a tag can be moved";
    if valid { Ok(text.to_owned()) } else { Err(why.to_owned()) }
}

/// `import`.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// What `pg_dump --schema-only` wrote, `-` for the standard input; it is loaded into a temporary server.
    #[arg(value_name = "DUMP", required_unless_present = "database_url")]
    pub(super) dump: Option<PathBuf>,
    /// Read this database, where no dump is given; it is only read.
    #[arg(long, value_name = "URL", env = "SCHEMA_REGISTRY_DATABASE_URL", hide_env_values = true)]
    pub(super) database_url: Option<String>,
    /// Team or person who answers for what is imported.
    #[arg(long, value_name = "OWNER")]
    pub(super) owner: String,
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
    ///
    /// Where the policy names a key under `[audit] keys`, its private key is read from `SCHEMA_REGISTRY_SIGNING_KEY`.
    Init {
        /// Numeric id of the repository on GitHub.
        #[arg(long, value_name = "ID", env = "GITHUB_REPOSITORY_ID", value_parser = value_parser!(u64).range(1..))]
        repo_id: Option<u64>,
    },
    /// Make a key that signs the log, and print the lines of the policy that pin it.
    Keygen {
        /// New file for the private key, which goes into the secret `SCHEMA_REGISTRY_SIGNING_KEY`.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Numeric id of the repository on GitHub.
        #[arg(long, value_name = "ID", env = "GITHUB_REPOSITORY_ID", value_parser = value_parser!(u64).range(1..))]
        repo_id: Option<u64>,
        /// Make the key of a witness of this name instead.
        #[arg(long, value_name = "NAME", conflicts_with = "repo_id")]
        witness: Option<String>,
    },
    /// Sign with another key from here on: that in `SCHEMA_REGISTRY_SIGNING_KEY`, which the policy must name.
    ///
    /// The new signature vouches for all that the log has, so this verifies it before, with what the policy pins: the key
    /// that signed until now must be among `[audit] keys`, after the new one.
    Rotate {
        /// The log was never signed: sign it for the first time.
        #[arg(long)]
        unsigned: bool,
    },
    /// Print the entries, oldest first.
    Log,
    /// Show everything that the log says about a table, a pull request, a commit or a digest.
    Show {
        /// A table, `#7`, the beginning of a commit id or of a digest, or the id of an entry.
        what: String,
    },
    /// Prove that an entry is in the log, or that the log only grew, to somebody who has no clone.
    Prove(Prove),
    /// Recompute the log's tree and everything that can be derived from its entries, check who signed it, and compare what
    /// landed with the history.
    ///
    /// Exit code 1: something is wrong. 2: this clone lacks the history that it takes to tell.
    Verify(VerifyLog),
    /// Check a checkpoint against the one seen last, and cosign it as a witness.
    ///
    /// The key of the witness is read from `SCHEMA_REGISTRY_WITNESS_KEY`.
    Cosign(Cosign),
}

/// `audit prove`.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Prove {
    /// Index or id of an entry. Prints a C2SP tlog-proof.
    pub(super) entry: Option<String>,
    /// An earlier checkpoint. Prints what a C2SP witness takes to cosign the present one.
    #[arg(long, value_name = "FILE")]
    pub(super) since: Option<PathBuf>,
}

/// `audit verify`.
#[derive(Debug, Args)]
pub(super) struct VerifyLog {
    /// An earlier checkpoint that the log must have grown from; may be given many times.
    #[arg(long, value_name = "FILE")]
    pub(super) witness: Vec<PathBuf>,
    /// Check this proof of `audit prove` instead; no clone is needed.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["witness", "log_only"])]
    pub(super) proof: Option<PathBuf>,
    /// Leave out what takes the history of the base branches.
    #[arg(long)]
    pub(super) log_only: bool,
}

/// `audit cosign`.
#[derive(Debug, Args)]
pub(super) struct Cosign {
    /// The checkpoint seen last; replaced by the cosigned one. The first time there is none.
    #[arg(long, value_name = "FILE")]
    pub(super) state: PathBuf,
}
