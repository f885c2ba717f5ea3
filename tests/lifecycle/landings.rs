//! Whatever way a change lands, and whoever was told of it: it is in the log once, as what it was, and `audit verify` agrees.

use crate::{
    actors::{Stage, git},
    request::another,
    support::github::{Method, Visibility},
};

const POLICY: &str = "[approval]\nrequired = 1\n\n[gate]\nbranches = [\"next\", \"stable\"]\n";

/// One way to land: what somebody does, and the entries that must be there afterwards. `#` and a letter stands for the
/// pull requests of the row, in their order.
struct Row {
    name: &'static str,
    lands: fn(&Stage) -> Vec<u64>,
    entries: &'static [&'static str],
}

const PULL_REQUESTS: [Row; 10] = [
    Row { name: "squash", lands: |stage| merged(stage, "a", Method::Squash), entries: &["approved #a", "merged #a"] },
    Row { name: "rebase of two commits", lands: rebased, entries: &["approved #a", "merged #a"] },
    Row {
        name: "merge commit",
        lands: |stage| merged(stage, "c", Method::Merge),
        entries: &["approved #a", "merged #a"],
    },
    Row { name: "merge queue", lands: queued, entries: &["approved #a", "approved #b", "merged #a", "merged #b"] },
    Row { name: "bypass without approval", lands: bypassed, entries: &["merged-unapproved #a"] },
    Row { name: "bypass after another push", lands: changed, entries: &["approved #a", "merged-unapproved #a"] },
    Row { name: "revert by a pull request", lands: reverted, entries: &["merged-unapproved #a"] },
    Row {
        name: "a merge that GitHub connects with no commit yet",
        lands: lagging,
        entries: &["approved #a", "merged #a"],
    },
    Row {
        name: "a rebase that GitHub connects with no commit at first",
        lands: lagging_rebase,
        entries: &["approved #a", "merged #a"],
    },
    Row {
        name: "a push before a merge that GitHub connects with no commit yet",
        lands: pushed_before_a_lagging_merge,
        entries: &["approved #a", "direct-push", "merged #a"],
    },
];

const PUSHES: [Row; 10] = [
    Row { name: "nothing governed", lands: readme, entries: &[] },
    Row { name: "direct push", lands: |stage| pushed(stage, "pushed", "Add"), entries: &["direct-push"] },
    Row {
        name: "direct push that names a pull request",
        lands: |stage| pushed(stage, "named", "Add (#2)"),
        entries: &["direct-push"],
    },
    Row { name: "skipped runs", lands: |stage| pushed(stage, "skipped", "Add [skip ci]"), entries: &["direct-push"] },
    Row {
        name: "created, reverted, created again",
        lands: to_and_fro,
        entries: &["direct-push", "direct-push", "direct-push"],
    },
    Row { name: "main goes on where a branch merged it", lands: forwarded, entries: &["direct-push"] },
    Row { name: "rewritten history", lands: rewritten, entries: &["direct-push", "history-rewritten"] },
    Row { name: "the same commits once more", lands: restored, entries: &["direct-push"] },
    Row { name: "a gated branch", lands: gated, entries: &["direct-push", "approved #a", "merged #a"] },
    Row {
        name: "a gated branch goes on where main is",
        lands: caught_up,
        entries: &["direct-push", "direct-push", "approved #a", "merged #a", "direct-push", "direct-push"],
    },
];

#[test]
fn a_pull_request_is_recorded_once_whatever_way_it_lands() {
    walk(&PULL_REQUESTS);
}

#[test]
fn what_no_pull_request_brings_is_recorded_once_on_each_gated_branch() {
    let stage = walk(&PUSHES);
    let (code, text, _) = stage.verify_afresh(&[]);
    insta::assert_snapshot!(text.lines().skip(1).take(2).collect::<Vec<_>>().join("\n"), @r"
    17 landings are in the history as recorded
    2 approvals were given under the policy in force
    ");
    assert_eq!(code, 0, "{text}");
}

#[test]
fn an_import_is_one_entry_however_many_tables_it_takes_over() {
    let stage = Stage::with_log(Visibility::Private, POLICY);
    let dump: Vec<_> = (0..1_200).map(|n| format!("CREATE TABLE public.t{n} (id integer PRIMARY KEY);\n")).collect();
    let dump = dump.concat();
    let output = stage.in_clone("main", &[("all.sql", &dump)], &["import", "--owner", "platform", "all.sql"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let written = git(stage.clone(), &["ls-files", "--others", "--", "schema-requests", "migrations"]);
    let read = |path: &str| std::fs::read_to_string(stage.clone().join(path)).expect("it was written");
    let texts: Vec<(&str, String)> = written.lines().map(|path| (path, read(path))).collect();
    let files: Vec<(&str, Option<&str>)> = texts.iter().map(|(path, text)| (*path, Some(text.as_str()))).collect();
    stage.repo.commit("import", "ann", "Import", &files);
    let number = stage.repo.open_pull_request("ann", "import", "main", "Import");
    stage.repo.merge(number, "max", Method::Squash);
    stage.deliver(&stage.repo.schedule_event());
    assert_eq!(stage.kinds(), ["initialised", "merged-unapproved"]);
    let summary = stage.summary(number);
    assert!(summary.contains("**Merged unapproved, and recorded so.** Audit log: 2 entries"), "{summary}");
    let (code, text) = stage.ask(&["audit", "verify"]);
    assert!(code == 0 && text.contains("1 landing is in the history as recorded"), "{text}");
    let (_, text) = stage.ask(&["audit", "log"]);
    assert!(text.ends_with("  merged-unapproved  #1  by max  import 1200 tables\n"), "{text}");
    for (what, lines) in [("#1", 10), ("t17", 11)] {
        let (code, text) = stage.ask(&["audit", "show", what]);
        assert!(code == 0 && text.lines().count() == lines, "{text}");
        assert!(text.contains("\n  tables      import 1200 tables; --format json names them\n"), "{text}");
        assert_eq!(text.contains("\n  table       import public.t17, requested\n"), what == "t17", "{text}");
    }
}

/// All of it in one repository, one after the other.
fn walk(rows: &[Row]) -> Stage {
    let stage = Stage::with_log(Visibility::Private, POLICY);
    let mut known = stage.log().len();
    for Row { name, lands, entries } in rows {
        let numbers = lands(&stage);
        let mut log = Vec::new();
        // The second run has nothing to add.
        for _ in 0..2 {
            stage.deliver(&stage.repo.schedule_event());
            log = stage.log();
            let found: Vec<String> = log[known..].iter().map(|entry| said(entry, &numbers)).collect();
            assert_eq!(found, *entries, "{name}");
        }
        known = log.len();
        for entry in entries.iter().filter(|entry| entry.starts_with("merged")) {
            let (kind, letter) = entry.split_once(" #").expect("each has a pull request");
            let number = numbers[usize::from(letter.as_bytes()[0] - b'a')];
            let words =
                if kind == "merged" { "**Merged as approved.** " } else { "**Merged unapproved, and recorded so.** " };
            let summary = stage.summary(number);
            assert_eq!(summary.matches(&format!("{words}Audit log: ")).count(), 1, "{name}: {summary}");
        }
        let (code, text) = stage.ask(&["audit", "verify"]);
        assert!(code == 0 && text.contains("in the history as recorded"), "{name}: {text}");
        assert!(!text.contains("not recorded yet"), "{name}: {text}");
    }
    stage
}

/// `merged #a`.
fn said(entry: &serde_json::Value, numbers: &[u64]) -> String {
    let kind = entry["kind"].as_str().expect("a kind");
    let Some(pr) = entry["pr"].as_u64() else { return kind.to_owned() };
    let letter =
        numbers.iter().position(|number| *number == pr).map(|at| char::from(b'a' + u8::try_from(at).expect("few")));
    format!("{kind} #{}", letter.expect("a pull request of the row"))
}

fn file(name: &str) -> String {
    format!("schema-requests/{name}.yaml")
}

/// Opens a pull request that asks for a table.
fn opened(stage: &Stage, name: &str, base: &str) -> u64 {
    let number = stage.open(&format!("ask-{name}"), base, &[(&file(name), &another(name))]);
    stage.review(number, "opened", "ann");
    number
}

/// The same, and somebody approves it.
fn approved(stage: &Stage, name: &str, base: &str) -> u64 {
    let number = opened(stage, name, base);
    let ran = stage.approve(number, "mia");
    assert_eq!(ran.output("verdict"), "pass", "{name}: {}", stage.summary(number));
    number
}

fn read(stage: &Stage, numbers: &[u64]) -> Vec<u64> {
    for number in numbers {
        stage.summary(*number);
        stage.open_threads(*number);
    }
    numbers.to_vec()
}

fn readme(stage: &Stage) -> Vec<u64> {
    stage.repo.commit("main", "max", "Words", &[("README.md", Some("hello\n"))]);
    Vec::new()
}

fn merged(stage: &Stage, name: &str, method: Method) -> Vec<u64> {
    let number = approved(stage, name, "main");
    stage.repo.merge(number, "mia", method);
    read(stage, &[number])
}

fn rebased(stage: &Stage) -> Vec<u64> {
    stage.push("ask-two", "ann", "One", &[(&file("one"), &another("one"))]);
    let number = approved(stage, "two", "main");
    // Somebody else was faster, with something else.
    readme(stage);
    stage.repo.merge(number, "mia", Method::Rebase);
    read(stage, &[number])
}

fn queued(stage: &Stage) -> Vec<u64> {
    let numbers = [approved(stage, "first", "main"), approved(stage, "second", "main")];
    stage.repo.enqueue(numbers[0]);
    let group = stage.repo.enqueue(numbers[1]);
    stage.repo.land_group("robot[bot]", &numbers, &group);
    read(stage, &numbers)
}

fn bypassed(stage: &Stage) -> Vec<u64> {
    let number = opened(stage, "bypass", "main");
    stage.repo.merge(number, "max", Method::Squash);
    read(stage, &[number])
}

fn changed(stage: &Stage) -> Vec<u64> {
    let number = approved(stage, "changed", "main");
    let text = another("changed").replace("Writers lose", "Writers often lose");
    stage.push("ask-changed", "ann", "Another word", &[(&file("changed"), &text)]);
    stage.repo.merge(number, "max", Method::Squash);
    read(stage, &[number])
}

fn lagging(stage: &Stage) -> Vec<u64> {
    stage.repo.lag_commit_pulls(1);
    merged(stage, "lag", Method::Squash)
}

fn lagging_rebase(stage: &Stage) -> Vec<u64> {
    stage.push("ask-late", "ann", "One", &[(&file("early"), &another("early"))]);
    let number = approved(stage, "late", "main");
    readme(stage);
    stage.repo.merge(number, "mia", Method::Rebase);
    stage.repo.lag_commit_pulls(3);
    read(stage, &[number])
}

fn pushed_before_a_lagging_merge(stage: &Stage) -> Vec<u64> {
    let number = approved(stage, "slow", "main");
    stage.repo.commit("main", "max", "Faster", &[(&file("faster"), Some(&another("faster")))]);
    stage.repo.merge(number, "mia", Method::Squash);
    stage.repo.lag_commit_pulls(3);
    read(stage, &[number])
}

fn reverted(stage: &Stage) -> Vec<u64> {
    let (tip, before) = (stage.repo.tip("main"), stage.repo.git(&["rev-parse", "main~1^{tree}"]));
    let identity = ["-c", "user.name=ann", "-c", "user.email=ann@example.org"];
    let commit = stage.repo.git(&[&identity[..], &["commit-tree", "-m", "Revert", "-p", &tip, &before]].concat());
    stage.repo.branch("revert", &commit);
    let number = stage.repo.open_pull_request("ann", "revert", "main", "Revert");
    stage.repo.merge(number, "max", Method::Merge);
    vec![number]
}

fn pushed(stage: &Stage, name: &str, message: &str) -> Vec<u64> {
    stage.push("main", "max", message, &[(&file(name), &another(name))]);
    Vec::new()
}

fn to_and_fro(stage: &Stage) -> Vec<u64> {
    pushed(stage, "fro", "Create");
    let created = stage.repo.tip("main");
    let paths = stage.repo.git(&["diff", "--name-only", "main~1", "main"]);
    let gone: Vec<(&str, Option<&str>)> = paths.lines().map(|path| (path, None)).collect();
    stage.repo.commit("main", "max", "Revert", &gone);
    let texts: Vec<(&str, String)> =
        paths.lines().map(|path| (path, stage.repo.git(&["show", &format!("{created}:{path}")]) + "\n")).collect();
    let again: Vec<(&str, Option<&str>)> = texts.iter().map(|(path, text)| (*path, Some(text.as_str()))).collect();
    stage.repo.commit("main", "max", "Create again", &again);
    Vec::new()
}

/// A branch merges main, with main as the second parent, and main is fast-forwarded onto that.
fn forwarded(stage: &Stage) -> Vec<u64> {
    stage.push("side", "max", "Side", &[(&file("side"), &another("side"))]);
    readme_again(stage);
    stage.repo.force_push_of("max", "main", &stage.merge_commit("max", "side", "main"));
    Vec::new()
}

fn readme_again(stage: &Stage) {
    stage.repo.commit("main", "max", "More words", &[("README.md", Some("hello again\n"))]);
}

fn rewritten(stage: &Stage) -> Vec<u64> {
    pushed(stage, "undone", "Add");
    stage.deliver(&stage.repo.schedule_event());
    stage.repo.branch("undone", "main");
    stage.repo.force_push_of("max", "main", &stage.repo.tip("main~1"));
    Vec::new()
}

fn restored(stage: &Stage) -> Vec<u64> {
    stage.repo.force_push_of("max", "main", &stage.repo.tip("undone"));
    Vec::new()
}

fn gated(stage: &Stage) -> Vec<u64> {
    stage.repo.branch("stable", "main");
    stage.repo.commit("stable", "max", "Words", &[("README.md", Some("stable\n"))]);
    stage.push("stable", "max", "Add", &[(&file("stable"), &another("stable"))]);
    let number = approved(stage, "fix", "stable");
    stage.repo.merge(number, "mia", Method::Squash);
    read(stage, &[number])
}

/// What came to main with a pull request comes to another gated branch without one.
fn caught_up(stage: &Stage) -> Vec<u64> {
    stage.repo.branch("next", "main");
    stage.push("next", "max", "Add", &[(&file("next"), &another("next"))]);
    stage.repo.force_push_of("max", "main", &stage.repo.tip("next"));
    stage.push("ask-both", "ann", "One", &[(&file("both_one"), &another("both_one"))]);
    let number = approved(stage, "both", "main");
    let landed = stage.repo.merge(number, "mia", Method::Rebase);
    stage.repo.force_push_of("max", "next", &landed);
    read(stage, &[number])
}
