//! `conc trace`: a recorded trace, rendered.
//!
//! Answers for: reading what `conc run --trace` wrote. Never runs anything.

use std::path::{Path, PathBuf};

use super::{Exit, complain, out};
use crate::trace::Trace;

/// Render a recorded trace
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    form: Form,
}

#[derive(Debug, clap::Subcommand)]
enum Form {
    /// One line an event, in canonical order, without pids and times
    Outline {
        /// A trace that `conc run --trace` wrote, .ron or .json
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Each actor's events by themselves
        #[arg(long)]
        by_actor: bool,
    },
}

pub(super) fn trace(args: &Args) -> Exit {
    let Form::Outline { file, by_actor } = &args.form;
    match read(file) {
        Ok(trace) => {
            out(&if *by_actor { trace.by_actor() } else { trace.outline() });
            Exit::Expected
        }
        Err(message) => {
            complain(format!("{}: {message}", file.display()));
            Exit::Wrong
        }
    }
}

fn read(file: &Path) -> Result<Trace, String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let json = file.extension().is_some_and(|ending| ending == "json");
    let trace = if json { Trace::from_json(&text) } else { Trace::from_ron_lines(&text) };
    trace.map_err(|error| error.to_string())
}
