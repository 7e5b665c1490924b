//! Every actor that can go on is as likely as the others.

use super::{Policy, able, one_of};
use crate::machine::{Choice, Machine, State};
use crate::random::Random;

pub(super) struct Even;

impl Policy for Even {
    fn pick(&mut self, _: &Machine, _: &State, choices: &[Choice], chance: &mut Random) -> usize {
        let able = able(choices);
        let at = chance.below(able.len().max(1) as u64) as usize;
        able.get(at).map_or(0, |actor| one_of(choices, *actor, chance))
    }
}
