//! Whether the branch's history keeps what is sealed.

use super::{
    super::{
        Error,
        layout::{self, OPEN, SEALED, WIDTH},
    },
    LogFiles, Place, Problem,
    audit::read,
    bounded::Bounded,
};

/// Finds sealed segments that the branch's tip leads to and none of its commits has: after a while git drops such trees.
pub(super) fn unkept(size: u64, files: &mut dyn LogFiles) -> Result<Bounded<Problem>, Error> {
    let (sealed, mut problems) = (layout::sealed(size), Bounded::default());
    if sealed == 0 {
        return Ok(problems);
    }
    let kept = files.kept(SEALED, OPEN).map_err(|source| Error::Read { path: SEALED.to_owned(), source })?;
    let Some(kept) = kept else { return Ok(problems) };
    for list in 0..sealed.div_ceil(WIDTH) {
        let path = layout::seals(list * WIDTH);
        let ids = read(files, &path)?.unwrap_or_default();
        let ids = String::from_utf8_lossy(&ids).into_owned();
        let unkept = ids.lines().enumerate().filter(|(_, id)| !kept.contains(*id));
        problems.extend(unkept.map(|(n, id)| Problem {
            place: Place::File(format!("{path}/{n:03}")),
            what: format!(
                "is the tree {id}, which was `{OPEN}` in no commit of the branch: git will drop it; give the branch its \
                 history back"
            ),
        }));
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::audit_log::{ReadError, TakeFile};

    /// The lists, and what the history keeps where that can be told.
    struct Branch(BTreeMap<&'static str, String>, Option<BTreeSet<String>>);

    impl LogFiles for Branch {
        fn read(&mut self, path: &str) -> Result<Option<Vec<u8>>, ReadError> {
            Ok(self.0.get(path).cloned().map(String::into_bytes))
        }

        fn read_each(
            &mut self,
            _: &mut dyn Iterator<Item = String>,
            _: &mut dyn FnMut(&str, Option<Vec<u8>>) -> bool,
        ) -> Result<(), ReadError> {
            Ok(())
        }

        fn walk(&mut self, _: &dyn Fn(&str) -> bool, _: &mut TakeFile) -> Result<(), ReadError> {
            Ok(())
        }

        fn kept(&mut self, changed: &str, folder: &str) -> Result<Option<BTreeSet<String>>, ReadError> {
            assert_eq!((changed, folder), ("sealed", "open"));
            Ok(self.1.clone())
        }
    }

    #[test]
    fn a_sealed_segment_that_no_commit_has_is_told() {
        let ids: Vec<String> = (0..257).map(|n| format!("{n:040}")).collect();
        let lists = [("sealed/000.trees", &ids[..256]), ("sealed/001.trees", &ids[256..])];
        let lists =
            lists.map(|(path, ids)| (path, ids.iter().map(|id| format!("{id}\n")).collect::<Vec<_>>().concat()));
        let all: BTreeSet<String> = ids.iter().cloned().collect();
        let found = |size, kept: Option<BTreeSet<String>>| {
            let problems = unkept(size, &mut Branch(lists.clone().into(), kept)).expect("readable");
            problems.iter().map(|problem| problem.to_string()[..22].to_owned()).collect::<Vec<_>>()
        };
        let size = 257 * WIDTH + 1;
        assert_eq!(found(size, Some(all.clone())), [""; 0]);
        assert_eq!(found(size, None), [""; 0], "nobody can tell");
        let without = |gone: &[usize]| {
            let gone: BTreeSet<&String> = gone.iter().map(|n| &ids[*n]).collect();
            Some(all.iter().filter(|id| !gone.contains(id)).cloned().collect())
        };
        assert_eq!(found(size, without(&[3, 256])), ["`sealed/000.trees/003`", "`sealed/001.trees/000`"]);
        assert_eq!(found(size - 1, without(&[256])), [""; 0], "it is not sealed yet");
        assert_eq!(found(WIDTH, Some(BTreeSet::new())), [""; 0]);
    }
}
