//! Exploring every state: breadth first, without any reduction.
//!
//! Answers for: the states, outcomes and failures that there are, and the shortest way to each failure. The oracle of
//! everything cleverer.

use std::collections::{BTreeMap, VecDeque};

use rustc_hash::FxHashMap;

use super::{Broken, Choice, Fingerprint, Machine, State};
use crate::program::op::OpCode;
use crate::trace::Blocked;
use crate::value::{self, Error, ErrorKind};

/// How far to go.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// States at most.
    pub states: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { states: 1_000_000 }
    }
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Explored {
    /// States that were met.
    pub states: usize,
    /// Steps that were taken.
    pub transitions: usize,
    /// Whether all there are were met.
    pub complete: bool,
    /// Final values that runs named, as literals, and how many last states have each.
    pub outcomes: BTreeMap<String, usize>,
    /// Last states of runs in which nothing went wrong.
    pub passed: usize,
    /// Failures, each with a shortest way to it, one of a kind and place.
    pub failures: Vec<(Failure, Vec<Choice>)>,
}

/// What went wrong.
#[derive(Clone, Debug)]
pub enum Failure {
    /// Nobody can go on, or some never can again.
    Deadlock(Vec<Blocked>),
    /// An invariant does not hold.
    Invariant(Broken),
    /// An error ended an actor: its name, and the error.
    Uncaught(String, Error),
}

impl Explored {
    /// Whether no schedule fails, and all were covered.
    pub fn passes(&self) -> bool {
        self.complete && self.failures.is_empty()
    }

    /// Whether some schedule deadlocks.
    pub fn has_deadlock(&self) -> bool {
        self.failures.iter().any(|(failure, _)| matches!(failure, Failure::Deadlock(_)))
    }

    /// Whether some schedule has an uncaught error of a kind.
    pub fn has_error(&self, wanted: &ErrorKind) -> bool {
        self.failures.iter().any(|(failure, _)| matches!(failure, Failure::Uncaught(_, error) if error.kind == *wanted))
    }
}

struct Search<'m> {
    machine: &'m Machine,
    seen: FxHashMap<Fingerprint, u32>,
    /// By state: the one it was reached from, and by which step.
    from: Vec<(u32, Option<Choice>)>,
    queue: VecDeque<(u32, State)>,
    told: FxHashMap<String, ()>,
    explored: Explored,
}

/// Explores every state within the limits.
///
/// # Errors
/// Where the scenario's objects cannot be made.
pub fn explore(machine: &Machine, limits: Limits) -> Result<Explored, Error> {
    let (state, _) = machine.initial()?;
    let mut search = Search {
        machine,
        seen: FxHashMap::default(),
        from: Vec::new(),
        queue: VecDeque::new(),
        told: FxHashMap::default(),
        explored: Explored::default(),
    };
    search.meet(state, 0, None);
    while let Some((number, state)) = search.queue.pop_front() {
        if search.explored.states > limits.states {
            return Ok(search.explored);
        }
        search.expand(number, &state);
    }
    search.explored.complete = true;
    Ok(search.explored)
}

impl Search<'_> {
    fn meet(&mut self, state: State, from: u32, by: Option<Choice>) {
        let number = self.from.len() as u32;
        if self.seen.insert(self.machine.fingerprint(&state), number).is_some() {
            return;
        }
        self.from.push((from, by));
        self.explored.states += 1;
        self.queue.push_back((number, state));
    }

    fn expand(&mut self, number: u32, state: &State) {
        for (_, broken) in self.machine.broken_invariants(state) {
            self.fail(format!("invariant {}", broken.name), Failure::Invariant(broken), number, None);
        }
        let choices = self.machine.choices(state);
        if choices.is_empty() {
            if state.is_over() {
                self.explored.passed += usize::from(state.is_fine());
            } else {
                self.deadlock(self.machine.blocked(state), number);
            }
            return;
        }
        let dead = self.machine.dead(state, &choices);
        if !dead.is_empty() {
            // The others go on, but a run ends here.
            self.deadlock(self.machine.blocked_among(state, |actor| dead.contains(&actor)), number);
            return;
        }
        for choice in choices {
            let mut next = state.clone();
            let Ok(happened) = self.machine.step(&mut next, &choice) else { continue };
            self.explored.transitions += 1;
            for uncaught in happened.uncaught {
                if matches!(uncaught.error.kind, ErrorKind::Exit(_)) {
                    continue;
                }
                let name = next.name(uncaught.actor).to_owned();
                let key = format!("{name} {} {:?}", uncaught.error.kind, uncaught.error.span);
                self.fail(key, Failure::Uncaught(name, uncaught.error), number, Some(&choice));
            }
            for noted in happened.noted.iter().filter(|noted| noted.op == OpCode::Outcome) {
                *self.explored.outcomes.entry(value::literal(noted.args.get(0))).or_default() += 1;
            }
            self.meet(next, number, Some(choice));
        }
    }

    fn deadlock(&mut self, blocked: Vec<Blocked>, at: u32) {
        let key: Vec<_> = blocked.iter().map(|one| (&one.actor, one.span)).collect();
        self.fail(format!("{key:?}"), Failure::Deadlock(blocked), at, None);
    }

    fn fail(&mut self, key: String, failure: Failure, at: u32, last: Option<&Choice>) {
        if self.told.insert(key, ()).is_some() {
            return;
        }
        let mut way: Vec<Choice> = last.cloned().into_iter().collect();
        let mut at = at;
        while let Some((before, Some(choice))) = self.from.get(at as usize) {
            way.push(choice.clone());
            at = *before;
        }
        way.reverse();
        self.explored.failures.push((failure, way));
    }
}
