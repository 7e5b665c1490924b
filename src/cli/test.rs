//! `conc test`: scenarios as tests, compared with the snapshots beside them.
//!
//! Answers for: options, formats, the progress bar. What is examined and what is said of it stands in `suite`.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};

use super::abreast;
use super::duration::duration;
use super::{Exit, complain, out, size};
use crate::suite::{Orders, Outcome, Status, Told, discover, examine_all, report};

/// Run scenarios as tests: each must end as its `expect` says, with the outline of the snapshot beside it
#[derive(Debug, clap::Args)]
#[command(after_help = "The snapshot of name.conc is name.outline; name.LABEL.outline is one of another run, by the\n\
    schedule and the seed that it names. What is new or differs is written to a file that ends in .new.")]
pub(super) struct Args {
    /// Scenarios, and folders in which they are looked for; the current one unless given
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Take new outlines as snapshots, where the run ended as expected
    #[arg(long)]
    accept: bool,
    /// Only scenarios with this text in their path
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Run so many scenarios at a time; as many as there are processors unless given
    #[arg(long, short, value_name = "N", value_parser = abreast::count())]
    jobs: Option<u16>,
    /// End a run after this long: 500ms, 10s, 2m
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    timeout: Duration,
    /// End a run when it takes more memory: 64MiB, 2GiB; a quarter of what there is unless said
    #[arg(long, value_name = "SIZE", value_parser = size::memory)]
    max_memory: Option<u64>,
    /// text, json (an object a line), junit or tap
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_possible_values = true)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Junit,
    Tap,
}

pub(super) fn test(args: &Args) -> Exit {
    let begun = Instant::now();
    let scenarios = match discover(&args.paths, args.filter.as_deref()) {
        Ok(scenarios) => scenarios,
        Err(error) => {
            complain(error);
            return Exit::Wrong;
        }
    };
    let jobs = abreast::jobs(args.jobs);
    let orders = Orders { accept: args.accept, timeout: args.timeout, memory_max: args.max_memory };
    let bar = progress(args.format, scenarios.len());
    if args.format == Format::Tap {
        out(&report::tap_begin(scenarios.len()));
    }
    let mut number = 0;
    let outcomes = examine_all(&scenarios, jobs, &orders, &mut |told| match told {
        Told::Done(outcome) => {
            if outcome.status() == Status::Failed {
                bar.set_message("some failed");
            }
            bar.inc(1);
        }
        Told::Next(outcome) => {
            number += 1;
            bar.suspend(|| out(&line(args.format, number, outcome)));
        }
    });
    bar.finish_and_clear();
    match args.format {
        Format::Text => out(&report::text_end(&outcomes, begun.elapsed())),
        Format::Junit => out(&report::junit(&outcomes, begun.elapsed())),
        Format::Json | Format::Tap => {}
    }
    if outcomes.iter().any(|outcome| outcome.status() == Status::Failed) { Exit::Failed } else { Exit::Expected }
}

fn line(format: Format, number: usize, outcome: &Outcome) -> String {
    match format {
        Format::Text => report::text(outcome),
        Format::Json => report::json(outcome),
        Format::Tap => report::tap(number, outcome),
        Format::Junit => String::new(),
    }
}

/// Only where somebody looks at it.
fn progress(format: Format, scenarios: usize) -> ProgressBar {
    let bar = ProgressBar::hidden();
    if format == Format::Text && std::io::stderr().is_terminal() {
        bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
    }
    bar.set_length(scenarios as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len}  {elapsed}  {msg}") {
        bar.set_style(style);
    }
    bar
}
