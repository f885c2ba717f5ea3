//! `explain`.

use anyhow::anyhow;

use super::{Ended, arguments::Format, output};
use crate::{
    report::terminal::printable,
    rules::{self, Rule},
};

/// Prints one rule, or the list of all.
pub(super) fn run(rule: Option<&str>, format: Format) -> anyhow::Result<Ended> {
    let known = rules::all();
    let Some(id) = rule else {
        match format {
            Format::Human => output::print(&list(known))?,
            Format::Json => output::print_json(&known.iter().map(|rule| json(rule)).collect::<Vec<_>>())?,
        }
        return Ok(Ended::Well);
    };
    let text = rules::explain(id).map_err(|nearest| {
        let hint = nearest.map_or_else(|| ";".to_owned(), |id| format!("; did you mean `{id}`?"));
        anyhow!("there is no rule `{}`{hint} `schema-registry explain` lists them", printable(id))
    })?;
    match (format, rules::find(id)) {
        (Format::Json, Some(rule)) => output::print_json(&json(rule))?,
        _ => output::print(&text)?,
    }
    Ok(Ended::Well)
}

fn list(rules: &[&Rule]) -> String {
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    let line = |rule: &&Rule| format!("{:width$}  {:7}  {}\n", rule.id, rule.severity.as_str(), rule.summary);
    rules.iter().map(line).collect()
}

fn json(rule: &Rule) -> serde_json::Value {
    serde_json::json!({
        "rule": rule.id,
        "severity": rule.severity,
        "summary": rule.summary,
        "rationale": rule.rationale,
    })
}
