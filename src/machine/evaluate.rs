//! Conditions over what is shared: evaluated in a state, at once.
//!
//! Answers for: what one comes to, and what it read. Evaluating is no step and changes nothing.

use std::sync::Arc;

use super::object::{self, Act};
use super::step::{Happened, Tx};
use super::{MAIN, Machine, State};
use crate::program::CodeId;
use crate::program::op::{Op, OpCode, Outcome};
use crate::value::{Error, Value};
use crate::vm::{Stop, Vm};

/// Instructions that evaluating one may take.
const BUDGET: u64 = 1_000_000;

/// What a condition came to.
#[derive(Clone, Debug)]
pub(super) enum Evaluated {
    Gave(Value),
    Raised(Error),
    /// It takes longer than a condition may.
    TooLong,
    /// It would have to wait.
    Waits,
}

impl Machine {
    /// Evaluates a code in a state; `read` is told of every object that it looks at.
    pub(super) fn evaluate(
        &self,
        state: &State,
        code: CodeId,
        args: Vec<Value>,
        mut read: impl FnMut(u32),
    ) -> Evaluated {
        let mut vm = Vm::new(Arc::clone(&self.plan.image), code, args, Arc::default(), Arc::from("condition"));
        let mut scratch = state.clone();
        loop {
            match vm.run(BUDGET) {
                Stop::Returned(value) => return Evaluated::Gave(value),
                Stop::Raised(error) => return Evaluated::Raised(Error::clone(&error)),
                Stop::Budget => return Evaluated::TooLong,
                Stop::Op(op) => {
                    object::object_of(&op).into_iter().for_each(&mut read);
                    let happened = Happened::default();
                    let mut tx = Tx { machine: self, state: &mut scratch, happened, served: &[], drawn: None };
                    vm.resume(match object::can(tx.state, MAIN, &op).then(|| object::perform(&mut tx, MAIN, &op)) {
                        Some(Act::Done(Ok(value))) => Outcome::Value(value),
                        Some(Act::Done(Err(error))) => Outcome::Raise(error),
                        Some(Act::Parked | Act::Calls { .. }) | None => return Evaluated::Waits,
                    });
                }
            }
        }
    }

    /// What the condition of an `await` comes to.
    pub(super) fn awaited(&self, state: &State, op: &Op) -> Evaluated {
        self.awaited_of(state, op, |_| {})
    }

    /// The objects at which the condition of an `await` looks in this state.
    pub(super) fn looked_at(&self, state: &State, op: &Op) -> Vec<u32> {
        let mut seen = Vec::new();
        if op.code == OpCode::Await {
            self.awaited_of(state, op, |id| seen.push(id));
            seen.sort_unstable();
            seen.dedup();
        }
        seen
    }

    fn awaited_of(&self, state: &State, op: &Op, read: impl FnMut(u32)) -> Evaluated {
        let (code, captured) = op.condition();
        self.evaluate(state, code, captured, read)
    }
}

impl Evaluated {
    /// What an `await` makes of it.
    pub(super) fn came(self) -> Result<Value, Error> {
        use crate::program::fault;
        match self {
            Evaluated::Gave(Value::Bool(_)) => Ok(Value::None),
            Evaluated::Gave(other) => Err(fault::no_condition(&other)),
            Evaluated::Raised(error) => Err(error),
            Evaluated::TooLong | Evaluated::Waits => Err(fault::long_condition()),
        }
    }
}
