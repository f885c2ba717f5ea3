//! `verify` of changes of tables that a baseline took over.

use std::{fs, path::Path, process::Command};

use crate::person::run;

const PETS: &str = "\
tableName: pets
schemaJson:
  columns:
    - {name: id, type: BIGINT, identity: always, primaryKey: true, nullable: false}
    - {name: owner_id, type: INTEGER, references: {table: people, column: id}}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_pets_owner_id, columns: [owner_id]}
    - {name: idx_pets_created_at, columns: [created_at]}
requestMetadata: {justification: People have pets}
";

/// A table, and what is done to the text of its request.
type Edit<'a> = (&'a str, &'a dyn Fn(&str) -> String);

/// Asks for a change on a branch of its own, and lets `verify` prove it; returns what it says. Then the change lands.
fn asked(folder: &Path, branch: &str, edits: &[Edit<'_>]) -> String {
    git(folder, &["checkout", "--quiet", "-b", branch]);
    for (table, edit) in edits {
        let path = folder.join(format!("schema-requests/{table}.yaml"));
        let text = fs::read_to_string(&path).unwrap_or_default();
        // A request that was granted gets another time with the next change.
        let text: String = text
            .lines()
            .filter(|line| !line.starts_with("requestMetadata"))
            .fold(String::new(), |text, line| text + line + "\n");
        let asked = edit(&text);
        let asked = if asked.contains("requestMetadata") {
            asked
        } else {
            format!("{asked}requestMetadata: {{justification: It is needed}}\n")
        };
        fs::write(path, asked).expect("writes");
    }
    for command in ["generate", "check"] {
        let (code, out, err) = run(folder, &[command]);
        assert_eq!(code, Some(0), "{branch}: {out}{err}");
    }
    let (_, out, err) = run(folder, &["verify"]);
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "--quiet", "-m", branch]);
    git(folder, &["checkout", "--quiet", "main"]);
    git(folder, &["merge", "--quiet", "--ff-only", branch]);
    unstamped(&(out + &err))
}

/// The text without the times in the names of migrations.
fn unstamped(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.split_once('_') {
        Some((day, rest)) if day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("<stamp>{}", rest.trim_start_matches(|symbol: char| symbol.is_ascii_digit()))
        }
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn git(folder: &Path, arguments: &[&str]) {
    let name = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgsign=false"];
    let status = Command::new("git").arg("-C").arg(folder).args(name).args(arguments).status().expect("git runs");
    assert!(status.success(), "git {arguments:?}");
}

#[test]
fn what_was_imported_is_the_ground_of_a_verification() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let mood = "CREATE TYPE public.mood AS ENUM ('no', 'yes');\n";
    let dump = "\
CREATE TABLE public.people (id integer NOT NULL PRIMARY KEY, feels public.mood, boss integer, house integer);
CREATE TABLE public.houses (id integer NOT NULL PRIMARY KEY, keeper integer REFERENCES public.people (id));
ALTER TABLE public.people ADD FOREIGN KEY (boss) REFERENCES public.people (id);
ALTER TABLE public.people ADD FOREIGN KEY (house) REFERENCES public.houses (id);
";
    git(folder, &["init", "--quiet", "--initial-branch=main"]);
    fs::write(folder.join("people.sql"), [mood, dump].concat()).expect("writes");
    assert_eq!(run(folder, &["import", "--owner", "platform", "people.sql"]).0, Some(0));
    fs::remove_file(folder.join("people.sql")).expect("is there");
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "--quiet", "-m", "import"]);

    let column = |name: &'static str| {
        move |text: &str| text.replacen("  columns:\n", &format!("  columns:\n    - {{name: {name}, type: text}}\n"), 1)
    };
    let (motto, tail) = (column("motto"), column("tail"));
    let said = asked(folder, "motto", &[("people", &motto)]);
    insta::assert_snapshot!(said, @r#"
    FAILED  schema-requests/people.yaml
            the table cannot be created as the request describes it: line 20: ERROR 42704: type "mood" does not exist
            A baseline took it over, so no migration creates it. What it leans on, such as types and functions, is created by the prelude.
    FAILED  <stamp>_alter_people
            not run: schema-requests/people.yaml failed
    PostgreSQL 15: 0 changes proved, 2 failed, on top of 2 tables of a baseline
    "#);
    fs::write(folder.join("schema-requests/prelude.sql"), mood).expect("writes");
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "--quiet", "-m", "prelude"]);

    // Beside a table that refers to it; after the first change; with a key to a table that a migration creates; and over that.
    let pets = |_: &str| PETS.to_owned();
    let pet = |text: &str| {
        text.replacen(
            "  columns:\n",
            "  columns:\n    - {name: pet, type: BIGINT, references: {table: pets, column: id}}\n",
            1,
        )
    };
    let rounds: [(&str, &[Edit<'_>]); 3] =
        [("pets", &[("pets", &pets)]), ("pet", &[("people", &pet)]), ("tail", &[("people", &tail)])];
    let said: Vec<_> = rounds.iter().map(|(branch, edits)| asked(folder, branch, edits)).collect();
    insta::assert_snapshot!(said.join("\n"), @"
    ok      <stamp>_create_pets
    PostgreSQL 15: 1 change proved, 0 failed, on top of 2 tables of a baseline

    ok      <stamp>_alter_people
    PostgreSQL 15: 1 change proved, 0 failed, on top of 2 tables of a baseline and 1 merged before

    ok      <stamp>_alter_people
    PostgreSQL 15: 1 change proved, 0 failed, on top of 2 tables of a baseline and 1 merged before
    ");
    let (code, out, err) = run(folder, &["verify", "--all"]);
    insta::assert_snapshot!(unstamped(&format!("{code:?}\n{out}{err}")), @"
    Some(0)
    ok      <stamp>_create_pets
    skipped <stamp>_alter_people
    skipped <stamp>_alter_people
    skipped <stamp>_alter_people
    note    skipped are those of tables that start from a baseline, which holds digests and no states; without --all, and with the history of the default branch, what changed since that branch is proved
    PostgreSQL 15: 1 change proved, 0 failed, on top of 2 tables of a baseline
    ");
}
