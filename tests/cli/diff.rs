//! `diff` and `plan`: what a person, a program and a pull request see.

use crate::project::{Project, TEAMS, another};

/// `main` has `teams` and `zones`; the working tree alters the first, renames the second and adds a table.
fn edited() -> Project {
    let project = Project::with_history();
    project.write("schema-requests/zones.yaml", &another("zones"));
    assert_eq!(project.run(&["generate"]).status.code(), Some(0));
    project.commit("zones");
    project.git(&["branch", "--force", "main"]);
    let altered = TEAMS
        .replace("{name: title, type: TEXT", "{name: label, renamedFrom: title, type: TEXT, comment: What people read")
        .replace("    - {name: idx_teams_updated_at, columns: [updated_at]}\n", "");
    project.write("schema-requests/teams.yaml", &altered);
    let renamed = another("areas").replace("tableName: areas", "tableName: areas\nrenamedFrom: zones");
    std::fs::remove_file(project.path("schema-requests/zones.yaml")).expect("removes");
    project.write("schema-requests/areas.yaml", &renamed.replace("idx_areas", "idx_zones"));
    project.write("schema-requests/rooms.yaml", &another("rooms"));
    project
}

#[test]
fn renames_are_followed_and_the_definition_is_shown_line_by_line() {
    insta::assert_snapshot!(edited().outcome(&["diff", "main"]).1, @"
    rename zones to areas (schema-requests/areas.yaml)
      table zones renamed to areas
      primary key zones_pkey renamed to areas_pkey

      - CREATE TABLE public.zones (
      + CREATE TABLE public.areas (
          id uuid NOT NULL DEFAULT gen_random_uuid(),
          title text NOT NULL,
          created_at timestamp with time zone NOT NULL DEFAULT current_timestamp,
          updated_at timestamp with time zone NOT NULL DEFAULT current_timestamp,
      -   CONSTRAINT zones_pkey PRIMARY KEY (id)
      +   CONSTRAINT areas_pkey PRIMARY KEY (id)
        );

      - CREATE INDEX idx_zones_created_at ON public.zones (created_at);
      - CREATE INDEX idx_zones_updated_at ON public.zones (updated_at);
      + CREATE INDEX idx_zones_created_at ON public.areas (created_at);
      + CREATE INDEX idx_zones_updated_at ON public.areas (updated_at);

    create rooms (schema-requests/rooms.yaml)

      + CREATE TABLE public.rooms (
      +   id uuid NOT NULL DEFAULT gen_random_uuid(),
      +   title text NOT NULL,
      +   created_at timestamp with time zone NOT NULL DEFAULT current_timestamp,
      +   updated_at timestamp with time zone NOT NULL DEFAULT current_timestamp,
      +   CONSTRAINT rooms_pkey PRIMARY KEY (id)
      + );
      +
      + CREATE INDEX idx_rooms_created_at ON public.rooms (created_at);
      + CREATE INDEX idx_rooms_updated_at ON public.rooms (updated_at);

    alter teams (schema-requests/teams.yaml)
      column title renamed to label
      column label: comment added
      index idx_teams_updated_at dropped

        CREATE TABLE public.teams (
          id uuid NOT NULL DEFAULT gen_random_uuid(),
      -   title text NOT NULL,
      +   label text NOT NULL,
          created_at timestamp with time zone NOT NULL DEFAULT current_timestamp,
          updated_at timestamp with time zone NOT NULL DEFAULT current_timestamp,
        …

        CREATE INDEX idx_teams_created_at ON public.teams (created_at);
      - CREATE INDEX idx_teams_updated_at ON public.teams (updated_at);
      +
      + COMMENT ON COLUMN public.teams.label IS 'What people read';

    3 differences: 1 created, 1 altered, 1 renamed.
    ");
}

#[test]
fn markdown_holds_the_same() {
    insta::assert_snapshot!(edited().outcome(&["diff", "main", "--format", "markdown"]).1, @r"
    ### rename zones to areas (`schema-requests/areas.yaml`)

    - table zones renamed to areas
    - primary key zones\_pkey renamed to areas\_pkey

    ```diff
    -CREATE TABLE public.zones (
    +CREATE TABLE public.areas (
       id uuid NOT NULL DEFAULT gen_random_uuid(),
       title text NOT NULL,
       created_at timestamp with time zone NOT NULL DEFAULT current_timestamp,
       updated_at timestamp with time zone NOT NULL DEFAULT current_timestamp,
    -  CONSTRAINT zones_pkey PRIMARY KEY (id)
    +  CONSTRAINT areas_pkey PRIMARY KEY (id)
     );

    -CREATE INDEX idx_zones_created_at ON public.zones (created_at);
    -CREATE INDEX idx_zones_updated_at ON public.zones (updated_at);
    +CREATE INDEX idx_zones_created_at ON public.areas (created_at);
    +CREATE INDEX idx_zones_updated_at ON public.areas (updated_at);
    ```

    ### create rooms (`schema-requests/rooms.yaml`)

    ```diff
    +CREATE TABLE public.rooms (
    +  id uuid NOT NULL DEFAULT gen_random_uuid(),
    +  title text NOT NULL,
    +  created_at timestamp with time zone NOT NULL DEFAULT current_timestamp,
    +  updated_at timestamp with time zone NOT NULL DEFAULT current_timestamp,
    +  CONSTRAINT rooms_pkey PRIMARY KEY (id)
    +);
    +
    +CREATE INDEX idx_rooms_created_at ON public.rooms (created_at);
    +CREATE INDEX idx_rooms_updated_at ON public.rooms (updated_at);
    ```

    ### alter teams (`schema-requests/teams.yaml`)

    - column title renamed to label
    - column label: comment added
    - index idx\_teams\_updated\_at dropped

    ```diff
     CREATE TABLE public.teams (
       id uuid NOT NULL DEFAULT gen_random_uuid(),
    -  title text NOT NULL,
    +  label text NOT NULL,
       created_at timestamp with time zone NOT NULL DEFAULT current_timestamp,
       updated_at timestamp with time zone NOT NULL DEFAULT current_timestamp,
     …

     CREATE INDEX idx_teams_created_at ON public.teams (created_at);
    -CREATE INDEX idx_teams_updated_at ON public.teams (updated_at);
    +
    +COMMENT ON COLUMN public.teams.label IS 'What people read';
    ```

    3 differences: 1 created, 1 altered, 1 renamed.
    ");
}

#[test]
fn programs_get_every_part() {
    let report = edited().json(&["diff", "main"]);
    let tables = report["tables"].as_array().expect("a list").iter();
    let kinds: Vec<_> = tables.map(|table| (table["tableName"].as_str(), table["change"].as_str())).collect();
    let wanted = [("areas", "rename"), ("rooms", "create"), ("teams", "alter")];
    assert_eq!(kinds, wanted.map(|(table, change)| (Some(table), Some(change))));
    assert_eq!(report["tables"][0]["renamedFrom"], "zones");
    assert_eq!(report["tables"][2]["differences"][0]["difference"], "columnRenamed");
}

#[test]
fn either_side_can_be_a_revision_a_folder_or_a_file() {
    let project = edited();
    project.commit("everything");
    let of_revisions = project.outcome(&["diff", "main", "work"]);
    assert_eq!(of_revisions, project.outcome(&["diff", "main"]));
    let back = project.outcome(&["diff", "work", "main"]).1;
    assert!(back.contains("drop rooms") && back.contains("create zones") && back.contains("drop areas"), "{back}");
    for name in ["schema-requests", "./", "HEAD"] {
        assert_eq!(project.outcome(&["diff", name, "--exit-code"]), (0, "No differences.\n".to_owned()), "{name}");
    }
    project.write("elsewhere/teams.yaml", TEAMS);
    let (code, text) = project.outcome(&["diff", "elsewhere/teams.yaml", "schema-requests/teams.yaml", "--exit-code"]);
    assert!(code == 1 && text.contains("column title renamed to label"), "{text}");
}

#[test]
fn a_rename_that_the_base_has_is_inert() {
    let project = edited();
    project.commit("everything");
    project.git(&["branch", "--force", "main"]);
    project.write("schema-requests/areas.yaml", &(project.read("schema-requests/areas.yaml") + "# looked at again\n"));
    assert_eq!(project.outcome(&["diff", "main"]), (0, "No differences.\n".to_owned()));
    assert_eq!(project.outcome(&["plan"]), (0, "No schema changes.\n".to_owned()));
}

#[test]
fn spellings_are_no_difference() {
    let project = Project::with_history();
    project.write("schema-requests/teams.yaml", &TEAMS.replace("TIMESTAMPTZ", "timestamp  with time ZONE"));
    assert_eq!(project.outcome(&["diff", "main", "--exit-code"]), (0, "No differences.\n".to_owned()));
}

#[test]
fn what_cannot_be_told_is_an_error_and_never_a_drop() {
    let project = Project::with_history();
    let error = |arguments: &[&str]| {
        let output = project.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        String::from_utf8(output.stderr).expect("UTF-8") + &String::from_utf8(output.stdout).expect("UTF-8")
    };
    project.write("schema-requests/teams.yaml", "tableName: [");
    insta::assert_snapshot!(error(&["diff", "main"]), @r#"
    error: "schema-requests/teams.yaml" cannot be read as a request, so not everything was compared; `schema-registry check --all` says why
    No differences in what could be read.
    "#);
    insta::assert_snapshot!(error(&["diff", "nowhere"]), @r#"error: "nowhere" is no revision, folder or file here; fetch the revision first, or name another"#);
    project.write("main/teams.yaml", TEAMS);
    insta::assert_snapshot!(error(&["diff", "main"]), @r#"error: "main" is a revision and a path; write `./main` for the path, `refs/heads/main` for the branch"#);
    insta::assert_snapshot!(error(&["list", "--format", "markdown"]), @"error: this command cannot print `--format markdown`: `human` and `json` are for every command, `markdown` for `check`, `plan` and `diff`, `github` and `sarif` for `check`");
}

#[test]
fn a_drop_stands_out_in_the_plan() {
    let project = Project::with_history();
    let dropped = TEAMS.replace("2026-01-02", "2026-02-02") + "lifecycle: dropped\n";
    project.write("schema-requests/teams.yaml", &dropped);
    project.write("schema-requests/rooms.yaml", &another("rooms"));
    insta::assert_snapshot!(project.outcome(&["plan"]).1, @"
    create rooms
      20260103_030405_create_rooms.up.sql
         1  create table rooms
         2  create index idx_rooms_created_at on rooms
         3  create index idx_rooms_updated_at on rooms

    drop teams
      20260202_030405_drop_teams.up.sql
         1  drop table teams
            ACCESS EXCLUSIVE on teams
         !  loses data: all rows of teams
         !  the down migration does not bring everything back

    2 changes, 4 operations, 2 migrations; 1 cannot be undone.
    ");
    insta::assert_snapshot!(project.outcome(&["plan", "--format", "markdown"]).1, @r"
    ### create rooms

    | Step | Operation | Locks | Hazards |
    | --- | --- | --- | --- |
    | 1 | create table rooms | none | none |
    | 2 | create index idx\_rooms\_created\_at on rooms | none | none |
    | 3 | create index idx\_rooms\_updated\_at on rooms | none | none |

    - `20260103_030405_create_rooms.up.sql`

    ### drop teams

    | Step | Operation | Locks | Hazards |
    | --- | --- | --- | --- |
    | 1 | drop table teams | ACCESS EXCLUSIVE on `teams` | loses data: all rows of teams<br>the down migration does not bring everything back |

    - `20260202_030405_drop_teams.up.sql`

    2 changes, 4 operations, 2 migrations; 1 cannot be undone.
    ");
}
