//! What differs between trees, and what a merge gives.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Git,
    command::{failed, unexpected},
    error::Error,
    path::{fields, text},
};

/// What merging two commits gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merge {
    /// The id of the merged tree.
    Clean(String),
    /// The paths that conflict.
    Conflict(BTreeSet<String>),
}

/// A path, its blob before, if it was there, and after.
type ChangedBlob = (String, Option<String>, String);

/// Neither the repository's configuration nor its `.gitmodules` and `.gitattributes` may hide a difference.
pub(super) const DIFF: [&str; 5] = ["-r", "-z", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none"];

impl Git {
    /// The paths whose mode or blob differs between two trees or commits; both names of a renamed file.
    pub fn changed_paths(&self, a: &str, b: &str) -> Result<BTreeSet<String>, Error> {
        let mut arguments = vec!["diff-tree", "--no-renames", "--name-only"];
        arguments.extend(DIFF);
        arguments.extend(["--end-of-options", a, b]);
        Ok(fields(&self.run(&arguments)?).map(text).collect())
    }

    /// The paths of `a` that `b` has no more; the old name of a renamed file, too.
    pub fn deleted_paths(&self, a: &str, b: &str) -> Result<BTreeSet<String>, Error> {
        let mut arguments = vec!["diff-tree", "--no-renames", "--name-only", "--diff-filter=D"];
        arguments.extend(DIFF);
        arguments.extend(["--end-of-options", a, b]);
        Ok(fields(&self.run(&arguments)?).map(text).collect())
    }

    /// Per path, the lines in `b`, as inclusive ranges counted from 1, that lie in a hunk of the difference between `a`
    /// and `b` with three lines of context: where GitHub accepts inline comments. Paths without any are left out.
    /// Source: <https://docs.github.com/en/rest/pulls/reviews#create-a-review-for-a-pull-request>
    pub fn changed_lines(
        &self,
        a: &str,
        b: &str,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<BTreeMap<String, Vec<(usize, usize)>>, Error> {
        let mut blobs = self.blobs(b)?;
        let mut changed = BTreeMap::new();
        for (path, old, new) in self.changed_blobs(a, b, wanted)? {
            let lines = if let Some(old) = old {
                self.hunks(&old, &new)?
            } else {
                let bytes = blobs.object(&new, usize::MAX)?;
                let count = bytes.map_or(0, |bytes| bytes.split_inclusive(|byte| *byte == b'\n').count());
                if count == 0 { Vec::new() } else { vec![(1, count)] }
            };
            if !lines.is_empty() {
                changed.insert(path, lines);
            }
        }
        Ok(changed)
    }

    /// Blob against blob: no path that attributes could speak about, no pathspec to be fooled by a name.
    fn hunks(&self, old: &str, new: &str) -> Result<Vec<(usize, usize)>, Error> {
        let mut arguments =
            vec!["diff", "-U3", "--inter-hunk-context=0", "--diff-algorithm=myers", "--text", "--no-color"];
        arguments.extend(["--no-ext-diff", "--no-textconv", "--end-of-options", old, new]);
        let answer = self.run(&arguments)?;
        Ok(answer.split(|byte| *byte == b'\n').filter_map(hunk).filter(|(start, end)| start <= end).collect())
    }

    /// The blobs on both sides of each changed path that is there after, renames followed as GitHub does.
    fn changed_blobs(&self, a: &str, b: &str, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<ChangedBlob>, Error> {
        let mut arguments = vec!["diff-tree", "--raw", "--find-renames", "--no-abbrev"];
        arguments.extend(DIFF);
        arguments.extend(["--end-of-options", a, b]);
        let answer = self.run(&arguments)?;
        let mut answer = fields(&answer);
        let mut changed = Vec::new();
        // `:<old mode> <new mode> <old oid> <new oid> <status>`, then the path, or for a rename the old and the new one.
        while let Some(facts) = answer.next() {
            let facts = String::from_utf8_lossy(facts);
            let [_, _, old, new, status] = facts.split(' ').collect::<Vec<_>>()[..] else {
                return Err(unexpected(&arguments, facts.escape_debug().to_string()));
            };
            let renamed = status.starts_with(['R', 'C']);
            let name = if renamed { answer.nth(1) } else { answer.next() };
            if let Some(path) = name.map(text).filter(|path| !status.starts_with('D') && wanted(path)) {
                let old = (!status.starts_with('A')).then(|| old.to_owned());
                changed.push((path, old, new.to_owned()));
            }
        }
        Ok(changed)
    }

    /// Merges `theirs` into `ours` in the object database alone. Without a `merge_base`, git looks for it, which needs
    /// the history between. Attributes are not asked: GitHub's merges do not know `merge=union` or drivers either.
    /// Source: <https://git-scm.com/docs/git-merge-tree>
    pub fn merge_tree(&self, merge_base: Option<&str>, ours: &str, theirs: &str) -> Result<Merge, Error> {
        let empty = String::from_utf8_lossy(&self.pipe(&["hash-object", "-t", "tree", "-w", "--stdin"], &[], b"")?)
            .trim()
            .to_owned();
        let base = merge_base.map(|base| format!("--merge-base={base}"));
        let mut arguments = vec!["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages"];
        arguments.extend(base.as_deref());
        arguments.extend(["--end-of-options", ours, theirs]);
        let output = self.output(&arguments, &[("GIT_ATTR_SOURCE".to_owned(), empty)])?;
        let mut answer = fields(&output.stdout);
        match (output.status.code(), answer.next()) {
            (Some(0), Some(tree)) => Ok(Merge::Clean(String::from_utf8_lossy(tree).into_owned())),
            (Some(1), Some(_)) => Ok(Merge::Conflict(answer.filter(|path| !path.is_empty()).map(text).collect())),
            _ => Err(failed(&arguments, &output)),
        }
    }
}

/// The new side of `@@ -1,2 +3,4 @@`, as an inclusive range.
fn hunk(line: &[u8]) -> Option<(usize, usize)> {
    let new = line.strip_prefix(b"@@ -")?.split(|byte| *byte == b' ').nth(1)?;
    let new = std::str::from_utf8(new).ok()?.strip_prefix('+')?;
    let (start, count) = new.split_once(',').unwrap_or((new, "1"));
    let (start, count): (usize, usize) = (start.parse().ok()?, count.parse().ok()?);
    Some((start, (start + count).checked_sub(1)?))
}
