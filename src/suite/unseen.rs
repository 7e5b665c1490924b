//! What a scenario claims and no run can see, however often it is run.
//!
//! Answers for: which claims those are. Never words them.

use std::sync::Arc;

use crate::scenario::Scenario;
use crate::schedule::Schedule;
use crate::syntax::ast::Expect;

/// A claim that a run cannot see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// `expect race on NAME`
    Race(Arc<str>),
    /// `expect livelock`
    Livelock,
    /// `eventually NAME`
    Eventually(Arc<str>),
    /// `invariant NAME`: only a run in turns watches it.
    Invariant(Arc<str>),
    /// `expect outcomes`, of which some have not been met and there are too many states to look at.
    Outcomes,
}

/// The claims of a scenario that runs by a schedule cannot see.
pub fn unseen(scenario: &Scenario, schedule: &Schedule) -> Vec<Unseen> {
    let checked = scenario.checked();
    let expected = checked.expects.iter().filter_map(|(expect, _)| match expect {
        Expect::Race(name) => Some(Unseen::Race(Arc::clone(&name.text))),
        Expect::Livelock => Some(Unseen::Livelock),
        _ => None,
    });
    let eventually = checked.eventually.iter().map(|claim| Unseen::Eventually(Arc::clone(&claim.name.text)));
    let watched = if *schedule == Schedule::Free { checked.invariants.as_slice() } else { &[] };
    let invariants = watched.iter().map(|claim| Unseen::Invariant(Arc::clone(&claim.name.text)));
    expected.chain(eventually).chain(invariants).collect()
}
