//! The search itself: as the exhaustive one, but somebody watches, and some operations may be joined to those before.
//!
//! Answers for: with nothing joined, the same states and steps as the exhaustive search. Never looks for failures.

use std::time::Instant;

use super::joined::Joined;
use super::{Extent, Options};
use crate::check::met::{Met, Sight};
use crate::check::{Reduction, stubborn};
use crate::machine::{Choice, Foreseen, Foresight, Machine, State, What};

/// Operations at most that are joined to one step.
const JOINED_MAX: usize = 64;

/// Somebody who watches.
pub(in crate::check) trait Watch {
    /// A state that is new; `choices` are the steps that are taken from it.
    fn state(&mut self, machine: &Machine, state: &State, choices: &[Choice]);

    /// A step that is taken from a state, and whether it leads to a new one.
    fn step(&mut self, machine: &Machine, state: &State, choice: &Choice, is_new: bool);
}

/// Nobody.
pub(super) struct Nothing;

impl Watch for Nothing {
    fn state(&mut self, _: &Machine, _: &State, _: &[Choice]) {}

    fn step(&mut self, _: &Machine, _: &State, _: &Choice, _: bool) {}
}

struct Frame {
    state: State,
    number: u32,
    choices: Vec<Choice>,
    next: usize,
    /// What the reduction left out.
    rest: Vec<Choice>,
    /// Where the last step led, in so far as that was not looked at.
    pending: Vec<State>,
}

pub(in crate::check) struct Search<'a, W> {
    machine: &'a Machine,
    reduction: Reduction,
    joined: &'a Joined,
    watch: &'a mut W,
    foresight: Foresight,
    met: Met,
    stack: Vec<Frame>,
    extent: Extent,
}

impl<'a, W: Watch> Search<'a, W> {
    pub(in crate::check) fn new(machine: &'a Machine, options: &Options, joined: &'a Joined, watch: &'a mut W) -> Self {
        let extent = Extent { states: 0, steps: 0, complete: false };
        let (met, foresight) = (Met::new(false), Foresight::default());
        Search { machine, reduction: options.reduction, joined, watch, foresight, met, stack: Vec::new(), extent }
    }

    pub(in crate::check) fn run(mut self, initial: State, states_max: usize, until: Option<Instant>) -> Extent {
        self.meet(initial);
        let mut looks = 0u32;
        while self.step() {
            looks = looks.wrapping_add(1);
            let is_late = looks.is_multiple_of(256) && until.is_some_and(|until| Instant::now() >= until);
            if is_late || self.extent.states > states_max {
                return self.extent;
            }
        }
        self.extent.complete = true;
        self.extent
    }

    /// A state that is new goes onto the stack; whether it is.
    fn meet(&mut self, state: State) -> bool {
        let number = match self.met.meet(self.machine, &state).1 {
            Sight::New(number) => number,
            Sight::Old(is_on_stack) => {
                if let Some(frame) = self.stack.last_mut().filter(|_| is_on_stack) {
                    // Whoever was put off here must not be put off for ever.
                    frame.choices.append(&mut frame.rest);
                }
                return false;
            }
        };
        self.extent.states += 1;
        let choices = self.machine.choices(&state);
        let enough = match self.reduction {
            Reduction::None => None,
            Reduction::Stubborn => {
                let mut all = self.machine.foresee(&state, &mut self.foresight);
                if !self.joined.is_empty() {
                    self.add_joined(&state, &choices, &mut all);
                }
                stubborn::enough(self.machine, &state, &choices, &all)
            }
        };
        let (choices, rest) = match enough {
            None => (choices, Vec::new()),
            Some(enough) => choices.into_iter().partition(|choice| enough.contains(&choice.actor)),
        };
        self.watch.state(self.machine, &state, &choices);
        self.stack.push(Frame { state, number, choices, next: 0, rest, pending: Vec::new() });
        true
    }

    /// Takes one step, or goes back; whether there is more to do.
    fn step(&mut self) -> bool {
        let Some(frame) = self.stack.last_mut() else { return false };
        if let Some(state) = frame.pending.pop() {
            self.meet(state);
            return true;
        }
        let Some(choice) = frame.choices.get(frame.next).cloned() else {
            self.met.leave(frame.number);
            self.stack.pop();
            return true;
        };
        frame.next += 1;
        let before = frame.state.clone();
        let mut state = before.clone();
        if self.machine.step(&mut state, &choice).is_err() {
            return true;
        }
        self.extent.steps += 1;
        if !self.goes_on(&state, choice.actor) {
            let is_new = self.meet(state);
            self.watch.step(self.machine, &before, &choice, is_new);
            return true;
        }
        let mut ends = Vec::new();
        self.follow(state, choice.actor, JOINED_MAX, &mut |_| {}, &mut ends);
        if let Some(frame) = self.stack.last_mut() {
            frame.pending = ends;
        }
        true
    }

    /// Whether the next operation of an actor belongs to the step that it just took.
    fn goes_on(&self, state: &State, actor: u32) -> bool {
        !self.joined.is_empty()
            && !state.is_over()
            && self.machine.next_op(state, actor).is_some_and(|op| self.joined.has(self.machine, op))
            && !self.machine.only_arrives(state, actor)
            && !self.own(state, actor).is_empty()
    }

    fn own(&self, state: &State, actor: u32) -> Vec<Choice> {
        let mut own = Vec::new();
        self.machine.choices_of(state, actor, &mut own);
        own.retain(|choice| matches!(choice.what, What::Go | What::Serve(_) | What::Draw(_) | What::Case(..)));
        own
    }

    /// Takes what belongs to a step; tells of each state on the way, and gives those in which it has ended.
    fn follow(&self, state: State, actor: u32, left: usize, on_the_way: &mut dyn FnMut(&State), ends: &mut Vec<State>) {
        if left == 0 || !self.goes_on(&state, actor) {
            ends.push(state);
            return;
        }
        on_the_way(&state);
        for choice in self.own(&state, actor) {
            let mut next = state.clone();
            if self.machine.step(&mut next, &choice).is_ok() {
                self.follow(next, actor, left - 1, on_the_way, ends);
            }
        }
    }

    /// What is joined to a step is done in it.
    fn add_joined(&mut self, state: &State, choices: &[Choice], all: &mut [Foreseen]) {
        let mut foresight = std::mem::take(&mut self.foresight);
        for choice in choices {
            let mut next = state.clone();
            if self.machine.step(&mut next, choice).is_err() || !self.goes_on(&next, choice.actor) {
                continue;
            }
            let mut touched = Vec::new();
            let mut note = |state: &State| {
                let then = self.machine.foresee(state, &mut foresight);
                touched.extend(then.into_iter().filter(|one| one.actor == choice.actor).flat_map(|one| one.now));
            };
            self.follow(next, choice.actor, JOINED_MAX, &mut note, &mut Vec::new());
            if let Some(one) = all.iter_mut().find(|one| one.actor == choice.actor) {
                one.now.extend(touched);
            }
        }
        self.foresight = foresight;
    }
}
