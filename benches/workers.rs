//! One search by one worker and by as many as there are processors, in turn: how many times as long one takes, states a
//! second of one, and the bytes that it counts for a state. `cargo bench --bench workers`.
//!
//! Machines are shared and noisy: read the ratios' medians and their spread, never a single time.

#[expect(dead_code, reason = "the other benches use more of it")]
mod measure;

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use measure::{CONC, quartiles};

/// Pairs of runs of each model.
const ROUNDS: usize = 7;

/// Large ones, with their constants.
const MODELS: [(&str, &[&str]); 8] = [
    ("bounded_buffer", &["N=64"]),
    ("bounded_buffer", &["N=128"]),
    ("phases", &["N=5"]),
    ("phases", &["N=6"]),
    ("philosophers_ordered", &["N=9", "K=2"]),
    ("philosophers_ordered", &["N=10", "K=2"]),
    ("readers_writers", &["N=5", "K=2"]),
    ("readers_writers", &["N=4", "K=3"]),
];

struct Searched {
    states: f64,
    seconds: f64,
    bytes: f64,
}

fn main() -> ExitCode {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{workers} workers");
    println!("{:<30} {:>9} {:>12} {:>12}   one / several, seconds: quartiles", "", "states", "a second", "bytes each");
    for (name, sets) in MODELS {
        let rounds: Option<Vec<_>> =
            (0..ROUNDS).map(|_| Some((searched(name, sets, 1)?, searched(name, sets, workers)?))).collect();
        let Some(rounds) = rounds else {
            println!("{name}: it does not end as expected");
            return ExitCode::FAILURE;
        };
        let [_, rate, _] = quartiles(rounds.iter().map(|(one, _)| one.states / one.seconds).collect());
        let [low, median, high] = quartiles(rounds.iter().map(|(one, all)| one.seconds / all.seconds).collect());
        let (states, bytes) = rounds.first().map_or((0.0, 0.0), |(one, _)| (one.states, one.bytes / one.states));
        let label = format!("{name} {}", sets.join(" "));
        println!("{label:<30} {states:>9} {rate:>12.0} {bytes:>12.1}   {low:>7.2} {median:>7.2} {high:>7.2}");
    }
    ExitCode::SUCCESS
}

fn searched(name: &str, sets: &[&str], workers: usize) -> Option<Searched> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/twins").join(format!("{name}.conc"));
    let mut command = Command::new(CONC);
    command.args(["check", "--format", "json", "--jobs", &workers.to_string()]);
    for set in sets {
        command.args(["--set", set]);
    }
    let output = command.arg(file).stdin(Stdio::null()).output().ok().filter(|output| output.status.success())?;
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
    let number = |key: &str| found[key].as_f64();
    Some(Searched { states: number("states")?, seconds: number("seconds")?, bytes: number("bytes")? })
}
