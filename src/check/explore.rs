//! The exhaustive search: depth first over states, told apart by fingerprints.
//!
//! Answers for: that every failure that some schedule has is found, one of each kind and place, unless a limit is
//! reached first. Never says which way to a failure is the best.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use rustc_hash::FxHashSet;

use super::failure::{Key, of_state, of_step};
use super::liveness::Trap;
use super::met::{Met, Sight};
use super::{Failure, Limits, Reduction, stubborn};
use crate::machine::{Choice, Fingerprint, Foresight, Machine, State, What};
use crate::program::op::{Op, OpCode};
use crate::value;

/// What a search found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// States that were met.
    pub states: usize,
    /// Steps that were taken.
    pub transitions: usize,
    /// Whether everything was looked at.
    pub complete: bool,
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
    /// The longest way that was walked.
    pub depth: usize,
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
}

struct Frame {
    state: State,
    number: u32,
    choices: Vec<Choice>,
    next: usize,
    /// What the reduction left out.
    rest: Vec<Choice>,
}

/// Searches depth first within the limits; `tell` is told of the progress now and then.
pub(super) fn explore(
    machine: &Machine,
    initial: State,
    (limits, until): (&Limits, Option<Instant>),
    (reduction, exact): (Reduction, bool),
    tell: &mut dyn FnMut(&Found, usize),
) -> Found {
    let mut search = Search {
        machine,
        foresight: Foresight::default(),
        reduction,
        met: Met::new(exact),
        stack: Vec::new(),
        found: Found::default(),
    };
    search.meet(initial);
    let mut looks = 0u32;
    while search.step() {
        looks = looks.wrapping_add(1);
        if looks.is_multiple_of(1024) {
            tell(&search.found, search.stack.len());
            if until.is_some_and(|until| Instant::now() >= until) {
                return search.found;
            }
        }
        let most =
            if search.found.failures.is_empty() { limits.states } else { limits.states.min(limits.states_failed) };
        if search.found.states > most {
            return search.found;
        }
    }
    search.found.complete = true;
    search.found.collisions = search.met.collisions();
    search.found
}

struct Search<'m> {
    machine: &'m Machine,
    foresight: Foresight,
    reduction: Reduction,
    met: Met,
    stack: Vec<Frame>,
    found: Found,
}

impl Search<'_> {
    /// A state that is new goes onto the stack.
    fn meet(&mut self, state: State) {
        let (print, sight) = self.met.meet(self.machine, &state);
        let number = match sight {
            Sight::New(number) => number,
            Sight::Old(is_on_stack) => {
                if is_on_stack {
                    self.found.has_cycles = true;
                    self.expand_fully();
                }
                return;
            }
        };
        self.found.states += 1;
        self.found.depth = self.found.depth.max(self.stack.len());
        let choices = self.machine.choices(&state);
        if choices.is_empty() {
            self.found.ends.insert(print);
            self.found.exits.extend(state.exit_code().filter(|_| state.is_fine()).map(|code| code as u8));
        }
        let all = self.machine.foresee(&state, &mut self.foresight);
        for failure in of_state(self.machine, &state, &choices, &all) {
            let stack = &self.stack;
            self.found.fail(failure, || way(stack));
        }
        let enough = match self.reduction {
            Reduction::None => None,
            Reduction::Stubborn => stubborn::enough(self.machine, &state, &choices, &all),
        };
        let (choices, rest) = match enough {
            None => (choices, Vec::new()),
            Some(enough) => choices.into_iter().partition(|choice| enough.contains(&choice.actor)),
        };
        self.stack.push(Frame { state, number, choices, next: 0, rest });
    }

    /// The step that was just taken closes a cycle: whoever was put off here must not be put off for ever.
    fn expand_fully(&mut self) {
        if let Some(frame) = self.stack.last_mut() {
            frame.choices.append(&mut frame.rest);
        }
    }

    /// Takes one step, or goes back; whether there is more to do.
    fn step(&mut self) -> bool {
        let Some(frame) = self.stack.last_mut() else { return false };
        let Some(choice) = frame.choices.get(frame.next) else {
            self.met.leave(frame.number);
            self.stack.pop();
            return true;
        };
        frame.next += 1;
        let sleeps = |op: &Op| matches!(op.code, OpCode::Sleep | OpCode::TimerWait | OpCode::DeadlineLeft);
        self.found.timed |=
            choice.what == What::TimeOut || self.machine.next_op(&frame.state, choice.actor).is_some_and(sleeps);
        let mut state = frame.state.clone();
        let Ok(happened) = self.machine.step(&mut state, choice) else { return true };
        self.found.transitions += 1;
        for failure in of_step(&state, &happened) {
            let stack = &self.stack;
            self.found.fail(failure, || way(stack));
        }
        for noted in happened.noted.iter().filter(|noted| noted.op == OpCode::Outcome) {
            *self.found.outcomes.entry(value::literal(noted.args.get(0))).or_default() += 1;
        }
        self.meet(state);
        true
    }
}

/// The steps that led to the top of the stack, and the one that was taken there.
fn way(stack: &[Frame]) -> Vec<Choice> {
    stack.iter().filter_map(|frame| frame.choices.get(frame.next.checked_sub(1)?).cloned()).collect()
}
