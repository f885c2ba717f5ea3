//! What changed between the lines of two approval digests, in words.

use std::collections::BTreeMap;

/// The facts that differ between the lines of an old approval digest and the present ones, one sentence each without a
/// full stop. Empty where the lines are equal. Paths in the sentences are hostile text.
#[must_use]
pub fn compare(old: &str, new: &str) -> Vec<String> {
    let (old, new) = (Lines::read(old), Lines::read(new));
    let mut changed: Vec<String> = FACTS
        .iter()
        .filter(|(key, _)| old.facts.get(key) != new.facts.get(key))
        .map(|(_, sentence)| (*sentence).to_owned())
        .collect();
    for (path, before) in &old.files {
        match new.files.get(path) {
            None => changed.push(format!("`{}` no longer differs from the base", readable(path))),
            Some(after) if after != before => changed.push(other_bytes(path, before, after)),
            Some(_) => {}
        }
    }
    let added = new.files.keys().filter(|path| !old.files.contains_key(*path));
    changed.extend(added.map(|path| format!("`{}` is now changed as well", readable(path))));
    changed
}

/// Lines of the digest other than `file`, in order, and what a difference means.
const FACTS: [(&str, &str); 6] = [
    ("repo", "The pull request is in another repository"),
    ("pr", "The approval was given on another pull request"),
    ("base", "The pull request has another base branch"),
    ("policy", "A control file (policy, workflow, code owners or attributes) changed on the base"),
    ("context", "A request or migration of a changed or referenced table changed on the base"),
    ("violations", "Other errors or warnings are reported, or other waivers cover them"),
];

struct Lines<'a> {
    facts: BTreeMap<&'a str, &'a str>,
    /// JSON path to the two sides, `<old mode> <old digest> <new mode> <new digest>`.
    files: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Lines<'a> {
    fn read(text: &'a str) -> Self {
        let mut lines = Self { facts: BTreeMap::new(), files: BTreeMap::new() };
        for (key, rest) in text.lines().filter_map(|line| line.split_once(' ')) {
            if key != "file" {
                lines.facts.insert(key, rest);
                continue;
            }
            // A JSON string may hold spaces; the four items after it never do.
            let mut items: Vec<&str> = rest.rsplitn(5, ' ').collect();
            if let Some(path) = items.pop() {
                items.reverse();
                lines.files.insert(path, items);
            }
        }
        lines
    }
}

fn other_bytes(path: &str, before: &[&str], after: &[&str]) -> String {
    let path = readable(path);
    match (before, after) {
        ([.., mode, digest], [.., new_mode, new_digest]) if digest == new_digest && mode != new_mode => {
            format!("`{path}` has mode {new_mode} instead of {mode}")
        }
        ([.., digest], [.., "-"]) => format!("`{path}` is deleted now; {} was approved", short(digest)),
        ([.., digest], [.., new_digest]) if digest != new_digest => {
            format!("`{path}` has other bytes: {} instead of {}", short(new_digest), short(digest))
        }
        _ => format!("`{path}` changed on the base"),
    }
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or("no file")
}

fn readable(path: &str) -> String {
    serde_json::from_str(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbb";

    fn lines(policy: &str, files: &[(&str, &str)]) -> String {
        let file = |(path, sides): &(&str, &str)| format!("file \"{path}\" {sides}\n");
        let files = files.iter().map(file).collect::<Vec<_>>().concat();
        format!(
            "schema-registry/approval/v1\nrepo 1\npr 2\nbase refs/heads/main\npolicy {policy}\ncontext c\nviolations v\n{files}"
        )
    }

    #[test]
    fn each_fact_has_its_sentence() {
        let old = lines("p", &[("a b.yaml", &format!("- - 100644 {A}"))]);
        let cases = [
            (old.clone(), vec![]),
            (lines("q", &[("a b.yaml", &format!("- - 100644 {A}"))]), vec![FACTS[3].1.to_owned()]),
            (old.replace("context c", "context d"), vec![FACTS[4].1.to_owned()]),
            (old.replace("violations v", "violations w"), vec![FACTS[5].1.to_owned()]),
            (old.replace("heads/main", "heads/next"), vec![FACTS[2].1.to_owned()]),
            (old.replace(A, B), vec!["`a b.yaml` has other bytes: bbbbbbbbbbbb instead of aaaaaaaaaaaa".to_owned()]),
            (old.replace("- - 100644", "- - 100755"), vec!["`a b.yaml` has mode 100755 instead of 100644".to_owned()]),
            (
                old.replace("- - 100644", &format!("100644 {B} 100644")),
                vec!["`a b.yaml` changed on the base".to_owned()],
            ),
            (
                old.replace(&format!("- - 100644 {A}"), &format!("100644 {B} - -")),
                vec!["`a b.yaml` is deleted now; aaaaaaaaaaaa was approved".to_owned()],
            ),
            (
                lines("p", &[("c.yaml", &format!("- - 100644 {A}"))]),
                vec![
                    "`a b.yaml` no longer differs from the base".to_owned(),
                    "`c.yaml` is now changed as well".to_owned(),
                ],
            ),
        ];
        for (new, expected) in cases {
            assert_eq!(compare(&old, &new), expected, "{new}");
        }
    }

    #[test]
    fn text_that_is_no_digest_gives_sentences_and_no_panic() {
        for text in ["", "file\nfile \nfile \"", "file \"x\" 1 2 3", "\u{fffd} x"] {
            let _ = compare(text, "file \"y\" a b c d\n");
            let _ = compare("file \"y\" a b c d\n", text);
        }
    }
}
