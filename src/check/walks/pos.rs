//! Every step that is about to be taken has a random priority; the highest goes first. What conflicts with the step
//! that is taken gets another one.
//!
//! Yuan, Yang and Gu, "Partial Order Aware Concurrency Sampling", CAV 2018.

use rustc_hash::FxHashMap;

use super::{Policy, able, one_of};
use crate::machine::{Choice, Packed, Space};
use crate::random::Random;

#[derive(Default)]
pub(super) struct Priorities {
    of: FxHashMap<u32, u64>,
}

impl Policy for Priorities {
    fn pick(&mut self, space: &Space<'_>, state: &Packed, choices: &[Choice], chance: &mut Random) -> usize {
        let mut first: Option<(u64, u32)> = None;
        for actor in able(choices) {
            let priority = *self.of.entry(actor).or_insert_with(|| chance.below(1 << 40));
            first = first.max(Some((priority, actor)));
        }
        let Some((_, actor)) = first else { return 0 };
        let at = one_of(choices, actor, chance);
        let Some(taken) = choices.get(at) else { return at };
        let state = space.state(state);
        let conflicts = |other: &&Choice| other.actor == actor || !space.machine().accord(&state, taken, other);
        for other in choices.iter().filter(conflicts) {
            self.of.remove(&other.actor);
        }
        at
    }
}
