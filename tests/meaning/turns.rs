//! Deterministic runs: on real processes and threads, one step at a time, each compared with the machine's.

use std::time::Duration;

use conc::{RunOptions, Schedule};

use super::case::Case;
use super::free::{judged, runs};

/// Schedules of each kind that is drawn; more with `MEANING_RUNS`.
const SEEDS: u64 = 3;
/// How often a schedule is run: each time must give the same trace, byte for byte.
const TIMES: usize = 2;
/// Longer than any of them takes on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Runs a scenario first in, first out, at random and by PCT: no run may come to what the scenario excludes, and each
/// is one that the machine allows.
pub(crate) fn check(case: &Case) -> Result<(), String> {
    let drawn = (0..runs(SEEDS)).flat_map(|seed| [(Schedule::Random, seed), (Schedule::Pct { depth: 3 }, seed)]);
    for (schedule, seed) in [(Schedule::Fifo, 0)].into_iter().chain(drawn) {
        let options = RunOptions { seed: Some(seed), timeout: Some(TIMEOUT), schedule, ..RunOptions::default() };
        let mut first = None;
        for _ in 0..TIMES {
            let run = case.plan.run(&options).map_err(|error| error.to_string())?;
            let said = |message: String| format!("{:?}, seed {seed}: {message}", options.schedule);
            judged(case, &run).map_err(said)?;
            let seen = (run.trace().to_ron_lines().map_err(|error| error.to_string())?, run.output().to_owned());
            match &first {
                None => first = Some(seen),
                Some(first) if *first == seen => {}
                Some((trace, _)) => return Err(said(format!("two runs differ:\n{trace}\n{}", seen.0))),
            }
        }
    }
    Ok(())
}
