//! Files of one commit of which there may be very many: tree by tree, and from a remote only those that are asked for.

use std::collections::BTreeMap;

use super::{Git, batch::Batch, command::unexpected, error::Error, path::text};
use crate::model::Secret;

/// Folders whose trees are kept; a log of a million entries has about a hundred thousand.
const MAX_KEPT: usize = 2_000;

/// Deepest folder that is looked into.
const MAX_DEPTH: usize = 16;

/// How often a remote is asked for what is missing on the way to a file: once for each folder.
const MAX_ROUNDS: usize = MAX_DEPTH;

/// Where objects come from that are not here.
#[derive(Debug, Clone)]
struct Remote {
    name: String,
    token: Option<Secret>,
}

/// What a folder holds under one name.
#[derive(Debug, Clone)]
struct Node {
    name: Vec<u8>,
    is_tree: bool,
    is_regular: bool,
    id: String,
}

/// Reads files of one commit by path.
#[derive(Debug)]
pub struct CommitFiles {
    git: Git,
    remote: Option<Remote>,
    commit: String,
    /// Answers what holds up everything else, beside `blobs`, which works ahead.
    trees: Batch,
    blobs: Batch,
    folders: BTreeMap<String, Vec<Node>>,
}

/// How far a path could be followed.
enum Found {
    Node(Node),
    Nothing,
    /// This object is not here.
    Missing(String),
}

impl Git {
    /// The files of a commit that is here.
    pub fn files(&self, commit: &str) -> Result<CommitFiles, Error> {
        self.commit_files_of(commit, None)
    }

    /// The files of a commit of `remote`, of which only those are fetched that are read. The repository is one for this
    /// purpose alone: it will hold parts of trees.
    /// Source: <https://git-scm.com/docs/partial-clone>
    pub fn remote_files(&self, remote: &str, commit: &str, token: Option<&Secret>) -> Result<CommitFiles, Error> {
        self.fetch_part(remote, &[commit], "tree:2", token)?;
        self.commit_files_of(commit, Some(Remote { name: remote.to_owned(), token: token.cloned() }))
    }

    fn commit_files_of(&self, commit: &str, remote: Option<Remote>) -> Result<CommitFiles, Error> {
        Ok(CommitFiles {
            git: self.clone(),
            remote,
            commit: commit.to_owned(),
            trees: self.batch()?,
            blobs: self.batch()?,
            folders: BTreeMap::new(),
        })
    }
}

impl CommitFiles {
    /// The commit.
    #[must_use]
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// The bytes of the file at `path`; `None` where there is none.
    pub fn read(&mut self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        self.fetch(&[path])?;
        match self.find(path)? {
            Found::Node(node) if !node.is_tree => match self.blobs.object(&node.id, usize::MAX)? {
                Some(object) => Ok(Some(object.bytes)),
                None => Err(missing(&node.id)),
            },
            Found::Node(_) | Found::Nothing => Ok(None),
            Found::Missing(id) => Err(missing(&id)),
        }
    }

    /// Reads many files in order, a few ahead; ends where `take` gives `false`. Files in the same folder should follow
    /// each other. All of them must be here.
    pub fn read_each(
        &mut self,
        paths: &mut dyn Iterator<Item = String>,
        take: &mut dyn FnMut(&str, Option<Vec<u8>>) -> bool,
    ) -> Result<(), Error> {
        let Self { trees, blobs, folders, commit, .. } = self;
        let mut lookup = Lookup { trees, folders, commit };
        let mut ids = paths.map(|path| match lookup.find(&path)? {
            Found::Node(node) => Ok((path, (!node.is_tree).then_some(node.id))),
            Found::Nothing => Ok((path, None)),
            Found::Missing(id) => Err(missing(&id)),
        });
        blobs.objects(&mut ids, &mut |path, object| take(path, object.map(|object| object.bytes)))
    }

    /// Calls `take` with the path of every file, and whether it is a regular file of mode 100644. Folders that are nested
    /// too deeply are given as if they were files.
    pub fn paths(&mut self, take: &mut dyn FnMut(&str, bool)) -> Result<(), Error> {
        let mut open = vec![(String::new(), 0)];
        while let Some((folder, depth)) = open.pop() {
            let Self { trees, folders, commit, .. } = self;
            let nodes = match (Lookup { trees, folders, commit }).folder(&folder)? {
                Ok(nodes) => nodes.to_vec(),
                Err(id) => return Err(missing(&id)),
            };
            for node in nodes {
                let name = text(&node.name);
                let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                // A name that is not UTF-8 reads as another one, so its folder could not be looked up.
                if node.is_tree && depth < MAX_DEPTH && std::str::from_utf8(&node.name).is_ok() {
                    open.push((path, depth + 1));
                } else {
                    take(&path, node.is_regular);
                }
            }
        }
        Ok(())
    }

    /// Fetches what is missing of these files and of the folders that they are in, all in one go for each level of
    /// folders. A file need not exist.
    pub fn fetch(&mut self, paths: &[&str]) -> Result<(), Error> {
        let Some(remote) = self.remote.clone() else { return Ok(()) };
        for _ in 0..MAX_ROUNDS {
            let mut missing = Vec::new();
            for path in paths {
                match self.find(path)? {
                    Found::Missing(id) => missing.push(id),
                    Found::Node(node) if self.trees.object(&node.id, 0)?.is_none() => missing.push(node.id),
                    Found::Node(_) | Found::Nothing => {}
                }
            }
            if missing.is_empty() {
                return Ok(());
            }
            missing.sort();
            missing.dedup();
            let ids: Vec<&str> = missing.iter().map(String::as_str).collect();
            self.git.fetch_part(&remote.name, &ids, "tree:0", remote.token.as_ref())?;
        }
        Ok(())
    }

    fn find(&mut self, path: &str) -> Result<Found, Error> {
        let Self { trees, folders, commit, .. } = self;
        Lookup { trees, folders, commit }.find(path)
    }
}

/// Folders, read as they are needed.
struct Lookup<'a> {
    trees: &'a mut Batch,
    folders: &'a mut BTreeMap<String, Vec<Node>>,
    commit: &'a str,
}

impl Lookup<'_> {
    fn find(&mut self, path: &str) -> Result<Found, Error> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let nodes = match self.folder(folder)? {
            Ok(nodes) => nodes,
            Err(id) => return Ok(Found::Missing(id)),
        };
        let at = nodes.binary_search_by(|node| node.name.as_slice().cmp(name.as_bytes()));
        Ok(at.ok().and_then(|at| nodes.get(at)).map_or(Found::Nothing, |node| Found::Node(node.clone())))
    }

    /// What a folder holds, nothing where there is none; the id of a tree on the way that is not here.
    fn folder(&mut self, path: &str) -> Result<Result<&[Node], String>, Error> {
        if !self.folders.contains_key(path) {
            let id = if path.is_empty() {
                Some(format!("{}^{{tree}}", self.commit))
            } else {
                match self.find(path)? {
                    Found::Missing(id) => return Ok(Err(id)),
                    Found::Node(node) => Some(node.id).filter(|_| node.is_tree),
                    Found::Nothing => None,
                }
            };
            let nodes = match id {
                None => Vec::new(),
                Some(id) => match self.trees.object(&id, usize::MAX)?.filter(|object| object.is_tree) {
                    None => return Ok(Err(id)),
                    Some(object) => {
                        nodes(&object.bytes, self.commit.len() / 2).ok_or_else(|| unexpected(&["cat-file"], id))?
                    }
                },
            };
            if self.folders.len() >= MAX_KEPT {
                self.folders.clear();
            }
            self.folders.insert(path.to_owned(), nodes);
        }
        Ok(Ok(self.folders.get(path).map(Vec::as_slice).unwrap_or_default()))
    }
}

/// The entries of a tree object, by name: `<mode> <name>`, NUL, id.
fn nodes(mut bytes: &[u8], id_length: usize) -> Option<Vec<Node>> {
    let mut nodes = Vec::new();
    while !bytes.is_empty() {
        let space = bytes.iter().position(|byte| *byte == b' ')?;
        let nul = bytes.iter().position(|byte| *byte == 0)?;
        let (mode, name) = (bytes.get(..space)?, bytes.get(space + 1..nul)?);
        let id = bytes.get(nul + 1..nul + 1 + id_length)?;
        let (is_tree, is_regular) = (mode == b"40000", mode == b"100644");
        nodes.push(Node { name: name.to_vec(), is_tree, is_regular, id: hex::encode(id) });
        bytes = bytes.get(nul + 1 + id_length..)?;
    }
    nodes.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Some(nodes)
}

fn missing(id: &str) -> Error {
    unexpected(&["cat-file", id], "the object is missing; fetch it first")
}
