//! A round of a trap: steps that lead from a state of it back to the same state, so that they can be taken for ever.
//!
//! Answers for: that it is fair (everyone who can go on all the way round does). Never looks for the way to the trap.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::Limits;
use super::liveness::Trap;
use crate::machine::{Choice, Fingerprint, Machine, Packed, State, Step, Taken, What};

/// States of a trap that are looked at.
const STATES_MAX: usize = 30_000;

/// The steps of a round from a state of a trap; none where that was not found out, or the run is over there.
pub(super) fn round(machine: &Machine, from: &State, trap: &Trap, limits: &Limits) -> Vec<Choice> {
    let Some(around) = Around::of(machine, from, trap, limits) else { return Vec::new() };
    let round = around.walk().unwrap_or_default();
    // Where two states differ by their numbers alone, the steps of one may not be those of the other.
    let mut state = from.clone();
    let goes = |choice: &Choice| machine.choices(&state).contains(choice) && machine.step(&mut state, choice).is_ok();
    let is_round = round.iter().all(goes) && machine.fingerprint(&state) == machine.fingerprint(from);
    if is_round { round } else { Vec::new() }
}

/// The states from which a first one can be come back to, and what else leads out of them.
struct Around {
    /// By state, which are counted from the first, 0.
    steps: Vec<Vec<(Choice, Option<usize>)>>,
}

/// What a round must come past.
enum Goal {
    /// A step of this actor.
    Moves(u32),
    /// A state in which this actor cannot go on.
    Stands(u32),
    /// This state.
    Is(usize),
}

impl Around {
    fn of(machine: &Machine, from: &State, trap: &Trap, limits: &Limits) -> Option<Around> {
        let mut space = limits.space(machine);
        let first = space.pack(from);
        let mut numbers: FxHashMap<Fingerprint, usize> = FxHashMap::from_iter([(space.fingerprint(&first), 0)]);
        let mut steps: Vec<Vec<(Choice, Option<usize>)>> = Vec::new();
        let mut left: VecDeque<Packed> = VecDeque::from([first]);
        while let Some(state) = left.pop_front() {
            if numbers.len() > STATES_MAX || space.is_full() {
                return None;
            }
            let view = space.view(&state, None);
            let choices: Vec<(Step, Choice)> =
                space.steps(&view).map(|(step, choice)| (step, choice.clone())).collect();
            let mut own = Vec::new();
            for (step, choice) in choices.into_iter().filter(|(_, choice)| choice.what != What::Wake) {
                let Some(Taken { next, .. }) = space.step(&state, &view, step) else { continue };
                let print = space.fingerprint(&next);
                let to = trap.states.contains(&print).then(|| {
                    let number = numbers.len();
                    *numbers.entry(print).or_insert_with(|| {
                        left.push_back(next);
                        number
                    })
                });
                own.push((choice, to));
            }
            steps.push(own);
        }
        Some(Around { steps }.of_those_who_come_back())
    }

    /// Steps after which there is no way back lead out.
    fn of_those_who_come_back(mut self) -> Around {
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); self.steps.len()];
        for (at, steps) in self.steps.iter().enumerate() {
            let inside = steps.iter().filter_map(|(_, to)| *to);
            inside.for_each(|to| before.get_mut(to).into_iter().for_each(|before| before.push(at)));
        }
        let mut comes_back = vec![false; self.steps.len()];
        let mut left = vec![0];
        while let Some(at) = left.pop() {
            if comes_back.get(at) == Some(&false) {
                comes_back[at] = true;
                left.extend(before.get(at).into_iter().flatten());
            }
        }
        for (_, to) in self.steps.iter_mut().flatten() {
            *to = to.filter(|to| comes_back.get(*to) == Some(&true));
        }
        self
    }

    /// A fair round from the first state.
    fn walk(&self) -> Option<Vec<Choice>> {
        let mut movers: Vec<u32> = Vec::new();
        let mut reached = vec![false; self.steps.len()];
        let mut left = vec![0];
        while let Some(at) = left.pop() {
            if std::mem::replace(reached.get_mut(at)?, true) {
                continue;
            }
            for (choice, to) in self.steps.get(at)?.iter().filter_map(|(choice, to)| Some((choice, (*to)?))) {
                movers.push(choice.actor);
                left.push(to);
            }
        }
        movers.sort_unstable();
        movers.dedup();
        let mut others: Vec<u32> = self.steps.first()?.iter().map(|(choice, _)| choice.actor).collect();
        others.retain(|actor| !movers.contains(actor));
        others.dedup();
        let goals = movers.iter().map(|actor| Goal::Moves(*actor)).chain(others.into_iter().map(Goal::Stands));
        let (mut at, mut round) = (0, Vec::new());
        for goal in goals {
            let is_met = matches!(goal, Goal::Moves(actor) if round.iter().any(|taken: &Choice| taken.actor == actor));
            if !is_met {
                at = self.go(at, &goal, &mut round)?;
            }
        }
        self.go(at, &Goal::Is(0), &mut round)?;
        Some(round)
    }

    /// The shortest way from a state to a goal; gives where it ends.
    fn go(&self, from: usize, goal: &Goal, way: &mut Vec<Choice>) -> Option<usize> {
        let mut came: FxHashMap<usize, (usize, &Choice)> = FxHashMap::default();
        let mut left = VecDeque::from([from]);
        let mut last: Option<(&Choice, usize)> = None;
        let at = 'search: loop {
            let at = left.pop_front()?;
            let steps = self.steps.get(at)?;
            match goal {
                Goal::Is(wanted) if *wanted == at => break at,
                Goal::Stands(actor) if steps.iter().all(|(choice, _)| choice.actor != *actor) => break at,
                _ => {}
            }
            for (choice, to) in steps.iter().filter_map(|(choice, to)| Some((choice, (*to)?))) {
                if matches!(goal, Goal::Moves(actor) if *actor == choice.actor) {
                    last = Some((choice, to));
                    break 'search at;
                }
                if to != from && !came.contains_key(&to) {
                    came.insert(to, (at, choice));
                    left.push_back(to);
                }
            }
        };
        let mut steps: Vec<Choice> = Vec::new();
        let mut back = at;
        while let Some((before, choice)) = came.get(&back) {
            steps.push((*choice).clone());
            back = *before;
        }
        way.extend(steps.into_iter().rev().chain(last.map(|(choice, _)| choice.clone())));
        Some(last.map_or(at, |(_, to)| to))
    }
}
