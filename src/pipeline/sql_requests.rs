//! Requests that bring SQL of their own.

use super::{Scope, changes::Sides};
use crate::{
    migration,
    model::{Claims, Digest, Down, MIGRATION_FORMAT, Migration, Plan, RequestOutcome, SqlChange, SqlRequest, Subject},
    parse::ParsedSql,
    policy::PathKind,
    rules::{self, Scripts, SqlContext, StaleMigration},
    sql::{ScriptStatement, parse_script},
};

/// The files that are judged: those that the revision touches, and those whose migrations it touches.
pub(super) fn judged<'s>(sides: &'s Sides<'_>) -> impl Iterator<Item = (&'s str, &'s ParsedSql)> {
    let scope = &sides.snapshot.scope;
    let touched = |name: &str| {
        let subject = Subject::Sql(name.to_owned());
        let chains = [&sides.chains, &sides.base_chains].map(|chains| chains.get(&subject));
        chains.into_iter().flatten().any(|chain| chain.paths().any(|path| scope.judges(path)))
    };
    sides.requests.sql().filter(move |(path, file)| {
        let policy = &sides.snapshot.policy;
        let of_touched = || file.request.as_ref().is_some_and(|request| touched(&request.name.value));
        policy.classify(path) == PathKind::Request && (scope.judges(path) || of_touched())
    })
}

/// The request of a file, where nothing in it was refused.
pub(super) fn accepted(file: &ParsedSql) -> Option<&SqlRequest> {
    file.request.as_ref().filter(|_| file.refusals.is_empty())
}

/// Whether the request is new or has other SQL than on the base.
pub(super) fn runs(sides: &Sides<'_>, request: &SqlRequest) -> bool {
    let before = sides.base_requests.sql_request(&request.name.value);
    before.is_none_or(|before| before.state_digest() != request.state_digest())
}

pub(super) fn evaluate(sides: &Sides<'_>) -> Vec<RequestOutcome> {
    judged(sides).map(|(path, file)| evaluate_file(sides, path, file)).collect()
}

fn evaluate_file(sides: &Sides<'_>, path: &str, file: &ParsedSql) -> RequestOutcome {
    let request = accepted(file);
    let scripts = request.map(scripts);
    let sql = request.map(|request| SqlChange {
        name: request.name.value.clone(),
        touches: request.touches.iter().map(|field| field.value.clone()).collect(),
        runs: runs(sides, request),
    });
    let both = request.zip(scripts.as_ref().and_then(Scripts::sound));
    let runs = sql.as_ref().is_some_and(|sql| sql.runs);
    let (plan, migrations) = both.filter(|_| runs).and_then(|both| plan(sides, both)).unwrap_or_default();
    let stale = both.map(|(request, _)| stale(sides, request, runs, &migrations)).unwrap_or_default();
    let violations = rules::check_sql(&SqlContext {
        policy: &sides.snapshot.policy,
        now: sides.snapshot.now,
        path,
        text: &file.text,
        request: file.request.as_ref(),
        refusals: &file.refusals,
        scripts: scripts.as_ref(),
        base: &sides.base,
        merged: &sides.merged,
        twins: &twins(sides, path, request),
        stale: &stale,
    });
    RequestOutcome {
        path: path.to_owned(),
        text: file.text.clone(),
        table: None,
        registry_id: None,
        change: None,
        taken_over: false,
        sql,
        plan,
        migrations,
        violations,
        claims: file.request.as_ref().map(claims).unwrap_or_default(),
    }
}

fn scripts(request: &SqlRequest) -> Scripts {
    let down = match &request.down {
        Down::Sql(field) => Some((field.route.clone(), parse_script(&field.value))),
        Down::Irreversible(_) => None,
    };
    Scripts { up: (request.up.route.clone(), parse_script(&request.up.value)), down }
}

fn plan(
    sides: &Sides<'_>,
    (request, scripts): (&SqlRequest, (&[ScriptStatement], &[ScriptStatement])),
) -> Option<(Plan, Vec<Migration>)> {
    let stamp = request.metadata.requested_at.as_ref()?.value;
    let (plan, migration) = migration::generate_sql(request, scripts, stamp, digest_before(sides, request));
    Some((plan, vec![migration]))
}

/// The digest that the last migration on the base left.
fn digest_before(sides: &Sides<'_>, request: &SqlRequest) -> Option<Digest> {
    let subject = Subject::Sql(request.name.value.clone());
    match sides.base_chains.get(&subject).and_then(migration::Chain::end) {
        Some(end) => end.header.after,
        None => sides.base_requests.sql_request(&request.name.value).map(SqlRequest::state_digest),
    }
}

/// What is wrong with the migrations of the request: what does not hold in their chain, else the expected one missing or
/// different, others that the request does not bring, an end in other SQL than the request has.
fn stale(sides: &Sides<'_>, request: &SqlRequest, runs: bool, expected: &[Migration]) -> Vec<StaleMigration> {
    let subject = Subject::Sql(request.name.value.clone());
    let chain = sides.chains.get(&subject);
    let on_base = sides.base_chains.get(&subject).is_none().then(|| digest_before(sides, request)).flatten();
    let mut stale = chain.map(|chain| sides.problems(chain, on_base)).unwrap_or_default();
    let firsts: Vec<&str> = expected.iter().map(|migration| migration.name.0.as_str()).collect();
    if stale.is_empty() && sides.is_compared(&subject, &firsts) {
        stale.extend(migration::compare(expected, &sides.snapshot.merged, &sides.snapshot.policy.migrations));
    }
    if stale.is_empty() {
        stale.extend(sides.unexpected(sides.chains.links(&subject), expected));
        let end = chain.and_then(migration::Chain::end).filter(|end| end.header.format == MIGRATION_FORMAT);
        let is_judged = runs || sides.snapshot.scope == Scope::All;
        let other = end.filter(|end| is_judged && end.header.after != Some(request.state_digest()));
        stale.extend(other.map(|end| StaleMigration {
            message: format!("Migration {} runs other SQL than the request has", end.last()),
            suggestion: "Run `schema-registry generate`".to_owned(),
        }));
    }
    stale
}

/// Other files with a request of the same name.
fn twins(sides: &Sides<'_>, path: &str, request: Option<&SqlRequest>) -> Vec<String> {
    let Some(request) = request else { return Vec::new() };
    let same = |file: &ParsedSql| file.request.as_ref().is_some_and(|other| other.name.value == request.name.value);
    let others = sides.requests.sql().filter(|(other, file)| *other != path && same(file));
    others.map(|(path, _)| path.to_owned()).collect()
}

fn claims(request: &SqlRequest) -> Claims {
    let owner = request.owner.as_ref().map(|field| field.value.clone());
    Claims { owner, ..super::evaluate::claimed(&request.metadata) }
}

#[cfg(test)]
#[path = "sql_requests_tests.rs"]
mod tests;
