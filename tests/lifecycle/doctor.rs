//! `doctor` says what holds, what only advises, and what is broken.

use crate::{
    actors::{Stage, kept, required},
    support::github::Visibility,
};

const AUDIT: &str = "schema-registry/audit";

/// The lines that are about something.
fn about(text: &str, what: &str) -> String {
    text.lines().filter(|line| line.contains(what)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_repository_without_anything_is_told_everything() {
    let stage = Stage::new();
    let (code, text) = stage.doctor(&[]);
    assert_eq!(code, Some(1));
    insta::assert_snapshot!(text, @"");
}

#[test]
fn each_way_to_require_the_status_is_told_apart() {
    let stage = Stage::with_log(Visibility::Private, "");
    for (rules, expected) in [
        (kept(), "broken    main: nothing asks for the status"),
        (required(None), "advisory  main: the status `schema-registry` counts from anybody"),
        (required(Some(15_368)), "advisory  main: the status `schema-registry` counts from GitHub Actions"),
        (required(Some(4_711)), "safe      main: the status `schema-registry` is required, and from app 4711 only"),
    ] {
        stage.repo.rules("main", &rules);
        let (_, text) = stage.doctor(&[]);
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("safe      main: its history cannot be rewritten"), "{text}");
    }
}

#[test]
fn a_whole_set_up_is_safe_and_needs_no_rules() {
    let stage = Stage::with_log(Visibility::Private, "");
    stage.repo.rules("main", &required(Some(4_711)));
    let (code, text) = stage.doctor(&[]);
    assert!(code == Some(1) && text.contains("\"Schema registry: audit log\""), "{text}");
    assert!(about(&text, AUDIT).contains("broken    schema-registry/audit: whoever may write can delete it"), "{text}");
    stage.repo.rules(AUDIT, &kept());
    let action = format!("octo/schema-registry@{}", "0".repeat(40));
    let init = ["init", "--visibility", "private", "--action", &action];
    assert!(stage.in_clone("main", &[], &init).status.success());
    let read = |path: &str| std::fs::read_to_string(stage.clone().join(path)).expect("init writes it");
    let paths = [".github/workflows/schema-registry-validate.yml", ".github/workflows/schema-registry.yml"];
    let written = paths.map(|path| (path, read(path)));
    let files = [0, 1].map(|n| (written[n].0, written[n].1.as_str()));
    let (code, text) = stage.doctor(&files);
    assert_eq!(code, Some(0), "{text}");
    insta::assert_snapshot!(text, @"");
    let moved = written[1].1.replace(&"0".repeat(40), "v1");
    let opened = written[0].1.clone() + "\n# permissions: write-all\n";
    let (_, text) = stage.doctor(&[(paths[0], &opened), (paths[1], &moved)]);
    insta::assert_snapshot!(about(&text, ".yml"), @"");
}

#[test]
fn without_an_answer_nothing_is_called_safe() {
    let stage = Stage::new();
    let output = stage.in_clone("main", &[], &["doctor"]);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    insta::assert_snapshot!(about(&text, "main:"), @"");
    assert!(text.contains("GitHub was not asked: `origin` is not on a GitHub server"), "{text}");
}
