//! What a run means for the exit status, given what the scenario expects.
//!
//! Answers for: an expected deadlock or error is as expected. Never blames a run that did not show an expected bug: one
//! run shows one schedule.

use super::{Exit, err};
use crate::check::{foreseen, races_on};
use crate::plan::Plan;
use crate::report;
use crate::scenario::{Run, Scenario};
use crate::schedule::Schedule;
use crate::suite::{self, expected_outcomes, strange_outcome};
use crate::syntax::ast::Expect;
use crate::trace::Ending;

/// The exit status, and what is to be said before.
pub(super) struct Verdict {
    pub(super) exit: Exit,
    pub(super) said: Option<String>,
}

pub(super) fn of(scenario: &Scenario, plan: &Plan, run: &Run) -> Verdict {
    let expects: Vec<&Expect> = scenario.checked().expects.iter().map(|(expect, _)| expect).collect();
    let failed = if run.errors.iter().all(|error| expects.iter().any(|expect| foreseen(expect, error))) {
        Exit::Expected
    } else {
        Exit::Failed
    };
    let (exit, said) = match &run.ending {
        Ending::Finished => match unexpected_outcome(plan, run) {
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
        Ending::Race(race) => {
            let exit = if expects.iter().any(|expect| races_on(expect, race)) { failed } else { Exit::Failed };
            (exit, Some(report::race(scenario.source(), race, true)))
        }
        Ending::Livelock(actors, steps) => {
            let foreseen = expects.iter().any(|expect| matches!(expect, Expect::Livelock));
            (if foreseen { failed } else { Exit::Failed }, Some(report::livelock(actors, *steps)))
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

/// What is said of an outcome that is not among the expected ones.
fn unexpected_outcome(plan: &Plan, run: &Run) -> Option<String> {
    let strange = strange_outcome(plan, run)?;
    let expected = expected_outcomes(plan).unwrap_or_default();
    Some(format!("{}\n", suite::report::strange_outcome(&strange, &expected, true)))
}

/// Says what the scenario claims and such runs cannot see.
pub(super) fn say_unseen(scenario: &Scenario, schedule: &Schedule) {
    let unseen = suite::report::unseen(&suite::unseen(scenario, schedule));
    unseen.iter().for_each(|line| err(&format!("{line}\n")));
}

fn signalled(signal: i32) -> Exit {
    Exit::Signal(u8::try_from(signal).unwrap_or(0))
}
