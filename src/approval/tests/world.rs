//! A pull request with its people, its labels and the log.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::{
    approval::{testing::at, *},
    model::{
        Account, AccountKind, Actor, ApprovalRefusal, ApproveCommand, ClassOfChange, Classified, Contributors, Digest,
        Entry, EntryKind, LabelEvent, Role, Timeline, Tree,
    },
    policy::ApprovalPolicy,
};

pub(super) const AUTHOR: u64 = 1;
pub(super) const REQUESTER: u64 = 2;
pub(super) const TRIAGER: u64 = 3;
pub(super) const ANN: u64 = 4;
pub(super) const BEN: u64 = 5;
pub(super) const LISTED: u64 = 6;
pub(super) const STRANGER: u64 = 7;
pub(super) const BOT: u64 = 8;
pub(super) const OWN: u64 = 9;

pub(super) fn account(id: u64) -> Account {
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

pub(super) fn bytes(content: &str) -> ApprovalDigest {
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
pub(super) struct World {
    pub(super) now: i64,
    pub(super) required: usize,
    pub(super) digest: ApprovalDigest,
    pub(super) shown_since: Option<DateTime<Utc>>,
    pub(super) timeline: Timeline,
    pub(super) contributors: Contributors,
    pub(super) teams: BTreeMap<String, Result<BTreeSet<u64>, String>>,
    pub(super) policy_teams: Vec<String>,
    pub(super) owners: Vec<OwnerGroup>,
    pub(super) paths: Vec<String>,
    pub(super) requesters: Vec<String>,
    pub(super) label_since: Option<DateTime<Utc>>,
    pub(super) labels: Vec<String>,
    pub(super) log: Vec<Entry>,
    pub(super) roles: BTreeMap<u64, Role>,
    pub(super) lines: BTreeMap<Digest, String>,
    pub(super) author: Account,
    pub(super) evidence: Evidence,
}

impl World {
    /// Just opened, the summary posted.
    pub(super) fn new(required: usize) -> Self {
        let role = |id, name: &str| (id, Role { name: name.to_owned(), writes: name != "triage" });
        let mut world = Self {
            now: 0,
            required,
            digest: bytes("A"),
            shown_since: None,
            timeline: Timeline::default(),
            contributors: Contributors { head_since: Some(at(-9)), ..Contributors::default() },
            teams: BTreeMap::new(),
            policy_teams: Vec::new(),
            owners: Vec::new(),
            paths: vec!["schema-requests/a.yaml".to_owned()],
            requesters: vec![" @requester".to_owned()],
            label_since: Some(at(-1000)),
            labels: vec!["unrelated".to_owned()],
            log: Vec::new(),
            roles: BTreeMap::from([role(TRIAGER, "triage"), role(ANN, "maintain"), role(BEN, "admin")]),
            lines: BTreeMap::new(),
            author: account(AUTHOR),
            evidence: Evidence::default(),
        };
        world.roles.extend([AUTHOR, REQUESTER, OWN, BOT].map(|id| role(id, "admin")));
        world.run();
        world.now = 100;
        world
    }

    pub(super) fn evaluate(&self) -> Evaluation {
        let teams = self.policy_teams.clone();
        let policy = ApprovalPolicy { approvers: vec![LISTED], teams, ..ApprovalPolicy::default() };
        let classes =
            [Classified { class: ClassOfChange::Ordinary, required: self.required, why: "`a` changes".to_owned() }];
        evaluate(
            &Facts {
                repo: 1,
                pr: 2,
                now: at(self.now),
                tool: "schema-registry 0.1.0",
                head_sha: "head",
                digest: &self.digest,
                classes: &classes,
                paths: &self.paths,
                owners: &self.owners,
                author: Some(&self.author),
                requesters: &self.requesters,
                contributors: &self.contributors,
                timeline: &self.timeline,
                labels: &self.labels,
                label_since: self.label_since,
                roles: &self.roles,
                teams: &self.teams,
                own_id: Some(OWN),
                shown_since: self.shown_since,
                recorded: &self.log,
                old_lines: &self.lines,
                evidence: &self.evidence,
            },
            &policy,
        )
    }

    /// One run of the bot: append, then the label, then the summary.
    pub(super) fn run(&mut self) -> Evaluation {
        let evaluation = self.evaluate();
        self.log.extend(evaluation.entries.clone());
        self.lines.insert(self.digest.digest, self.digest.lines.clone());
        self.shown_since.get_or_insert(at(self.now));
        self.now += 1;
        for change in &evaluation.labels {
            match change {
                LabelChange::Add(label) => self.event(OWN, true, label),
                LabelChange::Remove(label) => self.event(OWN, false, label),
            }
        }
        evaluation
    }

    /// A run, and a proof that the next one has nothing to do.
    pub(super) fn settle(&mut self) -> Evaluation {
        let first = self.run();
        let again = self.evaluate();
        assert_eq!(again.state, first.state, "a second run must see the same");
        assert_eq!((again.entries, again.labels), (vec![], vec![]), "a second run must have nothing to do");
        first
    }

    pub(super) fn event(&mut self, id: u64, added: bool, label: &str) {
        let event = LabelEvent {
            id: format!("event-{}", self.timeline.labels.len()),
            label: label.to_owned(),
            added,
            account: Some(account(id)),
            via_app: false,
            at: at(self.now),
        };
        self.timeline.labels.push(event);
        self.labels.retain(|on| !on.eq_ignore_ascii_case(label));
        if added {
            self.labels.push(label.to_owned());
        }
        self.now += 1;
    }

    pub(super) fn set(&mut self, id: u64) {
        self.event(id, true, "Schema-Approved");
    }

    pub(super) fn remove(&mut self, id: u64) {
        self.event(id, false, "Schema-Approved");
    }

    pub(super) fn veto(&mut self, id: u64) {
        self.event(id, true, "schema-rejected");
    }

    pub(super) fn lift(&mut self, id: u64) {
        self.event(id, false, "schema-rejected");
    }

    /// `/approve` with these digits, or those of the present digest.
    pub(super) fn comment(&mut self, id: u64, digits: Option<&str>) {
        let digits = digits.map_or_else(|| self.digest.digest.short(), str::to_owned);
        let id_of_comment = format!("comment-{}", self.timeline.commands.len());
        let command = ApproveCommand {
            id: id_of_comment,
            digits,
            account: Some(account(id)),
            via_app: false,
            edited: false,
            at: at(self.now),
        };
        self.timeline.commands.push(command);
        self.now += 1;
    }

    pub(super) fn push(&mut self, content: &str) {
        self.digest = bytes(content);
        self.shown_since = None;
        self.contributors.head_since = Some(at(self.now));
        self.now += 1;
    }

    pub(super) fn on(&self) -> bool {
        self.labels.iter().any(|label| label.eq_ignore_ascii_case("schema-approved"))
    }

    pub(super) fn kinds(&self) -> Vec<EntryKind> {
        self.log.iter().map(|entry| entry.kind).collect()
    }
}

pub(super) fn reasons(evaluation: &Evaluation) -> Vec<ApprovalRefusal> {
    evaluation.state.refused.iter().map(|refused| refused.reason).collect()
}
