//! Objects through one `git cat-file --batch-command`.

use std::{
    collections::VecDeque,
    io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _},
    process::{Child, ChildStdin, ChildStdout},
};

use super::{
    Git,
    command::{broken, unexpected},
    error::Error,
};

/// With `--buffer` git answers when it is told to, many questions with one write.
/// Source: <https://git-scm.com/docs/git-cat-file#Documentation/git-cat-file.txt---batch-command>
const ARGUMENTS: [&str; 3] = ["cat-file", "--batch-command", "--buffer"];

/// How many questions may wait for their answer. With 64 digits each they fit into the smallest pipe that systems give,
/// so that neither side ever waits for the other.
const MAX_WAITING: usize = 200;

/// An object as git answers.
pub(super) struct Object {
    pub(super) is_tree: bool,
    pub(super) is_blob: bool,
    pub(super) bytes: Vec<u8>,
}

/// Reads raw objects from one process; never filtered, never the work tree's.
#[derive(Debug)]
pub(super) struct Batch {
    child: Child,
    requests: BufWriter<ChildStdin>,
    /// Whether git was asked something and not yet told to answer.
    asked: bool,
    answers: BufReader<ChildStdout>,
}

impl Git {
    pub(super) fn batch(&self) -> Result<Batch, Error> {
        let mut child = self.command(&ARGUMENTS, &[]);
        // Nobody reads it while the process lives; what it has to say is in the answers.
        child.stdin(std::process::Stdio::piped()).stderr(std::process::Stdio::null());
        let mut child = child.spawn().map_err(|source| broken(&ARGUMENTS, source))?;
        let (Some(requests), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(broken(&ARGUMENTS, io::ErrorKind::BrokenPipe.into()));
        };
        let answers = BufReader::with_capacity(1 << 16, answers);
        Ok(Batch { child, requests: BufWriter::new(requests), asked: false, answers })
    }

    /// A reader of the files of `treeish`, a commit or tree id.
    pub fn blobs(&self, treeish: &str) -> Result<BlobReader, Error> {
        Ok(BlobReader { batch: self.batch()?, treeish: treeish.to_owned() })
    }
}

impl Batch {
    /// The object called `name`, cut after `limit` bytes; `None` where there is none.
    pub(super) fn object(&mut self, name: &str, limit: usize) -> Result<Option<Object>, Error> {
        self.send(name)?;
        self.receive(limit)
    }

    /// Asks for the objects with these ids, some ahead, and calls `take` with each id and answer in order, until it gives
    /// `false`. What has no id, or is not here, is answered with `None`.
    pub(super) fn answers<L>(
        &mut self,
        asked: &mut dyn Iterator<Item = Result<(L, Option<String>), Error>>,
        take: &mut dyn FnMut(L, Option<String>, Option<Object>) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let mut waiting: VecDeque<(L, Option<String>)> = VecDeque::new();
        let (mut more, mut going) = (true, true);
        loop {
            while more && going && waiting.len() < MAX_WAITING {
                match asked.next() {
                    None => more = false,
                    Some(asked) => {
                        let (label, id) = asked?;
                        if let Some(id) = &id {
                            self.send(id)?;
                        }
                        waiting.push_back((label, id));
                    }
                }
            }
            // Half of the questions at a time, so that git always has some to answer.
            for _ in 0..waiting.len().div_ceil(2) {
                let Some((label, id)) = waiting.pop_front() else { break };
                let object = if id.is_some() { self.receive(usize::MAX)? } else { None };
                going = going && take(label, id, object)?;
            }
            if waiting.is_empty() && !(more && going) {
                return Ok(());
            }
        }
    }

    fn send(&mut self, name: &str) -> Result<(), Error> {
        if name.contains('\n') {
            return Err(unexpected(&ARGUMENTS, "an object's name holds a line end"));
        }
        self.asked = true;
        writeln!(self.requests, "contents {name}").map_err(|source| broken(&ARGUMENTS, source))
    }

    fn receive(&mut self, limit: usize) -> Result<Option<Object>, Error> {
        self.answer(limit).map_err(|source| broken(&ARGUMENTS, source))
    }

    fn answer(&mut self, limit: usize) -> io::Result<Option<Object>> {
        if std::mem::take(&mut self.asked) {
            self.requests.write_all(b"flush\n")?;
            self.requests.flush()?;
        }
        let mut header = Vec::new();
        if self.answers.read_until(b'\n', &mut header)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let header = String::from_utf8_lossy(&header);
        // `<oid> <type> <size>`, or `<name> missing` and the like.
        let words: Vec<&str> = header.trim_end_matches('\n').rsplitn(3, ' ').collect();
        let [size, kind, oid] = words[..] else { return Ok(None) };
        let (Ok(size), true) = (size.parse::<u64>(), oid.bytes().all(|byte| byte.is_ascii_hexdigit())) else {
            return Ok(None);
        };
        let kept = size.min(limit.try_into().unwrap_or(u64::MAX));
        let mut bytes = Vec::new();
        self.answers.by_ref().take(kept).read_to_end(&mut bytes)?;
        // The rest of the object, and the line end after it.
        let rest = size - kept + 1;
        let skipped = io::copy(&mut self.answers.by_ref().take(rest), &mut io::sink())?;
        if bytes.len() as u64 != kept || skipped != rest {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Some(Object { is_tree: kind == "tree", is_blob: kind == "blob", bytes }))
    }
}

/// The error for an object that is not here.
pub(super) fn missing(id: &str) -> Error {
    unexpected(
        &["cat-file", id],
        "the object is missing; fetch it first: a shallow clone gets what it lacks with `git fetch --unshallow`, a partial \
         one with `git fetch --refetch --no-filter`",
    )
}

/// Git may be in the middle of an answer that nobody will read: it is not waited for, but stopped. It only reads.
impl Drop for Batch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads blobs by path, one after the other.
#[derive(Debug)]
pub struct BlobReader {
    batch: Batch,
    treeish: String,
}

impl BlobReader {
    /// The bytes of the file at `path`; `None` where there is none.
    pub fn read(&mut self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        // git takes these as relative to the directory that it runs in, and gives up.
        if path.starts_with("./") || path.starts_with("../") {
            return Ok(None);
        }
        self.object(&format!("{}:{path}", self.treeish), usize::MAX)
    }

    /// The bytes of a blob, cut after `limit`.
    pub(super) fn object(&mut self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.batch.object(name, limit)?.filter(|object| object.is_blob).map(|object| object.bytes))
    }
}
