//! From any state of a table to any other one and back.

use std::{env, ops::Range};

use schema_registry::model::{Renames, Table};

use crate::{
    bench::{Bench, alter, same},
    states::{self, Choices},
    support::{Major, runtime},
};

/// The seeds of the pairs: the first 200, or `SCHEMA_REGISTRY_PAIRS`, a number or a range such as `200..3000`. Odd ones run on
/// PostgreSQL 18, even ones on the installed one; on 18 alone, or the other alone, where `SCHEMA_REGISTRY_PAIRS_ON` says `18`
/// or `installed`.
pub(crate) fn seeds() -> Range<u64> {
    let Some(text) = asked() else { return 0..200 };
    let (first, end) = text.split_once("..").unwrap_or(("0", &text));
    let number = |text: &str| text.parse().expect("SCHEMA_REGISTRY_PAIRS is a number or a range of them");
    number(first)..number(end)
}

/// Pairs that once went wrong.
const FOUND: [u64; 4] = [1311, 2417, 2620, 2937];

fn asked() -> Option<String> {
    env::var("SCHEMA_REGISTRY_PAIRS").ok()
}

/// The servers that the pair of a seed runs on.
fn majors(seed: u64) -> Vec<Major> {
    match env::var("SCHEMA_REGISTRY_PAIRS_ON").as_deref() {
        Ok("18") => vec![Major::Eighteen],
        Ok("installed") => vec![Major::Installed],
        Ok(other) => panic!("SCHEMA_REGISTRY_PAIRS_ON is 18 or installed, not {other}"),
        Err(_) if FOUND.contains(&seed) => Major::ALL.to_vec(),
        Err(_) if seed % 2 == 1 => vec![Major::Eighteen],
        Err(_) => vec![Major::Installed],
    }
}

/// A pair of states, the same for the same seed.
pub(crate) fn pair(seed: u64) -> (Table, Table, Renames) {
    let mut choices = Choices(seed);
    let renames = choices.one_in(3);
    let before = states::state(&mut choices, !renames, None);
    let after = states::state(&mut choices, !renames, Some(&before));
    if !renames {
        return (before, after, Renames::default());
    }
    let (after, renames) = states::rename(&mut choices, &before, &after);
    (before, after, renames)
}

/// Carries a pair out; `Ok(false)` if it is refused.
async fn carry_out(bench: &Bench, (before, after, renames): &(Table, Table, Renames)) -> Result<bool, String> {
    let Ok(migrations) = alter(before, after, renames) else { return Ok(false) };
    bench.begin(before).await?;
    let (start, end) = (bench.found(), bench.wanted(after).await?);
    for round in ["up", "up again"] {
        for migration in &migrations {
            bench.run(&format!("{round} {}", migration.name), &migration.up).await?;
        }
        same(round, &end, &bench.found())?;
    }
    for migration in migrations.iter().rev() {
        bench.run(&format!("down {}", migration.name), &migration.down).await?;
    }
    same("down", &start, &bench.found())?;
    Ok(true)
}

#[test]
fn any_state_becomes_any_other_and_comes_back() {
    let (mut done, mut refused, mut failures) = (0_u64, 0_u64, Vec::new());
    let (seeds, talks) = (seeds(), asked().is_some());
    // Before the runtime, because they are started by one of their own.
    for major in Major::ALL {
        major.cluster();
    }
    runtime().block_on(async {
        let mut benches = Vec::new();
        for major in Major::ALL {
            benches.push(Bench::start(major, ["migrated", "wanted"]).await);
        }
        for seed in seeds.clone().chain(FOUND) {
            for major in majors(seed) {
                match carry_out(&benches[major as usize], &pair(seed)).await {
                    Ok(true) => done += 1,
                    Ok(false) => refused += 1,
                    Err(error) => {
                        if talks {
                            let first = error.lines().take(6).collect::<Vec<_>>().join("\n");
                            eprintln!("pair {seed} on {major:?}: {first}");
                        }
                        failures.push(format!("pair {seed} on {major:?}: {error}"));
                    }
                }
            }
            if talks && (seed + 1) % 100 == 0 {
                eprintln!("as far as {seed}: {done} migrated, {refused} refused, {} wrong", failures.len());
            }
        }
    });
    println!("{done} pairs migrated, {refused} refused, {} wrong", failures.len());
    let few: Vec<_> = failures.iter().take(4).cloned().collect();
    assert!(failures.is_empty(), "{} pairs of {seeds:?}:\n{}", failures.len(), few.join("\n\n"));
    assert!(done > refused, "{done} pairs migrated, {refused} refused");
}
