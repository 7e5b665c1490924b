//! At random: each actor that can go on as likely as any other, and each of its steps as likely as its others.

use super::{Picked, Scheduler};
use crate::machine::{Choice, Machine, State};
use crate::trace::Misfit;

pub(super) struct Random {
    chance: crate::random::Random,
}

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random { chance: crate::random::Random::new(seed, STREAM) }
    }
}

/// The stream of a seed from which schedules are drawn: the name of no actor.
pub(super) const STREAM: &str = "/schedule";

impl Scheduler for Random {
    fn pick(&mut self, _: &Machine, _: &State, choices: &[Choice]) -> Result<Picked, Misfit> {
        let mut actors: Vec<u32> = choices.iter().map(|choice| choice.actor).collect();
        actors.dedup();
        let actor = actors.get(self.chance.below(actors.len().max(1) as u64) as usize).copied();
        let own: Vec<usize> =
            (0..).zip(choices).filter(|(_, choice)| Some(choice.actor) == actor).map(|(at, _)| at).collect();
        let at = own.get(self.chance.below(own.len().max(1) as u64) as usize).copied();
        Ok(Picked::At(at.unwrap_or(0)))
    }
}
