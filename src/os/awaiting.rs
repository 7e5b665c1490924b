//! `await` on the OS: waits until a condition over atomic variables is true, and sees it true in one step.
//!
//! The condition is evaluated under the small locks of every variable that it reads; where it is false the actor waits
//! in all of them, and looks again when one is written.
//!
//! Answers for: when it is evaluated, and its event. What a variable holds is `object::cell`'s business.

use std::sync::Arc;

use super::arena::Off;
use super::cases::{Place, Several};
use super::object::{Refused, Result, cell, find};
use super::small_lock::Locked;
use super::world::World;
use crate::program::fault;
use crate::program::op::{Op, OpCode, Outcome, Target};
use crate::trace::recorded::Note;
use crate::value::{Error, Shared, Value};
use crate::vm::{Stop, Vm};

/// Instructions that evaluating a condition may take.
const BUDGET: u64 = 1_000_000;

/// What a look at the condition came to.
enum Look {
    Holds,
    Fails,
    /// It reads a variable that is not among those whose locks are held.
    Reads(u32),
    Raises(Error),
}

impl World {
    /// Performs an `await` and notes its event.
    pub(super) fn await_condition(&mut self, op: &Op) -> Outcome {
        let line = self.arrive_at(op);
        let (came, object, ticket) = match self.await_true(op) {
            Ok((object, ticket)) => (Ok(Value::None), object, ticket),
            Err(refused) => (Err(refused.error), None, 0),
        };
        let note = Note { op: op.code, line, object, actor: None, ticket, cause: 0, args: &[], came: came.as_ref() };
        self.ctx.note(&note);
        match came {
            Ok(value) => Outcome::Value(value),
            Err(error) => Outcome::Raise(error),
        }
    }

    /// The first variable that it reads, and its place in that one's order.
    fn await_true(&self, op: &Op) -> Result<(Option<u32>, u64)> {
        let mut ids: Vec<u32> = Vec::new();
        loop {
            let places = ids.iter().map(|id| self.place(*id)).collect();
            let mut several = Several::new(&self.ctx, places)?;
            let locked = several.lock();
            match self.look(op, &ids) {
                Look::Reads(id) => ids.push(id),
                Look::Raises(error) => return Err(Refused::from(error)),
                Look::Holds => {
                    let first = ids.first().copied();
                    let tickets: Vec<(Off, u64)> = locked.iter().map(|one| (one.off, one.tick())).collect();
                    let of_it = first.map(|id| find(self.ctx.arena, id));
                    let ticket =
                        tickets.into_iter().find(|(off, _)| Some(*off) == of_it).map_or(0, |(_, ticket)| ticket);
                    return Ok((first, ticket));
                }
                Look::Fails => {
                    let entered = several.enter(&locked, op.code, None);
                    drop::<Vec<Locked<'_>>>(locked);
                    several.park(&entered);
                }
            }
        }
    }

    fn place(&self, id: u32) -> Place {
        Place { off: find(self.ctx.arena, id), list: cell::AWAITERS, payload: 0, waits: true, op: OpCode::Await }
    }

    /// Evaluates the condition, with the locks of some variables held.
    fn look(&self, op: &Op, held: &[u32]) -> Look {
        let (code, captured) = op.condition();
        let image = Arc::clone(&self.process.plan.image);
        let mut vm = Vm::new(image, code, captured, Arc::default(), Arc::clone(&self.name));
        loop {
            match vm.run(BUDGET) {
                Stop::Returned(Value::Bool(true)) => return Look::Holds,
                Stop::Returned(Value::Bool(false)) => return Look::Fails,
                Stop::Returned(other) => return Look::Raises(fault::no_condition(&other)),
                Stop::Raised(error) => return Look::Raises(Error::clone(&error)),
                Stop::Budget => return Look::Raises(fault::long_condition()),
                Stop::Op(read) => {
                    let (OpCode::CellRead, Target::Object(object)) = (read.code, read.target) else {
                        return Look::Raises(fault::long_condition());
                    };
                    if !held.contains(&object.id) {
                        return Look::Reads(object.id);
                    }
                    let path = match read.args.get(0) {
                        Value::List(path) => Shared::clone(path),
                        _ => Shared::default(),
                    };
                    match cell::peek(self.ctx.arena, find(self.ctx.arena, object.id), &path) {
                        Ok(value) => vm.resume(Outcome::Value(value)),
                        Err(refused) => vm.resume(Outcome::Raise(refused.error)),
                    }
                }
            }
        }
    }
}
