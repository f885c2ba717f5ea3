use super::*;

#[test]
fn explore() {
    let text =
        "a: 1 # c\nb:\n\nc: |\n  x\n  y\n\n# z\nd: [1, {e: f}, ]\ng:\n  - h: 'i'\n    j: \"k\\n\"\n  -\n  - l\nm:";
    let reading = read(text);
    fn show(text: &str, node: &Node, depth: usize) {
        println!("{}{:?} {:?}", " ".repeat(depth), node.span, &text[node.span.range()]);
        match &node.value {
            Value::List(items) => items.iter().for_each(|item| show(text, item, depth + 2)),
            Value::Mapping(mapping) => mapping.entries.iter().for_each(|entry| {
                println!("{}key {:?}", " ".repeat(depth), &text[entry.key.span.range()]);
                show(text, &entry.value, depth + 2);
            }),
            Value::Scalar(scalar) => println!("{}{scalar:?}", " ".repeat(depth)),
        }
    }
    println!("{:?}", reading.problems);
    show(text, reading.root.as_ref().unwrap(), 0);
}
