//! `audit log` and `audit show`.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{open, pinned_policy};
use crate::{
    audit_log::{self, Recorded, Search},
    cli::{Ended, arguments::Format, context::Context, log::View, output},
    model::{Digest, Entry, EntryTable},
    report::terminal::printable,
};

/// Most tables with the same action that are named in a line.
const MAX_IN_LINE: usize = 5;

/// Most tables with the same action, and most blobs, that are told one by one of an entry.
const MAX_TOLD: usize = 20;

/// Prints every entry in a line.
pub(super) fn log(context: &Context, format: Format) -> anyhow::Result<Ended> {
    let mut view = open(context.git()?, &pinned_policy(context)?)?;
    let entries = view.entries()?;
    let text: String = match format {
        Format::Json => entries.into_iter().map(|recorded| recorded.line + "\n").collect(),
        Format::Human => whole_entries(&mut view, entries)?.iter().map(line).collect(),
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
    for (action, tables) in by_action(&entry.tables) {
        if tables.len() > MAX_IN_LINE {
            let _ = write!(text, "  {action} {} tables", tables.len());
        } else {
            text.extend(tables.iter().map(|table| format!("  {action} {}", table.table_name)));
        }
    }
    printable(&text) + "\n"
}

/// Tables by what happens to them, in the order in which that comes up.
fn by_action(tables: &[EntryTable]) -> Vec<(&str, Vec<&EntryTable>)> {
    let mut grouped: Vec<(&str, Vec<&EntryTable>)> = Vec::new();
    for table in tables {
        match grouped.iter_mut().find(|(action, _)| *action == table.action) {
            Some((_, tables)) => tables.push(table),
            None => grouped.push((&table.action, vec![table])),
        }
    }
    grouped
}

/// Prints everything that the log says about one thing.
pub(super) fn show(context: &Context, what: &str, format: Format) -> anyhow::Result<Ended> {
    let mut view = open(context.git()?, &pinned_policy(context)?)?;
    let search = Search::parse(what);
    let entries = found(&mut view, &search)?;
    let blob = match what.parse::<Digest>() {
        Ok(digest) => {
            let found = entries.iter().find(|found| found.entry.blobs.contains(&digest));
            found.map(|found| view.blob(found.index, &digest)).transpose()?.flatten()
        }
        Err(_) => None,
    };
    if entries.is_empty() {
        anyhow::bail!(
            "the log says nothing about {what:?}; ask for a table, `#7`, at least seven digits of a commit id or of a \
             digest, or the id of an entry"
        );
    }
    match format {
        Format::Json => {
            let entries: Vec<Value> =
                entries.iter().map(|found| json!({"index": found.index, "entry": found.entry})).collect();
            let blob = blob.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            output::print_json(&json!({"success": true, "entries": entries, "blob": blob}))?;
        }
        Format::Human => {
            let mut parts: Vec<String> = entries.iter().map(|entry| whole(entry, &search)).collect();
            parts.extend(blob.map(|bytes| {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let lines: String = text.lines().map(|line| "  ".to_owned() + &printable(line) + "\n").collect();
                format!("the bytes of {what}\n{lines}")
            }));
            output::print(&parts.join("\n"))?;
        }
    }
    Ok(Ended::Well)
}

fn found(view: &mut View, search: &Search) -> anyhow::Result<Vec<Recorded>> {
    if let Search::Pull(pr) = search {
        let entries = view.entries_of(*pr)?;
        return whole_entries(view, entries);
    }
    let entries = view.entries()?;
    Ok(whole_entries(view, entries)?.into_iter().filter(|recorded| search.finds(&recorded.entry)).collect())
}

/// The entries with what did not fit into their lines.
fn whole_entries(view: &mut View, entries: Vec<Recorded>) -> anyhow::Result<Vec<Recorded>> {
    let whole = entries.into_iter().map(|entry| view.with(|log, read| audit_log::with_overflow(log, entry, read)));
    Ok(whole.collect::<Result<_, _>>()?)
}

/// An entry with everything that it says, a line each. Of very many tables with the same action only those are told that
/// were asked for.
fn whole(recorded: &Recorded, search: &Search) -> String {
    let entry = &recorded.entry;
    let pull = entry.pr.map(|pr| format!("  #{pr}")).unwrap_or_default();
    let mut text = format!("entry {}  {}  {}{pull}\n", recorded.index, entry.at.format("%FT%TZ"), entry.kind.as_str());
    let mut say = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<10}  {}", printable(value));
    };
    say("id", &entry.id);
    if let Some(actor) = &entry.actor {
        say("by", &format!("{} (user {})", actor.login, actor.id));
    }
    facts(entry, &mut say);
    for (action, tables) in by_action(&entry.tables) {
        let many = tables.len() > MAX_TOLD;
        if many {
            say("tables", &format!("{action} {} tables; --format json names them", tables.len()));
        }
        for table in tables.into_iter().filter(|table| !many || search.names(table)) {
            say("table", &table_line(table));
            if let Some(justification) = &table.justification {
                say("", &format!("because: {justification}"));
            }
            for sql in &table.sql {
                say("", &format!("SQL {sql}"));
            }
        }
    }
    for violation in &entry.violations {
        let waived = if violation.waived { ", waived" } else { "" };
        let severity = format!("{:?}", violation.severity).to_lowercase();
        say("violation", &format!("{severity}{waived}: {} in {} {}", violation.rule, violation.path, violation.route));
    }
    text
}

fn facts(entry: &Entry, say: &mut dyn FnMut(&str, &str)) {
    let digests = [("digest", entry.digest), ("policy", entry.policy)];
    for (name, digest) in digests {
        if let Some(digest) = digest {
            say(name, &digest.to_string());
        }
    }
    for (name, commit) in [("before", &entry.before), ("after", &entry.after)] {
        if let Some(commit) = commit {
            say(name, commit);
        }
    }
    for approval in &entry.approvals {
        say("approval", approval);
    }
    if entry.blobs.len() > MAX_TOLD {
        say("blobs", &format!("{} files; --format json names them", entry.blobs.len()));
    } else {
        entry.blobs.iter().for_each(|blob| say("blob", &blob.to_string()));
    }
}

fn table_line(table: &EntryTable) -> String {
    let mut text = format!("{} {}, {}", table.action, table.table_name, table.status);
    if let Some(requester) = &table.requested_by {
        let _ = write!(text, ", requested by {requester} as claimed");
    }
    if let Some(issue) = &table.related_issue {
        let _ = write!(text, ", issue {issue}");
    }
    if !table.success {
        text.push_str(", failed");
    }
    text
}
