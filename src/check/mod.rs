//! Checking: every schedule of a scenario in the machine, what can go wrong, and the shortest way there.
//!
//! The exhaustive search, which alone can say pass, goes first. Where something fails, the search for the best way
//! there follows; where a limit was reached without a failure, random walks do.
//!
//! Answers for: a verdict with its counterexample, as data. Never runs anything on the OS, and words nothing.

mod cause;
mod contents;
mod expected;
mod explore;
mod failure;
mod liveness;
mod met;
mod observed;
mod round;
mod shortest;
mod size;
mod story;
mod stubborn;
mod walks;

pub use cause::Cause;
pub use contents::{Together, together};
pub use expected::{Compared, compare, foreseen, is_as, races_on};
pub use explore::Found;
pub use failure::{Failure, Key, Verdict};
pub use observed::{End, Observed, Seen};
pub use shortest::Cost;
pub use size::{Extent, Joined, Place, Size, Stage, Variety, extent, size};
pub use story::{Avoidable, Counterexample, Line};
pub use walks::Sampled;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustc_hash::FxHashSet;

use crate::machine::{Fingerprint, Machine, Rules, Space, Time};
use crate::plan::Plan;
use crate::value::Error;

/// Of the memory that a search may take, one in so many bytes is for what it found out.
const SPACE_PART: u64 = 4;

/// How a scenario is checked.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the machine may do.
    pub rules: Rules,
    /// Preemptions at most; none where any number is looked at.
    pub preemptions: Option<u32>,
    /// How far to go.
    pub limits: Limits,
    /// How states are left out.
    pub reduction: Reduction,
    /// Whether the exhaustive search tells states apart by all that they are, not by their fingerprints.
    pub exact: bool,
    /// Where random walks come from.
    pub seed: u64,
}

/// How far to go.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// States of the exhaustive search at most.
    pub states: usize,
    /// The same once a failure is known.
    pub states_failed: usize,
    /// Pairs of a state and an actor of the search for the best way, at most.
    pub states_best: usize,
    /// Time at most.
    pub time: Option<Duration>,
    /// Bytes at most that a search takes for its states and for what it found out, about.
    pub memory: Option<u64>,
    /// Steps of random walks, where a limit was reached without a failure.
    pub walked: usize,
}

/// What ended a search before it had looked at everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// As many states as it may look at.
    States,
    /// The time that it may take.
    Time,
    /// The memory that it may take.
    Memory,
}

impl Limits {
    /// The space of a machine's states, which takes no more than its part of the memory that there may be.
    fn space<'m>(&self, machine: &'m Machine) -> Space<'m> {
        let part = self.memory.map(|memory| usize::try_from(memory / SPACE_PART).unwrap_or(usize::MAX));
        Space::new(machine, part.unwrap_or(usize::MAX))
    }

    /// Whether a search takes more than it may.
    fn is_over(&self, bytes: usize) -> bool {
        self.memory.is_some_and(|most| bytes as u64 > most)
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            states: 5_000_000,
            states_failed: 200_000,
            states_best: 400_000,
            time: None,
            memory: None,
            walked: 50_000,
        }
    }
}

/// How states are left out of the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// None are.
    None,
    /// By stubborn sets.
    Stubborn,
}

impl Options {
    /// What is checked unless something else is said.
    pub fn new(processes_max: u32) -> Options {
        Options {
            rules: Rules::exploring(processes_max),
            preemptions: None,
            limits: Limits::default(),
            reduction: Reduction::Stubborn,
            exact: false,
            seed: 1,
        }
    }
}

/// What a pass rests on, or a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assumption {
    /// Sleepers wake at any step, and waits with a timeout that block may time out.
    AnyTime,
    /// Time is virtual.
    PromptTime,
    /// It fails, and under virtual time no schedule does.
    RestsOnTime,
    /// A cycle that can be left is left one day.
    LeavesCycles,
    /// Only schedules with so many preemptions at most were looked at.
    Preemptions(u32),
    /// So many processes may be killed.
    Crashes(u32),
    /// Who waits to be notified may wake up by itself.
    Spurious,
}

/// What a check came to.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The verdict.
    pub verdict: Verdict,
    /// Whether every schedule was covered.
    pub complete: bool,
    /// What ended the search where not every schedule was covered.
    pub bound: Option<Bound>,
    /// States of the exhaustive search.
    pub states: usize,
    /// Its steps.
    pub transitions: usize,
    /// How many states have another's fingerprint; none where that was not looked at, or not to the end.
    pub collisions: Option<usize>,
    /// The bytes that it took at its end for its states and for what it found out, about.
    pub bytes: u64,
    /// The longest way of it.
    pub depth: usize,
    /// How long it took.
    pub time: Duration,
    /// Final values that some schedule reaches, as literals.
    pub outcomes: Vec<String>,
    /// States from which nobody goes on: ends of the run, and deadlocks.
    pub ends: FxHashSet<Fingerprint>,
    /// The statuses with which main ends in some schedule in which no error ends an actor.
    pub exits: BTreeSet<u8>,
    /// What it rests on.
    pub assumptions: Vec<Assumption>,
    /// The shortest way to the failure, where there is one.
    pub counterexample: Option<Counterexample>,
    /// Other failures that some schedule has.
    pub also: Vec<Failure>,
    /// Where a limit was reached without a failure: what random walks came to.
    pub sampled: Option<Sampled>,
}

impl Checked {
    /// Every failure that was found, the verdict's first.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        let own = self.counterexample.as_ref().map(|counterexample| &counterexample.failure);
        own.into_iter().chain(&self.also)
    }
}

/// How far a check has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// States so far.
    pub states: usize,
    /// Steps from the beginning.
    pub depth: usize,
}

/// Checks a planned scenario.
///
/// # Errors
/// Where the scenario's objects cannot be made.
pub fn check(plan: &Arc<Plan>, options: &Options, tell: &mut dyn FnMut(Progress)) -> Result<Checked, Error> {
    let begun = Instant::now();
    let until = options.limits.time.map(|time| begun + time);
    let machine = Machine::new(Arc::clone(plan), options.rules);
    let (initial, _) = machine.initial()?;
    let mut found = Found::default();
    if options.preemptions.is_none() {
        let mut told = |found: &Found, depth: usize| tell(Progress { states: found.states, depth });
        found = explore::explore(
            &machine,
            initial.clone(),
            (&options.limits, until),
            (options.reduction, options.exact),
            &mut told,
        );
        if found.complete && (found.has_cycles || liveness::has_claims(&machine)) {
            let without_wakes = Machine::new(Arc::clone(plan), Rules { spurious: false, ..options.rules });
            liveness::find(&without_wakes, initial.clone(), &options.limits, &mut found);
        }
    }
    let is_open = !found.complete && found.failures.is_empty();
    let sampled = is_open.then(|| walks::walk(&machine, &initial, (&options.limits, until), options.seed, &mut found));
    let counterexample = story::best(&machine, &initial, options, until, &mut found);
    let rests_on_time = counterexample.is_some() && found.timed && passes_promptly(plan, options, &found, until);
    let verdict = match &counterexample {
        Some(counterexample) => counterexample.failure.verdict(),
        None if found.complete => Verdict::Pass,
        None => Verdict::Limit,
    };
    let shown = counterexample.as_ref().map(|counterexample| counterexample.failure.key());
    let traps = found.traps.iter().filter(|trap| trap.is_reached).map(|trap| &trap.failure);
    let all = found.failures.values().map(|(failure, _)| failure).chain(traps);
    let also = all.filter(|failure| Some(failure.key()) != shown);
    Ok(Checked {
        verdict,
        complete: found.complete,
        bound: found.bound.filter(|_| !found.complete),
        states: found.states,
        transitions: found.transitions,
        collisions: found.collisions,
        bytes: found.bytes,
        depth: found.depth,
        time: begun.elapsed(),
        outcomes: found.outcomes.keys().cloned().collect(),
        ends: std::mem::take(&mut found.ends),
        exits: std::mem::take(&mut found.exits),
        assumptions: assumptions(options, &found, rests_on_time),
        also: also.cloned().collect(),
        counterexample,
        sampled,
    })
}

/// Whether no schedule fails under virtual time, as far as that can be found out with no more effort.
fn passes_promptly(plan: &Arc<Plan>, options: &Options, found: &Found, until: Option<Instant>) -> bool {
    if options.rules.time == Time::Prompt {
        return false;
    }
    let machine = Machine::new(Arc::clone(plan), Rules { time: Time::Prompt, ..options.rules });
    let Ok((initial, _)) = machine.initial() else { return false };
    let limits = Limits { states: found.states.max(10_000), states_failed: 0, ..options.limits };
    let prompt = explore::explore(&machine, initial, (&limits, until), (options.reduction, false), &mut |_, _| {});
    prompt.complete && prompt.failures.is_empty()
}

fn assumptions(options: &Options, found: &Found, rests_on_time: bool) -> Vec<Assumption> {
    let mut all = Vec::new();
    if found.timed {
        all.push(if options.rules.time == Time::Any { Assumption::AnyTime } else { Assumption::PromptTime });
    }
    if rests_on_time {
        all.push(Assumption::RestsOnTime);
    }
    if found.has_cycles && found.failures.is_empty() && found.traps.is_empty() {
        all.push(Assumption::LeavesCycles);
    }
    all.extend(options.preemptions.map(Assumption::Preemptions));
    if options.rules.crashes > 0 {
        all.push(Assumption::Crashes(options.rules.crashes));
    }
    if options.rules.spurious {
        all.push(Assumption::Spurious);
    }
    all
}
