//! A change that is cut off after any of its statements and begun again ends where it ends undisturbed.

use crate::{
    bench::{Bench, alter, same, statements},
    pairs::{pair, seeds},
    support::{Major, runtime},
};

/// What ran of a script when it was cut off, for each statement: as far as that statement. Statements of a transaction
/// leave nothing behind, so of those only the last before `COMMIT` is among them.
fn cuts(script: &str) -> Vec<String> {
    let all = statements(script);
    let is = |place: usize, word: &str| all.get(place).is_some_and(|text| text.trim_end().ends_with(word));
    let (mut cuts, mut inside) = (Vec::new(), false);
    for place in 0..all.len() {
        inside = (inside || is(place, "BEGIN")) && !is(place, "COMMIT");
        if !inside || is(place + 1, "COMMIT") {
            cuts.push(all[..=place].join(";\n") + ";\n");
        }
    }
    cuts
}

#[test]
fn a_change_that_was_cut_off_anywhere_is_begun_again() {
    let wanted = (seeds().count() / 100).max(2);
    let (mut changes, mut seed, mut places) = (0, 10_000, 0);
    // Before the runtime, because it is started by one of its own.
    Major::Installed.cluster();
    runtime().block_on(async {
        let bench = Bench::start(Major::Installed, ["cut_off", "undisturbed"]).await;
        while changes < wanted {
            seed += 1;
            let (before, after, renames) = pair(seed);
            // The longest changes, where there is most to go wrong.
            let Ok(migrations) = alter(&before, &after, &renames) else { continue };
            if migrations.len() < 7 {
                continue;
            }
            changes += 1;
            let end = bench.wanted(&after).await.expect("it can be created");
            for (number, last) in migrations.iter().enumerate() {
                for cut in cuts(&last.up) {
                    places += 1;
                    let what = format!("pair {seed}, cut off in {} after\n{cut}", last.name);
                    bench.begin(&before).await.expect("it can be created");
                    for migration in &migrations[..number] {
                        bench.run(&what, &migration.up).await.expect("an undisturbed migration");
                    }
                    // Where it is cut off inside of a transaction, the session ends and the server rolls it back.
                    let _ = bench.run(&what, &cut).await;
                    bench.run(&what, "RESET ALL;").await.expect("another session");
                    for migration in &migrations {
                        bench.run(&what, &migration.up).await.expect("it is begun again");
                    }
                    same(&what, &end, &bench.found()).expect("it ends where it ends undisturbed");
                }
            }
        }
    });
    println!("{changes} changes cut off in {places} places");
    assert!(places > changes * 7, "{changes} changes cut off in {places} places");
}
