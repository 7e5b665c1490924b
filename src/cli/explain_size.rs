//! `conc check --explain-size`: why a search is as large as it is.
//!
//! Answers for: options, formats, what is searched how far. What is counted stands in `check`, what is tried in
//! `variants`, what is said in `report`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::abreast::{abreast, jobs};
use super::check::{self, Args, Format};
use super::{Exit, complain, load, out};
use crate::check::{Limits, Options, size};
use crate::report::check::{Measure, size as text, size_json};
use crate::variants::{Candidate, candidates};

/// States of a search at most, unless something else is said: each change takes as many once more.
const STATES_MAX: usize = 200_000;

pub(super) fn explain_size(args: &Args, paths: &[PathBuf]) -> Exit {
    let mut worst = Exit::Expected;
    for path in paths {
        if let Err(exit) = one(args, path) {
            worst = check::worse(worst, exit);
        }
    }
    worst
}

fn one(args: &Args, path: &Path) -> Result<(), Exit> {
    let scenario = load::scenario(path)?;
    let plan = Arc::new(load::plan(&scenario, &args.sets)?);
    let options = check::options(args, 1);
    let limits = Limits { states: args.max_states.unwrap_or(STATES_MAX), ..options.limits };
    let options = Options { limits, ..options };
    let bar = check::progress(args.format);
    bar.set_message(format!("{}: searches", path.display()));
    bar.tick();
    let size = size(&plan, &options).map_err(|error| {
        bar.finish_and_clear();
        complain(format!("{}: {error}", path.display()));
        Exit::Wrong
    })?;
    let tried = candidates(&plan, scenario.checked(), &args.sets, &size);
    // What has as many states as there are now is no better.
    let states = if size.extent.complete { size.extent.states } else { limits.states };
    let limits = Limits { states, ..limits };
    let options = Options { limits, ..options };
    let mut so_far = 0;
    let extents = abreast(&tried, jobs(args.jobs), |one: &Candidate| one.extent(&plan, &options), &mut |_| {
        so_far += 1;
        bar.set_message(format!("{}: change {so_far} of {}", path.display(), tried.len()));
        bar.tick();
    });
    bar.finish_and_clear();
    let mut measures: Vec<Measure<'_>> = tried
        .iter()
        .zip(extents)
        .filter_map(|(one, extent)| Some(Measure { change: &one.change, span: one.span, extent: extent? }))
        .filter(|one| one.extent.complete && (!size.extent.complete || one.extent.states < size.extent.states))
        .collect();
    measures.sort_by_key(|one| (one.extent.states, one.span));
    let source = scenario.source();
    match args.format {
        Format::Json => out(&size_json(source, &size, &measures, tried.len())),
        _ => out(&text(source, &size, &measures, tried.len(), true)),
    }
    Ok(())
}
