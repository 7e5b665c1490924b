//! Random walks: one schedule after the other, each step drawn from those that there are.
//!
//! Answers for: failures that are easy to come by, with the ways there. Never says that there are none.

use std::time::Instant;

use super::failure::{of_state, of_step};
use super::{Found, Limits};
use crate::machine::{Choice, Machine, Outlook, Packed, Space, State, Step, Taken};
use crate::random::Random;

/// The stream of a seed from which walks are drawn: the name of no actor.
const STREAM: &str = "/walk";
/// Steps of one walk at most.
const STEPS_MAX: usize = 5_000;

/// Walks until so many steps were taken or the time is over, and notes what failed first.
pub(super) fn walk(
    machine: &Machine,
    initial: &State,
    (limits, until): (&Limits, Option<Instant>),
    seed: u64,
    found: &mut Found,
) {
    let mut space = limits.space(machine);
    let initial = space.pack(initial);
    let mut left = limits.walked;
    for at in 0.. {
        if left == 0 || !found.failures.is_empty() || until.is_some_and(|until| Instant::now() >= until) {
            return;
        }
        let mut random = Random::new(seed.wrapping_add(at), STREAM);
        let most = left.min(STEPS_MAX);
        left -= one(&mut space, &initial, most, &mut random, found).clamp(1, left);
    }
}

/// One walk; gives the steps that it took.
fn one(space: &mut Space<'_>, initial: &Packed, most: usize, random: &mut Random, found: &mut Found) -> usize {
    let (mut state, mut way) = (initial.clone(), Vec::new());
    let mut outlook = Outlook::default();
    for taken in 0..most {
        if space.is_full() {
            space.forget_all_but([initial, &state].into_iter());
        }
        let view = space.view(&state, None);
        space.look(&view, &mut outlook);
        let failures = of_state(space, &state, &view, &mut outlook);
        failures.into_iter().for_each(|failure| found.fail(failure, || way.clone()));
        let mut able: Vec<u32> = space.choices(&view).map(|choice| choice.actor).collect();
        able.dedup();
        if able.is_empty() {
            return taken;
        }
        let Some(actor) = able.get(random.below(able.len() as u64) as usize) else { return taken };
        let own: Vec<(Step, &Choice)> = space.steps(&view).filter(|(_, choice)| choice.actor == *actor).collect();
        let Some((step, choice)) = own.get(random.below(own.len() as u64) as usize) else { return taken };
        let (step, choice) = (*step, (*choice).clone());
        let Some(Taken { next, happened }) = space.step(&state, &view, step) else { return taken };
        state = next;
        way.push(choice);
        if let Some(happened) = happened {
            for failure in of_step(&space.state(&state), &happened) {
                found.fail(failure, || way.clone());
            }
        }
    }
    most
}
