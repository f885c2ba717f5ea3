//! What landed after the last entry.

use super::{Branch, History, Unrecorded, branch::Control, landing::Difference};

fn reference(name: &str) -> String {
    format!("refs/heads/{name}")
}

impl History<'_> {
    /// Looks at what every base branch has beyond its recorded tip.
    pub(super) fn unrecorded(&mut self) -> anyhow::Result<()> {
        self.begin_gated()?;
        for (_, branch) in std::mem::take(&mut self.branches) {
            let commits = self.beyond(&branch)?;
            let name = &branch.name;
            let commits = commits.into_iter().map(|commit| Unrecorded { branch: name.clone(), commit });
            self.found.unrecorded.extend(commits);
        }
        Ok(())
    }

    /// Branches that are gated and of which nothing is recorded begin where they left the default branch. Where nothing is
    /// recorded of that either, since it got another name, they begin at the last commit that they share with any other.
    fn begin_gated(&mut self) -> anyhow::Result<()> {
        let default = self.git.default_branch()?.map(|name| reference(&name));
        // The branch that happens to be checked out is not taken for one that got another name.
        for name in self.git.default_branch_of_remote()?.iter().chain(&self.policy.gate_branches) {
            let reference = reference(name);
            if self.branches.contains_key(&reference) {
                continue;
            }
            let known = default.as_ref().and_then(|default| self.branches.get(default));
            let known = known.map_or_else(|| self.branches.values().collect(), |known| vec![known]);
            let recorded: Vec<String> = known.into_iter().map(|branch| branch.recorded.clone()).collect();
            let Some(tip) = Branch::tip(self.git, name)? else { continue };
            if let Some(begin) = self.last_shared(&recorded, &tip)? {
                let branch = Branch::begin(self.git, &mut self.changes, &reference, &begin)?;
                self.branches.insert(reference, branch);
            }
        }
        Ok(())
    }

    /// The last commit of the history of `tip` that one of the `others` has as well.
    fn last_shared(&mut self, others: &[String], tip: &str) -> anyhow::Result<Option<String>> {
        let mut last: Option<String> = None;
        for other in others {
            let shared = if self.changes.has(other)? { self.git.merge_base(other, tip)? } else { None };
            let Some(shared) = shared else { continue };
            let earlier = match &last {
                Some(last) => self.git.is_ancestor(&shared, last)?,
                None => false,
            };
            if !earlier {
                last = Some(shared);
            }
        }
        Ok(last)
    }

    fn beyond(&mut self, branch: &Branch) -> anyhow::Result<Vec<String>> {
        let Some(tip) = &branch.tip else { return Ok(Vec::new()) };
        let control = match &branch.control {
            // The last landing could not be compared; what came after it can be.
            None if self.changes.has(&branch.recorded)? => Control::at(self.git, &branch.recorded)?,
            control => control.clone(),
        };
        let Some(mut control) = control else { return Ok(Vec::new()) };
        // Where first parents do not lead there, all of it came at once.
        let commits = branch.lineage.chain(&branch.recorded, tip).unwrap_or_else(|| vec![tip.clone()]);
        let (mut before, mut found) = (&branch.recorded, Vec::new());
        for commit in &commits {
            let policy = control.policy.clone();
            let difference = Difference::between(&mut self.changes, &policy, before, commit)?;
            if !difference.governed(&policy).is_empty() {
                found.push(commit.clone());
            }
            control.change(&difference);
            before = commit;
        }
        Ok(found)
    }
}
