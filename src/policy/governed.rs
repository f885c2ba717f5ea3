//! Which paths the registry governs, and as what.

use super::{POLICY_FILE, Policy};

/// What a path is to the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathKind {
    /// A request file: `<requests>/**/*.yaml`.
    Request,
    /// One file of a migration: `<migrations>/<YYYYMMDD>_<HHMMSS>_<verb>_<table>[_<phase>].(up|down).sql`.
    Migration,
    /// The states in which tables were when the registry took them over: `<migrations>/<stamp>_baseline.txt`.
    Baseline,
    /// What tables lean on and no request describes, for `verify`: `<requests>/prelude.sql`, or where the policy says.
    Prelude,
    /// A control file: the policy file, CODEOWNERS, `.gitattributes`.
    Control,
    /// A workflow: a control file where its text mentions the registry, on either side of the change.
    Workflow,
    /// Under one of the two folders and meant for people: README and dotfiles.
    Ignored,
    /// Under one of the two folders, and nothing that belongs there; or in the place of one of them.
    Unrecognised,
    /// None of the registry's business.
    Ungoverned,
}

/// The word that makes a workflow a control file. Any mention counts: of this action, of its status, of its binary.
const MENTION: &[u8] = b"schema-registry";

/// Whether a file takes part in how changes are judged: the policy file, CODEOWNERS where GitHub reads it,
/// `.gitattributes` of any folder, and workflows whose text mentions `schema-registry`.
///
/// A change governs a file that is a control file before it *or* after it: ask for both sides.
/// Source: <https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners>
#[must_use]
pub fn is_control_file(path: &str, bytes: &[u8]) -> bool {
    match control_kind(path) {
        Some(PathKind::Control) => true,
        Some(PathKind::Workflow) => bytes.windows(MENTION.len()).any(|window| window.eq_ignore_ascii_case(MENTION)),
        _ => false,
    }
}

fn control_kind(path: &str) -> Option<PathKind> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_workflow = path
        .strip_prefix(".github/workflows/")
        .is_some_and(|file| !file.contains('/') && [".yml", ".yaml"].iter().any(|end| file.ends_with(end)));
    if path == POLICY_FILE || name == ".gitattributes" {
        return Some(PathKind::Control);
    }
    if ["CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS"].contains(&path) {
        return Some(PathKind::Control);
    }
    is_workflow.then_some(PathKind::Workflow)
}

impl Policy {
    /// Whether a change of the file, with these bytes before or after it, is the registry's business: ask for both sides.
    #[must_use]
    pub fn governs(&self, path: &str, bytes: &[u8]) -> bool {
        match self.classify(path) {
            PathKind::Ungoverned => false,
            PathKind::Workflow => is_control_file(path, bytes),
            _ => true,
        }
    }

    /// What `path` is. By path alone: modes and contents are judged by whoever reads the file.
    #[must_use]
    pub fn classify(&self, path: &str) -> PathKind {
        if let Some(kind) = control_kind(path) {
            return kind;
        }
        if self.must_be_folder(path) {
            return PathKind::Unrecognised;
        }
        if path == self.prelude_path() {
            return PathKind::Prelude;
        }
        if let Some(rest) = under(path, &self.requests) {
            return classify_entry(rest, PathKind::Request, is_request);
        }
        if let Some(rest) = under(path, &self.migrations) {
            let kind = if is_baseline(rest) { PathKind::Baseline } else { PathKind::Migration };
            return classify_entry(rest, kind, |rest| is_baseline(rest) || is_migration(rest));
        }
        PathKind::Ungoverned
    }

    /// Whether the path is that of one of the two folders, or of one that they are in: a link there would make another
    /// folder out of them.
    #[must_use]
    pub fn must_be_folder(&self, path: &str) -> bool {
        [&self.requests, &self.migrations].into_iter().any(|folder| path == folder || under(folder, path).is_some())
    }
}

fn under<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    path.strip_prefix(folder)?.strip_prefix('/')
}

fn classify_entry(rest: &str, kind: PathKind, belongs: fn(&str) -> bool) -> PathKind {
    let name = rest.rsplit('/').next().unwrap_or(rest);
    if rest.split('/').any(|segment| segment.starts_with('.')) || is_readme(name) {
        PathKind::Ignored
    } else if belongs(rest) {
        kind
    } else {
        PathKind::Unrecognised
    }
}

fn is_readme(name: &str) -> bool {
    matches!(name.to_ascii_lowercase().as_str(), "readme" | "readme.md" | "readme.txt" | "readme.rst" | "readme.adoc")
}

fn is_request(rest: &str) -> bool {
    rest.strip_suffix(".yaml").is_some_and(|stem| !stem.is_empty() && !stem.ends_with('/'))
}

fn is_migration(rest: &str) -> bool {
    let Some(stem) = rest.strip_suffix(".up.sql").or_else(|| rest.strip_suffix(".down.sql")) else { return false };
    let mut parts = stem.splitn(4, '_');
    is_stamp(&mut parts)
        && parts.next().is_some_and(|verb| ["create", "alter", "rename", "drop", "run"].contains(&verb))
        && parts.next().is_some_and(|table| !table.is_empty() && !table.contains('/'))
}

fn is_baseline(rest: &str) -> bool {
    let mut parts = rest.splitn(3, '_');
    is_stamp(&mut parts) && parts.next() == Some("baseline.txt")
}

fn is_stamp<'a>(parts: &mut impl Iterator<Item = &'a str>) -> bool {
    let mut digits = |length| {
        parts.next().is_some_and(|part| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    digits(8) && digits(6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_under_the_two_folders_is_recognised_or_not() {
        let policy = Policy::default();
        for (path, kind) in [
            ("schema-requests/users.yaml", PathKind::Request),
            ("schema-requests/billing/billing.invoices.yaml", PathKind::Request),
            ("schema-requests/prelude.sql", PathKind::Prelude),
            ("schema-requests/billing/prelude.sql", PathKind::Unrecognised),
            ("schema-requests/users.yml", PathKind::Unrecognised),
            ("schema-requests/users.YAML", PathKind::Unrecognised),
            ("schema-requests/users.json", PathKind::Unrecognised),
            ("schema-requests/README.md", PathKind::Ignored),
            ("schema-requests/readme.yaml", PathKind::Request),
            ("schema-requests/.gitkeep", PathKind::Ignored),
            ("schema-requests/.drafts/users.yaml", PathKind::Ignored),
            ("schema-requests/.gitattributes", PathKind::Control),
            ("schema-requests-old/users.yaml", PathKind::Ungoverned),
            ("migrations/20231205_120000_create_users.up.sql", PathKind::Migration),
            ("migrations/20231205_120000_drop_users_2.down.sql", PathKind::Migration),
            ("migrations/20231205_120000_run_grants.up.sql", PathKind::Migration),
            ("migrations/20231205_120000_create_.up.sql", PathKind::Unrecognised),
            ("migrations/20231205_120000_truncate_users.up.sql", PathKind::Unrecognised),
            ("migrations/2023120_120000_create_users.up.sql", PathKind::Unrecognised),
            ("migrations/20231205_120000_create_users.sql", PathKind::Unrecognised),
            ("migrations/old/20231205_120000_create_users.up.sql", PathKind::Unrecognised),
            ("migrations/20231205_120000_baseline.txt", PathKind::Baseline),
            ("migrations/20231205_baseline.txt", PathKind::Unrecognised),
            ("migrations/old/20231205_120000_baseline.txt", PathKind::Unrecognised),
            ("migrations/.keep", PathKind::Ignored),
            ("migrations", PathKind::Unrecognised),
            ("schema-requests", PathKind::Unrecognised),
            ("schema", PathKind::Ungoverned),
            ("schema-registry.toml", PathKind::Control),
            ("sub/schema-registry.toml", PathKind::Ungoverned),
            (".github/CODEOWNERS", PathKind::Control),
            ("src/.gitattributes", PathKind::Control),
            (".github/workflows/ci.yml", PathKind::Workflow),
            (".github/workflows/ci.yaml", PathKind::Workflow),
            (".github/workflows/nested/ci.yml", PathKind::Ungoverned),
            ("src/main.rs", PathKind::Ungoverned),
        ] {
            assert_eq!(policy.classify(path), kind, "{path}");
        }
    }

    #[test]
    fn folders_follow_the_policy() {
        let policy = Policy { requests: "db/tables".to_owned(), migrations: "db/sql".to_owned(), ..Policy::default() };
        assert_eq!(policy.classify("db/tables/users.yaml"), PathKind::Request);
        for folder in ["db", "db/tables", "db/sql"] {
            assert_eq!(policy.classify(folder), PathKind::Unrecognised, "{folder}");
        }
        assert_eq!(policy.classify("db/other"), PathKind::Ungoverned);
        assert_eq!(policy.classify("schema-requests/users.yaml"), PathKind::Ungoverned);
        assert_eq!(policy.classify("db/tables/prelude.sql"), PathKind::Prelude);
        let policy = Policy { prelude: Some("schema-requests/types.sql".to_owned()), ..Policy::default() };
        assert_eq!(policy.classify("schema-requests/types.sql"), PathKind::Prelude);
        assert!(policy.governs("schema-requests/types.sql", b""));
        assert_eq!(policy.classify("schema-requests/prelude.sql"), PathKind::Unrecognised);
    }

    #[test]
    fn a_workflow_is_a_control_file_when_it_mentions_the_registry() {
        assert!(is_control_file(".github/workflows/schema.yml", b"uses: acme/Schema-Registry@v1"));
        assert!(!is_control_file(".github/workflows/ci.yml", b"run: cargo test"));
        assert!(!is_control_file("docs/schema.yml", b"schema-registry"));
        assert!(is_control_file("CODEOWNERS", b""));
        let policy = Policy::default();
        assert!(policy.governs(".github/workflows/schema.yml", b"schema-registry"));
        assert!(!policy.governs(".github/workflows/ci.yml", b"run: cargo test"));
        assert!(policy.governs("schema-requests/notes.txt", b""));
    }
}
