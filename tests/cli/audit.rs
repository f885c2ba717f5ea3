//! The audit log from a person's clone: its keys, its witness, and what may have become of its branch.

use std::process::Command;

use crate::project::Project;

const LOG: &str = "refs/remotes/origin/schema-registry/audit";

/// A clone whose `origin` is a folder inside it.
struct Clone {
    project: Project,
}

impl Clone {
    fn new() -> Self {
        let project = Project::new();
        project.git(&["init", "--quiet", "--initial-branch=main"]);
        project.write(".gitignore", "/remote\n/keys\n");
        project.commit("first");
        project.git(&["init", "--quiet", "--bare", "--initial-branch=main", "remote"]);
        project.git(&["remote", "add", "origin", "./remote"]);
        let clone = Self { project };
        clone.push();
        std::fs::create_dir(clone.project.path("keys")).expect("makes the folder");
        clone
    }

    fn push(&self) {
        self.project.git(&["push", "--quiet", "origin", "main"]);
    }

    /// Runs `audit` with this file as the key of the log, or of a witness; its exit code and all that it printed.
    fn audit(&self, key: &str, arguments: &[&str]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_schema-registry"));
        command.current_dir(self.project.path(".")).arg("audit").args(arguments);
        command.env_remove("GITHUB_REPOSITORY_ID").env_remove("SCHEMA_REGISTRY_SIGNING_KEY");
        if !key.is_empty() {
            let of = if key == "witness" { "SCHEMA_REGISTRY_WITNESS_KEY" } else { "SCHEMA_REGISTRY_SIGNING_KEY" };
            command.env(of, self.project.read(&format!("keys/{key}")));
        }
        let output = command.output().expect("the binary starts");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().expect("an exit code"), String::from_utf8(text).expect("UTF-8"))
    }

    fn init(&self) {
        let (code, text) = self.audit("", &["init", "--repo-id", "7"]);
        assert_eq!(code, 0, "{text}");
    }

    /// Makes a key; what pins it.
    fn keygen(&self, name: &str, arguments: &[&str]) -> String {
        let out = format!("keys/{name}");
        let (code, text) = self.audit("", &[&["keygen", "--out", &out], arguments].concat());
        assert_eq!(code, 0, "{text}");
        let key = text.split('"').find(|part| part.contains('+')).expect("a key");
        key.to_owned()
    }

    /// Merges a policy that pins these keys.
    fn pin(&self, more: &str, keys: &[&str]) {
        let policy = format!("[audit]\norigin = \"schema-registry/github.com/7\"\nkeys = {keys:?}\n{more}");
        self.project.write("schema-registry.toml", &policy);
        self.project.commit("keys");
        self.push();
    }

    fn verify(&self) -> (i32, String) {
        self.audit("", &["verify", "--log-only"])
    }

    fn verify_finds(&self, what: &str) {
        let (code, text) = self.verify();
        assert!(code == 1 && text.contains(what) && text.contains("THE LOG IS DAMAGED"), "{code} {text}");
    }

    fn is_intact(&self, signed: &str) {
        let (code, text) = self.verify();
        assert!(code == 0 && text.contains(signed), "{code} {text}");
    }

    /// What git says, in the clone.
    fn ask(&self, arguments: &[&str]) -> String {
        let output = Command::new("git").current_dir(self.project.path(".")).args(arguments).output();
        String::from_utf8(output.expect("git starts").stdout).expect("UTF-8").trim().to_owned()
    }

    /// The tree of a folder of the log with other nodes (`<mode> <type> <id>`) under some names.
    fn tree(&self, folder: &str, others: &[(&str, &str)]) -> String {
        let nodes = self.ask(&["ls-tree", "-z", &format!("{LOG}:{folder}")]);
        let named = |node: &&str| others.iter().any(|(name, _)| node.ends_with(&format!("\t{name}")));
        let kept = nodes.split_terminator('\0').filter(|node| !named(node)).map(|node| format!("{node}\0"));
        let others = others.iter().map(|(name, node)| format!("{node}\t{name}\0"));
        self.project.pipe(&["mktree", "-z", "--missing"], &kept.chain(others).collect::<String>())
    }

    /// A commit on the log's branch, pushed over what is there, as somebody who may push writes it.
    fn replace(&self, tree: &str, parents: &[&str]) {
        let parents: Vec<_> = parents.iter().flat_map(|parent| ["-p", parent]).collect();
        let identity = ["-c", "user.name=Eve", "-c", "user.email=eve@example.com", "commit-tree", "-m", "x", tree];
        let commit = self.ask(&[&identity[..], &parents].concat());
        let refspec = format!("+{commit}:refs/heads/schema-registry/audit");
        self.project.git(&["push", "--quiet", "origin", &refspec]);
        self.project.git(&["fetch", "--quiet", "origin"]);
    }
}

#[test]
fn a_log_is_signed_for_the_first_time_and_then_with_another_key() {
    let clone = Clone::new();
    clone.init();
    clone.is_intact("not signed: whoever can push to the branch can replace all of it");
    let other = clone.keygen("other", &["--repo-id", "8"]);
    clone.project.write("schema-registry.toml", &format!("[audit]\nkeys = [{other:?}]\n"));
    clone.project.commit("the key of another log");
    clone.push();
    let (code, text) = clone.audit("other", &["rotate", "--unsigned"]);
    assert!(code == 2 && text.contains("holds the key of `schema-registry/github.com/8`"), "{text}");
    let old = clone.keygen("old", &["--repo-id", "7"]);
    clone.pin("", &[&old]);
    clone.verify_finds("is not signed; the policy names a key that signs, from `schema-registry audit rotate` on");
    let (code, text) = clone.audit("old", &["rotate"]);
    assert!(code == 2 && text.contains("audit rotate --unsigned"), "{text}");
    let (code, text) = clone.audit("old", &["rotate", "--unsigned"]);
    assert!(code == 0 && text.contains("from entry 1 on; root ") && text.contains("\nfirst entry "), "{text}");
    // Nothing has to be fetched before.
    clone.is_intact(&format!("signed by {old}"));
    let (code, text) = clone.audit("old", &["rotate"]);
    assert!(code == 0 && text.contains("already"), "{text}");

    let new = clone.keygen("new", &[]);
    let (code, text) = clone.audit("new", &["rotate"]);
    assert!(code == 2 && text.contains("does not name"), "{text}");
    clone.pin("", &[&new]);
    let (code, text) = clone.audit("new", &["rotate"]);
    assert!(code == 2 && text.contains("which is no key of the policy: a damaged log is not signed anew"), "{text}");
    clone.pin("", &[&new, &old]);
    let (code, text) = clone.audit("new", &["rotate", "--unsigned"]);
    assert!(code == 2 && text.contains("leave out --unsigned"), "{text}");
    let (code, text) = clone.audit("new", &["rotate"]);
    assert!(code == 0 && text.contains("from entry 2 on"), "{text}");
    clone.pin("", &[&new]);
    clone.is_intact(&format!("signed by {new}"));
    let (code, text) = clone.audit("new", &["rotate", "--unsigned"]);
    assert!(code == 0 && text.contains("already"), "{text}");
    clone.pin("", &[&old, &new]);
    let (code, text) = clone.audit("old", &["rotate"]);
    assert!(code == 2 && text.contains("before it was given up"), "{text}");
}

#[test]
fn a_log_that_somebody_replaced_is_not_signed_anew() {
    let clone = Clone::new();
    clone.init();
    let first = clone.verify().1.lines().find_map(|line| line.strip_prefix("first entry ").map(str::to_owned));
    let key = clone.keygen("key", &["--repo-id", "7"]);
    clone.pin(&format!("first_entry = {:?}\n", first.expect("told")), &[&key]);
    clone.project.git(&["push", "--quiet", "origin", "--delete", "schema-registry/audit"]);
    clone.project.git(&["fetch", "--quiet", "--prune", "origin"]);
    // Another log of the same origin: it begins at another commit.
    clone.project.git(&["revert", "--no-edit", "HEAD"]);
    clone.push();
    clone.init();
    clone.project.git(&["revert", "--no-edit", "HEAD"]);
    clone.push();
    let (code, text) = clone.audit("key", &["rotate", "--unsigned"]);
    assert!(code == 2 && text.contains("is not the first entry that the policy pins"), "{text}");
}

#[test]
fn a_log_is_not_made_with_the_key_of_another() {
    let clone = Clone::new();
    let key = clone.keygen("key", &["--repo-id", "8"]);
    clone.project.write("schema-registry.toml", &format!("[audit]\nkeys = [{key:?}]\n"));
    let (code, text) = clone.audit("key", &["init", "--repo-id", "8"]);
    assert!(code == 2 && text.contains("merge it first"), "{text}");
    clone.project.commit("keys");
    clone.push();
    let (code, text) = clone.audit("key", &["init", "--repo-id", "7"]);
    assert!(code == 2 && text.contains("check --repo-id"), "{text}");
    let (code, text) = clone.audit("", &["init", "--repo-id", "0"]);
    assert!(code == 2 && text.contains("--repo-id"), "{text}");
    let (code, text) = clone.audit("key", &["init", "--repo-id", "8"]);
    assert_eq!(code, 0, "{text}");
    let (code, text) = clone.audit("key", &["init", "--repo-id", "8"]);
    assert!(code == 2 && text.contains("a log is created once") && text.contains("audit verify"), "{text}");
}

#[test]
fn a_witness_vouches_only_for_what_the_key_of_the_log_signed() {
    let clone = Clone::new();
    let key = clone.keygen("key", &["--repo-id", "7"]);
    clone.pin("", &[&key]);
    let (code, text) = clone.audit("key", &["init"]);
    assert_eq!(code, 0, "{text}");
    clone.keygen("witness", &["--witness", "witness.example"]);
    let cosign = || clone.audit("witness", &["cosign", "--state", "keys/state"]);
    let (code, text) = cosign();
    assert!(code == 0 && text.contains("cosigned 1 entry"), "{text}");
    let (code, text) = cosign();
    assert!(code == 0 && text.contains("grown from 1"), "{text}");
    let kept = clone.project.read("keys/state");
    // The same tree head without its signature.
    let signed = clone.ask(&["show", &format!("{LOG}:checkpoint")]);
    let head = signed.split("\n\n").next().expect("a head");
    clone.project.write("keys/bare", &format!("{head}\n\n"));
    let blob = clone.ask(&["hash-object", "-w", "keys/bare"]);
    let nodes = clone.ask(&["ls-tree", LOG]).replace(&clone.ask(&["rev-parse", &format!("{LOG}:checkpoint")]), &blob);
    let tree = clone.project.pipe(&["mktree"], &format!("{nodes}\n"));
    clone.replace(&tree, &[LOG]);
    let (code, text) = cosign();
    assert!(code == 2 && text.contains("is not signed with"), "{text}");
    assert_eq!(clone.project.read("keys/state"), kept);
}

/// Its entries cannot be read any more, which is not the same as a log that nobody has created yet.
#[test]
fn a_log_that_was_wiped_is_damaged() {
    let clone = Clone::new();
    clone.init();
    clone.replace("main^{tree}", &[]);
    clone.verify_finds("`checkpoint` is missing");
}

#[test]
fn a_shallow_clone_cannot_tell_what_landed() {
    let clone = Clone::new();
    clone.init();
    clone.project.write("schema-registry.toml", "");
    clone.project.commit("policy");
    clone.project.write("other", "");
    clone.project.commit("other");
    clone.push();
    let (_, text) = clone.audit("", &["verify"]);
    assert!(text.contains("1 landing is not recorded yet"), "{text}");
    clone.project.git(&[
        "clone",
        "--quiet",
        "--depth=1",
        "--no-single-branch",
        &format!("file://{}", clone.project.path("remote").display()),
        "keys/shallow",
    ]);
    let (code, text) = clone.audit("", &["-C", "keys/shallow", "verify"]);
    assert!(code == 2 && text.contains("git fetch --unshallow"), "{code} {text}");
    let (code, text) = clone.audit("", &["-C", "keys/shallow", "verify", "--log-only"]);
    assert_eq!(code, 0, "{text}");
}

#[test]
fn a_log_that_only_says_that_it_is_signed_is_not() {
    let clone = Clone::new();
    clone.init();
    let key = clone.keygen("key", &["--repo-id", "7"]);
    clone.pin("", &[&key]);
    let state = clone.ask(&["show", &format!("{LOG}:state.json")]);
    let state: serde_json::Value = serde_json::from_str(&state).expect("JSON");
    let lie = |name: &str, value: serde_json::Value| {
        let mut state = state.clone();
        state[name] = value;
        let blob = clone.project.pipe(&["hash-object", "-w", "--stdin"], &format!("{state}\n"));
        clone.replace(&clone.tree("", &[("state.json", &format!("100644 blob {blob}"))]), &[LOG]);
    };
    for (name, value, arguments) in [
        ("key", serde_json::json!(key), &["rotate"][..]),
        ("retired", serde_json::json!([key]), &["rotate", "--unsigned"]),
    ] {
        lie(name, value);
        let (code, text) = clone.audit("key", arguments);
        assert!(code == 2 && text.contains("a damaged log is not signed anew"), "{code} {text}");
    }
}

/// The repository's default branch is elsewhere than this clone thinks.
#[test]
fn a_log_is_made_with_the_policy_that_the_default_branch_has_now() {
    let clone = Clone::new();
    let key = clone.keygen("key", &["--repo-id", "7"]);
    clone.project.git(&["clone", "--quiet", "remote", "keys/other"]);
    clone.project.write("keys/other/schema-registry.toml", &format!("[audit]\nkeys = [{key:?}]\n"));
    clone.project.git(&["-C", "keys/other", "add", "--all"]);
    clone.project.git(&["-C", "keys/other", "commit", "--quiet", "-m", "keys"]);
    clone.project.git(&["-C", "keys/other", "push", "--quiet", "origin", "main"]);
    let (code, text) = clone.audit("key", &["init", "--repo-id", "7"]);
    let advice = "git fetch origin +refs/heads/main:refs/remotes/origin/main";
    assert!(code == 2 && text.contains(&format!("get it with `{advice}`")), "{code} {text}");
    clone.project.git(&advice.split(' ').skip(1).collect::<Vec<_>>());
    let (code, text) = clone.audit("key", &["init", "--repo-id", "7"]);
    assert!(code == 2 && text.contains("merge it first"), "{code} {text}");
    clone.project.git(&["merge", "--quiet", "--ff-only", "origin/main"]);
    let (code, text) = clone.audit("key", &["init", "--repo-id", "7"]);
    assert_eq!(code, 0, "{text}");
    clone.is_intact(&format!("signed by {key}"));
}

/// Which of the two is meant, every program would answer for itself.
#[test]
fn a_folder_that_has_a_name_twice_is_damage() {
    let clone = Clone::new();
    clone.init();
    let open = clone.ask(&["ls-tree", &format!("{LOG}:open")]);
    let tile = open.lines().find(|line| line.ends_with("\ttile")).expect("there is one");
    let open = clone.project.pipe(&["mktree"], &format!("{open}\n{}\n", tile.replace("\ttile", "\tentries.jsonl")));
    clone.replace(&clone.tree("", &[("open", &format!("040000 tree {open}"))]), &[LOG]);
    clone.verify_finds("`open/` gives no files: the folder is empty or missing, has a name twice");
    let (code, text) = clone.audit("", &["log"]);
    assert!(code == 2 && text.contains("the folder `open` has a name twice"), "{code} {text}");
}

#[test]
fn a_file_whose_bytes_are_nowhere_is_damage() {
    let clone = Clone::new();
    clone.init();
    let nowhere = "1".repeat(40);
    for (folder, name, found) in [
        ("open", "entries.jsonl", "`open/entries.jsonl` is missing"),
        ("", "state.json", "`state.json` is missing"),
        ("", "checkpoint", "`checkpoint` is missing"),
    ] {
        let mut tree = clone.tree(folder, &[(name, &format!("100644 blob {nowhere}"))]);
        if !folder.is_empty() {
            tree = clone.tree("", &[(folder, &format!("040000 tree {tree}"))]);
        }
        // No push takes such a commit.
        let identity = ["-c", "user.name=Eve", "-c", "user.email=eve@example.com", "commit-tree", "-m", "x", &tree];
        let (commit, whole) = (clone.ask(&identity), clone.ask(&["rev-parse", LOG]));
        clone.project.git(&["update-ref", LOG, &commit]);
        clone.verify_finds(found);
        if name != "state.json" {
            let (code, text) = clone.audit("", &["log"]);
            assert!(code == 2 && text.contains(&nowhere) && text.contains("is missing"), "{code} {text}");
        }
        clone.project.git(&["update-ref", LOG, &whole]);
    }
    clone.is_intact("");
}

/// The commands of docs/auditing.md that repair the last segment.
fn repair(stray: &str, commit: &str, file: &str) -> String {
    let docs = include_str!("../../docs/auditing.md").split_once("## Restore it").expect("there is one").1;
    let block = docs.split("```sh\n").find(|block| block.contains("GIT_INDEX_FILE")).expect("there is one");
    let commands = block.split("```").next().expect("an end");
    commands
        .replace("--full-tree <commit>", &format!("--full-tree {commit}"))
        .replace("<stray>", stray)
        .replace("<file>", file)
}

#[test]
fn what_is_wrong_in_the_last_segment_is_repaired_by_a_commit_on_top() {
    let clone = Clone::new();
    clone.init();
    let right = clone.ask(&["rev-parse", LOG]);
    let blob = clone.project.pipe(&["hash-object", "-w", "--stdin"], "stray");
    let [empty, folder] = ["", &format!("100644 blob {blob}\tf\n")].map(|nodes| clone.project.pipe(&["mktree"], nodes));
    let node = format!("100644 blob {blob}");
    let (empty, folder) = (format!("040000 tree {empty}"), format!("040000 tree {folder}"));
    let (digest, long) = ("0".repeat(64), "n".repeat(300));
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_schema-registry")).parent().expect("a folder");
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").expect("there is one"));
    let damages: [&[(&str, &str)]; 3] = [
        &[("tile", &node), (&digest, &node)],
        &[("empty", &empty), ("folder", &folder), (&long, &node)],
        &[("line\nend", &node), ("tile\r", &node), ("entries.jsonl", &folder)],
    ];
    for damage in damages {
        let open = clone.tree("open", damage);
        clone.replace(&clone.tree("", &[("open", &format!("040000 tree {open}"))]), &[LOG]);
        let (code, text) = clone.verify();
        assert!(code == 1 && text.contains("`open/"), "{code} {text}");
        let file = if damage.len() == 2 { "tile" } else { "entries.jsonl" };
        let mut shell = Command::new("sh");
        shell.args(["-c", &repair(&digest, &right, file)]).current_dir(clone.project.path(".")).env("PATH", &path);
        shell.env("GIT_AUTHOR_NAME", "Ann").env("GIT_AUTHOR_EMAIL", "ann@example.com");
        let mut repair = |committer: &str| {
            shell.env("GIT_COMMITTER_NAME", committer).env("GIT_COMMITTER_EMAIL", "ann@example.com");
            let output = shell.output().expect("sh starts");
            (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8"))
        };
        // A step that fails does no harm, also where the shell goes on.
        let (done, text) = repair("");
        assert!(!done && text.contains("empty ident name") && !text.contains("deleted"), "{text}");
        let (done, text) = repair("Ann");
        assert!(done && text.contains("the log is intact"), "{text}");
        assert_eq!(
            clone.ask(&["rev-parse", &format!("{LOG}:open")]),
            clone.ask(&["rev-parse", &format!("{right}:open")])
        );
    }
}
