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
use crate::machine::{Choice, Fingerprint, Moved, Outlook, Packed, Print, Space, State, Step, View, What};
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

/// A state on the way that is being walked.
#[derive(Default)]
struct Frame {
    state: Packed,
    view: View,
    print: Print,
    steps: Vec<Step>,
    /// How many of the steps are enough.
    enough: usize,
    next: usize,
}

impl Frame {
    /// The step that was taken last.
    fn last(&self) -> Option<Step> {
        self.next.checked_sub(1).and_then(|at| self.steps.get(at)).copied()
    }
}

/// Searches depth first within the limits; `tell` is told of the progress now and then.
pub(super) fn explore(
    space: &mut Space<'_>,
    initial: &State,
    (limits, until): (&Limits, Option<Instant>),
    (reduction, exact): (Reduction, bool),
    tell: &mut dyn FnMut(Progress),
) -> Found {
    space.set_symmetry(reduction.is_symmetric());
    let found = search(space, initial, (limits, until), (reduction, exact), tell);
    space.set_symmetry(false);
    found
}

fn search(
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
        spare: Vec::new(),
        next: Packed::default(),
        share: Share::default(),
        found: Found::default(),
    };
    search.next = search.space.pack(initial);
    search.meet(None);
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
    /// Frames to be used again.
    spare: Vec<Frame>,
    /// The state that was come to.
    next: Packed,
    share: Share,
    found: Found,
}

impl Search<'_, '_> {
    /// The state that was come to goes onto the stack if it is new.
    fn meet(&mut self, moved: Option<&Moved>) {
        let before = self.stack.last().zip(moved);
        let before = before.map(|(frame, moved)| (&frame.state, &frame.print, moved));
        let print = self.space.print(&self.next, before);
        if let Sight::Old(is_on_stack) = self.met.meet(self.space, &self.next, print.fingerprint()) {
            if is_on_stack {
                self.found.has_cycles = true;
                self.expand_fully();
            }
            return;
        }
        self.found.states += 1;
        self.found.depth = self.found.depth.max(self.stack.len());
        let mut frame = self.spare.pop().unwrap_or_default();
        std::mem::swap(&mut frame.state, &mut self.next);
        frame.print = print;
        let before = self.stack.last().zip(moved).map(|(frame, moved)| (&frame.view, moved));
        self.space.view_to(&frame.state, before, &mut frame.view);
        self.space.look(&frame.view, &mut self.outlook);
        let news = self.told.news(self.space, &frame.state, &frame.view, &mut self.outlook);
        let enough = match self.reduction.is_stubborn() {
            false => None,
            true => stubborn::enough(self.space, &mut self.outlook),
        };
        let (outlook, steps) = (&self.outlook, &mut frame.steps);
        steps.clear();
        (frame.next, frame.enough) = (0, 0);
        if let Some(enough) = enough {
            steps.extend(enough.iter().flat_map(|at| outlook.steps_of(at)));
            frame.enough = steps.len();
            let rest = (0..outlook.len()).filter(|at| !enough.has(*at));
            steps.extend(rest.flat_map(|at| outlook.steps_of(at)));
        } else {
            steps.extend((0..outlook.len()).flat_map(|at| outlook.steps_of(at)));
            frame.enough = steps.len();
        }
        if frame.steps.is_empty() {
            self.found.ends.insert(print.fingerprint());
            self.found.exits.extend(self.space.good_exit(&frame.state).map(|code| code as u8));
        }
        for failure in news {
            self.fail(failure);
        }
        self.stack.push(frame);
    }

    /// The step that was just taken closes a cycle: whoever was put off here must not be put off for ever.
    fn expand_fully(&mut self) {
        if let Some(frame) = self.stack.last_mut() {
            frame.enough = frame.steps.len();
        }
    }

    /// Takes one step, or goes back; whether there is more to do.
    fn step(&mut self) -> bool {
        let Some(frame) = self.stack.last_mut() else { return false };
        if frame.next >= frame.enough {
            self.met.leave(frame.print.fingerprint());
            self.spare.extend(self.stack.pop());
            return true;
        }
        let step = frame.steps[frame.next];
        frame.next += 1;
        if self.space.is_stale(&frame.view) {
            self.space.view_to(&frame.state, None, &mut frame.view);
        }
        if !self.found.timed {
            let choice = self.space.choice(&frame.view, step);
            let times_out = choice.is_some_and(|choice| choice.what == What::TimeOut);
            self.found.timed = times_out || self.space.sleeps(&frame.view, step);
        }
        let Some(moved) = self.space.step_to(&frame.state, &frame.view, step, &mut self.next) else { return true };
        self.found.transitions += 1;
        if let Some(happened) = moved.happened() {
            for failure in of_step(&self.space.state(&self.next), happened) {
                self.fail(failure);
            }
            for noted in happened.noted.iter().filter(|noted| noted.op == OpCode::Outcome) {
                *self.found.outcomes.entry(value::literal(noted.args.get(0))).or_default() += 1;
            }
        }
        self.meet(Some(&moved));
        true
    }

    /// Notes a failure that the steps on the stack lead to, unless it is known.
    fn fail(&mut self, failure: Failure) {
        if self.found.failures.contains_key(&failure.key()) {
            return;
        }
        let way = self.stack.iter_mut().filter_map(|frame| {
            let step = frame.last()?;
            if self.space.is_stale(&frame.view) {
                self.space.view_to(&frame.state, None, &mut frame.view);
            }
            self.space.choice(&frame.view, step).cloned()
        });
        let way = way.collect();
        self.found.fail(failure, || way);
    }

    /// How far it has come.
    fn progress(&mut self) -> Progress {
        let way = self.stack.iter().map(|frame| (frame.next, frame.enough));
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
            size_of::<Frame>() + slots + size_of::<Step>() * frame.steps.capacity()
        });
        self.met.bytes() + self.space.bytes() + (self.stack.len() + self.spare.len()) * frame
    }

    /// Where what was found out takes too much room, it is forgotten.
    fn tidy(&mut self) {
        if self.space.is_full() {
            self.space.forget_all_but(self.stack.iter().map(|frame| &frame.state));
            self.told.clear();
        }
    }
}
