//! What is written on a pull request, and how many calls it takes.

use crate::{
    actors::{Stage, rules},
    request::{FIRST_DRAFT, corrected},
    support::github::Visibility,
};

const FILE: &str = "schema-requests/notes.yaml";
const POLICY: &str = "[approval]\nrequired = 1\n";
const STATUS: &str = "POST /repos/{owner}/{repo}/statuses/{sha}";
const COMMENT: &str = "POST /repos/{owner}/{repo}/issues/{number}/comments";

#[test]
fn the_policy_says_how_much_is_written() {
    for (choice, writes) in [("off", vec![STATUS]), ("summary", vec![COMMENT, STATUS])] {
        let policy = format!("{POLICY}[review]\ncomment = \"{choice}\"\n");
        let stage = Stage::with_log(Visibility::Private, &policy);
        let number = stage.open("notes", "main", &[(FILE, FIRST_DRAFT)]);
        let ran = stage.review(number, "opened", "ann");
        assert_eq!((ran.code, ran.output("verdict")), (1, "fail"), "{choice}");
        assert_eq!(ran.writes, writes, "{choice}");
        if choice == "summary" {
            assert!(stage.summary(number).contains("column-name-not-snake-case"));
        }
    }
}

#[test]
fn a_mistake_among_opaque_objects_is_told_on_its_line() {
    let stage = Stage::with_log(Visibility::Private, POLICY);
    let objects =
        "opaqueObjects:\n  - {kind: enum, name: mood, labels: [sad]}\n  - {kind: enum, name: mood, labels: [ok]}\n";
    let number = stage.open("mood", "main", &[("schema-requests/opaque.yaml", objects)]);
    let ran = stage.review(number, "opened", "ann");
    assert_eq!(ran.output("verdict"), "fail");
    assert_eq!(rules(&stage.open_threads(number)), [(3, "duplicate-object".to_owned())].into());
    assert!(stage.summary(number).contains("duplicate-object"));
}

#[test]
fn a_fresh_pull_request_takes_eight_calls_whatever_its_size_and_a_second_run_writes_nothing() {
    for count in [1, 30, 500] {
        let column = |n| format!("    - {{name: text_{n}, type: VARCHAR(9), nullable: false}}\n");
        let columns: String = (0..count).map(column).collect();
        let request = corrected().replace("    - {name: body", &format!("{columns}    - {{name: body"));
        let stage = Stage::with_log(Visibility::Private, POLICY);
        let number = stage.open("notes", "main", &[(FILE, &request)]);
        let ran = stage.review(number, "opened", "ann");
        assert_eq!(ran.output("violations"), count.to_string(), "{}", stage.summary(number));
        assert!(ran.calls.len() <= 8, "{count} violations took {} calls: {:#?}", ran.calls.len(), ran.calls);
        assert_eq!(stage.open_threads(number).len(), count.min(30));
        assert!(stage.summary(number).contains("varchar-instead-of-text"));
        assert_eq!(stage.review(number, "synchronize", "ann").writes, [""; 0]);
    }
}
