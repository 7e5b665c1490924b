//! Checking: every schedule of a scenario in the machine, what can go wrong, and the shortest way there.
//!
//! A burst of random walks goes first, since most failures are come by at once; then the exhaustive search, which alone
//! can say pass. What is so small that the search is over before needs no burst. Where something fails, the search for
//! the best way there follows; where a limit was reached without a failure, more random walks do.
//!
//! Answers for: a verdict with its counterexample, as data. Never runs anything on the OS, and words nothing.

mod cause;
mod contents;
mod expected;
mod explore;
mod failure;
mod left;
mod liveness;
mod met;
mod observed;
mod round;
mod shortest;
mod size;
mod story;
mod strands;
mod stubborn;
mod table;
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
pub use walks::{Sampled, Walked, first_failure};

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustc_hash::FxHashSet;

use self::explore::How;
use crate::machine::{Fingerprint, Machine, Rules, Space, State, Time};
use crate::plan::Plan;
use crate::value::Error;

/// Of the memory that a search may take, one in so many bytes is for what it found out.
const SPACE_PART: u64 = 4;
/// Bytes of what had to be found out of a state that counts for one more, where the best way is looked for.
const STATE_BYTES: usize = 4 << 10;
/// Scenarios with so many states are searched in less time than random walks take.
const STATES_FEW: usize = 500;

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
    /// Workers of the exhaustive search at most.
    pub workers: usize,
}

/// How far to go.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// States of the exhaustive search at most.
    pub states: usize,
    /// The same once a failure is known.
    pub states_failed: usize,
    /// States that one worker of the exhaustive search meets before others help it.
    pub alone: usize,
    /// Pairs of a state and an actor of the search for the best way, at most.
    pub states_best: usize,
    /// Time at most.
    pub time: Option<Duration>,
    /// Bytes at most that a search takes for its states and for what it found out, about.
    pub memory: Option<u64>,
    /// Random walks ahead of the exhaustive search, at most.
    pub burst: usize,
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
    /// The preemptions that a schedule may have: all with no more were looked at.
    Preemptions,
}

impl Limits {
    /// The space of a machine's states, which takes no more than its part of the memory that there may be.
    fn space<'m>(&self, machine: &'m Machine) -> Space<'m> {
        let part = self.memory.map(|memory| usize::try_from(memory / SPACE_PART).unwrap_or(usize::MAX));
        Space::new(machine, part.unwrap_or(usize::MAX))
    }

    /// States of the exhaustive search at most, where it is known whether some schedule fails.
    fn states_after(&self, fails: bool) -> usize {
        if fails { self.states.min(self.states_failed) } else { self.states }
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
            states_failed: 50_000,
            alone: 5_000,
            states_best: 400_000,
            time: None,
            memory: Some(2 << 30),
            burst: 1_000,
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
    /// By sleep sets.
    Sleep,
    /// By exchanging actors that are alike.
    Symmetry,
    /// By all of that.
    All,
}

impl Reduction {
    /// Whether stubborn sets are used.
    pub fn is_stubborn(self) -> bool {
        matches!(self, Reduction::Stubborn | Reduction::All)
    }

    /// Whether sleep sets are used, where no state can be come back to.
    pub fn is_sleepy(self) -> bool {
        matches!(self, Reduction::Sleep | Reduction::All)
    }

    /// Whether actors that are alike are exchanged.
    pub fn is_symmetric(self) -> bool {
        matches!(self, Reduction::Symmetry | Reduction::All)
    }
}

impl Options {
    fn how(&self) -> How {
        How { reduction: self.reduction, exact: self.exact, workers: self.workers, fails: false }
    }

    /// What is checked unless something else is said.
    pub fn new(processes_max: u32) -> Options {
        Options {
            rules: Rules::exploring(processes_max),
            preemptions: None,
            limits: Limits::default(),
            reduction: Reduction::All,
            exact: false,
            seed: 1,
            workers: 1,
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
    /// States of the graph on which livelocks and claims were decided; nought where none was needed.
    pub graph: usize,
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
    /// Steps that were met on the way there, and are still to be taken; what they lead to is not known.
    pub left: usize,
    /// How much of everything was looked at, from 0 to 1, were there as much behind each step of a state. It never
    /// falls.
    pub share: f64,
    /// Whether some schedule is known to fail.
    pub fails: bool,
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
    let mut space = options.limits.space(&machine);
    let mut found = Found::default();
    if options.preemptions.is_none() {
        found = searched(&mut space, &initial, options, until, tell);
        if found.complete && (found.has_cycles || found.may_have_cycles || liveness::has_claims(&machine)) {
            let without_wakes = Machine::new(Arc::clone(plan), Rules { spurious: false, ..options.rules });
            let mut space = options.limits.space(&without_wakes);
            if options.rules.spurious {
                // That somebody may wake up again and again is said anyway: do cycles remain without?
                found.may_have_cycles |= std::mem::take(&mut found.has_cycles);
            }
            liveness::find(&mut space, &initial, &options.limits, options.reduction, &mut found);
        }
    }
    // Walks have as many preemptions as they like.
    let is_open = !found.complete && found.failures.is_empty() && options.preemptions.is_none();
    let sampled =
        is_open.then(|| walks::walk(&mut space, &initial, (&options.limits, until), options.seed, &mut found));
    let counterexample = story::best(&mut space, &initial, options, until, &mut found);
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
        graph: found.graph,
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

/// What the exhaustive search finds, with a burst of random walks ahead of it.
fn searched(
    space: &mut Space<'_>,
    initial: &State,
    options: &Options,
    until: Option<Instant>,
    tell: &mut dyn FnMut(Progress),
) -> Found {
    let (limits, how) = (options.limits, options.how());
    let few = Limits { states: limits.states.min(STATES_FEW), ..limits };
    let found = explore::explore(space, initial, (&few, until), how, &mut |_| {});
    if found.bound != Some(Bound::States) {
        return found;
    }
    let walks = if found.failures.is_empty() { limits.burst } else { 0 };
    let walked = walks::burst(space, initial, walks, options.seed);
    let fails = !walked.failures.is_empty() || !found.failures.is_empty();
    let states = if fails { limits.states_failed } else { usize::MAX };
    let limits = Limits { states: limits.states.min(states), ..limits };
    let mut told = |progress: Progress| tell(Progress { fails: fails || progress.fails, ..progress });
    let mut found = explore::explore(space, initial, (&limits, until), How { fails, ..how }, &mut told);
    // To the end, it has found what walks came by.
    if !found.complete || found.failures.is_empty() {
        walked.failures.into_iter().for_each(|(failure, way)| found.fail(failure, || way));
    }
    found
}

/// Whether no schedule fails under virtual time, as far as that can be found out with no more effort.
fn passes_promptly(plan: &Arc<Plan>, options: &Options, found: &Found, until: Option<Instant>) -> bool {
    if options.rules.time == Time::Prompt {
        return false;
    }
    let machine = Machine::new(Arc::clone(plan), Rules { time: Time::Prompt, ..options.rules });
    let Ok((initial, _)) = machine.initial() else { return false };
    let limits = Limits { states: found.states.max(10_000), states_failed: 0, ..options.limits };
    let mut space = limits.space(&machine);
    let how = How { exact: false, ..options.how() };
    let prompt = explore::explore(&mut space, &initial, (&limits, until), how, &mut |_| {});
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
