//! Files of one commit of which there may be very many: tree by tree, and from a remote only those that are asked for.
//!
//! A file `a.trees` may stand for folders that earlier commits had: each line is the id of a folder's tree, and
//! `a.trees/007/b` is the file `b` in the eighth of them. A tree that stays small this way is what pushes are checked
//! against: the receiving git goes through all of the parent's.
//! Source: <https://github.com/git/git/blob/v2.47.0/connected.c>

use std::{
    collections::{BTreeMap, BTreeSet},
    vec,
};

use super::{
    Git,
    batch::{Batch, missing},
    command::unexpected,
    error::Error,
    history::Parents,
    path::text,
};
use crate::model::Secret;

/// Folders whose trees are kept: files are asked for folder by folder, and each may have a thousand.
const MAX_KEPT: usize = 100;

/// Folders that a walk looks into at once.
const FOLDERS_AT_ONCE: usize = 64;

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
    /// The commit of a submodule is in no object store.
    is_commit: bool,
}

impl Node {
    fn folder(name: Vec<u8>, id: String) -> Self {
        Self { name, is_tree: true, is_regular: false, id, is_commit: false }
    }

    /// The id of its bytes, where it has some.
    fn into_blob(self) -> Option<String> {
        (!self.is_tree && !self.is_commit).then_some(self.id)
    }
}

/// Takes a file: its path, whether it is a regular file of mode 100644, and its bytes where they were read.
pub type TakeFile<'a> = dyn FnMut(&str, bool, Option<Vec<u8>>) + 'a;

/// Reads files of one commit by path.
#[derive(Debug)]
pub struct CommitFiles {
    git: Git,
    remote: Option<Remote>,
    commit: String,
    /// Whether what is missing or malformed counts as nothing; else it is an error.
    lenient: bool,
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
    /// The files of a commit that is here. What is missing of it is an error.
    pub fn files(&self, commit: &str) -> Result<CommitFiles, Error> {
        self.commit_files_of(commit, None, false)
    }

    /// The same for those who look for what is wrong with them: folders that are missing or malformed, and files that are
    /// missing, count as nothing. In a shallow or partial clone, whose remote may have them, what is missing is an error.
    pub fn files_to_verify(&self, commit: &str) -> Result<CommitFiles, Error> {
        self.commit_files_of(commit, None, !self.is_partial()?)
    }

    /// The files of a commit of `remote`, of which only those are fetched that are read. The repository is one for this
    /// purpose alone: it will hold parts of trees.
    /// Source: <https://git-scm.com/docs/partial-clone>
    pub fn remote_files(&self, remote: &str, commit: &str, token: Option<&Secret>) -> Result<CommitFiles, Error> {
        self.fetch_part(remote, &[commit], "tree:2", token)?;
        self.commit_files_of(commit, Some(Remote { name: remote.to_owned(), token: token.cloned() }), false)
    }

    fn commit_files_of(&self, commit: &str, remote: Option<Remote>, lenient: bool) -> Result<CommitFiles, Error> {
        Ok(CommitFiles {
            git: self.clone(),
            commit: commit.to_owned(),
            lenient,
            trees: self.batch()?,
            blobs: self.batch()?,
            folders: BTreeMap::new(),
            remote,
        })
    }
}

impl CommitFiles {
    /// The commit.
    #[must_use]
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// Goes on with the files of another commit that is here.
    pub fn go_to(&mut self, commit: String) {
        self.commit = commit;
        self.folders.clear();
    }

    /// The bytes of the file at `path` as [`Git::read_tree`] has them; `None` where there is none.
    pub fn file(&mut self, path: &str, max_bytes: usize) -> Result<Option<Vec<u8>>, Error> {
        match self.find(path)? {
            Found::Node(node) if node.is_commit => Ok(Some(node.id.into_bytes())),
            Found::Node(node) => match node.into_blob() {
                Some(id) => match self.blobs.object(&id, max_bytes.saturating_add(1))? {
                    Some(blob) => Ok(Some(blob.bytes)),
                    None => Err(missing(&id)),
                },
                None => Ok(None),
            },
            Found::Nothing => Ok(None),
            Found::Missing(id) => Err(missing(&id)),
        }
    }

    /// The bytes of the file at `path`; `None` where there is none. Of the folder at `a/` the line that it would have in a
    /// file `a.trees`, and a line for each name in it, with a `/` after those that are no regular files; a line end in a name
    /// is `%0A`.
    pub fn read(&mut self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        self.fetch(&[path])?;
        let (folder, lenient) = (path.strip_suffix('/'), self.lenient);
        match self.find(folder.unwrap_or(path))? {
            Found::Node(node) if node.is_tree && folder.is_some() => self.listed(path, &node.id).map(Some),
            Found::Node(node) => match node.into_blob().filter(|_| folder.is_none()) {
                Some(id) => match self.blobs.object(&id, usize::MAX)? {
                    None => absent(lenient, &id),
                    blob => Ok(blob.map(|blob| blob.bytes)),
                },
                None => Ok(None),
            },
            Found::Nothing => Ok(None),
            Found::Missing(id) => absent(lenient, &id),
        }
    }

    /// The trees that the history keeps of `folder` ([`Git::trees_before`]); an error where the history is cut off.
    pub fn kept(&self, changed: &str, folder: &str) -> Result<BTreeSet<String>, Error> {
        if self.git.is_cut_off(&self.commit, None, Parents::All)? {
            let detail = "the history is cut off; get all of it with `git fetch --unshallow`";
            return Err(unexpected(&["rev-list", &self.commit], detail));
        }
        self.git.trees_before(&self.commit, changed, folder)
    }

    fn listed(&mut self, path: &str, id: &str) -> Result<Vec<u8>, Error> {
        let mut lookup = self.lookup();
        let nodes = lookup.folder(path.trim_end_matches('/'))?.map_err(|id| missing(&id))?;
        let names = nodes.iter().map(|node| {
            let end = if node.is_regular { "\n" } else { "/\n" };
            text(&node.name).replace('\n', "%0A") + end
        });
        Ok(format!("{id}\n{}", names.collect::<String>()).into_bytes())
    }

    /// Reads many files in order, a few ahead; ends where `take` gives `false`. Files in the same folder should follow
    /// each other. What has to be fetched is an error.
    pub fn read_each(
        &mut self,
        paths: &mut dyn Iterator<Item = String>,
        take: &mut dyn FnMut(&str, Option<Vec<u8>>) -> bool,
    ) -> Result<(), Error> {
        let Self { trees, blobs, folders, commit, lenient, .. } = self;
        let lenient = *lenient;
        let mut lookup = Lookup { trees, folders, commit, lenient };
        let mut asked = paths.map(|path| match lookup.find(&path)? {
            Found::Node(node) => Ok((path, node.into_blob())),
            Found::Nothing => Ok((path, None)),
            Found::Missing(id) => absent::<()>(lenient, &id).map(|_| (path, None)),
        });
        blobs.answers(&mut asked, &mut |path, id, object| match (id, object) {
            (Some(id), None) if !lenient => Err(missing(&id)),
            (_, object) => Ok(take(&path, object.map(|object| object.bytes))),
        })
    }

    /// Calls `take` with every file, and with its bytes where the path is `wanted`. A folder `a/` that is empty, malformed,
    /// missing or nested too deeply is given as if it were a file with that name, and nothing in it. In no order that means
    /// anything, but always in the same. What has to be fetched is an error.
    pub fn walk(&mut self, wanted: &dyn Fn(&str) -> bool, take: &mut TakeFile) -> Result<(), Error> {
        let Self { trees, blobs, commit, lenient, .. } = self;
        let lenient = *lenient;
        let mut asked = Walk::new(trees, commit, lenient).map(|file| {
            let (path, node) = file?;
            let regular = node.is_regular;
            let id = node.into_blob().filter(|_| wanted(&path));
            Ok(((path, regular), id))
        });
        blobs.answers(&mut asked, &mut |(path, regular), id, object| match (id, object) {
            (Some(id), None) if !lenient => Err(missing(&id)),
            (_, object) => {
                take(&path, regular, object.map(|object| object.bytes));
                Ok(true)
            }
        })
    }

    /// Fetches what is missing of these files and of the folders that they are in, all in one go for each level of
    /// folders; of a folder `a/` only those that it is in. A file need not exist.
    pub fn fetch(&mut self, paths: &[&str]) -> Result<(), Error> {
        let Some(remote) = self.remote.clone() else { return Ok(()) };
        for _ in 0..MAX_ROUNDS {
            let mut missing = Vec::new();
            for path in paths {
                let (path, is_file) = path.strip_suffix('/').map_or((*path, true), |folder| (folder, false));
                match self.find(path)? {
                    Found::Missing(id) => missing.push(id),
                    Found::Node(node) if is_file && !node.is_commit && self.trees.object(&node.id, 0)?.is_none() => {
                        missing.push(node.id);
                    }
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
        self.lookup().find(path)
    }

    fn lookup(&mut self) -> Lookup<'_> {
        let Self { trees, folders, commit, lenient, .. } = self;
        Lookup { trees, folders, commit, lenient: *lenient }
    }
}

/// What the name of a file ends in that stands for folders.
const SEALS: &str = ".trees";

/// Most folders that a file stands for, and more bytes than their ids have.
const MAX_SEALS: usize = 1_000;
const MAX_SEALS_BYTES: usize = MAX_SEALS * 65 + 1;

/// The folders that such a file stands for, none where it holds anything but their ids.
fn sealed(bytes: &[u8], id_length: usize) -> Vec<Node> {
    let is_id =
        |id: &&str| id.len() == 2 * id_length && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let text = std::str::from_utf8(bytes).ok().and_then(|text| text.strip_suffix('\n')).unwrap_or_default();
    let ids: Vec<&str> = text.split('\n').collect();
    if ids.len() > MAX_SEALS || !ids.iter().all(is_id) {
        return Vec::new();
    }
    ids.into_iter().enumerate().map(|(n, id)| Node::folder(format!("{n:03}").into_bytes(), id.to_owned())).collect()
}

/// A folder to look into.
struct Folder {
    /// What the paths in it begin with.
    prefix: String,
    depth: usize,
    id: String,
    /// Whether a file stands for it.
    sealed: bool,
}

/// Every file of a commit, some folders ahead.
struct Walk<'a> {
    trees: &'a mut Batch,
    /// Bytes of an object id.
    id_length: usize,
    /// Whether trees that are missing or malformed are given like empty ones.
    lenient: bool,
    open: Vec<Folder>,
    /// Folders that a file stood for. Each is looked into once, or a small tree could be an endless one.
    sealed: BTreeSet<String>,
    found: vec::IntoIter<(String, Node)>,
}

impl<'a> Walk<'a> {
    fn new(trees: &'a mut Batch, commit: &str, lenient: bool) -> Self {
        let root = Folder { prefix: String::new(), depth: 0, id: format!("{commit}^{{tree}}"), sealed: false };
        Self {
            trees,
            id_length: commit.len() / 2,
            lenient,
            open: vec![root],
            sealed: BTreeSet::new(),
            found: Vec::new().into_iter(),
        }
    }

    /// Looks into the folders that were found last.
    fn look(&mut self) -> Result<(), Error> {
        let (mut found, mut inner, mut seals) = (Vec::new(), Vec::new(), Vec::new());
        let folders = self.open.split_off(self.open.len().saturating_sub(FOLDERS_AT_ONCE));
        let mut asked = folders.into_iter().map(|folder| {
            let id = folder.id.clone();
            Ok((folder, Some(id)))
        });
        let (id_length, lenient) = (self.id_length, self.lenient);
        self.trees.answers(&mut asked, &mut |folder: Folder, _, object| {
            let nodes = object.as_ref().filter(|tree| tree.is_tree).and_then(|tree| nodes(&tree.bytes, id_length));
            let Folder { prefix, depth, id, sealed } = folder;
            let nodes = match (nodes, object) {
                (Some(nodes), _) => nodes,
                // What a file claims to be a tree need not be one.
                (None, Some(object)) if sealed && !object.is_tree => Vec::new(),
                _ if lenient => Vec::new(),
                (None, None) => return Err(missing(&id)),
                (None, Some(_)) => return Err(malformed(&prefix, &id)),
            };
            if nodes.is_empty() && !prefix.is_empty() {
                // Git makes no empty folder: whoever did meant something by it.
                found.push((prefix, Node::folder(Vec::new(), id)));
                return Ok(true);
            }
            for node in nodes {
                let name = text(&node.name);
                // A name that is not UTF-8 reads as another one, so what is in the folder would, too.
                let plain = !sealed && depth < MAX_DEPTH && std::str::from_utf8(&node.name).is_ok();
                let path = format!("{prefix}{name}");
                if node.is_tree && plain {
                    inner.push(Folder { prefix: path + "/", depth: depth + 1, id: node.id, sealed: false });
                    continue;
                }
                if node.is_regular && plain && name.ends_with(SEALS) {
                    seals.push(Ok((path.clone(), Some(node.id.clone()))));
                }
                let end = if node.is_tree { "/" } else { "" };
                found.push((path + end, node));
            }
            Ok(true)
        })?;
        let seen = &mut self.sealed;
        self.trees.answers(&mut seals.into_iter(), &mut |path, id, seal| {
            if let (Some(id), None, false) = (id, &seal, lenient) {
                return Err(missing(&id));
            }
            let folders = seal.map(|seal| self::sealed(&seal.bytes, id_length)).unwrap_or_default();
            let new = folders.into_iter().filter(|folder| seen.insert(folder.id.clone()));
            inner.extend(new.map(|Node { name, id, .. }| {
                let prefix = format!("{path}/{}/", text(&name));
                Folder { prefix, depth: 0, id, sealed: true }
            }));
            Ok(true)
        })?;
        self.open.append(&mut inner);
        self.found = found.into_iter();
        Ok(())
    }
}

impl Iterator for Walk<'_> {
    type Item = Result<(String, Node), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(file) = self.found.next() {
                return Some(Ok(file));
            }
            if self.open.is_empty() {
                return None;
            }
            if let Err(error) = self.look() {
                self.open.clear();
                return Some(Err(error));
            }
        }
    }
}

/// Folders, read as they are needed.
struct Lookup<'a> {
    trees: &'a mut Batch,
    folders: &'a mut BTreeMap<String, Vec<Node>>,
    commit: &'a str,
    /// Whether a malformed tree is one of nothing.
    lenient: bool,
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
            let id_length = self.commit.len() / 2;
            let (id, is_tree) = if path.is_empty() {
                (Some(format!("{}^{{tree}}", self.commit)), true)
            } else {
                match self.find(path)? {
                    Found::Missing(id) => return Ok(Err(id)),
                    Found::Node(node) if node.is_tree => (Some(node.id), true),
                    Found::Node(node) if node.is_regular && path.ends_with(SEALS) => (Some(node.id), false),
                    Found::Node(_) | Found::Nothing => (None, false),
                }
            };
            let nodes = match id {
                None => Vec::new(),
                Some(id) => match self.trees.object(&id, if is_tree { usize::MAX } else { MAX_SEALS_BYTES })? {
                    None => return Ok(Err(id)),
                    Some(seals) if !is_tree => sealed(&seals.bytes, id_length),
                    Some(object) if object.is_tree => match nodes(&object.bytes, id_length) {
                        Some(nodes) => nodes,
                        None if self.lenient => Vec::new(),
                        None => return Err(malformed(path, &id)),
                    },
                    // What a file claims to be a tree need not be one.
                    Some(_) => Vec::new(),
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

fn malformed(path: &str, id: &str) -> Error {
    unexpected(
        &["cat-file", id],
        format!("the tree of the folder `{path}` has a name twice or one with a `/`, or is none"),
    )
}

/// Nothing for those who are lenient, else an error.
fn absent<T>(lenient: bool, id: &str) -> Result<Option<T>, Error> {
    if lenient { Ok(None) } else { Err(missing(id)) }
}

/// The entries of a tree object, by name: `<mode> <name>`, NUL, id. `None` where a name comes twice or is a path, as git
/// never writes it: which of two files is meant, every program would answer for itself.
fn nodes(mut bytes: &[u8], id_length: usize) -> Option<Vec<Node>> {
    let mut nodes = Vec::new();
    while !bytes.is_empty() {
        let space = bytes.iter().position(|byte| *byte == b' ')?;
        let nul = bytes.iter().position(|byte| *byte == 0)?;
        let (mode, name) = (bytes.get(..space)?, bytes.get(space + 1..nul)?);
        let id = bytes.get(nul + 1..nul + 1 + id_length)?;
        if name.is_empty() || name.contains(&b'/') {
            return None;
        }
        nodes.push(Node {
            name: name.to_vec(),
            is_tree: mode == b"40000",
            is_regular: mode == b"100644",
            is_commit: mode == b"160000",
            id: hex::encode(id),
        });
        bytes = bytes.get(nul + 1 + id_length..)?;
    }
    nodes.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    nodes.windows(2).all(|pair| pair[0].name != pair[1].name).then_some(nodes)
}
