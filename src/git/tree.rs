//! Files of a revision.

use crate::model::{File, FileMode, Tree};

use super::{
    Git,
    batch::missing,
    command::unexpected,
    error::Error,
    path::{fields, text},
};

/// A line of `git ls-tree`.
pub(super) struct TreeEntry {
    pub(super) mode: FileMode,
    pub(super) oid: String,
    pub(super) path: String,
}

impl Git {
    /// The files of `treeish` whose paths are `wanted`, with their raw blobs.
    ///
    /// A blob longer than `max_bytes` is cut after `max_bytes + 1` bytes: enough for the reader to refuse it for its
    /// size. Symbolic links are read, not followed; the bytes of a submodule are its commit id in hexadecimal. Bytes of
    /// a path that are not UTF-8 read as `%FF`; two paths that read the same are an error.
    pub fn read_tree(&self, treeish: &str, wanted: &dyn Fn(&str) -> bool, max_bytes: usize) -> Result<Tree, Error> {
        let entries = self.list(treeish)?.into_iter().filter(|entry| wanted(&entry.path));
        let mut blobs = self.blobs(treeish)?;
        let mut tree = Tree::new();
        for TreeEntry { mode, oid, path } in entries {
            let bytes = match mode {
                FileMode::Submodule => oid.into_bytes(),
                _ => blobs.object(&oid, max_bytes.saturating_add(1))?.ok_or_else(|| missing(&oid))?,
            };
            if tree.contains_key(&path) {
                return Err(unexpected(
                    &["ls-tree", treeish],
                    format!("two paths read as {path:?}; rename one of them"),
                ));
            }
            tree.insert(path, File { mode, bytes });
        }
        Ok(tree)
    }

    /// The paths of `treeish`, in git's order.
    pub fn paths(&self, treeish: &str) -> Result<Vec<String>, Error> {
        Ok(self.list(treeish)?.into_iter().map(|entry| entry.path).collect())
    }

    pub(super) fn list(&self, treeish: &str) -> Result<Vec<TreeEntry>, Error> {
        let arguments = ["ls-tree", "-r", "-z", "--full-tree", "--end-of-options", treeish];
        let answer = self.run(&arguments)?;
        fields(&answer)
            .map(|line| {
                tree_entry(line)
                    .ok_or_else(|| unexpected(&arguments, String::from_utf8_lossy(line).escape_debug().to_string()))
            })
            .collect()
    }
}

/// Reads `<mode> <type> <oid>\t<path>`.
fn tree_entry(line: &[u8]) -> Option<TreeEntry> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let (facts, path) = (std::str::from_utf8(&line[..tab]).ok()?, &line[tab + 1..]);
    let mut facts = facts.split(' ');
    let (mode, _, oid) = (facts.next()?, facts.next()?, facts.next()?);
    Some(TreeEntry { mode: self::mode(mode)?, oid: oid.to_owned(), path: text(path) })
}

/// A mode as git writes it. Very old repositories hold 100664, which git itself treats as 100644.
pub(super) fn mode(text: &str) -> Option<FileMode> {
    if text == "100664" { Some(FileMode::Regular) } else { FileMode::from_git(text) }
}
