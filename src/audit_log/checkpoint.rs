//! The checkpoint: whose log, how many entries, which root.

use std::{fmt, str::FromStr};

use tlog_tiles::Hash;

/// Database that origins do not name.
const DEFAULT_DATABASE: &str = "default";

/// Largest size that is taken for true; no tree index can overflow below it.
pub(super) const MAX_SIZE: u64 = 1 << 40;

/// What a log is of: `schema-registry/<host>/<repository id>[/<database>]`. Two logs never share one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Host of the server, `github.com`.
    pub host: String,
    /// Numeric id of the repository; survives renames and transfers.
    pub repo: u64,
    /// Name of the database; `default` is not printed.
    pub database: String,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "schema-registry/{}/{}", self.host, self.repo)?;
        if self.database == DEFAULT_DATABASE { Ok(()) } else { write!(f, "/{}", self.database) }
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let parts: Vec<&str> = text.split('/').collect();
            let (host, repo, database) = match parts[..] {
                ["schema-registry", host, repo] => (host, repo, DEFAULT_DATABASE),
                ["schema-registry", host, repo, database] => (host, repo, database),
                _ => return None,
            };
            let origin = Self { host: host.to_owned(), repo: repo.parse().ok()?, database: database.to_owned() };
            (!host.is_empty() && !database.is_empty() && origin.to_string() == text).then_some(origin)
        };
        read().ok_or_else(|| "the origin is not `schema-registry/<host>/<repository id>[/<database>]`".to_owned())
    }
}

/// A tree head.
///
/// ```text
/// schema-registry/github.com/1296269
/// 42
/// nND/nri/U0xuHUrYSy0HtMeal2vzD9V4k/BO79C+QeI=
/// (empty line; signature lines may follow)
/// ```
/// Source: <https://c2sp.org/tlog-checkpoint>
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Whose log.
    pub origin: Origin,
    /// How many entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
}

/// Prints the text without signatures.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n\n", self.origin, self.size, self.root)
    }
}

impl Checkpoint {
    /// Reads a checkpoint. Signature lines are tolerated, extension lines are not: this log writes none.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
        let (head, signatures) = text.split_once("\n\n").ok_or("it does not end in an empty line")?;
        let [origin, size, root] = head.split('\n').collect::<Vec<_>>()[..] else {
            return Err("it does not have three lines: origin, size, root".to_owned());
        };
        let signed = signatures.is_empty()
            || signatures.strip_suffix('\n').is_some_and(|lines| lines.split('\n').all(|line| line.starts_with("— ")));
        if !signed {
            return Err("what follows its empty line is not a signature".to_owned());
        }
        let checkpoint = Self {
            origin: origin.parse()?,
            size: size.parse().ok().filter(|size| *size <= MAX_SIZE).ok_or("its size is not a number of entries")?,
            root: Hash::parse_hash(root).map_err(|_| "its root is not a SHA-256 in base64".to_owned())?,
        };
        // One spelling only: no `+1`, no `01`.
        let same = checkpoint.to_string().strip_suffix('\n') == Some(&text[..=head.len()]);
        same.then_some(checkpoint).ok_or_else(|| "its numbers are not in their usual spelling".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "schema-registry/github.com/7/sales\n3\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n\n";

    #[test]
    fn prints_what_it_reads() {
        let checkpoint = Checkpoint::parse(TEXT.as_bytes()).expect("valid");
        assert_eq!((checkpoint.size, checkpoint.origin.repo, checkpoint.origin.database.as_str()), (3, 7, "sales"));
        assert_eq!(checkpoint.to_string(), TEXT);
        let signed = format!("{TEXT}— name AAAA\n— other BBBB\n");
        assert_eq!(Checkpoint::parse(signed.as_bytes()), Ok(checkpoint));
    }

    #[test]
    fn any_other_spelling_is_refused() {
        let edits = [
            ("/7/", "/07/"),
            ("/7/", "/x/"),
            ("/sales", "/default"),
            ("/sales", "/a/b"),
            ("/sales", "/"),
            ("\n3\n", "\n+3\n"),
            ("\n3\n", "\n18446744073709551615\n"),
            ("\n3\n", "\n-1\n"),
            ("=\n\n", "=\n"),
            ("=\n\n", "=\nextension\n\n"),
            ("=\n\n", "=\n\nunsigned"),
            ("=\n\n", "=\n\n— name AAAA"),
            ("schema-registry/", "other/"),
            ("Tszz", "Tsz"),
        ];
        for (old, new) in edits {
            assert!(Checkpoint::parse(TEXT.replacen(old, new, 1).as_bytes()).is_err(), "{new:?}");
        }
    }
}
