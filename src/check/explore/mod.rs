//! The exhaustive search: depth first over states, told apart by fingerprints.
//!
//! One worker begins; where there is much to do, others help (see `crew`).
//!
//! Answers for: that every failure that some schedule has is found, one of each kind and place, unless a limit is
//! reached first. Never says which way to a failure is the best.

mod crew;
mod prospects;
mod sleep;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use rustc_hash::FxHashSet;

use self::crew::{Crew, Leaves};
use self::worker::{Came, Worker};
use super::failure::Key;
use super::liveness::Trap;
use super::met::Met;
use super::{Bound, Failure, Limits, Progress, Reduction};
use crate::machine::{Choice, Fingerprint, Space, State};

/// What a search found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// States that were met.
    pub states: usize,
    /// Steps that were taken.
    pub transitions: usize,
    /// States of the graph on which livelocks and claims were decided; nought where none was needed.
    pub graph: usize,
    /// Whether everything was looked at.
    pub complete: bool,
    /// What ended it before.
    pub bound: Option<Bound>,
    /// Failures, each with a way to it.
    pub failures: BTreeMap<Key, (Failure, Vec<Choice>)>,
    /// Final values that schedules named, as literals.
    pub outcomes: BTreeMap<String, usize>,
    /// How many states have another's fingerprint; none where that was not looked at, or not to the end.
    pub collisions: Option<usize>,
    /// States from which nobody goes on: ends of the run, and deadlocks.
    pub ends: FxHashSet<Fingerprint>,
    /// The statuses with which main ends where no error has ended an actor.
    pub exits: BTreeSet<u8>,
    /// Whether some state can be come back to.
    pub has_cycles: bool,
    /// Whether some may be: where several workers met what another was at, that is not known.
    pub(super) may_have_cycles: bool,
    /// The longest way that was walked.
    pub depth: usize,
    /// The bytes that the search took at its end, about.
    pub bytes: u64,
    /// Whether time plays a part: somebody sleeps, or a wait may time out.
    pub timed: bool,
    /// States that are as bad as failures.
    pub(super) traps: Vec<Trap>,
}

impl Found {
    /// Notes a failure, unless it is known.
    pub(super) fn fail(&mut self, failure: Failure, way: impl FnOnce() -> Vec<Choice>) {
        self.failures.entry(failure.key()).or_insert_with(|| (failure, way()));
    }

    /// What another worker found in the same search.
    fn add(&mut self, other: Found) {
        self.states += other.states;
        self.transitions += other.transitions;
        for (key, failure) in other.failures {
            self.failures.entry(key).or_insert(failure);
        }
        for (outcome, count) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += count;
        }
        self.ends.extend(other.ends);
        self.exits.extend(other.exits);
        self.has_cycles |= other.has_cycles;
        self.may_have_cycles |= other.may_have_cycles;
        self.depth = self.depth.max(other.depth);
        self.bytes += other.bytes;
        self.timed |= other.timed;
    }
}

/// How a search goes about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    /// How states are left out.
    pub(super) reduction: Reduction,
    /// Whether states are told apart by all that they are.
    pub(super) exact: bool,
    /// How many workers there may be.
    pub(super) workers: usize,
    /// Whether it is known that some schedule fails.
    pub(super) fails: bool,
}

/// Searches depth first within the limits; `tell` is told of the progress now and then.
pub(super) fn explore(
    space: &mut Space<'_>,
    initial: &State,
    (limits, until): (&Limits, Option<Instant>),
    how: How,
    tell: &mut dyn FnMut(Progress),
) -> Found {
    space.set_symmetry(how.reduction.is_symmetric());
    let machine = space.machine();
    let may_come_back = machine.may_come_back();
    let met = Met::new(how.exact, may_come_back);
    let found = search(space, initial, (limits, until), (how, &met, may_come_back), tell);
    space.set_symmetry(false);
    Found { collisions: met.collisions().filter(|_| found.complete), ..found }
}

fn search(
    space: &mut Space<'_>,
    initial: &State,
    (limits, until): (&Limits, Option<Instant>),
    (how, met, may_come_back): (How, &Met, bool),
    tell: &mut dyn FnMut(Progress),
) -> Found {
    let machine = space.machine();
    let mut first = Worker::new(space, met, (how, may_come_back), (limits, until));
    first.begin(initial);
    let alone = if how.workers > 1 { limits.alone } else { usize::MAX };
    let bound = match first.go_alone(alone, tell) {
        Came::End => None,
        Came::Limit(bound) => Some(bound),
        Came::TooMuch => {
            let crew = Crew::new(how.workers, first.states());
            let (bound, others) = std::thread::scope(|scope| {
                let help = || {
                    let _leaves = Leaves(&crew);
                    let mut space = limits.space(machine);
                    space.set_symmetry(how.reduction.is_symmetric());
                    let mut worker = Worker::new(&mut space, met, (how, may_come_back), (limits, until));
                    worker.go_with(&crew, &mut |_| {});
                    worker.found()
                };
                let others: Vec<_> = (1..how.workers).map(|_| scope.spawn(help)).collect();
                let _leaves = Leaves(&crew);
                first.go_with(&crew, tell);
                let found = others.into_iter().map(|other| match other.join() {
                    Ok(found) => found,
                    Err(panic) => std::panic::resume_unwind(panic),
                });
                (crew.bound(), found.collect::<Vec<Found>>())
            });
            let mut found = first.found();
            others.into_iter().for_each(|other| found.add(other));
            return ended(found, met, bound);
        }
    };
    ended(first.found(), met, bound)
}

fn ended(found: Found, met: &Met, bound: Option<Bound>) -> Found {
    Found { complete: bound.is_none(), bound, bytes: found.bytes + met.bytes() as u64, ..found }
}
