//! What a run means, given what its scenario expects.
//!
//! Answers for: what of it is not expected, and which expectations it showed. No run of its own can show a race, and
//! none a livelock: of those nothing is asked here (see `unseen`). Never says what a missing one means: of several runs
//! it is enough that one shows it, or that together they show every outcome.

use super::outcome::Problem;
use crate::check::{foreseen, races_on};
use crate::plan::Plan;
use crate::report;
use crate::scenario::{Run, Scenario};
use crate::syntax::ast::Expect;
use crate::trace::{Ending, Uncaught};
use crate::value;

/// A run, compared with the expectations of its scenario.
#[derive(Debug)]
pub struct Verdict {
    /// What nothing names.
    pub problems: Vec<Problem>,
    /// For each expectation, in the order of the file: whether this run is as it says.
    pub shown: Vec<bool>,
    /// The values that it named as its outcome, as literals.
    pub outcomes: Vec<String>,
    /// Whether the run came to an end of its own, so that its outline is the same every time.
    pub came_to_an_end: bool,
}

/// Compares a run with what its scenario expects.
pub fn verdict(scenario: &Scenario, plan: &Plan, run: &Run) -> Verdict {
    let expects = &scenario.checked().expects;
    let shown = expects.iter().map(|(expect, _)| shows(run, expect)).collect();
    let foreseen = |error: &&Uncaught| expects.iter().any(|(expect, _)| foreseen(expect, error));
    let uncaught: Vec<Uncaught> = run.errors.iter().filter(|error| !foreseen(error)).cloned().collect();
    let mut problems = Vec::new();
    if !uncaught.is_empty() {
        problems.push(Problem::Uncaught(uncaught));
    }
    let deadlock = expects.iter().any(|(expect, _)| matches!(expect, Expect::Deadlock));
    match &run.ending {
        Ending::Finished => problems.extend(strange_outcome(plan, run).map(|strange| {
            let expected = expected_outcomes(plan).unwrap_or_default();
            Problem::StrangeOutcome { strange, expected, in_a_run: true }
        })),
        Ending::Deadlock(_) if deadlock => {}
        Ending::InvariantBroken(_) if expects.iter().any(|(expect, _)| shows(run, expect) && is_invariant(expect)) => {}
        Ending::Race(race) if expects.iter().any(|(expect, _)| races_on(expect, race)) => {}
        other => problems.push(Problem::Ended(other.clone())),
    }
    let came_to_an_end =
        matches!(run.ending, Ending::Finished | Ending::Exited(_) | Ending::Deadlock(_) | Ending::InvariantBroken(_));
    Verdict { problems, shown, outcomes: report::outcome_values(&run.trace), came_to_an_end }
}

/// The values that `expect outcomes` names, as literals; none where the scenario has no such claim.
pub fn expected_outcomes(plan: &Plan) -> Option<Vec<String>> {
    plan.outcomes.as_ref().map(|values| values.iter().map(value::literal).collect())
}

/// The first outcome of a run that is not among those which `expect outcomes` names.
pub fn strange_outcome(plan: &Plan, run: &Run) -> Option<String> {
    let expected = expected_outcomes(plan)?;
    report::outcome_values(&run.trace).into_iter().find(|value| !expected.contains(value))
}

/// Whether a run shows what is expected; what no single run can show counts as shown.
fn shows(run: &Run, expect: &Expect) -> bool {
    match expect {
        Expect::Deadlock => matches!(run.ending, Ending::Deadlock(_)),
        Expect::Assertion | Expect::Error(..) => run.errors.iter().any(|error| foreseen(expect, error)),
        Expect::Invariant(name) => {
            matches!(&run.ending, Ending::InvariantBroken(broken) if *broken.name == *name.text)
        }
        Expect::Pass | Expect::Race(_) | Expect::Livelock | Expect::Outcomes(_) => true,
    }
}

fn is_invariant(expect: &Expect) -> bool {
    matches!(expect, Expect::Invariant(_))
}
