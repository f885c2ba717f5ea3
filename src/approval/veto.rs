//! Rejections: the label that stands in the way until somebody entitled takes it off.

use super::{Facts, entries, evaluate::same_label, ledger::Ledger, people};
use crate::{
    model::{Entry, EntryKind, LabelEvent, Veto},
    policy::ApprovalPolicy,
};

/// The rejections that stand, and the entries that tell of them.
///
/// Whoever may set the label may reject, since a rejection lets nothing through. It is lifted by a removal by its setter,
/// which lifts that person's own, or by anybody who may approve this pull request, which lifts all. Any other removal
/// means nothing, and the label comes back.
pub(super) fn vetoes(facts: &Facts<'_>, policy: &ApprovalPolicy, ledger: &Ledger<'_>) -> (Vec<Veto>, Vec<Entry>) {
    let mut standing: Vec<Veto> = Vec::new();
    let mut entries = Vec::new();
    for event in facts.timeline.labels.iter().filter(|event| same_label(&event.label, &policy.veto_label)) {
        let who = event.account.as_ref().map(|account| account.actor.clone());
        if event.added {
            // This tool only puts back what somebody took off who may not.
            if who.as_ref().is_some_and(|who| Some(who.id) == facts.own_id) {
                continue;
            }
            if !ledger.holds(&event.id) {
                entries.push(entries::entry(facts, EntryKind::Vetoed, event.id.clone(), event.at, who.clone()));
            }
            standing.push(Veto { id: event.id.clone(), who, at: event.at });
        } else {
            let lifted = lift(facts, policy, event, &mut standing);
            if !lifted.is_empty() && !ledger.holds(&event.id) {
                let lift = entries::entry(facts, EntryKind::VetoLifted, event.id.clone(), event.at, who);
                entries.push(Entry { approvals: lifted, ..lift });
            }
        }
    }
    (standing, entries)
}

/// Takes away what a removal of the label lifts; returns the ids.
fn lift(facts: &Facts<'_>, policy: &ApprovalPolicy, event: &LabelEvent, standing: &mut Vec<Veto>) -> Vec<String> {
    let Some(account) = &event.account else { return Vec::new() };
    let own = |veto: &Veto| veto.who.as_ref().is_some_and(|who| who.id == account.actor.id);
    let all = people::may_approve(facts, policy, Some(account), event.via_app).is_ok();
    let (lifted, kept) = std::mem::take(standing).into_iter().partition::<Vec<_>, _>(|veto| all || own(veto));
    *standing = kept;
    lifted.into_iter().map(|veto| veto.id).collect()
}
