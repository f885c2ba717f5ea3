use chrono::{DateTime, TimeZone as _, Utc};

use super::*;
use crate::model::{ChangeKind, Digest, File, MIGRATION_FORMAT, Phase, PhaseKind};

/// A migration of `table` on day `day`; states are named by letters, and the empty one is that of no table.
fn header(kind: ChangeKind, table: &str, before: &str, after: &str) -> MigrationHeader {
    let digest = |text: &str| (!text.is_empty()).then(|| Digest::of(text));
    MigrationHeader {
        format: MIGRATION_FORMAT,
        subject: TableName::public(table).into(),
        kind,
        before: digest(before),
        after: digest(after),
        phase: None,
        renamed_from: None,
    }
}

fn create(table: &str, after: &str) -> MigrationHeader {
    header(ChangeKind::Create, table, "", after)
}

fn alter(table: &str, before: &str, after: &str) -> MigrationHeader {
    header(ChangeKind::Alter, table, before, after)
}

fn drop(table: &str, before: &str) -> MigrationHeader {
    header(ChangeKind::Drop, table, before, "")
}

fn rename(old: &str, table: &str, before: &str, after: &str) -> MigrationHeader {
    MigrationHeader { renamed_from: Some(TableName::public(old)), ..header(ChangeKind::Rename, table, before, after) }
}

fn part(number: u32, of: u32, kind: PhaseKind, header: MigrationHeader) -> MigrationHeader {
    MigrationHeader { phase: Some(Phase { number, of, kind }), ..header }
}

/// A tree with these migrations, each on the day given.
fn tree(migrations: &[(u32, MigrationHeader)]) -> Tree {
    let file = |(day, header): &(u32, MigrationHeader)| {
        let stamp = Utc.with_ymd_and_hms(2026, 1, *day, 9, 0, 0).single().unwrap_or(DateTime::<Utc>::UNIX_EPOCH);
        let text = format!("-- {}\nBEGIN;\n", super::super::header::lines(header).replace('\n', "\n-- "));
        (format!("migrations/{}", name::stem(stamp, header).up_file()), File::regular(text))
    };
    migrations.iter().map(file).collect()
}

fn read(migrations: &[(u32, MigrationHeader)]) -> Chains {
    Chains::read(&tree(migrations), "migrations")
}

fn problems(migrations: &[(u32, MigrationHeader)]) -> String {
    let chains = read(migrations);
    let found = chains.iter().flat_map(|chain| chains.problems(chain, None));
    found.map(|problem| problem.message + "\n").collect()
}

/// Chains as `name: verb verb`.
fn shown(migrations: &[(u32, MigrationHeader)]) -> Vec<String> {
    let chains = read(migrations);
    let verbs = |chain: &Chain| chain.links.iter().map(|link| link.header.kind.verb()).collect::<Vec<_>>().join(" ");
    chains.iter().map(|chain| format!("{}: {}", chain.subject.short(), verbs(chain))).collect()
}

#[test]
fn create_drop_create_is_a_chain() {
    let all = [(1, create("t", "a")), (2, drop("t", "a")), (3, create("t", "a"))];
    assert_eq!(problems(&all), "");
    assert_eq!(shown(&all), ["t: create drop create"]);
}

#[test]
fn a_table_that_was_there_before_its_first_migration_starts_from_its_state() {
    let chains = read(&[(1, alter("t", "a", "b"))]);
    let chain = chains.get(TableName::public("t")).unwrap();
    assert_eq!(chains.problems(chain, Some(Digest::of("a"))), []);
    assert_eq!(chains.problems(chain, Some(Digest::of("x"))).len(), 1);
}

#[test]
fn the_migrations_of_one_change_are_one_link() {
    let of = |number, kind| part(number, 3, kind, alter("t", "a", "b"));
    let parts = [of(1, PhaseKind::Prepare), of(2, PhaseKind::Build), of(3, PhaseKind::Finish)];
    let mut all = vec![(1, create("t", "a"))];
    all.extend(parts.into_iter().map(|header| (2, header)));
    // A table whose name sorts between the names of these files, at the same time.
    all.push((2, create("t_02", "z")));
    assert_eq!(problems(&all), "");
    assert_eq!(shown(&all), ["t: create alter", "t_02: create"]);
    let chains = read(&all);
    let link = chains.get(TableName::public("t")).unwrap().end().unwrap();
    assert_eq!(
        (link.first(), link.last()),
        ("20260102_090000_alter_t_01_prepare", "20260102_090000_alter_t_03_finish")
    );
    assert_eq!(link.name().0, "20260102_090000_alter_t");
    assert_eq!(chains.of_migration("20260102_090000_alter_t_02_build").unwrap().subject.short(), "t");
}

#[test]
fn a_rename_carries_the_chain_and_leaves_the_old_name_to_others() {
    let all = [
        (1, create("users", "a")),
        (2, rename("users", "accounts", "a", "b")),
        (3, create("users", "c")),
        (4, alter("accounts", "b", "d")),
        (5, drop("users", "c")),
        (6, rename("accounts", "users", "d", "e")),
        (7, create("accounts", "f")),
    ];
    assert_eq!(problems(&all), "");
    assert_eq!(shown(&all), ["users: create rename alter rename", "users: create drop", "accounts: create"]);
    assert_eq!(read(&all).links(TableName::public("users")).len(), 4, "the name is that of the table that has it now");
}

#[test]
fn forks_gaps_and_swaps_are_found() {
    let start = (1, create("t", "a"));
    let with = |more: &[(u32, MigrationHeader)]| problems(&[std::slice::from_ref(&start), more].concat());
    insta::assert_snapshot!(with(&[(2, alter("t", "a", "b")), (3, alter("t", "a", "c"))]), @"Migrations 20260102_090000_alter_t and 20260103_090000_alter_t both start from state ca978112ca1b");
    insta::assert_snapshot!(with(&[(2, create("t", "b"))]), @"Migrations 20260101_090000_create_t and 20260102_090000_create_t both start from a table that does not exist");
    insta::assert_snapshot!(with(&[(3, alter("t", "b", "c"))]), @"Migration 20260103_090000_alter_t starts from state 3e23e8160039, but 20260101_090000_create_t leaves state ca978112ca1b before it");
    insta::assert_snapshot!(with(&[(2, alter("t", "b", "c")), (3, alter("t", "a", "b"))]), @"
    Migration 20260102_090000_alter_t runs before 20260103_090000_alter_t, from whose state it starts
    Migration 20260103_090000_alter_t starts from state ca978112ca1b, but 20260102_090000_alter_t leaves state 2e7d2c03a950 before it
    ");
    insta::assert_snapshot!(problems(&[(2, alter("t", "a", "b"))]), @"Migration 20260102_090000_alter_t starts from state ca978112ca1b, but no migration of the table comes before it");
}

#[test]
fn a_rename_and_another_change_of_the_same_table_are_found() {
    let start = (1, create("t", "a"));
    let with = |more: &[(u32, MigrationHeader)]| problems(&[std::slice::from_ref(&start), more].concat());
    insta::assert_snapshot!(with(&[(2, alter("t", "a", "b")), (3, rename("t", "u", "a", "c"))]), @"Migrations 20260102_090000_alter_t and 20260103_090000_rename_u both start from state ca978112ca1b");
    insta::assert_snapshot!(with(&[(2, rename("t", "u", "a", "c")), (3, alter("t", "a", "b"))]), @"Migration 20260103_090000_alter_t is of table `t`, which 20260102_090000_rename_u renamed to `u` before it");
    insta::assert_snapshot!(with(&[(2, rename("t", "u", "a", "c")), (3, rename("t", "v", "a", "d"))]), @"Migration 20260103_090000_rename_v is of table `t`, which 20260102_090000_rename_u renamed to `u` before it");
    insta::assert_snapshot!(with(&[(2, create("u", "b")), (3, rename("t", "u", "a", "c"))]), @"Migration 20260103_090000_rename_u gives its table the name `u`, which another has");
}

#[test]
fn incomplete_changes_are_found() {
    let start = (1, create("t", "a"));
    let of = |number, of| (2, part(number, of, PhaseKind::Build, alter("t", "a", "b")));
    let with = |more: &[(u32, MigrationHeader)]| problems(&[std::slice::from_ref(&start), more].concat());
    insta::assert_snapshot!(with(&[of(1, 3), of(3, 3)]), @"Change 20260102_090000_alter_t takes 3 migrations, and number 2 is missing");
    insta::assert_snapshot!(with(&[of(2, 4)]), @"Change 20260102_090000_alter_t takes 4 migrations, and numbers 1, 3, 4 are missing");
    insta::assert_snapshot!(with(&[of(1, 3), of(2, 2), of(3, 3)]), @"The migrations of 20260102_090000_alter_t do not agree on how many they are");
    insta::assert_snapshot!(with(&[of(1, 2), (2, part(1, 2, PhaseKind::Drop, alter("t", "a", "b"))), of(2, 2)]), @"Change 20260102_090000_alter_t has two migrations with the number 1");
    insta::assert_snapshot!(with(&[of(1, 2), of(2, 2), (2, alter("t", "a", "b"))]), @"The migrations of 20260102_090000_alter_t do not agree on how many they are");
    insta::assert_snapshot!(with(&[of(1, 2), (2, part(2, 2, PhaseKind::Finish, alter("t", "a", "c")))]), @"Migrations 20260102_090000_alter_t_01_build and 20260102_090000_alter_t_02_finish have one time and are of different changes");
}
