//! Pauses before operations, so that a free run comes to orders that are rare otherwise.
//!
//! Answers for: how long, by a seed and the actor's name. Never decides anything that the scenario can see.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use super::arena::Arena;
use crate::random::Random;

/// Of a hundred operations: so many follow at once, up to so many after a yield, up to so many after a short sleep, and
/// the others after a long one.
const AT_ONCE: u64 = 70;
const YIELDS: u64 = 85;
const SHORT_SLEEPS: u64 = 99;
/// The most microseconds of a short sleep, the least and the most of a long one.
const SHORT_US: u64 = 200;
const LONG_US: (u64, u64) = (1000, 2000);

/// The pauses of an actor.
pub(super) struct Pauses(Random);

impl Pauses {
    /// Those of an actor in a perturbed run.
    pub(super) fn of(arena: Arena, name: &str) -> Option<Pauses> {
        let header = arena.header();
        (header.perturbed.load(Relaxed) != 0).then(|| Pauses(Random::new(header.perturb_seed.load(Relaxed), name)))
    }

    /// Pauses, or not.
    pub(super) fn pause(&mut self) {
        let us = match self.0.below(100) {
            ..AT_ONCE => return,
            AT_ONCE..YIELDS => return std::thread::yield_now(),
            YIELDS..SHORT_SLEEPS => self.0.below(SHORT_US + 1),
            _ => LONG_US.0 + self.0.below(LONG_US.1 - LONG_US.0 + 1),
        };
        std::thread::sleep(Duration::from_micros(us));
    }
}
