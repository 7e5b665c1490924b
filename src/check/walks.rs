//! Random walks: one schedule after the other, each step drawn from those that there are.
//!
//! Answers for: failures that are easy to come by, with the ways there. Never says that there are none.

use super::Found;
use super::failure::{of_state, of_step};
use crate::machine::{Choice, Foresight, Machine, State};
use crate::random::Random;

/// The stream of a seed from which walks are drawn: the name of no actor.
const STREAM: &str = "/walk";
/// Steps of one walk at most.
const STEPS_MAX: usize = 5_000;

/// Walks so many times, and notes what failed.
pub(super) fn walk(machine: &Machine, initial: &State, walks: usize, seed: u64, found: &mut Found) {
    let mut foresight = Foresight::default();
    for at in 0..walks {
        let mut random = Random::new(seed.wrapping_add(at as u64), STREAM);
        one(machine, initial.clone(), &mut random, &mut foresight, found);
        if !found.failures.is_empty() {
            return;
        }
    }
}

fn one(machine: &Machine, mut state: State, random: &mut Random, foresight: &mut Foresight, found: &mut Found) {
    let mut way: Vec<Choice> = Vec::new();
    for _ in 0..STEPS_MAX {
        let choices = machine.choices(&state);
        let all = machine.foresee(&state, foresight);
        let failures = of_state(machine, &state, &choices, &all);
        failures.into_iter().for_each(|failure| found.fail(failure, || way.clone()));
        let mut able: Vec<u32> = choices.iter().map(|choice| choice.actor).collect();
        able.dedup();
        if able.is_empty() {
            return;
        }
        let Some(actor) = able.get(random.below(able.len() as u64) as usize) else { return };
        let own: Vec<&Choice> = choices.iter().filter(|choice| choice.actor == *actor).collect();
        let Some(choice) = own.get(random.below(own.len() as u64) as usize) else { return };
        let Ok(happened) = machine.step(&mut state, choice) else { return };
        way.push((*choice).clone());
        for failure in of_step(&state, &happened) {
            found.fail(failure, || way.clone());
        }
    }
}
