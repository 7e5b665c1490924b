//! `conc plan`: the execution graph of a scenario.
//!
//! Answers for: choosing the format. Never starts anything.

use std::path::PathBuf;

use clap::ValueEnum;

use super::{Exit, load, out};
use crate::report;

/// Show the execution graph: actors, objects, who uses what, by which transport and why
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scenario; `-` reads it from standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// text, dot (Graphviz) or mermaid
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_possible_values = true)]
    format: Format,
    /// Give a constant another value (may be repeated)
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = load::setting)]
    sets: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Dot,
    Mermaid,
}

pub(super) fn plan(args: &Args) -> Exit {
    let planned = load::scenario(&args.file).and_then(|scenario| load::plan(&scenario, &args.sets));
    let plan = match planned {
        Ok(plan) => plan,
        Err(exit) => return exit,
    };
    out(&match args.format {
        Format::Text => report::plan::text(&plan),
        Format::Dot => report::plan::dot(&plan),
        Format::Mermaid => report::plan::mermaid(&plan),
    });
    Exit::Expected
}
