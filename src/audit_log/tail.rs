//! The end of a log: all that is open. It is what every reader and writer begins with.

use tlog_tiles::HASH_SIZE;

use crate::model::Entry;

use super::{
    Checkpoint, Error, Read,
    entry::{leaf_hash, parse},
    layout::{self, CHECKPOINT, EDGE, WIDTH},
    query::read_file,
    tree::{Edge, hashes},
};

/// The last segment, and the right edge of the tree.
pub(super) struct Tail {
    /// Its lines, each with its LF.
    pub(super) lines: String,
    /// Proven to give the checkpoint's root, and with it the lines.
    pub(super) edge: Edge,
    /// Path of the lines.
    path: String,
}

impl Tail {
    /// Reads it and checks that it is what the checkpoint says.
    pub(super) fn read(checkpoint: &Checkpoint, read: &mut Read) -> Result<Self, Error> {
        let size = checkpoint.size;
        if size == 0 {
            return Err(Error::damaged(CHECKPOINT, "it counts no entries"));
        }
        let path = layout::entries(size, layout::sealed(size));
        let bytes = read_file(read, &path)?.ok_or_else(|| Error::damaged(&path, "it is missing"))?;
        let lines = String::from_utf8(bytes).map_err(|_| Error::damaged(&path, "it is not UTF-8"))?;
        let count = size - layout::sealed(size) * WIDTH;
        if !lines.ends_with('\n') || lines.matches('\n').count() as u64 != count {
            return Err(Error::damaged(path, format!("it does not have {count} lines")));
        }
        let upper = read_file(read, EDGE)?.unwrap_or_default();
        let edge = hashes(&upper, upper.len() / HASH_SIZE).and_then(|upper| Edge::new(size - count, &upper));
        let mut edge =
            edge.ok_or_else(|| Error::damaged(EDGE, format!("it is not that of {} entries", size - count)))?;
        for line in lines.split_terminator('\n') {
            edge.push(leaf_hash(line));
        }
        if edge.root() == checkpoint.root {
            Ok(Self { lines, edge, path })
        } else {
            Err(Error::damaged(CHECKPOINT, format!("its root is not that of `{path}` and of `{EDGE}`")))
        }
    }

    /// The entries that the lines hold.
    pub(super) fn entries(&self) -> Result<Vec<Entry>, Error> {
        let entries = self.lines.split_terminator('\n').map(parse);
        entries.collect::<Result<_, _>>().map_err(|what| Error::damaged(&self.path, what))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixture::{Store, approved},
        *,
    };
    use crate::audit_log::Addition;

    #[test]
    fn the_lines_are_as_many_as_the_checkpoint_counts_and_each_has_its_end() {
        let mut store = Store::new();
        store.append(&[Addition::new(approved("LE_1", 7), Vec::new())]);
        let checkpoint = Checkpoint::parse(&store.0[CHECKPOINT]).expect("valid");
        let read = |edit: fn(&mut Vec<u8>)| {
            let mut store = store.clone();
            store.edit("open/entries.jsonl", edit);
            let tail = Tail::read(&checkpoint, &mut store.reader());
            tail.and_then(|tail| tail.entries()).map(|entries| entries.len()).map_err(|error| error.to_string())
        };
        assert_eq!(read(|_| ()), Ok(2));
        for edit in [|lines| lines.push(b'\n'), |lines| lines.truncate(lines.len() - 1), |lines| lines.extend(b"{}")]
            as [fn(&mut Vec<u8>); 3]
        {
            let error = read(edit).expect_err("damaged");
            assert!(error.contains("open/entries.jsonl") && error.contains("it does not have 2 lines"), "{error}");
        }
    }
}
