use super::*;

const AT: &str = "2026-11-24T03:00:00Z";

fn stamped(source: &str) -> String {
    let edits = set(source, &["requestMetadata", "requestedAt"], AT).expect("the text can be edited");
    apply(source, &edits)
}

/// The lines that an edit adds and takes away.
fn diff(source: &str) -> String {
    let after = stamped(source);
    let diff = similar::TextDiff::from_lines(source, &after);
    let changes = diff.iter_all_changes().filter(|change| change.tag() != similar::ChangeTag::Equal);
    changes
        .map(|change| format!("{}{}", change.tag(), change.value().trim_end_matches('\n')))
        .collect::<Vec<_>>()
        .join("\n")
}

const COMMENTED: &str = "# top\ntableName: users # t\n\nrequestMetadata: # m\n    # who\n    requestedBy: omega   # b\n    relatedIssue: '1' # i\n    # end\n\n# bottom\nowner: x # o\n";

#[test]
fn an_entry_goes_below_the_last_one_of_its_mapping() {
    insta::assert_snapshot!(diff(COMMENTED), @"+    requestedAt: 2026-11-24T03:00:00Z");
    insta::assert_snapshot!(diff("a: 1 # c\n# end\n"), @r"
    +requestMetadata:
    +  requestedAt: 2026-11-24T03:00:00Z
    ");
    insta::assert_snapshot!(diff("requestMetadata:\n  why: |\n    because\n\n    of it\nb: 2"), @"+  requestedAt: 2026-11-24T03:00:00Z");
}

#[test]
fn a_text_of_many_lines_keeps_its_blank_lines() {
    insta::assert_snapshot!(diff("requestMetadata:\n  why: |+\n    because\n\nb: 2\n"), @"+  requestedAt: 2026-11-24T03:00:00Z");
}

#[test]
fn an_entry_that_is_there_is_replaced_in_place() {
    insta::assert_snapshot!(diff("requestMetadata:\n  requestedAt: 1701792000 # then\n  relatedIssue: 1\n"), @r"
    -  requestedAt: 1701792000 # then
    +  requestedAt: 2026-11-24T03:00:00Z # then
    ");
    insta::assert_snapshot!(diff("requestMetadata: {requestedAt: '2023-01-01T00:00:00Z', b: 1}\n"), @r#"
    -requestMetadata: {requestedAt: '2023-01-01T00:00:00Z', b: 1}
    +requestMetadata: {requestedAt: "2026-11-24T03:00:00Z", b: 1}
    "#);
    insta::assert_snapshot!(diff("{\"requestMetadata\": {\"requestedAt\": 1701792000}}\n"), @r#"
    -{"requestMetadata": {"requestedAt": 1701792000}}
    +{"requestMetadata": {"requestedAt": "2026-11-24T03:00:00Z"}}
    "#);
}

#[test]
fn braces_stay_braces() {
    insta::assert_snapshot!(stamped("requestMetadata: {requestedBy: omega} # m\n"), @"requestMetadata: {requestedBy: omega, requestedAt: 2026-11-24T03:00:00Z} # m");
    insta::assert_snapshot!(stamped("requestMetadata: {requestedBy: omega, } # m\n"), @"requestMetadata: {requestedBy: omega, requestedAt: 2026-11-24T03:00:00Z, } # m");
    insta::assert_snapshot!(stamped("requestMetadata: {}\n"), @"requestMetadata: {requestedAt: 2026-11-24T03:00:00Z}");
    insta::assert_snapshot!(stamped("requestMetadata: {\n  a: 1, # one\n  b: 2 # two\n}\n"), @r"
    requestMetadata: {
      a: 1, # one
      b: 2, # two
      requestedAt: 2026-11-24T03:00:00Z
    }
    ");
    insta::assert_snapshot!(stamped("requestMetadata: {\n  a: 1,\n  b: 2, # two\n}\n"), @r"
    requestMetadata: {
      a: 1,
      b: 2, # two
      requestedAt: 2026-11-24T03:00:00Z,
    }
    ");
    insta::assert_snapshot!(stamped("{a: 1}"), @"{a: 1, requestMetadata: {requestedAt: 2026-11-24T03:00:00Z}}");
}

#[test]
fn json_stays_json() {
    for source in [
        "{\n  \"tableName\": \"users\",\n  \"requestMetadata\": {\n    \"requestedBy\": \"omega\"\n  }\n}\n",
        "{\n  \"tableName\": \"users\"\n}\n",
        "{\"tableName\":\"users\",\"requestMetadata\":{}}",
        "{\"tableName\":\"users\",\"requestMetadata\":{\"requestedAt\":1701792000}}",
    ] {
        let value: serde_json::Value = serde_json::from_str(&stamped(source)).expect("still JSON");
        assert_eq!(value["requestMetadata"]["requestedAt"], AT);
        assert_eq!(value["tableName"], "users");
    }
    insta::assert_snapshot!(stamped("{\n  \"a\": {\n    \"b\": 1\n  },\n  \"requestMetadata\": {\n    \"c\": 2\n  }\n}\n"), @r#"
    {
      "a": {
        "b": 1
      },
      "requestMetadata": {
        "c": 2,
        "requestedAt": "2026-11-24T03:00:00Z"
      }
    }
    "#);
    insta::assert_snapshot!(stamped("{\n  \"a\": 1\n}\n"), @r#"
    {
      "a": 1,
      "requestMetadata": {"requestedAt": "2026-11-24T03:00:00Z"}
    }
    "#);
}

#[test]
fn windows_line_ends_stay() {
    let windows = COMMENTED.replace('\n', "\r\n");
    assert_eq!(stamped(&windows), stamped(COMMENTED).replace('\n', "\r\n"));
}

#[test]
fn an_edit_only_adds_and_never_touches_comments() {
    let after = stamped(COMMENTED);
    let without: String = after.lines().filter(|line| !line.contains(AT)).map(|line| format!("{line}\n")).collect();
    assert_eq!(without, COMMENTED);
    assert_eq!(stamped(&after), after, "a second edit changes nothing");
}

#[test]
fn what_is_not_understood_is_left_alone() {
    for source in
        ["", "[", "- a\n", "requestMetadata: text\n", "requestMetadata:\n", "a: &b 1\n", "requestMetadata: [1]\n"]
    {
        assert_eq!(set(source, &["requestMetadata", "requestedAt"], AT), Err(CannotEdit), "{source}");
    }
    assert_eq!(set("a: 1\n", &["a"], "x: y"), Err(CannotEdit));
    assert_eq!(set("a: 1\n", &[], "x"), Err(CannotEdit));
}
