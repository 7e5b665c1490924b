//! Free runs: on real processes and threads, whatever schedule comes.

use std::time::Duration;

use conc::judge::{Judgement, judge};
use conc::program::op::OpCode;
use conc::trace::{Ending, Uncaught};
use conc::{Run, RunOptions};

use super::case::{Case, Verdict};

/// How often each scenario is run; more with `MEANING_RUNS`.
const RUNS: u64 = 4;
/// Longer than any of them takes on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Runs a scenario some times over: no run may come to what the scenario excludes.
pub(crate) fn check(case: &Case) -> Result<(), String> {
    for seed in 0..runs(RUNS) {
        // The first run is left alone, the others are disturbed.
        let perturb = (seed > 0).then_some(seed);
        let options = RunOptions { seed: Some(seed), timeout: Some(TIMEOUT), perturb, ..RunOptions::default() };
        let run = case.plan.run(&options).map_err(|error| error.to_string())?;
        judged(case, &run).map_err(|message| format!("perturbed by {perturb:?}: {message}"))?;
    }
    Ok(())
}

/// How many runs to make: as many as the environment asks for, where it asks.
pub(crate) fn runs(unless_asked: u64) -> u64 {
    std::env::var("MEANING_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(unless_asked)
}

/// Whether a run came to what the scenario allows, in a way that the machine allows.
pub(crate) fn judged(case: &Case, run: &Run) -> Result<(), String> {
    let said = |message: String| format!("{message}\n{}{}", run.output(), run.trace().outline());
    let verdict = verdict(run).map_err(said)?;
    case.judge(&verdict, outcome(run).as_deref()).map_err(said)?;
    match judge(&case.plan, run.trace().data(), Some(&run.ending)) {
        Judgement::Possible { .. } => Ok(()),
        judgement => Err(said(conc::report::judgement(run.trace(), &judgement))),
    }
}

fn verdict(run: &Run) -> Result<Verdict, String> {
    match &run.ending {
        Ending::Finished => {}
        Ending::Deadlock(_) if run.errors().is_empty() => return Ok(Verdict::Deadlock),
        other => return Err(format!("ended with {other:?}, errors {:?}", run.errors())),
    }
    match run.errors() {
        [] => Ok(Verdict::Pass),
        [Uncaught { kind, .. }] if kind == "AssertionFailed" => Ok(Verdict::Assertion),
        [Uncaught { kind, actor, .. }] => Ok(Verdict::Error(kind.clone(), Some(actor.clone()))),
        several => Err(format!("several errors: {several:?}")),
    }
}

/// What `outcome` named, as its literal.
fn outcome(run: &Run) -> Option<String> {
    let outline = run.trace().outline();
    run.trace().events().iter().find(|event| event.op == OpCode::Outcome)?;
    let line = outline.lines().find_map(|line| line.split_once(" outcome "))?;
    Some(line.1.to_owned())
}
