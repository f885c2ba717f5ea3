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
    insta::assert_snapshot!(text, @r#"
    broken    .github/workflows/schema-registry-validate.yml is missing: `schema-registry init` writes it
    broken    .github/workflows/schema-registry.yml is missing: `schema-registry init` writes it
    advisory  workflows may use Actions by tags that can be moved: require full commits, so that no Action changes under a workflow that has secrets or writes
    safe      a workflow that does not say gets a token that only reads
    broken    main: nothing asks for the status `schema-registry` before a merge
    advisory  main: direct pushes are recorded, not refused
    advisory  main: rewritten history is recorded, not refused
    safe      whoever triages can set the label `schema-approved`; it counts from the role maintain or admin
    broken    no audit log on schema-registry/audit: run `schema-registry audit init`
    broken    schema-registry/audit: whoever may write can delete it or rewrite it; protect it
    advisory  the audit log is not signed: whoever can push to its branch can replace all of it; `audit keygen`
    advisory  schema-registry.toml does not pin the audit log: set `origin` and `first_entry` under `[audit]` to what `audit verify` says

    What rules can mend:

    gh api repos/{owner}/{repo}/rulesets --input - <<'END'
    {
      "name": "Schema registry: gate",
      "target": "branch",
      "enforcement": "active",
      "conditions": {
        "ref_name": {
          "include": [
            "refs/heads/main"
          ],
          "exclude": []
        }
      },
      "rules": [
        {
          "type": "deletion"
        },
        {
          "type": "non_fast_forward"
        },
        {
          "type": "required_status_checks",
          "parameters": {
            "strict_required_status_checks_policy": false,
            "required_status_checks": [
              {
                "context": "schema-registry"
              }
            ]
          }
        }
      ]
    }
    END

    gh api repos/{owner}/{repo}/rulesets --input - <<'END'
    {
      "name": "Schema registry: audit log",
      "target": "branch",
      "enforcement": "active",
      "conditions": {
        "ref_name": {
          "include": [
            "refs/heads/schema-registry/audit"
          ],
          "exclude": []
        }
      },
      "rules": [
        {
          "type": "deletion"
        },
        {
          "type": "non_fast_forward"
        }
      ]
    }
    END
    "#);
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
    insta::assert_snapshot!(text, @"
    safe      .github/workflows/schema-registry-validate.yml is what `init` writes, with the Action at a fixed commit
    safe      .github/workflows/schema-registry.yml is what `init` writes, with the Action at a fixed commit
    advisory  workflows may use Actions by tags that can be moved: require full commits, so that no Action changes under a workflow that has secrets or writes
    safe      a workflow that does not say gets a token that only reads
    safe      main: the status `schema-registry` is required, and from app 4711 only
    safe      main: nothing arrives without a pull request or the status
    safe      main: its history cannot be rewritten
    safe      whoever triages can set the label `schema-approved`; it counts from the role maintain or admin
    safe      schema-registry/audit: nobody can delete it or rewrite it
    advisory  the audit log is not signed: whoever can push to its branch can replace all of it; `audit keygen`
    advisory  schema-registry.toml does not pin the audit log: set `origin` and `first_entry` under `[audit]` to what `audit verify` says
    ");
    let moved = written[1].1.replace(&"0".repeat(40), "v1");
    let opened = written[0].1.clone() + "\n# permissions: write-all\n";
    let (_, text) = stage.doctor(&[(paths[0], &opened), (paths[1], &moved)]);
    insta::assert_snapshot!(about(&text, ".yml"), @"
    advisory  .github/workflows/schema-registry-validate.yml was changed by hand: compare its triggers and permissions with what `init` writes
    advisory  .github/workflows/schema-registry.yml uses octo/schema-registry@v1, which can be moved: name a full commit
    ");
}

#[test]
fn without_an_answer_nothing_is_called_safe() {
    let stage = Stage::new();
    let output = stage.in_clone("main", &[], &["doctor"]);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    insta::assert_snapshot!(about(&text, "GitHub was not asked"), @r"
    unknown   what workflows may run could not be read: GitHub was not asked
    unknown   what the token of a workflow may do that does not say could not be read: GitHub was not asked
    unknown   main: its rules could not be read: GitHub was not asked
    unknown   schema-registry/audit: its rules could not be read: GitHub was not asked
    GitHub was not asked: `origin` is not on a GitHub server
    ");
}
