//! Scenarios from the command line's paths.
//!
//! Answers for: saying everything that is wrong with them before anything starts. Never runs one.

use std::io::Read;
use std::path::Path;

use super::{Exit, complain, err};
use crate::diagnostic::Diagnostic;
use crate::plan::Plan;
use crate::report;
use crate::scenario::Scenario;
use crate::source::Source;
use crate::syntax::FILE_SIZE_MAX;

/// The name of a scenario from standard input.
pub(super) const STANDARD_INPUT: &str = "<stdin>";

/// Reads a scenario; `-` is standard input. Says what is wrong and gives nothing if there are errors.
pub(super) fn scenario(path: &Path) -> Result<Scenario, Exit> {
    let scenario = if path == Path::new("-") { from_input()? } else { from_file(path)? };
    show(scenario.source(), scenario.diagnostics());
    if scenario.is_correct() { Ok(scenario) } else { Err(Exit::Wrong) }
}

/// Plans a scenario, or says why it cannot be.
pub(super) fn plan(scenario: &Scenario, sets: &[(String, String)]) -> Result<Plan, Exit> {
    scenario.plan(sets).map_err(|diagnostics| {
        show(scenario.source(), &diagnostics);
        Exit::Wrong
    })
}

/// `NAME=VALUE`
pub(super) fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().into(), value.trim().into())),
        _ => Err("write NAME=VALUE, with a literal as the value: `--set N=7`".into()),
    }
}

fn from_file(path: &Path) -> Result<Scenario, Exit> {
    Scenario::from_path(path).map_err(|error| {
        complain(error);
        Exit::Wrong
    })
}

fn from_input() -> Result<Scenario, Exit> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(FILE_SIZE_MAX as u64 + 1).read_to_end(&mut bytes);
    let text = match read.map(|_| String::from_utf8(bytes)) {
        Ok(Ok(text)) => text,
        Ok(Err(_)) => {
            complain("standard input is not UTF-8 text");
            return Err(Exit::Wrong);
        }
        Err(error) => {
            complain(format!("standard input: {error}"));
            return Err(Exit::Wrong);
        }
    };
    Ok(Scenario::named(STANDARD_INPUT, text))
}

fn show(source: &Source, diagnostics: &[Diagnostic]) {
    if !diagnostics.is_empty() {
        err(&(report::diagnostic::render(source, diagnostics, true) + "\n"));
    }
}
