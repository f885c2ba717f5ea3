//! The migrations that a change must bring, against those that the revision has.

use similar::{ChangeTag, TextDiff};

use crate::{
    model::{File, FileMode, Migration, MigrationHeader, Tree},
    rules::StaleMigration,
};

use super::{MigrationFile, read_file};

/// Longest excerpt of a line in a message, in characters.
const EXCERPT: usize = 80;

const SUGGESTION: &str = "Run `schema-registry generate`";

/// What is wrong with the files of `expected` in a tree: missing, of another state, or edited by hand.
#[must_use]
pub fn compare(expected: &[Migration], tree: &Tree, migrations_dir: &str) -> Vec<StaleMigration> {
    let mut problems = Vec::new();
    let mut missing = Vec::new();
    for migration in expected {
        let path = |file: String| format!("{}/{file}", migrations_dir.trim_end_matches('/'));
        let pair =
            [(path(migration.name.up_file()), &migration.up), (path(migration.name.down_file()), &migration.down)];
        if pair.iter().all(|(path, _)| !tree.contains_key(path)) {
            missing.push(&migration.name);
            continue;
        }
        problems.extend(pair.iter().filter_map(|(path, text)| problem(path, text, &migration.header, tree)));
    }
    // One thing to do, so one problem, however many files the change takes.
    let message = match missing.as_slice() {
        [] => return problems,
        [name] => format!("Migration {name} is missing"),
        [first, .., last] => format!("{} migrations of this change are missing, {first} to {last}", missing.len()),
    };
    problems.insert(0, StaleMigration { message, suggestion: SUGGESTION.to_owned() });
    problems
}

fn problem(path: &str, text: &str, header: &MigrationHeader, tree: &Tree) -> Option<StaleMigration> {
    let message = match tree.get(path) {
        None => format!("Migration {path} is missing"),
        Some(File { mode, .. }) if *mode != FileMode::Regular => format!("Migration {path} is not a regular file"),
        Some(File { bytes, .. }) if bytes == text.as_bytes() => return None,
        Some(File { bytes, .. }) => match read_file(path, bytes) {
            Ok(MigrationFile { header: found, .. }) if found == *header => {
                format!(
                    "Migration {path} was edited by hand{}",
                    first_difference(&String::from_utf8_lossy(bytes), text)
                )
            }
            Ok(MigrationFile { header: found, .. }) if found.format != header.format => format!(
                "Migration {path} has format {}, and this version of schema-registry writes format {}",
                found.format, header.format
            ),
            Ok(MigrationFile { header: found, .. })
                if found.before != header.before && header.subject.table().is_none() =>
            {
                format!("Migration {path} starts from other SQL than the base has run")
            }
            Ok(MigrationFile { header: found, .. }) if found.before != header.before => {
                format!("Migration {path} starts from another state than the base leaves the table in")
            }
            Ok(_) => format!("Migration {path} was generated from another version of the request"),
            Err(reason) => format!("Migration {path} {reason}"),
        },
    };
    Some(StaleMigration { message, suggestion: SUGGESTION.to_owned() })
}

/// `: line 7 is "x" instead of "y"`.
fn first_difference(found: &str, expected: &str) -> String {
    let diff = TextDiff::from_lines(expected, found);
    let line = |tag| diff.iter_all_changes().find(|change| change.tag() == tag);
    let excerpt = |text: &str| text.trim_end_matches('\n').chars().take(EXCERPT).collect::<String>();
    let (removed, added) = (line(ChangeTag::Delete), line(ChangeTag::Insert));
    match (removed, added) {
        (_, Some(added)) => {
            let number = added.new_index().map_or(0, |index| index + 1);
            format!(": line {number} is {:?}", excerpt(added.value()))
        }
        (Some(removed), None) => format!(": a line is missing, {:?}", excerpt(removed.value())),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::{migration::generate, sql::fixtures::caricatures};

    fn expected() -> Vec<Migration> {
        let table = caricatures();
        let change = super::super::tests::create(table);
        generate(&change, DateTime::<Utc>::UNIX_EPOCH, None, false).unwrap().1
    }

    fn tree(edit: impl Fn(&str) -> String) -> Tree {
        let [migration] = <[_; 1]>::try_from(expected()).unwrap();
        [(migration.name.up_file(), edit(&migration.up)), (migration.name.down_file(), migration.down)]
            .map(|(file, text)| (format!("migrations/{file}"), File::regular(text)))
            .into()
    }

    fn messages(tree: &Tree) -> String {
        compare(&expected(), tree, "migrations").into_iter().map(|problem| problem.message + "\n").collect()
    }

    #[test]
    fn the_generated_files_are_as_expected() {
        assert_eq!(messages(&tree(str::to_owned)), "");
    }

    #[test]
    fn each_way_to_be_wrong_is_told() {
        insta::assert_snapshot!(messages(&Tree::new()), @"Migration 19700101_000000_create_caricatures is missing");
        let up_only = tree(str::to_owned).into_iter().filter(|(path, _)| path.ends_with(".up.sql"));
        insta::assert_snapshot!(messages(&up_only.collect()), @"Migration migrations/19700101_000000_create_caricatures.down.sql is missing");
        insta::assert_snapshot!(messages(&tree(|up| up.replace("lock_timeout = '2s'", "lock_timeout = '9s'"))), @r#"Migration migrations/19700101_000000_create_caricatures.up.sql was edited by hand: line 8 is "SET LOCAL lock_timeout = '9s';""#);
        insta::assert_snapshot!(messages(&tree(|up| up.replace("COMMIT;\n", ""))), @r#"Migration migrations/19700101_000000_create_caricatures.up.sql was edited by hand: a line is missing, "COMMIT;""#);
        insta::assert_snapshot!(messages(&tree(|up| up.replace("before: -", &format!("before: {}", crate::model::Digest::of("x"))))), @"Migration migrations/19700101_000000_create_caricatures.up.sql starts from another state than the base leaves the table in");
        insta::assert_snapshot!(messages(&tree(|_| "SELECT 1;".to_owned())), @"Migration migrations/19700101_000000_create_caricatures.up.sql has no schema-registry header");
        insta::assert_snapshot!(messages(&tree(|up| up.replace('\n', "\r\n"))), @r#"Migration migrations/19700101_000000_create_caricatures.up.sql was edited by hand: line 1 is "-- schema-registry migration, format 1\r""#);
        let link = tree(str::to_owned).into_iter().map(|(path, file)| (path, File { mode: FileMode::Symlink, ..file }));
        insta::assert_snapshot!(messages(&link.collect()), @"
        Migration migrations/19700101_000000_create_caricatures.up.sql is not a regular file
        Migration migrations/19700101_000000_create_caricatures.down.sql is not a regular file
        ");
    }

    #[test]
    fn missing_migrations_of_one_change_are_one_problem() {
        let before = caricatures();
        let mut after = before.clone();
        after.indexes.truncate(1);
        let mut change = super::super::tests::create(after);
        (change.kind, change.before) = (crate::model::ChangeKind::Alter, Some(before));
        let migrations = generate(&change, DateTime::<Utc>::UNIX_EPOCH, None, false).unwrap().1;
        let told = |tree: &Tree| {
            compare(&migrations, tree, "migrations").into_iter().map(|it| it.message + "\n").collect::<String>()
        };
        insta::assert_snapshot!(told(&Tree::new()), @"2 migrations of this change are missing, 19700101_000000_alter_caricatures_01_drop to 19700101_000000_alter_caricatures_02_finish");
        let up =
            |migration: &Migration| (format!("migrations/{}", migration.name.up_file()), File::regular(&*migration.up));
        insta::assert_snapshot!(told(&migrations.iter().map(up).collect()), @"
        Migration migrations/19700101_000000_alter_caricatures_01_drop.down.sql is missing
        Migration migrations/19700101_000000_alter_caricatures_02_finish.down.sql is missing
        ");
    }
}
