//! This repository's own requests: what `make demo` shows, and the proof of their migrations.

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_schema-registry"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output().expect("the binary starts")
}

fn json(arguments: &[&str]) -> serde_json::Value {
    let output = run(&[arguments, &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn the_examples_pass_and_have_their_migrations() {
    let report = json(&["check", "--all"]);
    let requests = report["requests"].as_array().expect("a list");
    let tables: Vec<&str> = requests.iter().map(|request| request["tableName"].as_str().expect("a name")).collect();
    assert_eq!(tables, ["caricatures", "generated_images", "notifications", "user_affinities", "users"]);
    assert_eq!(report["success"], true);
    let violations = requests.iter().flat_map(|request| request["violations"].as_array().expect("a list"));
    let warnings: Vec<_> = violations.filter(|violation| violation["severity"] == "warning").collect();
    assert_eq!(warnings.len(), 1, "the seed's own example lacks updated_at");
    assert_eq!(warnings[0]["message"], "Table is missing updated_at timestamp column");
    assert_eq!(warnings[0]["suggestion"], "Add updated_at TIMESTAMPTZ for tracking changes");
}

#[test]
fn every_migration_is_proved_on_a_real_server() {
    let report = json(&["verify", "--all"]);
    let changes = report["changes"].as_array().expect("a list");
    assert_eq!((changes.len(), &report["success"]), (5, &true.into()), "{report:#}");
    assert!(changes.iter().all(|change| change["merged"] == false), "{report:#}");
}
