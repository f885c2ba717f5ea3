//! What the history of a branch keeps.

use std::collections::BTreeSet;

use super::{Git, command::text, error::Error};

impl Git {
    /// Ids of the trees that `folder` had right before a commit of `tip` that changed `changed`, a path. As long as the
    /// branch has these commits, no git drops the trees. Goes through the whole history; in a shallow clone some are
    /// missing.
    pub fn trees_before(&self, tip: &str, changed: &str, folder: &str) -> Result<BTreeSet<String>, Error> {
        let list = ["rev-list", "--full-history", "--end-of-options", tip, "--", changed];
        let commits = text(&list, self.run(&list)?)?;
        let names: Vec<String> = commits.lines().map(|commit| format!("{commit}^:{folder}\n")).collect();
        let check = ["cat-file", "--batch-check=%(objectname) %(objecttype)"];
        let answers = text(&check, self.pipe(&check, &[], names.concat().as_bytes())?)?;
        Ok(answers.lines().filter_map(|answer| answer.strip_suffix(" tree")).map(str::to_owned).collect())
    }
}
