//! From the text of `schema-registry.toml` to a policy.

use toml::de::DeTable;

use super::{
    ApprovalPolicy, Policy, PolicyError, audit,
    nearest::hint,
    section::{Section, Value, error},
};
use crate::model::{Severity, Span};

/// GitHub's built-in repository roles, lowest first.
/// Source: <https://docs.github.com/en/organizations/managing-user-access-to-your-organizations-repositories/managing-repository-roles/repository-roles-for-an-organization>
const ROLES: [&str; 5] = ["read", "triage", "write", "maintain", "admin"];

/// Supported major versions of PostgreSQL.
/// Source: <https://www.postgresql.org/support/versioning/>
const VERSIONS: std::ops::RangeInclusive<u64> = 14..=18;

/// Longest name of a label, in characters.
/// Source: <https://docs.github.com/en/rest/issues/labels>
const MAX_LABEL: usize = 50;

/// A week: more than that is a mistake in the unit.
const MAX_REVIEW_SECONDS: u64 = 604_800;

const SECTIONS: [&str; 7] = ["database", "paths", "types", "rules", "approval", "audit", "gate"];

pub(super) fn read(text: &str, known_rules: &[&str]) -> Result<Policy, PolicyError> {
    let document = DeTable::parse(text).map_err(|error| PolicyError {
        message: format!("the policy is not valid TOML: {}", error.message()),
        span: error.span().map(|span| Span::new(span.start, span.end)),
    })?;
    let root = Section::root(document.get_ref(), &SECTIONS)?;
    let mut policy = Policy::default();
    read_database(&root, &mut policy)?;
    read_paths(&root, &mut policy)?;
    if let Some(allow) = root.section("types", &["allow"])?.and_then(|types| types.get("allow")) {
        policy.allowed_types = allow.strings()?.iter().map(|name| name.trim().to_lowercase()).collect();
    }
    read_rules(&root, known_rules, &mut policy)?;
    if let Some(approval) = root.section("approval", &APPROVAL)? {
        policy.approval = read_approval(&approval)?;
    }
    read_branches(&root, &mut policy)?;
    Ok(policy)
}

fn read_database(root: &Section<'_>, policy: &mut Policy) -> Result<(), PolicyError> {
    let Some(database) = root.section("database", &["name", "version"])? else { return Ok(()) };
    if let Some(value) = database.get("name") {
        let name = value.string()?;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
        if name.len() > 63 || !name.bytes().all(plain) {
            return Err(value.error(format!(
                "{name:?} cannot name a database; use at most 63 lower-case letters, digits, `_` and `-`"
            )));
        }
        name.clone_into(&mut policy.database);
    }
    if let Some(value) = database.get("version") {
        let version = value.number(VERSIONS, "")?;
        policy.postgres_version = u32::try_from(version).unwrap_or(policy.postgres_version);
    }
    Ok(())
}

fn read_paths(root: &Section<'_>, policy: &mut Policy) -> Result<(), PolicyError> {
    let Some(paths) = root.section("paths", &["requests", "migrations"])? else { return Ok(()) };
    let (requests, migrations) = (paths.get("requests"), paths.get("migrations"));
    if let Some(value) = &requests {
        policy.requests = folder(value)?;
    }
    if let Some(value) = &migrations {
        policy.migrations = folder(value)?;
    }
    let inside = |inner: &str, outer: &str| format!("{inner}/").starts_with(&format!("{outer}/"));
    if inside(&policy.requests, &policy.migrations) || inside(&policy.migrations, &policy.requests) {
        let message = format!(
            "`requests` ({}) and `migrations` ({}) must be two folders, neither inside the other",
            policy.requests, policy.migrations
        );
        return Err(migrations
            .or(requests)
            .map_or(PolicyError { message: message.clone(), span: None }, |value| value.error(message)));
    }
    Ok(())
}

/// A folder of the repository: relative, in its one plain spelling, outside git's and GitHub's own.
fn folder(value: &Value<'_>) -> Result<String, PolicyError> {
    let text = value.string()?;
    let path = text.strip_suffix('/').unwrap_or(text);
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\\:*?\"<>|".contains(&byte);
    if path.starts_with('/') || !path.bytes().all(plain) {
        return Err(value.error(format!(
            "{text:?} is no folder of the repository; write a relative path with `/` between plain names"
        )));
    }
    for segment in path.split('/') {
        if segment.is_empty() || segment.starts_with('.') {
            return Err(value.error(format!(
                "{text:?} is no folder of the repository; leave out `.`, `..`, `//` and hidden folders"
            )));
        }
    }
    Ok(path.to_owned())
}

fn read_rules(root: &Section<'_>, known: &[&str], policy: &mut Policy) -> Result<(), PolicyError> {
    let Some(rules) = root.open("rules")? else { return Ok(()) };
    for (id, span, value) in rules.entries() {
        if !known.contains(&id) {
            let hint = match hint(id, known.iter().copied()) {
                hint if hint.is_empty() => "; see docs/rules.md for those that there are".to_owned(),
                hint => hint,
            };
            return Err(error(span, format!("`{id}` is no rule whose severity can be set{hint}")));
        }
        let severity = match value.string()? {
            "error" => Some(Severity::Error),
            "warning" => Some(Severity::Warning),
            "notice" => Some(Severity::Notice),
            "off" => None,
            other => {
                return Err(
                    value.error(format!("{other:?} is no severity; use \"error\", \"warning\", \"notice\" or \"off\""))
                );
            }
        };
        policy.severities.insert(id.to_owned(), severity);
    }
    Ok(())
}

const APPROVAL: [&str; 5] = ["label", "required", "permission", "approvers", "min_review_seconds"];

fn read_approval(section: &Section<'_>) -> Result<ApprovalPolicy, PolicyError> {
    let mut approval = ApprovalPolicy::default();
    if let Some(value) = section.get("label") {
        let label = value.string()?.trim();
        if label.chars().count() > MAX_LABEL || label.chars().any(char::is_control) {
            return Err(value.error(format!("`label` must be one line of at most {MAX_LABEL} characters")));
        }
        label.clone_into(&mut approval.label);
    }
    if let Some(value) = section.get("required") {
        approval.required = usize::try_from(value.number(0..=20, "")?).unwrap_or(approval.required);
    }
    if let Some(value) = section.get("permission") {
        approval.permission = permission(&value)?;
    }
    if let Some(value) = section.get("approvers") {
        approval.approvers = approvers(&value)?;
    }
    if let Some(value) = section.get("min_review_seconds") {
        approval.min_review_seconds = value.number(0..=MAX_REVIEW_SECONDS, "of seconds ")?;
    }
    Ok(approval)
}

/// A string names the lowest built-in role that may approve; a list names exactly the roles that may, custom ones too.
fn permission(value: &Value<'_>) -> Result<Vec<String>, PolicyError> {
    if !value.is_string() {
        return Ok(value.strings()?.iter().map(|role| (*role).to_owned()).collect());
    }
    let role = value.string()?;
    match ROLES.iter().position(|known| *known == role) {
        Some(lowest) => Ok(ROLES[lowest..].iter().map(|role| (*role).to_owned()).collect()),
        None => Err(value.error(format!(
            "{role:?} is no built-in role; use one of {}, which stands for itself and the roles above it, or a list of \
             exact role names{}",
            ROLES.join(", "),
            hint(role, ROLES)
        ))),
    }
}

fn approvers(value: &Value<'_>) -> Result<Vec<u64>, PolicyError> {
    let mut ids = Vec::new();
    for item in value.items()? {
        if item.is_string() {
            let login = item.string()?;
            return Err(item.error(format!(
                "approvers are numeric user ids: a login can be given up and taken by someone else; write \
                 `{{ id = <id>, login = {login:?} }}` with the id that `gh api users/LOGIN --jq .id` prints"
            )));
        }
        let number = match item.table(&["id", "login"]) {
            None => item.number(1..=u64::MAX, "")?,
            Some(section) => {
                let section = section?;
                if let Some(login) = section.get("login") {
                    login.string()?;
                }
                let id =
                    section.get("id").ok_or_else(|| item.error("an approver needs an `id`, the numeric user id"))?;
                id.number(1..=u64::MAX, "")?
            }
        };
        if ids.contains(&number) {
            return Err(item.error(format!("{number} is already an approver; name each person once")));
        }
        ids.push(number);
    }
    Ok(ids)
}

fn read_branches(root: &Section<'_>, policy: &mut Policy) -> Result<(), PolicyError> {
    policy.audit = audit::read(root)?;
    if let Some(value) = root.section("gate", &["branches"])?.and_then(|gate| gate.get("branches")) {
        for item in value.items()? {
            let name = branch(&item)?;
            if name == policy.audit.branch {
                return Err(item.error(format!("`{name}` holds the audit log; it cannot take pull requests")));
            }
            policy.gate_branches.push(name);
        }
    }
    Ok(())
}

/// A branch name that git accepts, without `refs/heads/`.
/// Source: <https://git-scm.com/docs/git-check-ref-format>
pub(super) fn branch(value: &Value<'_>) -> Result<String, PolicyError> {
    let name = value.string()?;
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"~^:?*[\\".contains(&byte);
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && part.strip_suffix(".lock").is_none();
    let valid = name.bytes().all(plain)
        && name.split('/').all(part)
        && !name.starts_with('-')
        && !name.starts_with("refs/")
        && !name.ends_with('.')
        && !name.contains("..")
        && !name.contains("@{")
        && name != "@"
        && name != "HEAD";
    if valid {
        Ok(name.to_owned())
    } else {
        Err(value
            .error(format!("{name:?} is no branch name; write it as in `git switch`, without patterns and `refs/`")))
    }
}
