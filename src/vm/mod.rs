//! The one interpreter: runs local instructions and stops at each visible operation.
//!
//! Answers for: all local computing. Never performs a visible operation, reads a clock or draws a random number.

use std::sync::Arc;

use crate::program::op::{Op, Outcome};
use crate::program::{CodeId, Image};
use crate::value::{Error, Value};

/// One actor's computing: frames and registers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Vm {
    image: Arc<Image>,
}

/// Why the VM stopped.
#[derive(Debug)]
pub enum Stop {
    /// At a visible operation; go on with [`Vm::resume`].
    Op(Op),
    /// The body returned a value.
    Returned(Value),
    /// The body ended with an error (or `exit`: [`crate::value::ErrorKind::Exit`]) that nobody caught.
    Raised(Arc<Error>),
    /// The budget of instructions is used up; go on with [`Vm::run`].
    Budget,
}

impl Vm {
    /// An actor about to run a code with its arguments. `privates` are the handles of the objects of the process it
    /// belongs to (by [`crate::program::ObjectSpec::slot`]), `name` is the actor's, for errors.
    pub fn new(image: Arc<Image>, code: CodeId, args: Vec<Value>, privates: Arc<Vec<Value>>, name: Arc<str>) -> Vm {
        let _ = (code, args, privates, name);
        Vm { image }
    }

    /// Runs local instructions, at most `budget` of them, up to the next visible operation or the end.
    pub fn run(&mut self, budget: u64) -> Stop {
        let _ = (budget, &self.image);
        Stop::Budget
    }

    /// Says what became of the operation at which it stopped; [`Vm::run`] goes on from there.
    pub fn resume(&mut self, outcome: Outcome) {
        let _ = outcome;
    }

    /// The handles of the objects created so far in the bodies of this process, for the threads it starts.
    pub fn privates(&self) -> Arc<Vec<Value>> {
        Arc::default()
    }
}
