//! Random walks: one schedule after the other, each step drawn from those that there are.
//!
//! Answers for: failures that are easy to come by, with the ways there. Never says that there are none.

use std::time::Instant;

use super::Found;
use super::failure::{of_state, of_step};
use crate::machine::{Choice, Foresight, Machine, State};
use crate::random::Random;

/// The stream of a seed from which walks are drawn: the name of no actor.
const STREAM: &str = "/walk";
/// Steps of one walk at most.
const STEPS_MAX: usize = 5_000;

/// Walks until so many steps were taken or the time is over, and notes what failed first.
pub(super) fn walk(
    machine: &Machine,
    initial: &State,
    (steps, until): (usize, Option<Instant>),
    seed: u64,
    found: &mut Found,
) {
    let mut foresight = Foresight::default();
    let mut left = steps;
    for at in 0.. {
        if left == 0 || !found.failures.is_empty() || until.is_some_and(|until| Instant::now() >= until) {
            return;
        }
        let mut random = Random::new(seed.wrapping_add(at), STREAM);
        let most = left.min(STEPS_MAX);
        left -= one(machine, initial.clone(), most, &mut random, &mut foresight, found).clamp(1, left);
    }
}

/// One walk; gives the steps that it took.
fn one(
    machine: &Machine,
    mut state: State,
    most: usize,
    random: &mut Random,
    foresight: &mut Foresight,
    found: &mut Found,
) -> usize {
    let mut way: Vec<Choice> = Vec::new();
    for taken in 0..most {
        let choices = machine.choices(&state);
        let all = machine.foresee(&state, foresight);
        let failures = of_state(machine, &state, &choices, &all);
        failures.into_iter().for_each(|failure| found.fail(failure, || way.clone()));
        let mut able: Vec<u32> = choices.iter().map(|choice| choice.actor).collect();
        able.dedup();
        if able.is_empty() {
            return taken;
        }
        let Some(actor) = able.get(random.below(able.len() as u64) as usize) else { return taken };
        let own: Vec<&Choice> = choices.iter().filter(|choice| choice.actor == *actor).collect();
        let Some(choice) = own.get(random.below(own.len() as u64) as usize) else { return taken };
        let Ok(happened) = machine.step(&mut state, choice) else { return taken };
        way.push((*choice).clone());
        for failure in of_step(&state, &happened) {
            found.fail(failure, || way.clone());
        }
    }
    most
}
