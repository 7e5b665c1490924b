//! `conc check --mutate`: whether a scenario's claims notice that it is made weaker.
//!
//! Answers for: options, formats, exit status. Which mutants there are stands in `variants`, what is said of them in
//! `report`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::abreast::{abreast, jobs};
use super::check::{self, Args, Done, Format};
use super::{Exit, complain, out};
use crate::check::{Limits, Options, Verdict};
use crate::plan::CORES;
use crate::report::check::{Mutated, Tally, mutants, mutants_json, mutants_total};
use crate::syntax::ast::Expect;
use crate::variants::{Judged, Mutant, Mutants, Original, judge, states_max};

pub(super) fn mutate(args: &Args, paths: &[PathBuf]) -> Exit {
    let mut all = Tally::default();
    let mut wrong = 0;
    let mut worst = Exit::Expected;
    for path in paths {
        match one(args, path, paths.len() > 1) {
            Ok(tally) => {
                all = all.and(tally);
                worst = check::worse(worst, exit(tally));
            }
            Err(exit) => {
                wrong += 1;
                worst = check::worse(worst, exit);
            }
        }
    }
    if paths.len() > 1 && args.format == Format::Text {
        out(&mutants_total(all, wrong));
    }
    worst
}

/// A survivor is a failure of the scenario's claims; what cannot be told apart is none.
fn exit(tally: Tally) -> Exit {
    match tally {
        Tally { survived: 1.., .. } => Exit::Failed,
        Tally { limit: 1.., .. } => Exit::OverLimit,
        _ => Exit::Expected,
    }
}

fn one(args: &Args, path: &Path, in_short: bool) -> Result<Tally, Exit> {
    let bar = check::progress(args.format);
    let original = check::one(args, (path, 1), &mut |progress| {
        bar.set_message(format!("{}: {} states", path.display(), progress.states));
        bar.tick();
    });
    let original = original.inspect_err(|_| bar.finish_and_clear())?;
    refuse(&original).inspect_err(|_| bar.finish_and_clear())?;
    let variants = Mutants::of(original.scenario.checked());
    let options = options(args, &original, variants.all().len());
    let expects: Vec<&Expect> = original.scenario.checked().expects.iter().map(|(expect, _)| expect).collect();
    let stands = Original::new(&original.plan, expects, &original.checked);
    let work = |mutant: &Mutant| {
        let plan = Arc::new(variants.plan(mutant, &args.sets, CORES)?);
        // One whose objects cannot be made is none.
        judge(mutant, &plan, &options, &stands).ok()
    };
    let mut so_far = 0;
    let found: Vec<Option<Judged>> = abreast(variants.all(), jobs(args.jobs), work, &mut |_| {
        so_far += 1;
        bar.set_message(format!("{}: mutant {so_far} of {}", path.display(), variants.all().len()));
        bar.tick();
    });
    bar.finish_and_clear();
    let judged: Vec<(&Mutant, &Judged)> =
        variants.all().iter().zip(&found).filter_map(|(mutant, judged)| Some((mutant, judged.as_ref()?))).collect();
    let mutated = Mutated { source: original.scenario.source(), original: &original.checked, mutants: &judged };
    match args.format {
        Format::Json => out(&mutants_json(&mutated)),
        _ => out(&mutants(&mutated, in_short, true)),
    }
    Ok(mutated.tally())
}

/// Of a scenario that is not as it says, mutants tell nothing.
fn refuse(original: &Done) -> Result<(), Exit> {
    if original.compared.as_expected {
        return Ok(());
    }
    let (name, verdict) = (original.scenario.source().name(), original.checked.verdict.name());
    complain(match original.checked.verdict {
        Verdict::Limit => format!("{name}: a limit was reached before its own verdict: its mutants would tell nothing"),
        _ => format!(
            "{name}: as it stands it is not as it expects ({verdict}, and expected: {}): its mutants would tell \
             nothing; see conc check {name}",
            original.compared.expected.join(", ")
        ),
    });
    Err(check::exit(original))
}

fn options(args: &Args, original: &Done, searches: usize) -> Options {
    let options = check::options(args, searches);
    let states = args.max_states.unwrap_or_else(|| states_max(&original.checked));
    Options { limits: Limits { states, ..options.limits }, ..options }
}
