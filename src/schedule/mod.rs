//! Who goes on when several actors can: the policies of a deterministic run, one file each.
//!
//! Answers for: picking one of the steps that the machine says are possible. Never performs one.

mod fifo;
mod pct;
mod random;
mod replay;

pub use replay::{Replay, ReplayError, Step};

use std::sync::Arc;

use crate::machine::{Choice, Machine, State};
use crate::trace::Misfit;

/// How a run is scheduled.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Schedule {
    /// As the operating system likes.
    #[default]
    Free,
    /// One step at a time: each actor goes on for as long as it can, then the one that has been able to for longest;
    /// time is virtual.
    Fifo,
    /// One step at a time, at random by the seed; time is virtual.
    Random,
    /// One step at a time, by random priorities that change at random places (PCT); time is virtual.
    Pct {
        /// Places at which a priority changes, plus 1.
        depth: u32,
    },
    /// The steps of a recorded run, then as in [`Schedule::Fifo`].
    Replay(Arc<Replay>),
}

/// A policy.
pub trait Scheduler {
    /// Which of the steps of a state is taken: an index into `choices`, which are not empty.
    ///
    /// # Errors
    /// Where the policy wants a step that is not among them.
    fn pick(&mut self, machine: &Machine, state: &State, choices: &[Choice]) -> Result<Picked, Misfit>;

    /// Whether the next step is written down already.
    fn is_bound(&self) -> bool {
        false
    }
}

/// What a policy decides.
#[derive(Clone, Debug, PartialEq)]
pub enum Picked {
    /// The choice at an index; what is drawn in it is drawn by the run's seed.
    At(usize),
    /// Just this one, what is drawn included.
    Exactly(Choice),
}

/// Random priorities that change at random places, for runs that take so many steps.
pub fn pct(seed: u64, depth: u32, steps: u64) -> impl Scheduler {
    pct::Pct::of_length(seed, depth, steps)
}

impl Schedule {
    /// The policy; none for a free run. It may take a while, and is cut short once `is_over` says so.
    pub fn scheduler(&self, seed: u64, machine: &Machine, is_over: &dyn Fn() -> bool) -> Option<Box<dyn Scheduler>> {
        Some(match self {
            Schedule::Free => return None,
            Schedule::Fifo => Box::new(fifo::Fifo::default()),
            Schedule::Random => Box::new(random::Random::new(seed)),
            Schedule::Pct { depth } => Box::new(pct::Pct::new(seed, *depth, machine, is_over)),
            Schedule::Replay(replay) => Box::new(replay::Replaying::new(Arc::clone(replay))),
        })
    }

    /// Its name on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Schedule::Free => "free",
            Schedule::Fifo => "fifo",
            Schedule::Random => "random",
            Schedule::Pct { .. } => "pct",
            Schedule::Replay(_) => "replay",
        }
    }
}
