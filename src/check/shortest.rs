//! The best way to a failure: fewest preemptions, then fewest context switches, then fewest steps.
//!
//! Where nothing ends a way that costs less, as where somebody puts into a queue for ever, the best is never come to:
//! then ways of so many steps at most are looked at, and of more and more.
//!
//! Best first over pairs of a state and the actor that moved last (Dijkstra 1959, with costs compared in that order).
//! All steps by others cost the same: they are left until it is their turn. Where a state has been come to for so much
//! less that another could move on from there at no more cost, it is not looked at again.
//!
//! Answers for: that there is no better way, unless the limit is reached first. Never words it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Instant;

use rustc_hash::FxHashMap;

use super::failure::{of_state, of_step};
use super::liveness::Trap;
use super::{Bound, Failure, Limits, STATE_BYTES};
use crate::machine::{Choice, Fingerprint, Outlook, Packed, Print, Space, State, Step, View, What};

/// Slots of a state that counts for one more.
const PAIR_SLOTS: usize = 64;
/// Steps of the ways that are looked at first, where the best is not come to.
const STEPS_FEW: u32 = 32;
/// How many times as long those are that are looked at next.
const STEPS_TIMES: u32 = 4;

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
    /// More than any way costs.
    const MAX: Cost = Cost { preemptions: u32::MAX, switches: u32::MAX, steps: u32::MAX };

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
    /// Whether it was shown that there is no better one.
    pub(super) minimal: bool,
}

struct Node {
    from: u32,
    by: Option<Choice>,
}

/// Where a way has led, or from where the others take their steps.
struct Open {
    state: Packed,
    print: Print,
    last: Option<u32>,
    number: u32,
    /// Whether it was looked at, and steps of others than who moved last are what is left.
    is_left: bool,
}

/// What is known of the ways to a state, by the parts that actors have there: who is another's like in a state that is
/// the same may have another number (see [`Space::part_of`]).
#[derive(Default)]
struct Known {
    /// By who moved last on them: the least that they cost.
    by: Vec<(u32, Cost)>,
    /// The least for which someone else can move on from it, but for that step; and who moved last there.
    away: Option<(Cost, u32)>,
}

/// What was looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Looked {
    pub(super) states: usize,
    pub(super) steps: usize,
    /// Whether time plays a part.
    pub(super) timed: bool,
    /// Whether ways were given up since they had too many steps.
    was_cut: bool,
    /// How many pairs, where large ones count for several.
    effort: usize,
}

/// The ways that are looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Within {
    /// With so many preemptions at most.
    pub(super) preemptions: Option<u32>,
    /// At so much cost at most.
    pub(super) cost: Option<Cost>,
    /// With so many steps at most.
    pub(super) steps: Option<u32>,
}

/// Looks for the best failure among ways of more and more steps. None within the limits.
pub(super) fn best_of_short(
    space: &mut Space<'_>,
    initial: &State,
    (limits, until): (&Limits, Option<Instant>),
    cost: Option<Cost>,
) -> Option<Best> {
    let (mut best, mut limits, mut steps): (Option<Best>, _, _) = (None, *limits, STEPS_FEW);
    loop {
        let cost = best.as_ref().map(|best| best.cost).or(cost);
        let within = Within { cost, steps: Some(steps), ..Within::default() };
        let (found, looked) = self::best(space, initial, (&limits, until), within, None);
        limits.states_best = limits.states_best.saturating_sub(looked.effort);
        let is_over = !looked.was_cut || limits.states_best == 0 || until.is_some_and(|until| Instant::now() >= until);
        let is_better = |found: &Best| best.as_ref().is_none_or(|best| found.cost < best.cost);
        let better = found.ok().filter(is_better);
        // Longer ones that are no better are not looked for further.
        if is_over || best.is_some() && better.is_none() {
            return better.or(best);
        }
        best = better.or(best);
        steps = steps.saturating_mul(STEPS_TIMES);
    }
}

/// Looks for the best failure, or for the best way into a trap, among some ways. None within the limits: which of them
/// ended it, if one did.
pub(super) fn best(
    space: &mut Space<'_>,
    initial: &State,
    (limits, until): (&Limits, Option<Instant>),
    within: Within,
    trap: Option<&Trap>,
) -> (Result<Best, Option<Bound>>, Looked) {
    let initial = space.pack(initial);
    let print = space.print(&initial, None);
    let found_bytes = space.found_bytes();
    let mut search = Search {
        space,
        outlook: Outlook::default(),
        within,
        trap,
        nodes: vec![Node { from: 0, by: None }],
        heap: BinaryHeap::new(),
        pushed: 0,
        open: Vec::new(),
        free: Vec::new(),
        known: FxHashMap::default(),
        done: 0,
        effort: 0,
        found_bytes,
        looked: Looked::default(),
        pending: BTreeMap::new(),
    };
    let first = Open { state: initial, print, last: None, number: 0, is_left: false };
    search.push(Cost::default(), first);
    while let Some(Reverse((cost, _, at))) = search.heap.pop() {
        if search.pending.first_key_value().is_some_and(|((least, _), _)| *least < cost) {
            break;
        }
        let Some(open) = search.open.get_mut(at).and_then(Option::take) else { continue };
        search.free.push(at);
        if let Some(bound) = search.looks(limits, until, &open) {
            return (search.nearest(cost).ok_or(Some(bound)), search.looked());
        }
        if open.is_left {
            search.take_over(cost, &open);
        } else if let Some(best) = search.arrive(cost, open) {
            return (Ok(best), search.looked());
        }
    }
    (search.nearest(Cost::MAX).ok_or(None), search.looked())
}

struct Search<'s, 'm, 't> {
    space: &'s mut Space<'m>,
    outlook: Outlook,
    within: Within,
    trap: Option<&'t Trap>,
    nodes: Vec<Node>,
    /// By cost; of one cost, what was put there first comes first, whatever else was put there for more.
    heap: BinaryHeap<Reverse<(Cost, u64, usize)>>,
    pushed: u64,
    open: Vec<Option<Open>>,
    free: Vec<usize>,
    known: FxHashMap<Fingerprint, Known>,
    /// Pairs of a state and an actor that were looked at.
    done: usize,
    /// The same, where large states and what had to be found out of them count for several.
    effort: usize,
    /// What was found out at the last of them, in bytes.
    found_bytes: usize,
    looked: Looked,
    /// Failures of steps are as far away as the state after them.
    pending: BTreeMap<(Cost, u8), (Failure, Vec<Choice>)>,
}

impl Search<'_, '_, '_> {
    fn push(&mut self, cost: Cost, open: Open) {
        let place = match self.free.pop() {
            Some(place) => {
                self.open[place] = Some(open);
                place
            }
            None => {
                self.open.push(Some(open));
                self.open.len() - 1
            }
        };
        self.heap.push(Reverse((cost, self.pushed, place)));
        self.pushed += 1;
    }

    fn looked(&self) -> Looked {
        Looked { states: self.known.len(), effort: self.effort, ..self.looked }
    }

    /// Looks after the room that there is; which limit was reached, if one was.
    fn looks(&mut self, limits: &Limits, until: Option<Instant>, open: &Open) -> Option<Bound> {
        if self.effort > limits.states_best {
            return Some(Bound::States);
        }
        if !self.space.has_grown() && (open.is_left || !self.done.is_multiple_of(256)) {
            return None;
        }
        if self.space.is_full() {
            self.space.forget_all_but(self.open.iter().flatten().map(|open| &open.state).chain([&open.state]));
        }
        let kept = self.open.len() * (size_of::<Open>() + size_of::<u32>() * open.state.len());
        let known = self.known.len() * (size_of::<(Fingerprint, Known)>() + 2 * size_of::<(u32, Cost)>());
        let bytes = kept + known + self.nodes.len() * size_of::<Node>() + self.space.bytes();
        match until.is_some_and(|until| Instant::now() >= until) {
            true => Some(Bound::Time),
            false => limits.is_over(bytes).then_some(Bound::Memory),
        }
    }

    /// The best of what fails so far, where everything was looked at that costs less than this.
    fn nearest(&mut self, than: Cost) -> Option<Best> {
        let nearest = self.pending.pop_first();
        nearest.map(|((cost, _), (failure, way))| Best {
            failure,
            way,
            cost,
            minimal: cost <= than && !self.looked.was_cut,
        })
    }

    /// Looks at a state; where it is in the trap, that is it.
    fn arrive(&mut self, cost: Cost, open: Open) -> Option<Best> {
        let Open { state, print, last, number, .. } = &open;
        let known = self.known.entry(print.fingerprint()).or_default();
        let is_better = |(_, other): &(u32, Cost)| *other < cost;
        let is_worse = known.by.iter().filter(|(by, _)| Some(*by) == *last).any(is_better);
        if is_worse || known.away.is_some_and(|(away, _)| away <= cost) {
            return None;
        }
        self.done += 1;
        let found_bytes = self.space.found_bytes();
        self.effort += 1 + state.len() / PAIR_SLOTS + found_bytes.saturating_sub(self.found_bytes) / STATE_BYTES;
        self.found_bytes = found_bytes;
        if let Some(trap) = self.trap {
            if trap.unless.is_some_and(|claim| self.space.claims_that_hold(state).get(claim) == Some(&true)) {
                return None;
            }
            if trap.states.contains(&print.fingerprint()) {
                let way = way(&self.nodes, *number);
                return Some(Best { failure: trap.failure.clone(), way, cost, minimal: true });
            }
        }
        let view = self.space.view(state, None);
        self.space.look(&view, &mut self.outlook);
        let failures = of_state(self.space, state, &view, &mut self.outlook);
        let spoils = |failure: &Failure| !matches!(failure, Failure::Race(_));
        if self.trap.is_some() && failures.iter().any(spoils) {
            return None;
        }
        for failure in failures.into_iter().filter(|_| self.trap.is_none()) {
            let rank = failure.verdict() as u8;
            self.pending.entry((cost, rank)).or_insert_with(|| (failure, way(&self.nodes, *number)));
        }
        let could_go_on = last.is_some_and(|last| goes_on(self.space.choices(&view), last));
        let next = cost.then(*last, could_go_on, last.unwrap_or_default());
        let Some(last) = *last else {
            self.take(next, &open, &view, |_| true);
            return None;
        };
        if self.space.choices(&view).any(|choice| choice.actor != last) {
            let left = cost.then(Some(last), could_go_on, last.wrapping_add(1));
            let away = (Cost { steps: cost.steps, ..left }, self.space.part_of(state, print, last));
            let known = self.known.entry(print.fingerprint()).or_default();
            known.away = Some(known.away.map_or(away, |other| other.min(away)));
            if self.is_within(left) {
                self.push(
                    left,
                    Open { state: state.clone(), print: *print, last: Some(last), number: *number, is_left: true },
                );
            }
        }
        self.take(next, &open, &view, |actor| actor == last);
        None
    }

    /// From a state that was looked at, others than who moved last take a step each.
    fn take_over(&mut self, cost: Cost, open: &Open) {
        let view = self.space.view(&open.state, None);
        let away = self.known.get(&open.print.fingerprint()).and_then(|known| known.away);
        let own = open.last.map(|last| self.space.part_of(&open.state, &open.print, last));
        // Where others could take theirs for less or no more, only who moved last there has something new to do.
        let but = away.filter(|(_, first)| Some(*first) != own).map(|(_, first)| first);
        let mut others: Vec<u32> = self.space.choices(&view).map(|choice| choice.actor).collect();
        others.retain(|actor| {
            let is_it = |but| self.space.part_of(&open.state, &open.print, *actor) == but;
            Some(*actor) != open.last && but.is_none_or(is_it)
        });
        let is_others = |actor: u32| others.contains(&actor);
        self.take(cost, open, &view, is_others);
    }

    /// Some take a step each, at so much cost.
    fn take(&mut self, cost: Cost, open: &Open, view: &View, takes: impl Fn(u32) -> bool) {
        if !self.is_within(cost) {
            return;
        }
        let steps: Vec<(Step, Choice)> = self
            .space
            .steps(view)
            .filter(|(_, choice)| takes(choice.actor))
            .map(|(step, choice)| (step, choice.clone()))
            .collect();
        for (step, choice) in steps {
            let mut next = Packed::default();
            self.looked.timed |= choice.what == What::TimeOut || self.space.sleeps(view, step);
            let Some(moved) = self.space.step_to(&open.state, view, step, &mut next) else { continue };
            self.looked.steps += 1;
            let failures = self
                .space
                .happened(&moved)
                .map(|happened| of_step(&self.space.state(&next), &happened))
                .unwrap_or_default();
            if self.trap.is_some() && !failures.is_empty() {
                continue;
            }
            for failure in failures {
                let rank = failure.verdict() as u8;
                let mut steps = way(&self.nodes, open.number);
                steps.push(choice.clone());
                self.pending.entry((cost, rank)).or_insert_with(|| (failure, steps));
            }
            let print = self.space.print(&next, Some((&open.state, &open.print, &moved)));
            let (actor, part) = (choice.actor, self.space.part_of(&next, &print, choice.actor));
            let known = self.known.entry(print.fingerprint()).or_default();
            if known.away.is_some_and(|(away, _)| away <= cost) {
                continue;
            }
            match known.by.iter_mut().find(|(by, _)| *by == part) {
                Some((_, least)) if *least <= cost => continue,
                Some((_, least)) => *least = cost,
                None => known.by.push((part, cost)),
            }
            self.nodes.push(Node { from: open.number, by: Some(choice) });
            let number = self.nodes.len() as u32 - 1;
            self.push(cost, Open { state: next, print, last: Some(actor), number, is_left: false });
        }
    }

    /// Whether a way that costs so much is still of use.
    fn is_within(&mut self, cost: Cost) -> bool {
        let nearest = self.pending.first_key_value().map(|((cost, _), _)| *cost);
        let Within { preemptions, cost: cost_max, steps } = self.within;
        let is_short = steps.is_none_or(|most| cost.steps <= most);
        self.looked.was_cut |= !is_short;
        is_short
            && preemptions.is_none_or(|most| cost.preemptions <= most)
            && cost_max.is_none_or(|most| cost <= most)
            && nearest.is_none_or(|nearest| cost <= nearest)
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
