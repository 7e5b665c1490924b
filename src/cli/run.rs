//! `conc run`: scenarios on real processes and threads.
//!
//! Answers for: checking all of them before the first starts, then one after the other. Never starts a process itself.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Exit, complain, err, load, out, verdict};
use crate::plan::Plan;
use crate::report;
use crate::scenario::{Run, RunOptions, Scenario};
use crate::trace::Trace;

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
    /// End the run after this long: 500ms, 10s, 2m
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    timeout: Option<Duration>,
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
        match load::scenario(file).and_then(|scenario| Ok((load::plan(&scenario, &args.sets)?, scenario))) {
            Ok(both) => planned.push(both),
            Err(_) => wrong = true,
        }
    }
    if wrong {
        return Exit::Wrong;
    }
    let exits: Vec<Exit> = planned.iter().map(|(plan, scenario)| one(args, plan, scenario)).collect();
    exits.into_iter().find(|exit| *exit != Exit::Expected).unwrap_or(Exit::Expected)
}

fn one(args: &Args, plan: &Plan, scenario: &Scenario) -> Exit {
    let options = RunOptions {
        seed: args.seed,
        timeout: args.timeout,
        live: !args.outline,
        trace: args.outline || args.trace.is_some(),
    };
    let run = match plan.run(&options) {
        Ok(run) => run,
        Err(error) => {
            complain(format!("{}: {error}", scenario.source().name()));
            return Exit::Bug;
        }
    };
    if args.outline {
        out(&run.trace.outline());
        run.errors.iter().for_each(|error| err(&report::uncaught(scenario.source(), error, true)));
    }
    if let Some(file) = &args.trace
        && let Err(message) = write(&run.trace, file)
    {
        complain(format!("{}: {message}", file.display()));
        return Exit::Wrong;
    }
    judge(scenario, &run)
}

fn judge(scenario: &Scenario, run: &Run) -> Exit {
    let verdict = verdict::of(scenario, run);
    if let Some(text) = verdict.said {
        err(&text);
    }
    verdict.exit
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
