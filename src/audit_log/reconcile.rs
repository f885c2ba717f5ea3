//! What landed and is not recorded yet.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::model::{Actor, Digest, ENTRY_VERSION, Entry, EntryKind, EntryTable, EntryViolation, FileChange};

use super::{
    Addition, Origin, State,
    landing::{approved_files, approved_under, landed_lines},
};

/// What arrived on a base branch with one first-parent commit, or with all of a rebase: the facts, of which [`reconcile`]
/// makes an entry.
///
/// Where the branch did not advance along first parents from its recorded tip (fast-forwarded onto a branch that merged
/// it, or rewritten), one landing stands for everything between the recorded tip and the new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landing {
    /// Full name of the base branch, `refs/heads/main`.
    pub reference: String,
    /// The commit before, counted only where nothing of the branch is recorded yet.
    pub before: String,
    /// The commit that arrived.
    pub after: String,
    /// Whether the recorded tip is no ancestor of it.
    pub rewritten: bool,
    /// When: the merge of the pull request, else what the commit says, but never later than it was recorded.
    pub at: DateTime<Utc>,
    /// Who merged or pushed, where known.
    pub actor: Option<Actor>,
    /// Governed paths that differ between the commit before and the one that arrived.
    pub files: Vec<FileChange>,
    /// The pull request, where its base branch and its merge commit prove it; never from a message.
    pub pull_request: Option<MergedPullRequest>,
    /// Digest of the control files in force.
    pub policy: Option<Digest>,
    /// Violations known when it landed.
    pub violations: Vec<EntryViolation>,
    /// Its tables; `status` and `performed_by` are filled in by [`reconcile`].
    pub tables: Vec<EntryTable>,
    /// SQL and request files that landed.
    pub blobs: Vec<Vec<u8>>,
    /// `schema-registry <version>`.
    pub tool: String,
}

/// A merged pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedPullRequest {
    /// Number.
    pub number: u64,
    /// How many approvals the policy asked for.
    pub required: usize,
    /// Whether a rejection stood ([`super::is_vetoed`]).
    pub vetoed: bool,
    /// Approvals that stand in the log ([`super::standing_approvals`]).
    pub approvals: Vec<RecordedApproval>,
}

/// An `approved` entry with its digest lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedApproval {
    /// Id of the entry.
    pub id: String,
    /// Numeric id of who approved.
    pub actor: u64,
    /// The digest.
    pub digest: Digest,
    /// Its preimage.
    pub lines: Vec<u8>,
}

/// The entries that bring the log from `state` to the last landing. `landings` are in the order in which they arrived
/// after the recorded tip. Same values in, same entries out: two writers that reconcile at once make the same ids.
#[must_use]
pub fn reconcile(origin: &Origin, state: &State, landings: &[Landing]) -> Vec<Addition> {
    let mut state = state.clone();
    let mut additions = Vec::new();
    for landing in landings {
        let arrived = state.tip(&landing.reference) != Some(&landing.after);
        // A commit that changes nothing governed needs no entry; rewritten history does, or the tip stays unreachable.
        if !arrived || (landing.files.is_empty() && !landing.rewritten) {
            continue;
        }
        let addition = record(origin, &state, landing);
        // The id was made from this very state.
        if state.apply(&origin.database, addition.entry()).is_ok() {
            additions.push(addition);
        }
    }
    additions
}

/// Whether approvals in the log cover exactly the bytes of a landing, so that it would be recorded as `merged`.
#[must_use]
pub fn is_approved(repo: u64, landing: &Landing) -> bool {
    landing.files.is_empty() || covering_landing(repo, landing).is_some()
}

/// Whether enough people approved exactly the bytes that landed on the branch `reference` with a pull request, and
/// nobody's rejection stands. Under which policy is not asked: older releases recorded landings without asking it.
#[must_use]
pub fn covers(repo: u64, pull: &MergedPullRequest, reference: &str, landed: &[FileChange]) -> bool {
    covering(repo, pull, landed, |base, _| base == reference).is_some()
}

/// What covers a landing: approvals for its branch, under the policy that was in force before it.
fn covering_landing(repo: u64, landing: &Landing) -> Option<Covering> {
    let under = |base: &str, policy| base == landing.reference && Some(policy) == landing.policy;
    covering(repo, landing.pull_request.as_ref()?, &landing.files, under)
}

fn record(origin: &Origin, state: &State, landing: &Landing) -> Addition {
    let id = state.landing_id(&origin.database, &landing.reference, &landing.before, &landing.after);
    let covering = covering_landing(origin.repo, landing);
    let kind = match (&landing.pull_request, &covering) {
        _ if landing.rewritten => EntryKind::HistoryRewritten,
        (None, _) => EntryKind::DirectPush,
        (Some(_), Some(_)) => EntryKind::Merged,
        (Some(_), None) => EntryKind::MergedUnapproved,
    };
    let (digest, approvals) = covering.filter(|_| kind == EntryKind::Merged).unwrap_or_default();
    let status = if kind == EntryKind::Merged { "approved" } else { "requested" };
    let performed_by = landing.actor.as_ref().map(|actor| actor.login.clone());
    let tables = landing.tables.iter().map(|table| EntryTable {
        status: status.to_owned(),
        performed_by: performed_by.clone(),
        ..table.clone()
    });
    let entry = Entry {
        version: ENTRY_VERSION,
        id: id.to_string(),
        kind,
        repo: origin.repo,
        at: landing.at,
        actor: landing.actor.clone(),
        pr: landing.pull_request.as_ref().map(|pull| pull.number),
        digest,
        policy: landing.policy,
        tool: landing.tool.clone(),
        before: Some(id.before),
        after: Some(id.after),
        approvals,
        violations: landing.violations.clone(),
        blobs: Vec::new(),
        tables: tables.collect(),
        overflow: None,
    };
    let mut blobs = landing.blobs.clone();
    blobs.push(landed_lines(&landing.files).into_bytes());
    Addition::new(entry, blobs)
}

/// A digest that was approved, with the ids of the approvals; neither where nobody was needed.
type Covering = (Option<Digest>, Vec<String>);

/// The digest whose approvals cover exactly the bytes that landed, by as many people as were needed. They count where
/// `under` holds of the base branch and the policy that they were given for.
fn covering(
    repo: u64,
    pull: &MergedPullRequest,
    landed: &[FileChange],
    under: impl Fn(&str, Digest) -> bool,
) -> Option<Covering> {
    if pull.vetoed {
        return None;
    }
    let mut by_digest: BTreeMap<Digest, Vec<&RecordedApproval>> = BTreeMap::new();
    let sorted =
        |files: &[FileChange]| files.iter().map(|file| (file.path.clone(), file.clone())).collect::<BTreeMap<_, _>>();
    for approval in &pull.approvals {
        let files = approved_files(&approval.lines, repo, pull.number);
        let same = files.is_some_and(|files| files.len() == landed.len() && sorted(&files) == sorted(landed));
        let counts = approved_under(&approval.lines).is_some_and(|(base, policy)| under(base, policy));
        if same && counts && Digest::of(&approval.lines) == approval.digest {
            by_digest.entry(approval.digest).or_default().push(approval);
        }
    }
    let enough = by_digest.into_iter().find(|(_, approvals)| {
        approvals.iter().map(|approval| approval.actor).collect::<BTreeSet<_>>().len() >= pull.required
    });
    match enough {
        Some((digest, approvals)) => {
            Some((Some(digest), approvals.into_iter().map(|approval| approval.id.clone()).collect()))
        }
        None => (pull.required == 0).then(Default::default),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{at, change, digest_lines, origin, table};
    use super::*;

    const MAIN: &str = "refs/heads/main";

    fn state() -> State {
        State::new(&BTreeMap::from([(MAIN.to_owned(), "t0".to_owned())]), None)
    }

    fn landing(after: &str, files: &[FileChange]) -> Landing {
        Landing {
            reference: MAIN.into(),
            before: "unused".into(),
            after: after.into(),
            rewritten: false,
            at: at(100),
            actor: Some(Actor { id: 9, login: "merger".into() }),
            files: files.to_vec(),
            pull_request: None,
            policy: Some(Digest::of("")),
            violations: Vec::new(),
            tables: vec![table("public.notes")],
            blobs: vec![b"CREATE TABLE".to_vec()],
            tool: "schema-registry 0".into(),
        }
    }

    fn pull(required: usize, approved: &[FileChange], actors: &[u64]) -> MergedPullRequest {
        let lines = digest_lines(1, 7, approved);
        let approvals = actors.iter().enumerate().map(|(n, actor)| RecordedApproval {
            id: format!("LE_{n}"),
            actor: *actor,
            digest: Digest::of(&lines),
            lines: lines.clone(),
        });
        MergedPullRequest { number: 7, required, vetoed: false, approvals: approvals.collect() }
    }

    fn one(landing: Landing) -> Entry {
        let [addition] = &reconcile(&origin(), &state(), &[landing])[..] else { panic!("one landing, one entry") };
        addition.entry().clone()
    }

    #[test]
    fn landed_bytes_are_compared_with_approved_bytes() {
        let (files, other) = ([change("a", None, Some("1"))], [change("a", None, Some("2"))]);
        let both = [files[0].clone(), change("b", Some("1"), None)];
        let cases = [
            ("approved", Some(pull(1, &files, &[1])), EntryKind::Merged, 1),
            ("approved by two", Some(pull(2, &files, &[1, 2])), EntryKind::Merged, 2),
            ("by one person twice", Some(pull(2, &files, &[1, 1])), EntryKind::MergedUnapproved, 0),
            ("by too few", Some(pull(2, &files, &[1])), EntryKind::MergedUnapproved, 0),
            ("other bytes", Some(pull(1, &other, &[1])), EntryKind::MergedUnapproved, 0),
            ("more than landed", Some(pull(1, &both, &[1])), EntryKind::MergedUnapproved, 0),
            (
                "rejected",
                Some(MergedPullRequest { vetoed: true, ..pull(1, &files, &[1]) }),
                EntryKind::MergedUnapproved,
                0,
            ),
            ("nobody needed, nobody asked", Some(pull(0, &files, &[])), EntryKind::Merged, 0),
            ("no pull request", None, EntryKind::DirectPush, 0),
        ];
        for (name, pull_request, kind, approvals) in cases {
            let landing = Landing { pull_request, ..landing("t1", &files) };
            let covered = landing.pull_request.as_ref().is_some_and(|pull| covers(1, pull, MAIN, &files));
            let approved = kind == EntryKind::Merged;
            assert_eq!((is_approved(1, &landing), covered), (approved, approved), "{name}");
            let entry = one(landing);
            assert_eq!((entry.kind, entry.approvals.len()), (kind, approvals), "{name}");
            assert_eq!(entry.digest.is_some(), approvals > 0, "{name}");
            let status = if kind == EntryKind::Merged { "approved" } else { "requested" };
            assert_eq!(
                (entry.tables[0].status.as_str(), entry.tables[0].performed_by.as_deref()),
                (status, Some("merger"))
            );
        }
    }

    #[test]
    fn approvals_are_for_one_branch_and_under_one_policy() {
        let files = [change("a", None, Some("1"))];
        let (next, other) = ("refs/heads/next", Some(Digest::of("other")));
        let here = || Landing { pull_request: Some(pull(1, &files, &[1])), ..landing("t1", &files) };
        for (name, landing, covered) in [
            ("another branch", Landing { reference: next.into(), ..here() }, false),
            // Older releases recorded such landings as merged.
            ("another policy", Landing { policy: other, ..here() }, true),
            ("an unknown policy", Landing { policy: None, ..here() }, true),
        ] {
            let pull = landing.pull_request.as_ref().expect("there is one");
            assert_eq!(
                (is_approved(1, &landing), covers(1, pull, &landing.reference, &files)),
                (false, covered),
                "{name}"
            );
            let entry = one(landing);
            assert_eq!(
                (entry.kind, entry.digest, entry.approvals),
                (EntryKind::MergedUnapproved, None, vec![]),
                "{name}"
            );
        }
        let nobody = Landing { policy: other, pull_request: Some(pull(0, &files, &[])), ..here() };
        assert_eq!(one(nobody).kind, EntryKind::Merged, "nobody needed, nobody asked");
    }

    #[test]
    fn what_changes_nothing_needs_no_approval() {
        assert!(is_approved(1, &landing("t1", &[])));
    }

    #[test]
    fn lines_that_do_not_hash_to_the_digest_approve_nothing() {
        let files = [change("a", None, Some("1"))];
        let mut pull_request = pull(1, &files, &[1]);
        pull_request.approvals[0].digest = Digest::of("other");
        assert_eq!(
            one(Landing { pull_request: Some(pull_request), ..landing("t1", &files) }).kind,
            EntryKind::MergedUnapproved
        );
        let mut pull_request = pull(1, &files, &[1]);
        pull_request.number = 8;
        assert_eq!(
            one(Landing { pull_request: Some(pull_request), ..landing("t1", &files) }).kind,
            EntryKind::MergedUnapproved
        );
    }

    #[test]
    fn every_landing_is_recorded_once_in_a_chain() {
        let change = [change("a", None, Some("1"))];
        let landings = [landing("t0", &change), landing("t1", &change), landing("t2", &[]), landing("t3", &change)];
        let additions = reconcile(&origin(), &state(), &landings);
        let ids: Vec<_> = additions.iter().map(|addition| addition.entry().id.as_str()).collect();
        assert_eq!(ids, ["landing:default:refs/heads/main:t0:t1", "landing:default:refs/heads/main:t1:t3"]);
        let mut after = state();
        for addition in &additions {
            after.apply("default", addition.entry()).expect("they follow each other");
        }
        assert_eq!(reconcile(&origin(), &after, &landings[3..]), []);
        let blob = String::from_utf8_lossy(&additions[0].blobs[1]).into_owned();
        assert!(blob.starts_with("schema-registry/landing/v1\nfile \"a\" - - 100644 "), "{blob}");
    }

    #[test]
    fn rewritten_history_is_recorded_as_such_and_the_same_tips_may_come_again() {
        let change = [change("a", None, Some("1"))];
        let rewritten = |after: &str| Landing { rewritten: true, ..landing(after, &[]) };
        let landings = [landing("t1", &change), rewritten("t0"), landing("t1", &change)];
        let additions = reconcile(&origin(), &state(), &landings);
        let facts: Vec<_> = additions.iter().map(|a| (a.entry().kind, a.entry().id.as_str())).collect();
        assert_eq!(
            facts,
            [
                (EntryKind::DirectPush, "landing:default:refs/heads/main:t0:t1"),
                (EntryKind::HistoryRewritten, "landing:default:refs/heads/main:t1:t0"),
                (EntryKind::DirectPush, "landing:default:refs/heads/main:t0:t1:1"),
            ]
        );
    }

    #[test]
    fn a_branch_of_which_nothing_is_recorded_begins_where_it_says() {
        let landing = Landing {
            reference: "refs/heads/release".into(),
            before: "r0".into(),
            ..landing("r1", &[change("a", None, Some("1"))])
        };
        assert_eq!(one(landing).id, "landing:default:refs/heads/release:r0:r1");
    }
}
