//! What a reviewer reads.

use chrono::{DateTime, NaiveDate};
use proptest::prelude::*;

use super::*;
use crate::{
    model::{
        Actor, Approval, ApprovalRefusal, ApprovalState, Change, ChangeKind, Claims, ClassOfChange, Classified,
        FileChange, FileMode, FileState, Lock, LockMode, Migration, MigrationHeader, MigrationName, Operation, Plan,
        RefusedApproval, Renames, RequestOutcome, TableName, Uncovered, Veto, Violation, VoidedApprovals, Waived, Work,
    },
    policy::{ApprovalPolicy, AuditPolicy, Comments, LimitsPolicy},
    report::testing::{hostile, skeleton, violation},
};

fn policy() -> Policy {
    Policy {
        database: "default".to_owned(),
        requests: "schema-requests".to_owned(),
        migrations: "migrations".to_owned(),
        prelude: None,
        postgres_version: 15,
        allowed_types: Vec::new(),
        severities: std::collections::BTreeMap::new(),
        approval: ApprovalPolicy { approvers: vec![7], ..ApprovalPolicy::default() },
        audit: AuditPolicy::default(),
        limits: LimitsPolicy::default(),
        comments: Comments::Full,
        gate_branches: Vec::new(),
    }
}

fn migration(up: &str, down: &str, stem: &str) -> Migration {
    Migration {
        name: MigrationName(stem.to_owned()),
        header: MigrationHeader {
            format: 1,
            subject: TableName::public("caricatures").into(),
            kind: ChangeKind::Create,
            before: None,
            after: Some(Digest::of("after")),
            phase: None,
            renamed_from: None,
        },
        up: up.to_owned(),
        down: down.to_owned(),
    }
}

/// A request whose every text is `text`, or what an honest one says.
fn request(text: Option<&str>) -> RequestOutcome {
    let say = |honest: &str| text.unwrap_or(honest).to_owned();
    let path = say("schema-requests/caricatures.yaml");
    let mut missing = violation("missing-created-at", Severity::Warning, &path, 3);
    missing.message = say("Table `caricatures` is missing created_at timestamp column");
    missing.suggestion = Some(say("Add `created_at TIMESTAMPTZ NOT NULL DEFAULT now()`"));
    let mut key = violation("missing-primary-key", Severity::Error, &path, 1);
    key.message = say("Table `caricatures` must have a primary key");
    let mut waived = violation("varchar-instead-of-text", Severity::Warning, &path, 9);
    waived.message = say("Column `title` has type `varchar(40)`");
    let expires = NaiveDate::from_ymd_opt(2027, 1, 1).expect("a date");
    waived.waived = Some(Waived { reason: say("The old client sends 40 characters"), expires });
    let table = TableName::public(say("caricatures"));
    let lock = Lock { table: TableName::public(say("teams")), mode: LockMode::ShareRowExclusive };
    let operation = |summary: &str| Operation {
        summary: say(summary),
        migration: None,
        phase: None,
        work: Work::Catalog,
        locks: vec![],
        data_loss: None,
        reversible: true,
    };
    let plan = Plan {
        operations: vec![
            operation("create table `caricatures`"),
            Operation { locks: vec![lock], ..operation("add foreign key `team_id` to `teams`") },
            Operation { data_loss: Some(say("the rows of `old`")), reversible: false, ..operation("drop table `old`") },
        ],
    };
    RequestOutcome {
        path,
        text: String::new(),
        taken_over: false,
        sql: None,
        change: Some(Change {
            table: table.clone(),
            kind: ChangeKind::Create,
            before: None,
            after: None,
            renames: Renames::default(),
        }),
        table: Some(table),
        registry_id: None,
        plan,
        migrations: vec![migration(
            &say("BEGIN;\nCREATE TABLE caricatures ();\nCOMMIT;\n"),
            &say("BEGIN;\nDROP TABLE caricatures;\nCOMMIT;\n"),
            &say("20231205_120000_create_caricatures"),
        )],
        violations: vec![missing, key, waived],
        claims: Claims {
            owner: Some(say("omega-bot")),
            requested_by: None,
            requested_by_username: Some(say("jane")),
            justification: Some(say("Users asked for pictures; see the mock-up by @jane")),
            related_issue: Some(say("OMEGA-17")),
        },
    }
}

fn outcome(text: Option<&str>) -> Outcome {
    let side = |bytes: &str| Some(FileState { mode: FileMode::Regular, digest: Digest::of(bytes) });
    let file = |path: &str, before| FileChange { path: text.unwrap_or(path).to_owned(), before, after: side("after") };
    Outcome {
        requests: vec![request(text)],
        declarations: Vec::new(),
        violations: Vec::new(),
        files: vec![file("schema-requests/caricatures.yaml", None), file("schema-registry.toml", side("before"))],
        referring: Vec::new(),
    }
}

fn state(text: Option<&str>) -> ApprovalState {
    let say = |honest: &str| text.unwrap_or(honest).to_owned();
    let who = |id: u64, login: &str| Actor { id, login: say(login) };
    let at = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
    ApprovalState {
        required: 2,
        classes: vec![
            Classified {
                class: ClassOfChange::ControlFile,
                required: 2,
                why: say("`schema-registry.toml` is a control file"),
            },
            Classified { class: ClassOfChange::Ordinary, required: 1, why: say("the table `caricatures` changes") },
        ],
        approvals: vec![Approval { id: "e1".to_owned(), who: who(4, "ann"), at }],
        refused: vec![RefusedApproval {
            id: "e2".to_owned(),
            who: Some(who(1, "jane")),
            at,
            reason: ApprovalRefusal::Author,
            message: say("`jane` opened this pull request; somebody else must approve it"),
        }],
        voided: Some(VoidedApprovals {
            digest: Digest::of("old"),
            who: vec![who(5, "ben")],
            changed: vec![say("`schema-requests/caricatures.yaml` has other bytes: bbbb instead of aaaa")],
        }),
        uncovered: vec![Uncovered {
            paths: vec![say("schema-registry.toml")],
            owners: vec![say("team `octo/dba`"), say("user id 7")],
        }],
        revoked: None,
        vetoes: vec![Veto { id: "e3".to_owned(), who: Some(who(6, "eve")), at }],
    }
}

fn render_with(outcome: &Outcome, approval: Option<&ApprovalState>, change: impl Fn(&mut SummaryFacts<'_>)) -> Summary {
    let policy = policy();
    let mut facts = SummaryFacts {
        verdict: Verdict::Fail,
        status: "1 error, 1 warning",
        outcome,
        policy: &policy,
        approval,
        conflict: false,
        draft: false,
        repository_url: "https://github.example/acme/db",
        head_sha: Some("0123456789abcdef0123456789abcdef01234567"),
        digest: Some(Digest::of("digest")),
        tool: "schema-registry 0.1.0",
    };
    change(&mut facts);
    summary(&facts)
}

#[test]
fn a_reviewer_reads_everything_in_one_place() {
    let rendered = render_with(&outcome(None), Some(&state(None)), |_| {});
    assert!(!rendered.unreviewable);
    insta::assert_snapshot!(rendered.markdown, @r"
    ## ❌ Schema review: fail

    **1 error, 1 warning**

    1 error, 1 warning, 0 notices, 1 waived

    ⚠️ **Data is lost by 1 operation**

    ### What to do next

    - Fix the error below, or waive with a reason and an expiry what must stay
    - Get 1 more approval: a reviewer sets the label `schema-approved`, once this summary has stood here for 60 seconds, or comments `/approve 0bf474896363`

    ### Violations

    | Severity | Rule | Where | What to do |
    | --- | --- | --- | --- |
    | Error | `missing-primary-key` | [`schema-requests/caricatures.yaml:1`](https://github.example/acme/db/blob/0123456789abcdef0123456789abcdef01234567/schema-requests/caricatures.yaml#L1) | Table `caricatures` must have a primary key |
    | Warning | `missing-created-at` | [`schema-requests/caricatures.yaml:3`](https://github.example/acme/db/blob/0123456789abcdef0123456789abcdef01234567/schema-requests/caricatures.yaml#L3) | Table `caricatures` is missing created\_at timestamp column<br>Add `created_at TIMESTAMPTZ NOT NULL DEFAULT now()` |

    ### Waivers

    An approval accepts them.

    | Rule | Where | What is waived | Reason given | Expires |
    | --- | --- | --- | --- | --- |
    | `varchar-instead-of-text` (warning) | [`schema-requests/caricatures.yaml:9`](https://github.example/acme/db/blob/0123456789abcdef0123456789abcdef01234567/schema-requests/caricatures.yaml#L9) | Column `title` has type `varchar(40)` | The old client sends 40 characters | 2027-01-01 |

    ### Changes

    #### Create `caricatures` (`schema-requests/caricatures.yaml`)

    The request says: requested by `jane`, owner `omega-bot`, for `OMEGA-17`

    > Users asked for pictures; see the mock-up by `@jane`

    | Step | Operation | Locks | Hazards |
    | --- | --- | --- | --- |
    | 1 | create table `caricatures` | none | none |
    | 2 | add foreign key `team_id` to `teams` | SHARE ROW EXCLUSIVE on `teams` | none |
    | 3 | drop table `old` | none | loses data: the rows of `old`<br>the down migration does not bring everything back |

    <details><summary>SQL up: <code>20231205_120000_create_caricatures.up.sql</code></summary>

    ```sql
    BEGIN;
    CREATE TABLE caricatures ();
    COMMIT;
    ```

    </details>

    <details><summary>SQL down: <code>20231205_120000_create_caricatures.down.sql</code></summary>

    ```sql
    BEGIN;
    DROP TABLE caricatures;
    COMMIT;
    ```

    </details>

    #### Control files

    This pull request changes `schema-registry.toml`. It is judged by what the base has, and its approval covers the new bytes.

    <details><summary>The bytes that an approval covers: 2 files</summary>

    | File | Base | Merged result |
    | --- | --- | --- |
    | `schema-requests/caricatures.yaml` | – | `f39592393ef0` |
    | `schema-registry.toml` | `6db7d803e74f` | `f39592393ef0` |

    </details>

    ### Approvals

    1 of 2 given.

    - `ann` on 2027-01-15 08:00:00 UTC

    Class of change: `control_file`, which needs 2:

    - `schema-registry.toml` is a control file

    `eve` rejected this on 2027-01-15 08:00:00 UTC with the label `schema-rejected`; only the same person, or somebody who may approve, lifts that.

    Files that still need the approval of one of their owners:

    - `schema-registry.toml`: team `octo/dba` or user id 7

    Who may approve: people with the role `maintain` or `admin`, and 1 person on the policy's list of approvers; never the author, the requester, or anybody who had a hand in the commits.

    The approval of `ben` for the digest `cba06b5736fa` no longer counts, because what it was given for has changed:

    - `schema-requests/caricatures.yaml` has other bytes: bbbb instead of aaaa

    Labels and comments that do not count:

    - `jane` opened this pull request; somebody else must approve it

    <sub>digest `0bf474896363` · head `0123456` · schema-registry 0.1.0</sub>
    ");
}

#[test]
fn a_change_that_passes_asks_for_nothing() {
    let mut clean = outcome(None);
    clean.requests[0].violations.clear();
    let mut approved = state(None);
    approved.required = 1;
    (approved.voided, approved.refused) = (None, Vec::new());
    approved.uncovered.clear();
    approved.vetoes.clear();
    let rendered = render_with(&clean, Some(&approved), |facts| {
        facts.verdict = Verdict::Pass;
        facts.status = "Approved by ann; no violations";
    });
    let start: Vec<&str> = rendered.markdown.lines().take(7).collect();
    assert_eq!(
        start,
        [
            "## ✅ Schema review: pass",
            "",
            "**Approved by ann; no violations**",
            "",
            "0 errors, 0 warnings, 0 notices",
            "",
            "⚠️ **Data is lost by 1 operation**"
        ]
    );
}

#[test]
fn what_to_do_next_follows_from_what_is_wrong() {
    let mut stale = outcome(None);
    stale.requests[0].violations = vec![violation("stale-migration", Severity::Error, "m.sql", 1)];
    let rendered = render_with(&stale, Some(&state(None)), |facts| (facts.draft, facts.conflict) = (true, true));
    let (_, steps) = rendered.markdown.split_once("### What to do next\n\n").expect("there are steps");
    let (steps, _) = steps.split_once("\n\n").expect("they end");
    insta::assert_snapshot!(steps, @"
    - Merge the base into this branch, or rebase it, and solve the conflict
    - Run `schema-registry generate` and commit the migrations that it writes
    - Fix the error below, or waive with a reason and an expiry what must stay
    - Mark the pull request as ready for review
    - Get 1 more approval: a reviewer sets the label `schema-approved`, once this summary has stood here for 60 seconds, or comments `/approve 0bf474896363`
    ");
}

#[test]
fn what_does_not_fit_is_given_up_in_order() {
    let big = |bytes: usize| "-- x\n".repeat(bytes / 5);
    let with = |up: &str, down: &str, violations: usize| {
        let mut outcome = outcome(None);
        outcome.requests[0].migrations = vec![migration(up, down, "stem")];
        let one = outcome.requests[0].violations[0].clone();
        outcome.requests[0].violations.extend(vec![one; violations]);
        let rendered = render_with(&outcome, Some(&state(None)), |_| {});
        assert!(rendered.markdown.encode_utf16().count() <= MAX_COMMENT);
        let text = rendered.markdown;
        let shows = |part: &str| text.contains(part);
        let rows = text.matches("| `missing-created-at` |").count();
        (
            shows("<details><summary>SQL down"),
            shows("The bytes that"),
            rows,
            shows("<details><summary>SQL up"),
            rendered.unreviewable,
        )
    };
    assert_eq!(with("", &big(1_000), 0), (true, true, 1, true, false));
    assert_eq!(with("", &big(1_000), 300), (false, false, 49, true, false), "200 long rows do not fit");
    assert_eq!(with("", &big(60_000), 0), (false, true, 1, true, false));
    assert_eq!(with(&big(1_000), &big(60_000), 300), (false, false, 49, true, false));
    assert_eq!(with(&big(50_000), &big(9_000), 300), (false, false, 9, true, false));
    assert_eq!(with(&big(60_000), "", 0), (false, false, 1, false, true));
}

#[test]
fn what_is_unreviewable_fails_and_is_in_the_step_summary_all_the_same() {
    let mut large = outcome(None);
    large.requests = vec![large.requests[0].clone(); 200];
    let rendered = render_with(&large, Some(&state(None)), |facts| facts.verdict = Verdict::Pass);
    assert!(rendered.unreviewable && rendered.markdown.encode_utf16().count() <= MAX_COMMENT);
    for text in [&rendered.markdown, &rendered.in_full] {
        assert!(text.starts_with("## ❌ Schema review: fail\n\n**Unreviewable"));
    }
    assert_eq!(rendered.markdown.matches("CREATE TABLE caricatures").count(), 0);
    assert_eq!(rendered.in_full.matches("CREATE TABLE caricatures").count(), 200);

    large.requests = vec![large.requests[0].clone(); 3_000];
    let rendered = render_with(&large, Some(&state(None)), |_| {});
    assert!(rendered.markdown.encode_utf16().count() <= MAX_COMMENT && rendered.in_full.len() <= MAX_STEP_SUMMARY);
}

#[test]
fn what_has_no_row_is_told_by_line() {
    let mut many = outcome(None);
    let said = |rule, severity, line| violation(rule, severity, "schema-requests/caricatures.yaml", line);
    let waived = |line, reason: &str| {
        let expires = NaiveDate::from_ymd_opt(2027, 1, 1).expect("a date");
        Violation {
            waived: Some(Waived { reason: reason.to_owned(), expires }),
            ..said("column-removed", Severity::Error, line)
        }
    };
    let request = &mut many.requests[0];
    request.violations = (0..200).map(|line| said("a-rule", Severity::Error, line)).collect();
    request.violations.extend([3, 4, 4].map(|line| said("a-rule", Severity::Notice, 1_000 + line)));
    request.violations.push(violation("other-rule", Severity::Warning, "schema-requests/teams.yaml", 7));
    request.violations.extend((0..200).map(|line| waived(line, "moved")));
    request.violations.extend([waived(500, "moved"), waived(501, "see @dba"), waived(502, "moved")]);
    let text = render_with(&many, None, |_| {}).in_full;
    assert!(!text.contains("by line"), "everything has a row where there is room");
    let text = render_with(&many, None, |facts| facts.head_sha = None).markdown;
    let lists: Vec<&str> = text.split("The others, by line:\n\n").skip(1).collect();
    let lists: Vec<&str> = lists.iter().filter_map(|list| list.split("\n\n").next()).collect();
    insta::assert_snapshot!(lists.join("\n\n"), @"
    - Warning `other-rule`: `schema-requests/teams.yaml` line 7
    - Notice `a-rule`: `schema-requests/caricatures.yaml` lines 1003, 1004 (2 times)

    - `column-removed` (error) until 2027-01-01, moved: `schema-requests/caricatures.yaml` lines 500, 502
    - `column-removed` (error) until 2027-01-01, see `@dba`: `schema-requests/caricatures.yaml` line 501
    ");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Every violation and every waiver is told with its rule and line, or the change is unreviewable.
    #[test]
    fn no_violation_is_without_a_place(
        lines in proptest::collection::vec((0..3_usize, 1..2_000_usize, any::<bool>()), 0..700),
    ) {
        let mut many = outcome(None);
        let said = |(severity, line, waived): &(usize, usize, bool)| {
            let severity = [Severity::Error, Severity::Warning, Severity::Notice][*severity];
            let waived = waived.then(|| Waived { reason: "r".to_owned(), expires: NaiveDate::MAX });
            Violation { waived, ..violation("a-rule", severity, "a.yaml", *line) }
        };
        many.requests[0].violations = lines.iter().map(said).collect();
        let rendered = render_with(&many, None, |facts| facts.head_sha = None);
        for text in [&rendered.markdown, &rendered.in_full] {
            let (text, _) = text.split_once("### Changes").unwrap_or((text, ""));
            let (violations, waivers) = text.split_once("### Waivers").unwrap_or((text, ""));
            for (severity, line, waived) in &lines {
                let (section, word) = match waived {
                    true => (waivers, ["(error)", "(warning)", "(notice)"][*severity]),
                    false => (violations, ["Error", "Warning", "Notice"][*severity]),
                };
                let number = line.to_string();
                let row = |text: &str| text.contains(word) && text.contains(&format!("| `a.yaml:{number}` |"));
                let short = |text: &str| {
                    let Some((what, places)) = text.split_once("`a.yaml` line") else { return false };
                    let mut places = places.trim_start_matches('s').split(',');
                    what.contains(word) && places.any(|at| at.split_whitespace().next() == Some(&number))
                };
                prop_assert!(section.lines().any(|text| row(text) || short(text)), "line {}", line);
            }
        }
    }
}

proptest! {
    #[test]
    fn hostile_text_changes_nothing_but_text(text in hostile()) {
        let render = |text: &str| {
            let rendered = render_with(&outcome(Some(text)), Some(&state(Some(text))), |_| {});
            assert!(!rendered.unreviewable);
            skeleton(&rendered.markdown)
        };
        prop_assert_eq!(render(&text), render("x"));
    }
}
