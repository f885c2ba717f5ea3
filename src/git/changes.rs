//! What differs between many pairs of commits, through one `git diff-tree` and one `git cat-file`.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use super::{
    Git,
    batch::{Batch, missing},
    command::{broken, unexpected},
    diff::DIFF,
    error::Error,
    path::text,
    tree::mode,
};
use crate::model::{File, FileMode, Tree};

/// What git echoes, since it is no commit: the end of an answer.
/// Source: <https://git-scm.com/docs/git-diff-tree#Documentation/git-diff-tree.txt---stdin>
const END: &[u8] = b".\n";

/// Asks for the differences between pairs of commits, one pair after the other.
#[derive(Debug)]
pub struct Changes {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    blobs: Batch,
}

/// Facts of one path: `:<old mode> <new mode> <old oid> <new oid> <status>`.
struct Raw {
    path: String,
    before: Option<(FileMode, String)>,
    after: Option<(FileMode, String)>,
}

impl Git {
    /// A reader of differences.
    pub fn changes(&self) -> Result<Changes, Error> {
        let arguments = arguments();
        let mut command = self.command(&arguments, &[]);
        // Nobody reads it while the process lives; that it ends says enough.
        let child = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.map_err(|source| broken(&arguments, source))?;
        let (Some(requests), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(broken(&arguments, io::ErrorKind::BrokenPipe.into()));
        };
        Ok(Changes { child, requests, answers: BufReader::new(answers), blobs: self.batch()? })
    }
}

fn arguments() -> Vec<&'static str> {
    let mut arguments = vec!["diff-tree", "--stdin", "--raw", "--no-renames", "--no-abbrev", "--always"];
    arguments.extend(DIFF);
    arguments
}

impl Changes {
    /// Whether the commit is here.
    pub fn has(&mut self, commit: &str) -> Result<bool, Error> {
        let name = format!("{commit}^{{commit}}");
        Ok(self.blobs.object(&name, 0)?.is_some())
    }

    /// The files that differ between two commits and whose paths are `wanted`, as they were before and after. Bytes,
    /// modes and paths are those of [`Git::read_tree`]. Both commits must be here.
    pub fn between(
        &mut self,
        before: &str,
        after: &str,
        wanted: &dyn Fn(&str) -> bool,
        max_bytes: usize,
    ) -> Result<(Tree, Tree), Error> {
        let raw = self.ask(before, after).map_err(|source| broken(&arguments(), source))?;
        let (mut old, mut new) = (Tree::new(), Tree::new());
        for record in raw {
            let odd = || unexpected(&arguments(), record.escape_debug().to_string());
            let Raw { path, before, after } = parse(&record).ok_or_else(odd)?;
            if !wanted(&path) {
                continue;
            }
            for (tree, side) in [(&mut old, before), (&mut new, after)] {
                let Some((mode, oid)) = side else { continue };
                let file = File { mode, bytes: self.bytes(mode, oid, max_bytes)? };
                if tree.insert(path.clone(), file).is_some() {
                    let detail = format!("two paths read as {path:?}; rename one of them");
                    return Err(unexpected(&arguments(), detail));
                }
            }
        }
        Ok((old, new))
    }

    fn bytes(&mut self, mode: FileMode, oid: String, max_bytes: usize) -> Result<Vec<u8>, Error> {
        if mode == FileMode::Submodule {
            return Ok(oid.into_bytes());
        }
        let object = self.blobs.object(&oid, max_bytes.saturating_add(1))?;
        object.filter(|object| object.is_blob).map(|object| object.bytes).ok_or_else(|| missing(&oid))
    }

    /// The records of one answer: facts, TAB, path.
    fn ask(&mut self, before: &str, after: &str) -> io::Result<Vec<String>> {
        let is_id = |id: &str| id.len() >= 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_id(before) || !is_id(after) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no commit id"));
        }
        // The commit, and the parent that it is to be compared with.
        self.requests.write_all(format!("{after} {before}\n").as_bytes())?;
        self.requests.write_all(END)?;
        let mut records = Vec::new();
        // Of a commit that is not here, git says nothing.
        if self.answers.fill_buf()?.first() == Some(&END[0]) {
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("the commit {after} is not here")));
        }
        self.field()?;
        while self.answers.fill_buf()?.first() == Some(&b':') {
            let (facts, path) = (self.field()?, self.field()?);
            records.push(format!("{}\t{}", text(&facts), text(&path)));
        }
        let mut end = [0; END.len()];
        self.answers.read_exact(&mut end)?;
        if end == END { Ok(records) } else { Err(io::ErrorKind::InvalidData.into()) }
    }

    fn field(&mut self) -> io::Result<Vec<u8>> {
        let mut field = Vec::new();
        self.answers.read_until(0, &mut field)?;
        if field.pop() == Some(0) { Ok(field) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

fn parse(record: &str) -> Option<Raw> {
    let (facts, path) = record.strip_prefix(':')?.split_once('\t')?;
    let [old_mode, new_mode, old, new, _] = facts.split(' ').collect::<Vec<_>>()[..] else { return None };
    let side = |text: &str, oid: &str| match text {
        "000000" => Some(None),
        _ => Some(Some((mode(text)?, oid.to_owned()))),
    };
    Some(Raw { path: path.to_owned(), before: side(old_mode, old)?, after: side(new_mode, new)? })
}

/// Git may be in the middle of an answer that nobody will read: it is not waited for, but stopped. It only reads.
impl Drop for Changes {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
