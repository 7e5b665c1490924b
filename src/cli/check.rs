//! `conc check`: every schedule.
//!
//! Answers for: options, formats, progress, exit status. What is found and what is said of it stands in `check` and
//! `report`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};

use super::abreast::{self, abreast, jobs};
use super::duration::duration;
use super::{Exit, complain, err, explain_size, load, mutate, observe, out, replay, size};
use crate::check::{
    Checked, Compared, Limits, Observed, Options, Progress, Reduction, Verdict, check as explore, compare,
};
use crate::machine::{Rules, Time};
use crate::os::quarter_of_memory;
use crate::plan::Plan;
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
    pub(super) sets: Vec<(String, String)>,
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
    /// Give up after so many states; 5,000,000 unless given (a mutant: ten times the scenario's and 100,000)
    #[arg(long, value_name = "N")]
    pub(super) max_states: Option<usize>,
    /// Give up after this long: 500ms, 10s, 2m
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    time_limit: Option<Duration>,
    /// Give up when the search takes more memory: 64MiB, 2GiB; a quarter of what there is unless given
    #[arg(long, value_name = "SIZE", value_parser = size::memory)]
    max_memory: Option<u64>,
    /// How states are left out: none, stubborn, sleep, symmetry, or all
    #[arg(long, value_name = "HOW", default_value = "all", hide_possible_values = true)]
    reduction: How,
    /// Tell states apart by all that they are, and say whether a fingerprint would have mixed two up; takes memory
    #[arg(long)]
    exact: bool,
    /// Run it so often on real processes as well, perturbed by the seeds from 1, and compare what that comes to
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    observe: Option<u32>,
    /// Weaken it in one place at a time (a lock, a wait, a notify left out, …): do its claims notice each?
    #[arg(long, conflicts_with = "observe")]
    mutate: bool,
    /// Say which lines its states come from, what differs between them, and what would make it smaller
    #[arg(long, conflicts_with_all = ["observe", "mutate", "preemptions", "exact"])]
    explain_size: bool,
    /// Where random walks come from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// So many workers at a time, on several scenarios or on one; as many as there are processors unless given
    #[arg(long, short, value_name = "N", value_parser = abreast::count())]
    pub(super) jobs: Option<u16>,
    /// text, json (an object a line), sarif, mermaid or html (one page)
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_possible_values = true)]
    pub(super) format: Format,
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
    Sleep,
    Symmetry,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
    Sarif,
    Mermaid,
    Html,
}

/// A scenario that was checked.
pub(super) struct Done {
    pub(super) scenario: Scenario,
    pub(super) plan: Arc<Plan>,
    pub(super) checked: Checked,
    pub(super) compared: Compared,
    /// What real runs came to, where they were asked for.
    observed: Option<Observed>,
}

pub(super) fn check(args: &Args) -> Exit {
    let told =
        [(args.observe.is_some(), "--observe"), (args.mutate, "--mutate"), (args.explain_size, "--explain-size")];
    if let Some((_, option)) = told.into_iter().find(|(given, _)| *given)
        && matches!(args.format, Format::Sarif | Format::Mermaid | Format::Html)
    {
        complain(format!("{option} is told as text or json"));
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
        paths if args.explain_size => explain_size::explain_size(args, paths),
        paths if args.mutate => mutate::mutate(args, paths),
        [path] => single(args, path),
        _ if args.format == Format::Mermaid => {
            complain("mermaid is a diagram of one scenario");
            Exit::Wrong
        }
        paths => several(args, paths),
    }
}

/// The options of a search, where so many are at work side by side.
pub(super) fn options(args: &Args, searches: usize) -> Options {
    let time = if args.timeouts == Timeouts::Any { Time::Any } else { Time::Prompt };
    let limits = Limits::default();
    let states = args.max_states.unwrap_or(limits.states);
    // Those who are at work at a time share it.
    let at_a_time = searches.clamp(1, jobs(args.jobs).max(1)) as u64;
    let memory = args.max_memory.unwrap_or_else(|| quarter_of_memory() / at_a_time);
    let limits = Limits { states, time: args.time_limit, memory: Some(memory), ..limits };
    Options {
        rules: Rules { time, crashes: args.crashes, spurious: args.spurious, ..Rules::exploring(PROCESSES_MAX) },
        preemptions: args.preemptions,
        limits,
        reduction: match args.reduction {
            How::None => Reduction::None,
            How::Stubborn => Reduction::Stubborn,
            How::Sleep => Reduction::Sleep,
            How::Symmetry => Reduction::Symmetry,
            How::All => Reduction::All,
        },
        exact: args.exact,
        seed: args.seed,
        workers: (jobs(args.jobs) / searches.max(1)).max(1),
    }
}

pub(super) fn one(args: &Args, (path, searches): (&Path, usize), tell: &mut dyn FnMut(Progress)) -> Result<Done, Exit> {
    let scenario = load::scenario(path)?;
    let plan = Arc::new(load::plan(&scenario, &args.sets)?);
    let checked = explore(&plan, &options(args, searches), tell).map_err(|error| {
        complain(format!("{}: {error}", path.display()));
        Exit::Wrong
    })?;
    let expects: Vec<&Expect> = scenario.checked().expects.iter().map(|(expect, _)| expect).collect();
    let compared = compare(&plan, &expects, &checked);
    let name = scenario.source().name();
    let observed = args.observe.map(|runs| observe::observe(&plan, name, &checked, runs)).transpose()?;
    Ok(Done { scenario, plan, checked, compared, observed })
}

pub(super) fn exit(done: &Done) -> Exit {
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
    let done = one(args, (path, 1), &mut |progress| {
        bar.set_message(report::check::progress(&progress, begun.elapsed()));
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
        Format::Html => out(&report::check::html(&[(source, &done.checked, &done.compared)])),
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
    let mut rows = Vec::new();
    let mut worst = Exit::Expected;
    let mut wrong = 0;
    let work = |path: &PathBuf| one(args, (path, paths.len()), &mut |_| {});
    if args.format == Format::Text {
        out(&report::check::heading(args.observe.is_some()));
    }
    let all = abreast(paths, jobs(args.jobs), work, &mut |result| match result {
        Ok(done) => {
            rows.push(tell(args, done));
            worst = worse(worst, exit(done));
        }
        Err(exit) => {
            wrong += 1;
            worst = worse(worst, *exit);
        }
    });
    match args.format {
        Format::Text => out(&report::check::total(&rows, wrong)),
        Format::Sarif | Format::Html => {
            let done: Vec<&Done> = all.iter().flatten().collect();
            let checks: Vec<_> =
                done.iter().map(|done| (done.scenario.source(), &done.checked, &done.compared)).collect();
            let is_html = args.format == Format::Html;
            out(&if is_html { report::check::html(&checks) } else { report::check::sarif(&checks) });
        }
        Format::Json | Format::Mermaid => {}
    }
    worst
}

/// Tells of one of several files.
fn tell(args: &Args, done: &Done) -> report::check::Row {
    let source = done.scenario.source();
    let row = report::check::row(source, &done.checked, &done.compared, done.observed.as_ref(), true);
    match args.format {
        Format::Text => {
            out(&row.text);
            if let Some(observed) = &done.observed {
                out(&report::check::observed_in_short(source, &done.checked, observed, true));
            }
        }
        Format::Json => out(&report::check::json(source, &done.checked, &done.compared, done.observed.as_ref())),
        Format::Sarif | Format::Mermaid | Format::Html => {}
    }
    row
}

/// Of several files: what is wrong with one counts before what failed.
pub(super) fn worse(a: Exit, b: Exit) -> Exit {
    let rank = |exit: &Exit| match exit {
        Exit::Expected => 0,
        Exit::OverLimit => 1,
        Exit::Deadlock => 2,
        Exit::Failed => 3,
        _ => 4,
    };
    if rank(&b) > rank(&a) { b } else { a }
}

pub(super) fn progress(format: Format) -> ProgressBar {
    let bar = if format == Format::Text && std::io::stderr().is_terminal() {
        ProgressBar::new_spinner()
    } else {
        ProgressBar::hidden()
    };
    let style = ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    bar.with_style(style)
}
