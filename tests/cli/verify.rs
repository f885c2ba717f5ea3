//! `verify`, on a real server, of what `generate` writes for changes of several tables.

use crate::project::{Project, TEAMS, another};

/// Generates, finds nothing to say and nothing left to do, and proves every change on a server; returns their names.
fn proved(project: &Project) -> Vec<String> {
    let (code, text) = project.outcome(&["generate"]);
    assert_eq!(code, 0, "{text}");
    let (code, text) = project.outcome(&["check", "--no-preview"]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(project.outcome(&["generate"]), (0, "Everything is up to date.\n".to_owned()));
    let report = project.json(&["verify"]);
    assert_eq!(report["success"], true, "{report:#}");
    let changes = report["changes"].as_array().expect("a list").iter().filter(|change| change["merged"] == false);
    changes.map(|change| change["name"].as_str().expect("text").to_owned()).collect()
}

/// [`another`] table that refers to a third.
fn with_reference(table: &str, to: &str) -> String {
    let key = format!("{{name: {to}_id, type: UUID, references: {{table: {to}, column: id}}}}");
    let indexes = format!("  indexes:\n    - {{name: idx_{table}_{to}_id, columns: [{to}_id]}}\n");
    another(table).replace("{name: title, type: TEXT, nullable: false}", &key).replace("  indexes:\n", &indexes)
}

#[test]
fn tables_that_refer_to_each_other_come_and_go() {
    let project = Project::with_history();
    for (table, to) in [("aisles", "boxes"), ("boxes", "crates"), ("crates", "aisles")] {
        project.write(&format!("schema-requests/{table}.yaml"), &with_reference(table, to));
    }
    // The circle is cut at its first table, which gets its key once the others are there.
    assert_eq!(
        proved(&project),
        [
            "20260103_030405_create_aisles",
            "20260103_030406_create_crates",
            "20260103_030407_create_boxes",
            "20260103_030408_alter_aisles",
        ]
    );
    project.commit("a circle");
    project.git(&["checkout", "--quiet", "main"]);
    project.git(&["merge", "--quiet", "--ff-only", "work"]);
    project.git(&["checkout", "--quiet", "-b", "away"]);
    for table in ["aisles", "boxes", "crates"] {
        let path = format!("schema-requests/{table}.yaml");
        project.write(&path, &format!("{}lifecycle: dropped\n", project.read(&path)));
    }
    let dropped = proved(&project);
    assert_eq!(dropped.len(), 4, "{dropped:?}");
    assert!(dropped[0].contains("_alter_"), "a key goes first: {dropped:?}");
}

#[test]
fn a_table_in_use_is_altered_and_renamed() {
    let project = Project::with_history();
    let altered = TEAMS
        .replace(
            "title, type: TEXT, nullable: false",
            "name, renamedFrom: title, type: TEXT, nullable: false, unique: true",
        )
        .replace(
            "    - {name: created_at",
            "    - {name: slug, type: TEXT, check: \"slug <> ''\"}\n    - {name: created_at",
        )
        .replace("  indexes:\n", "  indexes:\n    - {name: idx_teams_slug, columns: [slug]}\n");
    project.write("schema-requests/teams.yaml", &altered);
    project.write("schema-requests/rooms.yaml", &with_reference("rooms", "teams"));
    let names = proved(&project);
    assert_eq!(names, ["20260102_030406_alter_teams", "20260103_030405_create_rooms"]);
    project.commit("altered");
    project.git(&["checkout", "--quiet", "main"]);
    project.git(&["merge", "--quiet", "--ff-only", "work"]);
    project.git(&["checkout", "--quiet", "-b", "rename"]);

    let renamed =
        project.read("schema-requests/teams.yaml").replace("tableName: teams", "tableName: groups\nrenamedFrom: teams");
    project.git(&["mv", "schema-requests/teams.yaml", "schema-requests/groups.yaml"]);
    project.write("schema-requests/groups.yaml", &renamed.replace("renamedFrom: title, ", ""));
    let rooms = project.read("schema-requests/rooms.yaml").replace("table: teams", "table: groups");
    project.write("schema-requests/rooms.yaml", &rooms);
    let names = proved(&project);
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[0].ends_with("_rename_groups"), "{names:?}");
    let id = project.json(&["show", "groups"])["id"].clone();
    assert!(
        project.read("schema-requests/groups.yaml").contains(&format!("registryId: {}", id.as_str().expect("an id")))
    );
    project.git(&["checkout", "--quiet", "-f", "main"]);
    assert_eq!(project.json(&["show", "teams"])["id"], id, "a renamed table is the same table");
}

/// A change of comments is said to be one, and takes the weak lock that the plan says.
#[test]
fn comments_are_metadata_only() {
    let project = Project::with_history();
    let commented = TEAMS
        .replace("schemaJson:\n", "schemaJson:\n  comment: Who works together\n")
        .replace("{name: title, type: TEXT,", "{name: title, comment: What people read, type: TEXT,");
    project.write("schema-requests/teams.yaml", &commented.replace("01-02T", "01-04T"));
    let names = proved(&project);
    assert_eq!(names, ["20260104_030405_alter_teams"]);
    let locks = &project.json(&["verify"])["changes"][1]["locks"];
    assert_eq!(locks.as_array().map(Vec::len), Some(1), "{locks}");
    assert_eq!(locks[0]["mode"], "SHARE_UPDATE_EXCLUSIVE");

    insta::assert_snapshot!(project.outcome(&["plan"]).1, @"
    alter teams, metadata only: reads and writes go on
      20260104_030405_alter_teams.up.sql
         1  comment on the table
            SHARE UPDATE EXCLUSIVE on teams
         2  comment on column title
            SHARE UPDATE EXCLUSIVE on teams

    1 change, 2 operations, 1 migration; 0 cannot be undone.
    ");
    insta::assert_snapshot!(project.outcome(&["plan", "--format", "markdown"]).1, @"
    ### alter teams, metadata only: reads and writes go on

    | Step | Operation | Locks | Hazards |
    | --- | --- | --- | --- |
    | 1 | comment on the table | SHARE UPDATE EXCLUSIVE on `teams` | none |
    | 2 | comment on column title | SHARE UPDATE EXCLUSIVE on `teams` | none |

    - `20260104_030405_alter_teams.up.sql`

    1 change, 2 operations, 1 migration; 0 cannot be undone.
    ");
    let plan = project.json(&["plan"]);
    assert_eq!(plan["changes"][0]["metadataOnly"], true, "{plan}");
    assert_eq!(plan["changes"][0]["operations"][0]["work"], "metadata", "{plan}");
    let review = project.outcome(&["check", "--format", "markdown"]).1;
    assert!(review.contains("#### Alter `teams` (`schema-requests/teams.yaml`), metadata only"), "{review}");

    project.write("schema-requests/teams.yaml", &commented.replace("title,", "name, renamedFrom: title,"));
    assert_eq!(project.json(&["plan"])["changes"][0]["metadataOnly"], false);
}
