//! `conc run`: scenarios on real processes and threads.
//!
//! Answers for: checking all of them before the first starts, then one after the other. Never starts a process itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::duration::duration;
use super::replay::Asked;
use super::{Exit, complain, err, load, out, output, repeat, replay, size, verdict, verify};
use crate::os::StartError;
use crate::plan::Plan;
use crate::report;
use crate::scenario::{PROCESSES_MAX, RunError, RunOptions, Scenario, THREADS_MAX, new_seed};
use crate::schedule::{Replay, Schedule};
use crate::trace::{Ending, Trace, Uncaught};

/// How the name of a file ends that a trace is streamed to.
pub(super) const STREAMED: &str = "trace";

/// Run scenarios on real processes and threads
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Scenarios; `-` reads one from standard input. With `--replay`, the recorded one unless given
    #[arg(value_name = "FILE", required_unless_present = "replay")]
    files: Vec<PathBuf>,
    /// Give a constant another value (may be repeated)
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = load::setting)]
    sets: Vec<(String, String)>,
    /// Who goes on when several can: free (the system; the default), or one step at a time with virtual time: fifo,
    /// random, pct, pct:DEPTH, replay
    #[arg(long, value_name = "POLICY", value_parser = replay::schedule)]
    schedule: Option<Asked>,
    /// Take the steps of a recorded run again
    #[arg(long, value_name = "FILE", conflicts_with = "seed")]
    replay: Option<PathBuf>,
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
    /// Refuse to have more threads at a time, those that processes begin with left out
    #[arg(long, value_name = "N", default_value_t = THREADS_MAX, value_parser = clap::value_parser!(u32).range(1..))]
    max_threads: u32,
    /// End the run when it takes more memory: 64MiB, 2GiB; a quarter of what there is unless said
    #[arg(long, value_name = "SIZE", value_parser = size::memory)]
    max_memory: Option<u64>,
    /// Run so many times, with the next seed each, and show the distinct outcomes
    #[arg(long, value_name = "N", conflicts_with_all = ["replay", "trace", "outline"])]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    repeat: Option<u32>,
    /// Write the trace to a file: at the end, if that is a .ron or .json; one that ends in .trace is streamed to while
    /// the run goes on, however long that is
    #[arg(long, value_name = "FILE", value_parser = trace_file)]
    trace: Option<PathBuf>,
    /// Judge the run at its end: can the machine do what the system did?
    #[arg(long)]
    verify: bool,
    /// Print the outline of the trace in place of what the scenario prints
    #[arg(long)]
    outline: bool,
}

pub(super) fn run(args: &Args) -> Exit {
    if args.trace.is_some() && args.files.len() > 1 {
        complain("--trace takes the trace of one scenario, and there are several");
        return Exit::Wrong;
    }
    if args.replay.is_some() && args.files.len() > 1 {
        complain("--replay takes the steps of one scenario again, and there are several");
        return Exit::Wrong;
    }
    match (&args.schedule, &args.replay) {
        (Some(Asked::Policy(_)), Some(_)) => {
            complain("--replay is a schedule of its own: leave --schedule out, or say `--schedule replay`");
            return Exit::Wrong;
        }
        (Some(Asked::Replay), None) => {
            complain("which steps? `--schedule replay` needs --replay FILE");
            return Exit::Wrong;
        }
        _ => {}
    }
    let again = match args.replay.as_deref().map(replay::read) {
        Some(None) => return Exit::Wrong,
        Some(Some(replay)) => Some(Arc::new(replay)),
        None => None,
    };
    // The constants are those of the recorded run, unless others are given.
    let sets = match &again {
        Some(replay) if args.sets.is_empty() => &replay.sets,
        _ => &args.sets,
    };
    let mut files = args.files.clone();
    if let (true, Some(replay), Some(recorded)) = (files.is_empty(), &args.replay, &again) {
        let Some(file) = verify::beside(replay, &recorded.file) else {
            let name = &recorded.file;
            complain(format!("{}: its scenario, {name}, is neither beside it nor here: name it", replay.display()));
            return Exit::Wrong;
        };
        files.push(file);
    }
    let mut planned = Vec::new();
    let mut wrong = false;
    for file in &files {
        match load::scenario(file).and_then(|scenario| Ok((load::plan(&scenario, sets)?, scenario))) {
            Ok((plan, scenario)) => planned.push((Arc::new(plan), scenario)),
            Err(_) => wrong = true,
        }
    }
    if wrong {
        return Exit::Wrong;
    }
    if let Some(file) = &args.trace
        && let Err(error) = output::is_writable(file)
    {
        complain(format!("{}: {error}", file.display()));
        return Exit::Wrong;
    }
    let mut exit = Exit::Expected;
    for (plan, scenario) in &planned {
        let this = one(args, plan, scenario, again.as_ref());
        exit = if exit == Exit::Expected { this } else { exit };
        if matches!(this, Exit::Signal(_)) {
            break;
        }
    }
    exit
}

fn one(args: &Args, plan: &Arc<Plan>, scenario: &Scenario, again: Option<&Arc<Replay>>) -> Exit {
    let schedule = match (again, &args.schedule) {
        (Some(replay), _) => Schedule::Replay(Arc::clone(replay)),
        (None, Some(Asked::Policy(policy))) => policy.clone(),
        (None, _) => Schedule::Free,
    };
    // First in, first out is the same at every run, random choices included.
    let new_seed = || if schedule == Schedule::Fifo { 0 } else { new_seed() };
    let seed = again.map(|replay| replay.seed).or(args.seed).unwrap_or_else(new_seed);
    let (stream, written) = match &args.trace {
        Some(file) if ending(file) == Some(STREAMED) => (Some(file), None),
        other => (None, other.as_ref()),
    };
    let options = RunOptions {
        seed: Some(seed),
        timeout: args.timeout,
        trace: args.outline || args.verify || written.is_some() || args.repeat.is_some() || plan.outcomes.is_some(),
        stream: stream.cloned(),
        processes_max: args.max_processes,
        threads_max: args.max_threads,
        memory_max: args.max_memory,
        schedule,
        perturb: args.perturb,
        doom: None,
    };
    if let (Some(file), true) = (stream, options.trace)
        && std::fs::metadata(file).is_ok_and(|found| !found.is_file())
    {
        complain(format!("{}: what is streamed there cannot be read back, and this run takes that", file.display()));
        return Exit::Wrong;
    }
    if let Some(runs) = args.repeat {
        return repeat::repeat(plan, scenario, &repeat::Asked { runs, verify: args.verify, options });
    }
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
    let written = written.map_or(Ok(()), |file| {
        write(&run.trace, file).map_err(|message| complain(format!("{}: {message}", file.display())))
    });
    if args.verify && !matches!(run.ending, Ending::Signalled(_) | Ending::Killed(_)) {
        let judged = verify::verify_run(plan, &run.trace, &run.ending);
        if judged != Exit::Expected {
            return judged;
        }
    }
    let verdict = verdict::of(scenario, plan, &run);
    verdict.said.iter().for_each(|text| err(text));
    // A replay of what a search found shows it.
    if !matches!(run.ending, Ending::Race(_) | Ending::Livelock(..)) {
        verdict::say_unseen(scenario, &options.schedule);
    }
    if let (Some(seed), true, None, None) = (options.seed, scenario.draws(), args.seed, &run.replay)
        && verdict.exit != Exit::Expected
    {
        err(&format!("to make the same random choices again: --seed {seed}\n"));
    }
    if let (Some(recorded), None) = (&run.replay, again)
        && !matches!(verdict.exit, Exit::Expected | Exit::Signal(_))
    {
        let name = scenario.source().name();
        if name == load::STANDARD_INPUT {
            let schedule = replay::typed(&options.schedule);
            err(&format!("to see it again: --schedule {schedule} --seed {seed}\n"));
        } else if let Some(file) = replay::keep(recorded) {
            err(&format!("to see it again: conc run {name} --replay {}\n", file.display()));
        }
    }
    // There was room before the run, and there is none now.
    if written.is_err() && verdict.exit == Exit::Expected { Exit::OverLimit } else { verdict.exit }
}

/// What it means that a run could not begin.
pub(super) fn refusal(error: &RunError) -> Exit {
    match error {
        RunError::Cores(..) | RunError::Start(StartError::Object(_)) => Exit::Wrong,
        RunError::Start(
            StartError::System(_) | StartError::Io(_) | StartError::Stream { .. } | StartError::OutOfMemory,
        )
        | RunError::Trace(_) => Exit::OverLimit,
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
        Some("ron" | "json" | STREAMED) => Ok(file),
        _ => Err("a trace is written to a file that ends in .ron, .json or .trace".into()),
    }
}
