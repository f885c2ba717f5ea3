//! Trees in memory: what a revision does to its tables, and what it lacks.

use std::collections::BTreeMap;

use chrono::TimeZone as _;

use super::*;
use crate::model::{Activity, ChangeKind, File, Outcome, RequestOutcome};

#[path = "links_tests.rs"]
mod links;

/// A request for a table; `columns` come after the key.
fn request(table: &str, columns: &str, rest: &str) -> String {
    format!(
        "tableName: {table}\nschemaJson:\n  columns:\n    - {{name: id, type: UUID, primaryKey: true}}\n{columns}\
         requestMetadata: {{justification: It is needed, requestedAt: 2026-01-05T09:00:00Z}}\n{rest}"
    )
}

fn plain(table: &str) -> String {
    request(table, "", "")
}

fn reference(column: &str, table: &str) -> String {
    format!("    - {{name: {column}, type: UUID, references: {{table: {table}, column: id}}}}\n")
}

/// `text` with its request at another time of the day.
fn at(text: &str, time: &str) -> String {
    text.replace("09:00:00", time)
}

fn path(table: &str) -> String {
    format!("schema-requests/{table}.yaml")
}

/// Request files by table.
fn tree(requests: &[(&str, String)]) -> Tree {
    requests.iter().map(|(table, text)| (path(table), File::regular(text.as_str()))).collect()
}

/// A snapshot of what lies between the two trees.
fn revision(base: &Tree, merged: &Tree) -> Snapshot {
    let changed = base.keys().chain(merged.keys()).filter(|path| base.get(*path) != merged.get(*path));
    Snapshot {
        policy: Policy::default(),
        now: Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap(),
        base: base.clone(),
        merged: merged.clone(),
        scope: Scope::Changed(changed.cloned().collect()),
        activity: Activity::default(),
    }
}

fn everything(merged: &Tree) -> Snapshot {
    Snapshot { scope: Scope::All, ..revision(&Tree::new(), merged) }
}

/// `base` with `requests` laid over it, and with the migrations that this takes.
fn generated(base: &Tree, requests: &[(&str, String)]) -> Tree {
    let mut merged = base.clone();
    merged.extend(tree(requests));
    let outcome = evaluate(&revision(base, &merged));
    for migration in outcome.requests.iter().flat_map(|request| &request.migrations) {
        for (name, text) in [(migration.name.up_file(), &migration.up), (migration.name.down_file(), &migration.down)] {
            merged.insert(format!("migrations/{name}"), File::regular(text.as_str()));
        }
    }
    merged
}

#[test]
fn tables_that_refer_to_what_changes_are_named() {
    let base = generated(
        &Tree::new(),
        &[
            ("teams", plain("teams")),
            ("users", request("users", &reference("team_id", "teams"), "")),
            ("files", request("files", &reference("user_id", "users"), "")),
        ],
    );
    let named = |tables: &[&'static str]| {
        let columns = |table: &str| match table {
            "files" => reference("user_id", "users") + "    - {name: title, type: TEXT}\n",
            _ => reference("team_id", "teams") + "    - {name: title, type: TEXT}\n",
        };
        let request = |table: &&'static str| (*table, request(table, &columns(table), ""));
        let merged = generated(&base, &tables.iter().map(request).collect::<Vec<_>>());
        let name = |reference: &crate::model::Reference| {
            format!("{} {}({})", reference.from.short(), reference.to.short(), reference.columns.join(", "))
        };
        evaluate(&revision(&base, &merged)).referring.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(named(&["users"]), ["files users(user_id)"]);
    assert_eq!(named(&["files"]), [""; 0], "nobody refers to files");
    assert_eq!(named(&["users", "files"]), [""; 0], "files changes too");
}

fn kinds(outcome: &Outcome) -> BTreeMap<&str, Option<ChangeKind>> {
    let kind = |request: &RequestOutcome| request.change.as_ref().map(|change| change.kind);
    outcome.requests.iter().map(|request| (request.path.as_str(), kind(request))).collect()
}

/// `file: message` of the violations of the rules about migrations.
fn reported(snapshot: &Snapshot) -> Vec<String> {
    let rules = ["stale-migration", "edited-migration", "unsupported-change", "unrecognised-file"];
    let outcome = evaluate(snapshot);
    let found = outcome.all_violations().filter(|violation| rules.contains(&violation.rule));
    found.map(|violation| format!("{}: {}", violation.location.file, violation.message)).collect()
}

fn stamps(snapshot: &Snapshot) -> Vec<(String, String)> {
    let name = |path: &str| path.trim_start_matches("schema-requests/").trim_end_matches(".yaml").to_owned();
    assign_stamps(snapshot).iter().map(|stamp| (name(&stamp.path), stamp.at.format("%F %T").to_string())).collect()
}

const TEAMS_UP: &str = "migrations/20260105_090000_create_teams.up.sql";
const TEAMS_DOWN: &str = "migrations/20260105_090000_create_teams.down.sql";

#[test]
fn each_kind_of_change() {
    let base = generated(&Tree::new(), &[("teams", plain("teams")), ("zones", at(&plain("zones"), "08:00:00"))]);
    for (name, text, kind) in [
        ("teams", plain("teams").replace("needed", "wanted"), ChangeKind::None),
        ("teams", request("teams", "    - {name: title, type: TEXT}\n", ""), ChangeKind::Alter),
        ("teams", request("teams", "", "lifecycle: dropped\n"), ChangeKind::Drop),
        ("users", plain("users"), ChangeKind::Create),
        ("groups", request("groups", "", "renamedFrom: teams\n"), ChangeKind::Rename),
        // Renaming to a table that is there already changes that table.
        ("zones", request("zones", "", "renamedFrom: teams\n"), ChangeKind::None),
        ("users", request("users", "", "renamedFrom: nothing\n"), ChangeKind::Create),
        ("users", request("users", "", "lifecycle: dropped\n"), ChangeKind::None),
    ] {
        let mut merged = base.clone();
        merged.insert(path(name), File::regular(text.as_str()));
        let outcome = evaluate(&revision(&base, &merged));
        assert_eq!(kinds(&outcome), [(path(name).as_str(), Some(kind))].into(), "{text}");
    }
}

#[test]
fn what_the_base_gained_meanwhile_is_not_ours() {
    let base = generated(&Tree::new(), &[("teams", plain("teams"))]);
    let merged = generated(&base, &[("users", at(&plain("users"), "10:00:00"))]);
    let Scope::Changed(ours) = revision(&base, &merged).scope else { panic!("only what changed") };
    // Another revision lands first: both sides have its table, and the paths are still only ours.
    let base = generated(&base, &[("zones", at(&plain("zones"), "11:00:00"))]);
    let mut both = merged.clone();
    both.extend(base.clone());
    let outcome = evaluate(&Snapshot { scope: Scope::Changed(ours), ..revision(&base, &both) });
    assert_eq!(kinds(&outcome), [("schema-requests/users.yaml", Some(ChangeKind::Create))].into());
    assert!(!outcome.fails(), "{:#?}", outcome.violations);
    assert_eq!(outcome.files.len(), 3, "{:#?}", outcome.files);
}

#[test]
fn all_judges_every_table_as_new_and_changed_only_what_changed() {
    let merged = generated(&Tree::new(), &[("teams", plain("teams")), ("users", at(&plain("users"), "10:00:00"))]);
    let all = evaluate(&Snapshot { base: merged.clone(), ..everything(&merged) });
    assert_eq!(
        kinds(&all).into_values().collect::<Vec<_>>(),
        [Some(ChangeKind::Create); 2],
        "the base is not looked at"
    );
    assert_eq!(reported(&everything(&merged)), [""; 0]);
    assert_eq!(kinds(&evaluate(&revision(&merged, &merged))), BTreeMap::new());
}

#[test]
fn a_table_is_dropped_and_created_again_as_one_chain() {
    let created = generated(&Tree::new(), &[("teams", plain("teams"))]);
    let dropped = generated(&created, &[("teams", at(&request("teams", "", "lifecycle: dropped\n"), "10:00:00"))]);
    assert_eq!(reported(&revision(&created, &dropped)), [""; 0]);
    let again =
        generated(&dropped, &[("teams", at(&request("teams", "    - {name: n, type: TEXT}\n", ""), "11:00:00"))]);
    assert_eq!(again.keys().filter(|path| path.ends_with(".up.sql")).count(), 3);
    assert_eq!(reported(&revision(&dropped, &again)), [""; 0]);
    for tree in [&created, &dropped, &again] {
        assert_eq!(reported(&everything(tree)), [""; 0], "history is judged by its end");
    }

    // A dropped request that is edited without a change brings nothing.
    let mut edited = dropped.clone();
    edited
        .insert(path("teams"), File::regular(request("teams", "", "lifecycle: dropped\n").replace("needed", "wanted")));
    assert_eq!(reported(&revision(&dropped, &edited)), [""; 0]);
    // Its record may go.
    let mut gone = dropped.clone();
    gone.remove(&path("teams"));
    assert_eq!(evaluate(&revision(&dropped, &gone)).violations, []);
    assert_eq!(reported(&everything(&gone)), [""; 0]);
    // A drop without its migration shows also where history is judged as a whole.
    let mut unfinished = created.clone();
    unfinished.insert(path("teams"), dropped[&path("teams")].clone());
    assert_eq!(
        reported(&everything(&unfinished)),
        [
            "schema-requests/teams.yaml: Migration 20260105_090000_create_teams does not end in the state that the request \
          describes"
        ]
    );
}

#[test]
fn the_file_of_a_live_table_is_not_deleted() {
    let base = generated(&Tree::new(), &[("teams", plain("teams"))]);
    let mut merged = base.clone();
    merged.remove(&path("teams"));
    let outcome = evaluate(&revision(&base, &merged));
    let rules: Vec<_> = outcome.violations.iter().map(|violation| violation.rule).collect();
    assert_eq!((outcome.requests.len(), rules.as_slice()), (0, ["destructive-change"].as_slice()));
}

/// A name, what is done to the generated files, and how the only violation begins; none for an empty beginning.
type Case = (&'static str, fn(&mut Tree), &'static str);

const MIGRATIONS_THAT_ARE_NOT_AS_THEY_MUST_BE: [Case; 9] = [
    ("untouched", |_| {}, ""),
    (
        "missing",
        |tree| tree.retain(|path, _| !path.starts_with("migrations/")),
        "schema-requests/teams.yaml: Migration 20260105_090000_create_teams is missing",
    ),
    (
        "hand-edited",
        |tree| tree.get_mut(TEAMS_DOWN).unwrap().bytes.extend(b"-- x\n"),
        "schema-requests/teams.yaml: Migration migrations/20260105_090000_create_teams.down.sql was edited by hand: line",
    ),
    (
        "stale",
        |tree| _ = tree.insert(path("teams"), File::regular(request("teams", "    - {name: n, type: TEXT}\n", ""))),
        "schema-requests/teams.yaml: Migration migrations/20260105_090000_create_teams.up.sql was generated from another \
         version of the request",
    ),
    (
        "no header",
        |tree| {
            _ = tree.insert("migrations/20260106_090000_create_teams.up.sql".to_owned(), File::regular("SELECT 1;"));
        },
        "migrations/20260106_090000_create_teams.up.sql: The file has no schema-registry header",
    ),
    (
        "one too many",
        |tree| {
            for path in [TEAMS_UP, TEAMS_DOWN] {
                let edited = String::from_utf8(tree[path].bytes.clone()).unwrap();
                let edited = edited.replace("before: -", "before: x").replace("before: x", &before_of(&edited));
                tree.insert(path.replace("0105", "0106"), File::regular(edited));
            }
        },
        "schema-requests/teams.yaml: Migration migrations/20260106_090000_create_teams.up.sql is not what this change brings",
    ),
    (
        "of no request",
        |tree| {
            for path in [TEAMS_UP, TEAMS_DOWN] {
                let text = String::from_utf8(tree[path].bytes.clone()).unwrap();
                tree.insert(path.replace("teams", "ghosts"), File::regular(text.replace("teams", "ghosts")));
            }
        },
        "migrations/20260105_090000_create_ghosts.down.sql: The migration is of table `ghosts`, which no request describes",
    ),
    (
        "down alone",
        |tree| {
            let text = String::from_utf8(tree[TEAMS_DOWN].bytes.clone()).unwrap();
            tree.insert(TEAMS_DOWN.replace("0105", "0104"), File::regular(text));
        },
        "migrations/20260104_090000_create_teams.down.sql: The migration has no up file beside it",
    ),
    (
        "name disagrees",
        |tree| {
            let text = String::from_utf8(tree[TEAMS_DOWN].bytes.clone()).unwrap();
            tree.insert(TEAMS_DOWN.replace("create_teams", "create_zones"), File::regular(text));
        },
        "migrations/20260105_090000_create_zones.down.sql: The file has a name that disagrees with its header",
    ),
];

#[test]
fn migrations_that_are_not_as_they_must_be() {
    let good = generated(&Tree::new(), &[("teams", plain("teams"))]);
    assert!(String::from_utf8_lossy(&good[TEAMS_UP].bytes).contains("before: -"));
    for (name, edit, expected) in MIGRATIONS_THAT_ARE_NOT_AS_THEY_MUST_BE {
        let mut merged = good.clone();
        edit(&mut merged);
        for snapshot in [revision(&Tree::new(), &merged), everything(&merged)] {
            let found = reported(&snapshot);
            let scope = if snapshot.scope == Scope::All { "all" } else { "changed" };
            // Where history is judged as a whole, an older migration too many is a matter of the chain.
            if (name, scope) == ("one too many", "all") {
                continue;
            }
            assert!(found.first().map_or("", String::as_str).starts_with(expected), "{name}, {scope}: {found:#?}");
            assert_eq!(found.is_empty(), expected.is_empty(), "{name}, {scope}: {found:#?}");
        }
    }
}

/// What the migration after this one would have as its state before.
fn before_of(text: &str) -> String {
    let after = text.lines().find_map(|line| line.strip_prefix("-- after: ")).unwrap();
    format!("before: {after}")
}

#[test]
fn a_merged_migration_is_judged_without_its_request() {
    let base = generated(&Tree::new(), &[("teams", plain("teams"))]);
    let mut merged = base.clone();
    merged.get_mut(TEAMS_UP).unwrap().bytes.extend(b"-- x\n");
    let outcome = evaluate(&revision(&base, &merged));
    assert_eq!(kinds(&outcome), [("schema-requests/teams.yaml", Some(ChangeKind::None))].into());
    assert_eq!(reported(&revision(&base, &merged)), [format!("{TEAMS_UP}: A merged migration was changed")]);
}

#[test]
fn what_a_migration_needs_is_there_before_it() {
    let users = request("users", &reference("team_id", "teams"), "");
    let late = [("teams", plain("teams")), ("users", at(&users, "08:00:00"))];
    let merged = generated(&Tree::new(), &late);
    let early = "schema-requests/users.yaml: Migration 20260105_080000_create_users runs before ";
    let created = "table `teams` is created, which has to be there first";
    assert_eq!(reported(&revision(&Tree::new(), &merged)), [format!("{early}{created}")]);
    let there = "20260105_090000_create_teams, and table `teams` has to be there first";
    assert_eq!(reported(&everything(&merged)), [format!("{early}{there}")]);
    assert_eq!(stamps(&revision(&Tree::new(), &merged)), [("users".to_owned(), "2026-01-05 09:00:01".to_owned())]);

    let base = generated(&Tree::new(), &[("teams", plain("teams")), ("users", at(&users, "10:00:00"))]);
    let dropped = |text: &str, time| at(text, time) + "lifecycle: dropped\n";
    let drops = [("teams", dropped(&plain("teams"), "11:00:00")), ("users", dropped(&users, "12:00:00"))];
    let merged = generated(&base, &drops);
    assert_eq!(
        reported(&revision(&base, &merged)),
        [
            "schema-requests/teams.yaml: Migration 20260105_110000_drop_teams runs before table `users` is dropped, which \
             refers to it until then"
        ]
    );
    assert_eq!(stamps(&revision(&base, &merged)), [("teams".to_owned(), "2026-01-05 12:00:01".to_owned())]);
}

#[test]
fn stamps_are_unique_after_the_base_and_follow_dependencies() {
    let base = generated(&Tree::new(), &[("zones", at(&plain("zones"), "12:00:00"))]);
    let mut merged = base.clone();
    merged.extend(tree(&[
        ("apples", request("apples", &reference("basket_id", "baskets"), "")),
        ("baskets", plain("baskets")),
        ("cherries", at(&plain("cherries"), "15:00:00")),
        ("dates", plain("dates").replace(", requestedAt: 2026-01-05T09:00:00Z", "")),
    ]));
    let mut snapshot = revision(&base, &merged);
    let expected =
        [("apples", "2026-01-05 12:00:02"), ("baskets", "2026-01-05 12:00:01"), ("dates", "2026-03-01 12:00:00")];
    assert_eq!(stamps(&snapshot), expected.map(|(table, at)| (table.to_owned(), at.to_owned())));

    for stamp in assign_stamps(&snapshot) {
        let file = snapshot.merged.get_mut(&stamp.path).unwrap();
        file.bytes = crate::parse::set_requested_at(&file.bytes, stamp.at).unwrap();
    }
    assert_eq!(stamps(&snapshot), [], "a second run has nothing to do");
}

#[test]
fn an_approval_depends_on_the_neighbours_and_on_nobody_else() {
    let users = request("users", &reference("team_id", "teams"), "");
    let base = generated(
        &Tree::new(),
        &[("teams", plain("teams")), ("users", at(&users, "10:00:00")), ("zones", at(&plain("zones"), "11:00:00"))],
    );
    let context = |requests: &[(&str, String)]| {
        let mut merged = base.clone();
        merged.extend(tree(requests));
        let snapshot = revision(&base, &merged);
        context_files(&snapshot, &evaluate(&snapshot)).into_keys().collect::<Vec<_>>()
    };
    let teams = [TEAMS_DOWN.to_owned(), TEAMS_UP.to_owned(), path("teams")];
    let badges = request("badges", &reference("team_id", "teams"), "");
    assert_eq!(context(&[("badges", badges)]), teams, "a new table needs the one that it refers to");
    let dropped = context(&[("users", users + "lifecycle: dropped\n")]);
    assert_eq!(dropped.len(), 6, "the table itself and the one that it referred to: {dropped:#?}");
    assert_eq!(context(&[("badges", plain("badges"))]), [""; 0]);
}

/// A pair as an older version of the tool wrote it: another format, other SQL, another way to compute the digest.
const OLD_PAIR: [(&str, &str); 2] = [
    (
        TEAMS_UP,
        "-- schema-registry migration, format 0\n-- table: public.teams\n-- change: create\n-- before: -\n\
         -- after: 5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8\n\nCREATE TABLE teams (id uuid);\n",
    ),
    (
        TEAMS_DOWN,
        "-- schema-registry migration, format 0\n-- table: public.teams\n-- change: create\n-- before: -\n\
         -- after: 5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8\n\nDROP TABLE teams;\n",
    ),
];

#[test]
fn merged_migrations_of_an_older_version_are_never_stale() {
    let mut base = tree(&[("teams", plain("teams"))]);
    base.extend(OLD_PAIR.map(|(path, text)| (path.to_owned(), File::regular(text))));
    assert_eq!(reported(&everything(&base)), [""; 0]);
    let mut edited = base.clone();
    edited.insert(path("teams"), File::regular(plain("teams").replace("needed", "wanted")));
    assert_eq!(reported(&revision(&base, &edited)), [""; 0]);
    // The next change starts from the digest that the old header names, whatever this version would compute.
    let dropped = generated(&base, &[("teams", at(&request("teams", "", "lifecycle: dropped\n"), "10:00:00"))]);
    let drop = &dropped["migrations/20260105_100000_drop_teams.up.sql"];
    assert!(String::from_utf8_lossy(&drop.bytes).contains("-- before: 5e884898da28047151d0"));
    assert_eq!(reported(&revision(&base, &dropped)), [""; 0]);
    assert_eq!(reported(&everything(&dropped)), [""; 0]);

    // A migration of this revision is regenerated: nobody has run it yet.
    let found = reported(&revision(&Tree::new(), &base));
    assert!(
        found.iter().all(|line| line.contains("has format 0, and this version of schema-registry writes format")),
        "{found:#?}"
    );
    assert_eq!(found.len(), 2);
}
