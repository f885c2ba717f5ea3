//! `init` fits the workflows to what GitHub says of the repository.

use std::process::{Command, Output};

use crate::{
    actors::Stage,
    support::github::{Access, Fault, Permissions, Scope, Visibility},
};

fn init(stage: &Stage, token: Option<&str>) -> (tempfile::TempDir, Output) {
    let folder = tempfile::tempdir().expect("a folder");
    let git = |arguments: &[&str]| {
        let status = Command::new("git").current_dir(folder.path()).args(arguments).status();
        assert!(status.expect("git starts").success(), "{arguments:?}");
    };
    git(&["init", "--quiet", "--initial-branch=work"]);
    git(&["remote", "add", "origin", &stage.repo.clone_url()]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_schema-registry"));
    command.current_dir(folder.path()).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", stage.world.home()).envs(token.map(|token| ("GH_TOKEN", token)));
    command.env("GITHUB_API_URL", format!("{}/api/v3", stage.world.server_url()));
    let action = format!("octo/schema-registry@{}", "0".repeat(40));
    let output = command.args(["init", "--action", &action]).output().expect("the binary starts");
    (folder, output)
}

fn triggers(folder: &tempfile::TempDir) -> String {
    let path = folder.path().join(".github/workflows/schema-registry.yml");
    let text = std::fs::read_to_string(path).expect("it is written");
    text.split("permissions:").next().expect("a beginning").to_owned()
}

#[test]
fn the_workflows_fit_what_github_says() {
    let public = Stage::with_log(Visibility::Public, "");
    let (folder, output) = init(&public, None);
    assert!(output.status.success(), "{output:?}");
    let text = triggers(&folder);
    assert!(text.contains("  workflow_run: #") && !text.contains("pull_request_target"), "{text}");
    assert!(text.contains("branches: ['main']"), "not what happens to be checked out: {text}");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(said.contains(&format!("audit init --repo-id {}\n", public.repo.id())), "{said}");

    let private = Stage::with_log(Visibility::Private, "");
    let token = private.repo.token(Permissions::none().with(Scope::Contents, Access::Read));
    let (folder, output) = init(&private, Some(&token));
    assert!(output.status.success(), "{output:?}");
    assert!(triggers(&folder).contains("pull_request_target"));

    let (folder, output) = init(&private, None);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(
        said.starts_with("error: GitHub does not say whether octo/app is public; say it with --visibility"),
        "{said}"
    );
    assert!(!folder.path().join(".github").exists());

    private.world.fail_next("/repos/{owner}/{repo}", Fault::Reset);
    let (_, output) = init(&private, Some(&token));
    assert!(output.status.success() && output.stderr.is_empty(), "a second attempt goes unsaid: {output:?}");
}
