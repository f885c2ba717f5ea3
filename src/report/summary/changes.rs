//! What the pull request does to each table, with the SQL.

use super::{Detail, SummaryFacts, diagram, folded, more, table};
use crate::{
    model::{ChangeKind, Claims, FileChange, Migration, RequestOutcome, SqlChange},
    report::{
        escape::{code, fence, html_code, prose},
        plan,
    },
};

/// Every touched request, then the other governed files.
pub(super) fn section(facts: &SummaryFacts<'_>, detail: Detail) -> Option<String> {
    let requests = &facts.outcome.requests;
    let mut parts: Vec<String> = requests.iter().take(detail.requests).map(|it| request(it, detail)).collect();
    let left_out = requests.len() - parts.len();
    parts.splice(0..0, diagram::section(facts.outcome, detail));
    if left_out > 0 {
        parts.push(format!("{left_out} more requests are not shown here; `schema-registry plan` shows them all."));
    }
    parts.extend(control_files(facts, detail));
    parts.extend(files(facts, detail));
    (!parts.is_empty()).then(|| format!("### Changes\n\n{}", parts.join("\n\n")))
}

fn request(request: &RequestOutcome, detail: Detail) -> String {
    let mut parts = vec![title(request)];
    parts.extend(claims(&request.claims));
    parts.extend(request.sql.as_ref().map(touches));
    parts.extend(plan::table(&request.plan, detail.rows));
    parts.extend(request.migrations.iter().map(|migration| up(migration, detail)));
    parts.extend(downs(&request.migrations, detail));
    parts.join("\n\n")
}

fn title(request: &RequestOutcome) -> String {
    let name = request.subject().map(|subject| code(&subject));
    let file = code(&request.path);
    match (request.kind(), name, &request.sql) {
        (Some(ChangeKind::None), Some(name), Some(_)) => format!("#### No change of the SQL of {name} ({file})"),
        (Some(ChangeKind::None), Some(name), None) => format!("#### No change of the schema of {name} ({file})"),
        (Some(kind), Some(name), _) => {
            let metadata =
                if request.plan.is_metadata() { format!(", {}", plan::METADATA_ONLY) } else { String::new() };
            format!("#### {} {name} ({file}){metadata}", capital(kind.verb()))
        }
        _ => format!("#### {file} could not be read"),
    }
}

/// What SQL says that it changes.
fn touches(sql: &SqlChange) -> String {
    let names: Vec<String> = sql.touches.iter().map(|name| code(&name.short())).collect();
    format!("SQL of the request itself, run as it is written. It says that it touches {}.", names.join(", "))
}

fn capital(verb: &str) -> String {
    let mut letters = verb.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

/// What the request says about itself; nobody has checked it.
fn claims(claims: &Claims) -> Option<String> {
    let mut parts = Vec::new();
    let by = claims.requested_by_username.as_ref().or(claims.requested_by.as_ref());
    parts.extend(by.map(|by| format!("requested by {}", code(by))));
    parts.extend(claims.owner.as_ref().map(|owner| format!("owner {}", code(owner))));
    parts.extend(claims.related_issue.as_ref().map(|issue| format!("for {}", code(issue))));
    let quote = claims.justification.as_ref().map(|why| format!("\n\n> {}", prose(why))).unwrap_or_default();
    match parts.is_empty() && quote.is_empty() {
        true => None,
        false if parts.is_empty() => Some(format!("The request says:{quote}")),
        false => Some(format!("The request says: {}{quote}", parts.join(", "))),
    }
}

fn up(migration: &Migration, detail: Detail) -> String {
    let name = migration.name.up_file();
    if detail.covered {
        folded(&format!("SQL up: {}", html_code(&name)), &fence("sql", &migration.up))
    } else {
        format!("SQL up: {} does not fit here", code(&name))
    }
}

/// What takes the change back, in the order in which it would run.
fn downs(migrations: &[Migration], detail: Detail) -> Option<String> {
    let name = |migration: &Migration| migration.name.down_file();
    let files = format!("{} files", migrations.len());
    Some(match migrations {
        [] => return None,
        [one] if detail.down => folded(&format!("SQL down: {}", html_code(&name(one))), &fence("sql", &one.down)),
        many if detail.down => {
            let blocks = many.iter().rev().map(|it| format!("{}\n\n{}", code(&name(it)), fence("sql", &it.down)));
            folded(&format!("SQL down: {files}"), &blocks.collect::<Vec<_>>().join("\n\n"))
        }
        [one] => format!("SQL down: {}, left out for its size", code(&name(one))),
        _ => format!("SQL down: {files}, left out for their size"),
    })
}

/// Files that decide how this very pull request is judged.
fn control_files(facts: &SummaryFacts<'_>, detail: Detail) -> Option<String> {
    let folders = [&facts.policy.requests, &facts.policy.migrations];
    let inside =
        |path: &str| folders.iter().any(|folder| path.strip_prefix(*folder).is_some_and(|it| it.starts_with('/')));
    let names: Vec<String> =
        facts.outcome.files.iter().filter(|file| !inside(&file.path)).map(|file| code(&file.path)).collect();
    if names.is_empty() {
        return None;
    }
    let shown = if detail.covered { names.len() } else { names.len().min(detail.rows) };
    let more = more(names.len(), shown, "control files");
    Some(format!(
        "#### Control files\n\nThis pull request changes {}. It is judged by what the base has, and its approval covers \
         the new bytes.{more}",
        names[..shown].join(", ")
    ))
}

fn files(facts: &SummaryFacts<'_>, detail: Detail) -> Option<String> {
    let files = &facts.outcome.files;
    if files.is_empty() || !detail.files {
        return None;
    }
    let rows: Vec<_> = files.iter().take(detail.rows).map(file).collect();
    let noun = if files.len() == 1 { "file" } else { "files" };
    let table = table(["File", "Base", "Merged result"], &rows);
    let title = format!("The bytes that an approval covers: {} {noun}", files.len());
    Some(folded(&title, &format!("{table}{}", more(files.len(), rows.len(), "files"))))
}

fn file(file: &FileChange) -> [String; 3] {
    let [before, after] =
        [file.before, file.after].map(|side| side.map_or_else(|| "–".to_owned(), |side| code(&side.digest.short())));
    [code(&file.path), before, after]
}
