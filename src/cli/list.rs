//! `list` and `show`.

use std::fmt::Write as _;

use anyhow::bail;
use serde::Serialize;

use super::{
    Ended,
    arguments::{Format, List, Selection},
    context::{Context, MAX_FILE_BYTES},
    output,
};
use crate::{
    migration::Chains,
    model::{Outcome, RequestOutcome, Subject, Table, Tree},
    pipeline,
    policy::PathKind,
    report::terminal::{plural, printable},
};

/// A request in the seed's shape.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    id: Option<uuid::Uuid>,
    table_name: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
    file: &'a str,
}

#[derive(Debug, Serialize)]
struct Listing<'a> {
    requests: Vec<Listed<'a>>,
    total: usize,
    limit: usize,
    offset: usize,
}

/// Every request of the working tree with its status.
pub(super) fn list(context: &Context, list: &List, format: Format) -> anyhow::Result<Ended> {
    let (outcome, landed) = everything(context)?;
    let all = outcome.requests.iter().map(|request| listed(request, &landed));
    let matching: Vec<_> =
        all.filter(|item| list.status.as_deref().is_none_or(|wanted| wanted == item.status)).collect();
    let total = matching.len();
    let page: Vec<_> = matching.into_iter().skip(list.offset).take(list.limit).collect();
    if format == Format::Json {
        output::print_json(&Listing { requests: page, total, limit: list.limit, offset: list.offset })?;
        return Ok(Ended::Well);
    }
    let width = page.iter().map(|item| printable(&item.table_name).len()).max().unwrap_or(0);
    let mut text = String::new();
    for item in &page {
        let table = printable(&item.table_name);
        let _ = writeln!(text, "{table:width$}  {:9}  {}", item.status, printable(item.file));
    }
    if page.len() < total {
        let _ = writeln!(text, "{} of {}; --offset and --limit show the others", page.len(), plural(total, "request"));
    } else if page.is_empty() {
        let _ = writeln!(text, "No requests.");
    }
    output::print(&text)?;
    Ok(Ended::Well)
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    #[serde(flatten)]
    listed: Listed<'a>,
    requested_by: Option<&'a str>,
    requested_by_username: Option<&'a str>,
    justification: Option<&'a str>,
    related_issue: Option<&'a str>,
    migrations: Vec<String>,
    table: Option<&'a Table>,
}

/// One table: its request, its state and its migrations.
pub(super) fn show(context: &Context, table: &str, format: Format) -> anyhow::Result<Ended> {
    let (outcome, landed) = everything(context)?;
    let called = |request: &&RequestOutcome| {
        let by_name = request.table.as_ref().is_some_and(|name| name.short() == table || name.to_string() == table);
        let by_sql = request.sql.as_ref().is_some_and(|sql| sql.name == table);
        by_name || by_sql || request.registry_id.is_some_and(|id| id.to_string() == table)
    };
    let Some(request) = outcome.requests.iter().find(called) else {
        bail!("no request describes `{}`; `schema-registry list` shows those that there are", printable(table));
    };
    let policy = context.policy()?;
    let chains = Chains::read(&context.working_tree(&policy)?, &policy.migrations);
    let of_table = request.table.as_ref().map(Subject::from);
    let subject = of_table.or_else(|| Some(Subject::Sql(request.sql.as_ref()?.name.clone())));
    let links = subject.map(|subject| chains.links(subject)).unwrap_or_default();
    let claims = &request.claims;
    let shown = Shown {
        listed: listed(request, &landed),
        requested_by: claims.requested_by.as_deref(),
        requested_by_username: claims.requested_by_username.as_deref(),
        justification: claims.justification.as_deref(),
        related_issue: claims.related_issue.as_deref(),
        migrations: links.iter().flat_map(|link| &link.files).map(|file| file.stem.clone()).collect(),
        table: request.change.as_ref().and_then(|change| change.after.as_ref()),
    };
    match format {
        Format::Json => output::print_json(&shown)?,
        Format::Human => output::print(&human(&shown))?,
    }
    Ok(Ended::Well)
}

fn human(shown: &Shown<'_>) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: Option<&str>| {
        if let Some(value) = value {
            let _ = writeln!(text, "{label:14} {}", printable(value));
        }
    };
    line(if shown.listed.id.is_some() { "table" } else { "SQL request" }, Some(&shown.listed.table_name));
    line("registry id", shown.listed.id.map(|id| id.to_string()).as_deref());
    line("status", Some(shown.listed.status));
    line("file", Some(shown.listed.file));
    line("owner", shown.listed.owner);
    line("requested by", shown.requested_by);
    line("username", shown.requested_by_username);
    line("justification", shown.justification);
    line("related issue", shown.related_issue);
    for migration in &shown.migrations {
        line("migration", Some(migration));
    }
    for column in shown.table.iter().flat_map(|table| &table.columns) {
        let null = if column.nullable { "" } else { " not null" };
        let default = column.default.as_ref().map(|value| format!(" default {value}")).unwrap_or_default();
        line("column", Some(&format!("{} {}{null}{default}", column.name, column.type_name)));
    }
    text
}

/// Every request of the working tree, and the request files on the default branch.
fn everything(context: &Context) -> anyhow::Result<(Outcome, Tree)> {
    let outcome = pipeline::evaluate(&context.snapshot(&Selection { all: true, changed_since: None })?);
    let tip = context.git.as_ref().map(|git| Ok::<_, anyhow::Error>((git, git.default_branch_tip()?))).transpose()?;
    let Some((git, Some(tip))) = tip else { return Ok((outcome, Tree::new())) };
    let policy = context.policy()?;
    let landed = git.read_tree(&tip, &|path| policy.classify(path) == PathKind::Request, MAX_FILE_BYTES)?;
    Ok((outcome, landed))
}

/// What git alone can tell: what the default branch has was approved, anything else is requested.
fn listed<'a>(request: &'a RequestOutcome, landed: &Tree) -> Listed<'a> {
    let same = landed.get(&request.path).is_some_and(|file| file.bytes.ends_with(request.text.as_bytes()));
    Listed {
        id: request.registry_id,
        table_name: request.subject().unwrap_or_else(|| request.path.clone()),
        status: if same { "approved" } else { "requested" },
        owner: request.claims.owner.as_deref(),
        file: &request.path,
    }
}
