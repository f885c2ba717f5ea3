//! From the text of `schema-registry.toml` to a policy.

use toml::de::DeTable;

use super::{
    Comments, Policy, PolicyError, approval, audit, limits,
    nearest::hint,
    section::{Section, Value, error},
};
use crate::model::{Severity, Span};

/// Supported major versions of PostgreSQL.
/// Source: <https://www.postgresql.org/support/versioning/>
const VERSIONS: std::ops::RangeInclusive<u64> = 14..=18;

const SECTIONS: [&str; 9] = ["database", "paths", "types", "rules", "approval", "audit", "limits", "review", "gate"];

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
    if let Some(section) = root.section("approval", &approval::KEYS)? {
        policy.approval = approval::read(&section)?;
    }
    policy.limits = limits::read(&root)?;
    read_review(&root, &mut policy)?;
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
    let Some(paths) = root.section("paths", &["requests", "migrations", "prelude"])? else { return Ok(()) };
    let (requests, migrations) = (paths.get("requests"), paths.get("migrations"));
    if let Some(value) = &requests {
        policy.requests = folder(value)?;
    }
    if let Some(value) = &migrations {
        policy.migrations = folder(value)?;
    }
    if let Some(value) = paths.get("prelude") {
        let path = folder(&value)?;
        let below = path.strip_prefix(&format!("{}/", policy.requests));
        if below.and_then(|file| file.strip_suffix(".sql")).is_none() {
            let message =
                format!("`prelude` must be a file below `requests`, such as `{}/prelude.sql`", policy.requests);
            return Err(value.error(message));
        }
        policy.prelude = Some(path);
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

fn read_review(root: &Section<'_>, policy: &mut Policy) -> Result<(), PolicyError> {
    if let Some(value) = root.section("review", &["comment"])?.and_then(|review| review.get("comment")) {
        policy.comments = match value.string()? {
            "off" => Comments::Off,
            "summary" => Comments::Summary,
            "full" => Comments::Full,
            other => return Err(value.error(format!("{other:?} is no choice; use \"off\", \"summary\" or \"full\""))),
        };
    }
    Ok(())
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
