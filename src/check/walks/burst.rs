//! The burst of uniform walks ahead of the exhaustive search: most failures are come by at once.
//!
//! It goes by the machine alone: to keep what a step does, as a search in its space does, pays only for who comes by it
//! again and again.
//!
//! Answers for: that it is over within milliseconds, or when it has come by a failure.

use std::sync::Arc;

use super::STREAM;
use super::urw::Uniform;
use crate::check::failure::{of_state, of_step};
use crate::check::{Failure, Options};
use crate::machine::{Choice, Machine, Outlook, Space, State, What};
use crate::plan::Plan;
use crate::random::Random;
use crate::value::Error;

/// Steps of a burst at most.
const STEPS_MAX: usize = 1_000;
/// Steps of one walk at most.
const LENGTH_MAX: usize = 1_000;

/// What random walks came by.
#[derive(Clone, Debug, Default)]
pub struct Walked {
    /// What failed in the last of them, each with a way to it.
    pub failures: Vec<(Failure, Vec<Choice>)>,
    /// How many schedules were walked.
    pub schedules: usize,
    /// Their steps.
    pub steps: usize,
}

/// Walks until something fails, so many schedules at most.
///
/// # Errors
/// Where the scenario's objects cannot be made.
pub fn first_failure(plan: &Arc<Plan>, options: &Options, schedules: usize) -> Result<Walked, Error> {
    let machine = Machine::new(Arc::clone(plan), options.rules);
    let (initial, _) = machine.initial()?;
    Ok(walk(&mut options.limits.space(&machine), &initial, (schedules, usize::MAX), options.seed))
}

/// The burst; so many schedules at most.
pub(in crate::check) fn burst(space: &mut Space<'_>, initial: &State, schedules: usize, seed: u64) -> Walked {
    walk(space, initial, (schedules, STEPS_MAX), seed)
}

fn walk(space: &mut Space<'_>, initial: &State, (schedules, steps): (usize, usize), seed: u64) -> Walked {
    let (mut uniform, mut chance) = (Uniform::default(), Random::new(seed, STREAM));
    let mut walked = Walked::default();
    while walked.schedules < schedules && walked.steps < steps && walked.failures.is_empty() {
        uniform.begin();
        let (failures, way) = go(space, initial, &mut uniform, &mut chance);
        walked.schedules += 1;
        walked.steps += way.len().max(1);
        walked.failures.extend(failures.into_iter().map(|failure| (failure, way.clone())));
    }
    walked
}

/// One walk, which ends where something fails: that, and the steps.
fn go(
    space: &mut Space<'_>,
    initial: &State,
    uniform: &mut Uniform,
    chance: &mut Random,
) -> (Vec<Failure>, Vec<Choice>) {
    let machine = space.machine();
    let (mut state, mut way, mut actors) = (initial.clone(), Vec::new(), Vec::new());
    while way.len() < LENGTH_MAX {
        let mut choices = machine.choices(&state);
        if choices.iter().all(|choice| choice.what == What::Wake) {
            break;
        }
        actors.clear();
        actors.extend(choices.iter().map(|choice| choice.actor));
        let Some(at) = uniform.draw(|| &state, &actors, chance) else { break };
        let choice = choices.swap_remove(at);
        let Ok(happened) = machine.step(&mut state, &choice) else { break };
        uniform.note(choice.actor);
        way.push(choice);
        let mut failures = of_step(&state, &happened);
        failures.extend(machine.broken_invariants(&state).map(|(_, broken)| Failure::Invariant(broken)));
        failures.extend(machine.races(&state).into_iter().map(Failure::Race));
        if !failures.is_empty() {
            return (failures, way);
        }
    }
    // Who can never go on cannot later either: it is enough to look at the end.
    let packed = space.pack(&state);
    let view = space.view(&packed, None);
    let mut outlook = Outlook::default();
    space.look(&view, &mut outlook);
    (of_state(space, &packed, &view, &mut outlook), way)
}
