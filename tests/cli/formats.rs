//! `check --format`: what other programs read.

use serde_json::{Value, json};

use crate::project::{Project, TEAMS};

/// The schema of the standard.
/// Source: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json>
const SCHEMA: &str = include_str!("sarif-schema-2.1.0.json");

/// One error, one waived warning with a fix, one file that is not readable and has a name to be escaped.
fn project() -> Project {
    let project = Project::new();
    let waiver = "waivers:\n  - {rule: varchar-instead-of-text, reason: An old client, expires: 2999-01-01}\n";
    let request = TEAMS
        .replace("name: title, type: TEXT", "name: teamTitle, type: VARCHAR(40)")
        .replace("requestMetadata:", &format!("{waiver}requestMetadata:"));
    project.write("schema-requests/teams.yaml", &request);
    project.write("schema-requests/a b#.yaml", "tableName: [\n");
    project.run(&["generate"]);
    project
}

fn schema_errors(log: &Value) -> Vec<String> {
    let mut schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    // A bracket too many makes it a pattern that ECMAScript's strict mode refuses; no language is written anyway.
    for holder in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][holder]["properties"]["language"];
        language.as_object_mut().expect("an object").remove("pattern").expect("the pattern");
    }
    let validator = jsonschema::draft7::new(&schema).expect("a schema");
    validator.iter_errors(log).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().expect("a number")).expect("a small one")
}

#[test]
fn sarif_is_valid_and_says_what_check_says() {
    let project = project();
    let (code, text) = project.outcome(&["check", "--format", "sarif"]);
    assert_eq!(code, 1, "the exit code is that of every format");
    let log: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(schema_errors(&log), [""; 0]);
    let mut broken = log.clone();
    broken["runs"][0]["results"][0]["level"] = json!("fatal");
    assert_eq!(schema_errors(&broken).len(), 1, "the schema is looked at");

    let run = &log["runs"][0];
    let results = run["results"].as_array().expect("a list");
    let said = results.iter().map(|result| {
        let place = &result["locations"][0]["physicalLocation"];
        let region = &place["region"];
        let (uri, rule) = (&place["artifactLocation"]["uri"], result["ruleId"].as_str().expect("text"));
        assert_eq!(run["tool"]["driver"]["rules"][number(&result["ruleIndex"])]["id"], rule);
        let name = uri.as_str().expect("text").replace("%20", " ").replace("%23", "#");
        format!("{rule} {name}:{}:{}", region["startLine"], region["startColumn"])
    });
    let mut said: Vec<String> = said.collect();
    let mut checked = project.violations(&[]);
    said.sort();
    checked.sort();
    assert_eq!(said, checked);
    assert!(text.contains("schema-requests/a%20b%23.yaml"), "{text}");

    let of = |rule: &str| results.iter().find(|result| result["ruleId"] == rule).expect("it is reported");
    assert_eq!(
        of("varchar-instead-of-text")["suppressions"],
        json!([{"kind": "inSource", "status": "accepted", "justification": "An old client"}])
    );
    let change = &of("varchar-instead-of-text")["fixes"][0]["artifactChanges"][0];
    let replacement = &change["replacements"][0];
    let offset = |key: &str| number(&replacement["deletedRegion"][key]);
    let (start, length) = (offset("byteOffset"), offset("byteLength"));
    let request = project.read("schema-requests/teams.yaml");
    assert_eq!(&request[start..start + length], "VARCHAR(40)");
    assert_eq!(replacement["insertedContent"]["text"], "TEXT");
}

#[test]
fn workflow_commands_become_annotations() {
    let (code, text) = project().outcome(&["check", "--format", "github"]);
    assert_eq!(code, 1);
    let line = text.lines().find(|line| line.contains("column-name-not-snake-case")).expect("it is told");
    insta::assert_snapshot!(line, @"::error file=schema-requests/teams.yaml,line=6,endLine=6,col=14,endColumn=23,title=column-name-not-snake-case::Invalid column name: `teamTitle` is not snake_case%0AUse lowercase snake_case names: `team_title`");
    assert!(text.lines().all(|line| line.starts_with("::")), "{text}");
}

#[test]
fn markdown_is_the_summary_without_links() {
    let project = project();
    let (code, text) = project.outcome(&["check", "--format", "markdown"]);
    assert_eq!(code, 1);
    assert!(text.starts_with("## ❌ Schema review: fail\n\n**Errors must be fixed**\n"), "{text}");
    assert!(text.contains("| `schema-requests/teams.yaml:6` |"), "{text}");
    assert!(!text.contains("]("), "there is no page to link to: {text}");
}

#[test]
fn formats_that_a_command_has_not_are_refused() {
    let output = Project::new().run(&["list", "--format", "sarif"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "error: this command cannot print `--format sarif`: `human` and `json` are for every command, `markdown` for \
         `check`, `plan` and `diff`, `github` and `sarif` for `check`\n"
    );
}
