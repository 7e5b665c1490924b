//! `conc run`: scenarios on real processes and threads.
//!
//! Answers for: checking all of them before the first starts, then one after the other. Never starts a process itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{Exit, complain, err, load, out, verdict};
use crate::os::StartError;
use crate::plan::Plan;
use crate::report;
use crate::scenario::{PROCESSES_MAX, RunError, RunOptions, Scenario, new_seed};
use crate::schedule::Schedule;
use crate::trace::{Trace, Uncaught};

/// Run scenarios on real processes and threads
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Scenarios; `-` reads one from standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Give a constant another value (may be repeated)
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = load::setting)]
    sets: Vec<(String, String)>,
    /// Where random choices come from; a new one at every run unless given
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Pause before some operations, by this seed, so that rare orders come up
    #[arg(long, value_name = "SEED")]
    perturb: Option<u64>,
    /// End the run after this long: 500ms, 10s, 2m
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    timeout: Option<Duration>,
    /// Refuse to have more processes at a time
    #[arg(long, value_name = "N", default_value_t = PROCESSES_MAX, value_parser = clap::value_parser!(u32).range(1..))]
    max_processes: u32,
    /// Write the trace to a file that ends in .ron or .json
    #[arg(long, value_name = "FILE", value_parser = trace_file)]
    trace: Option<PathBuf>,
    /// Print the outline of the trace in place of what the scenario prints
    #[arg(long)]
    outline: bool,
}

pub(super) fn run(args: &Args) -> Exit {
    if args.trace.is_some() && args.files.len() > 1 {
        complain("--trace takes the trace of one scenario, and there are several");
        return Exit::Wrong;
    }
    let mut planned = Vec::new();
    let mut wrong = false;
    for file in &args.files {
        match load::scenario(file).and_then(|scenario| Ok((load::runnable(&scenario, &args.sets)?, scenario))) {
            Ok((plan, scenario)) => planned.push((Arc::new(plan), scenario)),
            Err(_) => wrong = true,
        }
    }
    if wrong {
        return Exit::Wrong;
    }
    let mut exit = Exit::Expected;
    for (plan, scenario) in &planned {
        let this = one(args, plan, scenario);
        exit = if exit == Exit::Expected { this } else { exit };
        if matches!(this, Exit::Signal(_)) {
            break;
        }
    }
    exit
}

fn one(args: &Args, plan: &Arc<Plan>, scenario: &Scenario) -> Exit {
    let options = RunOptions {
        seed: Some(args.seed.unwrap_or_else(new_seed)),
        timeout: args.timeout,
        trace: args.outline || args.trace.is_some(),
        processes_max: args.max_processes,
        schedule: Schedule::Free,
        perturb: args.perturb,
    };
    let mut told = |error: &Uncaught| err(&report::uncaught(scenario.source(), error, true));
    let result = if args.outline { plan.run(&options) } else { plan.run_live(&options, &mut told) };
    let run = match result {
        Ok(run) => run,
        Err(error) => {
            complain(format!("{}: {error}", scenario.source().name()));
            return refusal(&error);
        }
    };
    if args.outline {
        out(&run.trace.outline());
        run.errors.iter().for_each(told);
    }
    if let Some(file) = &args.trace
        && let Err(message) = write(&run.trace, file)
    {
        complain(format!("{}: {message}", file.display()));
        return Exit::Wrong;
    }
    let verdict = verdict::of(scenario, &run);
    verdict.said.iter().for_each(|text| err(text));
    if let (Some(seed), true, None) = (options.seed, scenario.draws(), args.seed)
        && verdict.exit != Exit::Expected
    {
        err(&format!("to make the same random choices again: --seed {seed}\n"));
    }
    verdict.exit
}

/// What it means that a run could not begin.
fn refusal(error: &RunError) -> Exit {
    match error {
        RunError::Unsupported(_) | RunError::Start(StartError::Object(_)) => Exit::Wrong,
        RunError::Start(StartError::System(_) | StartError::Io(_) | StartError::OutOfMemory) => Exit::OverLimit,
        RunError::Start(_) => Exit::Bug,
    }
}

fn write(trace: &Trace, file: &Path) -> Result<(), String> {
    let text = match ending(file) {
        Some("json") => trace.to_json(),
        _ => trace.to_ron_lines(),
    };
    std::fs::write(file, text.map_err(|error| error.to_string())?).map_err(|error| error.to_string())
}

fn ending(file: &Path) -> Option<&str> {
    file.extension().and_then(|ending| ending.to_str())
}

fn trace_file(text: &str) -> Result<PathBuf, String> {
    let file = PathBuf::from(text);
    match ending(&file) {
        Some("ron" | "json") => Ok(file),
        _ => Err("a trace is written to a file that ends in .ron or .json".into()),
    }
}

/// A duration as the language writes it.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "write a duration such as 500ms, 10s or 2m".to_string();
    let split = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let seconds = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        for wrong in ["", "5", "s", "1.2.3s", "5 s", "-1s", "1d"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
