//! `conc trace`: recorded traces, rendered and compared.
//!
//! Answers for: reading what `conc run --trace` wrote. Never runs anything.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::run::STREAMED;
use super::{Exit, complain, out, terminal};
use crate::report;
use crate::trace::{Recording, Stats, Trace, TraceError, Why, diff};

/// Render a recorded trace
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    form: Form,
}

#[derive(Debug, clap::Subcommand)]
enum Form {
    /// Whether the machine can do what the run did
    Verify {
        /// A trace that `conc run --trace` wrote: .ron, .json or .trace
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The scenario it is of; the one of its name beside it, or here, unless given
        #[arg(value_name = "SCENARIO")]
        scenario: Option<PathBuf>,
    },
    /// One line an event, in canonical order, without pids and times
    Outline {
        /// A trace that `conc run --trace` wrote: .ron, .json or .trace
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Each actor's events by themselves
        #[arg(long)]
        by_actor: bool,
    },
    /// A column an actor, a row an event, in canonical order
    Lanes {
        /// A trace that `conc run --trace` wrote: .ron, .json or .trace
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// How wide lines may be; the terminal's width unless given
        #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(20..))]
        width: Option<u16>,
    },
    /// Why an event happened: what had to come first
    Causes(CausesArgs),
    /// Operations, waits and times, by object and by actor
    Stats {
        /// A trace that `conc run --trace` wrote: .ron, .json or .trace
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// As a table or as JSON
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Where two runs first part ways, as choices; ends with 1 if they do
    Diff {
        /// A trace
        #[arg(value_name = "A")]
        a: PathBuf,
        /// Another, of the same scenario
        #[arg(value_name = "B")]
        b: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
struct CausesArgs {
    /// A trace that `conc run --trace` wrote: .ron, .json or .trace
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    which: Which,
    /// List everything that had to come before it
    #[arg(long)]
    all: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// An actor and the number of its event, as `lanes` shows it: main:5
    #[arg(value_name = "EVENT")]
    event: Option<String>,
    /// The events at a line of the source
    #[arg(long, value_name = "N")]
    line: Option<u32>,
    /// The last error, or the last event if there is none
    #[arg(long)]
    last: bool,
}

/// How many events of one line are explained.
const EXPLAINED_MAX: usize = 10;

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Table,
    Json,
}

pub(super) fn trace(args: &Args) -> Exit {
    if let Form::Verify { file, scenario } = &args.form {
        return match read(file) {
            Ok(trace) => super::verify::verify(file, &trace, scenario.as_deref()),
            Err(message) => {
                complain(message);
                Exit::Wrong
            }
        };
    }
    match form(&args.form) {
        Ok((text, exit)) => {
            out(&text);
            exit
        }
        Err(message) => {
            complain(message);
            Exit::Wrong
        }
    }
}

fn form(form: &Form) -> Result<(String, Exit), String> {
    let text = match form {
        Form::Verify { .. } => String::new(),
        Form::Outline { file, by_actor: true } => read(file)?.by_actor(),
        Form::Outline { file, by_actor: false } => read(file)?.outline(),
        Form::Lanes { file, width } => report::lanes(&read(file)?, width.map_or_else(terminal::width, usize::from)),
        Form::Causes(args) => return causes(args),
        Form::Diff { a, b } => {
            let (a, b) = (read(a)?, read(b)?);
            let differences = diff(&a, &b);
            let exit = if differences.is_empty() { Exit::Expected } else { Exit::Failed };
            return Ok((report::diff(&a, &b, &differences), exit));
        }
        Form::Stats { file, format } => {
            let stats = stats(file)?;
            match format {
                Format::Table => report::stats(&stats),
                Format::Json => serde_json::to_string(&stats).map_err(|error| error.to_string())? + "\n",
            }
        }
    };
    Ok((text, Exit::Expected))
}

fn causes(args: &CausesArgs) -> Result<(String, Exit), String> {
    let trace = read(&args.file)?;
    let events = match (&args.which.event, args.which.line) {
        (Some(name), _) => trace.event_named(name).map(|event| vec![event]),
        (None, Some(line)) => trace.events_at(line),
        (None, None) => trace.last_event().map(|event| vec![event]),
    };
    let events = events.map_err(|error| format!("{}: {error}", args.file.display()))?;
    let mut texts = Vec::new();
    for event in events.iter().take(EXPLAINED_MAX) {
        let why = Why::of(&trace, *event);
        let mut text = report::causes(&trace, &why);
        if args.all {
            text.push_str(&report::before(&trace, &why));
        }
        texts.push(text);
    }
    if let more @ 1.. = events.len() - texts.len() {
        texts.push(format!("and {more} more events at that line: name one, such as main:5\n"));
    }
    Ok((texts.join("\n"), Exit::Expected))
}

fn read(file: &Path) -> Result<Trace, String> {
    let read = || match file.extension().and_then(|ending| ending.to_str()) {
        Some(STREAMED) => recording(file)?.into_trace(),
        Some("json") => Trace::from_json(&std::fs::read_to_string(file)?),
        _ => Trace::from_ron_lines(&std::fs::read_to_string(file)?),
    };
    read().map_err(|error| wrong(file, &error))
}

fn recording(file: &Path) -> Result<Recording<File>, TraceError> {
    Recording::open(File::open(file)?)
}

/// Figures of a streamed trace take no more memory than there are actors and objects.
fn stats(file: &Path) -> Result<Stats, String> {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some(STREAMED) => {
            recording(file).and_then(|mut recording| Stats::of(&mut recording)).map_err(|error| wrong(file, &error))
        }
        _ => Ok(Stats::new(&read(file)?)),
    }
}

fn wrong(file: &Path, error: &dyn std::fmt::Display) -> String {
    format!("{}: {error}", file.display())
}
