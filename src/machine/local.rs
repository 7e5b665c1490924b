//! Local computing: from the end of one visible operation to the next.
//!
//! Answers for: running the VM, and the operations that are nobody else's business. Never performs a visible one.

use std::sync::Arc;

use super::actor::{Actor, At, Phase};
use super::object::{self, Object, pipe};
use super::step::{Tx, Uncaught};
use super::{Machine, Time};
use crate::program::op::{Op, OpCode, Outcome, Target};
use crate::value::{Error, ErrorKind, ObjectKind, Value};
use crate::vm::Stop;

/// Instructions that are run at a time; what takes longer goes on in another step.
const BUDGET: u64 = 20_000_000;
/// Virtual process and thread ids are above this one, which is that of conc itself.
const PIDS_FROM: i64 = 1_000;

/// The virtual process or thread id of an actor, by its number.
pub(crate) fn pid_of(actor: u32) -> i64 {
    PIDS_FROM + i64::from(actor)
}

/// The number of the actor that has a virtual id; none of what is no such id.
pub(super) fn actor_of(pid: i64) -> Option<u32> {
    u32::try_from(pid.checked_sub(PIDS_FROM)?).ok().filter(|actor| *actor > 0)
}

/// The name that `name()` gives: the one behind `as`, or the instance's.
pub(super) fn shown_name(machine: &Machine, actor: &Actor) -> Arc<str> {
    let template = match actor.template {
        Some(template) if actor.pool.is_none() => machine.plan.image.program.templates.get(template as usize),
        _ => None,
    };
    template.and_then(|template| template.display.clone()).unwrap_or_else(|| Arc::clone(&actor.name))
}

impl Tx<'_> {
    /// Runs an actor up to its next visible operation, or the end of its body.
    pub(super) fn go_on(&mut self, id: u32) {
        let Some(mut vm) = self.state.actor_mut(id).and_then(|actor| actor.vm.take()) else { return };
        let phase = loop {
            match vm.run(BUDGET) {
                Stop::Op(op) => match self.locally(id, &op) {
                    Some(outcome) => vm.resume(outcome),
                    None => break self.arrive_at(id, *op),
                },
                Stop::Returned(_) => break Phase::Closing { came: Ok(()), dismissed: false },
                Stop::Raised(error) => break Phase::Closing { came: Err(Error::clone(&error)), dismissed: false },
                Stop::Budget => break Phase::Computing,
            }
        };
        if let Phase::Closing { came: Err(error), .. } = &phase {
            self.fails(id, error);
        }
        vm.forget_dead();
        let Some(actor) = self.state.actor_mut(id) else { return };
        let over = matches!(phase, Phase::Closing { .. });
        actor.phase = phase;
        actor.vm = (!over).then_some(vm);
    }

    /// An error that nobody caught is told of at once, whatever its actor still has to wait for; so is the text of an
    /// `exit`.
    pub(super) fn fails(&mut self, actor: u32, error: &Error) {
        let is_exit = matches!(error.kind, ErrorKind::Exit(_));
        if !(is_exit && error.message.is_empty()) {
            if !is_exit {
                self.state.head_mut().failed = true;
            }
            self.happened.uncaught.push(Uncaught { actor, error: error.clone() });
        }
    }

    /// What an operation gives that nobody else can see or change.
    fn locally(&mut self, id: u32, op: &Op) -> Option<Outcome> {
        if op.code == OpCode::Deadline
            && let Some(actor) = self.state.actor_mut(id)
        {
            actor.late = false;
        }
        let actor = self.state.actor(id)?;
        let value = match op.code {
            OpCode::Pid => Value::Pid(pid_of(actor.process)),
            OpCode::Tid => Value::Pid(pid_of(id)),
            OpCode::Ppid => {
                let parent = self.state.actor(actor.process).and_then(|process| process.parent);
                Value::Pid(parent.map_or(PIDS_FROM, |parent| pid_of(self.state.process_of(parent))))
            }
            OpCode::Name => Value::from(&*shown_name(self.machine, actor)),
            OpCode::Deadline => match op.args.get(0) {
                Value::Duration(ns) | Value::Elapsed(ns) => {
                    Value::Elapsed((self.state.clock_ns() as i64).saturating_add((*ns).max(0)))
                }
                _ => Value::None,
            },
            OpCode::DeadlineLeft => match op.args.get(0) {
                // The time may be over at any moment: a step with two ways.
                Value::Elapsed(_) if self.machine.rules.time == Time::Any => return None,
                Value::Elapsed(at) => Value::Duration(at.saturating_sub(self.state.clock_ns() as i64).max(0)),
                _ => Value::None,
            },
            _ => return None,
        };
        Some(Outcome::Value(value))
    }

    /// An actor stands before an operation.
    fn arrive_at(&mut self, id: u32, mut op: Op) -> Phase {
        if let Some(Object::Barrier(barrier)) = object::object_of(&op).and_then(|id| self.state.made(id)) {
            op.wait_at_most(barrier.timeout);
        }
        for one in std::iter::once(&op).chain(&op.cases) {
            if let Target::Object(object) = one.target
                && object.kind == ObjectKind::PipeEnd
            {
                let process = self.state.process_of(id);
                pipe::hold(self.state, process, object.id);
            }
        }
        let deadline = object::timeout(&op).map(|timeout| self.state.clock_ns().saturating_add(timeout));
        Phase::At(At { op: Arc::new(op), parked: false, case: None, deadline })
    }
}
