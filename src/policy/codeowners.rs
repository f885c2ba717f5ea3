//! CODEOWNERS, as GitHub reads it.
//! Source: <https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners>

use std::fmt;

use globset::{GlobBuilder, GlobMatcher};

/// Where GitHub looks for the file; the first one that exists is the only one.
pub const CODEOWNERS_FILES: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// Somebody who owns files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// A person by numeric id.
    Id(u64),
    /// A person by login, as CODEOWNERS names them.
    Login(String),
    /// A team, `organisation/team`, lower case.
    Team(String),
    /// A person by e-mail address, which GitHub tells nobody the account of.
    Address(String),
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "user id {id}"),
            Self::Login(login) => write!(f, "`{login}`"),
            Self::Team(team) => write!(f, "team `{team}`"),
            Self::Address(address) => write!(f, "`{address}`, whose account GitHub does not tell"),
        }
    }
}

/// Who owns which files.
#[derive(Debug, Clone, Default)]
pub struct CodeOwners {
    rules: Vec<(Vec<GlobMatcher>, Vec<Owner>)>,
}

impl CodeOwners {
    /// Reads the text. A line that GitHub would skip (a range, a negation, an owner that is none) is skipped.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self { rules: text.lines().filter_map(rule).collect() }
    }

    /// The owners of the file at `path`: those of the last line that matches, which may name none.
    #[must_use]
    pub fn owners_of(&self, path: &str) -> &[Owner] {
        let matching = self.rules.iter().rev().find(|(globs, _)| globs.iter().any(|glob| glob.is_match(path)));
        matching.map(|(_, owners)| owners.as_slice()).unwrap_or_default()
    }
}

fn rule(line: &str) -> Option<(Vec<GlobMatcher>, Vec<Owner>)> {
    let mut words = words(line).into_iter().take_while(|word| !word.starts_with('#'));
    let globs = globs(&words.next()?)?;
    let owners = words.map(|word| owner(&word)).collect::<Option<_>>()?;
    Some((globs, owners))
}

/// Splits at white space that no backslash escapes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut escaped = false;
    for c in line.chars() {
        match words.last_mut() {
            Some(word) if escaped || !c.is_whitespace() => word.push(c),
            _ => words.push(String::new()),
        }
        escaped = c == '\\' && !escaped;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The globs of a pattern, which is one of `.gitignore` without `!` and `[ ]`; `None` for one that GitHub refuses.
fn globs(pattern: &str) -> Option<Vec<GlobMatcher>> {
    if pattern.starts_with('!') || pattern.contains(['[', ']']) {
        return None;
    }
    let core = pattern.trim_end_matches('/');
    let anchored = core.contains('/');
    let core = core.trim_start_matches('/').replace('{', "\\{").replace('}', "\\}");
    let prefix = if anchored || core.is_empty() { "" } else { "**/" };
    let mut globs = Vec::new();
    if !pattern.ends_with('/') {
        globs.push(format!("{prefix}{core}"));
    }
    // A pattern that names a folder owns what is below; `docs/*` names what is right in it.
    if !(anchored && core.ends_with("/*")) {
        globs.push(if core.is_empty() { "**".to_owned() } else { format!("{prefix}{core}/**") });
    }
    let compile = |glob: &String| {
        let glob = GlobBuilder::new(glob).literal_separator(true).backslash_escape(true).build().ok()?;
        Some(glob.compile_matcher())
    };
    globs.iter().map(compile).collect()
}

fn owner(word: &str) -> Option<Owner> {
    match word.strip_prefix('@') {
        Some(name) if name.contains('/') => Some(Owner::Team(name.to_lowercase())),
        Some(name) if !name.is_empty() => Some(Owner::Login(name.to_owned())),
        None if word.contains('@') => Some(Owner::Address(word.to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owners(text: &str, path: &str) -> String {
        let owners = CodeOwners::parse(text);
        owners.owners_of(path).iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }

    /// The examples of GitHub's page, and the exceptions that it lists.
    #[test]
    fn patterns_match_what_github_says() {
        for (pattern, owned, free) in [
            ("*", &["a", "a/b/c"][..], &[][..]),
            ("*.js", &["a.js", "a/b.js"], &["a.ts"]),
            ("/build/logs/", &["build/logs/a", "build/logs/b/c"], &["build/logs", "x/build/logs/a"]),
            ("docs/*", &["docs/a.md"], &["docs/b/a.md", "x/docs/a.md"]),
            ("apps/", &["apps/a", "x/apps/b/c"], &["apps"]),
            ("/docs/", &["docs/a", "docs/b/c"], &["x/docs/a"]),
            ("/scripts/", &["scripts/a"], &["a/scripts/b"]),
            ("**/logs", &["build/logs/a", "logs/a", "x/y/logs"], &["build/login"]),
            ("/apps/github", &["apps/github", "apps/github/a"], &["apps/githubs"]),
            ("schema-registry.toml", &["schema-registry.toml", "x/schema-registry.toml"], &["schema-registry.tom"]),
            ("a\\ b/", &["a b/c"], &["a/b"]),
            ("a{b,c}", &["a{b,c}"], &["ab"]),
            ("/", &["a", "b/c"], &[]),
        ] {
            let text = format!("{pattern} @ann");
            assert!(owned.iter().all(|path| owners(&text, path) == "`ann`"), "{pattern} owns {owned:?}");
            assert!(free.iter().all(|path| owners(&text, path).is_empty()), "{pattern} does not own {free:?}");
        }
    }

    #[test]
    fn the_last_line_that_matches_decides() {
        let text = "# who owns what\n* @ann @Octo/DBA # everybody\n/free/\n  x.yaml\tben@example.com\n";
        assert_eq!(owners(text, "a"), "`ann`, team `octo/dba`");
        assert_eq!(owners(text, "free/a"), "");
        assert_eq!(owners(text, "x.yaml"), "`ben@example.com`, whose account GitHub does not tell");
        for skipped in ["![a] @ben", "a[bc] @ben", "a ben", "a @", "#* @ben", "", "\\"] {
            assert_eq!(owners(&format!("* @ann\n{skipped}"), "a"), "`ann`", "{skipped}");
        }
    }
}
