//! What a run means for the exit status, given what the scenario expects.
//!
//! Answers for: an expected deadlock or error is as expected. Never blames a run that did not show an expected bug: one
//! run shows one schedule.

use super::Exit;
use crate::report;
use crate::scenario::{Run, Scenario};
use crate::suite::foreseen;
use crate::syntax::ast::Expect;
use crate::trace::Ending;

/// The exit status, and what is to be said before.
pub(super) struct Verdict {
    pub(super) exit: Exit,
    pub(super) said: Option<String>,
}

pub(super) fn of(scenario: &Scenario, run: &Run) -> Verdict {
    let expects: Vec<&Expect> = scenario.checked().expects.iter().map(|(expect, _)| expect).collect();
    let failed = if run.errors.iter().all(|error| expects.iter().any(|expect| foreseen(expect, error))) {
        Exit::Expected
    } else {
        Exit::Failed
    };
    let (exit, said) = match &run.ending {
        Ending::Finished => match unexpected_outcome(&expects, run) {
            Some(said) => (Exit::Failed, Some(said)),
            None => (failed, None),
        },
        Ending::Exited(status) => (Exit::Failed, Some(format!("main ended with exit({status})\n"))),
        Ending::Deadlock(blocked) => {
            let foreseen = expects.iter().any(|expect| matches!(expect, Expect::Deadlock));
            let exit = if foreseen { failed } else { Exit::Deadlock };
            (exit, Some(report::deadlock(scenario.source(), blocked, true)))
        }
        Ending::InvariantBroken(broken) => {
            let names = |expect: &Expect| matches!(expect, Expect::Invariant(name) if *name.text == *broken.name);
            let exit = if expects.iter().any(|expect| names(expect)) { failed } else { Exit::Failed };
            (exit, Some(report::broken_invariant(scenario.source(), broken, true)))
        }
        Ending::TimedOut => (Exit::OverLimit, Some("out of time: the run was ended\n".into())),
        Ending::OverLimit(limit) => (Exit::OverLimit, Some(format!("over a limit: {limit}\n"))),
        Ending::Killed(signal) => (signalled(*signal), Some(format!("main was killed by signal {signal}\n"))),
        Ending::Signalled(signal) => (signalled(*signal), None),
        Ending::Bug(what) => (Exit::Bug, Some(format!("a bug in conc: {what}\n"))),
        Ending::Diverged(divergence) => (Exit::Bug, Some(report::divergence(scenario.source(), divergence, true))),
        Ending::Misfit(misfit) => (Exit::Wrong, Some(report::misfit(misfit))),
    };
    Verdict { exit, said }
}

/// What is said of an outcome that is not among the expected ones. Where one of those is no literal nothing is.
fn unexpected_outcome(expects: &[&Expect], run: &Run) -> Option<String> {
    let pinned = expects.iter().find_map(|expect| match expect {
        Expect::Outcomes(outcomes) => Some(outcomes),
        _ => None,
    })?;
    let literals: Option<Vec<String>> =
        pinned.iter().map(|expr| crate::plan::literal(expr).map(|value| crate::value::literal(&value))).collect();
    let expected = literals?;
    let values = report::outcome_values(&run.trace);
    let strange = values.iter().find(|value| !expected.contains(value))?;
    Some(format!("the outcome {strange} is not among the expected ones: {}\n", expected.join(", ")))
}

fn signalled(signal: i32) -> Exit {
    Exit::Signal(u8::try_from(signal).unwrap_or(0))
}
