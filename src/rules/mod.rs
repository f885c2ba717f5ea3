//! Rules: context to violations.
//!
//! A rule is one file under `all/`: its declaration, its check, its tests. To add one: write the file, name it in
//! `all/mod.rs`, run `UPDATE_DOCS=1 cargo test --test rules`.

mod all;
mod context;
mod docs;
mod fix;
mod lookup;
mod report;
mod waivers;
mod words;

pub use context::{
    BaselineProblem, DeclarationsContext, RequestContext, Script, Scripts, SqlContext, StaleMigration, StrayMigration,
    TableContext, TreeContext,
};
pub use docs::{explain, rules_page};
pub use report::Report;

use crate::{
    model::{LineIndex, Severity, Violation},
    policy::Policy,
};

/// One check of a rule.
#[derive(Clone, Copy)]
pub enum Check {
    /// Runs once for every judged request file, refused ones included.
    Request(fn(&RequestContext<'_>, &mut Report<'_>)),
    /// Runs once for every judged request that the reader accepted and whose table is wanted.
    Table(fn(&TableContext<'_>, &mut Report<'_>)),
    /// Runs once for every judged file of opaque objects, refused ones included.
    Declarations(fn(&DeclarationsContext<'_>, &mut Report<'_>)),
    /// Runs once for every judged file of SQL, refused ones included.
    Sql(fn(&SqlContext<'_>, &mut Report<'_>)),
    /// Runs once.
    Tree(fn(&TreeContext<'_>, &mut Report<'_>)),
}

/// A rule's declaration; everything that people read about it is generated from here.
pub struct Rule {
    /// Kebab-case id, stable.
    pub id: &'static str,
    /// Severity where the policy names no other.
    pub severity: Severity,
    /// Whether its severity is fixed and its violations cannot be waived: it reports what cannot be understood, carried
    /// out or trusted, not what is unwise.
    pub fixed: bool,
    /// One line without a full stop: what it reports.
    pub summary: &'static str,
    /// Why it matters, in plain Markdown.
    pub rationale: &'static str,
    /// Files that trigger it and the same files corrected.
    pub example: Example,
    /// What it checks.
    pub checks: &'static [Check],
}

/// A triggering example and its correction; run by a test.
pub struct Example {
    /// Base files: path and text.
    pub base: &'static [(&'static str, &'static str)],
    /// Files that trigger the rule.
    pub bad: &'static [(&'static str, &'static str)],
    /// Files that do not.
    pub good: &'static [(&'static str, &'static str)],
}

/// Every rule, sorted by id.
#[must_use]
pub fn all() -> &'static [&'static Rule] {
    all::RULES
}

/// The rule called `id`.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    all().iter().copied().find(|rule| rule.id == id)
}

/// The ids that `[rules]` of a policy and the waivers of a request may name: those of the rules that are not fixed.
#[must_use]
pub fn configurable() -> Vec<&'static str> {
    all().iter().filter(|rule| !rule.fixed).map(|rule| rule.id).collect()
}

/// Runs every request rule that is on; waivers applied; sorted by place, then rule.
#[must_use]
pub fn check_request(context: &RequestContext<'_>) -> Vec<Violation> {
    let lines = LineIndex::new(context.text);
    let table = TableContext::new(context);
    let mut violations = run(context.policy, |rule, severity| {
        let spans = context.request.map(|request| &request.spans);
        let mut report = Report::new(rule, severity, context.path, context.text, &lines, spans);
        for check in rule.checks {
            match (check, &table) {
                (Check::Request(check), _) => check(context, &mut report),
                (Check::Table(check), Some(table)) => check(table, &mut report),
                (Check::Table(_), None) | (Check::Declarations(_) | Check::Sql(_) | Check::Tree(_), _) => {}
            }
        }
        report
    });
    drop_consequences(&mut violations);
    waivers::apply(context.accepted().map(|request| request.waivers.as_slice()), context.now, &mut violations);
    violations
}

/// One cause, one violation: what a fixed rule refuses cannot be carried out either, which nobody needs to be told.
fn drop_consequences(violations: &mut Vec<Violation>) {
    let is_consequence = |violation: &Violation| violation.rule == "unsupported-change";
    let causes: Vec<_> = violations
        .iter()
        .filter(|violation| !is_consequence(violation) && find(violation.rule).is_some_and(|rule| rule.fixed))
        .map(|violation| violation.location.route.clone())
        .collect();
    violations.retain(|violation| !is_consequence(violation) || !causes.contains(&violation.location.route));
}

/// Runs every rule about opaque objects that is on; sorted by place, then rule.
#[must_use]
pub fn check_declarations(context: &DeclarationsContext<'_>) -> Vec<Violation> {
    let lines = LineIndex::new(context.text);
    run(context.policy, |rule, severity| {
        let spans = context.declarations.map(|declarations| &declarations.spans);
        let mut report = Report::new(rule, severity, context.path, context.text, &lines, spans);
        for check in rule.checks {
            if let Check::Declarations(check) = check {
                check(context, &mut report);
            }
        }
        report
    })
}

/// Runs every rule about SQL of a request that is on; waivers applied; sorted by place, then rule.
#[must_use]
pub fn check_sql(context: &SqlContext<'_>) -> Vec<Violation> {
    let lines = LineIndex::new(context.text);
    let mut violations = run(context.policy, |rule, severity| {
        let spans = context.request.map(|request| &request.spans);
        let mut report = Report::new(rule, severity, context.path, context.text, &lines, spans);
        for check in rule.checks {
            if let Check::Sql(check) = check {
                check(context, &mut report);
            }
        }
        report
    });
    waivers::apply(context.accepted().map(|request| request.waivers.as_slice()), context.now, &mut violations);
    violations
}

/// Runs every tree rule that is on; sorted by file, place, then rule.
#[must_use]
pub fn check_tree(context: &TreeContext<'_>) -> Vec<Violation> {
    let lines = LineIndex::new("");
    run(context.policy, |rule, severity| {
        let mut report = Report::new(rule, severity, "", "", &lines, None);
        for check in rule.checks {
            if let Check::Tree(check) = check {
                check(context, &mut report);
            }
        }
        report
    })
}

fn run<'a>(policy: &Policy, mut check: impl FnMut(&'static Rule, Severity) -> Report<'a>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for rule in all() {
        if let Some(severity) = severity(rule, policy) {
            violations.extend(check(rule, severity).into_violations());
        }
    }
    violations.sort_by(|a, b| {
        let key = |violation: &Violation| (violation.location.span, violation.rule);
        a.location.file.cmp(&b.location.file).then_with(|| key(a).cmp(&key(b)))
    });
    violations
}

/// The severity of a rule under a policy; `None` where it is off.
#[must_use]
pub fn severity(rule: &Rule, policy: &Policy) -> Option<Severity> {
    match policy.severities.get(rule.id) {
        Some(severity) if !rule.fixed => *severity,
        _ => Some(rule.severity),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_sorted_and_their_declarations_complete() {
        let ids: Vec<_> = all().iter().map(|rule| rule.id).collect();
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(ids, sorted, "keep the list in all/mod.rs sorted by id");
        assert_eq!(ids.len(), 40);
        for rule in all() {
            assert!(rule.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", rule.id);
            assert!(!rule.summary.is_empty() && !rule.summary.ends_with('.'), "{}", rule.id);
            assert!(rule.rationale.ends_with('.') || rule.rationale.ends_with('>'), "{}", rule.id);
            assert!(!rule.example.bad.is_empty() && !rule.checks.is_empty(), "{}", rule.id);
        }
    }

    #[test]
    fn the_policy_sets_severities_except_fixed_ones() {
        let mut policy = Policy::default();
        let of = |policy: &Policy, id| severity(find(id).expect("is a rule"), policy);
        assert_eq!(of(&policy, "missing-primary-key"), Some(Severity::Error));
        for id in ["missing-primary-key", "invalid-request"] {
            policy.severities.insert(id.to_owned(), None);
        }
        policy.severities.insert("bigint-precision".to_owned(), Some(Severity::Notice));
        assert_eq!(of(&policy, "missing-primary-key"), None);
        assert_eq!(of(&policy, "bigint-precision"), Some(Severity::Notice));
        assert_eq!(of(&policy, "invalid-request"), Some(Severity::Error));
    }
}
