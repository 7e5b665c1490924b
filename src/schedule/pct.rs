//! Probabilistic concurrency testing: random priorities, changed at a few random places.
//!
//! Burckhardt, Kothari, Musuvathi and Nagarakatte, "A Randomized Scheduler with Probabilistic Guarantees of Finding
//! Bugs", ASPLOS 2010, algorithm 1: each actor gets a random priority above all change points when it starts; the one
//! with the highest that can go on does; at the i-th change point it falls to priority i. The number of steps that the
//! algorithm wants to know is taken from a run in the machine, first in, first out.

use rustc_hash::FxHashMap;

use super::fifo::Fifo;
use super::random::STREAM;
use super::{Picked, Scheduler};
use crate::machine::{Choice, Machine, State, What};
use crate::program::op::OpCode;
use crate::trace::Misfit;

/// Steps that are counted at most.
const STEPS_MAX: u64 = 100_000;
/// After so many steps in a row an actor falls to the lowest priority: it may be waiting for others in a loop.
const SPIN: u32 = 1_000;

pub(super) struct Pct {
    chance: crate::random::Random,
    priorities: FxHashMap<u32, i64>,
    /// Steps at which the running actor's priority falls, in order; it becomes the place in this list.
    changes: Vec<u64>,
    step: u64,
    lowest: i64,
    last: Option<u32>,
    in_a_row: u32,
}

impl Pct {
    pub(super) fn new(seed: u64, depth: u32, machine: &Machine, is_over: &dyn Fn() -> bool) -> Pct {
        Pct::of_length(seed, depth, count_steps(machine, is_over))
    }

    /// For runs that take so many steps.
    pub(super) fn of_length(seed: u64, depth: u32, steps: u64) -> Pct {
        let mut chance = crate::random::Random::new(seed, STREAM);
        let mut changes: Vec<u64> = (1..depth).map(|_| chance.below(steps.max(1)) + 1).collect();
        changes.sort_unstable();
        Pct { chance, priorities: FxHashMap::default(), changes, step: 0, lowest: 0, last: None, in_a_row: 0 }
    }

    fn fall(&mut self, actor: u32) {
        self.lowest -= 1;
        self.priorities.insert(actor, self.lowest);
    }
}

/// How many steps a run takes, first in, first out; so far as they are counted before it is over.
fn count_steps(machine: &Machine, is_over: &dyn Fn() -> bool) -> u64 {
    let Ok((mut state, _)) = machine.initial() else { return 1 };
    let mut fifo = Fifo::default();
    let mut steps = 0;
    while steps < STEPS_MAX && !is_over() {
        let choices = machine.choices(&state);
        if choices.is_empty() {
            break;
        }
        let Ok(Picked::At(at)) = fifo.pick(machine, &state, &choices) else { break };
        if machine.step(&mut state, &choices[at]).is_err() {
            break;
        }
        steps += 1;
    }
    steps
}

impl Scheduler for Pct {
    fn pick(&mut self, machine: &Machine, state: &State, choices: &[Choice]) -> Result<Picked, Misfit> {
        self.step += 1;
        let is_kernels = |choice: &Choice| matches!(choice.what, What::Die(_) | What::Bury | What::Replace(_));
        if let Some(at) = choices.iter().position(is_kernels) {
            return Ok(Picked::At(at));
        }
        for choice in choices {
            if !self.priorities.contains_key(&choice.actor) {
                let priority = self.chance.below(1 << 40) as i64 + 1;
                self.priorities.insert(choice.actor, priority);
            }
        }
        let highest = |pct: &Pct| {
            let rank = |choice: &Choice| (pct.priorities.get(&choice.actor).copied().unwrap_or(0), choice.actor);
            choices.iter().map(rank).max().map_or(0, |(_, actor)| actor)
        };
        let mut next = highest(self);
        if self.changes.first().is_some_and(|change| *change <= self.step) {
            self.changes.remove(0);
            self.fall(next);
            next = highest(self);
        }
        self.in_a_row = if self.last == Some(next) { self.in_a_row + 1 } else { 0 };
        self.last = Some(next);
        let yields = machine.next_op(state, next).is_some_and(|op| op.code == OpCode::Yield);
        if yields || self.in_a_row >= SPIN {
            self.in_a_row = 0;
            self.fall(next);
        }
        let own: Vec<usize> = (0..).zip(choices).filter(|(_, choice)| choice.actor == next).map(|(at, _)| at).collect();
        let at = self.chance.below(own.len().max(1) as u64) as usize;
        Ok(Picked::At(own.get(at).copied().unwrap_or(0)))
    }
}
