//! Random walks: one schedule after the other. A burst of them goes ahead of the exhaustive search; where that came to
//! a limit, more follow, each step drawn by one of four policies in turn.
//!
//! Answers for: failures that are easy to come by, with the ways there, and an estimate of how much there is to see.
//! Never says that nothing fails.

mod burst;
mod even;
mod pos;
mod urw;

pub(super) use burst::burst;
pub use burst::{Walked, first_failure};

use std::time::Instant;

use rustc_hash::FxHashMap;

use super::failure::{of_state, of_step};
use super::{Found, Limits};
use crate::machine::{Choice, Fingerprint, Outlook, Packed, Space, State, Step, Taken};
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
    fn pick(&mut self, space: &Space<'_>, state: &Packed, choices: &[Choice], chance: &mut Random) -> usize;

    /// An actor took a step.
    fn took(&mut self, _actor: u32) {}
}

/// Walks until so many steps were taken or the time is over, or something failed.
pub(super) fn walk(
    space: &mut Space<'_>,
    initial: &State,
    (limits, until): (&Limits, Option<Instant>),
    seed: u64,
    found: &mut Found,
) -> Sampled {
    let steps = limits.walked;
    let initial = space.pack(initial);
    let mut met: FxHashMap<Fingerprint, u32> = FxHashMap::default();
    let (mut schedules, mut taken, mut longest) = (0u64, 0, 1);
    let mut uniform = urw::Uniform::default();
    while taken < steps && found.failures.is_empty() && until.is_none_or(|until| Instant::now() < until) {
        let seed = seed.wrapping_add(schedules);
        let mut walk = Walk { space, met: &mut met, found };
        uniform.begin();
        let mut chance = Random::new(seed, STREAM);
        let most = (steps - taken).min(STEPS_MAX);
        let depth = 1 + (schedules / 4) as u32 % DEPTH_MAX;
        let length = match schedules % 4 {
            0 => walk.go(&initial, most, &mut uniform, &mut chance),
            1 => walk.go(&initial, most, &mut Prioritized(pct(seed, depth, longest)), &mut chance),
            2 => walk.go(&initial, most, &mut pos::Priorities::default(), &mut chance),
            _ => walk.go(&initial, most, &mut even::Even, &mut chance),
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

struct Walk<'a, 'm> {
    space: &'a mut Space<'m>,
    met: &'a mut FxHashMap<Fingerprint, u32>,
    found: &'a mut Found,
}

impl Walk<'_, '_> {
    /// One walk; gives the steps that it took.
    fn go(&mut self, initial: &Packed, most: usize, policy: &mut impl Policy, chance: &mut Random) -> usize {
        let (mut state, mut way) = (initial.clone(), Vec::new());
        let mut outlook = Outlook::default();
        for taken in 0..most {
            if self.space.is_full() {
                self.space.forget_all_but([initial, &state].into_iter());
            }
            *self.met.entry(self.space.fingerprint(&state)).or_default() += 1;
            let view = self.space.view(&state, None);
            self.space.look(&view, &mut outlook);
            let failures = of_state(self.space, &state, &view, &mut outlook);
            failures.into_iter().for_each(|failure| self.found.fail(failure, || way.clone()));
            let (steps, choices): (Vec<Step>, Vec<Choice>) =
                self.space.steps(&view).map(|(step, choice)| (step, choice.clone())).unzip();
            if choices.is_empty() {
                return taken;
            }
            let at = policy.pick(self.space, &state, &choices, chance);
            let (Some(step), Some(choice)) = (steps.get(at), choices.get(at)) else { return taken };
            let Some(Taken { next, happened }) = self.space.step(&state, &view, *step) else { return taken };
            policy.took(choice.actor);
            state = next;
            way.push(choice.clone());
            if let Some(happened) = happened {
                for failure in of_step(&self.space.state(&state), &happened) {
                    self.found.fail(failure, || way.clone());
                }
            }
        }
        most
    }
}

/// By the priorities of a deterministic run.
struct Prioritized<S: Scheduler>(S);

impl<S: Scheduler> Policy for Prioritized<S> {
    fn pick(&mut self, space: &Space<'_>, state: &Packed, choices: &[Choice], _: &mut Random) -> usize {
        match self.0.pick(space.machine(), &space.state(state), choices) {
            Ok(Picked::At(at)) => at,
            _ => 0,
        }
    }
}

/// One of the steps of the actor at a place among those who can go on; none where nobody is there.
fn drawn(actors: &[u32], place: usize, chance: &mut Random) -> Option<usize> {
    let mut each = actors.chunk_by(|one, next| one == next);
    let before: usize = each.by_ref().take(place).map(<[u32]>::len).sum();
    let own = each.next()?.len();
    Some(before + if own > 1 { chance.below(own as u64) as usize } else { 0 })
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
