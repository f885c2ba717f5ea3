//! The approval digest: what exactly an approval is an approval of.

use crate::model::{Digest, File, FileChange, FileState, Severity, Tree, Violation};

/// Everything that an approval covers.
pub struct DigestInput<'a, V> {
    /// Numeric id of the repository; survives renames and transfers.
    pub repo_id: u64,
    /// Number of the pull request.
    pub pr: u64,
    /// Name of the base branch, without `refs/heads/`.
    pub base_ref: &'a str,
    /// The control files of the base tip: policy, workflows that run this tool, CODEOWNERS, `.gitattributes`.
    pub control: &'a Tree,
    /// The base tip's governed files of the changed tables and of the tables that they reference.
    pub context: &'a Tree,
    /// Every violation of the merged result; notices are left out here.
    pub violations: V,
    /// Governed paths that the merged result changes.
    pub files: &'a [FileChange],
}

/// An approval digest and what it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalDigest {
    /// The preimage: LF-terminated lines, see [`digest`].
    pub lines: String,
    /// SHA-256 of the lines.
    pub digest: Digest,
    /// What the `policy` line says.
    pub policy: Digest,
    /// What the `context` line says.
    pub context: Digest,
}

/// Computes the approval digest.
///
/// The lines are a permanent format. Each ends with LF; items are separated by one space; what does not exist is `-`:
///
/// ```text
/// schema-registry/approval/v1
/// repo <numeric id of the repository>
/// pr <number of the pull request>
/// base refs/heads/<base branch>
/// policy <SHA-256 of the lines `<path> <mode> <SHA-256 of the blob>` of the control files on the base tip>
/// context <SHA-256 of the same lines of the changed and referenced tables' files on the base tip>
/// violations <SHA-256 of the sorted lines `<rule> <severity> <path> <route> <waived|open>`, errors and warnings>
/// file <path> <old mode> <old SHA-256> <new mode> <new SHA-256>      one line a governed path that changes
/// ```
///
/// Paths and routes are JSON strings that escape `"`, `\` and the characters below U+0020 only. Modes are git's six
/// octal digits. Files sort by the raw bytes of their paths, violation lines by their own bytes; equal lines stay.
/// Sources: <https://www.rfc-editor.org/rfc/rfc8259#section-7>, <https://git-scm.com/book/en/v2/Git-Internals-Git-Objects>
pub fn digest<'v, V>(input: DigestInput<'_, V>) -> ApprovalDigest
where
    V: IntoIterator<Item = &'v Violation>,
{
    let policy = policy_digest(input.control);
    let context = Digest::of(tree_lines(input.context));
    let violations = Digest::of(violation_lines(input.violations));
    let mut files: Vec<&FileChange> = input.files.iter().collect();
    files.sort_by(|a, b| a.path.as_bytes().cmp(b.path.as_bytes()));

    let mut lines = format!(
        "schema-registry/approval/v1\nrepo {}\npr {}\nbase refs/heads/{}\npolicy {policy}\ncontext {context}\nviolations {violations}\n",
        input.repo_id, input.pr, input.base_ref,
    );
    lines.extend(files.into_iter().map(|file| {
        let [before, after] = [file.before, file.after].map(side);
        format!("file {} {before} {after}\n", json(&file.path))
    }));
    ApprovalDigest { digest: Digest::of(&lines), lines, policy, context }
}

/// The digest of the control files that are in force: what the `policy` line says.
#[must_use]
pub fn policy_digest(control: &Tree) -> Digest {
    Digest::of(tree_lines(control))
}

fn tree_lines(tree: &Tree) -> String {
    let line = |(path, file): (&String, &File)| format!("{} {} {}\n", json(path), file.mode.as_str(), file.digest());
    tree.iter().map(line).collect::<Vec<_>>().concat()
}

fn violation_lines<'v>(violations: impl IntoIterator<Item = &'v Violation>) -> String {
    let mut lines: Vec<String> = violations
        .into_iter()
        .filter(|violation| violation.severity != Severity::Notice)
        .map(|violation| {
            let waived = if violation.waived.is_some() { "waived" } else { "open" };
            let (path, route) = (json(&violation.location.file), json(&violation.location.route.to_string()));
            format!("{} {} {path} {route} {waived}\n", violation.rule, violation.severity)
        })
        .collect();
    lines.sort_unstable();
    lines.concat()
}

fn side(state: Option<FileState>) -> String {
    state.map_or_else(|| "- -".to_owned(), |state| format!("{} {}", state.mode.as_str(), state.digest))
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{approval::testing::violation, model::FileMode};

    fn state(bytes: &str) -> FileState {
        FileState { mode: FileMode::Regular, digest: Digest::of(bytes) }
    }

    fn change(path: &str, before: Option<FileState>, after: Option<FileState>) -> FileChange {
        FileChange { path: path.to_owned(), before, after }
    }

    fn files() -> Vec<FileChange> {
        vec![
            change("schema-requests/b.yaml", None, Some(state("abc"))),
            change("schema-requests/ü \"x\n.yaml", Some(state("abc")), None),
            change("schema-requests/B.yaml", Some(state("abc")), Some(state(""))),
        ]
    }

    fn compute(control: &Tree, violations: &[Violation], files: &[FileChange]) -> ApprovalDigest {
        let context = Tree::new();
        digest(DigestInput { repo_id: 42, pr: 7, base_ref: "main", control, context: &context, violations, files })
    }

    /// The format is permanent: when this test fails, recorded approvals can no longer be checked.
    #[test]
    fn the_lines_are_as_documented() {
        let control = Tree::from([("schema-registry.toml".to_owned(), File::regular("abc"))]);
        let violations = [
            violation("missing-created-at", Severity::Warning, "schema-requests/b.yaml"),
            violation("missing-primary-key", Severity::Error, "schema-requests/b.yaml"),
            violation("index-name-convention", Severity::Notice, "schema-requests/b.yaml"),
        ];
        let approval = compute(&control, &violations, &files());
        // printf '"schema-registry.toml" 100644 %s\n' "$(printf abc | sha256sum | cut -d' ' -f1)" | sha256sum
        insta::assert_snapshot!(approval.lines, @r#"
        schema-registry/approval/v1
        repo 42
        pr 7
        base refs/heads/main
        policy 9705a752357a36d6770084e4260040c7ec5ce8973e2ee3c34e5604197ff46fd2
        context e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
        violations 6e16b3c0c6c9fb9c046e4feb3e1646b4f8b12d3fde86200bf82ee7abb78496b9
        file "schema-requests/B.yaml" 100644 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 100644 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
        file "schema-requests/b.yaml" - - 100644 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
        file "schema-requests/ü \"x\n.yaml" 100644 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad - -
        "#);
        insta::assert_snapshot!(approval.digest, @"167252272e647283f4bd56cf7d71f5f91a3aa22dd838125cabb73a07d64bb96b");
        assert_eq!(
            violation_lines(&violations),
            "missing-created-at warning \"schema-requests/b.yaml\" \"schemaJson\" open\n\
             missing-primary-key error \"schema-requests/b.yaml\" \"schemaJson\" open\n"
        );
        let abc = Digest::of("abc");
        assert_eq!(approval.policy, Digest::of(format!("\"schema-registry.toml\" 100644 {abc}\n")));
        assert_eq!(approval.context, Digest::of(""));
    }

    #[test]
    fn order_of_the_input_does_not_matter_and_every_fact_does() {
        let none = Tree::new();
        let warning = violation("missing-created-at", Severity::Warning, "a.yaml");
        let error = violation("missing-primary-key", Severity::Error, "a.yaml");
        let plain = compute(&none, &[warning.clone(), error.clone()], &files());
        let mut reversed = files();
        reversed.reverse();
        assert_eq!(plain, compute(&none, &[error.clone(), warning.clone()], &reversed));

        let notice = violation("index-name-convention", Severity::Notice, "a.yaml");
        assert_eq!(plain.digest, compute(&none, &[warning.clone(), error.clone(), notice], &files()).digest);

        let mut executable = files();
        executable[0].after = Some(FileState { mode: FileMode::Executable, digest: Digest::of("abc") });
        let mut waived = error.clone();
        waived.waived = Some(crate::model::Waived { reason: "r".to_owned(), expires: chrono::NaiveDate::MAX });
        let control = Tree::from([(".gitattributes".to_owned(), File::regular(""))]);
        for other in [
            compute(&none, &[warning.clone(), error.clone()], &executable),
            compute(&none, &[warning.clone(), waived], &files()),
            compute(&none, &[warning.clone(), error.clone(), error.clone()], &files()),
            compute(&control, &[warning, error], &files()),
        ] {
            assert_ne!(plain.digest, other.digest);
        }
    }
}
