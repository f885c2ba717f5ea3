//! Everything that lies in the log's branch, in one walk: all that the entries give, and nothing else.

use crate::model::Digest;

use super::{
    super::{
        layout::{self, CHECKPOINT, EDGE, Part, STATE, WIDTH},
        pulls::{Pulls, ShortId},
    },
    bounded::Bounded,
    facts::Facts,
};

/// An entry of a pull request: the number of that, the entry's index and its id.
pub(super) type PullEntry = (u64, u64, ShortId);

/// What the entries give, and what of it was seen.
pub(super) struct Walked<'a> {
    size: u64,
    /// Whether every entry was read, so that what is derived from all of them can be compared.
    whole: bool,
    blobs: &'a Facts,
    pulls: &'a [PullEntry],
    seen_blobs: Vec<bool>,
    /// By the first of the entries that are listed there.
    seen_pulls: Vec<bool>,
    /// Files, and what is wrong with them.
    pub(super) files: Bounded<(String, String)>,
    /// Entries that name a blob, and what is wrong with it.
    pub(super) entries: Bounded<(u64, String)>,
}

/// Files whose bytes are compared here. Entries and tiles have been by then.
pub(super) fn is_compared(size: u64, path: &str) -> bool {
    let is_blob = || matches!(layout::parse_part(size, path), Some((_, Part::Blob(_))));
    path.starts_with("pulls/") || layout::parse_seals(size, path).is_some() || is_blob()
}

impl<'a> Walked<'a> {
    /// Of `blobs` the first entry of each segment that names each; `pulls` are sorted, and only those that are sealed.
    pub(super) fn new(size: u64, whole: bool, blobs: &'a Facts, pulls: &'a [PullEntry]) -> Self {
        Self {
            size,
            whole,
            blobs,
            pulls,
            seen_blobs: vec![false; blobs.as_slice().len()],
            seen_pulls: vec![false; pulls.len()],
            files: Bounded::default(),
            entries: Bounded::default(),
        }
    }

    fn file(&mut self, path: &str, what: impl Into<String>) {
        // Where entries are missing, what follows from all of them says nothing.
        if self.whole {
            self.files.push((path.to_owned(), what.into()));
        }
    }

    fn blob_of(&mut self, index: u64, path: &str, what: &str) {
        self.entries.push((index, format!("names `{path}`, {what}")));
    }

    /// Takes a file into account.
    pub(super) fn take(&mut self, path: &str, regular: bool, bytes: Option<&[u8]>) {
        if path.ends_with('/') {
            let what = "gives no files: the folder is empty or missing, has a name twice or one with a `/`, or does not belong to the log";
            self.files.push((path.to_owned(), what.to_owned()));
            return;
        }
        let bytes = bytes.unwrap_or_default();
        let known = match path.split_once('/') {
            None => path == CHECKPOINT || path == STATE || (path == EDGE && layout::sealed(self.size) > 0),
            Some(("pulls", number)) => self.pulls(path, number, bytes),
            Some(("tile", _)) => {
                layout::parse_tile(path).is_some_and(|(level, n)| layout::has_full_tile(self.size, level, n))
            }
            Some(_) => match layout::parse_part(self.size, path) {
                Some((segment, Part::Blob(digest))) => self.blob(path, segment, digest, bytes),
                Some((_, Part::Entries | Part::Tile)) => true,
                None => self.seals(path, bytes),
            },
        };
        if !(known && regular) {
            self.file(path, "does not belong to the log");
        }
    }

    fn blob(&mut self, path: &str, segment: u64, digest: Digest, bytes: &[u8]) -> bool {
        let Some(at) = self.blobs.position(*digest.as_bytes(), segment) else { return false };
        self.seen_blobs[at] = true;
        if Digest::of(bytes) != digest {
            self.blob_of(self.blobs.as_slice()[at].index(), path, "whose bytes are not those of its name");
        }
        true
    }

    /// A list of trees; what it leads to shows in the files that are found there.
    fn seals(&mut self, path: &str, bytes: &[u8]) -> bool {
        let Some(count) = layout::parse_seals(self.size, path) else { return false };
        if bytes.split(|byte| *byte == b'\n').count() as u64 != count + 1 {
            self.file(path, format!("does not list {count} trees"));
        }
        true
    }

    fn pulls(&mut self, path: &str, number: &str, bytes: &[u8]) -> bool {
        let Some(n) = layout::parse_number(number) else { return false };
        let first = self.pulls.partition_point(|(pr, ..)| pr / WIDTH < n);
        let entries = self.pulls[first..].iter().take_while(|(pr, ..)| pr / WIDTH == n);
        let pulls = Pulls(entries.map(|(pr, index, id)| ((*pr, *index), *id)).collect());
        if pulls.0.is_empty() {
            return false;
        }
        self.seen_pulls[first] = true;
        if pulls.bytes() != bytes {
            self.file(path, "does not list the entries of its pull requests");
        }
        true
    }

    /// Finds what the walk did not come by.
    pub(super) fn missing(&mut self) {
        for (at, fact) in self.blobs.as_slice().iter().enumerate() {
            if !self.seen_blobs[at] {
                let path = layout::blob(self.size, fact.index(), &Digest::from(fact.hash()));
                self.blob_of(fact.index(), &path, "which is missing");
            }
        }
        let mut first = 0;
        for pulls in self.pulls.chunk_by(|a, b| a.0 / WIDTH == b.0 / WIDTH) {
            if !self.seen_pulls[first] {
                self.file(&layout::pulls(pulls[0].0), "is missing");
            }
            first += pulls.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit_log::{
        Addition, Pinned,
        fixture::{Store, approved, problems_with},
    };

    #[test]
    fn lists_of_pull_requests_are_compared_with_the_entries() {
        let mut store = Store::new();
        let additions = (0..300).map(|n| Addition::new(approved(&format!("LE_{n}"), n % 5 * 200), Vec::new()));
        store.append(&additions.collect::<Vec<_>>());
        let lists = ["pulls/000", "pulls/001", "pulls/002", "pulls/003"];
        assert!(lists.iter().all(|path| store.0.contains_key(*path)));
        assert_eq!(problems_with(&Pinned::default(), &store), [""; 0]);
        for path in lists {
            let mut damaged = store.clone();
            let list = damaged.0.remove(path).expect("it is there");
            assert_eq!(problems_with(&Pinned::default(), &damaged), [format!("`{path}` is missing")]);
            damaged.0.insert(path.into(), list[..list.len() - 1].to_vec());
            let what = format!("`{path}` does not list the entries of its pull requests");
            assert_eq!(problems_with(&Pinned::default(), &damaged), [what]);
        }
    }

    #[test]
    fn a_folder_that_gives_no_files_is_told_also_where_entries_are_missing() {
        let mut store = Store::new();
        store.0.insert("open/".into(), Vec::new());
        for missing in [false, true] {
            if missing {
                store.0.remove("open/entries.jsonl");
            }
            let problems = problems_with(&Pinned::default(), &store);
            assert!(problems.iter().any(|problem| problem.starts_with("`open/` gives no files: ")), "{problems:?}");
            assert_eq!(problems.contains(&"`open/entries.jsonl` is missing".to_owned()), missing);
        }
    }

    #[test]
    fn entries_and_tiles_are_not_read_a_second_time() {
        let blob = layout::blob(300, 299, &Digest::of(""));
        for path in ["pulls/000", "sealed/000.trees", &blob, &layout::blob(300, 0, &Digest::of(""))] {
            assert!(is_compared(300, path), "{path}");
        }
        for path in [layout::entries(300, 0), layout::tile(300, 0, 1), layout::tile(300, 1, 0)] {
            assert!(!is_compared(300, &path), "{path}");
        }
        assert!(!is_compared(300, CHECKPOINT) && !is_compared(300, EDGE));
    }
}
