//! Blobs through one `git cat-file --batch`.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, ChildStdin, ChildStdout},
};

use super::{
    Git,
    command::{broken, unexpected},
    error::Error,
};

const ARGUMENTS: [&str; 2] = ["cat-file", "--batch"];

/// Reads raw objects, one after the other, from one process; never filtered, never the work tree's.
#[derive(Debug)]
pub struct BlobReader {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    treeish: String,
}

impl Git {
    /// A reader of the files of `treeish`, a commit or tree id.
    pub fn blobs(&self, treeish: &str) -> Result<BlobReader, Error> {
        let mut child = self.command(&ARGUMENTS, &[]);
        // Nobody reads it while the process lives; what it has to say is in the answers.
        child.stdin(std::process::Stdio::piped()).stderr(std::process::Stdio::null());
        let mut child = child.spawn().map_err(|source| broken(&ARGUMENTS, source))?;
        let (Some(requests), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(broken(&ARGUMENTS, io::ErrorKind::BrokenPipe.into()));
        };
        Ok(BlobReader {
            child,
            requests: Some(requests),
            answers: BufReader::new(answers),
            treeish: treeish.to_owned(),
        })
    }
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

    /// The bytes of an object, cut after `limit`.
    pub(super) fn object(&mut self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, Error> {
        if name.contains('\n') {
            return Err(unexpected(&ARGUMENTS, "an object's name holds a line end"));
        }
        self.exchange(name, limit).map_err(|source| broken(&ARGUMENTS, source))
    }

    fn exchange(&mut self, name: &str, limit: usize) -> io::Result<Option<Vec<u8>>> {
        let requests = self.requests.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        requests.write_all(format!("{name}\n").as_bytes())?;
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
        Ok((kind == "blob").then_some(bytes))
    }
}

impl Drop for BlobReader {
    fn drop(&mut self) {
        self.requests = None;
        let _ = self.child.wait();
    }
}
