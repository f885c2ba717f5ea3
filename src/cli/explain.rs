//! `explain`.

use anyhow::bail;

use super::{Ended, arguments::Format, output};
use crate::rules::{self, Rule};

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
    let Some(rule) = known.iter().find(|rule| rule.id == id) else {
        let close = known.iter().max_by(|a, b| strsim::jaro(id, a.id).total_cmp(&strsim::jaro(id, b.id)));
        let hint = close.map(|rule| format!("; did you mean `{}`?", rule.id)).unwrap_or_default();
        bail!("there is no rule `{id}`{hint} `schema-registry explain` lists them");
    };
    match format {
        Format::Human => output::print(&rules::explain(rule))?,
        Format::Json => output::print_json(&json(rule))?,
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
