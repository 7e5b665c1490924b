//! Invariants: conditions over what is shared, which hold in every state.
//!
//! Answers for: whether they do. Evaluating one is no step and changes nothing.

use std::sync::Arc;

use super::object::{self, Act};
use super::step::{Happened, Tx};
use super::{MAIN, Machine, State};
use crate::program::CodeId;
use crate::program::op::Outcome;
use crate::source::Span;
use crate::value::Value;
use crate::vm::{Stop, Vm};

/// Instructions that evaluating one may take.
const BUDGET: u64 = 1_000_000;

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is claimed.
    pub span: Span,
    /// The error that evaluating it came to, if it did; otherwise it is false.
    pub error: Option<String>,
}

impl Machine {
    /// Whether the scenario claims invariants.
    pub fn has_invariants(&self) -> bool {
        !self.plan.image.program.invariants.is_empty()
    }

    /// The first invariant that does not hold in a state.
    pub fn broken_invariant(&self, state: &State) -> Option<Broken> {
        let invariants = &self.plan.image.program.invariants;
        invariants.iter().find_map(|(name, code)| self.evaluate(state, name, *code))
    }

    fn evaluate(&self, state: &State, name: &Arc<str>, code: CodeId) -> Option<Broken> {
        let image = Arc::clone(&self.plan.image);
        let span = image.program.code(code).and_then(|code| code.spans.first().copied()).unwrap_or_default();
        let broken = |error| Some(Broken { name: Arc::clone(name), span, error });
        let mut vm = Vm::new(image, code, Vec::new(), Arc::default(), Arc::clone(name));
        let mut scratch = state.clone();
        loop {
            match vm.run(BUDGET) {
                Stop::Returned(Value::Bool(true)) => return None,
                Stop::Returned(_) => return broken(None),
                Stop::Raised(error) => return broken(Some(error.to_string())),
                Stop::Budget => return broken(Some("it takes too long to evaluate".to_owned())),
                Stop::Op(op) => {
                    let happened = Happened::default();
                    let mut tx = Tx { machine: self, state: &mut scratch, happened, served: &[], drawn: None };
                    vm.resume(match object::can(tx.state, MAIN, &op).then(|| object::perform(&mut tx, MAIN, &op)) {
                        Some(Act::Done(Ok(value))) => Outcome::Value(value),
                        Some(Act::Done(Err(error))) => Outcome::Raise(error),
                        // It would have to wait, which no condition does.
                        Some(Act::Parked | Act::Calls { .. }) | None => return broken(Some("it waits".to_owned())),
                    });
                }
            }
        }
    }
}
