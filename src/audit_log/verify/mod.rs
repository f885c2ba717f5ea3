//! Verifying: everything that the log says about itself, computed again from its entries.
//!
//! One bundle is in memory at a time; beside it, 40 bytes for each id and each blob that an entry names.

mod audit;

use std::fmt;

use super::{Checkpoint, Error, Origin, Read, layout::CHECKPOINT, query::read_file};

use audit::Audit;

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
    /// In order; the log is whole when there is none.
    pub problems: Vec<Problem>,
}

/// A log with very much wrong does not fill the memory with it.
const MAX_PROBLEMS: usize = 1_000;

/// Verifies the log that `read` gives. `paths` are all files of its branch. `origin` is what the log should be of;
/// without it the checkpoint's own is believed.
///
/// # Errors
/// [`Error::Read`] and [`Error::NotInitialised`]; what is wrong with the log is a problem in the report.
pub fn verify<P>(origin: Option<&Origin>, read: &mut Read, paths: P) -> Result<Report, Error>
where
    P: IntoIterator<Item = String>,
{
    let bytes = read_file(read, CHECKPOINT)?.ok_or(Error::NotInitialised)?;
    let checkpoint = match Checkpoint::parse(&bytes) {
        Ok(checkpoint) => checkpoint,
        Err(what) => {
            let place = Place::File(CHECKPOINT.to_owned());
            let problem = Problem { place, what: format!("is no checkpoint: {what}") };
            return Ok(Report { checkpoint: None, size: 0, problems: vec![problem] });
        }
    };
    let mut audit = Audit::new(checkpoint.clone(), read);
    if let Some(expected) = origin.filter(|expected| **expected != checkpoint.origin) {
        audit.file(CHECKPOINT, format!("is that of `{}`, not of `{expected}`", checkpoint.origin));
    }
    audit.entries()?;
    audit.blobs()?;
    // Where entries are missing, what follows from all of them says nothing.
    if audit.size() == checkpoint.size {
        audit.ids()?;
        audit.approvals()?;
        audit.state()?;
        audit.unknown(paths);
    }
    let (size, mut problems) = (audit.size(), audit.problems);
    problems.sort();
    problems.dedup();
    Ok(Report { checkpoint: Some(checkpoint), size, problems })
}
