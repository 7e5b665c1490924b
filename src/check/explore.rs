//! The exhaustive search: depth first over states, told apart by fingerprints.
//!
//! Answers for: that every failure that some schedule has is found, one of each kind and place, unless a limit is
//! reached first. Never says which way to a failure is the best.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use rustc_hash::FxHashSet;

use super::failure::{Key, Told, of_step};
use super::left::Share;
use super::liveness::Trap;
use super::met::{Met, Sight};
use super::{Bound, Failure, Limits, Progress, Reduction, stubborn};
use crate::machine::{Choice, Fingerprint, Outlook, Packed, Print, Space, State, Step, View, What};
use crate::program::op::OpCode;
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
}

struct Frame {
    state: Packed,
    view: View,
    print: Print,
    steps: Vec<Step>,
    next: usize,
    /// What the reduction left out.
    rest: Vec<Step>,
    /// The step that was taken last.
    last: Option<Choice>,
}

/// Searches depth first within the limits; `tell` is told of the progress now and then.
pub(super) fn explore(
    space: &mut Space<'_>,
    initial: &State,
    (limits, until): (&Limits, Option<Instant>),
    (reduction, exact): (Reduction, bool),
    tell: &mut dyn FnMut(Progress),
) -> Found {
    let mut search = Search {
        space,
        outlook: Outlook::default(),
        told: Told::default(),
        reduction,
        met: Met::new(exact),
        stack: Vec::new(),
        share: Share::default(),
        found: Found::default(),
    };
    let initial = search.space.pack(initial);
    search.meet(initial);
    let mut looks = 0u32;
    while search.step() {
        looks = looks.wrapping_add(1);
        if looks.is_multiple_of(1024) {
            search.tidy();
            tell(search.progress());
            if until.is_some_and(|until| Instant::now() >= until) {
                return search.found(Some(Bound::Time));
            }
            if limits.is_over(search.bytes() + search.met.bytes_to_grow(1024)) {
                return search.found(Some(Bound::Memory));
            }
        }
        let most =
            if search.found.failures.is_empty() { limits.states } else { limits.states.min(limits.states_failed) };
        if search.found.states > most {
            return search.found(Some(Bound::States));
        }
    }
    search.found.complete = true;
    search.found.collisions = search.met.collisions();
    search.found(None)
}

struct Search<'s, 'm> {
    space: &'s mut Space<'m>,
    outlook: Outlook,
    told: Told,
    reduction: Reduction,
    met: Met,
    stack: Vec<Frame>,
    share: Share,
    found: Found,
}

impl Search<'_, '_> {
    /// A state that is new goes onto the stack.
    fn meet(&mut self, state: Packed) {
        let before = self.stack.last().map(|frame| (&frame.state, &frame.print));
        let print = self.space.print(&state, before);
        if let Sight::Old(is_on_stack) = self.met.meet(self.space, &state, print.fingerprint()) {
            if is_on_stack {
                self.found.has_cycles = true;
                self.expand_fully();
            }
            return;
        }
        self.found.states += 1;
        self.found.depth = self.found.depth.max(self.stack.len());
        let before = self.stack.last().map(|frame| (&frame.state, &frame.view));
        let view = self.space.view(&state, before);
        self.space.look(&view, &mut self.outlook);
        let mut steps = Vec::with_capacity((0..self.outlook.len()).map(|at| self.outlook.steps(at)).sum());
        steps.extend(self.space.steps(&view).map(|(step, _)| step));
        if steps.is_empty() {
            self.found.ends.insert(print.fingerprint());
            self.found.exits.extend(self.space.good_exit(&state).map(|code| code as u8));
        }
        for failure in self.told.news(self.space, &state, &view, &mut self.outlook) {
            let stack = &self.stack;
            self.found.fail(failure, || way(stack));
        }
        let enough = match self.reduction {
            Reduction::None => None,
            Reduction::Stubborn => stubborn::enough(self.space, &mut self.outlook),
        };
        let (steps, rest) = match enough {
            None => (steps, Vec::new()),
            Some(enough) => steps.into_iter().partition(|step| {
                let actor = self.space.choice(&view, *step).and_then(|choice| self.outlook.place(choice.actor));
                actor.is_some_and(|actor| enough.has(actor))
            }),
        };
        self.stack.push(Frame { state, view, print, steps, next: 0, rest, last: None });
    }

    /// The step that was just taken closes a cycle: whoever was put off here must not be put off for ever.
    fn expand_fully(&mut self) {
        if let Some(frame) = self.stack.last_mut() {
            frame.steps.append(&mut frame.rest);
        }
    }

    /// Takes one step, or goes back; whether there is more to do.
    fn step(&mut self) -> bool {
        let Some(frame) = self.stack.last_mut() else { return false };
        let Some(step) = frame.steps.get(frame.next).copied() else {
            self.met.leave(frame.print.fingerprint());
            self.stack.pop();
            return true;
        };
        frame.next += 1;
        if self.space.is_stale(&frame.view) {
            frame.view = self.space.view(&frame.state, None);
        }
        frame.last = self.space.choice(&frame.view, step).cloned();
        let times_out = frame.last.as_ref().is_some_and(|choice| choice.what == What::TimeOut);
        self.found.timed |= times_out || self.space.sleeps(&frame.view, step);
        let Some(taken) = self.space.step(&frame.state, &frame.view, step) else { return true };
        self.found.transitions += 1;
        if let Some(happened) = &taken.happened {
            for failure in of_step(&self.space.state(&taken.next), happened) {
                let stack = &self.stack;
                self.found.fail(failure, || way(stack));
            }
            for noted in happened.noted.iter().filter(|noted| noted.op == OpCode::Outcome) {
                *self.found.outcomes.entry(value::literal(noted.args.get(0))).or_default() += 1;
            }
        }
        self.meet(taken.next);
        true
    }

    /// How far it has come.
    fn progress(&mut self) -> Progress {
        let way = self.stack.iter().map(|frame| (frame.next, frame.steps.len()));
        Progress {
            states: self.found.states,
            depth: self.stack.len(),
            left: way.clone().map(|(begun, all)| all - begun).sum(),
            share: self.share.of(way),
            fails: !self.found.failures.is_empty(),
        }
    }

    /// What was found so far.
    fn found(mut self, bound: Option<Bound>) -> Found {
        self.found.bound = bound;
        self.found.bytes = self.bytes() as u64;
        self.found
    }

    /// The bytes that states, the way and what was found out take, about.
    fn bytes(&self) -> usize {
        let frame = self.stack.last().map_or(0, |frame| {
            let slots = size_of::<u32>() * (frame.state.len() + frame.view.len());
            size_of::<Frame>() + slots + size_of::<Step>() * (frame.steps.capacity() + frame.rest.capacity())
        });
        self.met.bytes() + self.space.bytes() + self.stack.len() * frame
    }

    /// Where what was found out takes too much room, it is forgotten.
    fn tidy(&mut self) {
        if self.space.is_full() {
            self.space.forget_all_but(self.stack.iter().map(|frame| &frame.state));
            self.told.clear();
        }
    }
}

/// The steps that led to the top of the stack, and the one that was taken there.
fn way(stack: &[Frame]) -> Vec<Choice> {
    stack.iter().filter_map(|frame| frame.last.clone()).collect()
}
