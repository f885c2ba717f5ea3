//! The walk of docs/auditing.md, on a change that really happened.

use std::{collections::BTreeMap, fmt::Write as _, path::Path, process::Command};

use crate::{
    actors::Stage,
    request::corrected,
    support::github::{Method, Visibility},
};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/auditing.md");

/// Each console block of the page: its commands run again must print what the page shows.
#[test]
fn the_page_for_auditors_is_what_the_commands_print() {
    let stage = Stage::with_log(Visibility::Private, "[approval]\nrequired = 1\n");
    let number = stage.open("notes", "main", &[("schema-requests/notes.yaml", &corrected())]);
    stage.review(number, "opened", "ann");
    assert_eq!(stage.approve(number, "mia").output("verdict"), "pass");
    let before = stage.repo.tip("main");
    stage.repo.merge(number, "mia", Method::Squash);
    stage.deliver(&stage.repo.push_event("main", &before, "mia"));
    assert!(stage.summary(number).contains("1 of 1 given"));
    // The clone gets what happened.
    assert_eq!(stage.ask(&["audit", "verify"]).0, 0);

    let page = std::fs::read_to_string(PAGE).expect("there is a page");
    let mut names = Names::default();
    let (mut expected, mut inside) = (String::new(), false);
    for line in page.lines() {
        if !inside || line.starts_with("```") || line.starts_with("$ ") {
            inside = (inside || line == "```console") && line != "```";
            let _ = writeln!(expected, "{line}");
        }
        if let Some(command) = line.strip_prefix("$ ").filter(|_| inside) {
            expected += &names.hide(&run(&stage, &names.show(command)));
        }
    }
    if page != expected {
        assert!(
            std::env::var_os("UPDATE_DOCS").is_some(),
            "docs/auditing.md shows something else; refresh it with `UPDATE_DOCS=1 cargo test --test lifecycle`:\n\
             {expected}"
        );
        std::fs::write(PAGE, expected).expect("writes the page");
    }
}

/// What a command prints in the clone.
fn run(stage: &Stage, command: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_schema-registry")).parent().expect("a folder");
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(stage.clone())
        .env("PATH", path)
        .env("HOME", stage.world.home())
        .output()
        .expect("there is a shell");
    let text = String::from_utf8(output.stdout).expect("UTF-8") + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {text}");
    text
}

/// Names for what is another one in every repository, in the order in which they come up.
#[derive(Default)]
struct Names {
    of: BTreeMap<String, String>,
    digests: usize,
    commits: usize,
}

impl Names {
    fn hide(&mut self, text: &str) -> String {
        let mut hidden = String::new();
        for word in
            text.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric() && letter != ':' && letter != '-')
        {
            let end = word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
            for (at, part) in end.split(':').enumerate() {
                hidden += if at == 0 { "" } else { ":" };
                hidden += &self.name(part);
            }
            hidden += &word[end.len()..];
        }
        times(&hidden)
    }

    /// The name of a digest or commit; anything else as it is.
    fn name(&mut self, part: &str) -> String {
        let is_hex = part.bytes().all(|byte| byte.is_ascii_hexdigit());
        let (kind, count) = match part.len() {
            64 if is_hex => ("digest", &mut self.digests),
            40 if is_hex => ("commit", &mut self.commits),
            _ => return part.to_owned(),
        };
        let new = || {
            *count += 1;
            format!("<{kind} {count}>")
        };
        self.of.entry(part.to_owned()).or_insert_with(new).clone()
    }

    fn show(&self, text: &str) -> String {
        self.of.iter().fold(text.to_owned(), |text, (value, name)| text.replace(name, value))
    }
}

/// `2026-01-02T03:04:05Z` as `<time>`.
fn times(text: &str) -> String {
    let shape: String = text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    let (mut hidden, mut from) = (String::new(), 0);
    for (at, time) in shape.match_indices("0000-00-00T00:00:00Z") {
        hidden += &text[from..at];
        hidden += "<time>";
        from = at + time.len();
    }
    hidden + &text[from..]
}
