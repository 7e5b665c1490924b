//! The best way to a failure: fewest preemptions, then fewest context switches, then fewest steps.
//!
//! Best first over pairs of a state and the actor that moved last (Dijkstra 1959, with costs compared in that order).
//!
//! Answers for: that there is no better way, unless the limit is reached first. Never words it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Instant;

use rustc_hash::FxHashSet;

use super::failure::{of_state, of_step};
use super::liveness::Trap;
use super::{Failure, Limits};
use crate::machine::{Choice, Machine, Outlook, Packed, State, Step, Taken, What};

/// What a way costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cost {
    /// Switches away from an actor that could go on.
    pub preemptions: u32,
    /// Switches.
    pub switches: u32,
    /// Steps.
    pub steps: u32,
}

impl Cost {
    /// With another step, of an actor after another.
    pub(super) fn then(self, last: Option<u32>, could_go_on: bool, next: u32) -> Cost {
        let switches = last.is_some_and(|last| last != next);
        Cost {
            preemptions: self.preemptions + u32::from(switches && could_go_on),
            switches: self.switches + u32::from(switches),
            steps: self.steps + 1,
        }
    }
}

/// The best failure, the way to it, and what that costs.
pub(super) struct Best {
    pub(super) failure: Failure,
    pub(super) way: Vec<Choice>,
    pub(super) cost: Cost,
}

struct Node {
    from: u32,
    by: Option<Choice>,
}

struct Open {
    state: Packed,
    last: Option<u32>,
    number: u32,
}

/// Looks for the best failure, or for the best way into a trap. None within the limits: whether there is none at all.
pub(super) fn best(
    machine: &Machine,
    initial: State,
    (limits, until): (&Limits, Option<Instant>),
    most: Option<u32>,
    trap: Option<&Trap>,
) -> Result<Best, bool> {
    let mut nodes = vec![Node { from: 0, by: None }];
    let mut heap = BinaryHeap::new();
    let mut space = limits.space(machine);
    let mut outlook = Outlook::default();
    let initial = space.pack(&initial);
    let mut open: Vec<Option<Open>> = vec![Some(Open { state: initial, last: None, number: 0 })];
    heap.push(Reverse((Cost::default(), 0usize)));
    let mut done = FxHashSet::default();
    let mut free: Vec<usize> = Vec::new();
    // Failures of steps are as far away as the state after them.
    let mut pending: BTreeMap<(Cost, u8), (Failure, Vec<Choice>)> = BTreeMap::new();
    while let Some(Reverse((cost, at))) = heap.pop() {
        if let Some(((least, _), _)) = pending.first_key_value()
            && *least < cost
        {
            break;
        }
        let Some(Open { state, last, number }) = open.get_mut(at).and_then(Option::take) else { continue };
        free.push(at);
        if done.len().is_multiple_of(256) && space.is_full() {
            space.forget_all_but(open.iter().flatten().map(|open| &open.state).chain([&state]));
        }
        let print = space.fingerprint(&state);
        if !done.insert((print, last.unwrap_or(0))) {
            continue;
        }
        if let Some(trap) = trap {
            if trap.unless.is_some_and(|claim| space.claims_that_hold(&state).get(claim) == Some(&true)) {
                continue;
            }
            if trap.states.contains(&print) {
                return Ok(Best { failure: trap.failure.clone(), way: way(&nodes, number), cost });
            }
        }
        let is_late = || done.len().is_multiple_of(256) && until.is_some_and(|until| Instant::now() >= until);
        let is_large = || {
            let slots = size_of::<u32>() * state.len();
            let kept = open.len() * (size_of::<Open>() + slots) + nodes.len() * size_of::<Node>() + done.len() * 48;
            done.len().is_multiple_of(256) && limits.is_over(kept + space.bytes())
        };
        if done.len() > limits.states_best || is_late() || is_large() {
            return match pending.pop_first() {
                Some(((cost, _), (failure, way))) => Ok(Best { failure, way, cost }),
                None => Err(false),
            };
        }
        let view = space.view(&state, None);
        space.look(&view, &mut outlook);
        let failures = of_state(&mut space, &state, &view, &mut outlook);
        let spoils = |failure: &Failure| !matches!(failure, Failure::Race(_));
        if trap.is_some() && failures.iter().any(spoils) {
            continue;
        }
        for failure in failures.into_iter().filter(|_| trap.is_none()) {
            let rank = failure.verdict() as u8;
            pending.entry((cost, rank)).or_insert_with(|| (failure, way(&nodes, number)));
        }
        let could_go_on = last.is_some_and(|last| goes_on(space.choices(&view), last));
        let steps: Vec<(Step, Choice)> = space.steps(&view).map(|(step, choice)| (step, choice.clone())).collect();
        for (step, choice) in steps {
            let next_cost = cost.then(last, could_go_on, choice.actor);
            if most.is_some_and(|most| next_cost.preemptions > most) {
                continue;
            }
            let Some(Taken { next, happened }) = space.step(&state, &view, step) else { continue };
            let failures = happened.map(|happened| of_step(&space.state(&next), &happened)).unwrap_or_default();
            if trap.is_some() && !failures.is_empty() {
                continue;
            }
            for failure in failures {
                let rank = failure.verdict() as u8;
                let mut steps = way(&nodes, number);
                steps.push(choice.clone());
                pending.entry((next_cost, rank)).or_insert_with(|| (failure, steps));
            }
            let actor = choice.actor;
            nodes.push(Node { from: number, by: Some(choice) });
            let number = nodes.len() as u32 - 1;
            let entry = Some(Open { state: next, last: Some(actor), number });
            let slot = match free.pop() {
                Some(slot) => {
                    open[slot] = entry;
                    slot
                }
                None => {
                    open.push(entry);
                    open.len() - 1
                }
            };
            heap.push(Reverse((next_cost, slot)));
        }
    }
    match pending.pop_first() {
        Some(((cost, _), (failure, way))) => Ok(Best { failure, way, cost }),
        None => Err(true),
    }
}

/// Whether an actor could go on, but by giving a wait up.
pub(super) fn goes_on<'c>(mut choices: impl Iterator<Item = &'c Choice>, actor: u32) -> bool {
    choices.any(|choice| choice.actor == actor && choice.what != What::TimeOut)
}

fn way(nodes: &[Node], number: u32) -> Vec<Choice> {
    let mut steps = Vec::new();
    let mut at = number;
    while let Some(Node { from, by: Some(choice) }) = nodes.get(at as usize) {
        steps.push(choice.clone());
        at = *from;
    }
    steps.reverse();
    steps
}
