//! Every accepted text means the same to another YAML reader: nobody can be shown one table and given another.

use proptest::prelude::*;
use schema_registry::yaml::{Node, ScalarKind, Value, read};

/// The tree as JSON, every scalar with its kind.
fn ours(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::List(items) => items.iter().map(ours).collect(),
        Value::Mapping(mapping) => {
            let entries = mapping.entries.iter().map(|entry| (entry.key.text.clone(), ours(&entry.value)));
            serde_json::Value::Object(entries.collect())
        }
        Value::Scalar(scalar) => match scalar.kind() {
            ScalarKind::Null => serde_json::Value::Null,
            ScalarKind::Bool(value) => value.into(),
            ScalarKind::Int => scalar.text.parse::<i64>().map_or_else(|_| scalar.text.clone().into(), Into::into),
            ScalarKind::Float => scalar.text.parse::<f64>().map_or_else(|_| scalar.text.clone().into(), Into::into),
            ScalarKind::Text => scalar.text.clone().into(),
        },
    }
}

fn theirs(text: &str) -> serde_json::Value {
    let value: serde_yaml::Value = serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    serde_json::to_value(value).expect("keys are text")
}

#[test]
fn examples_mean_the_same_to_another_reader() {
    for (path, text) in crate::examples() {
        let reading = read(&text);
        assert_eq!(reading.problems, [], "{path}");
        assert_eq!(ours(&reading.root.expect("a document")), theirs(&text), "{path}");
    }
}

#[test]
fn scalars_mean_the_same_to_another_reader() {
    let texts = [
        "no",
        "yes",
        "on",
        "y",
        "true",
        "False",
        "null",
        "~",
        "1.10",
        "0",
        "-7",
        "1e3",
        "12:30:45",
        "2026-11-24",
        "1701792000",
        "'1'",
        "\"a\\tb\\u00e9\"",
        "a b",
        "a#b",
        "a: |\n  x\n  y\n",
        "a: >-\n  x\n  y\n",
        "'it''s'",
        "[a, b]",
        "{a: b}",
        "a:\n- b\n- c: d\n",
        "gen_random_uuid()",
        "\"'{}'::jsonb\"",
        "x  # y",
        "- a\n-\n- b\n",
    ];
    for text in texts {
        let reading = read(text);
        assert_eq!(ours(&reading.root.expect("a document")), theirs(text), "{text}");
    }
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z_]{0,8}",
        "'[ -&(-~]{0,8}'",
        "\"[ !#-\\[\\]-~]{0,8}\"",
        Just("true".to_owned()),
        Just("no".to_owned()),
        Just("'it''s'".to_owned()),
        Just("~".to_owned()),
        "[1-9][0-9]{0,6}",
    ]
}

fn flow() -> impl Strategy<Value = String> {
    scalar().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::btree_map("[a-z]{1,5}", inner, 0..4).prop_map(|entries| {
                let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{key}: {value}")).collect();
                format!("{{{}}}", entries.join(", "))
            }),
        ]
    })
}

/// Whether another reader sees the same in an accepted text.
pub(crate) fn agree(text: &str) -> Result<(), TestCaseError> {
    let root = read(text).root.ok_or_else(|| TestCaseError::fail("the text is not accepted"))?;
    prop_assert_eq!(ours(&root), theirs(text));
    Ok(())
}

proptest! {
    #[test]
    fn generated_texts_mean_the_same_to_another_reader(entries in prop::collection::btree_map("[a-z]{1,6}", flow(), 1..5)) {
        let text: String = entries.iter().map(|(key, value)| format!("{key}: {value}\n")).collect();
        let reading = read(&text);
        prop_assert_eq!(&reading.problems, &[]);
        prop_assert_eq!(ours(&reading.root.expect("a document")), theirs(&text));
    }
}
