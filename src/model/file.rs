//! Files of a revision, as git has them.

use std::collections::BTreeMap;

use super::Digest;

/// What a tree entry is. Only regular files are ever read.
/// Source: <https://git-scm.com/book/en/v2/Git-Internals-Git-Objects>
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileMode {
    /// `100644`.
    Regular,
    /// `100755`.
    Executable,
    /// `120000`.
    Symlink,
    /// `160000`, a submodule.
    Submodule,
}

impl FileMode {
    /// The six octal digits of git.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Regular => "100644",
            Self::Executable => "100755",
            Self::Symlink => "120000",
            Self::Submodule => "160000",
        }
    }

    /// The mode that git prints as `text`; `None` for any other.
    #[must_use]
    pub fn from_git(text: &str) -> Option<Self> {
        [Self::Regular, Self::Executable, Self::Symlink, Self::Submodule].into_iter().find(|mode| mode.as_str() == text)
    }
}

/// One entry of a tree with its raw blob, never a filtered work-tree file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Mode in the tree.
    pub mode: FileMode,
    /// Raw bytes of the blob (of a symlink: its target; of a submodule: the commit id in hexadecimal).
    pub bytes: Vec<u8>,
}

impl File {
    /// A regular file.
    #[must_use]
    pub fn regular(bytes: impl Into<Vec<u8>>) -> Self {
        Self { mode: FileMode::Regular, bytes: bytes.into() }
    }

    /// SHA-256 of the bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }
}

/// The governed files of one revision by path (`/`-separated, relative to the repository), sorted by raw bytes.
pub type Tree = BTreeMap<String, File>;
