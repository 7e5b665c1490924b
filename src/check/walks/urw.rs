//! Every schedule is as likely as the others, as far as the walks before tell how long each actor goes on: the next
//! step is an actor's with a chance in proportion to the steps that are left to it and to those it will start.
//!
//! Zhao, Wolff, Mathur and Roychoudhury, "Selectively Uniform Concurrency Testing", ASPLOS 2025: uniform random
//! walks.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Policy, able, one_of};
use crate::machine::{Choice, Machine, State};
use crate::random::Random;

/// What earlier walks tell.
#[derive(Default)]
pub(super) struct Learned {
    of: FxHashMap<Arc<str>, Known>,
}

/// Of an actor, by its name.
#[derive(Default)]
struct Known {
    starter: Option<Arc<str>>,
    /// Its steps in the longest of the walks.
    steps: u64,
}

pub(super) struct Uniform<'a> {
    learned: &'a mut Learned,
    /// Steps in this walk, of those who were started in it.
    steps: FxHashMap<Arc<str>, u64>,
}

impl Uniform<'_> {
    pub(super) fn new(learned: &mut Learned) -> Uniform<'_> {
        Uniform { learned, steps: FxHashMap::default() }
    }

    /// How many steps are left to an actor, and to those whom it starts and they start; one at least.
    fn left(&self, name: &str) -> u64 {
        let own = self.learned.of.get(name).map_or(0, |known| known.steps);
        let mut left = own.saturating_sub(self.steps.get(name).copied().unwrap_or(0)).max(1);
        for (other, known) in &self.learned.of {
            if !self.steps.contains_key(other) && self.is_left_to(name, known) {
                left += known.steps;
            }
        }
        left
    }

    /// Whether one that is not there yet is started by an actor, or by somebody whom it starts.
    fn is_left_to<'k>(&'k self, name: &str, mut known: &'k Known) -> bool {
        for _ in 0..self.learned.of.len() {
            match known.starter.as_deref() {
                Some(starter) if starter == name => return true,
                Some(starter) if !self.steps.contains_key(starter) => match self.learned.of.get(starter) {
                    Some(above) => known = above,
                    None => return false,
                },
                _ => return false,
            }
        }
        false
    }
}

impl Policy for Uniform<'_> {
    fn pick(&mut self, _: &Machine, state: &State, choices: &[Choice], chance: &mut Random) -> usize {
        let able = able(choices);
        for actor in &able {
            let name: Arc<str> = state.name(*actor).into();
            self.steps.entry(Arc::clone(&name)).or_insert_with(|| {
                self.learned.of.entry(name).or_default().starter =
                    state.starter(*actor).map(|by| state.name(by).into());
                0
            });
        }
        let left: Vec<u64> = able.iter().map(|actor| self.left(state.name(*actor))).collect();
        let mut drawn = chance.below(left.iter().sum::<u64>().max(1));
        for (actor, left) in able.iter().zip(left) {
            match drawn.checked_sub(left) {
                Some(rest) => drawn = rest,
                None => return one_of(choices, *actor, chance),
            }
        }
        0
    }

    fn took(&mut self, state: &State, actor: u32) {
        let name: Arc<str> = state.name(actor).into();
        let steps = self.steps.entry(Arc::clone(&name)).or_default();
        *steps += 1;
        let known = self.learned.of.entry(name).or_default();
        known.steps = known.steps.max(*steps);
    }
}
