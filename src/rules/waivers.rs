//! Accepted exceptions.

use chrono::{DateTime, Utc};

use super::find;
use crate::model::{Violation, Waived, Waiver};

/// Marks what the waivers of the request cover. One that has expired covers nothing, and what it would have covered
/// says so.
pub(super) fn apply(waivers: Option<&[Waiver]>, now: DateTime<Utc>, violations: &mut [Violation]) {
    let Some(all) = waivers else { return };
    for violation in violations {
        let waivers = waivers_for(all, violation.rule);
        let holds = |waiver: &&Waiver| now.date_naive() < waiver.expires;
        if let Some(waiver) = waivers.iter().copied().find(holds) {
            violation.waived = Some(Waived { reason: waiver.reason.clone(), expires: waiver.expires });
        } else if let Some(expired) = waivers.last() {
            let note = format!("the waiver of this rule expired on {}: renew it or fix this", expired.expires);
            violation.suggestion = Some(match violation.suggestion.take() {
                Some(suggestion) => format!("{suggestion}; {note}"),
                None => note,
            });
        }
    }
}

/// The waivers that may cover violations of a rule: of one that can be waived, and with a reason.
fn waivers_for<'a>(all: &'a [Waiver], rule: &str) -> Vec<&'a Waiver> {
    let mut waivers: Vec<_> = all
        .iter()
        .filter(|waiver| waiver.rule == rule && !waiver.reason.trim().is_empty())
        .filter(|waiver| find(&waiver.rule).is_some_and(|rule| !rule.fixed))
        .collect();
    waivers.sort_by_key(|waiver| waiver.expires);
    waivers
}
