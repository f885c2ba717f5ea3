//! What is written on a pull request.

use crate::{
    actors::{Stage, rules},
    request::FIRST_DRAFT,
    support::github::Visibility,
};

const FILE: &str = "schema-requests/notes.yaml";
const POLICY: &str = "[approval]\nrequired = 1\n";
const STATUS: &str = "POST /repos/{owner}/{repo}/statuses/{sha}";
const COMMENT: &str = "POST /repos/{owner}/{repo}/issues/{number}/comments";

#[test]
fn the_policy_says_how_much_is_written() {
    for (choice, writes) in [("off", vec![STATUS]), ("summary", vec![STATUS, COMMENT])] {
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
    let objects = "opaqueObjects:\n  - {kind: enum, name: mood, labels: [sad]}\n  - {kind: enum, name: mood, labels: [ok]}\n\
                   owner: platform\nreason: Older than the registry\n";
    let number = stage.open("mood", "main", &[("schema-requests/opaque.yaml", objects)]);
    let ran = stage.review(number, "opened", "ann");
    assert_eq!(ran.output("verdict"), "fail");
    assert_eq!(rules(&stage.open_threads(number)), [(3, "duplicate-object".to_owned())].into());
    assert!(stage.summary(number).contains("duplicate-object"));
}
