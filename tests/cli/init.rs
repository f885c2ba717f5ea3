//! `init`: what it writes, and that nothing of its user's is lost. `scripts/test` runs the linters on it.

use crate::project::Project;

const ACTION: &str = "octo/schema-registry@0123456789abcdef0123456789abcdef01234567";
const VALIDATE: &str = ".github/workflows/schema-registry-validate.yml";
const RECORD: &str = ".github/workflows/schema-registry.yml";

fn empty() -> Project {
    let project = Project::new();
    project.git(&["init", "--quiet", "--initial-branch=main"]);
    project
}

fn init<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["init", "--action", ACTION], more].concat()
}

#[test]
fn a_public_repository_validates_first() {
    let project = empty();
    let (code, text) = project.outcome(&init(&["--visibility", "public"]));
    assert_eq!(code, 0);
    insta::assert_snapshot!(text, @"
    wrote .github/workflows/schema-registry-validate.yml
    wrote .github/workflows/schema-registry.yml
    wrote schema-registry.toml

    What is left to do:
    1. Read schema-registry.toml, and merge all of it into main.
    2. Create the audit log: schema-registry audit init
    3. Create the label that approves: gh label create schema-approved
    4. In a ruleset, require the status `schema-registry` on main, and let nobody delete or force-push schema-registry/audit.
    ");
    for path in [VALIDATE, RECORD] {
        let ours = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let ours = std::fs::read_to_string(ours).expect("it is there");
        assert_eq!(ours, project.read(path).replace(ACTION, "$/."), "{path}: this repository runs what is written");
    }
}

#[test]
fn a_private_repository_with_an_app_of_its_own() {
    let project = empty();
    project.write("schema-registry.toml", "[gate]\nbranches = [\"release/1\"]\n[audit]\nbranch = \"log\"\n");
    let (_, text) = project.outcome(&init(&["--visibility", "private", "--app"]));
    insta::assert_snapshot!(text, @"
    wrote .github/workflows/schema-registry-validate.yml
    wrote .github/workflows/schema-registry.yml

    What is left to do:
    1. Read schema-registry.toml, and merge all of it into main.
    2. Make a GitHub App with the repository permissions Contents, Pull requests and Commit statuses (write), install it here, and put its client id and key into the environment `schema-registry`, which only main may use:
       gh variable set SCHEMA_REGISTRY_APP_CLIENT_ID --env schema-registry
       gh secret set SCHEMA_REGISTRY_APP_PRIVATE_KEY --env schema-registry < KEY.pem
    3. Create the audit log: schema-registry audit init
    4. Create the label that approves: gh label create schema-approved
    5. In a ruleset, require the status `schema-registry` on main, release/1 from your App, and let nobody delete or force-push log.
    ");
    assert!(project.read(VALIDATE).contains("on:\n  merge_group:\n\n"), "{}", project.read(VALIDATE));
    insta::assert_snapshot!(project.read(RECORD), @r#"
    name: Schema registry

    on:
      # Code of the default branch; files of the pull request are read as data from git objects, never checked out,
      # never executed.
      pull_request_target: # zizmor: ignore[dangerous-triggers]
        types: [opened, reopened, synchronize, edited, ready_for_review, converted_to_draft, labeled, unlabeled, closed]
      # For merge queues.
      workflow_run:
        workflows: [Schema registry validate]
        types: [completed]
      issue_comment:
        types: [created, edited, deleted]
      push:
        branches: ['main', 'release/1']
      # What got lost, and what time alone changes.
      schedule:
        - cron: "17 * * * *"
      workflow_dispatch:

    permissions: {}

    # Every run reads the live state, so a waiting one may give way to a later one; a running one finishes.
    concurrency:
      group: >-
        schema-registry-${{ github.event.pull_request.number || github.event.issue.number || github.event.workflow_run &&
        format('{0}/{1}', github.event.workflow_run.head_repository.id, github.event.workflow_run.head_branch) ||
        github.ref }}
      cancel-in-progress: false

    jobs:
      # Comments, labels and status of pull requests; what has landed goes into the audit log.
      record:
        name: Record
        # Of comments, those that approve, or did.
        if: >-
          github.event_name != 'issue_comment' || github.event.issue.pull_request &&
          contains(format('{0} {1}', github.event.comment.body, github.event.changes.body.from), '/approve')
        runs-on: ubuntu-24.04
        timeout-minutes: 30
        # Keeps the secrets; let nothing but the default branch use it.
        environment:
          name: schema-registry
          deployment: false
        permissions: {}
        steps:
          - uses: actions/create-github-app-token@bcd2ba49218906704ab6c1aa796996da409d3eb1 # v3.2.0
            id: app
            with:
              client-id: ${{ vars.SCHEMA_REGISTRY_APP_CLIENT_ID }}
              private-key: ${{ secrets.SCHEMA_REGISTRY_APP_PRIVATE_KEY }}
              permission-contents: write # append to the audit log's branch
              permission-pull-requests: write # review comments, the summary, labels
              permission-statuses: write # the gate
          - uses: octo/schema-registry@0123456789abcdef0123456789abcdef01234567
            with:
              github-token: ${{ steps.app.outputs.token }}
              signing-key: ${{ secrets.SCHEMA_REGISTRY_SIGNING_KEY }} # of the audit log, where it is signed
    "#);
}

#[test]
fn what_is_there_is_kept() {
    let project = empty();
    let arguments = init(&["--visibility", "public"]);
    project.outcome(&arguments);
    project.write("schema-registry.toml", "[approval]\nrequired = 3\n");
    let again = project.json(&arguments);
    assert_eq!(again["written"].as_array().map(Vec::len), Some(0));
    assert_eq!(again["unchanged"], serde_json::json!([VALIDATE, RECORD]));

    let written = project.read(RECORD);
    project.write(RECORD, "mine\n");
    std::fs::remove_file(project.path(VALIDATE)).expect("it is there");
    let output = project.run(&arguments);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stderr), @"error: .github/workflows/schema-registry.yml differs from what would be written; keep what is yours elsewhere, then use --force");
    assert_eq!(project.read(RECORD), "mine\n");
    assert!(!project.path(VALIDATE).exists(), "all or nothing");

    let (code, _) = project.outcome(&[arguments.as_slice(), &["--force"]].concat());
    assert_eq!((code, project.read(RECORD)), (0, written));
    assert_eq!(project.read("schema-registry.toml"), "[approval]\nrequired = 3\n", "a policy is never overwritten");
}

#[test]
fn says_what_is_missing() {
    let error = |project: &Project, arguments: &[&str]| {
        let output = project.run(arguments);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}");
        String::from_utf8(output.stderr).expect("UTF-8")
    };
    let project = empty();
    for action in ["octo/schema-registry@v1", "octo/schema-registry", "./here@0123", "a b/c@main", ""] {
        let text = error(&project, &["init", "--action", action]);
        assert!(text.contains("expected owner/name@commit, the commit with all of its 40 digits"), "{action}: {text}");
    }
    insta::assert_snapshot!(error(&project, &init(&[])), @"error: whether the repository is public cannot be asked: this clone has no remote `origin`; say it with --visibility public or --visibility private");
    project.git(&["remote", "add", "origin", "/srv/git/app.git"]);
    insta::assert_snapshot!(error(&project, &init(&[])), @"error: whether the repository is public cannot be asked: `origin` is not on a GitHub server; say it with --visibility public or --visibility private");
    let project = Project::new();
    insta::assert_snapshot!(error(&project, &init(&["--visibility", "public"])).replace(&*project.path("").to_string_lossy(), "<folder>/"), @"error: . is not in a git repository; run this in a clone");
}
