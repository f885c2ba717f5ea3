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
