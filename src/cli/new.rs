//! `conc new`: a scenario to start from.
//!
//! Answers for: filling in the name, and never writing over a file. Never runs anything.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use super::{Exit, complain, err};

const TEMPLATE: &str = include_str!("new.conc");
const ENDING: &str = "conc";

/// Start a scenario from a commented template
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scenario's name, or the path of its file; .conc is added unless given
    #[arg(value_name = "NAME")]
    name: PathBuf,
}

pub(super) fn new(args: &Args) -> Exit {
    let mut path = args.name.clone();
    if path.extension().is_none_or(|ending| ending != ENDING) {
        let mut name = path.into_os_string();
        name.push(".");
        name.push(ENDING);
        path = name.into();
    }
    // A file name can have letters that would end the text, or the comment.
    let title: String = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let title = title.replace(|c: char| !(c.is_alphanumeric() || "_- .".contains(c)), "_");
    let written = File::create_new(&path)
        .and_then(|mut file| file.write_all(TEMPLATE.replace("NAME", &title).as_bytes()))
        .map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => "there is such a file already, and nothing is written over it".to_owned(),
            _ => error.to_string(),
        });
    match written {
        Ok(()) => {
            let shown = path.display();
            err(&format!("wrote {shown}\ntry it: conc run {shown}\n"));
            Exit::Expected
        }
        Err(message) => {
            complain(format!("{}: {message}", path.display()));
            Exit::Wrong
        }
    }
}
