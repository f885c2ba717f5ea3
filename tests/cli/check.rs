//! `check`: what is judged, what is said, which exit code.

use crate::project::{Project, TEAMS, another};

#[test]
fn an_empty_folder_passes() {
    let project = Project::new();
    assert_eq!(project.outcome(&["check"]), (0, "0 requests: 0 errors, 0 warnings, 0 notices\n".to_owned()));
}

#[test]
fn without_history_everything_is_judged_as_new() {
    let project = Project::new();
    project.write("schema-requests/teams.yaml", TEAMS);
    assert_eq!(project.violations(&[]), ["stale-migration schema-requests/teams.yaml:1:12"]);
    assert_eq!(project.run(&["generate"]).status.code(), Some(0));
    let (code, text) = project.outcome(&["check"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("CREATE TABLE IF NOT EXISTS public.teams"), "{text}");
    assert!(text.ends_with("1 request: 0 errors, 0 warnings, 0 notices\n"), "{text}");
}

#[test]
fn an_error_is_shown_under_its_line_and_exits_with_one() {
    let project = Project::new();
    let request = TEAMS.replace("name: title", "name: teamTitle");
    project.write("schema-requests/teams.yaml", &request);
    assert_eq!(project.run(&["generate"]).status.code(), Some(0));
    let (code, text) = project.outcome(&["check", "--no-preview"]);
    assert_eq!(code, 1);
    insta::assert_snapshot!(text, @r"
    error[column-name-not-snake-case]: Invalid column name: `teamTitle` is not snake_case
     --> schema-requests/teams.yaml:6:14
      |
    6 |     - {name: teamTitle, type: TEXT, nullable: false}
      |              ^^^^^^^^^
      |
      = help: Use lowercase snake_case names: `team_title`

    1 request: 1 error, 0 warnings, 0 notices
    ");
}

#[test]
fn a_broken_file_never_hides_the_others() {
    let project = Project::new();
    project.write("schema-requests/broken.yaml", "tableName: [\n");
    project.write("schema-requests/teams.yaml", &TEAMS.replace("TEXT", "VARCHAR(20)"));
    let rules: Vec<String> = project.violations(&[]);
    assert!(rules.iter().any(|line| line.starts_with("invalid-request schema-requests/broken.yaml")), "{rules:?}");
    assert!(rules.iter().any(|line| line == "varchar-instead-of-text schema-requests/teams.yaml:6:27"), "{rules:?}");
}

#[test]
fn only_what_the_branch_changes_is_judged() {
    let project = Project::with_history();
    assert_eq!(project.violations(&[]), [""; 0]);
    project.write(
        "schema-requests/offices.yaml",
        &another("offices").replace("UUID", "INTEGER").replace("gen_random_uuid()", "1"),
    );
    project.git(&["checkout", "--quiet", "main"]);
    project.write("schema-requests/zones.yaml", &another("zones").replace("requestedBy: ann", "requestedBy: [ann]"));
    project.git(&["add", "schema-requests/zones.yaml"]);
    project.git(&["commit", "--quiet", "-m", "zones"]);
    project.git(&["checkout", "--quiet", "work"]);
    let report = project.json(&["check"]);
    let files: Vec<&str> =
        report["requests"].as_array().expect("a list").iter().map(|r| r["file"].as_str().expect("text")).collect();
    assert_eq!(files, ["schema-requests/offices.yaml"]);
}

#[test]
fn deleting_a_live_table_is_an_error_that_says_how_to_drop_it() {
    let project = Project::with_history();
    project.git(&["rm", "--quiet", "schema-requests/teams.yaml"]);
    let (code, text) = project.outcome(&["check"]);
    assert_eq!(code, 1);
    assert!(text.contains("destructive-change") && text.contains("lifecycle: dropped"), "{text}");
}

#[test]
fn a_merged_migration_is_immutable() {
    let project = Project::with_history();
    let path = format!("migrations/{}", project.names("migrations")[1]);
    project.write(&path, &(project.read(&path) + "-- more\n"));
    assert_eq!(project.violations(&[]), [format!("edited-migration {path}:1:1")]);
}

#[test]
fn a_change_that_cannot_be_carried_out_is_refused() {
    let project = Project::with_history();
    project.write("schema-requests/teams.yaml", &TEAMS.replace("name: title", "name: label"));
    let violations = project.violations(&[]);
    assert!(violations.iter().any(|line| line.starts_with("unsupported-change")), "{violations:?}");
}

#[test]
fn the_policy_is_that_of_the_base() {
    let project = Project::with_history();
    project.write("schema-registry.toml", "[rules]\nmissing-primary-key = \"off\"\n");
    let request = another("offices").replace("primaryKey: true, ", "");
    project.write("schema-requests/offices.yaml", &request);
    assert_eq!(project.run(&["generate"]).status.code(), Some(0));
    let violations = project.violations(&[]);
    assert!(violations.iter().any(|line| line.starts_with("missing-primary-key")), "{violations:?}");
    assert!(project.violations(&["--all"]).iter().all(|line| !line.starts_with("missing-primary-key")));
}

#[test]
fn json_has_the_shape_of_the_seed() {
    let project = Project::new();
    project.write("schema-requests/teams.yaml", &TEAMS.replace("title, type: TEXT", "title, type: VARCHAR(20)"));
    assert_eq!(project.run(&["generate"]).status.code(), Some(0));
    let mut report = project.json(&["check"]);
    let migration = report["requests"][0]["migrations"][0].take();
    assert_eq!(report["requests"][0]["migrationPreview"].take(), migration);
    assert_eq!(migration["fileName"], "20260102_030405_create_teams");
    assert_eq!(migration["upSql"], project.read("migrations/20260102_030405_create_teams.up.sql"));
    assert_eq!(migration["downSql"], project.read("migrations/20260102_030405_create_teams.down.sql"));
    insta::assert_json_snapshot!(report, @r#"
    {
      "success": true,
      "requests": [
        {
          "file": "schema-requests/teams.yaml",
          "tableName": "teams",
          "registryId": "e610ee75-fd88-5f36-8188-7924e337cdea",
          "violations": [
            {
              "rule": "varchar-instead-of-text",
              "severity": "warning",
              "message": "Column `title` is VARCHAR",
              "suggestion": "Use TEXT instead, for flexibility; if the limit matters, add `check: length(title) <= 20`",
              "file": "schema-requests/teams.yaml",
              "line": 6,
              "column": 27,
              "endLine": 6,
              "endColumn": 38
            }
          ],
          "migrationPreview": null,
          "migrations": [
            null
          ]
        }
      ],
      "violations": []
    }
    "#);
}
