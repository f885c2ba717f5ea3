//! The state machine of approvals, run after run.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::{testing::at, *};
use crate::{
    model::{
        Account, AccountKind, Actor, ClassOfChange, Classified, Digest, Entry, EntryKind, LabelEvent, LabelRefusal,
        Tree,
    },
    policy::ApprovalPolicy,
};

const AUTHOR: u64 = 1;
const REQUESTER: u64 = 2;
const TRIAGER: u64 = 3;
const ANN: u64 = 4;
const BEN: u64 = 5;
const LISTED: u64 = 6;
const STRANGER: u64 = 7;
const BOT: u64 = 8;
const OWN: u64 = 9;

fn account(id: u64) -> Account {
    let login = match id {
        AUTHOR => "author",
        REQUESTER => "ReQuester",
        TRIAGER => "triager",
        ANN => "ann",
        BEN => "ben",
        LISTED => "listed",
        STRANGER => "stranger",
        BOT => "other[bot]",
        _ => "own[bot]",
    };
    let kind = if matches!(id, BOT | OWN) { AccountKind::Bot } else { AccountKind::User };
    Account { actor: Actor { id, login: login.to_owned() }, kind }
}

fn bytes(content: &str) -> ApprovalDigest {
    let none = Tree::new();
    let after = crate::model::FileState { mode: crate::model::FileMode::Regular, digest: Digest::of(content) };
    let files =
        [crate::model::FileChange { path: "schema-requests/a.yaml".to_owned(), before: None, after: Some(after) }];
    digest(DigestInput {
        repo_id: 1,
        pr: 2,
        base_ref: "main",
        control: &none,
        context: &none,
        violations: &[],
        files: &files,
    })
}

/// A pull request with its label and the log; a run performs what [`evaluate`] asks for.
#[derive(Clone)]
struct World {
    now: i64,
    required: usize,
    digest: ApprovalDigest,
    shown_since: Option<DateTime<Utc>>,
    events: Vec<LabelEvent>,
    labels: Vec<String>,
    log: Vec<Entry>,
    roles: BTreeMap<u64, String>,
    lines: BTreeMap<Digest, String>,
    author: Account,
}

impl World {
    /// Just opened, the summary posted.
    fn new(required: usize) -> Self {
        let role = |id, role: &str| (id, role.to_owned());
        let mut world = Self {
            now: 0,
            required,
            digest: bytes("A"),
            shown_since: None,
            events: Vec::new(),
            labels: vec!["unrelated".to_owned()],
            log: Vec::new(),
            roles: BTreeMap::from([role(TRIAGER, "triage"), role(ANN, "maintain"), role(BEN, "admin")]),
            lines: BTreeMap::new(),
            author: account(AUTHOR),
        };
        world.roles.extend([AUTHOR, REQUESTER, OWN, BOT].map(|id| role(id, "admin")));
        world.run();
        world.now = 100;
        world
    }

    fn evaluate(&self) -> Evaluation {
        let policy = ApprovalPolicy { approvers: vec![LISTED], ..ApprovalPolicy::default() };
        let classes =
            [Classified { class: ClassOfChange::Ordinary, required: self.required, why: "`a` changes".to_owned() }];
        let evidence = Evidence::default();
        evaluate(
            &Facts {
                repo: 1,
                pr: 2,
                now: at(self.now),
                tool: "schema-registry 0.1.0",
                head_sha: "head",
                digest: &self.digest,
                classes: &classes,
                author: Some(&self.author),
                requesters: &[" @requester".to_owned()],
                events: &self.events,
                labels: &self.labels,
                roles: &self.roles,
                own_id: Some(OWN),
                shown_since: self.shown_since,
                recorded: &self.log,
                old_lines: &self.lines,
                evidence: &evidence,
            },
            &policy,
        )
    }

    /// One run of the bot: append, then the label, then the summary.
    fn run(&mut self) -> Evaluation {
        let evaluation = self.evaluate();
        self.log.extend(evaluation.entries.clone());
        self.lines.insert(self.digest.digest, self.digest.lines.clone());
        self.shown_since.get_or_insert(at(self.now));
        self.now += 1;
        match evaluation.label {
            Some(LabelChange::Add) => self.set(OWN),
            Some(LabelChange::Remove) => self.remove(OWN),
            None => {}
        }
        evaluation
    }

    /// A run, and a proof that the next one has nothing to do.
    fn settle(&mut self) -> Evaluation {
        let first = self.run();
        let again = self.evaluate();
        assert_eq!(again.state, first.state, "a second run must see the same");
        assert_eq!((again.entries, again.label), (vec![], None), "a second run must have nothing to do");
        first
    }

    fn event(&mut self, id: u64, added: bool) {
        let event = LabelEvent {
            id: format!("event-{}", self.events.len()),
            label: "Schema-Approved".to_owned(),
            added,
            account: Some(account(id)),
            via_app: false,
            at: at(self.now),
        };
        self.events.push(event);
        self.labels.retain(|label| label == "unrelated");
        if added {
            self.labels.push("Schema-Approved".to_owned());
        }
        self.now += 1;
    }

    fn set(&mut self, id: u64) {
        self.event(id, true);
    }

    fn remove(&mut self, id: u64) {
        self.event(id, false);
    }

    fn push(&mut self, content: &str) {
        self.digest = bytes(content);
        self.shown_since = None;
        self.now += 1;
    }

    fn on(&self) -> bool {
        self.labels.len() > 1
    }

    fn kinds(&self) -> Vec<EntryKind> {
        self.log.iter().map(|entry| entry.kind).collect()
    }
}

fn reasons(evaluation: &Evaluation) -> Vec<LabelRefusal> {
    evaluation.state.refused.iter().map(|refused| refused.reason).collect()
}

#[test]
fn who_counts_and_who_does_not() {
    let cases = [
        (ANN, None),
        (BEN, None),
        (LISTED, None),
        (AUTHOR, Some(LabelRefusal::Author)),
        (REQUESTER, Some(LabelRefusal::Requester)),
        (TRIAGER, Some(LabelRefusal::RoleTooLow)),
        (STRANGER, Some(LabelRefusal::UnknownRole)),
        (BOT, Some(LabelRefusal::Bot)),
    ];
    for (id, refusal) in cases {
        let mut world = World::new(1);
        world.set(id);
        let evaluation = world.settle();
        assert_eq!(reasons(&evaluation), Vec::from_iter(refusal), "{id}");
        assert_eq!(evaluation.state.complete(), refusal.is_none(), "{id}");
        assert_eq!(world.on(), refusal.is_none(), "{id}: the label stays only where it counted");
        assert_eq!(world.log.len(), usize::from(refusal.is_none()), "{id}");
    }
}

#[test]
fn every_refusal_names_the_person_the_rule_and_the_way_out() {
    let message = |prepare: &dyn Fn(&mut World)| {
        let mut world = World::new(2);
        prepare(&mut world);
        world.evaluate().state.refused.iter().map(|refused| refused.message.clone()).collect::<Vec<_>>().join("\n")
    };
    let set = |id| message(&|world| world.set(id));
    let last = |world: &mut World, change: &dyn Fn(&mut LabelEvent)| {
        world.set(ANN);
        change(world.events.last_mut().expect("an event was just made"));
    };
    let messages = [
        set(AUTHOR),
        set(REQUESTER),
        set(TRIAGER),
        set(STRANGER),
        set(BOT),
        message(&|world| last(world, &|event| event.account = None)),
        message(&|world| last(world, &|event| event.via_app = true)),
        message(&|world| last(world, &|event| event.at = at(-1))),
        message(&|world| last(world, &|event| event.at = at(59))),
        message(&|world| {
            world.set(ANN);
            world.remove(OWN);
        }),
        message(&|world| {
            world.set(ANN);
            world.run();
            world.set(ANN);
        }),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r#"
    `author` opened this pull request; somebody else must approve it
    `ReQuester` is named as the requester (`requestedByUsername`); somebody else must approve the change
    `triager` has the role `triage` in the repository; the policy asks for `maintain` or `admin`, or a place in its list of approvers
    The role of `stranger` in the repository could not be read; run this check again, then set the label again
    `other[bot]` is not a person; a person must set the label
    The account that set the label no longer exists; somebody with an account must set it
    An app set the label on behalf of `ann`; set it by hand on the pull request's page
    `ann` set the label before the summary showed these bytes; read it, then set the label again
    `ann` set the label before the summary had been shown for 60 seconds (`min_review_seconds`); set it again after 2027-01-15 08:01:00 UTC
    The label that `ann` set was taken off by a bot before it counted; set it again
    `ann` has approved these bytes already; the next approval must come from somebody else
    "#);
}

#[test]
fn the_label_counts_from_the_sixtieth_second_on() {
    for (second, counts) in [(59, false), (60, true)] {
        let mut world = World::new(1);
        world.now = second;
        world.set(ANN);
        assert_eq!(world.settle().state.complete(), counts, "{second}");
    }
}

#[test]
fn two_approvals_by_one_label() {
    let mut world = World::new(2);
    world.set(ANN);
    assert_eq!(world.settle().state.missing(), 1);
    assert!(!world.on(), "taken off, so that the next person can set it");

    world.set(ANN);
    assert_eq!(reasons(&world.settle()), [LabelRefusal::AlreadyApproved]);

    world.set(BEN);
    let done = world.settle();
    assert_eq!(done.state.approvals.iter().map(|approval| approval.who.id).collect::<Vec<_>>(), [ANN, BEN]);
    assert!(done.state.refused.is_empty() && world.on());
    assert_eq!(world.kinds(), [EntryKind::Approved, EntryKind::Approved]);
    assert_eq!(world.log[1].actor, Some(account(BEN).actor));
}

#[test]
fn a_label_withdrawn_before_it_counted_leaves_no_trace() {
    let mut world = World::new(2);
    world.set(ANN);
    world.remove(BEN);
    world.set(BEN);
    assert_eq!(world.settle().state.missing(), 1, "a label that a person took off before it counted never counts");
    world.set(ANN);
    let done = world.settle();
    assert!(done.state.complete() && done.state.refused.is_empty());
    assert_eq!(world.kinds(), [EntryKind::Approved, EntryKind::Approved]);
}

#[test]
fn a_label_lost_to_a_bot_is_set_again_and_a_label_taken_off_by_a_person_is_not() {
    let mut world = World::new(1);
    world.set(ANN);
    world.settle();
    world.remove(BOT);
    assert_eq!(world.settle().label, Some(LabelChange::Add));
    assert!(world.on());

    world.remove(TRIAGER);
    let revoked = world.settle();
    assert_eq!((revoked.state.missing(), revoked.label), (1, None));
    assert_eq!(revoked.state.revoked.and_then(|revoked| revoked.who), Some(account(TRIAGER).actor));
    assert_eq!(world.log[1].approvals, [world.log[0].id.clone()]);

    world.set(ANN);
    assert!(world.settle().state.complete(), "the same person may change their mind");
}

#[test]
fn what_this_tool_does_with_a_persons_token_is_not_that_persons_doing() {
    let mut world = World::new(2);
    world.set(ANN);
    world.settle();
    for event in &mut world.events {
        if let Some(account) = event.account.as_mut().filter(|account| account.actor.id == OWN) {
            account.kind = AccountKind::User;
        }
    }
    assert_eq!(world.evaluate().state.approvals.len(), 1, "its removal of the label takes nothing back");
}

#[test]
fn a_push_voids_and_says_which_bytes() {
    let mut world = World::new(1);
    world.set(ANN);
    world.settle();
    world.push("B");
    let voided = world.settle();
    assert!(!world.on() && voided.state.missing() == 1);
    let told = voided.state.voided.expect("an approval was voided");
    assert_eq!((told.digest, told.who), (bytes("A").digest, vec![account(ANN).actor]));
    let [b, a] = ["B", "A"].map(|content| Digest::of(content).short());
    assert_eq!(told.changed, [format!("`schema-requests/a.yaml` has other bytes: {b} instead of {a}")]);

    world.push("A");
    assert!(!world.settle().state.complete(), "what was voided stays so when the bytes come back");
    world.now += 100;
    world.set(ANN);
    world.settle();
    world.push("B");
    assert_eq!(world.settle().state.missing(), 1);
    world.push("A");
    assert_eq!(world.settle().state.missing(), 1, "voided a second time too");
    let mut ids: Vec<&str> = world.log.iter().map(|entry| entry.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), world.log.len(), "no id twice");
}

#[test]
fn a_rebase_that_leaves_the_bytes_alone_keeps_the_approval() {
    let mut world = World::new(1);
    world.set(ANN);
    world.settle();
    // The summary was vandalised and posted again: what the log holds stays.
    world.shown_since = Some(at(world.now + 1000));
    assert!(world.settle().state.complete());
}

#[test]
fn a_label_for_other_bytes_never_counts_for_these() {
    let mut world = World::new(1);
    world.set(ANN);
    world.push("B");
    assert_eq!(reasons(&world.settle()), [LabelRefusal::BeforeSummary]);
    assert!(!world.on() && world.log.is_empty());
    world.push("C");
    world.now += 1;
    assert_eq!(reasons(&world.settle()), [], "history explains nothing any more");
}

#[test]
fn what_was_refused_stays_refused_when_the_person_gets_the_role() {
    let mut world = World::new(1);
    world.set(TRIAGER);
    world.settle();
    world.roles.insert(TRIAGER, "admin".to_owned());
    let evaluation = world.settle();
    assert_eq!((reasons(&evaluation), evaluation.state.missing()), (vec![LabelRefusal::Answered], 1));
}

#[test]
fn zero_required_needs_no_label_and_records_one() {
    let mut world = World::new(0);
    assert_eq!(world.settle().label, None);
    world.set(ANN);
    assert!(world.settle().state.complete() && world.on());
    assert_eq!(world.kinds(), [EntryKind::Approved]);
    world.set(TRIAGER);
    world.settle();
    assert!(world.on());
}

#[test]
fn entries_of_other_pull_requests_mean_nothing() {
    let mut world = World::new(1);
    world.set(ANN);
    world.settle();
    for (repo, pr) in [(1, Some(3)), (9, Some(2)), (1, None)] {
        let mut other = world.clone();
        other.events.clear();
        for entry in &mut other.log {
            (entry.repo, entry.pr) = (repo, pr);
        }
        assert_eq!(other.evaluate().state.missing(), 1);
    }
    world.events.clear();
    assert!(world.evaluate().state.complete(), "what the log holds needs no event");
}

#[derive(Debug, Clone)]
enum Step {
    Set(u64),
    Remove(u64),
    Push(u8),
    Wait(i64),
    Run,
    LoseSummary,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (AUTHOR..=OWN).prop_map(Step::Set),
        (AUTHOR..=OWN).prop_map(Step::Set),
        (AUTHOR..=OWN).prop_map(Step::Remove),
        (0..3_u8).prop_map(Step::Push),
        (0..90_i64).prop_map(Step::Wait),
        Just(Step::Run),
        Just(Step::LoseSummary),
    ];
    proptest::collection::vec(step, 0..30)
}

proptest! {
    /// Whatever happens between runs: a run brings the label in line with the count, a second one does nothing, nobody
    /// who may not approve ever counts, and every counted approval is in the log under these bytes.
    #[test]
    fn a_second_run_has_nothing_to_do(required in 0..4_usize, steps in steps()) {
        let mut world = World::new(required);
        for step in steps {
            match step {
                Step::Set(id) => world.set(id),
                Step::Remove(id) => world.remove(id),
                Step::Push(content) => world.push(&content.to_string()),
                Step::Wait(seconds) => world.now += seconds,
                Step::Run => { world.run(); }
                Step::LoseSummary => world.shown_since = None,
            }
        }
        let evaluation = world.settle();
        for approval in &evaluation.state.approvals {
            prop_assert!([ANN, BEN, LISTED].contains(&approval.who.id));
            let entry = world.log.iter().find(|entry| entry.id == approval.id);
            prop_assert_eq!(entry.and_then(|entry| entry.digest), Some(world.digest.digest));
        }
        prop_assert_eq!(world.on(), evaluation.state.complete() && !evaluation.state.approvals.is_empty());
        let later = world.now + TimeDelta::days(30).num_seconds();
        world.now = later;
        prop_assert_eq!(world.evaluate().entries, vec![], "time alone changes nothing");
        let mut ids: Vec<_> = world.log.iter().map(|entry| &entry.id).collect();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), world.log.len());
    }
}
