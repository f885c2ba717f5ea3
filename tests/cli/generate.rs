//! `generate`: what it writes, and that a second run has nothing to do.

use crate::project::{Project, TEAMS, another};

fn written(project: &Project) -> Vec<String> {
    let report = project.json(&["generate"]);
    report["written"].as_array().expect("a list").iter().map(|path| path.as_str().expect("text").to_owned()).collect()
}

#[test]
fn writes_the_pair_once() {
    let project = Project::new();
    project.write("schema-requests/teams.yaml", TEAMS);
    let pair = ["migrations/20260102_030405_create_teams.up.sql", "migrations/20260102_030405_create_teams.down.sql"];
    assert_eq!(written(&project), pair);
    assert_eq!(project.outcome(&["generate"]), (0, "Everything is up to date.\n".to_owned()));
}

#[test]
fn fills_in_the_time_of_the_request_and_keeps_comments() {
    let project = Project::new();
    let request = TEAMS.replace("  requestedAt: 2026-01-02T03:04:05Z\n", "  # asked in the spring\n");
    project.write("schema-requests/teams.yaml", &request);
    assert_eq!(written(&project).len(), 3);
    let text = project.read("schema-requests/teams.yaml");
    assert!(text.contains("# asked in the spring") && text.contains("requestedAt: "), "{text}");
    assert_eq!(project.outcome(&["generate"]), (0, "Everything is up to date.\n".to_owned()));
    assert_eq!(project.violations(&[]), [""; 0]);
}

#[test]
fn stamps_are_unique_later_than_the_base_and_follow_dependencies() {
    let project = Project::with_history();
    let early = |table: &str| another(table).replace("2026-01-03", "2025-01-01");
    let rooms = early("rooms").replace(
        "{name: title, type: TEXT, nullable: false}",
        "{name: zone_id, type: UUID, nullable: false, references: {table: zones, column: id}}",
    );
    let rooms = rooms.replace("  indexes:\n", "  indexes:\n    - {name: idx_rooms_zone_id, columns: [zone_id]}\n");
    project.write("schema-requests/rooms.yaml", &rooms);
    project.write("schema-requests/zones.yaml", &early("zones"));
    assert_eq!(written(&project).len(), 6);
    let ups = project.names("migrations").into_iter().filter(|name| name.ends_with(".up.sql"));
    assert_eq!(
        ups.collect::<Vec<_>>(),
        [
            "20260102_030405_create_teams.up.sql",
            "20260102_030406_create_zones.up.sql",
            "20260102_030407_create_rooms.up.sql",
        ]
    );
    assert_eq!(project.violations(&[]), [""; 0]);
    assert_eq!(project.outcome(&["generate"]), (0, "Everything is up to date.\n".to_owned()));
}

#[test]
fn an_edit_replaces_the_migration_of_the_branch() {
    let project = Project::with_history();
    project.write("schema-requests/zones.yaml", &another("zones"));
    assert_eq!(written(&project).len(), 2);
    project.write("schema-requests/zones.yaml", &another("zones").replace("03:04:05", "04:04:04"));
    let violations = project.violations(&[]);
    assert!(
        violations.iter().all(|line| line.starts_with("stale-migration")) && !violations.is_empty(),
        "{violations:?}"
    );
    let report = project.json(&["generate"]);
    assert_eq!(report["removed"].as_array().expect("a list").len(), 2);
    assert_eq!(project.violations(&[]), [""; 0]);
}

#[test]
fn a_drop_is_an_edit_of_the_file() {
    let project = Project::with_history();
    let dropped = TEAMS.replace("2026-01-02", "2026-02-02") + "lifecycle: dropped\n";
    project.write("schema-requests/teams.yaml", &dropped);
    assert_eq!(
        written(&project),
        ["migrations/20260202_030405_drop_teams.up.sql", "migrations/20260202_030405_drop_teams.down.sql",]
    );
    let (code, text) = project.outcome(&["check"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("warning[destructive-change]"), "{text}");
    project.commit("drop");
    assert_eq!(project.violations(&[]).len(), 1);
}

#[test]
fn a_file_that_cannot_be_read_is_passed_over_with_a_word() {
    let project = Project::new();
    project.write("schema-requests/broken.yaml", "tableName: [\n");
    project.write("schema-requests/teams.yaml", TEAMS);
    let (code, text) = project.outcome(&["generate"]);
    assert_eq!(code, 1);
    assert!(text.contains("passed over schema-requests/broken.yaml: `schema-registry check` says why"), "{text}");
    assert!(text.contains("wrote migrations/20260102_030405_create_teams.up.sql"), "{text}");
}

#[test]
fn migrations_of_a_table_that_is_called_otherwise_meanwhile_are_removed() {
    let project = Project::with_history();
    project.write("schema-requests/zones.yaml", &another("zones"));
    assert_eq!(written(&project).len(), 2);
    std::fs::remove_file(project.path("schema-requests/zones.yaml")).expect("removes");
    project.write("schema-requests/rooms.yaml", &another("rooms"));
    let report = project.json(&["generate"]);
    assert_eq!(
        report["removed"],
        serde_json::json!([
            "migrations/20260103_030405_create_zones.down.sql",
            "migrations/20260103_030405_create_zones.up.sql",
        ])
    );
    assert_eq!(project.violations(&[]), [""; 0]);

    // One that cannot be read may be the request of any table.
    project.write("schema-requests/rooms.yaml", "tableName: [\n");
    assert_eq!(project.json(&["generate"])["removed"], serde_json::json!([]));
}

#[test]
fn what_cannot_be_carried_out_is_passed_over_with_a_word() {
    let project = Project::with_history();
    project.write("schema-requests/teams.yaml", &TEAMS.replace("title, type: TEXT", "title, type: INTEGER"));
    let (code, _) = project.outcome(&["generate"]);
    assert_eq!(code, 1);
    assert_eq!(
        project.outcome(&["generate"]),
        (1, "passed over schema-requests/teams.yaml: `schema-registry check` says why\n".to_owned())
    );
}
