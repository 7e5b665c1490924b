//! Every schedule is as likely as the others, as far as the walks before tell how long each actor goes on: the next
//! step is an actor's with a chance in proportion to the steps that are left to it and to those it will start.
//!
//! Zhao, Wolff, Mathur and Roychoudhury, "Selectively Uniform Concurrency Testing", ASPLOS 2025: uniform random
//! walks.

use std::borrow::Borrow;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Policy, drawn};
use crate::machine::{Choice, Packed, Space, State};
use crate::random::Random;

/// Draws walks, and learns from each.
#[derive(Default)]
pub(super) struct Uniform {
    names: FxHashMap<Arc<str>, usize>,
    /// Actors, each by its name, as all walks have them.
    all: Vec<Known>,
    /// By an actor's number in this walk: which of them it is.
    of: Vec<Option<usize>>,
    /// Of those who can go on: what the chance is in proportion to.
    left: Vec<u64>,
}

/// An actor.
#[derive(Default)]
struct Known {
    /// Who starts it.
    starter: Option<usize>,
    /// Its steps in the longest of the walks.
    most: u64,
    /// Its steps in this walk.
    steps: u64,
    /// Whether it was there in this walk.
    is_there: bool,
    /// Steps of those whom it is still to start, and whom they will.
    beneath: u64,
}

impl Uniform {
    /// Another walk begins.
    pub(super) fn begin(&mut self) {
        self.of.clear();
        for known in &mut self.all {
            (known.steps, known.is_there) = (0, false);
        }
    }

    /// Which of the steps is taken, by the actors whose they are; none where there are none. The state is asked for
    /// where somebody is new.
    pub(super) fn draw<S: Borrow<State>>(
        &mut self,
        state: impl Fn() -> S,
        actors: &[u32],
        chance: &mut Random,
    ) -> Option<usize> {
        let mut is_new = false;
        for actor in actors {
            if self.known(*actor).is_none() {
                self.meet(state().borrow(), *actor);
                is_new = true;
            }
        }
        if is_new {
            self.sum_up();
        }
        self.left.clear();
        let mut last = None;
        for actor in actors {
            if last.replace(*actor) != Some(*actor) {
                let known = self.known(*actor).and_then(|at| self.all.get(at));
                self.left.push(known.map_or(1, |known| known.most.saturating_sub(known.steps).max(1) + known.beneath));
            }
        }
        let mut at = chance.below(self.left.iter().sum::<u64>().max(1));
        let mut place = 0;
        while let Some(rest) = self.left.get(place).and_then(|left| at.checked_sub(*left)) {
            at = rest;
            place += 1;
        }
        drawn(actors, place, chance)
    }

    /// An actor took a step.
    pub(super) fn note(&mut self, actor: u32) {
        if let Some(known) = self.known(actor).and_then(|at| self.all.get_mut(at)) {
            known.steps += 1;
            known.most = known.most.max(known.steps);
        }
    }

    fn known(&self, actor: u32) -> Option<usize> {
        self.of.get(actor as usize).copied().flatten()
    }

    fn meet(&mut self, state: &State, actor: u32) {
        let name = state.name(actor);
        let known = self.names.get(name).copied();
        let at = known.unwrap_or_else(|| {
            let starter = state.starter(actor).and_then(|by| self.names.get(state.name(by)).copied());
            self.names.insert(name.into(), self.all.len());
            self.all.push(Known { starter, ..Known::default() });
            self.all.len() - 1
        });
        if self.of.len() <= actor as usize {
            self.of.resize(actor as usize + 1, None);
        }
        self.of[actor as usize] = Some(at);
        if let Some(known) = self.all.get_mut(at) {
            known.is_there = true;
        }
    }

    /// Steps of those who are not there yet count for who is to start them.
    fn sum_up(&mut self) {
        self.all.iter_mut().for_each(|known| known.beneath = 0);
        for at in 0..self.all.len() {
            let (mut above, mut hops) = (at, 0);
            while let Some(known) = self.all.get(above).filter(|known| !known.is_there && hops <= self.all.len())
                && let Some(starter) = known.starter
            {
                (above, hops) = (starter, hops + 1);
            }
            let steps = self.all.get(at).map_or(0, |known| known.most);
            if let Some(known) = self.all.get_mut(above).filter(|known| above != at && known.is_there) {
                known.beneath += steps;
            }
        }
    }
}

impl Policy for Uniform {
    fn pick(&mut self, space: &Space<'_>, state: &Packed, choices: &[Choice], chance: &mut Random) -> usize {
        let actors: Vec<u32> = choices.iter().map(|choice| choice.actor).collect();
        self.draw(|| space.state(state), &actors, chance).unwrap_or(0)
    }

    fn took(&mut self, actor: u32) {
        self.note(actor);
    }
}
