//! `doctor` about settings that few may read: classic protection, what workflows may do, who reads the secrets.

use serde_json::{Value, json};

use crate::{
    actors::{CONTEXT, Stage, kept, required},
    support::github::{Branches, Environment, Permissions, Visibility},
};

const KEY: &str = "SCHEMA_REGISTRY_SIGNING_KEY";
const ENVIRONMENT: &str = "schema-registry";
const RECORD: &str = ".github/workflows/schema-registry.yml";

/// The lines of `text` that hold one of `words`.
fn about(text: &str, words: &[&str]) -> String {
    text.lines().filter(|line| words.iter().any(|word| line.contains(word))).collect::<Vec<_>>().join("\n")
}

/// A repository whose policy asks for a signed log.
fn signed() -> Stage {
    let stage = Stage::new();
    let output =
        stage.in_clone("main", &[], &["audit", "keygen", "--out", "key", "--repo-id", &stage.repo.id().to_string()]);
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    let key = said.lines().find_map(|line| line.trim().strip_prefix("keys = ")).expect("a key for the policy");
    let policy = format!("[approval]\nrequired = 1\n\n[audit]\nkeys = {key}\n");
    stage.repo.commit("main", "max", "sign", &[("schema-registry.toml", Some(&policy))]);
    stage
}

/// The workflows as `init` writes them.
fn workflows(stage: &Stage, visibility: &str, action: &str) -> Vec<(String, String)> {
    let output = stage.in_clone("main", &[], &["init", "--visibility", visibility, "--action", action, "--force"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read =
        |path: &str| (path.to_owned(), std::fs::read_to_string(stage.clone().join(path)).expect("it was written"));
    [".github/workflows/schema-registry-validate.yml", RECORD].map(read).into()
}

fn doctor(stage: &Stage, files: &[(String, String)]) -> String {
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    stage.doctor(&files).1
}

fn protection(changes: &Value) -> Value {
    let mut protection = json!({
        "enforce_admins": {"url": "https://api.github.com/x", "enabled": true},
        "allow_force_pushes": {"enabled": false},
        "allow_deletions": {"enabled": false},
    });
    protection.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
    protection
}

fn checks(app: Option<i64>) -> Value {
    let check = json!({"context": CONTEXT, "app_id": app});
    json!({"required_status_checks": {"contexts": [CONTEXT], "checks": [check], "strict": false}})
}

#[test]
fn classic_protection_counts_like_a_ruleset() {
    let stage = Stage::with_log(Visibility::Private, "");
    stage.repo.protect("main", protection(&checks(Some(4_711))));
    stage.repo.protect("schema-registry/audit", protection(&json!({})));
    let (_, text) = stage.doctor(&[]);
    insta::assert_snapshot!(about(&text, &["main:", "schema-registry/audit:", "rulesets"]), @"
    safe      main: the status `schema-registry` is required, and from app 4711 only
    safe      main: nothing arrives without a pull request or the status
    safe      main: its history cannot be rewritten
    safe      schema-registry/audit: nobody can delete it or rewrite it
    ");
    for (change, rules, expected) in [
        (checks(None), vec![], "advisory  main: the status `schema-registry` counts from anybody"),
        // GitHub gives both for a check of any app.
        (checks(Some(-1)), vec![], "advisory  main: the status `schema-registry` counts from anybody"),
        (
            checks(None),
            required(Some(4_711)),
            "safe      main: the status `schema-registry` is required, and from app 4711",
        ),
        (json!({"required_pull_request_reviews": null}), vec![], "broken    main: nothing asks for the status"),
        (json!({"allow_force_pushes": {"enabled": true}}), vec![], "advisory  main: rewritten history is recorded"),
        (json!({"allow_force_pushes": {"enabled": true}}), kept(), "safe      main: its history cannot be rewritten"),
        (
            json!({"enforce_admins": {"url": "https://api.github.com/x", "enabled": false}}),
            vec![],
            "advisory  main: administrators can bypass its classic protection: let it bind them too",
        ),
    ] {
        stage.repo.protect("main", protection(&change));
        stage.repo.rules("main", &rules);
        let (_, text) = stage.doctor(&[]);
        assert!(text.contains(expected), "{change} {rules:?}\n{text}");
    }
}

#[test]
fn what_a_token_may_not_read_is_unknown_with_the_permission_that_it_lacks() {
    let stage = signed();
    stage.repo.settings(|settings| {
        settings.environments.insert(ENVIRONMENT.to_owned(), Environment::default());
    });
    let token = stage.repo.token(Permissions::record());
    let (code, text) = stage.doctor_with(&[], &token);
    assert_eq!(code, Some(1), "what is broken stays so");
    insta::assert_snapshot!(about(&text, &["unknown"]), @"
    unknown   what workflows may run could not be read: a token with the permission `administration: read` would tell
    unknown   what the token of a workflow may do that does not say could not be read: a token with the permission `administration: read` would tell
    unknown   main: no ruleset asks for the status `schema-registry`; whether classic protection does: a token with the permission `administration: read` would tell
    unknown   main: no ruleset refuses direct pushes; whether classic protection does: a token with the permission `administration: read` would tell
    unknown   main: no ruleset keeps its history; whether classic protection does: a token with the permission `administration: read` would tell
    unknown   schema-registry/audit: no ruleset keeps it from being deleted or rewritten; whether classic protection does: a token with the permission `administration: read` would tell
    unknown   from where the environment `schema-registry` can be used could not be read: a token with the permission `actions: read` would tell
    unknown   who can read the secret SCHEMA_REGISTRY_SIGNING_KEY could not be read: a token with the permission `environments: read` would tell; a token with the permission `secrets: read` would tell
    ");
    stage.repo.rules("main", &required(Some(4_711)));
    let (_, text) = stage.doctor_with(&[], &token);
    assert!(text.contains("safe      main: its history cannot be rewritten"), "rulesets are enough: {text}");
}

#[test]
fn what_workflows_may_run_and_what_their_token_may_do() {
    let stage = Stage::with_log(Visibility::Private, "");
    let files = workflows(&stage, "private", &format!("acme/schema-registry@{}", "0".repeat(40)));
    let words = ["GitHub Actions is", "workflows may", "workflows use", "does not say"];
    let text = |change: &dyn Fn(&mut crate::support::github::Settings)| {
        stage.repo.settings(|settings| {
            *settings = crate::support::github::Settings::default();
            change(settings);
        });
        about(&doctor(&stage, &files), &words)
    };
    insta::assert_snapshot!(text(&|settings| (settings.pinned, settings.token_writes) = (true, true)), @"
    safe      workflows may only use Actions at a full commit
    advisory  a workflow that does not say gets a token that writes: it can post the status and push to the audit log; let the default be to read
    ");
    insta::assert_snapshot!(text(&|settings| settings.actions_off = true), @"
    broken    GitHub Actions is switched off: nothing is reviewed, recorded or gated
    safe      a workflow that does not say gets a token that only reads
    ");
    for (patterns, allowed) in [
        (vec![], false),
        (vec!["acme/*"], true),
        (vec!["Acme/schema-registry@*"], true),
        (vec!["acme/schema-registry@v1"], false),
        (vec!["other/*"], false),
        (vec!["acme/*", "!acme/schema-registry@*"], false),
    ] {
        let text = text(&|settings| settings.selected = Some(patterns.iter().map(|it| (*it).to_owned()).collect()));
        assert_eq!(
            !text.contains("broken    the workflows use acme/schema-registry@0000"),
            allowed,
            "{patterns:?}\n{text}"
        );
    }
    let own = workflows(&stage, "private", &format!("octo/schema-registry@{}", "0".repeat(40)));
    stage.repo.settings(|settings| settings.selected = Some(Vec::new()));
    assert!(!doctor(&stage, &own).contains("the workflows use"), "the owner's own are always allowed");
}

#[test]
fn a_trigger_that_public_repositories_block_is_told() {
    let stage = Stage::with_log(Visibility::Public, "");
    let action = format!("octo/schema-registry@{}", "0".repeat(40));
    assert_eq!(about(&doctor(&stage, &workflows(&stage, "public", &action)), &["pull_request_target"]), "");
    insta::assert_snapshot!(about(&doctor(&stage, &workflows(&stage, "private", &action)), &["pull_request_target"]), @"unknown   .github/workflows/schema-registry.yml starts at `pull_request_target`, which public repositories block unless an Actions policy allows it; no token can tell: look under Settings, Actions, General, or let `init` write the workflows for a public repository");
    let stage = Stage::with_log(Visibility::Private, "");
    assert_eq!(
        about(&doctor(&stage, &workflows(&stage, "private", &action)), &["starts at"]),
        "",
        "private ones do not"
    );
}

#[test]
fn the_signing_key_is_for_one_job_of_one_branch() {
    let stage = signed();
    let action = format!("octo/schema-registry@{}", "0".repeat(40));
    let files = workflows(&stage, "private", &action);
    let words = [KEY, "signing key", "the environment `"];
    let with = |branches: Option<Branches>, secrets: &[&str], open: [&[&str]; 2]| {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        stage.repo.settings(|settings| {
            settings.environments.clear();
            if let Some(branches) = branches {
                settings.environments.insert(ENVIRONMENT.to_owned(), Environment { branches, secrets: names(secrets) });
            }
            (settings.secrets, settings.organisation_secrets) = (names(open[0]), names(open[1]));
        });
        about(&doctor(&stage, &files), &words)
    };
    let named = |names: &[(&'static str, &str)]| {
        Some(Branches::Named(names.iter().map(|(kind, name)| (*kind, (*name).to_owned())).collect()))
    };
    let main = || named(&[("branch", "main")]);
    insta::assert_snapshot!(with(main(), &[KEY], [&[], &[]]), @"
    safe      the job `record` of .github/workflows/schema-registry.yml reads the signing key, from the environment `schema-registry`
    safe      the environment `schema-registry` can be used from main alone
    safe      SCHEMA_REGISTRY_SIGNING_KEY is a secret of the environment `schema-registry` and of nothing else
    ");
    for (found, expected) in [
        (with(None, &[], [&[], &[]]), "broken    the environment `schema-registry` does not exist: make it, put"),
        (with(None, &[], [&[], &[]]), "broken    SCHEMA_REGISTRY_SIGNING_KEY is no secret of the environment"),
        (
            with(Some(Branches::Any), &[KEY], [&[], &[]]),
            "broken    the environment `schema-registry` can be used from any branch",
        ),
        (
            with(Some(Branches::Protected), &[KEY], [&[], &[]]),
            "advisory  the environment `schema-registry` can be used from every protected",
        ),
        (
            with(named(&[]), &[KEY], [&[], &[]]),
            "broken    the environment `schema-registry` can be used from no branch",
        ),
        (
            with(named(&[("branch", "main"), ("branch", "release/*"), ("tag", "main")]), &[KEY], [&[], &[]]),
            "advisory  the environment `schema-registry` can be used from release/*, tag main as well",
        ),
        (with(main(), &["OTHER"], [&[], &[]]), "broken    SCHEMA_REGISTRY_SIGNING_KEY is no secret of the environment"),
        (with(main(), &[KEY], [&[KEY], &[]]), "broken    SCHEMA_REGISTRY_SIGNING_KEY is a secret of the repository"),
        (
            with(main(), &[KEY], [&["OTHER"], &[KEY]]),
            "broken    SCHEMA_REGISTRY_SIGNING_KEY is a secret of the organisation",
        ),
    ] {
        assert!(found.contains(expected), "{expected}\n{found}");
    }
    let mut others = files.clone();
    let release = format!("jobs:\n  release:\n    env:\n      K: ${{{{ secrets.{KEY} }}}}\n");
    others.push((".github/workflows/release.yaml".to_owned(), release));
    others[1].1 = others[1].1.replace("    environment:\n      name: schema-registry\n", "");
    insta::assert_snapshot!(about(&doctor(&stage, &others), &["job `"]), @"
    broken    the job `record` of .github/workflows/schema-registry.yml reads a signing key without the environment, so it can only be one that every workflow can read
    advisory  the job `release` of .github/workflows/release.yaml reads the signing key: whatever runs there can sign the audit log
    ");
}

#[test]
fn without_a_signed_log_nobody_is_asked_for_a_key() {
    let stage = Stage::with_log(Visibility::Private, "");
    let files = workflows(&stage, "private", &format!("octo/schema-registry@{}", "0".repeat(40)));
    assert_eq!(about(&doctor(&stage, &files), &[KEY, "signing key", "the environment `"]), "");
    let mut with_app = files.clone();
    with_app[1].1.push_str("# private-key: SCHEMA_REGISTRY_APP_PRIVATE_KEY\n");
    let text = about(&doctor(&stage, &with_app), &["PRIVATE_KEY"]);
    assert!(text.starts_with("broken    SCHEMA_REGISTRY_APP_PRIVATE_KEY is no secret of the environment"), "{text}");
}
