//! Deterministic runs: on real processes and threads, one step at a time, each compared with the machine's.

use std::time::Duration;

use conc::{RunOptions, Schedule};

use super::case::Case;
use super::free::judged;

/// Schedules of each kind that is drawn.
const SEEDS: u64 = 4;
/// Longer than any of them takes on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Runs a scenario first in, first out, at random and by PCT: no run may come to what the scenario excludes, and each
/// is one that the machine allows.
pub(crate) fn check(case: &Case) -> Result<(), String> {
    let drawn = (0..SEEDS).flat_map(|seed| [(Schedule::Random, seed), (Schedule::Pct { depth: 3 }, seed)]);
    for (schedule, seed) in [(Schedule::Fifo, 0)].into_iter().chain(drawn) {
        let options = RunOptions { seed: Some(seed), timeout: Some(TIMEOUT), schedule, ..RunOptions::default() };
        let run = case.plan.run(&options).map_err(|error| error.to_string())?;
        judged(case, &run).map_err(|message| format!("{:?}, seed {seed}: {message}", options.schedule))?;
    }
    Ok(())
}
