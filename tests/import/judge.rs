//! `scripts/judge-import` on an application of the tests: what it passes, and that it does not pass everything.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use super::{EXTRAS, PRELUDE, TABLES, support::Major};

/// Runs the judge on the shop with `binary` in place of the tool: exit code and standard output.
fn judged(folder: &Path, binary: &Path) -> (Option<i32>, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shop = folder.join("shop.sql");
    fs::write(&shop, [PRELUDE, TABLES, EXTRAS].concat()).expect("writes");
    let mut command = Command::new(root.join("scripts/judge-import"));
    command.env("PG_BIN", Major::Installed.binaries()).arg("--binary").arg(binary).arg(shop);
    let output = command.output().expect("python3 is installed");
    let text = String::from_utf8(output.stdout).expect("is UTF-8");
    assert!(output.stderr.is_empty(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code(), text)
}

#[test]
fn the_judge_finds_every_loss_of_the_shop_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (code, text) = judged(folder.path(), Path::new(env!("CARGO_BIN_EXE_schema-registry")));
    let counts = text.split_once("statements").map(|(_, counts)| counts.to_owned()).expect(&text);
    insta::assert_snapshot!(counts, @"
    59, 52 the same
              1 lost: comment
              1 lost: constraint
              1 lost: grant
              1 lost: policy
              1 lost: row security
              1 lost: statistics
              1 lost: trigger
              0 that differ and nothing has named
    ");
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn the_judge_fails_an_import_that_names_nothing_and_forgets_an_index() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let silent = folder.path().join("silent");
    let tool = env!("CARGO_BIN_EXE_schema-registry");
    let script = format!(
        "#!/usr/bin/env python3
import json, pathlib, subprocess, sys
if 'generate' in sys.argv:
    teams = pathlib.Path(sys.argv[2], 'schema-requests/teams.yaml')
    teams.write_text(''.join(line for line in teams.open() if 'teams_tags' not in line))
done = subprocess.run([{tool:?}, *sys.argv[1:]], stdout=subprocess.PIPE, text=True)
report = json.loads(done.stdout) if done.stdout.startswith('{{') else {{}}
if 'leftOut' in report:
    report['leftOut']['objects'] = []
    done.stdout = json.dumps(report)
print(done.stdout)
sys.exit(done.returncode)
"
    );
    fs::write(&silent, script).expect("writes");
    fs::set_permissions(&silent, fs::Permissions::from_mode(0o755)).expect("may be run");
    let (code, text) = judged(folder.path(), &silent);
    let unnamed = text.lines().filter_map(|line| line.strip_prefix("unnamed      "));
    let unnamed: Vec<_> = unnamed.map(|line| line.split_once(" {").map_or(line, |(what, _)| what)).collect();
    insta::assert_snapshot!(unnamed.join("\n"), @"
    - storage parameters of public.notes
    - COMMENT billing.CONSTRAINT once ON invoices
    - CHECK CONSTRAINT public.members later
    - storage parameters of public.notes_brin
    - INDEX public.teams_tags
    - STATISTICS public.stat
    - TRIGGER public.teams touch
    - POLICY public.notes mine
    - ROW SECURITY public.notes
    - ACL public.TABLE notes
    ");
    assert_eq!(code, Some(1), "{text}");
}
