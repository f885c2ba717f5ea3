//! By bytes or a policy that nobody approved.

use std::fmt::Write as _;

use super::{FILE, POLICY, approvals, refused, waiting};
use crate::{
    actors::{LABEL, Stage, git, rules},
    request::{another, corrected},
    support::github::{Method, Visibility},
};

const POLICY_FILE: &str = "schema-registry.toml";

#[test]
fn bytes_that_come_back_after_others_are_approved_anew() {
    let (stage, number) = waiting();
    stage.approve(number, "mia");
    let (approved, green) = (stage.repo.tip("notes"), stage.gate(number));
    assert_eq!(green, "success: Approved by mia; no violations");
    stage.repo.commit("notes", "ann", "Something else", &[(FILE, Some(&(corrected() + "#\n")))]);
    stage.review(number, "synchronize", "ann");
    refused(&stage, number, "a push after the approval", "`schema-requests/notes.yaml` has other bytes");
    stage.repo.force_push_of("ann", "notes", &approved);
    stage.review(number, "synchronize", "ann");
    refused(&stage, number, "a push back by force", "The approved bytes were replaced and came back later");
    assert_eq!(approvals(&stage), 1);
}

#[test]
fn a_merge_that_nobody_saw_is_not_what_was_approved() {
    let (stage, first) = waiting();
    stage.approve(first, "mia");
    let before = stage.repo.tip("main");
    stage.repo.merge(first, "mia", Method::Squash);
    stage.deliver(&stage.repo.push_event("main", &before, "mia"));
    stage.summary(first);

    // One half of the file changes here, the other there; both merge without a conflict.
    let here = corrected().replace("Writers lose", "Writers still lose");
    let second = stage.open("words", "main", &[(FILE, &here)]);
    stage.review(second, "opened", "ann");
    stage.approve(second, "max");
    assert_eq!(stage.gate(second), "success: Approved by max; no violations");
    let there = corrected().replace("owner: writers", "owner: authors");
    let before = stage.repo.tip("main");
    stage.repo.commit("main", "max", "The other half", &[(FILE, Some(&there))]);
    stage.deliver(&stage.repo.push_event("main", &before, "max"));
    refused(&stage, second, "a third file, merged from two", "`schema-requests/notes.yaml` has other bytes");
    assert_eq!(approvals(&stage), 2);
}

#[test]
fn a_head_that_was_approved_for_another_base_is_not_approved_for_this_one() {
    let stage = super::gating(&["stable"]);
    let number = stage.open("notes", "stable", &[(FILE, &corrected())]);
    stage.review(number, "opened", "ann");
    stage.approve(number, "mia");
    assert_eq!(stage.gate(number), "success: Approved by mia; no violations");
    stage.repo.retarget(number, "main");
    stage.review(number, "edited", "ann");
    refused(&stage, number, "another base", "The pull request has another base branch");
    assert_eq!(approvals(&stage), 1);
}

/// A pull request that `tom`, who only triages, approved for a branch whose own policy takes that, and that is for `main` now.
fn retargeted() -> (Stage, u64) {
    let stage = super::gating(&["lax"]);
    let lax = format!("{POLICY}permission = \"triage\"\n");
    stage.repo.commit("lax", "ann", "Policy", &[(POLICY_FILE, Some(&lax))]);
    let number = stage.open("notes", "lax", &[(FILE, &corrected())]);
    stage.review(number, "opened", "ann");
    stage.approve(number, "tom");
    assert_eq!(stage.gate(number), "success: Approved by tom; no violations");
    stage.repo.retarget(number, "main");
    (stage, number)
}

#[test]
fn what_was_approved_for_another_base_lands_unapproved() {
    let (stage, number) = retargeted();
    let before = stage.repo.tip("main");
    stage.repo.merge(number, "ann", Method::Squash);
    stage.deliver(&stage.repo.push_event("main", &before, "ann"));
    assert_eq!(stage.kinds(), ["initialised", "direct-push", "approved", "merged-unapproved"]);
    let summary = stage.summary(number);
    assert!(summary.contains("**Merged unapproved, and recorded so.**"), "{summary}");
    let (code, text, _) = stage.verify_afresh(&[]);
    assert!(code == 0 && text.contains("2 landings are in the history as recorded"), "{text}");
}

#[test]
fn what_was_approved_for_another_base_does_not_get_through_the_merge_queue() {
    let (stage, number) = retargeted();
    let group = stage.repo.enqueue(number);
    stage.deliver(&stage.repo.workflow_run_of_group_event(&group));
    let unapproved = format!("failure: No approval covers what the queue would merge of #{number}");
    assert_eq!(stage.status_of(&group), unapproved);
    stage.review(number, "edited", "ann");
    refused(&stage, number, "another base", "The pull request has another base branch");
    assert_eq!(stage.status_of(&group), unapproved);
}

#[test]
fn what_was_approved_under_an_earlier_policy_lands_unapproved_whatever_way() {
    let stage = Stage::with_log(Visibility::Private, POLICY);
    let methods = [("rooms", Method::Squash), ("zones", Method::Rebase), ("floors", Method::Merge)];
    let approved = methods.map(|(name, method)| {
        let number = stage.open(name, "main", &[(&format!("schema-requests/{name}.yaml"), &another(name))]);
        stage.review(number, "opened", "ann");
        stage.approve(number, "mia");
        assert_eq!(stage.gate(number), "success: Approved by mia; no violations");
        (number, method)
    });
    // Nothing runs between the policy and what lands after it.
    stage.repo.commit("main", "max", "Stricter", &[(POLICY_FILE, Some(&format!("{POLICY}min_review_seconds = 90\n")))]);
    for (number, method) in approved {
        stage.repo.merge(number, "mia", method);
    }
    stage.deliver(&stage.repo.schedule_event());
    let unapproved = ["merged-unapproved"; 3];
    assert_eq!(stage.kinds()[4..], [&["direct-push"], &unapproved[..]].concat());
    for (number, _) in approved {
        let summary = stage.summary(number);
        assert!(summary.contains("**Merged unapproved, and recorded so.**"), "{summary}");
    }
    let (code, text, _) = stage.verify_afresh(&[]);
    assert!(code == 0 && text.contains("4 landings are in the history as recorded"), "{text}");
}

#[test]
fn a_policy_ahead_in_the_merge_queue_is_the_one_that_counts() {
    let stage = Stage::with_log(Visibility::Private, POLICY);
    let stricter = format!("{POLICY}min_review_seconds = 90\n");
    stage.repo.commit("stricter", "ann", "Stricter", &[(POLICY_FILE, Some(&stricter))]);
    let policy = stage.repo.open_pull_request("ann", "stricter", "main", "Stricter");
    let request = stage.open("notes", "main", &[(FILE, &corrected())]);
    for number in [policy, request] {
        stage.review(number, "opened", "ann");
        stage.approve(number, "mia");
        assert_eq!(stage.gate(number), "success: Approved by mia; no violations");
    }
    let groups = [policy, request].map(|number| stage.repo.enqueue(number));
    for group in &groups {
        stage.deliver(&stage.repo.workflow_run_of_group_event(group));
    }
    let unapproved = format!("failure: No approval covers what the queue would merge of #{request}");
    let said = groups.clone().map(|group| stage.status_of(&group));
    assert_eq!(said, ["success: What the queue would merge has no error", &unapproved]);
    // Somebody lets it in all the same.
    stage.repo.land_group("max", &[policy, request], &groups[1]);
    stage.deliver(&stage.repo.schedule_event());
    assert_eq!(stage.kinds()[3..], ["merged", "merged-unapproved"]);
    assert!(stage.summary(policy).contains("**Merged as approved.**"), "{}", stage.summary(policy));
    assert!(stage.summary(request).contains("**Merged unapproved, and recorded so.**"), "{}", stage.summary(request));
    let (code, text, _) = stage.verify_afresh(&[]);
    assert!(code == 0 && text.contains("2 landings are in the history as recorded"), "{text}");
}

#[test]
fn a_change_too_large_to_show_cannot_be_approved() {
    let stage = Stage::with_log(Visibility::Private, POLICY);
    let tables = (0..60).map(|number| format!("things_of_{number}s"));
    let padding: Vec<(String, String)> =
        tables.map(|table| (format!("schema-requests/{table}.yaml"), wide(&table))).collect();
    let mut files: Vec<(&str, &str)> = padding.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let notes = corrected();
    files.push((FILE, &notes));
    let number = stage.open("notes", "main", &files);
    stage.review(number, "opened", "ann");
    stage.approve(number, "mia");
    let gate = stage.gate(number);
    assert_eq!(gate, "failure: Unreviewable: the change is too large to show in full; split it");
    assert!(stage.summary(number).contains("before the summary showed these bytes"), "{}", stage.summary(number));
    assert_eq!((approvals(&stage), stage.repo.labels(number)), (0, vec![]));
}

/// A request for a table with many columns.
fn wide(table: &str) -> String {
    let mut columns = String::new();
    for number in 0..40 {
        let _ = writeln!(columns, "    - {{name: something_about_number_{number}, type: TEXT, nullable: false}}");
    }
    another(table).replace("    - {name: note_title", &format!("{columns}    - {{name: note_title"))
}

#[test]
fn a_policy_is_weakened_under_the_policy_that_it_weakens() {
    let stage = Stage::with_log(Visibility::Private, "");
    let weak = "[approval]\nrequired = 0\npermission = \"triage\"\nmin_review_seconds = 0\n";
    let workflow = ".github/workflows/schema.yml";
    let uses = "jobs: {review: {steps: [{uses: octo/schema-registry@v1}]}}\n";
    stage.repo.commit("main", "max", "The workflow", &[(workflow, Some(uses))]);
    stage.push("weak", "ann", "Relax, and ask", &[(POLICY_FILE, weak), (FILE, &corrected())]);
    // Another branch on top of it, which does not touch the policy itself.
    stage.repo.branch("next", "weak");
    stage.repo.commit("next", "ann", "More", &[("README.md", Some("hello\n"))]);
    let open = |branch: &str| stage.repo.open_pull_request("ann", branch, "main", branch);
    let (this, next) = (open("weak"), open("next"));
    stage.repo.commit("flow", "ann", "Look away", &[(workflow, Some("jobs: {}\n"))]);
    let flow = open("flow");
    let forgeries = [
        ("the policy of the pull request itself", this, "`schema-registry.toml` is a control file"),
        ("the policy of the pull request before", next, "`schema-registry.toml` is a control file"),
        ("a workflow that stops asking", flow, "`.github/workflows/schema.yml` is a control file"),
    ];
    for (forgery, number, reason) in forgeries {
        stage.review(number, "opened", "ann");
        let summary = stage.summary(number);
        assert!(summary.contains(reason), "{forgery}: {summary}");
        assert_eq!(stage.gate(number), "pending: 0 of 2 approvals given; no violations", "{forgery}");
        stage.approve(number, "tom");
        let summary = stage.summary(number);
        assert!(summary.contains("the policy asks for `maintain` or `admin`"), "{forgery}: {summary}");
        stage.approve(number, "mia");
        assert_eq!(stage.gate(number), "pending: 1 of 2 approvals given; no violations", "{forgery}");
        assert_eq!(stage.repo.labels(number), [""; 0]);
    }
    // To the branch that relaxes it nothing is judged, so nothing is green.
    let onto = stage.repo.open_pull_request("ann", "next", "weak", "Onto it");
    let ran = stage.deliver(&stage.repo.pull_request_event("pull_request_target", "opened", onto, "ann"));
    assert!(ran.writes.is_empty() && ran.stdout.contains("The branch weak is not gated"), "{ran:?}");

    // What was approved under the old policy is not approved under a new one that came past the gate.
    let plain = stage.open("notes", "main", &[(FILE, &corrected())]);
    stage.review(plain, "opened", "ann");
    stage.approve(plain, "mia");
    assert_eq!(stage.gate(plain), "success: Approved by mia; no violations");
    let before = stage.repo.tip("main");
    stage.repo.commit("main", "max", "Past the gate", &[(POLICY_FILE, Some("[approval]\nrequired = 1\n"))]);
    stage.deliver(&stage.repo.push_event("main", &before, "max"));
    refused(&stage, plain, "a policy that came past the gate", "A control file (policy, workflow, code owners or");
    let landed = stage.log().into_iter().rev().find(|entry| entry["kind"] == "direct-push");
    assert_eq!(landed.expect("it is recorded")["after"], stage.repo.tip("main").as_str());
    assert!(stage.repo.labels(plain).iter().all(|label| label != LABEL));
    for number in [this, next, flow] {
        stage.summary(number);
    }
}

/// Whoever applies the migrations would follow it.
#[test]
fn a_folder_that_becomes_a_link_is_an_error() {
    let stage = Stage::with_log(Visibility::Private, POLICY);
    stage.in_clone("main", &[("elsewhere/20260101_000000_drop_users.up.sql", "DROP TABLE users;\n")], &["list"]);
    let folder = stage.clone();
    std::os::unix::fs::symlink("elsewhere", folder.join("migrations")).expect("links");
    git(folder, &["add", "--all"]);
    let email = format!("user.email={}", stage.repo.email("ann"));
    git(folder, &["-c", "user.name=ann", "-c", &email, "commit", "--quiet", "-m", "Link"]);
    git(folder, &["push", "--quiet", &stage.repo.git_dir().to_string_lossy(), "HEAD:refs/heads/draft"]);
    stage.repo.force_push_of("ann", "link", &stage.repo.tip("draft"));
    let number = stage.repo.open_pull_request("ann", "link", "main", "Link");
    stage.review(number, "opened", "ann");
    let gate = stage.gate(number);
    assert!(gate.starts_with("failure: 1 error"), "{gate}");
    stage.summary(number);
    let threads = stage.open_threads(number);
    assert_eq!(rules(&threads).into_iter().map(|(_, rule)| rule).collect::<Vec<_>>(), ["unrecognised-file"]);
}
