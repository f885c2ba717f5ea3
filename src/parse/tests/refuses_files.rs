//! Files as a whole: modes, sizes, encodings, names, YAML that is not allowed.

use super::{SMALLEST, parse, refused, show};
use crate::{
    model::{File, FileMode, TableName},
    parse::parse_request,
};

fn file(path: &str, mode: FileMode, bytes: &[u8]) -> String {
    show(&parse_request(path, &File { mode, bytes: bytes.to_vec() }))
}

#[test]
fn modes_other_than_regular() {
    let shown = |mode| file("schema-requests/users.yaml", mode, SMALLEST.as_bytes());
    assert_eq!(shown(FileMode::Regular), "");
    insta::assert_snapshot!(shown(FileMode::Executable), @"1:1 Request files are not executable / Set its mode to 100644: `git update-index --chmod=-x`");
    insta::assert_snapshot!(shown(FileMode::Symlink), @"1:1 Request file is a symbolic link / Commit a regular file");
    insta::assert_snapshot!(shown(FileMode::Submodule), @"1:1 Request file is a submodule / Commit a regular file");
}

#[test]
fn bytes_that_are_no_text() {
    let shown = |bytes: &[u8]| file("schema-requests/users.yaml", FileMode::Regular, bytes);
    insta::assert_snapshot!(shown(b"tableName: \xff"), @"1:1 File is not UTF-8 from byte 11 on / Save the file as UTF-8");
    insta::assert_snapshot!(shown(b"\xff\xfet\0"), @"1:1 File is not UTF-8 from byte 0 on / Save the file as UTF-8");
    insta::assert_snapshot!(shown(&vec![b'#'; 256 * 1024 + 1]), @"1:1 Request file has 262145 bytes, more than 256 KiB / Describe one table a file");
    let comment = format!("{SMALLEST}#");
    let largest = comment.clone() + &"x".repeat(256 * 1024 - comment.len());
    assert_eq!(shown(largest.as_bytes()), "");
}

#[test]
fn names_that_do_not_fit() {
    let shown = |path: &str| file(path, FileMode::Regular, SMALLEST.as_bytes());
    assert_eq!(shown("schema-requests/team-a/users.yaml"), "", "sub-folders are fine");
    insta::assert_snapshot!(shown("schema-requests/user.yaml"), @"1:12 File `user.yaml` describes the table `users` / Rename the file to `users.yaml`");
    insta::assert_snapshot!(shown("schema-requests/users.yml"), @"1:1 Request files end in `.yaml` / Rename the file to `users.yaml`");
    insta::assert_snapshot!(shown("schema-requests/accounts.json"), @r"
    1:1 Request files end in `.yaml` / Rename the file to `accounts.yaml`
    1:12 File `accounts.json` describes the table `users` / Rename the file to `users.yaml`
    ");
    insta::assert_snapshot!(shown("schema-requests/public.users.yaml"), @"1:12 File `public.users.yaml` describes the table `users` / Rename the file to `users.yaml`");
    let elsewhere = SMALLEST.replace("schemaJson:\n", "schemaJson:\n  schemaName: audit\n");
    let shown = |path: &str| file(path, FileMode::Regular, elsewhere.as_bytes());
    assert_eq!(shown("schema-requests/audit.users.yaml"), "");
    insta::assert_snapshot!(shown("schema-requests/users.yaml"), @"1:12 File `users.yaml` describes the table `audit.users` / Rename the file to `audit.users.yaml`");
}

#[test]
fn the_table_of_an_unreadable_file_is_the_one_of_its_name() {
    let table = |path, text| parse_request(path, &File::regular(text)).table;
    assert_eq!(table("schema-requests/audit.users.yaml", "["), Some(TableName::new("audit", "users")));
    assert_eq!(table("schema-requests/users.yaml", "tableName: posts\nbroken: 1"), Some(TableName::public("posts")));
    assert_eq!(table("schema-requests/users.yaml", "tableName: pösts"), Some(TableName::public("users")));
}

#[test]
fn characters_that_nobody_sees() {
    insta::assert_snapshot!(refused(&format!("{SMALLEST}# a\u{202e}b\u{200b}\u{200d}\u{0}\u{7f}\u{2028}\u{feff}\u{e0041}\u{3164}")), @r"
    5:4 U+202E (bidirectional control) is not allowed / Remove the character
    5:6 U+200B (zero-width space) is not allowed / Remove the character
    5:7 U+200D (zero-width joiner) is not allowed / Remove the character
    5:8 U+0000 (NUL) is not allowed / Remove the character
    5:9 U+007F (control character) is not allowed / Remove the character
    5:10 U+2028 (line separator) is not allowed / Remove the character
    5:11 U+FEFF (byte-order mark inside the text) is not allowed / Remove the character
    5:12 U+E0041 (invisible character) is not allowed / Remove the character
    5:13 U+3164 (invisible character) is not allowed / Remove the character
    ");
    insta::assert_snapshot!(refused(&SMALLEST.replace("users\n", "users\r")), @"1:17 U+000D (carriage return without a line feed) is not allowed / Remove the character");
    insta::assert_snapshot!(refused(&format!("{SMALLEST}owner: \"a\\u202Eb\\0\"\n")), @"5:8 An escape stands for U+202E (bidirectional control), which is not allowed / Remove the escape");
    insta::assert_snapshot!(refused(&format!("{SMALLEST}# {}", "\u{200b}".repeat(5000))), @r"
    5:3 U+200B (zero-width space) is not allowed / Remove the character
    5:4 U+200B (zero-width space) is not allowed / Remove the character
    5:5 U+200B (zero-width space) is not allowed / Remove the character
    5:6 U+200B (zero-width space) is not allowed / Remove the character
    5:7 U+200B (zero-width space) is not allowed / Remove the character
    5:8 U+200B (zero-width space) is not allowed / Remove the character
    5:9 U+200B (zero-width space) is not allowed / Remove the character
    5:10 U+200B (zero-width space) is not allowed / Remove the character
    5:11 U+200B (zero-width space) is not allowed / Remove the character
    5:12 U+200B (zero-width space) is not allowed / Remove the character
    5:13 More invisible or control characters follow / Remove them all
    ");
    assert_eq!(refused(&format!("{SMALLEST}# naïve 日本語 ⚠️ ❤️ 🎉 \u{e9}\n")), "", "whatever shows is fine");
}

#[test]
fn yaml_that_is_not_allowed() {
    insta::assert_snapshot!(refused("tableName: &t users\nowner: *t\n"), @r"
    1:12 Anchors are not allowed / Remove it and write the value out where it is used, or quote text that begins with `&`
    2:8 Aliases are not allowed / Write the value out, or quote text that begins with `*`
    ");
    insta::assert_snapshot!(refused("tableName: *t\n"), @"1:12 Aliases are not allowed / Write the value out, or quote text that begins with `*`");
    insta::assert_snapshot!(refused(&format!("{SMALLEST}owner: !!str x\nwaivers: !a []\n")), @r"
    5:8 Tags are not allowed / Remove it, or quote text that begins with `!`
    6:10 Tags are not allowed / Remove it, or quote text that begins with `!`
    ");
    insta::assert_snapshot!(refused(&format!("{SMALLEST}<<: {{owner: x}}\n")), @"5:1 Merge keys are not allowed / Write the keys out");
    insta::assert_snapshot!(refused(&format!("{SMALLEST}owner: a\nowner: b\ntableName: c\n")), @r"
    6:1 Key `owner` is given twice, first on line 5 / Keep one of the two
    7:1 Key `tableName` is given twice, first on line 1 / Keep one of the two
    ");
    insta::assert_snapshot!(refused(&format!("{SMALLEST}---\n{SMALLEST}")), @"5:1 The file holds more than one document / Put each table into a file of its own");
    insta::assert_snapshot!(refused(&format!("%YAML 1.2\n---\n{SMALLEST}")), @"1:1 YAML directives are not allowed / Remove the line that starts with `%`");
    insta::assert_snapshot!(refused(&format!("{SMALLEST}? [a, b]\n: c\n? {{d: e}}\n: f\n: g\n")), @r"
    5:3 A list or mapping cannot be a key / Quote the value if the brackets or braces belong to it
    7:3 A list or mapping cannot be a key / Quote the value if the brackets or braces belong to it
    8:3 A key is missing / Write `key: value`
    ");
    insta::assert_snapshot!(refused(&format!("{SMALLEST}owner: {}1{}\n", "[".repeat(40), "]".repeat(40))), @"5:25 The file nests deeper than 16 levels / Write the request as its documentation shows; nothing in it is that deep");
    insta::assert_snapshot!(refused(&format!("{SMALLEST}waivers: [{}]\n", "1,".repeat(20_000))), @"5:39983 The file holds more than 20,000 values / Describe one table a file");
}

#[test]
fn syntax_errors_are_in_plain_words() {
    insta::assert_snapshot!(refused("tableName: [users\n"), @"1:12 A bracket is never closed / Close each `[` with `]` and each `{` with `}`, with `,` between items");
    insta::assert_snapshot!(refused("tableName: 'users\n"), @"1:12 A quote is never closed / Add the missing quote, and double a `'` inside single quotes");
    insta::assert_snapshot!(refused("tableName: \"a\\qb\"\n"), @r"1:12 An escape in the double-quoted text is not valid / Write `\\` for a backslash, or use single quotes");
    insta::assert_snapshot!(refused("tableName: a: b\n"), @"1:13 A `:` is not allowed here / Quote the text if it holds `: `; otherwise check the line above for a missing `:` or wrong indentation");
    insta::assert_snapshot!(refused("tableName: users\n  owner: x\n"), @"2:8 A `:` is not allowed here / Quote the text if it holds `: `; otherwise check the line above for a missing `:` or wrong indentation");
    insta::assert_snapshot!(refused("tableName: users\n\towner: x\n"), @"2:1 A tab is not allowed here / Indent with spaces");
    insta::assert_snapshot!(refused("tableName: users\nowner\n"), @"2:1 A `:` is missing here / Write `key: value`");
    insta::assert_snapshot!(refused("tableName: `users`\n"), @"1:12 A value cannot begin with this character / Quote the value, with single quotes if in doubt");
    insta::assert_snapshot!(refused("tableName: {a: b]\n"), @"1:12 Brackets do not match here / Close each `[` with `]` and each `{` with `}`, with `,` between items");
    insta::assert_snapshot!(refused("tableName: 'it's'\n"), @"1:16 Text follows a closing quote / Quote the whole value, and double a `'` inside single quotes");
}

#[test]
fn files_that_are_no_mapping() {
    insta::assert_snapshot!(refused(""), @"1:1 The file is empty / Describe a table in it, or delete it");
    insta::assert_snapshot!(refused("# nothing\n"), @"1:1 The file is empty / Describe a table in it, or delete it");
    insta::assert_snapshot!(refused("- a\n"), @"1:3 The file must be a mapping, not a list / Give it keys: `tableName`, `owner`, `registryId`, `schemaJson`, `renamedFrom`, `lifecycle`, `waivers` or `requestMetadata`");
    insta::assert_snapshot!(refused("text"), @"1:1 The file must be a mapping, not `text` / Give it keys: `tableName`, `owner`, `registryId`, `schemaJson`, `renamedFrom`, `lifecycle`, `waivers` or `requestMetadata`");
    insta::assert_snapshot!(refused("{}"), @r"
    1:1 `tableName` is missing / Add `tableName`
    1:1 `schemaJson` is missing / Add `schemaJson`
    ");
    assert!(parse("[").request.is_none());
}
