//! `select`: whoever waits in several operations at once and goes on with one of them.
//!
//! Answers for: which cases can go on, beginning to wait in all of them in one step, leaving them. What a case does is
//! its object's business.

use std::sync::Arc;

use super::actor::{At, Phase};
use super::object::{self, Act, queue};
use super::step::Tx;
use super::{Machine, State, What};
use crate::program::fault;
use crate::program::op::{Op, OpCode, Outcome, Target};
use crate::value::{ObjectKind, Value};

/// Whether it does something else rather than wait.
pub(super) fn has_else(op: &Op) -> bool {
    op.args.get(1) == &Value::Bool(true)
}

/// The cases that can go on.
pub(super) fn able<'o>(state: &State, me: u32, op: &'o Op) -> Vec<(u32, &'o Op)> {
    (0..).zip(&op.cases).filter(|(_, case)| object::can(state, me, case)).collect()
}

/// The ways in which it can go on: one a case and partner; without any the one in which it begins to wait, or goes its
/// other way.
pub(super) fn choices(state: &State, me: u32, op: &Op, add: &mut impl FnMut(What)) {
    let able = able(state, me, op);
    if able.is_empty() {
        add(What::Go);
    }
    for (number, case) in able {
        add(What::Case(number, Vec::new()));
        object::alternatives(state, me, case).into_iter().for_each(|served| add(What::Case(number, served)));
    }
}

/// Whether it can go on with a case, and serve just these there.
pub(super) fn has_case(state: &State, me: u32, op: &Op, case: u32, served: &[u32]) -> bool {
    let can = |op: &&Op| object::can(state, me, op);
    let Some(case) = op.cases.get(case as usize).filter(can) else { return false };
    served.is_empty() || object::alternatives(state, me, case).iter().any(|other| other == served)
}

/// Whether others complete one of its cases for it once it waits: at a rendezvous, by setting an event, by bringing a
/// latch to zero.
pub(super) fn is_met(state: &State, op: &Op) -> bool {
    let is_told = |code: OpCode| matches!(code, OpCode::EventWait | OpCode::LatchWait);
    op.cases.iter().any(|case| is_told(case.code) || object::always_arrives(state, case))
}

impl Machine {
    /// The cases of a `select` in which to begin to wait is a step that is told.
    pub fn arriving_cases(&self, state: &State, actor: u32) -> Vec<u32> {
        let Some(op) = self.next_op(state, actor).filter(|op| op.code == OpCode::Select) else { return Vec::new() };
        (0..).zip(&op.cases).filter(|(_, case)| self.arrives(state, case)).map(|(number, _)| number).collect()
    }
}

impl Tx<'_> {
    /// Goes on with a case.
    pub(super) fn perform_case(&mut self, me: u32, op: &Arc<Op>, case: u32) {
        let Some(one) = op.cases.get(case as usize) else { return };
        self.leave_cases(me, op);
        match object::perform(self, me, one) {
            Act::Done(came) => self.finish_case(me, case, one, came),
            // Nothing that runs a body is a case.
            Act::Calls { .. } => self.finish_case(me, case, one, Err(fault::no_runtime())),
            Act::Parked => {
                // A long message, which is on its way from here on.
                if let Some(actor) = self.state.actor_mut(me) {
                    let op = Arc::new(one.clone());
                    actor.phase = Phase::At(At { op, parked: true, case: Some(case), deadline: None });
                }
                self.note_arrival(me, one);
            }
        }
    }

    /// Begins to wait in all cases at once.
    pub(super) fn wait_in_cases(&mut self, me: u32, op: &Arc<Op>) {
        match self.state.actor_mut(me).map(|actor| &mut actor.phase) {
            Some(Phase::At(at)) if !at.parked => at.parked = true,
            _ => return,
        }
        for (number, case) in (0..).zip(&op.cases) {
            queue::wait_in_case(self, me, number, case);
            if self.machine.arrives(self.state, case) {
                self.note_arrival(me, case);
            }
        }
    }

    /// Waits in none of its cases any longer.
    pub(super) fn leave_cases(&mut self, me: u32, op: &Op) {
        for case in &op.cases {
            if matches!(case.target, Target::Object(object) if object.kind == ObjectKind::Queue) {
                queue::leave(self, me, case);
            }
        }
    }

    /// Goes its other way: `after` or `else`.
    pub(super) fn leave_select(&mut self, me: u32, op: &Arc<Op>, way: &str) {
        self.leave_cases(me, op);
        let outcome = object::pair(Value::Int(-1), Value::None);
        self.end_with(me, op, Ok(Value::from(way)), Outcome::Value(outcome));
    }
}
