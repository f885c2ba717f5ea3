use super::*;

fn root(text: &str) -> Node {
    let reading = read(text);
    assert_eq!(reading.problems, [], "{text:?}");
    reading.root.expect("a document")
}

fn show(text: &str, node: &Node, lines: &mut Vec<String>, depth: usize) {
    let source = &text[node.span.range()];
    let indentation = "  ".repeat(depth);
    match &node.value {
        Value::Scalar(scalar) => {
            lines.push(format!("{indentation}{source:?} {:?} {:?}", scalar.text, scalar.kind()));
        }
        Value::List(items) => {
            lines.push(format!("{indentation}{source:?}"));
            for item in items {
                show(text, item, lines, depth + 1);
            }
        }
        Value::Mapping(mapping) => {
            lines.push(format!("{indentation}{source:?}"));
            for entry in &mapping.entries {
                lines.push(format!("{indentation}- {:?}:", &text[entry.key.span.range()]));
                show(text, &entry.value, lines, depth + 1);
            }
        }
    }
}

fn shown(text: &str) -> String {
    let mut lines = Vec::new();
    show(text, &root(text), &mut lines, 0);
    lines.join("\n")
}

#[test]
fn every_value_knows_its_bytes() {
    insta::assert_snapshot!(shown("a: 1 # c\n'b':\n\nc: |\n  x\n  y\n\n# z\nd: [1, {e: f}, ]\ng:\n- h: 'i'\n  j: \"k\\n\"\n-\n- ä l\nm: >-\n  n\n  o\np:"), @r#"
    "a: 1 # c\n'b':\n\nc: |\n  x\n  y\n\n# z\nd: [1, {e: f}, ]\ng:\n- h: 'i'\n  j: \"k\\n\"\n-\n- ä l\nm: >-\n  n\n  o\np"
    - "a":
      "1" "1" Int
    - "'b'":
      "'b'" "" Null
    - "c":
      "x\n  y" "x\ny\n" Text
    - "d":
      "[1, {e: f}, ]"
        "1" "1" Int
        "{e: f}"
        - "e":
          "f" "f" Text
    - "g":
      "h: 'i'\n  j: \"k\\n\"\n-\n- ä l"
        "h: 'i'\n  j: \"k\\n\""
        - "h":
          "'i'" "i" Text
        - "j":
          "\"k\\n\"" "k\n" Text
        "-" "" Null
        "ä l" "ä l" Text
    - "m":
      "n\n  o" "n o" Text
    - "p":
      "p" "" Null
    "#);
}

#[test]
fn flow_values_that_are_not_written_point_at_what_stands_before_them() {
    insta::assert_snapshot!(shown("{a: , b, c: [d, ], e: {}, f: [], \"g\":}"), @r#"
    "{a: , b, c: [d, ], e: {}, f: [], \"g\":}"
    - "a":
      "a" "" Null
    - "b":
      "b" "" Null
    - "c":
      "[d, ]"
        "d" "d" Text
    - "e":
      "{}"
    - "f":
      "[]"
    - "\"g\"":
      "\"g\"" "" Null
    "#);
}

#[test]
fn a_further_document_does_not_hide_the_first() {
    let reading = read("a: 1\n---\nb: 2\n");
    assert_eq!(reading.problems.len(), 1);
    assert!(reading.root.is_some_and(|root| root.get("a").is_some()));
}

#[test]
fn of_a_key_given_twice_the_first_counts() {
    let root = read("a: 1\na: [2]\nb: 3\n").root.expect("a document");
    let Value::Mapping(mapping) = &root.value else { panic!("a mapping") };
    let keys: Vec<&str> = mapping.entries.iter().map(|entry| entry.key.text.as_str()).collect();
    assert_eq!(keys, ["a", "b"]);
    assert!(matches!(&root.get("a").expect("it is there").value.value, Value::Scalar(scalar) if scalar.text == "1"));
}

#[test]
fn what_hides_the_meaning_hides_the_tree() {
    for text in ["a: &b 1\nc: *b\n", "<<: {a: 1}\n", "[1", ""] {
        assert!(read(text).root.is_none(), "{text}");
    }
    for text in ["a: &b 1\n", "a: !t 1\n", "a: 1\na: 2\n", "'<<': 1\n"] {
        assert!(read(text).root.is_some(), "{text}");
    }
    assert_eq!(root("'<<': 1\n").get("<<").map(|entry| entry.key.span), Some(Span::new(0, 4)));
}

#[test]
fn depth_and_size_have_a_limit() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(read(&nested(MAX_DEPTH)).problems, []);
    assert_eq!(read(&nested(MAX_DEPTH + 1)).problems[0].message, DEPTH.0);
    let block = |depth: usize| (0..depth).map(|level| format!("{}a:\n", " ".repeat(level))).collect::<String>();
    assert_eq!(read(&block(MAX_DEPTH)).problems, []);
    assert_eq!(read(&block(MAX_DEPTH + 1)).problems[0].message, DEPTH.0);
    let items = |count: usize| format!("[{}]", "1,".repeat(count));
    assert_eq!(read(&items(MAX_NODES - 1)).problems, []);
    assert_eq!(read(&items(MAX_NODES)).problems.len(), 1);
}

/// Texts that have taken other readers seconds, gigabytes or the process; each is as large as a request may be.
#[test]
fn hostile_texts_are_refused_at_once() {
    let size = 256 * 1024;
    let laughs: String =
        ('a'..='i').map(|c| format!("{c}: &{c} [{}]\n", format!("*{},", (c as u8 - 1) as char).repeat(9))).collect();
    let lists: String = (0..3_000).map(|_| "- *a\n").collect();
    let texts = [
        ("billion laughs", laughs.replace("*`,", "x,")),
        ("quadratic aliases", format!("a: &a [{}]\nb:\n{lists}", "x,".repeat(3_000))),
        ("open brackets", "[".repeat(size)),
        ("closed brackets", "[".repeat(size / 2) + &"]".repeat(size / 2)),
        ("open braces", "{".repeat(size)),
        ("braces and keys", "{a: ".repeat(size / 4)),
        ("nested lists on one line", "- ".repeat(size / 2)),
        ("nested keys on one line", "? ".repeat(size / 2)),
        ("nested mappings", (0..700).map(|level| format!("{}a:\n", " ".repeat(level))).collect()),
        ("many keys", (0..size / 10).map(|key| format!("k{key}: 1\n")).collect()),
        ("the same key", "k: 1\n".repeat(size / 5)),
        ("many anchors", "- &a 1\n".repeat(size / 7)),
        ("many tags", "- !a 1\n".repeat(size / 7)),
        ("many documents", "---\n".repeat(size / 4)),
        ("a reference to itself", "&a [*a]".to_owned()),
        ("a merge", "<<: *a\n".repeat(size / 7)),
        ("tabs", "\t".repeat(size)),
        ("directives", "%A\n".repeat(size / 3)),
        ("quotes", "\"".repeat(size)),
        ("NUL", "a: \0".to_owned()),
        ("garbage after the end", "a: 1\n...\n]]]".to_owned()),
    ];
    for (name, text) in texts {
        let start = std::time::Instant::now();
        let reading = read(&text);
        assert!(reading.root.is_none() || !reading.problems.is_empty(), "{name}");
        // Generous, for a busy machine without optimisation: a quadratic reader needs minutes.
        assert!(start.elapsed().as_secs() < 5, "{name} took {:?}", start.elapsed());
    }
}

#[test]
fn long_but_harmless_texts_are_read() {
    let size = 256 * 1024;
    for text in [
        "a: ".to_owned() + &"x".repeat(size),
        "# ".to_owned() + &"x".repeat(size) + "\na: 1",
        "\n".repeat(size) + "a: 1",
    ] {
        assert_eq!(root(&text).get("a").map(|entry| entry.key.text.as_str()), Some("a"));
    }
}
