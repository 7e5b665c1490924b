//! Random walks: one schedule after the other, each step drawn by one of four policies in turn.
//!
//! Answers for: failures that are easy to come by, with the ways there, and an estimate of how much there is to see.
//! Never says that nothing fails.

mod even;
mod pos;
mod urw;

use std::time::Instant;

use rustc_hash::FxHashMap;

use super::Found;
use super::failure::{of_state, of_step};
use crate::machine::{Choice, Fingerprint, Foresight, Happened, Machine, State};
use crate::random::Random;
use crate::schedule::{Picked, Scheduler, pct};

/// The stream of a seed from which walks are drawn: the name of no actor.
const STREAM: &str = "/walk";
/// Steps of one walk at most.
const STEPS_MAX: usize = 5_000;
/// Walks by priorities have from 1 to this many places at which one changes.
const DEPTH_MAX: u32 = 4;

/// What random walks came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampled {
    /// How many schedules were walked.
    pub schedules: usize,
    /// Their steps.
    pub steps: usize,
    /// Different states that they met.
    pub states: usize,
    /// How many there are at least, as far as can be told from how many were met only once or twice.
    pub estimate: u64,
}

/// Draws the next step.
trait Policy {
    /// Which of the choices is taken, by its index.
    fn pick(&mut self, machine: &Machine, state: &State, choices: &[Choice], chance: &mut Random) -> usize;

    /// What came of it.
    fn took(&mut self, _state: &State, _choice: &Choice, _happened: &Happened) {}
}

/// Walks until so many steps were taken or the time is over, or something failed.
pub(super) fn walk(
    machine: &Machine,
    initial: &State,
    (steps, until): (usize, Option<Instant>),
    seed: u64,
    found: &mut Found,
) -> Sampled {
    let mut foresight = Foresight::default();
    let mut met: FxHashMap<Fingerprint, u32> = FxHashMap::default();
    let (mut schedules, mut taken, mut longest) = (0u64, 0, 1);
    let mut learned = urw::Learned::default();
    while taken < steps && found.failures.is_empty() && until.is_none_or(|until| Instant::now() < until) {
        let seed = seed.wrapping_add(schedules);
        let mut walk = Walk { machine, foresight: &mut foresight, met: &mut met, found };
        let mut chance = Random::new(seed, STREAM);
        let most = (steps - taken).min(STEPS_MAX);
        let depth = 1 + (schedules / 4) as u32 % DEPTH_MAX;
        let length = match schedules % 4 {
            0 => walk.go(initial.clone(), most, &mut urw::Uniform::new(&mut learned), &mut chance),
            1 => walk.go(initial.clone(), most, &mut Prioritized(pct(seed, depth, longest)), &mut chance),
            2 => walk.go(initial.clone(), most, &mut pos::Priorities::default(), &mut chance),
            _ => walk.go(initial.clone(), most, &mut even::Even, &mut chance),
        };
        longest = longest.max(length as u64);
        taken += length.max(1);
        schedules += 1;
    }
    Sampled { schedules: schedules as usize, steps: taken, states: met.len(), estimate: richness(&met) }
}

/// How many different ones there are at least, of which some were met once and some twice.
///
/// Chao, "Nonparametric Estimation of the Number of Classes in a Population", Scandinavian Journal of Statistics 11
/// (1984), in the form without bias.
fn richness(met: &FxHashMap<Fingerprint, u32>) -> u64 {
    let so_often = |often: u32| met.values().filter(|count| **count == often).count() as u64;
    let (once, twice) = (so_often(1), so_often(2));
    met.len() as u64 + once * once.saturating_sub(1) / (2 * (twice + 1))
}

struct Walk<'a> {
    machine: &'a Machine,
    foresight: &'a mut Foresight,
    met: &'a mut FxHashMap<Fingerprint, u32>,
    found: &'a mut Found,
}

impl Walk<'_> {
    /// One walk; gives the steps that it took.
    fn go(&mut self, mut state: State, most: usize, policy: &mut impl Policy, chance: &mut Random) -> usize {
        let mut way: Vec<Choice> = Vec::new();
        for taken in 0..most {
            *self.met.entry(self.machine.fingerprint(&state)).or_default() += 1;
            let choices = self.machine.choices(&state);
            let all = self.machine.foresee(&state, self.foresight);
            let failures = of_state(self.machine, &state, &choices, &all);
            failures.into_iter().for_each(|failure| self.found.fail(failure, || way.clone()));
            if choices.is_empty() {
                return taken;
            }
            let at = policy.pick(self.machine, &state, &choices, chance);
            let Some(choice) = choices.get(at) else { return taken };
            let Ok(happened) = self.machine.step(&mut state, choice) else { return taken };
            policy.took(&state, choice, &happened);
            way.push(choice.clone());
            for failure in of_step(&state, &happened) {
                self.found.fail(failure, || way.clone());
            }
        }
        most
    }
}

/// By the priorities of a deterministic run.
struct Prioritized<S: Scheduler>(S);

impl<S: Scheduler> Policy for Prioritized<S> {
    fn pick(&mut self, machine: &Machine, state: &State, choices: &[Choice], _: &mut Random) -> usize {
        match self.0.pick(machine, state, choices) {
            Ok(Picked::At(at)) => at,
            _ => 0,
        }
    }
}

/// One of an actor's choices.
fn one_of(choices: &[Choice], actor: u32, chance: &mut Random) -> usize {
    let own: Vec<usize> = (0..).zip(choices).filter(|(_, choice)| choice.actor == actor).map(|(at, _)| at).collect();
    own.get(chance.below(own.len().max(1) as u64) as usize).copied().unwrap_or(0)
}

/// Those who can go on, each once, in their order.
fn able(choices: &[Choice]) -> Vec<u32> {
    let mut able: Vec<u32> = choices.iter().map(|choice| choice.actor).collect();
    able.dedup();
    able
}
