//! Exit codes, errors, help: what a shell and a newcomer see.

use crate::project::{Project, TEAMS};

fn stderr(project: &Project, arguments: &[&str]) -> String {
    let output = project.run(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).expect("UTF-8")
}

#[test]
fn what_the_tool_cannot_do_exits_with_two_and_says_what_to_do() {
    let project = Project::new();
    assert_eq!(stderr(&project, &["-C", "absent", "check"]), "error: absent is not a folder; name one with -C\n");
    let error = stderr(&project, &["check", "--changed-since", "main"]);
    assert_eq!(error, "error: --changed-since main needs a git repository; leave it out to check everything\n");
    let error = stderr(&project, &["show", "nothing"]);
    assert_eq!(error, "error: no request describes `nothing`; `schema-registry list` shows those that there are\n");
    let error = stderr(&project, &["explain", "missing-primary-kye"]);
    assert!(error.contains("did you mean `missing-primary-key`?"), "{error}");
    let error = stderr(&project, &["action"]);
    assert!(error.contains("GITHUB_REPOSITORY is not set"), "{error}");
}

#[test]
fn a_mistake_in_the_policy_is_pointed_at() {
    let project = Project::new();
    project.write("schema-registry.toml", "[approval]\nrequierd = 2\n");
    let error = stderr(&project, &["check"]);
    assert!(error.starts_with("error: schema-registry.toml:2:1: "), "{error}");
    assert!(error.contains("required"), "{error}");
}

/// The base has one that can be read, so that nothing else tells before it is merged.
#[test]
fn a_mistake_that_a_branch_brings_into_the_policy_is_a_violation() {
    let project = Project::with_history();
    project.git(&["checkout", "--quiet", "-b", "strict"]);
    project.write("schema-registry.toml", "[approval]\nrequierd = 2\n");
    let (code, text) = project.outcome(&["check"]);
    assert_eq!(code, 1, "{text}");
    insta::assert_snapshot!(text, @"
    error[invalid-policy]: `[approval]` has no key `requierd`; did you mean `required`?
    --> schema-registry.toml:2:1

    0 requests: 1 error, 0 warnings, 0 notices
    ");
    project.write("schema-registry.toml", "[approval]\nrequired = 2\n");
    assert_eq!(project.outcome(&["check"]).0, 0);
}

#[test]
fn an_unknown_revision_is_an_error() {
    let project = Project::new();
    project.git(&["init", "--quiet", "--initial-branch=main"]);
    let error = stderr(&project, &["check", "--changed-since", "main"]);
    assert_eq!(error, "error: --changed-since main: no such revision; fetch it first, or name another\n");
    let project = Project::with_history();
    let error = stderr(&project, &["check", "--changed-since", "nowhere"]);
    assert_eq!(error, "error: --changed-since nowhere: no such revision; fetch it first, or name another\n");
    let error = stderr(&project, &["check", "--changed-since", "--upload-pack=x"]);
    assert!(error.contains("--upload-pack"), "{error}");
}

#[test]
fn lists_and_shows_requests_with_their_status() {
    let project = Project::with_history();
    project.write("schema-requests/zones.yaml", &crate::project::another("zones"));
    let list = project.json(&["list", "--status", "requested"]);
    assert_eq!((&list["total"], &list["limit"], &list["offset"]), (&1.into(), &50.into(), &0.into()));
    assert_eq!(list["requests"][0]["tableName"], "zones");
    let (_, text) = project.outcome(&["list"]);
    assert_eq!(text, "teams  approved   schema-requests/teams.yaml\nzones  requested  schema-requests/zones.yaml\n");
    let (_, text) = project.outcome(&["show", "teams"]);
    insta::assert_snapshot!(text, @"
    table          teams
    registry id    e610ee75-fd88-5f36-8188-7924e337cdea
    status         approved
    file           schema-requests/teams.yaml
    owner          platform
    requested by   ann
    justification  Teams own everything else
    migration      20260102_030405_create_teams
    column         id uuid not null default gen_random_uuid()
    column         title text not null
    column         created_at timestamp with time zone not null default CURRENT_TIMESTAMP
    column         updated_at timestamp with time zone not null default CURRENT_TIMESTAMP
    ");
}

#[test]
fn explains_every_rule_that_it_lists() {
    let project = Project::new();
    let (_, list) = project.outcome(&["explain"]);
    assert_eq!(list.lines().count(), 40);
    for rule in list.lines().filter_map(|line| line.split_whitespace().next()) {
        let (code, text) = project.outcome(&["explain", rule]);
        assert!(code == 0 && text.contains(rule), "{text}");
    }
}

#[test]
fn works_from_a_folder_below_the_root() {
    let project = Project::with_history();
    project.write("schema-requests/zones.yaml", &TEAMS.replace("teams", "zones"));
    let below = project.json(&["-C", "schema-requests", "check"]);
    assert_eq!(below["requests"][0]["file"], "schema-requests/zones.yaml");
}
