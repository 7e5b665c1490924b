//! The search itself: as the exhaustive one, but somebody watches, and some operations may be joined to those before.
//!
//! Answers for: with nothing joined, the same states and steps as the exhaustive search. Never looks for failures.

use std::time::Instant;

use super::joined::Joined;
use super::{Extent, Options};
use crate::check::met::{Met, Sight};
use crate::check::{Reduction, stubborn};
use crate::machine::{Choice, Fingerprint, Group, Machine, Outlook, Packed, Space, State, Step, View, What};

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
    state: Packed,
    view: View,
    print: Fingerprint,
    steps: Vec<Step>,
    next: usize,
    /// What the reduction left out.
    rest: Vec<Step>,
    /// Where the last step led, in so far as that was not looked at.
    pending: Vec<Packed>,
}

pub(in crate::check) struct Search<'a, W> {
    machine: &'a Machine,
    reduction: Reduction,
    joined: &'a Joined,
    watch: &'a mut W,
    space: Space<'a>,
    outlook: Outlook,
    met: Met,
    stack: Vec<Frame>,
    extent: Extent,
}

impl<'a, W: Watch> Search<'a, W> {
    pub(in crate::check) fn new(machine: &'a Machine, options: &Options, joined: &'a Joined, watch: &'a mut W) -> Self {
        Search {
            machine,
            reduction: options.reduction,
            joined,
            watch,
            space: options.limits.space(machine),
            outlook: Outlook::default(),
            met: Met::new(false, true),
            stack: Vec::new(),
            extent: Extent { states: 0, steps: 0, complete: false },
        }
    }

    pub(in crate::check) fn run(mut self, initial: &State, states_max: usize, until: Option<Instant>) -> Extent {
        let initial = self.space.pack(initial);
        self.meet(initial);
        let mut looks = 0u32;
        while self.step() {
            looks = looks.wrapping_add(1);
            let is_late = looks.is_multiple_of(256) && until.is_some_and(|until| Instant::now() >= until);
            if is_late || self.extent.states > states_max {
                return self.extent;
            }
            if self.space.is_full() {
                let needed = self.stack.iter().flat_map(|frame| frame.pending.iter().chain([&frame.state]));
                self.space.forget_all_but(needed);
            }
        }
        self.extent.complete = true;
        self.extent
    }

    /// A state that is new goes onto the stack; whether it is.
    fn meet(&mut self, state: Packed) -> bool {
        let print = self.space.fingerprint(&state);
        if let Sight::Old(is_on_stack) = self.met.meet(&self.space, &state, print, 0) {
            if let Some(frame) = self.stack.last_mut().filter(|_| is_on_stack) {
                // Whoever was put off here must not be put off for ever.
                frame.steps.append(&mut frame.rest);
            }
            return false;
        }
        self.extent.states += 1;
        let whole = self.space.state(&state);
        let view = self.space.view(&state, None);
        let (steps, choices): (Vec<Step>, Vec<Choice>) =
            self.space.steps(&view).map(|(step, choice)| (step, choice.clone())).unzip();
        let enough = match self.reduction.is_stubborn() {
            false => None,
            true => {
                self.space.look(&view, &mut self.outlook);
                let more = if self.joined.is_empty() { Vec::new() } else { self.beside(&whole, &choices) };
                stubborn::enough_beside(&mut self.space, &mut self.outlook, &more)
            }
        };
        let is_enough = |choice: &Choice| {
            let place = || self.outlook.place(choice.actor);
            enough.as_ref().is_none_or(|enough| place().is_some_and(|place| enough.has(place)))
        };
        let taken: Vec<bool> = choices.iter().map(is_enough).collect();
        let (mut now, mut rest, mut shown) = (Vec::new(), Vec::new(), Vec::new());
        for ((step, choice), is_taken) in steps.into_iter().zip(choices).zip(taken) {
            if is_taken {
                now.push(step);
                shown.push(choice);
            } else {
                rest.push(step);
            }
        }
        self.watch.state(self.machine, &whole, &shown);
        self.stack.push(Frame { state, view, print, steps: now, next: 0, rest, pending: Vec::new() });
        true
    }

    /// Takes one step, or goes back; whether there is more to do.
    fn step(&mut self) -> bool {
        let Some(frame) = self.stack.last_mut() else { return false };
        if let Some(state) = frame.pending.pop() {
            self.meet(state);
            return true;
        }
        let Some(step) = frame.steps.get(frame.next).copied() else {
            self.met.close(frame.print);
            self.stack.pop();
            return true;
        };
        frame.next += 1;
        if self.space.is_stale(&frame.view) {
            frame.view = self.space.view(&frame.state, None);
        }
        let Some(choice) = self.space.choice(&frame.view, step).cloned() else { return true };
        let Some(taken) = self.space.step(&frame.state, &frame.view, step) else { return true };
        self.extent.steps += 1;
        let before = self.space.state(&frame.state);
        if self.joined.is_empty() {
            let is_new = self.meet(taken.next);
            self.watch.step(self.machine, &before, &choice, is_new);
            return true;
        }
        let next = self.space.state(&taken.next);
        if !self.goes_on(&next, choice.actor) {
            let is_new = self.meet(taken.next);
            self.watch.step(self.machine, &before, &choice, is_new);
            return true;
        }
        let mut ends = Vec::new();
        self.follow(next, choice.actor, JOINED_MAX, &mut |_| {}, &mut ends);
        let ends = ends.iter().map(|end| self.space.pack(end)).collect();
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

    /// What is joined to a step is done in it: whose steps conflict with that, by places in the outlook.
    fn beside(&mut self, state: &State, choices: &[Choice]) -> Vec<(usize, Group)> {
        let mut all = Vec::new();
        let mut outlook = Outlook::default();
        for choice in choices {
            let mut next = state.clone();
            if self.machine.step(&mut next, choice).is_err() || !self.goes_on(&next, choice.actor) {
                continue;
            }
            let mut between = Vec::new();
            let mut note = |state: &State| between.push(state.clone());
            self.follow(next, choice.actor, JOINED_MAX, &mut note, &mut Vec::new());
            let mut group = Group::default();
            for state in between {
                let packed = self.space.pack(&state);
                let view = self.space.view(&packed, None);
                self.space.look(&view, &mut outlook);
                let Some(place) = outlook.place(choice.actor) else { continue };
                let others: Vec<usize> = self.space.conflicts(&mut outlook, place).iter().collect();
                let actors = others.into_iter().map(|at| outlook.actor(at));
                actors.filter_map(|actor| self.outlook.place(actor)).for_each(|at| group.add(at));
            }
            all.extend(self.outlook.place(choice.actor).map(|place| (place, group)));
        }
        all
    }
}
