//! First in, first out: the actor that goes on does so for as long as it can; then comes the one that has been able to
//! for longest. What the kernel does (deaths) comes before all else.
//!
//! An actor that yields, or has taken very many steps in a row, goes to the end of the line, so that one that spins
//! lets the others run.

use rustc_hash::FxHashMap;

use super::{Picked, Scheduler};
use crate::machine::{Choice, Machine, State, What};
use crate::program::op::OpCode;
use crate::trace::Misfit;

/// Steps in a row.
const QUANTUM: u32 = 256;

#[derive(Debug, Default)]
pub(super) struct Fifo {
    /// By actor that can go on: since which step.
    since: FxHashMap<u32, u64>,
    /// By actor: its last step. Among those who can go on since the same moment, the one that has waited longest is
    /// first.
    ran: FxHashMap<u32, u64>,
    clock_ns: u64,
    current: Option<u32>,
    in_a_row: u32,
    step: u64,
}

impl Scheduler for Fifo {
    fn pick(&mut self, machine: &Machine, state: &State, choices: &[Choice]) -> Result<Picked, Misfit> {
        self.step += 1;
        let is_kernels = |choice: &Choice| matches!(choice.what, What::Die(_) | What::Bury | What::Replace(_));
        if let Some(at) = choices.iter().position(is_kernels) {
            return Ok(Picked::At(at));
        }
        if self.clock_ns != state.clock_ns() {
            // Nobody could go on: whoever can now can since this moment.
            self.clock_ns = state.clock_ns();
            self.since.clear();
            self.current = None;
        }
        self.since.retain(|actor, _| choices.iter().any(|choice| choice.actor == *actor));
        for choice in choices {
            self.since.entry(choice.actor).or_insert(self.step);
        }
        let next = match self.current {
            Some(current) if self.since.contains_key(&current) && self.in_a_row < QUANTUM => current,
            _ => {
                // One that was passed over now waits like the others.
                if let Some(since) = self.current.and_then(|current| self.since.get_mut(&current)) {
                    *since = self.step;
                }
                self.in_a_row = 0;
                let ran = |actor: &u32| self.ran.get(actor).copied().unwrap_or(0);
                let first = self.since.iter().min_by_key(|(actor, since)| (**since, ran(actor), **actor));
                first.map_or(0, |(actor, _)| *actor)
            }
        };
        self.in_a_row += 1;
        let yields = machine.next_op(state, next).is_some_and(|op| op.code == OpCode::Yield);
        self.current = Some(next);
        self.ran.insert(next, self.step);
        if yields {
            self.in_a_row = QUANTUM;
        }
        Ok(Picked::At(choices.iter().position(|choice| choice.actor == next).unwrap_or(0)))
    }
}
