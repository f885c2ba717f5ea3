//! The branches: those that are gated, and that of the log.

use super::{Branch, CONTEXT, Finding, Verdict, finding};
use crate::{model::BranchRules, report::terminal::printable};

/// GitHub Actions, as an app: what any workflow of the repository is.
/// Source: <https://api.github.com/apps/github-actions>
const GITHUB_ACTIONS: u64 = 15_368;

/// A branch whose pull requests are gated.
pub(super) fn of_gated(branch: &Branch) -> Vec<Finding> {
    let demands = match Demands::of(branch) {
        Ok(demands) => demands,
        Err(unread) => return vec![unread],
    };
    let rules = &demands.rules;
    let required = rules.statuses.iter().filter(|status| status.context.eq_ignore_ascii_case(CONTEXT));
    // The strictest one decides: all of them must be met.
    let gate = match required.map(|status| status.app).max() {
        None => demands.lack(
            Verdict::Broken,
            &format!("nothing asks for the status `{CONTEXT}` before a merge"),
            &format!("no ruleset asks for the status `{CONTEXT}`"),
        ),
        Some(None) => {
            let what = "counts from anybody: whoever may write can post it; require it from a GitHub App of your own";
            demands.is(Verdict::Advisory, &format!("the status `{CONTEXT}` {what}"))
        }
        Some(Some(GITHUB_ACTIONS)) => {
            let what = "counts from GitHub Actions, and so from any workflow: require it from a GitHub App of your own";
            demands.is(Verdict::Advisory, &format!("the status `{CONTEXT}` {what}"))
        }
        Some(Some(app)) => {
            demands.is(Verdict::Safe, &format!("the status `{CONTEXT}` is required, and from app {app} only"))
        }
    };
    let direct = if rules.pull_request || rules.statuses.iter().any(|status| status.context == CONTEXT) {
        demands.is(Verdict::Safe, "nothing arrives without a pull request or the status")
    } else {
        demands.lack(Verdict::Advisory, "direct pushes are recorded, not refused", "no ruleset refuses direct pushes")
    };
    let history = if rules.keeps_history() {
        demands.is(Verdict::Safe, "its history cannot be rewritten")
    } else {
        demands.lack(Verdict::Advisory, "rewritten history is recorded, not refused", "no ruleset keeps its history")
    };
    [gate, direct, history].into_iter().chain(bypass(branch)).collect()
}

/// The branch of the audit log.
pub(super) fn of_log(branch: &Branch) -> Vec<Finding> {
    let demands = match Demands::of(branch) {
        Ok(demands) => demands,
        Err(unread) => return vec![unread],
    };
    let kept = if demands.rules.keeps_history() {
        demands.is(Verdict::Safe, "nobody can delete it or rewrite it")
    } else {
        let what = "whoever may write can delete it or rewrite it; protect it";
        demands.lack(Verdict::Broken, what, "no ruleset keeps it from being deleted or rewritten")
    };
    [kept].into_iter().chain(bypass(branch)).collect()
}

/// What is demanded of a branch, as far as it could be read.
struct Demands {
    name: String,
    rules: BranchRules,
    /// Why classic protection could not be read.
    unread: Option<String>,
}

impl Demands {
    /// The finding that nothing could be read, where that is so.
    fn of(branch: &Branch) -> Result<Self, Finding> {
        let name = printable(&branch.name);
        match branch.demands() {
            Ok((rules, unread)) => Ok(Self { name, rules, unread: unread.map(printable) }),
            Err(why) => {
                Err(finding(Verdict::Unknown, format!("{name}: its rules could not be read: {}", printable(why))))
            }
        }
    }

    fn is(&self, verdict: Verdict, what: &str) -> Finding {
        finding(verdict, format!("{}: {what}", self.name))
    }

    /// Nothing demands something: how bad that is, and what it means. Where only rulesets could be read, `of_rulesets` is
    /// all that is known.
    fn lack(&self, verdict: Verdict, what: &str, of_rulesets: &str) -> Finding {
        match &self.unread {
            None => self.is(verdict, what),
            Some(why) => self.is(Verdict::Unknown, &format!("{of_rulesets}; whether classic protection does: {why}")),
        }
    }
}

fn bypass(branch: &Branch) -> Option<Finding> {
    let Ok(Some(protection)) = &branch.protection else { return None };
    let what = "administrators can bypass its classic protection: let it bind them too";
    let name = printable(&branch.name);
    (!protection.binds_administrators).then(|| finding(Verdict::Advisory, format!("{name}: {what}")))
}
