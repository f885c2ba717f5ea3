//! Requests that bring SQL of their own, as a person meets them.

use crate::project::Project;

const PATH: &str = "schema-requests/team_titles.yaml";
const VIEW: &str = "\
sqlRequest: team_titles
owner: platform
touches: [team_titles, teams]
up: |
  CREATE VIEW team_titles AS SELECT id, title FROM teams;
  CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.title := upper(NEW.title); RETURN NEW; END $$;
  CREATE TRIGGER shout BEFORE INSERT ON teams FOR EACH ROW EXECUTE FUNCTION shout();
down: |
  DROP TRIGGER shout ON teams;
  DROP FUNCTION shout();
  DROP VIEW team_titles;
requestMetadata: {requestedBy: ann, justification: The desk reads titles only, requestedAt: 2026-01-04T09:00:00Z}
";

#[test]
fn sql_is_generated_checked_planned_and_shown() {
    let project = Project::with_history();
    project.write(PATH, VIEW);
    assert_eq!(project.violations(&[]), [format!("stale-migration {PATH}:1:13")]);
    let (code, text) = project.outcome(&["generate"]);
    assert_eq!(code, 0);
    insta::assert_snapshot!(text, @"
    wrote migrations/20260104_090000_run_team_titles.up.sql
    wrote migrations/20260104_090000_run_team_titles.down.sql
    ");
    assert_eq!(project.outcome(&["check", "--no-preview"]).0, 0);
    let (_, plan) = project.outcome(&["plan"]);
    insta::assert_snapshot!(plan, @"
    run team_titles
      20260104_090000_run_team_titles.up.sql
         1  CREATE VIEW team_titles AS SELECT id, title FROM teams
         2  CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW…
         3  CREATE TRIGGER shout BEFORE INSERT ON teams FOR EACH ROW EXECUTE FUNCTIO…
            SHARE ROW EXCLUSIVE on teams

    1 change, 3 operations, 1 migration; 0 cannot be undone.
    ");
    let report = project.json(&["check"]);
    let request = &report["requests"][0];
    assert_eq!(request["sqlRequest"], serde_json::json!({"name": "team_titles", "touches": ["team_titles", "teams"]}));
    assert_eq!(request["migrations"][0]["fileName"], "20260104_090000_run_team_titles");
    let (_, markdown) = project.outcome(&["check", "--format", "markdown"]);
    let changes = markdown.split("### Changes").nth(1).expect("a section").split("<details>").next().expect("a part");
    insta::assert_snapshot!(changes, @r"


    #### Run `team_titles` (`schema-requests/team_titles.yaml`)

    The request says: requested by `ann`, owner `platform`

    > The desk reads titles only

    SQL of the request itself, run as it is written. It says that it touches `team_titles`, `teams`.

    | Step | Operation | Locks | Hazards |
    | --- | --- | --- | --- |
    | 1 | CREATE VIEW team\_titles AS SELECT id, title FROM teams | none | none |
    | 2 | CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS `$$` BEGIN NEW… | none | none |
    | 3 | CREATE TRIGGER shout BEFORE INSERT ON teams FOR EACH ROW EXECUTE FUNCTIO… | SHARE ROW EXCLUSIVE on `teams` | none |
    ");
    let (_, shown) = project.outcome(&["show", "team_titles"]);
    insta::assert_snapshot!(shown, @"
    SQL request    team_titles
    status         requested
    file           schema-requests/team_titles.yaml
    owner          platform
    requested by   ann
    justification  The desk reads titles only
    migration      20260104_090000_run_team_titles
    ");
}

/// `main` has four SQL requests; the working tree adds one, changes the SQL of one, the words of one, and drops one.
fn reworked() -> Project {
    let project = Project::with_history();
    let named = |name: &str| VIEW.replace("team_titles", name);
    for name in ["kept", "other_sql", "other_words", "gone"] {
        project.write(&format!("schema-requests/{name}.yaml"), &named(name));
    }
    project.commit("SQL");
    project.git(&["branch", "--force", "main"]);
    project.write(PATH, &VIEW.replace("down: |\n", "irreversible: |\n").replace("  DROP", "  Nobody misses"));
    project.write("schema-requests/other_sql.yaml", &named("other_sql").replace("SELECT id, title", "SELECT title"));
    let words = named("other_words").replace("owner: platform", "owner: desk").replace(", teams]", "]");
    project.write("schema-requests/other_words.yaml", &words);
    project.write("schema-requests/kept.yaml", &format!("# looked at again\n{}", named("kept")));
    std::fs::remove_file(project.path("schema-requests/gone.yaml")).expect("removes");
    project
}

#[test]
fn diff_tells_what_runs_what_runs_again_and_what_is_only_said_otherwise() {
    let project = reworked();
    let (code, text) = project.outcome(&["diff", "main", "--exit-code"]);
    assert_eq!(code, 1);
    insta::assert_snapshot!(text, @"
    remove gone (schema-requests/gone.yaml)
      the file is gone; what it ran is not undone

      - up:
      -   CREATE VIEW gone AS SELECT id, title FROM teams;
      -   CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.title := upper(NEW.title); RETURN NEW; END $$;
      -   CREATE TRIGGER shout BEFORE INSERT ON teams FOR EACH ROW EXECUTE FUNCTION shout();
      - down:
      -   DROP TRIGGER shout ON teams;
      -   DROP FUNCTION shout();
      -   DROP VIEW gone;

    run other_sql again (schema-requests/other_sql.yaml)

        up:
      -   CREATE VIEW other_sql AS SELECT id, title FROM teams;
      +   CREATE VIEW other_sql AS SELECT title FROM teams;
          CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.title := upper(NEW.title); RETURN NEW; END $$;
          CREATE TRIGGER shout BEFORE INSERT ON teams FOR EACH ROW EXECUTE FUNCTION shout();

    reword other_words (schema-requests/other_words.yaml)
      the SQL is the same; nothing runs
      owner changed
      touches changed

    run team_titles (schema-requests/team_titles.yaml)

      + up:
      +   CREATE VIEW team_titles AS SELECT id, title FROM teams;
      +   CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.title := upper(NEW.title); RETURN NEW; END $$;
      +   CREATE TRIGGER shout BEFORE INSERT ON teams FOR EACH ROW EXECUTE FUNCTION shout();
      + irreversible:
      +   Nobody misses TRIGGER shout ON teams;
      +   Nobody misses FUNCTION shout();
      +   Nobody misses VIEW team_titles;

    4 differences: 4 SQL requests.
    ");
    let (_, markdown) = project.outcome(&["diff", "main", "--format", "markdown"]);
    let of_two = markdown.split("### ").filter(|part| part.starts_with("run other") || part.starts_with("reword"));
    insta::assert_snapshot!(of_two.collect::<String>(), @r"
    run other\_sql again (`schema-requests/other_sql.yaml`)

    ```diff
     up:
    -  CREATE VIEW other_sql AS SELECT id, title FROM teams;
    +  CREATE VIEW other_sql AS SELECT title FROM teams;
       CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.title := upper(NEW.title); RETURN NEW; END $$;
       CREATE TRIGGER shout BEFORE INSERT ON teams FOR EACH ROW EXECUTE FUNCTION shout();
    ```

    reword other\_words (`schema-requests/other_words.yaml`)

    - the SQL is the same; nothing runs
    - owner changed
    - touches changed
    ");
    let requests = project.json(&["diff", "main"])["sqlRequests"].take();
    assert_eq!(
        requests[2],
        serde_json::json!({
            "file": "schema-requests/other_words.yaml",
            "name": "other_words",
            "change": "reworded",
            "touches": ["other_words"],
            "keys": ["owner", "touches"],
        })
    );
    let changes: Vec<_> = requests.as_array().expect("a list").iter().map(|request| &request["change"]).collect();
    assert_eq!(changes, ["removed", "runsAgain", "reworded", "added"]);
}

#[test]
fn diff_takes_no_sql_request_that_cannot_be_read_for_gone() {
    for broken in ["sqlRequest: gone\nup: SELECT 1\n", "sqlRequest: [", "neither: this\nnor: that\n"] {
        let project = reworked();
        project.write("schema-requests/gone.yaml", broken);
        let output = project.run(&["diff", "main", "--format", "json"]);
        assert_eq!(output.status.code(), Some(2), "{broken}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("is JSON");
        assert_eq!(report["unread"], serde_json::json!(["schema-requests/gone.yaml"]), "{broken}");
        let named = report["sqlRequests"].as_array().expect("a list").iter().map(|request| request["name"].as_str());
        assert_eq!(named.flatten().collect::<Vec<_>>(), ["other_sql", "other_words", "team_titles"], "{broken}");
    }
}

#[test]
fn another_text_replaces_the_migration_of_the_branch() {
    let project = Project::with_history();
    project.write(PATH, VIEW);
    project.outcome(&["generate"]);
    project.write(PATH, &VIEW.replace("team_titles", "titles").replace("2026-01-04", "2026-01-05"));
    std::fs::rename(project.path(PATH), project.path("schema-requests/titles.yaml")).expect("renames");
    let (code, text) = project.outcome(&["check", "--no-preview"]);
    assert_eq!(code, 1, "the migration of the old name is of no request: {text}");
    project.outcome(&["generate"]);
    let all = project.names("migrations");
    assert!(all.contains(&"20260105_090000_run_titles.up.sql".to_owned()), "{all:?}");
    project.write(
        "schema-requests/titles.yaml",
        &VIEW.replace("team_titles", "titles").replace("2026-01-04", "2026-01-06"),
    );
    project.outcome(&["generate"]);
    let all = project.names("migrations");
    assert!(!all.contains(&"20260105_090000_run_titles.up.sql".to_owned()), "{all:?}");
}

#[test]
fn verify_runs_the_sql_and_its_way_back() {
    let project = Project::with_history();
    project.write(PATH, VIEW);
    project.outcome(&["generate"]);
    let (code, text) = project.outcome(&["verify"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("ok      20260104_090000_run_team_titles"), "{text}");

    let keeps = VIEW.replace("  DROP VIEW team_titles;\n", "");
    project.write(PATH, &keeps);
    project.outcome(&["generate"]);
    let (code, text) = project.outcome(&["verify"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("what was there before the up is not restored"), "{text}");

    let lost =
        "up: UPDATE teams SET title = upper(title) WHERE title <> upper(title)\nirreversible: The case is lost\n";
    let (head, tail) =
        (VIEW.split("up: |").next().expect("a head"), VIEW.split("requestMetadata").nth(1).expect("a tail"));
    project.write(PATH, &format!("{head}{lost}requestMetadata{tail}"));
    project.outcome(&["generate"]);
    let (code, text) = project.outcome(&["verify"]);
    assert_eq!(code, 0, "{text}");
}
