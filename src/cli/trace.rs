//! `conc trace`: recorded traces, rendered and compared.
//!
//! Answers for: reading what `conc run --trace` wrote. Never runs anything.

use std::path::{Path, PathBuf};

use super::{Exit, complain, out, terminal};
use crate::report;
use crate::trace::{Stats, Trace};

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
        /// A trace that `conc run --trace` wrote, .ron or .json
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The scenario it is of; the one of its name beside it, or here, unless given
        #[arg(value_name = "SCENARIO")]
        scenario: Option<PathBuf>,
    },
    /// One line an event, in canonical order, without pids and times
    Outline {
        /// A trace that `conc run --trace` wrote, .ron or .json
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Each actor's events by themselves
        #[arg(long)]
        by_actor: bool,
    },
    /// A column an actor, a row an event, in canonical order
    Lanes {
        /// A trace that `conc run --trace` wrote, .ron or .json
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// How wide lines may be; the terminal's width unless given
        #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(20..))]
        width: Option<u16>,
    },
    /// Operations, waits and times, by object and by actor
    Stats {
        /// A trace that `conc run --trace` wrote, .ron or .json
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// As a table or as JSON
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
}

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
        Form::Stats { file, format } => {
            let stats = Stats::new(&read(file)?);
            match format {
                Format::Table => report::stats(&stats),
                Format::Json => serde_json::to_string(&stats).map_err(|error| error.to_string())? + "\n",
            }
        }
    };
    Ok((text, Exit::Expected))
}

fn read(file: &Path) -> Result<Trace, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| wrong(&error))?;
    let json = file.extension().is_some_and(|ending| ending == "json");
    let trace = if json { Trace::from_json(&text) } else { Trace::from_ron_lines(&text) };
    trace.map_err(|error| wrong(&error))
}
