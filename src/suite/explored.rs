//! Expected failures that no run has shown: whether some schedule shows them.
//!
//! Answers for: asking the machine, within a bound. Never runs anything on the OS.

use std::sync::Arc;

use super::verdict::foreseen;
use crate::machine::{Failure, Limits, Machine, Rules, explore};
use crate::plan::Plan;
use crate::scenario::PROCESSES_MAX;
use crate::syntax::ast::Expect;
use crate::trace::Uncaught;

/// States that are looked at.
const STATES_MAX: usize = 50_000;

/// For each expectation: whether some schedule is as it says.
pub(super) fn shown(plan: &Arc<Plan>, expects: &[&Expect]) -> Vec<bool> {
    let rules = Rules::exploring(PROCESSES_MAX);
    let machine = Machine::new(Arc::clone(plan), rules);
    let Ok(found) = explore(&machine, Limits { states: STATES_MAX }) else { return vec![false; expects.len()] };
    let shows = |expect: &&Expect| found.failures.iter().any(|(failure, _)| is_as(failure, expect));
    expects.iter().map(shows).collect()
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
