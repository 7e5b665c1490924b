//! `conc check`: every schedule.
//!
//! Answers for: options, formats, progress, exit status. What is found and what is said of it stands in `check` and
//! `report`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};

use super::duration::duration;
use super::{Exit, complain, err, load, observe, out, replay, size};
use crate::check::{
    Checked, Compared, Limits, Observed, Options, Progress, Reduction, Verdict, check as explore, compare,
};
use crate::machine::{Rules, Time};
use crate::report;
use crate::scenario::{PROCESSES_MAX, Scenario};
use crate::suite::discover;
use crate::syntax::ast::Expect;

/// Explore every schedule of scenarios: say pass, or show the shortest schedule that fails
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Scenarios, and folders in which they are looked for; `-` is standard input
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Give a constant another value
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = load::setting)]
    sets: Vec<(String, String)>,
    /// What time may do: any (sleepers wake and waits time out at any step) or prompt (virtual time)
    #[arg(long, value_name = "HOW", default_value = "any", hide_possible_values = true)]
    timeouts: Timeouts,
    /// Look only at schedules with at most so many preemptions
    #[arg(long, value_name = "N")]
    preemptions: Option<u32>,
    /// Any process may be killed at any step, at most so many
    #[arg(long, value_name = "N", default_value_t = 0)]
    crashes: u32,
    /// Who waits to be notified may wake up by itself
    #[arg(long)]
    spurious: bool,
    /// Give up after so many states
    #[arg(long, value_name = "N", default_value_t = 5_000_000)]
    max_states: usize,
    /// Give up after this long: 500ms, 10s, 2m
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    time_limit: Option<Duration>,
    /// Give up when the search takes more memory: 64MiB, 2GiB
    #[arg(long, value_name = "SIZE", value_parser = size::memory)]
    max_memory: Option<u64>,
    /// Leave no state out: none, or stubborn
    #[arg(long, value_name = "HOW", default_value = "stubborn", hide_possible_values = true)]
    reduction: How,
    /// Tell states apart by all that they are, and say whether a fingerprint would have mixed two up; takes memory
    #[arg(long)]
    exact: bool,
    /// Run it so often on real processes as well, perturbed by the seeds from 1, and compare what that comes to
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    observe: Option<u32>,
    /// Where random walks come from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Check so many scenarios at a time; as many as there are processors unless given
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,
    /// text, json (an object a line), sarif or mermaid
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_possible_values = true)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Timeouts {
    Any,
    Prompt,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum How {
    None,
    Stubborn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Sarif,
    Mermaid,
}

/// A scenario that was checked.
struct Done {
    scenario: Scenario,
    checked: Checked,
    compared: Compared,
    /// What real runs came to, where they were asked for.
    observed: Option<Observed>,
}

pub(super) fn check(args: &Args) -> Exit {
    if args.observe.is_some() && matches!(args.format, Format::Sarif | Format::Mermaid) {
        complain("--observe is told as text or json");
        return Exit::Wrong;
    }
    let paths = match args.paths.as_slice() {
        [one] if one == Path::new("-") => args.paths.clone(),
        paths => match discover(paths, None) {
            Ok(paths) => paths,
            Err(error) => {
                complain(error);
                return Exit::Wrong;
            }
        },
    };
    match paths.as_slice() {
        [path] => single(args, path),
        paths => several(args, paths),
    }
}

fn options(args: &Args) -> Options {
    let time = if args.timeouts == Timeouts::Any { Time::Any } else { Time::Prompt };
    let limits =
        Limits { states: args.max_states, time: args.time_limit, memory: args.max_memory, ..Limits::default() };
    Options {
        rules: Rules { time, crashes: args.crashes, spurious: args.spurious, ..Rules::exploring(PROCESSES_MAX) },
        preemptions: args.preemptions,
        limits,
        reduction: if args.reduction == How::None { Reduction::None } else { Reduction::Stubborn },
        exact: args.exact,
        seed: args.seed,
    }
}

fn one(args: &Args, path: &Path, tell: &mut dyn FnMut(Progress)) -> Result<Done, Exit> {
    let scenario = load::scenario(path)?;
    let plan = Arc::new(load::plan(&scenario, &args.sets)?);
    let checked = explore(&plan, &options(args), tell).map_err(|error| {
        complain(format!("{}: {error}", path.display()));
        Exit::Wrong
    })?;
    let expects: Vec<&Expect> = scenario.checked().expects.iter().map(|(expect, _)| expect).collect();
    let compared = compare(&plan, &expects, &checked);
    let name = scenario.source().name();
    let observed = args.observe.map(|runs| observe::observe(&plan, name, &checked, runs)).transpose()?;
    Ok(Done { scenario, checked, compared, observed })
}

fn exit(done: &Done) -> Exit {
    let is_excluded = done.observed.iter().any(|observed| observed.excluded().next().is_some());
    match done.checked.verdict {
        _ if is_excluded => Exit::Failed,
        _ if done.compared.as_expected => Exit::Expected,
        Verdict::Deadlock => Exit::Deadlock,
        Verdict::Limit => Exit::OverLimit,
        _ => Exit::Failed,
    }
}

fn single(args: &Args, path: &Path) -> Exit {
    let bar = progress(args.format);
    let begun = std::time::Instant::now();
    let done = one(args, path, &mut |progress| {
        let rate = progress.states as f64 / begun.elapsed().as_secs_f64().max(0.001);
        bar.set_message(format!("{} states, {rate:.0} a second, depth {}", progress.states, progress.depth));
        bar.tick();
    });
    bar.finish_and_clear();
    let done = match done {
        Ok(done) => done,
        Err(exit) => return exit,
    };
    let source = done.scenario.source();
    match args.format {
        Format::Text => {
            out(&report::check::text(source, &done.checked, &done.compared, true));
            keep(&done, path);
            if let Some(observed) = &done.observed {
                out(&report::check::observed(source, &done.checked, observed, true));
            }
        }
        Format::Json => out(&report::check::json(source, &done.checked, &done.compared, done.observed.as_ref())),
        Format::Sarif => out(&report::check::sarif(&[(source, &done.checked, &done.compared)])),
        Format::Mermaid => match &done.checked.counterexample {
            Some(counterexample) => out(&report::check::mermaid(source, counterexample)),
            None => err("no schedule fails: there is nothing to draw\n"),
        },
    }
    exit(&done)
}

/// Writes the schedule of a counterexample, and says how it is replayed.
fn keep(done: &Done, path: &Path) {
    let Some(counterexample) = &done.checked.counterexample else { return };
    if path == Path::new("-") {
        return;
    }
    if let Some(file) = replay::keep(&counterexample.replay) {
        out(&format!("  on real processes: conc run {} --replay {}\n", path.display(), file.display()));
    }
}

fn several(args: &Args, paths: &[PathBuf]) -> Exit {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.unwrap_or(cores).clamp(1, paths.len().max(1));
    let next = AtomicUsize::new(0);
    let (send, done) = crossbeam_channel::unbounded();
    let mut slots: Vec<Option<Result<Done, Exit>>> = paths.iter().map(|_| None).collect();
    let mut rows = Vec::new();
    let mut worst = Exit::Expected;
    let mut wrong = 0;
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            let (next, send) = (&next, send.clone());
            scope.spawn(move || {
                while let Some((at, path)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, paths.get(at)?)))
                {
                    let _ = send.send((at, one(args, path, &mut |_| {})));
                }
            });
        }
        drop(send);
        let mut told = 0;
        for (at, result) in done {
            if let Some(slot) = slots.get_mut(at) {
                *slot = Some(result);
            }
            while let Some(Some(result)) = slots.get(told) {
                told += 1;
                match result {
                    Ok(done) => {
                        let source = done.scenario.source();
                        let row = report::check::row(source, &done.checked, &done.compared, true);
                        match args.format {
                            Format::Text => {
                                out(&row.text);
                                if let Some(observed) = &done.observed {
                                    out(&report::check::observed_in_short(source, &done.checked, observed, true));
                                }
                            }
                            Format::Json => {
                                let observed = done.observed.as_ref();
                                out(&report::check::json(source, &done.checked, &done.compared, observed));
                            }
                            Format::Sarif | Format::Mermaid => {}
                        }
                        rows.push(row);
                        worst = worse(worst, exit(done));
                    }
                    Err(exit) => {
                        wrong += 1;
                        worst = worse(worst, *exit);
                    }
                }
            }
        }
    });
    match args.format {
        Format::Text => out(&report::check::total(&rows, wrong)),
        Format::Sarif => {
            let done: Vec<&Done> = slots.iter().flatten().filter_map(|done| done.as_ref().ok()).collect();
            let checks: Vec<_> =
                done.iter().map(|done| (done.scenario.source(), &done.checked, &done.compared)).collect();
            out(&report::check::sarif(&checks));
        }
        Format::Json | Format::Mermaid => {}
    }
    worst
}

/// Of several files: what is wrong with one counts before what failed.
fn worse(a: Exit, b: Exit) -> Exit {
    let rank = |exit: &Exit| match exit {
        Exit::Expected => 0,
        Exit::OverLimit => 1,
        Exit::Deadlock => 2,
        Exit::Failed => 3,
        _ => 4,
    };
    if rank(&b) > rank(&a) { b } else { a }
}

fn progress(format: Format) -> ProgressBar {
    let bar = if format == Format::Text && std::io::stderr().is_terminal() {
        ProgressBar::new_spinner()
    } else {
        ProgressBar::hidden()
    };
    let style = ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    bar.with_style(style)
}
