//! `audit init`, `audit log` and `audit verify`.

use std::fmt::Write as _;

use anyhow::Context as _;

use super::{
    Ended,
    arguments::{Audit, Format},
    context::Context,
    log::{Log, TOOL, View, tips},
    output,
};
use crate::{
    audit_log::{self, Initialisation, Origin, Recorded},
    git::Git,
    policy::Policy,
    report::terminal::{plural, printable},
};

/// The remote that clones have.
const REMOTE: &str = "origin";

pub(super) fn run(context: &Context, audit: &Audit, format: Format) -> anyhow::Result<Ended> {
    let policy = context.policy()?;
    let git = context.git()?;
    match audit {
        Audit::Init { repo_id } => init(context, git, &policy, *repo_id),
        Audit::Log => log(git, &policy, format),
        Audit::Verify => verify(git, &policy, format),
    }
}

fn init(context: &Context, git: &Git, policy: &Policy, repo_id: Option<u64>) -> anyhow::Result<Ended> {
    let repo = repo_id.context(
        "the numeric id of the repository is not known; give it with --repo-id \
         (`gh api repos/OWNER/NAME --jq .id` prints it)",
    )?;
    let (branch, tip) = git.remote_head(REMOTE)?.with_context(|| {
        format!("{REMOTE} has no default branch yet; push it first, so that the log has something to start from")
    })?;
    let log = Log { git, remote: REMOTE, token: None, branch: &policy.audit_branch, origin: origin(repo, policy) };
    log.create(&Initialisation {
        tips: tips(&branch, tip),
        actor: None,
        at: context.now,
        policy: None,
        tool: TOOL.to_owned(),
    })?;
    output::print(&format!("created the audit log of repository {repo} on {REMOTE}/{}\n", policy.audit_branch))?;
    Ok(Ended::Well)
}

fn log(git: &Git, policy: &Policy, format: Format) -> anyhow::Result<Ended> {
    let entries = open(git, policy)?.entries()?;
    let text: String = match format {
        Format::Json => entries.into_iter().map(|recorded| recorded.line + "\n").collect(),
        Format::Human => entries.iter().map(line).collect(),
    };
    output::print(&text)?;
    Ok(Ended::Well)
}

/// `3  2026-01-02T03:04:05Z  merged  #7  by ann  create public.teams`.
fn line(recorded: &Recorded) -> String {
    let entry = &recorded.entry;
    let mut text = format!("{:>4}  {}  {}", recorded.index, entry.at.format("%FT%TZ"), entry.kind.as_str());
    if let Some(pr) = entry.pr {
        let _ = write!(text, "  #{pr}");
    }
    if let Some(actor) = &entry.actor {
        let _ = write!(text, "  by {}", actor.login);
    }
    for table in &entry.tables {
        let _ = write!(text, "  {} {}", table.action, table.table_name);
    }
    printable(&text) + "\n"
}

fn verify(git: &Git, policy: &Policy, format: Format) -> anyhow::Result<Ended> {
    let commit = tip(git, policy)?;
    let paths = git.paths(&commit)?;
    let mut blobs = git.blobs(&commit)?;
    let mut read = |path: &str| blobs.read(path).map_err(Into::into);
    let report = audit_log::verify(None, &mut read, paths)?;
    match format {
        Format::Json => output::print_json(&serde_json::json!({
            "success": report.problems.is_empty(),
            "size": report.size,
            "root": report.checkpoint.map(|checkpoint| checkpoint.root.to_string()),
            "problems": report.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }))?,
        Format::Human => {
            let mut text: String =
                report.problems.iter().map(|problem| printable(&problem.to_string()) + "\n").collect();
            let entries =
                plural(usize::try_from(report.size).unwrap_or(usize::MAX), "entry").replace("entrys", "entries");
            let verdict = if report.problems.is_empty() { "the log is intact" } else { "THE LOG IS DAMAGED" };
            let _ = writeln!(text, "{entries} at commit {commit}: {verdict}");
            output::print(&text)?;
        }
    }
    Ok(Ended::well_if(report.problems.is_empty()))
}

fn open(git: &Git, policy: &Policy) -> anyhow::Result<View> {
    let commit = tip(git, policy)?;
    let mut blobs = git.blobs(&commit)?;
    let bytes = blobs.read("checkpoint")?.context("the branch holds no audit log; it has no checkpoint")?;
    let checkpoint = audit_log::Checkpoint::parse(&bytes).map_err(|what| {
        anyhow::anyhow!("the checkpoint of the audit log is damaged: {what}; `schema-registry audit verify` tells more")
    })?;
    View::open(git, commit, &checkpoint.origin)
}

/// The commit of the log that this clone has: the remote's, as last fetched, else a local branch.
fn tip(git: &Git, policy: &Policy) -> anyhow::Result<String> {
    let branch = &policy.audit_branch;
    for reference in [format!("refs/remotes/{REMOTE}/{branch}"), format!("refs/heads/{branch}")] {
        if let Some(commit) = git.resolve(&reference)? {
            return Ok(commit);
        }
    }
    anyhow::bail!(
        "this clone has no branch {branch}; fetch it with `git fetch {REMOTE} \
         +refs/heads/{branch}:refs/remotes/{REMOTE}/{branch}`, or create the log with `schema-registry audit init`"
    )
}

/// Whose log it is.
pub(super) fn origin(repo: u64, policy: &Policy) -> Origin {
    Origin { host: "github.com".to_owned(), repo, database: policy.database.clone() }
}
