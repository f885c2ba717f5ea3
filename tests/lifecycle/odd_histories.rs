//! Histories that are rare, and of which the log and `audit verify` must think the same.

use crate::{
    actors::{Stage, git},
    request::another,
    support::github::{Method, Visibility},
};

const POLICY: &str = "[approval]\nrequired = 1\n\n[gate]\nbranches = [\"stable\"]\n";
const WORKFLOW: &str = ".github/workflows/ci.yml";
const OURS: &str = "on: push\njobs: {a: {steps: [{run: schema-registry lint}]}}\n";

fn stage() -> Stage {
    Stage::with_log(Visibility::Private, POLICY)
}

fn file(name: &str) -> String {
    format!("schema-requests/{name}.yaml")
}

fn push(stage: &Stage, branch: &str, name: &str) -> String {
    stage.push(branch, "max", name, &[(&file(name), &another(name))])
}

fn words(stage: &Stage, branch: &str, words: &str) -> String {
    stage.repo.commit(branch, "max", "Words", &[("README.md", Some(words))])
}

/// The hourly run, after which a new clone finds the log whole, and says so.
fn whole(stage: &Stage) -> String {
    stage.deliver(&stage.repo.schedule_event());
    let (code, text, error) = stage.verify_afresh(&[]);
    assert!(code == 0 && !text.contains("not recorded yet"), "{text}{error}");
    text
}

/// The same; the kinds of all entries.
fn recorded(stage: &Stage) -> Vec<String> {
    whole(stage);
    stage.kinds()
}

/// Edits of a workflow that does not use the tool have no entry, so the one of its first use begins at any of them.
#[test]
fn a_workflow_that_was_edited_before_it_uses_the_tool_is_no_damage() {
    for runs in [true, false] {
        let stage = stage();
        for text in ["on: push\njobs: {}\n", "on: pull_request\njobs: {}\n", OURS] {
            stage.repo.commit("main", "max", "CI", &[(WORKFLOW, Some(text))]);
            if runs {
                recorded(&stage);
            }
        }
        assert_eq!(recorded(&stage), ["initialised", "direct-push"]);
    }
}

/// The approval is of the workflow as it was when it was asked for.
#[test]
fn such_a_workflow_that_comes_with_a_pull_request_is_approved() {
    let stage = stage();
    stage.repo.commit("main", "max", "CI", &[(WORKFLOW, Some("on: push\njobs: {}\n"))]);
    let number = stage.open("ask", "main", &[(WORKFLOW, OURS), (&file("rooms"), &another("rooms"))]);
    stage.review(number, "opened", "ann");
    stage.approve(number, "mia");
    stage.repo.merge(number, "mia", Method::Squash);
    assert_eq!(recorded(&stage), ["initialised", "approved", "merged"]);
    assert!(stage.summary(number).contains("**Merged as approved.**"));
}

/// Somebody pushes the first commit of a topic, and something else that is taken back, before the topic is merged.
#[test]
fn a_push_between_the_commits_of_a_pull_request_is_none_of_it() {
    let stage = stage();
    stage.repo.branch("topic", "main");
    let first = words(&stage, "topic", "topic");
    push(&stage, "topic", "rooms");
    let number = stage.repo.open_pull_request("ann", "topic", "main", "Rooms");
    stage.review(number, "opened", "ann");
    stage.approve(number, "mia");
    stage.repo.force_push_of("max", "main", &first);
    push(&stage, "main", "hidden");
    let paths = stage.repo.git(&["diff", "--name-only", "main~1", "main"]);
    let gone: Vec<(&str, Option<&str>)> = paths.lines().map(|path| (path, None)).collect();
    stage.repo.commit("main", "max", "Revert", &gone);
    stage.repo.merge(number, "mia", Method::Squash);
    assert_eq!(recorded(&stage), ["initialised", "approved", "direct-push", "direct-push", "merged"]);
    assert!(stage.summary(number).contains("**Merged as approved.**"));
}

/// Nothing but the last commit came with a squash, whatever GitHub connects with its pull request.
#[test]
fn a_commit_that_was_pushed_before_its_pull_request_was_squashed_is_a_push() {
    let stage = stage();
    stage.repo.branch("topic", "main");
    let first = push(&stage, "topic", "rooms");
    push(&stage, "topic", "zones");
    let number = stage.repo.open_pull_request("ann", "topic", "main", "Both");
    stage.review(number, "opened", "ann");
    stage.approve(number, "mia");
    stage.repo.force_push_of("max", "main", &first);
    stage.repo.merge(number, "max", Method::Squash);
    assert_eq!(recorded(&stage), ["initialised", "approved", "direct-push", "merged-unapproved"]);
    assert!(stage.summary(number).contains("**Merged unapproved, and recorded so.**"));
}

/// Both commits are in the history of the branch, whatever is left of them.
#[test]
fn a_rebase_whose_commits_cancel_each_other_out_is_recorded() {
    let stage = stage();
    stage.repo.branch("topic", "main");
    push(&stage, "topic", "rooms");
    let paths = stage.repo.git(&["diff", "--name-only", "main", "topic"]);
    let gone: Vec<(&str, Option<&str>)> = paths.lines().map(|path| (path, None)).collect();
    stage.repo.commit("topic", "ann", "Revert", &gone);
    let number = stage.repo.open_pull_request("ann", "topic", "main", "Nothing");
    stage.review(number, "opened", "ann");
    words(&stage, "main", "faster");
    stage.repo.merge(number, "max", Method::Rebase);
    assert_eq!(recorded(&stage), ["initialised", "merged-unapproved", "merged-unapproved"]);
    push(&stage, "main", "zones");
    assert_eq!(recorded(&stage), ["initialised", "merged-unapproved", "merged-unapproved", "direct-push"]);
    stage.summary(number);
}

/// What a merge brings came with it, and the commit of the topic that was pushed before did not.
#[test]
fn a_commit_that_was_pushed_before_its_pull_request_was_merged_is_a_push() {
    let stage = stage();
    stage.repo.branch("topic", "main");
    let first = push(&stage, "topic", "rooms");
    push(&stage, "topic", "zones");
    let number = stage.repo.open_pull_request("ann", "topic", "main", "Both");
    stage.repo.force_push_of("max", "main", &first);
    stage.repo.merge(number, "max", Method::Merge);
    assert_eq!(recorded(&stage), ["initialised", "direct-push", "merged-unapproved"]);
    assert!(stage.summary(number).contains("**Merged unapproved, and recorded so.**"));
}

#[test]
fn a_gated_branch_may_begin_at_a_commit_that_its_default_branch_gave_up() {
    let stage = stage();
    let old = stage.repo.tip("main");
    push(&stage, "main", "rooms");
    recorded(&stage);
    stage.repo.branch("stable", "main");
    push(&stage, "stable", "zones");
    recorded(&stage);
    stage.repo.force_push_of("max", "main", &old);
    words(&stage, "main", "new");
    let expected = ["initialised", "direct-push", "direct-push", "history-rewritten"];
    assert_eq!(recorded(&stage), expected);
}

#[test]
fn a_gated_branch_may_begin_at_a_commit_of_a_default_branch_that_got_another_name() {
    let stage = stage();
    stage.repo.rename_default_branch("trunk");
    let policy = |required: &str| POLICY.replace("= 1", required);
    words(&stage, "trunk", "trunk");
    let stricter = ("schema-registry.toml", Some(&*policy("= 2")));
    let begin = stage.repo.commit("trunk", "max", "Policy", &[stricter]);
    whole(&stage);
    stage.repo.branch("stable", &begin);
    let (code, text, error) = stage.verify_afresh(&[]);
    assert!(code == 0 && !text.contains("not recorded yet"), "{text}{error}");
    stage.repo.commit("stable", "max", "Policy", &[("schema-registry.toml", Some(&*policy("= 3")))]);
    let text = whole(&stage);
    assert!(text.contains("2 landings are in the history as recorded"), "{text}");
}

/// The branch that was kept for old releases left it long ago, and comes first in every list.
#[test]
fn a_default_branch_that_got_another_name_goes_on_where_the_old_one_ended() {
    let stage = Stage::with_log(Visibility::Private, &POLICY.replace("\"stable\"", "\"lts\""));
    stage.repo.branch("lts", "main");
    push(&stage, "lts", "rooms");
    recorded(&stage);
    push(&stage, "main", "zones");
    let entries = |text: String| text.lines().next().map(str::to_owned);
    let before = entries(whole(&stage));
    stage.repo.rename_default_branch("trunk");
    words(&stage, "trunk", "trunk");
    assert_eq!(entries(whole(&stage)), before);
    push(&stage, "trunk", "floors");
    let (code, text, _) = stage.verify_afresh(&[]);
    assert!(code == 0 && text.contains("1 landing is not recorded yet"), "{text}");
    let text = whole(&stage);
    assert!(text.starts_with("4 entries ") && text.contains("\n2 landings are in the history as recorded"), "{text}");
}

/// It begins where it left the default branch, for both, although what is recorded of an old one is nearer.
#[test]
fn a_branch_that_is_gated_with_the_new_name_begins_where_it_left_that() {
    let stage = Stage::with_log(Visibility::Private, &POLICY.replace("\"stable\"", "\"lts\""));
    stage.repo.branch("lts", "main");
    push(&stage, "lts", "rooms");
    recorded(&stage);
    stage.repo.branch("stable", "lts");
    stage.repo.rename_default_branch("trunk");
    let gate = POLICY.replace("\"stable\"", "\"lts\", \"stable\"");
    stage.repo.commit("trunk", "max", "Gate", &[("schema-registry.toml", Some(&gate))]);
    let (code, text, _) = stage.verify_afresh(&[]);
    assert!(code == 0 && text.contains("2 landings are not recorded yet"), "{text}");
    let text = whole(&stage);
    assert!(text.starts_with("4 entries "), "{text}");
}

#[test]
fn the_branch_that_is_checked_out_is_not_taken_for_a_renamed_one() {
    let stage = stage();
    push(&stage, "main", "rooms");
    recorded(&stage);
    push(&stage, "topic", "zones");
    let folder = stage.clone();
    git(folder, &["fetch", "--quiet", "origin"]);
    git(folder, &["checkout", "--quiet", "-B", "topic", "origin/topic"]);
    git(folder, &["remote", "set-head", "origin", "--delete"]);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_schema-registry"));
    let output = command.current_dir(folder).args(["audit", "verify"]).output().expect("the binary starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && !text.contains("not recorded yet"), "{output:?}");
}

/// Nobody can tell any more whether it left the default branch where it says.
#[test]
fn where_a_branch_began_is_not_judged_once_the_commits_are_gone() {
    let stage = stage();
    let old = stage.repo.tip("main");
    let begin = push(&stage, "main", "rooms");
    push(&stage, "main", "zones");
    recorded(&stage);
    stage.repo.branch("stable", &begin);
    push(&stage, "stable", "lots");
    recorded(&stage);
    stage.repo.force_push_of("max", "main", &old);
    let text = whole(&stage);
    let said = "1 landing is in the history as recorded\n3 landings cannot be compared";
    assert!(text.contains(said), "{text}");
}
