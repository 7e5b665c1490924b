//! The machine: every schedule there is.

use std::collections::BTreeSet;
use std::sync::Arc;

use conc::machine::{Failure, Limits, Machine, Rules, explore};
use conc::value::ErrorKind;

use super::case::{Case, Schedules, Verdict};

/// More than any of them has.
const STATES_MAX: usize = 400_000;

/// Explores a scenario: what it claims is what some schedule comes to, and no schedule comes to anything else.
pub(crate) fn check(case: &Case) -> Result<(), String> {
    let rules = Rules::exploring(512);
    let machine = Machine::new(Arc::clone(&case.plan), rules);
    let found = explore(&machine, Limits { states: STATES_MAX }).map_err(|error| error.to_string())?;
    if !found.complete {
        return Err(format!("more than {STATES_MAX} states"));
    }
    for (failure, way) in &found.failures {
        let verdict = match failure {
            Failure::Deadlock(_) => Verdict::Deadlock,
            Failure::Uncaught(_, error) if error.kind == ErrorKind::AssertionFailed => Verdict::Assertion,
            Failure::Invariant(broken) => return Err(format!("the invariant {} does not hold", broken.name)),
            Failure::Uncaught(actor, error) => Verdict::Error(error.kind.name().to_owned(), Some(actor.clone())),
        };
        case.judge_failure(&verdict).map_err(|message| format!("{message}: {failure:?} by {way:#?}"))?;
    }
    let fails = !matches!(case.verdict, Verdict::Pass | Verdict::Race(_));
    if fails && found.failures.is_empty() {
        return Err(format!("no schedule comes to {:?}", case.verdict));
    }
    if fails && case.schedules == Schedules::Every && found.passed > 0 {
        return Err(format!("{} last states are fine, and none should be", found.passed));
    }
    if let Some(outcomes) = &case.outcomes {
        let expected: BTreeSet<&String> = outcomes.iter().collect();
        let reached: BTreeSet<&String> = found.outcomes.keys().collect();
        if expected != reached {
            return Err(format!("the schedules end with {reached:?}, and should with {expected:?}"));
        }
    }
    Ok(())
}
