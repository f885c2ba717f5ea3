use super::*;
use crate::model::ClassOfChange;

const SUMDB: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

const RULES: [&str; 2] = ["missing-primary-key", "table-name-not-plural"];

/// What is wrong with a policy: the text under the span, then the message.
fn refused(text: &str) -> String {
    let error = Policy::parse(text, &RULES).expect_err(text);
    let place = error.span.map_or("", |span| &text[span.range()]);
    format!("{place} -> {}", error.message)
}

#[test]
fn an_empty_policy_is_the_default() {
    assert_eq!(Policy::parse("", &RULES), Ok(Policy::default()));
    assert_eq!(Policy::parse("[approval]\n[rules]\n", &RULES), Ok(Policy::default()));
}

#[test]
fn every_setting_is_read() {
    let text = r#"
[database]
name = "billing"
version = 18
[paths]
requests = "db/tables/"
prelude = "db/tables/types.sql"
migrations = "db/migrations"
[types]
allow = ["CITEXT", "public.vector"]
[rules]
table-name-not-plural = "off"
missing-primary-key = "warning"
[approval]
label = "db: go"
veto_label = "db: no"
required = 2
permission = "write"
approvers = [583231, { id = 1024, login = "octocat" }]
teams = ["Octo/DBA"]
codeowners = true
min_review_seconds = 0
[[approval.owners]]
paths = ["db/tables/billing/**"]
approvers = [7]
teams = ["octo/billing"]
[audit]
branch = "audit"
origin = "sum.golang.org"
first_entry = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
keys = ["sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"]
[limits]
open_requests = 5
requests_per_day = 10
tables_per_change = 20
[review]
comment = "summary"
[gate]
branches = ["release/1.x"]
"#;
    let expected = Policy {
        database: "billing".to_owned(),
        requests: "db/tables".to_owned(),
        migrations: "db/migrations".to_owned(),
        prelude: Some("db/tables/types.sql".to_owned()),
        postgres_version: 18,
        allowed_types: vec!["citext".to_owned(), "public.vector".to_owned()],
        severities: BTreeMap::from([
            ("table-name-not-plural".to_owned(), None),
            ("missing-primary-key".to_owned(), Some(Severity::Warning)),
        ]),
        approval: ApprovalPolicy {
            label: "db: go".to_owned(),
            veto_label: "db: no".to_owned(),
            required: Required::all(2),
            permission: vec!["write".to_owned(), "maintain".to_owned(), "admin".to_owned()],
            approvers: vec![583_231, 1024],
            teams: vec!["octo/dba".to_owned()],
            codeowners: true,
            owners: vec![Owners {
                paths: vec!["db/tables/billing/**".to_owned()],
                approvers: vec![7],
                teams: vec!["octo/billing".to_owned()],
            }],
            min_review_seconds: 0,
        },
        audit: AuditPolicy {
            branch: "audit".to_owned(),
            origin: Some("sum.golang.org".to_owned()),
            first_entry: Some(crate::model::Digest::of("abc")),
            keys: vec![SUMDB.parse().expect("a key")],
            ..AuditPolicy::default()
        },
        limits: LimitsPolicy { open_requests: Some(5), requests_per_day: Some(10), tables_per_change: Some(20) },
        comments: Comments::Summary,
        gate_branches: vec!["release/1.x".to_owned()],
    };
    assert_eq!(Policy::parse(text, &RULES), Ok(expected));
}

#[test]
fn a_list_of_permissions_is_exact() {
    let policy = Policy::parse("[approval]\npermission = [\"admin\", \"Schema owner\"]", &RULES).expect("is valid");
    assert_eq!(policy.approval.permission, ["admin", "Schema owner"]);
}

#[test]
fn unknown_keys_point_at_the_key_and_suggest() {
    insta::assert_snapshot!(refused("[aproval]\n"), @"aproval -> the policy has no key `aproval`; did you mean `approval`?");
    insta::assert_snapshot!(refused("[approval]\nrequierd = 1"), @"requierd -> `[approval]` has no key `requierd`; did you mean `required`?");
    insta::assert_snapshot!(refused("[limits]\nopen_requests = 0"), @"0 -> `open_requests` must be a whole number from 1 to 10000; it is 0");
    insta::assert_snapshot!(refused("[paths]\nprelude = \"types.sql\""), @r#""types.sql" -> `prelude` must be a file below `requests`, such as `schema-requests/prelude.sql`"#);
    insta::assert_snapshot!(refused("[types]\nx = 1"), @"x -> `[types]` has no key `x`; it may have `allow`");
    insta::assert_snapshot!(refused("[rules]\nmissing-primary-keys = \"off\""), @"missing-primary-keys -> `missing-primary-keys` is no rule whose severity can be set; did you mean `missing-primary-key`?");
    insta::assert_snapshot!(refused("[rules]\nzzz = \"off\""), @"zzz -> `zzz` is no rule whose severity can be set; see docs/rules.md for those that there are");
}

#[test]
fn values_are_checked() {
    insta::assert_snapshot!(refused("[rules]\nmissing-primary-key = \"fatal\""), @r#""fatal" -> "fatal" is no severity; use "error", "warning", "notice" or "off""#);
    insta::assert_snapshot!(refused("[approval]\nrequired = 21"), @"21 -> `required` must be a whole number from 0 to 20; it is 21");
    insta::assert_snapshot!(refused("[approval]\nrequired = -1"), @"-1 -> `required` must be a whole number from 0 to 20; it is -1");
    insta::assert_snapshot!(refused("[approval]\nrequired = \"2\""), @r#""2" -> `required` must be a whole number from 0 to 20; it is the string "2""#);
    insta::assert_snapshot!(refused("[approval]\nmin_review_seconds = 604801"), @"604801 -> `min_review_seconds` must be a whole number of seconds from 0 to 604800; it is 604801");
    insta::assert_snapshot!(refused("[approval]\nlabel = \" \""), @r#"" " -> `label` must not be empty"#);
    insta::assert_snapshot!(refused("[approval]\npermission = \"maintainer\""), @r#""maintainer" -> "maintainer" is no built-in role; use one of read, triage, write, maintain, admin, which stands for itself and the roles above it, or a list of exact role names; did you mean `maintain`?"#);
    insta::assert_snapshot!(refused("approval = 1"), @"1 -> `approval` must be a table: `[approval]`; it is the number 1");
    insta::assert_snapshot!(refused("[database]\nversion = 9"), @"9 -> `version` must be a whole number from 14 to 18; it is 9");
    insta::assert_snapshot!(refused("[database]\nname = \"My DB\""), @r#""My DB" -> "My DB" cannot name a database; use at most 63 lower-case letters, digits, `_` and `-`"#);
    insta::assert_snapshot!(refused("[review]\ncomment = \"none\""), @r#""none" -> "none" is no choice; use "off", "summary" or "full""#);
    assert!(refused(&format!("[approval]\nlabel = \"{}\"", "x".repeat(51))).contains("at most 50 characters"));
}

#[test]
fn approvers_are_ids() {
    insta::assert_snapshot!(refused("[approval]\napprovers = [\"octocat\"]"), @r#""octocat" -> approvers are numeric user ids: a login can be given up and taken by someone else; write `{ id = <id>, login = "octocat" }` with the id that `gh api users/LOGIN --jq .id` prints"#);
    insta::assert_snapshot!(refused("[approval]\napprovers = [{ login = \"octocat\" }]"), @r#"{ login = "octocat" } -> an approver needs an `id`, the numeric user id"#);
    insta::assert_snapshot!(refused("[approval]\napprovers = [1, { id = 1 }]"), @"{ id = 1 } -> 1 is already an approver; name each person once");
    insta::assert_snapshot!(refused("[approval]\napprovers = [0]"), @"0 -> `approvers` must be a whole number from 1 to 18446744073709551615; it is 0");
    insta::assert_snapshot!(refused("[approval]\napprovers = [{ id = 1, name = \"x\" }]"), @"name -> `[approvers]` has no key `name`; it may have `id`, `login`");
}

#[test]
fn approvals_are_asked_for_by_class_of_change() {
    let of = |text: &str| {
        let required = Policy::parse(text, &RULES).expect("is valid").approval.required;
        ClassOfChange::ALL.map(|class| required.of(class))
    };
    assert_eq!(of(""), [1, 1, 2, 2, 2, 2, 2, 2]);
    assert_eq!(of("[approval]\nrequired = 0"), [0; 8]);
    assert_eq!(of("[approval.required]\nmetadata = 0\ndrop = 3"), [0, 1, 2, 2, 3, 2, 2, 2]);
    insta::assert_snapshot!(refused("[approval.required]\ndrops = 1"), @"drops -> `[required]` has no key `drops`; did you mean `drop`?");
    assert!(refused("[approval]\nlabel = \"Schema-Rejected\"").contains("must be two labels"));
    insta::assert_snapshot!(refused("[approval]\nveto_label = \"Schema-Approved\""), @r#""Schema-Approved" -> `veto_label` and `label` must be two labels, and both are `Schema-Approved`: GitHub ignores their case"#);
}

#[test]
fn owners_and_teams_are_checked() {
    insta::assert_snapshot!(refused("[approval]\nteams = [\"@octo/dba\"]"), @r#""@octo/dba" -> "@octo/dba" is no team; write `organisation/team` as in the team's address, without `@`"#);
    insta::assert_snapshot!(refused("[[approval.owners]]\nteams = [\"octo/dba\"]"), @r#"[[approval.owners]] -> `owners` needs `paths`: globs such as "schema-requests/billing/**""#);
    insta::assert_snapshot!(refused("[[approval.owners]]\npaths = [\"a\"]"), @"[[approval.owners]] -> `owners` needs at least one path, and `approvers` or `teams`");
    insta::assert_snapshot!(refused("[[approval.owners]]\npaths = [\"a[\"]\nteams = [\"o/t\"]"), @r#""a[" -> "a[" is no glob over paths of the repository"#);
    insta::assert_snapshot!(refused("[approval]\nowners = [1]"), @"1 -> `owners` must be tables; it is the number 1");
    let text = "[[approval.owners]]\npaths = [\"schema-requests/b*/**\", \"*.toml\"]\nteams = [\"o/t\"]";
    let policy = Policy::parse(text, &RULES).expect("is valid");
    for (path, owned) in [
        ("schema-requests/billing/invoices.yaml", true),
        ("schema-requests/billing/eu/invoices.yaml", true),
        ("schema-requests/b.yaml", false),
        ("schema-registry.toml", true),
        ("x/schema-registry.toml", false),
    ] {
        assert_eq!(policy.approval.owners[0].owns(path), owned, "{path}");
    }
}

#[test]
fn folders_stay_inside_the_repository_and_apart() {
    for folder in ["/etc", "../x", "a/../b", "a//b", "./a", ".github/x", "a\\\\b", "a b", "/"] {
        let message = refused(&format!("[paths]\nrequests = \"{folder}\""));
        assert!(message.contains("is no folder of the repository"), "{folder}: {message}");
    }
    for (requests, migrations) in [("db", "db/sql"), ("db/sql/x", "db/sql"), ("db", "db/")] {
        let message = refused(&format!("[paths]\nrequests = \"{requests}\"\nmigrations = \"{migrations}\""));
        assert!(message.contains("neither inside the other"), "{message}");
    }
    assert!(Policy::parse("[paths]\nrequests = \"db\"\nmigrations = \"db2\"", &RULES).is_ok());
    assert!(refused("[paths]\nrequests = \"migrations/x\"").contains("neither inside the other"));
}

#[test]
fn branches_are_plain_names() {
    for name in ["refs/heads/main", "a..b", "a b", "-x", "x.lock", "release/*", "x/", ".x", "a@{1}", "HEAD"] {
        assert!(refused(&format!("[gate]\nbranches = [\"{name}\"]")).contains("is no branch name"), "{name}");
        assert!(refused(&format!("[audit]\nbranch = \"{name}\"")).contains("is no branch name"), "{name}");
    }
    assert!(refused("[gate]\nbranches = [\"schema-registry/audit\"]").contains("holds the audit log"));
}

#[test]
fn what_pins_the_log_is_checked() {
    let keys = |keys: &str| refused(&format!("[audit]\norigin = \"sum.golang.org\"\nkeys = {keys}"));
    insta::assert_snapshot!(keys("[\"x\"]"), @r#""x" -> a public key is written `<name>+<8 hexadecimal digits>+<base64>`; `schema-registry audit keygen` makes one"#);
    insta::assert_snapshot!(keys(&format!("[\"{SUMDB}\", \"{SUMDB}\"]")), @r#""sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8" -> this key is named twice"#);
    insta::assert_snapshot!(keys(&format!("[\"{}\"]", SUMDB.replace("033de0ae", "033de0af"))), @r#""sum.golang.org+033de0af+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8" -> the id is not that of the name and the key; copy the whole line again; `schema-registry audit keygen` makes one"#);
    insta::assert_snapshot!(refused(&format!("[audit]\norigin = \"x\"\nkeys = [\"{SUMDB}\"]")), @r#"["sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"] -> the key sum.golang.org is not named after the origin x"#);
    insta::assert_snapshot!(refused(&format!("[audit]\nwitnesses = [\"{SUMDB}\"]")), @r#""sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8" -> this is the key of a log; witnesses have keys for cosignatures"#);
    insta::assert_snapshot!(refused("[audit]\ncosignatures = 1"), @"1 -> `cosignatures` must be a whole number of witnesses from 0 to 0; it is 1");
    insta::assert_snapshot!(refused("[audit]\nfirst_entry = \"ab\""), @r#""ab" -> `first_entry` must be 64 lower-case hexadecimal digits, as `schema-registry audit verify` prints them"#);
}

#[test]
fn broken_toml_says_where() {
    let error = Policy::parse("[approval\nrequired = 1", &RULES).expect_err("is not TOML");
    assert!(error.message.starts_with("the policy is not valid TOML: "), "{}", error.message);
    assert!(error.span.is_some());
}
