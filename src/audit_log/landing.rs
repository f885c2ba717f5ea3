//! Ids of landings, and the lines that say which bytes were approved and which landed.

use std::{fmt, str::FromStr};

use crate::model::{Digest, FileChange, FileMode, FileState};

/// First line of the blob that says what landed: the `file` lines of the approval digest follow.
pub const LANDING_HEADER: &str = "schema-registry/landing/v1";

/// The id of a landing's entry: `landing:<database>:<ref>:<before>:<after>`. Rewritten history can bring the same two
/// tips again, so after the first rewriting `:<how many>` follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LandingId {
    /// Name of the database.
    pub database: String,
    /// `refs/heads/main`; git allows no colon in it.
    pub reference: String,
    /// The tip recorded before.
    pub before: String,
    /// The tip that is recorded.
    pub after: String,
    /// How often the history of the branch had been rewritten.
    pub rewrites: u64,
}

impl fmt::Display for LandingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { database, reference, before, after, rewrites } = self;
        write!(f, "landing:{database}:{reference}:{before}:{after}")?;
        if *rewrites == 0 { Ok(()) } else { write!(f, ":{rewrites}") }
    }
}

impl FromStr for LandingId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (database, reference, before, after, rewrites) = match text.split(':').collect::<Vec<_>>()[..] {
                ["landing", database, reference, before, after] => (database, reference, before, after, 0),
                ["landing", database, reference, before, after, n] => {
                    (database, reference, before, after, n.parse().ok()?)
                }
                _ => return None,
            };
            let [database, reference, before, after] = [database, reference, before, after].map(str::to_owned);
            let id = Self { database, reference, before, after, rewrites };
            (id.to_string() == text).then_some(id)
        };
        read().ok_or_else(|| "the id is not `landing:<database>:<ref>:<before>:<after>`".to_owned())
    }
}

/// What landed, one `file` line per governed path, sorted by raw bytes.
#[must_use]
pub fn landed_lines(files: &[FileChange]) -> String {
    let mut sorted: Vec<_> = files.iter().collect();
    sorted.sort_by(|a, b| a.path.cmp(&b.path));
    let lines = sorted.into_iter().map(|file| {
        let path = serde_json::Value::from(file.path.as_str());
        format!("file {path} {} {}\n", state(file.before), state(file.after))
    });
    std::iter::once(format!("{LANDING_HEADER}\n")).chain(lines).collect()
}

/// The governed paths of the lines that say what landed; `None` where they are no such lines.
#[must_use]
pub fn landed_files(lines: &[u8]) -> Option<Vec<FileChange>> {
    let lines = std::str::from_utf8(lines).ok()?.strip_prefix(LANDING_HEADER)?.strip_prefix('\n')?;
    lines.lines().map(|line| file_line(line.strip_prefix("file ")?)).collect()
}

fn state(state: Option<FileState>) -> String {
    state.map_or_else(|| "- -".to_owned(), |state| format!("{} {}", state.mode.as_str(), state.digest))
}

/// The governed paths whose change the digest lines of an approval cover; `None` where they are not digest lines of
/// this repository and pull request.
#[must_use]
pub fn approved_files(lines: &[u8], repo: u64, pr: u64) -> Option<Vec<FileChange>> {
    let mut lines = std::str::from_utf8(lines).ok()?.strip_suffix('\n')?.split('\n');
    let named = lines.next()? == "schema-registry/approval/v1"
        && lines.next()? == format!("repo {repo}")
        && lines.next()? == format!("pr {pr}");
    let files = lines.filter_map(|line| line.strip_prefix("file ")).map(file_line).collect::<Option<Vec<_>>>()?;
    named.then_some(files)
}

/// The base branch, `refs/heads/main`, and the digest of the control files that the digest lines of an approval name.
#[must_use]
pub fn approved_under(lines: &[u8]) -> Option<(&str, Digest)> {
    let mut lines = std::str::from_utf8(lines).ok()?.lines().skip(3);
    let base = lines.next()?.strip_prefix("base ")?;
    Some((base, lines.next()?.strip_prefix("policy ")?.parse().ok()?))
}

/// Reads `<JSON path> <mode> <sha256> <mode> <sha256>`.
fn file_line(text: &str) -> Option<FileChange> {
    let mut json = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let path = json.next()?.ok()?;
    let rest = text.get(json.byte_offset()..)?.strip_prefix(' ')?;
    let [old_mode, old, new_mode, new] = rest.split(' ').collect::<Vec<_>>()[..] else { return None };
    let (before, after) = (file_state(old_mode, old).ok()?, file_state(new_mode, new).ok()?);
    Some(FileChange { path, before, after })
}

/// `None` for what does not exist, which is written `-`; an error for what cannot be read.
fn file_state(mode: &str, digest: &str) -> Result<Option<FileState>, ()> {
    if (mode, digest) == ("-", "-") {
        return Ok(None);
    }
    let digest: Digest = digest.parse().map_err(drop)?;
    Ok(Some(FileState { mode: FileMode::from_git(mode).ok_or(())?, digest }))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{change, digest_lines};
    use super::*;

    #[test]
    fn ids_are_read_back() {
        for text in ["landing:default:refs/heads/main:a1:b2", "landing:default:refs/heads/main:a1:b2:3"] {
            assert_eq!(text.parse::<LandingId>().map(|id| id.to_string()).as_deref(), Ok(text));
        }
        for text in [
            "LE_1",
            "landing:a:b:c",
            "landing:a:b:c:d:0",
            "landing:a:b:c:d:01",
            "landing:a:b:c:d:e",
            "landing:a:b:c:d:1:2",
        ] {
            assert!(text.parse::<LandingId>().is_err(), "{text}");
        }
    }

    #[test]
    fn lines_say_which_bytes() {
        let files = [change("b \"ä\"\n.yaml", Some("old"), None), change("a.yaml", None, Some("new"))];
        insta::assert_snapshot!(landed_lines(&files), @r#"
        schema-registry/landing/v1
        file "a.yaml" - - 100644 11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437
        file "b \"ä\"\n.yaml" 100644 cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4 - -
        "#);
        let [b, a] = files.clone();
        assert_eq!(landed_files(landed_lines(&files).as_bytes()), Some(vec![a.clone(), b.clone()]));
        assert_eq!(landed_files(&digest_lines(1, 7, &files)), None);
        assert_eq!(approved_files(&digest_lines(1, 7, &files), 1, 7), Some(vec![a, b]));
        assert_eq!(approved_under(&digest_lines(1, 7, &files)), Some(("refs/heads/main", Digest::of(""))));
        assert_eq!(approved_under(b"schema-registry/approval/v1\nrepo 1\nbase refs/heads/main\n"), None);
    }

    #[test]
    fn lines_of_another_pull_request_or_shape_are_not_taken() {
        let files = [change("a", None, Some("new"))];
        let lines = String::from_utf8(digest_lines(1, 7, &files)).expect("text");
        assert!(approved_files(lines.as_bytes(), 2, 7).is_none() && approved_files(lines.as_bytes(), 1, 8).is_none());
        for (old, new) in [("/v1", "/v2"), ("- - ", "- "), ("\"a\"", "a"), ("100644", "100600"), ("\"a\" ", "\"a\"")] {
            assert!(approved_files(lines.replacen(old, new, 1).as_bytes(), 1, 7).is_none(), "{new}");
        }
        assert!(approved_files(lines.trim_end().as_bytes(), 1, 7).is_none(), "cut off");
    }
}
