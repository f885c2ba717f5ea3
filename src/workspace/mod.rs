//! The working tree: reads governed files, writes generated ones whole.

#![expect(clippy::disallowed_methods, reason = "the adapter of the file system")]

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use crate::model::{File, FileMode, Tree};

/// A directory that holds request files and migrations.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: PathBuf,
}

/// Something that the file system refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be read.
    #[error("cannot read {path}")]
    Read {
        /// Where.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A file could not be written or removed.
    #[error("cannot write {path}")]
    Write {
        /// Where.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A path leads out of the working tree through a symbolic link.
    #[error("cannot write {path}: {link} is a symbolic link; make it a real folder or remove it")]
    Symlink {
        /// Where.
        path: String,
        /// The component that is a link.
        link: String,
    },
}

impl Workspace {
    /// The working tree at `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Its folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Reads every file for whose path `wanted` says so, below `folders` (all of the tree: `""`) and never through a
    /// symbolic link. Of a file larger than `max_bytes` only one byte more than that is read, which is enough to refuse it.
    pub fn read_tree(&self, folders: &[&str], wanted: &dyn Fn(&str) -> bool, max_bytes: usize) -> Result<Tree, Error> {
        let mut tree = Tree::new();
        for folder in folders {
            match self.in_place_of(folder) {
                Some(path) if wanted(&path) => {
                    let file = read_entry(&self.root.join(&path), max_bytes)
                        .map_err(|source| Error::Read { path: path.clone(), source })?;
                    tree.insert(path, file);
                }
                Some(_) => {}
                None => self.walk(folder, wanted, max_bytes, &mut tree)?,
            }
        }
        Ok(tree)
    }

    /// The path of the link or file that is where a folder should be, or one that it is in.
    fn in_place_of(&self, folder: &str) -> Option<String> {
        let ends = folder.match_indices('/').map(|(end, _)| end).chain([folder.len()]);
        let mut paths = ends.map(|end| &folder[..end]).filter(|path| !path.is_empty());
        let is_other = |path: &&str| fs::symlink_metadata(self.root.join(path)).is_ok_and(|found| !found.is_dir());
        paths.find(is_other).map(str::to_owned)
    }

    /// Reads one file; `None` where there is none. Symbolic links are followed: for files that the caller's user owns.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        match fs::read(self.root.join(path)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::Read { path: path.to_owned(), source }),
        }
    }

    /// Writes a file whole or not at all; folders are made as needed.
    pub fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        self.refuse_links(path)?;
        let error = |source| Error::Write { path: path.to_owned(), source };
        let target = self.root.join(path);
        let folder = target.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder).map_err(error)?;
        let mut file = tempfile::Builder::new().prefix(".schema-registry-").tempfile_in(folder).map_err(error)?;
        file.write_all(bytes).map_err(error)?;
        set_mode(file.as_file()).map_err(error)?;
        file.persist(&target).map_err(|failed| error(failed.error))?;
        Ok(())
    }

    /// Removes a file; one that is not there is fine.
    pub fn remove(&self, path: &str) -> Result<(), Error> {
        self.refuse_links(path)?;
        match fs::remove_file(self.root.join(path)) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(Error::Write { path: path.to_owned(), source })
            }
            _ => Ok(()),
        }
    }

    fn walk(
        &self,
        folder: &str,
        wanted: &dyn Fn(&str) -> bool,
        max_bytes: usize,
        tree: &mut Tree,
    ) -> Result<(), Error> {
        let error = |source| Error::Read { path: folder.to_owned(), source };
        let entries = match fs::read_dir(self.root.join(folder)) {
            Ok(entries) => entries,
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(error(source)),
        };
        for entry in entries {
            let entry = entry.map_err(error)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let kind = entry.file_type().map_err(error)?;
            if kind.is_dir() {
                if path != ".git" {
                    self.walk(&path, wanted, max_bytes, tree)?;
                }
            } else if wanted(&path) {
                let file = read_entry(&entry.path(), max_bytes)
                    .map_err(|source| Error::Read { path: path.clone(), source })?;
                tree.insert(path, file);
            }
        }
        Ok(())
    }

    fn refuse_links(&self, path: &str) -> Result<(), Error> {
        let mut prefix = PathBuf::new();
        for component in Path::new(path).parent().into_iter().flat_map(Path::components) {
            prefix.push(component);
            if fs::symlink_metadata(self.root.join(&prefix)).is_ok_and(|found| found.is_symlink()) {
                let link = prefix.to_string_lossy().into_owned();
                return Err(Error::Symlink { path: path.to_owned(), link });
            }
        }
        Ok(())
    }
}

fn read_entry(path: &Path, max_bytes: usize) -> io::Result<File> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        let target = fs::read_link(path)?;
        return Ok(File { mode: FileMode::Symlink, bytes: target.to_string_lossy().into_owned().into_bytes() });
    }
    let limit = u64::try_from(max_bytes).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    if metadata.is_file() {
        fs::File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    }
    Ok(File { mode: mode_of(&metadata), bytes })
}

#[cfg(unix)]
fn mode_of(metadata: &fs::Metadata) -> FileMode {
    use std::os::unix::fs::PermissionsExt as _;
    if metadata.permissions().mode() & 0o100 == 0 { FileMode::Regular } else { FileMode::Executable }
}

#[cfg(not(unix))]
fn mode_of(_: &fs::Metadata) -> FileMode {
    FileMode::Regular
}

/// Temporary files are private; what git tracks is not.
#[cfg(unix)]
fn set_mode(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_mode(_: &fs::File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn workspace() -> (tempfile::TempDir, Workspace) {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let workspace = Workspace::new(dir.path());
        (dir, workspace)
    }

    #[test]
    fn reads_what_it_writes_with_the_mode_that_git_tracks() {
        let (_dir, workspace) = workspace();
        workspace.write("a/b/c.yaml", b"x: 1\n").expect("writes");
        workspace.write("a/b/c.yaml", b"x: 2\n").expect("overwrites");
        let tree = workspace.read_tree(&["a", "absent"], &|_| true, 100).expect("reads");
        assert_eq!(tree, Tree::from([("a/b/c.yaml".to_owned(), File::regular("x: 2\n"))]));
        workspace.remove("a/b/c.yaml").expect("removes");
        workspace.remove("a/b/c.yaml").expect("twice");
        assert!(workspace.read("a/b/c.yaml").expect("reads").is_none());
    }

    #[test]
    fn never_reads_or_writes_through_a_symbolic_link() {
        let (dir, workspace) = workspace();
        let outside = tempfile::tempdir().expect("a temporary directory");
        std::os::unix::fs::symlink(outside.path(), dir.path().join("link")).expect("links");
        let tree = workspace.read_tree(&[""], &|_| true, 100).expect("reads");
        assert_eq!(tree["link"].mode, FileMode::Symlink);
        for folder in ["link", "link/below"] {
            let tree = workspace.read_tree(&[folder], &|_| true, 100).expect("reads");
            assert_eq!(tree["link"].mode, FileMode::Symlink, "{folder}");
        }
        let error = workspace.write("link/x", b"").expect_err("refuses");
        assert_eq!(
            error.to_string(),
            "cannot write link/x: link is a symbolic link; make it a real folder or remove it"
        );
        assert!(workspace.remove("link/x").is_err());
    }

    #[test]
    fn reads_one_byte_more_than_allowed() {
        let (_dir, workspace) = workspace();
        workspace.write("big", &[b'x'; 50]).expect("writes");
        assert_eq!(workspace.read_tree(&[""], &|_| true, 10).expect("reads")["big"].bytes.len(), 11);
    }
}
