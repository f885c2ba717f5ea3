//! `audit verify` against the history: what the log says landed, and what did.

use chrono::{DateTime, Utc};
use schema_registry::{
    audit_log::{Addition, LANDING_HEADER, LandingId, Origin, landed_lines},
    cli::log::Log,
    git::Git,
    model::{Actor, Digest, ENTRY_VERSION, Entry, EntryKind},
    pipeline::changed_files,
    policy::Policy,
};

use crate::{
    actors::{Stage, git},
    support::github::{Method, Visibility},
};

const POLICY: &str = "[approval]\nrequired = 1\n";

/// A log with two landings: the policy came before it, and two requests were pushed directly.
fn stage() -> Stage {
    let stage = Stage::with_log(Visibility::Private, POLICY);
    for name in ["rooms", "zones"] {
        stage.push("main", "max", name, &[(&format!("schema-requests/{name}.yaml"), &crate::request::another(name))]);
        let ran = stage.action(&stage.repo.schedule_event());
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    }
    assert_eq!(stage.kinds(), ["initialised", "direct-push", "direct-push"]);
    stage
}

#[test]
fn what_landed_is_compared_with_the_history() {
    let stage = stage();
    let (code, text) = stage.ask(&["audit", "verify"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("2 landings are in the history as recorded"), "{text}");
    // A commit that landed and was taken back by force, before any run could record that.
    let dir = stage.repo.git_dir();
    let tip = git(&dir, &["rev-parse", "main"]);
    git(&dir, &["update-ref", "refs/heads/main", "main~1"]);
    let (code, text) = stage.ask(&["audit", "verify"]);
    assert_eq!(code, 1, "{text}");
    let named = format!("names commit {}, which is not in the history of main", tip.trim());
    assert!(text.lines().any(|line| line.starts_with("entry 2 ") && line.ends_with(&named)), "{text}");
}

#[test]
fn a_policy_that_was_broken_and_repaired_keeps_nothing_from_being_recorded() {
    let stage = Stage::with_log(Visibility::Private, POLICY);
    stage.repo.commit("main", "max", "Broken", &[("schema-registry.toml", Some("[approval\n"))]);
    let ran = stage.action(&stage.repo.schedule_event());
    assert!(ran.code == 2 && ran.stderr.contains("schema-registry.toml:1:10"), "{ran:?}");
    stage.repo.commit("main", "max", "Repaired", &[("schema-registry.toml", Some(POLICY))]);
    let ran = stage.action(&stage.repo.schedule_event());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(stage.kinds(), ["initialised", "direct-push", "direct-push"]);
    let (code, text) = stage.ask(&["audit", "verify"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("2 landings are in the history as recorded"), "{text}");
}

/// The default branch's policy says that it is recorded, so its own need not be readable for that.
#[test]
fn a_gated_branch_with_a_broken_policy_is_recorded_and_so_is_its_repair() {
    let stage = Stage::with_log(Visibility::Private, "[gate]\nbranches = [\"stable\"]\n");
    stage.repo.branch("stable", "main");
    for (message, policy) in [("Broken", "[approval\n"), ("Repaired", "")] {
        stage.repo.commit("stable", "max", message, &[("schema-registry.toml", Some(policy))]);
        let ran = stage.action(&stage.repo.schedule_event());
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{message}");
    }
    let (code, text, _) = stage.verify_afresh(&[]);
    assert!(code == 0 && text.contains("2 landings are in the history as recorded"), "{text}");
}

/// What broke the policy is recorded by the time of the repair, so the one in force is found further back.
#[test]
fn a_broken_policy_leaves_the_last_one_of_its_branch_in_force() {
    let stage = Stage::with_log(Visibility::Private, "[gate]\nbranches = [\"stable\"]\n");
    stage.repo.branch("stable", "main");
    let table = crate::request::another("teams");
    let own = "[paths]\nrequests = \"tables\"\n";
    for (message, files) in [
        ("Own", vec![("schema-registry.toml", Some(own))]),
        ("Broken", vec![("schema-registry.toml", Some("[approval\n"))]),
        ("Broken in another way", vec![("schema-registry.toml", Some("approval\n"))]),
        ("Repaired", vec![("schema-registry.toml", Some(own)), ("tables/teams.yaml", Some(&table))]),
    ] {
        stage.repo.commit("stable", "max", message, &files);
        let ran = stage.action(&stage.repo.schedule_event());
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{message}");
    }
    let (code, text, error) = stage.verify_afresh(&[]);
    assert!(code == 0 && text.contains("4 landings are in the history as recorded"), "{text}{error}");
    let (_, text) = stage.ask(&["audit", "show", "teams"]);
    assert!(text.contains("direct-push") && text.contains("create public.teams"), "{text}");
}

/// A topic leads from the merge to the tip that was recorded in fewer steps than the branch itself.
#[test]
fn as_many_commits_are_recorded_one_by_one_as_land_below_a_merge() {
    let stage = Stage::with_log(Visibility::Private, POLICY);
    stage.repo.branch("topic", "main");
    stage.push("topic", "ann", "Zones", &[("schema-requests/zones.yaml", &crate::request::another("zones"))]);
    stage.push("main", "max", "Rooms", &[("schema-requests/rooms.yaml", &crate::request::another("rooms"))]);
    for n in 0..60 {
        stage.repo.commit("main", "max", "Words", &[("README.md", Some(&n.to_string()))]);
    }
    let number = stage.repo.open_pull_request("ann", "topic", "main", "Zones");
    stage.repo.merge(number, "max", Method::Merge);
    let ran = stage.action(&stage.repo.schedule_event());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(stage.kinds(), ["initialised", "direct-push", "merged-unapproved"]);
    assert!(stage.summary(number).contains("Merged unapproved"));
    let (code, text, error) = stage.verify_afresh(&[]);
    assert!(code == 0 && text.contains("2 landings are in the history as recorded"), "{text}{error}");
}

/// A branch that is fast-forwarded onto one that had merged it has another first-parent history from then on.
#[test]
fn the_policy_in_force_is_that_of_the_history_that_the_branch_has_now() {
    let stage = Stage::with_log(Visibility::Private, "[gate]\nbranches = [\"stable\"]\n");
    stage.repo.branch("stable", "main");
    let (own, table) = ("[paths]\nrequests = \"tables\"\n", crate::request::another("teams"));
    let run = || {
        let ran = stage.action(&stage.repo.schedule_event());
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    };
    for (message, policy) in [("Own", own), ("Broken", "[approval\n")] {
        stage.repo.commit("stable", "max", message, &[("schema-registry.toml", Some(policy))]);
        run();
    }
    let rooms = crate::request::another("rooms");
    stage.repo.commit("topic", "max", "Rooms", &[("tables/rooms.yaml", Some(&rooms))]);
    stage.repo.force_push_of("max", "stable", &stage.merge_commit("max", "topic", "stable"));
    run();
    let files = [("schema-registry.toml", Some(own)), ("tables/teams.yaml", Some(&*table))];
    stage.repo.commit("stable", "max", "Repaired", &files);
    run();
    let (code, text, error) = stage.verify_afresh(&[]);
    assert!(code == 0 && text.contains("4 landings are in the history as recorded"), "{text}{error}");
}

/// Whoever may push to a branch that nobody gates must not stop the hourly run.
#[test]
fn a_broken_policy_of_another_branch_keeps_nothing_from_being_judged() {
    let stage = Stage::with_log(Visibility::Private, POLICY);
    stage.repo.branch("attic", "main");
    stage.repo.commit("attic", "max", "Broken", &[("schema-registry.toml", Some("[approval\n"))]);
    let request = ("schema-requests/rooms.yaml", &*crate::request::another("rooms"));
    let other = crate::request::another("zones");
    stage.open("to-attic", "attic", &[("schema-requests/zones.yaml", &other)]);
    let number = stage.open("to-main", "main", &[request]);
    let ran = stage.action(&stage.repo.schedule_event());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    assert_eq!(stage.gate(number), "pending: 0 of 1 approval given; no violations");
    assert!(stage.summary(number).contains("Schema review: pending"));
    assert_eq!(ran.stdout.matches("could not be judged").count(), 0, "{}", ran.stdout);
    // One that is gated does.
    let gate = format!("{POLICY}[gate]\nbranches = [\"own\"]\n");
    stage.repo.commit("main", "max", "Gate", &[("schema-registry.toml", Some(&gate))]);
    stage.repo.branch("own", "main");
    stage.repo.commit("own", "max", "Policy", &[("schema-registry.toml", Some("[gate\n"))]);
    let third = crate::request::another("lots");
    let third = stage.open("to-own", "own", &[("schema-requests/lots.yaml", &third)]);
    let ran = stage.action(&stage.repo.schedule_event());
    assert!(stage.summary(number).contains("Schema review: pending"));
    assert!(ran.code == 2 && ran.stderr.contains("1 of 2 pull requests could not be judged"), "{ran:?}");
    assert!(ran.stdout.contains(&format!("#{third} could not be judged: schema-registry.toml:1:6")), "{ran:?}");
}

#[test]
fn history_that_was_rewritten_and_recorded_as_such_is_no_damage() {
    let stage = stage();
    let dir = stage.repo.git_dir();
    git(&dir, &["update-ref", "refs/heads/main", "main~1"]);
    let ran = stage.action(&stage.repo.schedule_event());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(stage.kinds().last().map(String::as_str), Some("history-rewritten"));
    let (code, text, _) = stage.verify_afresh(&[]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("1 landing is in the history as recorded\n2 landings cannot be compared"), "{text}");
    // What came after it is compared all the same.
    stage.push("main", "max", "lots", &[("schema-requests/lots.yaml", &crate::request::another("lots"))]);
    let (code, text, _) = stage.verify_afresh(&[]);
    assert!(code == 0 && text.contains("1 landing is not recorded yet"), "{code} {text}");
}

#[test]
fn a_shallow_clone_cannot_tell() {
    let stage = stage();
    let (code, _, text) = stage.verify_afresh(&["--depth=1", "--no-single-branch"]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("git fetch --unshallow"), "{text}");
}

#[test]
fn a_clone_of_the_log_alone_cannot_tell() {
    let stage = stage();
    let alone = ["--single-branch", "--branch", "schema-registry/audit"];
    let (code, _, error) = stage.verify_afresh(&alone);
    assert!(code == 2 && error.contains("this clone lacks the branch main"), "{error}");
}

/// Appends an entry as somebody does who may push to the log's branch: the log is whole in itself afterwards.
fn append_by_hand(stage: &Stage, entry: Entry, blobs: Vec<Vec<u8>>) {
    let folder = stage.world.folder("forger");
    let local = Git::init_bare(&folder).expect("git is installed");
    let url = format!("file://{}", stage.repo.git_dir().display());
    let origin = Origin { host: "github.com".into(), repo: stage.repo.id(), database: "default".into() };
    let branch = "schema-registry/audit";
    let log = Log { git: &local, remote: &url, token: None, branch, origin, keys: &[], signer: None };
    let forged = Addition::new(entry, blobs);
    log.append_all(now(), |_| Ok(((), vec![forged.clone()])), |_| ()).expect("appended");
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).expect("in range")
}

/// An entry of the landing of `main` from `before` to where it is, and the lines that say what landed.
fn landing(stage: &Stage, kind: EntryKind, before: &str) -> (Entry, Vec<u8>) {
    let git = Git::open(stage.repo.git_dir()).expect("git is installed");
    let after = git.resolve("main").expect("asked").expect("there is one");
    let [old, new] = [before, &after].map(|commit| git.read_tree(commit, &|_| true, 1 << 20).expect("it is here"));
    let lines = landed_lines(&changed_files(&old, &new, &Policy::default())).into_bytes();
    let policy = stage.log().last().expect("an entry")["policy"].as_str().expect("a digest").parse().expect("a digest");
    let [database, reference] = ["default", "refs/heads/main"].map(str::to_owned);
    let id = LandingId { database, reference, before: before.to_owned(), after: after.clone(), rewrites: 0 };
    let entry = Entry {
        policy: Some(policy),
        before: Some(before.to_owned()),
        after: Some(after),
        ..entry(stage, &id.to_string(), kind)
    };
    (entry, lines)
}

fn entry(stage: &Stage, id: &str, kind: EntryKind) -> Entry {
    Entry {
        version: ENTRY_VERSION,
        id: id.to_owned(),
        kind,
        repo: stage.repo.id(),
        at: now(),
        actor: Some(Actor { id: 1_005, login: "mia".into() }),
        pr: None,
        digest: None,
        policy: None,
        tool: "schema-registry 0".into(),
        before: None,
        after: None,
        approvals: Vec::new(),
        violations: Vec::new(),
        blobs: Vec::new(),
        tables: Vec::new(),
        overflow: None,
    }
}

/// Pushes a request straight to `main`; gives the tip before and after.
fn push(stage: &Stage, name: &str) -> (String, String) {
    let before = git(&stage.repo.git_dir(), &["rev-parse", "main"]).trim().to_owned();
    let file = format!("schema-requests/{name}.yaml");
    (before, stage.push("main", "max", name, &[(&file, &crate::request::another(name))]))
}

/// The problem that `audit verify` finds in the last entry, which is all that it finds.
fn problem(stage: &Stage) -> String {
    let (code, text) = stage.ask(&["audit", "verify"]);
    assert_eq!(code, 1, "{text}");
    let last = format!("entry {} (", stage.log().len() - 1);
    let problems: Vec<&str> = text.lines().filter(|line| line.starts_with("entry ")).collect();
    let [problem] = problems[..] else { panic!("{text}") };
    assert!(problem.starts_with(&last), "{text}");
    problem.split_once(") ").expect("what is wrong").1.to_owned()
}

#[test]
fn an_entry_that_says_other_bytes_than_landed_is_found() {
    let stage = stage();
    let (before, after) = push(&stage, "floors");
    let (entry, _) = landing(&stage, EntryKind::DirectPush, &before);
    append_by_hand(&stage, entry, vec![format!("{LANDING_HEADER}\n").into_bytes()]);
    assert_eq!(problem(&stage), format!("does not say what landed from {before} to {after}"));
}

#[test]
fn a_landing_that_an_entry_passes_over_is_found() {
    let stage = stage();
    let (before, hidden) = push(&stage, "floors");
    push(&stage, "walls");
    let (entry, lines) = landing(&stage, EntryKind::DirectPush, &before);
    append_by_hand(&stage, entry, vec![lines]);
    assert_eq!(problem(&stage), format!("hides what landed with {hidden}, of which the log has no entry"));
}

#[test]
fn a_table_that_came_and_went_unrecorded_is_found() {
    let stage = stage();
    let (before, hidden) = push(&stage, "floors");
    let tree = git(&stage.repo.git_dir(), &["rev-parse", &format!("{before}^{{tree}}")]);
    let identity = ["-c", "user.name=max", "-c", "user.email=max@example.org"];
    let commit = ["commit-tree", "-m", "Gone again", "-p", &hidden, tree.trim()];
    let gone = git(&stage.repo.git_dir(), &[&identity[..], &commit].concat());
    git(&stage.repo.git_dir(), &["update-ref", "refs/heads/main", gone.trim()]);
    let (_, after) = push(&stage, "walls");
    let (entry, lines) = landing(&stage, EntryKind::DirectPush, &before);
    append_by_hand(&stage, entry, vec![lines]);
    let (code, text) = stage.ask(&["audit", "verify"]);
    let found: Vec<&str> = text.lines().filter(|line| line.contains(" hides what landed with ")).collect();
    assert!(code == 1 && found.len() == 2, "{text}");
    assert!(found[0].contains(&hidden) || found[1].contains(&hidden), "{text}");
    assert!(!text.contains(&format!("with {after}")), "the entry's own commit hides nothing: {text}");
}

#[test]
fn an_entry_under_another_policy_is_found() {
    let stage = stage();
    let (before, _) = push(&stage, "floors");
    let (entry, lines) = landing(&stage, EntryKind::DirectPush, &before);
    let in_force = entry.policy.expect("named");
    append_by_hand(&stage, Entry { policy: Some(Digest::of("another")), ..entry }, vec![lines]);
    assert_eq!(problem(&stage), format!("does not name the policy that was in force, {in_force}"));
}

#[test]
fn an_approval_that_the_log_lacks_is_found() {
    let stage = stage();
    let (before, _) = push(&stage, "floors");
    let (entry, lines) = landing(&stage, EntryKind::Merged, &before);
    append_by_hand(&stage, Entry { pr: Some(7), ..entry }, vec![lines]);
    assert_eq!(problem(&stage), "says that #7 was approved, and no approvals that stood then cover what landed");
}

#[test]
fn an_approval_under_another_policy_than_the_one_in_force_is_found() {
    let stage = stage();
    let in_force = stage.log().last().expect("an entry")["policy"].as_str().expect("a digest").to_owned();
    let weaker = Digest::of("weaker");
    let repo = stage.repo.id();
    let lines = |policy| {
        let base = "base refs/heads/main";
        format!("schema-registry/approval/v1\nrepo {repo}\npr 7\n{base}\npolicy {policy}\n").into_bytes()
    };
    let approved = |lines: &[u8], policy| Entry {
        pr: Some(7),
        digest: Some(Digest::of(lines)),
        policy: Some(policy),
        ..entry(&stage, "LE_7", EntryKind::Approved)
    };
    let lines = lines(weaker);
    append_by_hand(&stage, approved(&lines, weaker), vec![lines]);
    let expected = format!("was given under the policy {weaker}, and {in_force} was in force on refs/heads/main");
    assert_eq!(problem(&stage), expected);
}

/// An entry by hand that says that the last landing of `main`, from `before`, was approved by the one approval of the log.
fn append_merged_by_hand(stage: &Stage, number: u64, before: &str) {
    let (entry, lines) = landing(stage, EntryKind::Merged, before);
    let log = stage.log();
    let of = |kind: &str| log.iter().rev().find(|entry| entry["kind"] == kind).expect("an entry").clone();
    let (approved, pushed) = (of("approved"), of("direct-push"));
    let digest = |value: &serde_json::Value| Some(value.as_str().expect("a digest").parse().expect("a digest"));
    let entry = Entry {
        pr: Some(number),
        digest: digest(&approved["digest"]),
        policy: digest(&pushed["policy"]),
        approvals: vec![approved["id"].as_str().expect("an id").to_owned()],
        ..entry
    };
    append_by_hand(stage, entry, vec![lines]);
}

#[test]
fn a_landing_whose_approval_was_for_another_base_is_found() {
    let stage = stage();
    let gated = format!("{POLICY}[gate]\nbranches = [\"next\"]\n");
    stage.repo.commit("main", "max", "Policy", &[("schema-registry.toml", Some(&gated))]);
    push(&stage, "halls");
    stage.repo.branch("next", "main");
    let number = stage.open("floors", "next", &[("schema-requests/floors.yaml", &crate::request::another("floors"))]);
    stage.review(number, "opened", "ann");
    stage.approve(number, "mia");
    assert_eq!(stage.gate(number), "success: Approved by mia; no violations");
    stage.repo.retarget(number, "main");
    let before = stage.repo.tip("main");
    stage.repo.merge(number, "mia", Method::Squash);
    append_merged_by_hand(&stage, number, &before);
    let expected = format!("says that #{number} was approved, and no approvals that stood then cover what landed");
    assert_eq!(problem(&stage), expected);
    stage.summary(number);
}

#[test]
fn a_landing_that_an_older_release_recorded_as_approved_under_an_earlier_policy_is_said_and_no_damage() {
    let stage = stage();
    let number = stage.open("floors", "main", &[("schema-requests/floors.yaml", &crate::request::another("floors"))]);
    stage.review(number, "opened", "ann");
    stage.approve(number, "mia");
    assert_eq!(stage.gate(number), "success: Approved by mia; no violations");
    // A pull request that is closed lets what landed be recorded, and no other be judged.
    stage.repo.commit("words", "ann", "Words", &[("README.md", Some("hello\n"))]);
    let closed = stage.repo.open_pull_request("ann", "words", "main", "Words");
    stage.repo.close(closed, "ann");
    let policy = format!("{POLICY}min_review_seconds = 90\n");
    stage.repo.commit("main", "max", "Policy", &[("schema-registry.toml", Some(&policy))]);
    push(&stage, "walls");
    stage.review(closed, "closed", "ann");
    let before = stage.repo.tip("main");
    stage.repo.merge(number, "mia", Method::Squash);
    append_merged_by_hand(&stage, number, &before);
    let (code, text) = stage.ask(&["audit", "verify"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("5 landings are in the history as recorded"), "{text}");
    assert!(text.contains("1 landing was recorded as approved, under a policy that was no longer in force"), "{text}");
    let (_, json) = stage.ask(&["audit", "verify", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["landingsUnderEarlierPolicy"], 1);
    stage.summary(number);
}

#[test]
fn what_landed_after_the_last_entry_is_said_and_no_damage() {
    let stage = stage();
    let (_, floors) = push(&stage, "floors");
    stage.repo.commit("main", "max", "No schema", &[("README.md", Some("hello\n"))]);
    let (_, walls) = push(&stage, "walls");
    let (code, text) = stage.ask(&["audit", "verify"]);
    assert_eq!(code, 0, "{text}");
    let said = "2 landings are not recorded yet, which the next run of the action does:";
    assert!(text.contains(&format!("{said}\n  {floors} on main\n  {walls} on main\n")), "{text}");
    let (_, json) = stage.ask(&["audit", "verify", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["landingsUnrecorded"][1], serde_json::json!({"branch": "main", "commit": walls}));
    let ran = stage.action(&stage.repo.schedule_event());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let (code, text) = stage.ask(&["audit", "verify"]);
    assert!(code == 0 && text.contains("4 landings are in the history as recorded\nnot signed"), "{text}");
}

#[test]
fn a_policy_that_comes_into_force_while_approvals_are_counted_is_the_one_they_are_counted_under() {
    let stage = Stage::with_log(Visibility::Private, POLICY);
    let number = stage.open("rooms", "main", &[("schema-requests/rooms.yaml", &crate::request::another("rooms"))]);
    stage.review(number, "opened", "ann");
    let stricter = "[approval]\nrequired = 2\n";
    let file = ("schema-registry.toml", Some(stricter));
    stage.repo.push_during("query viewer repository", "main", "max", "Stricter", &[file]);
    let ran = stage.approve(number, "mia");
    // What mia saw was to be approved under another policy.
    assert_eq!(ran.output("missing-approvals"), "2");
    assert_eq!(stage.kinds(), ["initialised", "direct-push"]);
    assert_eq!(stage.approve(number, "mia").output("missing-approvals"), "1");
    assert_eq!(stage.kinds(), ["initialised", "direct-push", "approved"]);
    let (code, text) = stage.ask(&["audit", "verify"]);
    assert!(code == 0 && text.contains("1 approval was given under the policy in force"), "{text}");
    stage.summary(number);
}

#[test]
fn a_default_branch_that_gets_another_name_is_recorded_on() {
    let stage = stage();
    stage.repo.rename_default_branch("trunk");
    stage.repo.commit("trunk", "max", "Policy", &[("schema-registry.toml", Some("[approval]\nrequired = 2\n"))]);
    let ran = stage.action(&stage.repo.schedule_event());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let (code, text, error) = stage.verify_afresh(&[]);
    assert_eq!(code, 0, "{text}{error}");
    let said = "1 landing is in the history as recorded\n2 landings cannot be compared";
    assert!(text.contains(said), "{text}");
}

#[test]
fn a_gated_branch_that_a_clone_lacks_is_named() {
    let gate = "[gate]\nbranches = [\"stable\"]\n";
    let stage = Stage::with_log(Visibility::Private, gate);
    stage.repo.branch("stable", "main");
    stage.repo.commit("stable", "max", "Policy", &[("schema-registry.toml", Some(""))]);
    stage.deliver(&stage.repo.schedule_event());
    assert_eq!(stage.verify_afresh(&[]).0, 0);
    git(&stage.repo.git_dir(), &["update-ref", "-d", "refs/heads/stable"]);
    let (code, _, error) = stage.verify_afresh(&[]);
    assert!(code == 2 && error.contains("this clone lacks the branch stable"), "{error}");
    // Whoever gives a branch up says so in the policy.
    stage.repo.commit("main", "max", "No gate", &[("schema-registry.toml", Some(""))]);
    stage.deliver(&stage.repo.schedule_event());
    let (code, text, _) = stage.verify_afresh(&[]);
    assert!(code == 0 && text.contains("1 landing is in the history as recorded\n1 landing cannot be"), "{text}");
}
