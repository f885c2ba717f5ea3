//! The napkin of `src/lib.rs` is the law: imports go strictly downward, and each grammar or service crate has one home.

#![expect(clippy::expect_used, clippy::disallowed_methods, reason = "a test reads the sources and may stop at once")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Crates that only the named modules may use; everything else goes through those modules.
const HOMES: &[(&str, &[&str])] = &[
    ("anyhow", &["cli", "main"]),
    ("clap", &["cli", "main"]),
    ("octocrab", &["github"]),
    ("pg_query", &["sql"]),
    ("ring", &["audit_log"]),
    ("serde_saphyr", &["yaml"]),
    ("tlog_tiles", &["audit_log"]),
    ("tokio", &["cli", "git", "github", "main", "postgres", "workspace"]),
    ("tokio_postgres", &["postgres"]),
    ("yamlpatch", &["yaml"]),
    ("yamlpath", &["yaml"]),
];

/// How statements begin that change a database. Their text is written in one place; questions to the catalog are the
/// adapter's as well.
const STATEMENTS: &[&str] = &[
    "ALTER ",
    "COMMENT ON ",
    "CREATE ",
    "DELETE FROM ",
    "DROP ",
    "GRANT ",
    "INSERT INTO ",
    "LOCK TABLE ",
    "REVOKE ",
    "SET LOCAL ",
    "TRUNCATE ",
    "UPDATE ",
];
const STATEMENT_HOMES: &[&str] = &["sql", "postgres"];

/// Longest source file, in lines.
const MAX_LINES: usize = 500;

/// A name that a file uses: of a module of ours, or of anything else.
#[derive(Debug, PartialEq, Eq)]
struct Use {
    line: usize,
    /// First segment after `crate`, or the text of a lone identifier.
    name: String,
    ours: bool,
}

/// Height of each top-level module above `model`, which is 0, read from the drawing in `src/lib.rs`.
///
/// A row of the drawing names the modules of one layer, then describes them; the description begins with the first word
/// that is no module.
fn layers(drawing: &str, modules: &[String]) -> BTreeMap<String, usize> {
    let rows = drawing
        .lines()
        .map(|line| {
            let words = line.trim_start_matches("//!").split_whitespace().map(|word| word.trim_end_matches(".rs"));
            words.take_while(|word| modules.iter().any(|module| module == word)).collect::<Vec<_>>()
        })
        .filter(|row| !row.is_empty())
        .collect::<Vec<_>>();
    let heights = rows.iter().rev().enumerate();
    let layers = heights.flat_map(|(height, row)| row.iter().map(move |module| ((*module).to_owned(), height)));
    layers.collect()
}

/// Every path that starts at the crate, or climbs to it with `super`, and every other identifier, with its line.
/// Works on tokens, so that nested groups, macros and type positions count and comments and strings do not.
/// `depth` is how many modules the file is below the crate.
fn uses(tokens: TokenStream, depth: usize, found: &mut Vec<Use>) {
    let tokens = tokens.into_iter().collect::<Vec<_>>();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            TokenTree::Ident(ident) if ident == "crate" => found.extend(heads(&tokens, at + 1)),
            TokenTree::Ident(ident) if ident == "super" => {
                let climbs = (0..tokens.len()).take_while(|step| matches(&tokens, at + 3 * step, "super")).count();
                if climbs >= depth {
                    found.extend(heads(&tokens, at + 3 * climbs - 2));
                }
                at += 3 * climbs - 1;
                continue;
            }
            TokenTree::Ident(ident) if ident == "mod" => {
                if let Some(TokenTree::Group(body)) = tokens.get(at + 2)
                    && body.delimiter() == Delimiter::Brace
                {
                    uses(body.stream(), depth + 1, found);
                    at += 3;
                    continue;
                }
            }
            TokenTree::Ident(ident) => {
                found.push(Use { line: ident.span().start().line, name: ident.to_string(), ours: false });
            }
            TokenTree::Group(group) => uses(group.stream(), depth, found),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        at += 1;
    }
}

/// The first segments that follow `::` at `at`: one name, or those of a `{...}` group.
fn heads(tokens: &[TokenTree], at: usize) -> Vec<Use> {
    let ours = |ident: &proc_macro2::Ident| Use {
        line: ident.span().start().line,
        name: ident.to_string().trim_start_matches("r#").to_owned(),
        ours: true,
    };
    if !matches(tokens, at, ":") {
        return Vec::new();
    }
    match tokens.get(at + 2) {
        Some(TokenTree::Ident(ident)) => vec![ours(ident)],
        Some(TokenTree::Group(group)) => {
            let mut heads = Vec::new();
            let mut first = true;
            for token in group.stream() {
                match &token {
                    TokenTree::Ident(ident) if first => heads.push(ours(ident)),
                    TokenTree::Punct(punct) => {
                        first = punct.as_char() == ',';
                        continue;
                    }
                    _ => {}
                }
                first = false;
            }
            heads
        }
        _ => Vec::new(),
    }
}

fn matches(tokens: &[TokenTree], at: usize, text: &str) -> bool {
    tokens.get(at).is_some_and(|token| token.to_string() == text)
}

/// String literals that begin as a statement does, with their lines; those of attributes (and so of comments) and of unit
/// tests left out.
fn statements(tokens: TokenStream, found: &mut Vec<(usize, String)>) {
    let tokens = tokens.into_iter().collect::<Vec<_>>();
    let (mut at, mut skips) = (0, false);
    while let Some(token) = tokens.get(at) {
        at += 1;
        match (token, tokens.get(at)) {
            (TokenTree::Punct(hash), Some(TokenTree::Group(attribute))) if hash.as_char() == '#' => {
                skips |= attribute.stream().to_string().replace(' ', "") == "cfg(test)";
                at += 1;
            }
            (TokenTree::Punct(end), _) => skips &= end.as_char() != ';',
            (TokenTree::Group(group), _) if !(skips && group.delimiter() == Delimiter::Brace) => {
                statements(group.stream(), found);
            }
            (TokenTree::Group(_), _) => skips = false,
            (TokenTree::Literal(literal), _) => {
                let text = literal.to_string();
                let inside = text.trim_start_matches(['r', '#', '"', '\\', 'n', ' ']);
                if text.starts_with(['"', 'r']) && STATEMENTS.iter().any(|start| inside.starts_with(start)) {
                    found.push((literal.span().start().line, inside.chars().take(20).collect()));
                }
            }
            (TokenTree::Ident(_), _) => {}
        }
    }
}

/// What is wrong with one file, a line for each thing, `file:line: ...`.
fn violations(path: &str, module: &str, depth: usize, text: &str, layers: &BTreeMap<String, usize>) -> Vec<String> {
    let mut found = Vec::new();
    let tokens = text.parse::<TokenStream>().expect("the compiler has accepted it");
    uses(tokens.clone(), depth, &mut found);
    let mut wrong = Vec::new();
    let mut texts = Vec::new();
    if !STATEMENT_HOMES.contains(&module) && !path.contains("tests") {
        statements(tokens, &mut texts);
    }
    wrong.extend(
        texts.into_iter().map(|(line, text)| format!("{path}:{line}: `{text}` is SQL that is written outside sql")),
    );
    for Use { line, name, ours } in found {
        if ours {
            let (Some(from), Some(to)) = (layers.get(module), layers.get(&name)) else { continue };
            if name != module && to >= from {
                let way = if to == from { "sideways" } else { "upward" };
                wrong.push(format!("{path}:{line}: `{module}` imports `{name}`, which is {way}"));
            }
        } else if let Some((_, homes)) = HOMES.iter().find(|(krate, _)| *krate == name)
            && !homes.contains(&module)
        {
            wrong.push(format!("{path}:{line}: `{name}` is used outside {}", homes.join(", ")));
        }
    }
    let lines = text.lines().count();
    if lines > MAX_LINES {
        wrong.push(format!("{path}: {lines} lines, {MAX_LINES} are allowed: split the module"));
    }
    wrong
}

fn source_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).expect("src can be listed") {
        let path = entry.expect("src can be listed").path();
        if path.is_dir() {
            files.extend(source_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Top-level module of a file under `src`, and how many modules the file is below the crate.
fn module_of(path: &Path) -> (String, usize) {
    let path = path.with_extension("");
    let mut segments = path.iter().filter_map(|segment| segment.to_str()).collect::<Vec<_>>();
    if segments.last() == Some(&"mod") {
        segments.pop();
    }
    (segments[0].to_owned(), segments.len())
}

#[test]
fn imports_go_downward_and_crates_stay_at_home() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let sources = source_files(&root).into_iter().map(|path| {
        let text = fs::read_to_string(&path).expect("sources are UTF-8");
        (path.strip_prefix(&root).expect("it is under src").to_owned(), text)
    });
    let sources = sources.collect::<Vec<_>>();
    let modules = sources.iter().map(|(path, _)| module_of(path).0).filter(|module| module != "lib");
    let modules = modules.collect::<Vec<_>>();
    let (_, drawing) = &sources.iter().find(|(path, _)| path == Path::new("lib.rs")).expect("there is a lib.rs");
    let layers = layers(drawing, &modules);

    let missing = modules.iter().filter(|module| !layers.contains_key(*module)).collect::<Vec<_>>();
    assert!(missing.is_empty(), "the drawing in src/lib.rs lacks {missing:?}");
    let wrong = sources.iter().filter(|(path, _)| path != Path::new("lib.rs")).flat_map(|(path, text)| {
        let (module, depth) = module_of(path);
        violations(&format!("src/{}", path.display()), &module, depth, text, &layers)
    });
    let wrong = wrong.collect::<Vec<_>>();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn contributors_are_shown_the_same_drawing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path| fs::read_to_string(root.join(path)).expect("it is there");
    let library = read("src/lib.rs").replace("//! ", "");
    let (_, drawing) = library.split_once("```text\n").expect("a drawing begins");
    let (drawing, _) = drawing.split_once("```").expect("a drawing ends");
    assert!(read("CONTRIBUTING.md").contains(drawing), "copy the drawing of src/lib.rs to CONTRIBUTING.md");
}

const DRAWING: &str = "//!   main.rs\n//!   |\n//!  cli  clap, wiring\n//!  git  github   I/O\n//!  sql  the grammar\n//! model   imports nothing";

fn check(path: &str, text: &str) -> Vec<String> {
    let modules = ["main", "cli", "git", "github", "sql", "model"].map(str::to_owned);
    let (module, depth) = module_of(Path::new(path));
    violations(path, &module, depth, text, &layers(DRAWING, &modules))
}

#[test]
fn every_way_upward_or_sideways_is_found() {
    let cases = [
        ("git/mod.rs", "use crate::model::File;", ""),
        ("git/mod.rs", "use crate::{model::{a, cli}, sql};", ""),
        ("git/mod.rs", "\nuse crate::github::Client;", "git/mod.rs:2: `git` imports `github`, which is sideways"),
        ("sql/mod.rs", "use crate::{model::A,\n git};", "sql/mod.rs:2: `sql` imports `git`, which is upward"),
        ("model/a.rs", "fn f() { g!(x, crate::sql::y()) }", "model/a.rs:1: `model` imports `sql`, which is upward"),
        ("model/a.rs", "struct A(crate::sql::B);", "model/a.rs:1: `model` imports `sql`, which is upward"),
        ("model/a.rs", "use super::sql;", ""),
        ("model/a.rs", "use super::super::sql;", "model/a.rs:1: `model` imports `sql`, which is upward"),
        ("model/a.rs", "mod tests { use super::super::sql; }", ""),
        (
            "model/mod.rs",
            "mod tests { use super::super::sql; }",
            "model/mod.rs:1: `model` imports `sql`, which is upward",
        ),
        ("model/a.rs", "// crate::sql\nconst A: &str = \"crate::sql\";", ""),
        ("git/mod.rs", "use pg_query::parse;", "git/mod.rs:1: `pg_query` is used outside sql"),
        ("sql/mod.rs", "use pg_query::parse;", ""),
        (
            "model/a.rs",
            "fn f() { format!(\"ALTER TABLE {x}\") }",
            "model/a.rs:1: `ALTER TABLE {x}\"` is SQL that is written outside sql",
        ),
        ("sql/a.rs", "fn f() { format!(\"ALTER TABLE {x}\") }", ""),
        ("model/a.rs", "/// DROP TABLE\nconst A: &str = \"a DROP TABLE\";", ""),
        ("model/a.rs", "#[cfg(test)] mod tests { const A: &str = \"DROP TABLE x\"; }", ""),
        ("main.rs", "fn main() -> anyhow::Result<()> { schema_registry::cli::run() }", ""),
    ];
    for (path, text, expected) in cases {
        assert_eq!(check(path, text).join("\n"), expected, "{path}: {text}");
    }
    assert_eq!(check("git/mod.rs", &"\n".repeat(501)), ["git/mod.rs: 501 lines, 500 are allowed: split the module"]);
}
