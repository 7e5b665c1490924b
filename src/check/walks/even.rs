//! Every actor that can go on is as likely as the others.

use super::{Policy, able, drawn};
use crate::machine::{Choice, Packed, Space};
use crate::random::Random;

pub(super) struct Even;

impl Policy for Even {
    fn pick(&mut self, _: &Space<'_>, _: &Packed, choices: &[Choice], chance: &mut Random) -> usize {
        let actors: Vec<u32> = choices.iter().map(|choice| choice.actor).collect();
        let place = chance.below(able(choices).len().max(1) as u64) as usize;
        drawn(&actors, place, chance).unwrap_or(0)
    }
}
