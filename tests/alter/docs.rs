//! The migrations of `docs/migrations.md` are those that are written for its requests.

use std::{collections::BTreeMap, env, fs};

use schema_registry::model::{Migration, Renames, Table};

use crate::bench::{alter_at, create_at, drop_at, table};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/migrations.md");
const START: &str = "DO $postcondition$\n";
const END: &str = "$postcondition$;\n";

/// The contents of the fenced blocks in this language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let begin = format!("\n```{language}\n");
    page.split(begin.as_str()).skip(1).filter_map(|rest| rest.split("```\n").next()).collect()
}

/// The file with the postcondition's body left out, and the postcondition.
fn folded(script: &str) -> (String, Option<String>) {
    let Some((before, rest)) = script.split_once(START) else { return (script.to_owned(), None) };
    let (body, after) = rest.split_once(END).expect("it ends");
    let whole = format!("{START}{body}{END}");
    (format!("{before}{START}  -- ...\n{END}{after}"), Some(whole))
}

/// Every file of the page's changes by its name.
fn files(page: &str) -> BTreeMap<String, String> {
    let requests: Vec<Table> = blocks(page, "yaml").into_iter().map(table).collect();
    let [first, second] = requests.as_slice() else { panic!("the page has another number of requests than two") };
    let day = |day: i64| 1_704_448_800 + day * 24 * 60 * 60;
    let mut migrations: Vec<Migration> = vec![create_at(day(0), first)];
    migrations.extend(alter_at(day(1), first, second, &Renames::default()).expect("it can be carried out"));
    migrations.push(drop_at(day(2), second));
    let pairs = migrations.into_iter().flat_map(|migration| {
        let (up, down) = (format!("{}.up.sql", migration.name), format!("{}.down.sql", migration.name));
        [(up, migration.up), (down, migration.down)]
    });
    pairs.collect()
}

/// The page with its files and the postcondition as they are written now.
fn renewed(page: &str) -> String {
    let files = files(page);
    let (mut text, mut postcondition) = (String::new(), None);
    for part in page.split_inclusive("\n```sql\n") {
        // What came before ends with the old block, but for the first.
        let rest = if text.is_empty() { part } else { part.split_once("```\n").expect("the block ends").1 };
        if !text.is_empty() {
            text.push_str("```\n");
        }
        text.push_str(rest);
        if !rest.ends_with("\n```sql\n") {
            continue;
        }
        let name = rest.lines().rev().nth(2).and_then(|line| line.strip_prefix('`')?.strip_suffix('`'));
        if let Some(name) = name {
            let file = files.get(name).unwrap_or_else(|| panic!("no change of the page has a file {name}"));
            let (file, found) = folded(file);
            text.push_str(&file);
            postcondition = found.or(postcondition);
        } else {
            text.push_str(&postcondition.take().expect("a file with a postcondition is shown before"));
        }
    }
    text
}

#[test]
fn the_page_shows_what_is_written() {
    let page = fs::read_to_string(PAGE).expect("the page is there");
    let renewed = renewed(&page);
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(PAGE, &renewed).expect("docs/migrations.md can be written");
        return;
    }
    assert!(page == renewed, "docs/migrations.md is stale; run `UPDATE_DOCS=1 cargo test --test alter docs`");
    let shown = |name: &String| page.contains(&format!("`{name}`"));
    let hidden: Vec<_> = files(&page).into_keys().filter(|name| name.ends_with(".up.sql") && !shown(name)).collect();
    assert!(hidden.is_empty(), "the page leaves out {hidden:?}");
}
