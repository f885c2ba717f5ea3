//! Verifying: everything that the log says about itself, computed again from its entries.
//!
//! One bundle is in memory at a time; beside it, 37 bytes for each id, approval and blob that an entry names.

mod audit;
mod bounded;
mod facts;
mod files;
mod head;
mod kept;
mod tree;

use std::{collections::BTreeSet, fmt};

use crate::model::{Digest, Entry, VerifierKey};

use super::{Checkpoint, Error, Note, Origin, ReadError, layout::CHECKPOINT};

use audit::{Audit, read};
use bounded::Bounded;
use tree::Streamed;

/// Takes a file: its path, whether it is a regular file of mode 100644, and its bytes where they were read.
pub type TakeFile<'a> = dyn FnMut(&str, bool, Option<Vec<u8>>) + 'a;

/// Takes an entry with its index.
pub type TakeEntry<'a> = dyn FnMut(u64, &Entry) + 'a;

/// The files of the log's branch at one commit.
pub trait LogFiles {
    /// The bytes of a file; `None` where there is none.
    fn read(&mut self, path: &str) -> Result<Option<Vec<u8>>, ReadError>;

    /// Reads many files in order, and stops early where `take` gives `false`.
    fn read_each(
        &mut self,
        paths: &mut dyn Iterator<Item = String>,
        take: &mut dyn FnMut(&str, Option<Vec<u8>>) -> bool,
    ) -> Result<(), ReadError>;

    /// Calls `take` with every file, and with its bytes where the path is `wanted`; also with the files of the trees that
    /// files `a.trees` list, as `a.trees/000/b`. A folder that gives no files is given as `a/`.
    fn walk(&mut self, wanted: &dyn Fn(&str) -> bool, take: &mut TakeFile) -> Result<(), ReadError>;

    /// Ids of the trees that `folder` had right before the commits of the branch that changed `changed`; `None` where the
    /// files have no history.
    fn kept(&mut self, changed: &str, folder: &str) -> Result<Option<BTreeSet<String>>, ReadError>;
}

/// What is known of the log beforehand, from the policy and from whoever kept an earlier checkpoint.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pinned {
    /// Whose log it should be; without it the checkpoint's own origin is believed.
    pub origin: Option<Origin>,
    /// Leaf hash of the first entry.
    pub first_entry: Option<Digest>,
    /// Keys that may sign, the present one first.
    pub keys: Vec<VerifierKey>,
    /// Keys of witnesses.
    pub witnesses: Vec<VerifierKey>,
    /// How many of the witnesses must have cosigned the checkpoint, or an earlier one that the log has grown from.
    pub cosignatures: usize,
    /// Earlier checkpoints, which the log must have grown from.
    pub earlier: Vec<Earlier>,
}

/// An earlier checkpoint, and how people know it.
#[derive(Debug, Clone, PartialEq)]
pub struct Earlier {
    /// Where it comes from, for messages.
    pub name: String,
    /// The tree head.
    pub checkpoint: Checkpoint,
    /// The same with its signatures.
    pub note: Note,
}

/// Where something is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// An entry, by its index, with its id where it can still be read.
    Entry(u64, Option<String>),
    /// A file of the log's branch.
    File(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(index, Some(id)) => write!(f, "entry {index} ({id})"),
            Self::Entry(index, None) => write!(f, "entry {index}"),
            Self::File(path) => write!(f, "`{path}`"),
        }
    }
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What, one sentence without a full stop that begins with the place's verb: `is missing`. Holds text of the log.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.place, self.what)
    }
}

/// What verifying found.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The tree head, where it can be read.
    pub checkpoint: Option<Checkpoint>,
    /// How many entries were read.
    pub size: u64,
    /// Leaf hash of the first entry, where there is one.
    pub first_entry: Option<Digest>,
    /// The key that signed the checkpoint.
    pub signed_by: Option<VerifierKey>,
    /// How many of the known witnesses cosigned it, or an earlier one.
    pub cosigned_by: usize,
    /// In order; the log is whole when there is none.
    pub problems: Vec<Problem>,
}

/// Verifies a log. Each entry that can be read is given to `take` in passing, before anything is known of the log as a
/// whole: what it says counts for nothing where the report has a problem.
///
/// # Errors
/// [`Error::Read`]; what is wrong with the log is a problem in the report.
pub fn verify(pinned: &Pinned, files: &mut dyn LogFiles, take: &mut TakeEntry) -> Result<Report, Error> {
    let checkpoint = match read(files, CHECKPOINT)? {
        None => Err("is missing: the branch holds no audit log, or none any more".to_owned()),
        Some(bytes) => {
            Checkpoint::parse(&bytes).map(|read| (read, bytes)).map_err(|what| format!("is no checkpoint: {what}"))
        }
    };
    let (checkpoint, bytes) = match checkpoint {
        Ok(found) => found,
        Err(what) => {
            let problems = vec![Problem { place: Place::File(CHECKPOINT.to_owned()), what }];
            let (checkpoint, size, first_entry, signed_by, cosigned_by) = Default::default();
            return Ok(Report { checkpoint, size, first_entry, signed_by, cosigned_by, problems });
        }
    };
    let mut audit = Audit::new(&checkpoint);
    audit.begin(files)?;
    let mut streamed = Streamed::new(&checkpoint, &pinned.earlier);
    streamed.run(files, &mut |index, line| audit.line(index, line, take))?;
    let size = streamed.edge.size();
    let mut head = head::Head::new(pinned, &checkpoint, &bytes);
    head.origin();
    head.first_entry(streamed.first);
    head.earlier();
    // Where entries are missing, what follows from all of them says nothing.
    let whole = size == checkpoint.size;
    audit.files(files, whole)?;
    let mut unkept = Bounded::default();
    if whole {
        unkept = kept::unkept(size, files)?;
        audit.doubles(files)?;
        audit.approvals(files)?;
        audit.state(files)?;
        head.signatures(audit.state.key.as_deref());
    }
    let head::Head { first_entry, signed_by, cosigned_by, problems, .. } = head;
    let mut problems: Vec<Problem> =
        [unkept.into_vec(), problems.into_vec(), streamed.problems.into_vec(), audit.problems.into_vec()].concat();
    problems.sort();
    problems.dedup();
    Ok(Report { checkpoint: Some(checkpoint), size, first_entry, signed_by, cosigned_by, problems })
}
