//! Rejections: the label that stands in the way until somebody entitled takes it off.

use chrono::{DateTime, Utc};

use super::{Facts, entries, evaluate::same_label, ledger::Ledger, people};
use crate::{
    model::{Actor, Entry, EntryKind, LabelEvent, Veto},
    policy::ApprovalPolicy,
};

/// The rejections that stand, and the entries that tell of them.
///
/// Whoever may set the label may reject, since a rejection lets nothing through. It is lifted by a removal by its setter,
/// which lifts that person's own, or by anybody who may approve this pull request, which lifts all. Any other removal
/// means nothing, and the label comes back. What the log holds stands also where GitHub does not tell of it any more,
/// since a label that was renamed or deleted takes its events along.
pub(super) fn vetoes(facts: &Facts<'_>, policy: &ApprovalPolicy, ledger: &Ledger<'_>) -> (Vec<Veto>, Vec<Entry>) {
    let mut standing: Vec<Veto> = Vec::new();
    let mut entries = Vec::new();
    let labels = facts.timeline.labels.iter();
    let events: Vec<&LabelEvent> = labels.filter(|event| same_label(&event.label, &policy.veto_label)).collect();
    let is_lost = |id: &str| events.iter().all(|event| event.id != id);
    let mut moments: Vec<Moment<'_>> = ledger.rejections().filter(|it| is_lost(&it.id)).map(Moment::Lost).collect();
    moments.extend(events.iter().copied().map(Moment::Event));
    moments.sort_by_key(Moment::at);
    for moment in moments {
        let event = match moment {
            Moment::Event(event) => event,
            Moment::Lost(entry) if entry.kind == EntryKind::Vetoed => {
                standing.push(Veto { id: entry.id.clone(), who: entry.actor.clone(), at: entry.at });
                continue;
            }
            Moment::Lost(lift) => {
                // Of what GitHub tells, the log alone lifts nothing.
                standing.retain(|veto| !is_lost(&veto.id) || !lift.approvals.contains(&veto.id));
                continue;
            }
        };
        let who = event.account.as_ref().map(|account| account.actor.clone());
        if !event.added {
            let lifted = lift(facts, policy, event, &mut standing);
            if !lifted.is_empty() && !ledger.holds(&event.id) {
                let lift = entries::entry(facts, EntryKind::VetoLifted, event.id.clone(), event.at, who);
                entries.push(Entry { approvals: lifted, ..lift });
            }
        } else if is_own(facts, who.as_ref()) && !standing.is_empty() {
            // This tool puts back what somebody took off who may not. Where nothing stands, it was another workflow
            // that has its identity.
        } else {
            if !ledger.holds(&event.id) {
                entries.push(entries::entry(facts, EntryKind::Vetoed, event.id.clone(), event.at, who.clone()));
            }
            standing.push(Veto { id: event.id.clone(), who, at: event.at });
        }
    }
    (standing, entries)
}

enum Moment<'a> {
    /// What GitHub tells.
    Event(&'a LabelEvent),
    /// What only the log tells.
    Lost(&'a Entry),
}

impl Moment<'_> {
    fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Event(event) => event.at,
            Self::Lost(entry) => entry.at,
        }
    }
}

fn is_own(facts: &Facts<'_>, who: Option<&Actor>) -> bool {
    who.is_some_and(|who| Some(who.id) == facts.own_id)
}

/// Takes away what a removal of the label lifts; returns the ids.
fn lift(facts: &Facts<'_>, policy: &ApprovalPolicy, event: &LabelEvent, standing: &mut Vec<Veto>) -> Vec<String> {
    let Some(account) = &event.account else { return Vec::new() };
    // Whoever writes a workflow may have this tool's identity.
    let is_setter = !is_own(facts, Some(&account.actor));
    let own = |veto: &Veto| is_setter && veto.who.as_ref().is_some_and(|who| who.id == account.actor.id);
    let all = people::may_approve(facts, policy, Some(account), event.via_app).is_ok();
    let (lifted, kept) = std::mem::take(standing).into_iter().partition::<Vec<_>, _>(|veto| all || own(veto));
    *standing = kept;
    lifted.into_iter().map(|veto| veto.id).collect()
}
