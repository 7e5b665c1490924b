//! Expected failures that no run has shown: whether some schedule shows them.
//!
//! Answers for: asking the machine, within a bound. Never runs anything on the OS.

use std::sync::Arc;

use super::verdict::foreseen;
use crate::machine::{self, Failure, Limits, Machine, Rules, explore};
use crate::plan::Plan;
use crate::scenario::PROCESSES_MAX;
use crate::syntax::ast::Expect;
use crate::trace::Uncaught;

/// States that are looked at.
const STATES_MAX: usize = 50_000;

/// What the machine found.
pub(super) struct Explored(machine::Explored);

impl Explored {
    /// Asks the machine.
    pub(super) fn of(plan: &Arc<Plan>) -> Explored {
        let rules = Rules::exploring(PROCESSES_MAX);
        let machine = Machine::new(Arc::clone(plan), rules);
        // Objects that cannot be made are a matter of the runs.
        Explored(explore(&machine, Limits { states: STATES_MAX }).unwrap_or_default())
    }

    /// Whether some schedule is as an expectation says.
    pub(super) fn shows(&self, expect: &Expect) -> bool {
        self.0.failures.iter().any(|(failure, _)| is_as(failure, expect))
    }

    /// The values that schedules name as outcomes, as literals.
    pub(super) fn outcomes(&self) -> impl Iterator<Item = &String> {
        self.0.outcomes.keys()
    }

    /// Whether some schedule names it.
    pub(super) fn comes_to(&self, outcome: &str) -> bool {
        self.0.outcomes.contains_key(outcome)
    }

    /// Whether no schedule was left out.
    pub(super) fn is_complete(&self) -> bool {
        self.0.complete
    }
}

fn is_as(failure: &Failure, expect: &Expect) -> bool {
    match (failure, expect) {
        (Failure::Deadlock(_), Expect::Deadlock) => true,
        (Failure::Invariant(broken), Expect::Invariant(name)) => broken.name == name.text,
        (Failure::Uncaught(actor, error), _) => {
            let (kind, message) = (error.kind.name().to_owned(), error.message.to_string());
            foreseen(expect, &Uncaught { actor: actor.clone(), kind, message, span: error.span })
        }
        _ => false,
    }
}
