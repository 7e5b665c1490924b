//! Stubborn sets: of the steps of a state, some that are enough.
//!
//! A set of actors is closed when it has, with an actor that can take its next step, everyone who does or could do what
//! does not accord with that step, and with one that cannot, those of whom one must move first (Valmari, Stubborn sets
//! for reduced state space generation, 1990; Laarman, Pater, van de Pol and Weber, Guard-Based Partial-Order Reduction,
//! SPIN 2013, sections 3 and 4). The steps of its actors lead to every deadlock, and, as conflicts are taken over whole
//! futures, to a state of every race.
//!
//! Answers for: which actors are enough. Never takes a step.

use crate::machine::{Choice, Foreseen, Machine, State};

/// The actors of the smallest closed set that was found, by the steps that it has; none where all are needed.
pub(super) fn enough(machine: &Machine, state: &State, choices: &[Choice], all: &[Foreseen]) -> Option<Vec<u32>> {
    let mut able: Vec<u32> = choices.iter().map(|choice| choice.actor).collect();
    able.dedup();
    if able.len() < 2 {
        return None;
    }
    let mut closing = Closing { machine, state, all, able: &able, against: vec![None; all.len()] };
    let steps = |set: &[usize]| {
        choices
            .iter()
            .filter(|choice| set.iter().any(|at| all.get(*at).is_some_and(|one| one.actor == choice.actor)))
            .count()
    };
    let mut best: Option<(usize, Vec<usize>)> = None;
    for seed in 0..all.len() {
        if !all.get(seed).is_some_and(|one| able.contains(&one.actor)) {
            continue;
        }
        let set = closing.close(seed);
        let count = steps(&set);
        if count < choices.len() && best.as_ref().is_none_or(|(least, _)| count < *least) {
            best = Some((count, set));
            if count == 1 {
                break;
            }
        }
    }
    let (_, set) = best?;
    Some(set.into_iter().filter_map(|at| all.get(at).map(|one| one.actor)).collect())
}

struct Closing<'s> {
    machine: &'s Machine,
    state: &'s State,
    all: &'s [Foreseen],
    able: &'s [u32],
    /// By actor: those whom it brings into a set.
    against: Vec<Option<Vec<usize>>>,
}

impl Closing<'_> {
    fn close(&mut self, seed: usize) -> Vec<usize> {
        let mut set = vec![seed];
        let mut at = 0;
        while let Some(one) = set.get(at).copied() {
            at += 1;
            for brought in self.brings(one) {
                if !set.contains(brought) {
                    set.push(*brought);
                }
            }
            if set.len() == self.all.len() {
                break;
            }
        }
        set
    }

    fn brings(&mut self, at: usize) -> &[usize] {
        let found = match self.against.get(at) {
            Some(Some(_)) => None,
            _ => Some(self.find(at)),
        };
        match (self.against.get_mut(at), found) {
            (Some(slot), Some(found)) => slot.insert(found),
            (Some(Some(known)), None) => known,
            _ => &[],
        }
    }

    fn find(&self, at: usize) -> Vec<usize> {
        let Some(one) = self.all.get(at) else { return Vec::new() };
        if !self.able.contains(&one.actor) {
            let enablers = self.machine.enablers(self.state, one.actor, self.all);
            return (0..self.all.len()).filter(|other| enablers.contains(&self.all[*other].actor)).collect();
        }
        let conflicts = |other: &usize| {
            let Some(other) = self.all.get(*other).filter(|other| other.actor != one.actor) else { return false };
            let mut touches = other.now.iter().chain(other.later.iter());
            touches.any(|touch| one.now.iter().any(|now| now.conflicts(*touch)))
        };
        (0..self.all.len()).filter(conflicts).collect()
    }
}
