//! Expected failures that no run has shown: whether some schedule shows them.
//!
//! Answers for: asking the checker, within a bound. Never runs anything on the OS.

use std::sync::Arc;

use crate::check::{Checked, Limits, Options, check, is_as};
use crate::plan::Plan;
use crate::scenario::PROCESSES_MAX;
use crate::syntax::ast::Expect;

/// States that are looked at.
const STATES_MAX: usize = 50_000;

/// What the checker found; nothing where objects cannot be made, which is a matter of the runs.
pub(super) struct Explored(Option<Checked>);

impl Explored {
    /// Asks the checker.
    pub(super) fn of(plan: &Arc<Plan>) -> Explored {
        // The way to a failure is not asked for.
        let limits = Limits { states: STATES_MAX, states_failed: STATES_MAX, states_best: 0, ..Limits::default() };
        Explored(check(plan, &Options { limits, ..Options::new(PROCESSES_MAX) }, &mut |_| {}).ok())
    }

    /// Whether some schedule is as an expectation says.
    pub(super) fn shows(&self, expect: &Expect) -> bool {
        self.0.iter().flat_map(Checked::failures).any(|failure| is_as(failure, expect))
    }

    /// The values that schedules name as outcomes, as literals.
    pub(super) fn outcomes(&self) -> impl Iterator<Item = &String> {
        self.0.iter().flat_map(|checked| &checked.outcomes)
    }

    /// Whether some schedule names it.
    pub(super) fn comes_to(&self, outcome: &str) -> bool {
        self.outcomes().any(|one| one == outcome)
    }

    /// Whether no schedule was left out.
    pub(super) fn is_complete(&self) -> bool {
        self.0.as_ref().is_some_and(|checked| checked.complete)
    }
}
