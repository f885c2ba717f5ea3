//! `explain`.

use anyhow::bail;

use super::{Ended, arguments::Format, output};
use crate::{
    policy::nearest,
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
    let Some(rule) = rules::find(id) else {
        let hint = nearest(id, known.iter().map(|rule| rule.id)).map(|id| format!("; did you mean `{id}`?"));
        let hint = hint.unwrap_or(";".to_owned());
        bail!("there is no rule `{}`{hint} `schema-registry explain` lists them", printable(id));
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
