//! The judge of real runs: whether the machine can do what a trace says the OS did.
//!
//! The events of a trace are put in an order that its own orders allow (each actor's, each object's, what caused what),
//! and the machine takes them one by one; steps that no event tells of (a process lets go of its pipes, a killed one
//! dies) are taken where an event needs them. Where an order turns out to be a dead end another is tried.
//!
//! Answers for: yes, or the first event that cannot be. Never runs anything on the OS.

mod cut_off;
mod order;
mod same;
mod search;
mod untold;

use std::sync::Arc;

use crate::machine::{Machine, Rules, Time};
use crate::plan::Plan;
use crate::program::fault;
use crate::trace::{Ending, Place, TraceData};

/// What the judge says of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The machine can do all of it.
    Possible {
        /// Events that were taken.
        events: usize,
        /// Steps of the machine, silent ones included.
        steps: usize,
    },
    /// The machine cannot do this.
    Impossible(Box<Objection>),
    /// The judge gave up: too many orders would have to be tried.
    Undecided {
        /// Events that were taken at best.
        events: usize,
    },
    /// The trace is not of this scenario, or contradicts itself.
    Unreadable(String),
}

/// The first event that cannot be, and what the machine says instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// The event.
    pub event: Place,
    /// How many events were taken before.
    pub taken: usize,
    /// Why not.
    pub reason: Reason,
}

/// Why the machine cannot do what an event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The actor does not exist, or is over.
    NoSuchActor,
    /// The actor stands at another operation: which (as the machine names it), on which line.
    StandsElsewhere(crate::program::op::OpCode, u32),
    /// The actor is on its way to its end, or computing.
    NoOperation,
    /// The operation has to wait: for whom, by name.
    Waits(Vec<String>),
    /// Something else comes of it: what, as literals of values or errors.
    ComesOut(Vec<String>),
    /// The run ended in a deadlock after this event, the last one, and these could go on, by name.
    NotStuck(Vec<String>),
}

/// Judges a trace of a planned scenario; where it is known how the run ended, that as well. The number of processors is
/// that of the run, and so are those of processes and of threads at a time.
pub fn judge(plan: &Arc<Plan>, data: &TraceData, ending: Option<&Ending>) -> Judgement {
    let cores = if data.cores == 0 { plan.image.cores } else { data.cores };
    let Ok(plan) = plan.with_cores(cores) else {
        return Judgement::Unreadable(format!("with {cores} processors the scenario has no plan"));
    };
    let most = |said: u32, usual: u32| if said == 0 { usual } else { said };
    let free = Rules::exploring(most(data.processes_max, fault::PROCESSES_MAX));
    let threads_max = most(data.threads_max, fault::THREADS_MAX);
    let rules = Rules { threads_max, time: Time::Any, late_deaths: true, spurious: data.spurious, ..free };
    let machine = Machine::new(plan, rules);
    let stuck = match ending {
        Some(Ending::Deadlock(blocked)) => Some(blocked.iter().map(|one| one.actor.clone()).collect()),
        _ => None,
    };
    search::judge(&machine, data, stuck)
}
