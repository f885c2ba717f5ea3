//! By somebody who may not.

use super::{FILE, approvals, refused};
use crate::{
    actors::{LABEL, Stage},
    request::corrected,
    support::github::{Role, Visibility},
};

const REJECTED: &str = "schema-rejected";
/// The account of every workflow's token.
const JOB: &str = "github-actions[bot]";

/// Does something with the pull request of that number; a label that it sets has the time it needs.
type Attempt = fn(&Stage, u64);

fn set(stage: &Stage, number: u64, login: &str) {
    stage.repo.label(number, login, LABEL).expect("may label");
}

#[test]
fn nobody_approves_who_had_a_hand_in_the_change_or_may_not() {
    let (stage, number) = with_many_hands();
    let forgeries: [(&str, Attempt, &str); 14] = [
        ("a triager", |stage, number| set(stage, number, "tom"), "has the role `triage` in the repository"),
        ("the author", |stage, number| set(stage, number, "ann"), "`ann` opened this pull request"),
        ("the requester", |stage, number| set(stage, number, "rita"), "`rita` is named as the requester"),
        (
            "who pushed below somebody else's empty commit",
            |stage, number| set(stage, number, "pip"),
            "`pip` pushed to this branch",
        ),
        (
            "who wrote a commit that somebody else pushed",
            |stage, number| set(stage, number, "cas"),
            "`cas` is the author of one of the commits",
        ),
        ("a committer", |stage, number| set(stage, number, "dot"), "`dot` is the committer of one of the commits"),
        ("a co-author", |stage, number| set(stage, number, "eve"), "`eve` is named as co-author of one of the commits"),
        ("a bot", |stage, number| set(stage, number, "robot[bot]"), "is not a person; a person must approve"),
        (
            "an app on somebody's behalf",
            |stage, number| stage.repo.label_via_app(number, "mia", "helpful", LABEL).expect("may label"),
            "An app set the label on behalf of `mia`",
        ),
        (
            "a maintainer who is one no longer",
            |stage, number| {
                set(stage, number, "fay");
                stage.repo.role("fay", Role::Read);
            },
            "`fay` has the role `read` in the repository",
        ),
        (
            "an approver whose account is gone",
            |stage, number| {
                set(stage, number, "gil");
                stage.world.delete_user("gil");
            },
            "The account that set the label no longer exists",
        ),
        (
            "somebody who took the login of an approver",
            |stage, number| {
                stage.world.reregister("olga");
                set(stage, number, "olga");
            },
            "`olga` has the role `triage` in the repository",
        ),
        (
            "the author, by a comment",
            |stage, number| {
                let digest = super::digest(stage, number);
                stage.repo.comment(number, "ann", &format!("/approve {digest}"));
            },
            "`ann` opened this pull request",
        ),
        (
            "a triager, by a comment",
            |stage, number| {
                stage.repo.role("uma", Role::Triage);
                let digest = super::digest(stage, number);
                stage.repo.comment(number, "uma", &format!("/approve {}", &digest[..12]));
            },
            "`uma` has the role `triage` in the repository",
        ),
    ];
    for (forgery, attempt, reason) in forgeries {
        attempt(&stage, number);
        stage.review(number, "labeled", "ann");
        refused(&stage, number, forgery, reason);
    }
    assert_eq!(approvals(&stage), 0);
    stage.approve(number, "mia");
    assert_eq!(stage.gate(number), "success: Approved by mia; no violations", "the same from somebody who may");
    stage.summary(number);
}

/// A pull request of ann's to which others pushed, committed and lent their names, an empty commit of ann's on top. All of
/// them maintain the repository; olga only triages, but the policy names her.
fn with_many_hands() -> (Stage, u64) {
    let stage = Stage::with_log(Visibility::Private, super::POLICY);
    for login in ["ann", "pip", "cas", "dot", "eve", "fay", "gil"] {
        stage.repo.role(login, Role::Maintain);
    }
    stage.repo.role("olga", Role::Triage);
    let olga = stage.world.user("olga");
    let policy = format!("[approval]\nrequired = 1\napprovers = [{{ id = {olga}, login = \"olga\" }}]\n");
    stage.repo.commit("main", "max", "policy", &[("schema-registry.toml", Some(&policy))]);

    let repo = &stage.repo;
    stage.push("notes", "ann", "Ask", &[(FILE, &corrected())]);
    repo.push_of("pip", "notes", "ann", "Explain", &[("README.md", Some("hello\n"))]);
    repo.push_of("ann", "notes", "cas", "Explain more", &[("README.md", Some("hello\nagain\n"))]);
    let message = format!("Explain it all\n\nCo-authored-by: Eve <{}>", repo.email("eve"));
    repo.push_of("ann", "notes", "ann", &message, &[("README.md", Some("hello\nagain\nall\n"))]);
    let tip = repo.tip("notes");
    let identities = [
        "author.name=ann".to_owned(),
        format!("author.email={}", repo.email("ann")),
        "committer.name=dot".to_owned(),
        format!("committer.email={}", repo.email("dot")),
    ];
    let mut arguments: Vec<&str> = identities.iter().flat_map(|identity| ["-c", identity]).collect();
    let tree = format!("{tip}^{{tree}}");
    arguments.extend(["commit-tree", &tree, "-p", &tip, "-m", "Apply a patch"]);
    let sha = repo.git(&arguments);
    repo.force_push_of("ann", "notes", &sha);
    repo.commit("notes", "ann", "Nothing", &[]);

    let number = repo.open_pull_request("ann", "notes", "main", "Notes");
    stage.review(number, "opened", "ann");
    stage.world.advance(3_600);
    (stage, number)
}

#[test]
fn a_co_author_does_not_approve_however_the_trailer_is_spelt() {
    let spellings: [(&str, &str); 4] = [
        ("a blank before the colon", "Co-authored-by : Eve <{eve}>"),
        ("an address on a line of its own", "Co-authored-by: Eve\n <{eve}>"),
        ("no blank at all", "Co-authored-by:Eve<{eve}>"),
        ("two on one line", "Co-authored-by: Eve <{eve}>, Ann <{ann}>"),
    ];
    for (forgery, trailer) in spellings {
        let stage = Stage::with_log(Visibility::Private, super::POLICY);
        stage.repo.role("eve", Role::Maintain);
        let trailer = trailer.replace("{eve}", &stage.repo.email("eve")).replace("{ann}", &stage.repo.email("ann"));
        stage.push("notes", "ann", &format!("Ask\n\n{trailer}"), &[(FILE, &corrected())]);
        let number = stage.repo.open_pull_request("ann", "notes", "main", "Notes");
        stage.review(number, "opened", "ann");
        stage.approve(number, "eve");
        refused(&stage, number, forgery, "`eve` is named as co-author of one of the commits");
        assert_eq!(approvals(&stage), 0, "{forgery}");
    }
}

/// A merge of main leads to where the branch began in fewer steps than the branch itself.
#[test]
fn who_wrote_a_commit_far_below_a_merge_does_not_approve_and_who_wrote_one_of_main_does() {
    for count in [1, 60] {
        let stage = Stage::with_log(Visibility::Private, super::POLICY);
        let repo = &stage.repo;
        repo.role("cas", Role::Maintain);
        repo.commit("main", "mia", "Hello", &[("README.md", Some("hello\n"))]);
        repo.branch("notes", "main");
        for n in 0..60 {
            repo.commit("main", "max", "Words", &[("README.md", Some(&n.to_string()))]);
        }
        repo.push_of("ann", "notes", "cas", "Explain", &[("notes.md", Some("hello\n"))]);
        for n in 0..count {
            repo.commit("notes", "ann", "Explain", &[("notes.md", Some(&n.to_string()))]);
        }
        repo.force_push_of("ann", "notes", &stage.merge_commit("ann", "notes", "main"));
        stage.push("notes", "ann", "Ask", &[(FILE, &corrected())]);
        let number = repo.open_pull_request("ann", "notes", "main", "Notes");
        stage.review(number, "opened", "ann");
        stage.approve(number, "cas");
        refused(&stage, number, &format!("below {count}"), "`cas` is the author of one of the commits");
        stage.approve(number, "mia");
        assert_eq!(stage.gate(number), "success: Approved by mia; no violations", "below {count}");
        stage.summary(number);
    }
}

#[test]
fn a_commit_of_nobody_known_lets_nobody_approve_until_it_is_gone() {
    let stage = Stage::with_log(Visibility::Private, super::POLICY);
    stage.push("notes", "ann", "Ask\n\nCo-authored-by: Somebody <somebody@example.com>", &[(FILE, &corrected())]);
    let number = stage.repo.open_pull_request("ann", "notes", "main", "Notes");
    stage.review(number, "opened", "ann");
    stage.approve(number, "mia");
    refused(&stage, number, "an address without an account", "somebody@example.com");
    assert_eq!(approvals(&stage), 0);
}

/// Whoever may push a workflow pushes through its token, and so could the approver.
#[test]
fn a_push_by_a_bot_or_by_nobody_known_lets_nobody_approve_on_that_branch() {
    let push = |stage: &Stage, login: &str| {
        stage.repo.push_of(login, "notes", "ann", "Format", &[("README.md", Some("hello\n"))]);
    };
    for (forgery, login, reason) in [
        ("by the token of a job", JOB, "was pushed by `github-actions[bot]`, and a bot acts for somebody"),
        ("by an app", "robot[bot]", "was pushed by `robot[bot]`, and a bot acts for somebody"),
        ("by a deleted account", "gil", "GitHub names no account that pushed commit"),
    ] {
        let (stage, number) = super::waiting();
        stage.world.user(login);
        push(&stage, login);
        if login == "gil" {
            stage.world.delete_user(login);
        }
        stage.review(number, "synchronize", "ann");
        stage.approve(number, "mia");
        refused(&stage, number, forgery, reason);
        refused(
            &stage,
            number,
            forgery,
            "push the commits to a new branch, open a pull request from it, and close this one",
        );
        stage.repo.commit("notes", "ann", "Explain more", &[("README.md", Some("hello\nagain\n"))]);
        stage.review(number, "synchronize", "ann");
        stage.approve(number, "mia");
        refused(&stage, number, forgery, reason);
        assert_eq!(approvals(&stage), 0, "{forgery}");
        stage.repo.force_push_of("ann", "again", &stage.repo.tip("notes"));
        stage.repo.close(number, "ann");
        let again = stage.repo.open_pull_request("ann", "again", "main", "Notes again");
        stage.review(again, "opened", "ann");
        stage.approve(again, "mia");
        assert_eq!(stage.gate(again), "success: Approved by mia; no violations", "{forgery}: does what it says");
        stage.summary(again);
    }
}

#[test]
fn a_pull_request_that_a_bot_opened_and_pushed_is_approved_like_any_other_unless_a_workflow_did() {
    for (login, gate) in [("robot[bot]", "success: Approved by mia; no violations"), (JOB, super::WAITING)] {
        let stage = Stage::with_log(Visibility::Private, super::POLICY);
        stage.push("update", login, "Update", &[(FILE, &corrected())]);
        let number = stage.repo.open_pull_request(login, "update", "main", "Update");
        stage.review(number, "opened", "ann");
        stage.approve(number, "mia");
        let summary = stage.summary(number);
        assert_eq!(stage.gate(number), gate, "{login}: {summary}");
    }
}

#[test]
fn a_rejection_whose_label_is_renamed_or_deleted_stands_until_somebody_entitled_lifts_it() {
    let renamed: Attempt = |stage, _| stage.repo.rename_label("ann", REJECTED, "nice").expect("may rename");
    let deleted: Attempt = |stage, _| stage.repo.delete_label("ann", REJECTED).expect("may delete");
    for (forgery, attempt) in [("renamed", renamed), ("deleted", deleted)] {
        let (stage, number) = super::waiting();
        stage.approve(number, "mia");
        stage.repo.label(number, "max", REJECTED).expect("may label");
        stage.review(number, "labeled", "max");
        assert_eq!(stage.gate(number), "failure: Rejected by max; no violations");
        attempt(&stage, number);
        stage.world.advance(3_600);
        stage.deliver(&stage.repo.schedule_event());
        assert_eq!(stage.gate(number), "failure: Rejected by max; no violations", "{forgery}");
        assert!(stage.repo.labels(number).contains(&REJECTED.to_owned()), "{forgery}: it comes back");
        stage.repo.unlabel(number, "max", REJECTED).expect("may label");
        stage.review(number, "unlabeled", "max");
        assert_eq!(stage.gate(number), "success: Approved by mia; no violations", "{forgery}: by its setter");
        stage.summary(number);
    }
}

#[test]
fn a_rejection_by_a_workflow_stands_until_an_approver_lifts_it() {
    let (stage, number) = super::waiting();
    stage.repo.role(JOB, Role::Write);
    stage.approve(number, "mia");
    stage.repo.label(number, JOB, REJECTED).expect("may label");
    stage.review(number, "labeled", "ann");
    let red = "failure: Rejected by github-actions[bot]; no violations";
    assert_eq!(stage.gate(number), red);
    stage.repo.unlabel(number, JOB, REJECTED).expect("may label");
    stage.review(number, "unlabeled", "ann");
    assert_eq!(stage.gate(number), red, "any other workflow may have done it");
    stage.repo.unlabel(number, "max", REJECTED).expect("may label");
    stage.review(number, "unlabeled", "max");
    assert_eq!(stage.gate(number), "success: Approved by mia; no violations");
    stage.summary(number);
}
