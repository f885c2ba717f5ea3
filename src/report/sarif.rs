//! Violations as SARIF, which code scanning and editors read.
//! Source: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>
//!
//! Only what is written here is modelled: the crates that model all of SARIF generate their types with build
//! dependencies that nobody maintains.

use std::{borrow::Cow, collections::BTreeSet};

use serde::Serialize;

use super::escape::{url_path, visible};
use crate::{
    model::{Outcome, Position, Severity, Violation},
    rules::{self, Rule},
};

/// Where the schema is published that the output is valid against.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What [`Log::new`] calls the results of one run, so that code scanning replaces those of the run before.
const CATEGORY: &str = "schema-registry/";

/// What `check --format sarif` prints.
#[derive(Debug, Serialize)]
pub struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    automation_details: AutomationDetails,
    column_kind: &'static str,
    results: Vec<SarifResult<'a>>,
}

#[derive(Debug, Serialize)]
struct AutomationDetails {
    id: &'static str,
}

#[derive(Debug, Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<ReportingDescriptor<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportingDescriptor<'a> {
    id: &'a str,
    short_description: Text<'a>,
    full_description: Text<'a>,
    help: Help<'a>,
    default_configuration: Configuration,
}

#[derive(Debug, Serialize)]
struct Text<'a> {
    text: Cow<'a, str>,
}

#[derive(Debug, Serialize)]
struct Help<'a> {
    text: &'a str,
    markdown: String,
}

#[derive(Debug, Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: &'static str,
    message: Text<'a>,
    locations: [SarifLocation; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Fix<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifLocation {
    physical_location: PhysicalLocation,
    logical_locations: Vec<LogicalLocation>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    uri_base_id: &'static str,
}

/// Lines and columns from 1, the end column one past the last character.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Fix<'a> {
    description: Text<'a>,
    artifact_changes: [ArtifactChange<'a>; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange<'a> {
    artifact_location: ArtifactLocation,
    replacements: Vec<SarifReplacement<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifReplacement<'a> {
    deleted_region: ByteRegion,
    inserted_content: Text<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ByteRegion {
    byte_offset: usize,
    byte_length: usize,
}

/// A waiver stands in the request file and is approved with it.
#[derive(Debug, Serialize)]
struct Suppression<'a> {
    kind: &'static str,
    status: &'static str,
    justification: Cow<'a, str>,
}

impl Log<'_> {
    /// Every violation of `outcome`, with the rules that reported them; waived ones are suppressed results.
    #[must_use]
    pub fn new(outcome: &Outcome) -> Log<'_> {
        let reported: BTreeSet<&str> = outcome.all_violations().map(|violation| violation.rule).collect();
        let rules: Vec<&Rule> = rules::all().iter().copied().filter(|rule| reported.contains(rule.id)).collect();
        let results = outcome.all_violations().map(|violation| result(violation, &rules)).collect();
        let driver = Driver {
            name: env!("CARGO_PKG_NAME"),
            semantic_version: env!("CARGO_PKG_VERSION"),
            rules: rules.iter().map(|rule| descriptor(rule)).collect(),
        };
        let run = Run {
            tool: Tool { driver },
            automation_details: AutomationDetails { id: CATEGORY },
            column_kind: "unicodeCodePoints",
            results,
        };
        Log { schema: SCHEMA, version: "2.1.0", runs: [run] }
    }
}

fn descriptor(rule: &Rule) -> ReportingDescriptor<'_> {
    ReportingDescriptor {
        id: rule.id,
        short_description: Text { text: rule.summary.into() },
        full_description: Text { text: rule.rationale.into() },
        help: Help { text: rule.rationale, markdown: rules::explain(rule.id).unwrap_or_default() },
        default_configuration: Configuration { level: level(rule.severity) },
    }
}

fn result<'a>(violation: &'a Violation, rules: &[&Rule]) -> SarifResult<'a> {
    let place = &violation.location;
    let file = || ArtifactLocation { uri: url_path(&place.file), uri_base_id: "%SRCROOT%" };
    let suggestion = violation.suggestion.as_deref();
    let message = match suggestion {
        Some(suggestion) => format!("{}. {suggestion}", violation.message),
        None => violation.message.clone(),
    };
    let replacements: Vec<_> = violation
        .fix
        .iter()
        .map(|edit| SarifReplacement {
            deleted_region: ByteRegion { byte_offset: edit.span.start, byte_length: edit.span.end - edit.span.start },
            inserted_content: Text { text: edit.text.as_str().into() },
        })
        .collect();
    let fix = |replacements| Fix {
        description: Text { text: visible(suggestion.unwrap_or(&violation.message)).into() },
        artifact_changes: [ArtifactChange { artifact_location: file(), replacements }],
    };
    let route = place.route.to_string();
    let logical = (!route.is_empty()).then(|| LogicalLocation { fully_qualified_name: visible(&route) });
    SarifResult {
        rule_id: violation.rule,
        rule_index: rules.iter().position(|rule| rule.id == violation.rule).unwrap_or_default(),
        level: level(violation.severity),
        message: Text { text: visible(&message).into() },
        locations: [SarifLocation {
            physical_location: PhysicalLocation { artifact_location: file(), region: region(place.start, place.end) },
            logical_locations: logical.into_iter().collect(),
        }],
        fixes: Some(replacements).filter(|replacements| !replacements.is_empty()).map(fix).into_iter().collect(),
        suppressions: violation
            .waived
            .iter()
            .map(|waived| Suppression {
                kind: "inSource",
                status: "accepted",
                justification: visible(&waived.reason).into(),
            })
            .collect(),
    }
}

fn region(start: Position, end: Position) -> Region {
    Region { start_line: start.line, start_column: start.column, end_line: end.line, end_column: end.column }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Notice => "note",
    }
}
