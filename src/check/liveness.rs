//! What goes on for ever: livelocks, and claims that something becomes true.
//!
//! Decided on the strongly connected components of the whole graph (Tarjan 1972), without any reduction: the two are
//! easily combined wrongly (Siegel, What's Wrong with On-the-Fly Partial Order Reduction, CAV 2019). Schedules are
//! weakly fair: who can go on all the time does, one day. The whole graph is not needed where some schedule comes to an
//! end from every state, and nothing is claimed: whether it does is the same in the graph of stubborn sets (Valmari,
//! Stop It, and Be Stubborn!, ACM Transactions on Embedded Computing Systems 16(2), 2017).
//!
//! Answers for: the states from which a failure of this kind cannot be avoided any more. Never looks for the way there.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use super::strands::{self, Carried, Edge};
use super::{Bound, Failure, Found, Limits, Reduction, stubborn};
use crate::machine::{Fingerprint, Machine, Outlook, Packed, Space, State, Step};

/// Bytes of the graph for a state: its fingerprint twice, and its steps.
const GRAPH_BYTES: usize = 160;

/// States of which each is as bad as the failure.
#[derive(Clone, Debug)]
pub(super) struct Trap {
    /// The failure.
    pub failure: Failure,
    pub(super) states: FxHashSet<Fingerprint>,
    /// Of a claim: which; it holds in no state of the way there.
    pub(super) unless: Option<usize>,
    /// Whether a way leads there on which nothing else fails.
    pub(super) is_reached: bool,
}

/// The graph of all states.
#[derive(Default)]
struct Graph {
    prints: Vec<Fingerprint>,
    /// By state.
    steps: Vec<Vec<Edge>>,
    carried: Carried,
    /// By state: which claims hold there, by number in `held`.
    holds: Vec<u32>,
    /// Each for all claims whether they hold.
    held: Vec<Vec<bool>>,
    /// By state: whether the run is over there.
    over: Vec<bool>,
    /// The names of those who take steps.
    names: Vec<String>,
}

/// Whether the scenario claims that something becomes true.
pub(super) fn has_claims(machine: &Machine) -> bool {
    !machine.plan().image.program.eventually.is_empty()
}

/// Notes the traps; the search is no longer complete where the graph is too large.
pub(super) fn find(space: &mut Space<'_>, initial: &State, limits: &Limits, reduction: Reduction, found: &mut Found) {
    let machine = space.machine();
    if reduction.is_stubborn()
        && !has_claims(machine)
        && let Ok(graph) = Graph::of(space, initial, limits, reduction)
        && graph.always_ends()
    {
        found.graph = graph.prints.len();
        found.has_cycles |= found.may_have_cycles && graph.has_cycles();
        return;
    }
    let graph = match Graph::of(space, initial, limits, Reduction::None) {
        Ok(graph) => graph,
        Err(bound) => {
            found.complete = false;
            found.bound = Some(bound);
            return;
        }
    };
    found.graph = graph.prints.len();
    found.has_cycles |= found.may_have_cycles && graph.has_cycles();
    found.traps = livelocks(&graph);
    let claims = machine.plan().image.program.eventually.iter().enumerate();
    for (at, (name, code)) in claims {
        let states = never(&graph, at);
        if !states.is_empty() {
            let span = machine.plan().image.program.code(*code).and_then(|code| code.spans.first().copied());
            let failure = Failure::Never(name.to_string(), span.unwrap_or_default());
            found.traps.push(Trap { failure, states, unless: Some(at), is_reached: false });
        }
    }
}

impl Graph {
    fn of(space: &mut Space<'_>, initial: &State, limits: &Limits, reduction: Reduction) -> Result<Graph, Bound> {
        let mut graph = Graph::default();
        let mut met: FxHashMap<Fingerprint, u32> = FxHashMap::default();
        let mut numbers: FxHashMap<String, u32> = FxHashMap::default();
        let mut left = VecDeque::new();
        let mut outlook = Outlook::default();
        let initial = space.pack(initial);
        let print = space.fingerprint(&initial);
        graph.meet(space, (initial, print), &mut met, &mut left);
        let claims = has_claims(space.machine());
        while let Some((at, state)) = left.pop_front() {
            let bytes = || {
                let packed = size_of::<u32>() * state.len() * left.len();
                graph.prints.len() * GRAPH_BYTES + packed + space.bytes()
            };
            if graph.prints.len() > limits.states {
                return Err(Bound::States);
            }
            let looks = at.is_multiple_of(256) || space.has_grown();
            if looks && limits.is_over(bytes()) {
                return Err(Bound::Memory);
            }
            if looks && space.is_full() {
                space.forget_all_but(left.iter().map(|(_, state)| state).chain([&state]));
            }
            let view = space.view(&state, None);
            let mut steps: Vec<(Step, u32)> = space.steps(&view).map(|(step, choice)| (step, choice.actor)).collect();
            let mut able: Vec<u32> = steps.iter().map(|(_, actor)| *actor).filter(|_| claims).collect();
            able.dedup();
            let print = space.print(&state, None);
            if reduction.is_stubborn() {
                space.look(&view, &mut outlook);
                if let Some(enough) = stubborn::enough(space, &mut outlook) {
                    steps.retain(|(_, actor)| outlook.place(*actor).is_some_and(|place| enough.has(place)));
                }
            }
            for (step, actor) in steps {
                let name = space.name(&state, actor).unwrap_or_default();
                let next_number = graph.names.len() as u32;
                let named = match numbers.get(name) {
                    Some(number) => *number,
                    None => {
                        numbers.insert(name.to_owned(), next_number);
                        graph.names.push(name.to_owned());
                        next_number
                    }
                };
                let mut next = Packed::default();
                let Some(moved) = space.step_to(&state, &view, step, &mut next) else { continue };
                let then = space.print(&next, Some((&state, &print, &moved)));
                let parts =
                    able.iter().map(|one| (space.part_of(&state, &print, *one), space.part_of(&next, &then, *one)));
                let carries = graph.carried.keep(parts.collect());
                let part = if claims { space.part_of(&state, &print, actor) } else { 0 };
                let to = graph.meet(space, (next, then.fingerprint()), &mut met, &mut left);
                let edge = Edge { to, actor: named, part, carries };
                graph.steps.get_mut(at as usize).into_iter().for_each(|steps| steps.push(edge));
            }
        }
        Ok(graph)
    }

    fn meet(
        &mut self,
        space: &mut Space<'_>,
        (state, print): (Packed, Fingerprint),
        met: &mut FxHashMap<Fingerprint, u32>,
        left: &mut VecDeque<(u32, Packed)>,
    ) -> u32 {
        if let Some(number) = met.get(&print) {
            return *number;
        }
        let number = self.prints.len() as u32;
        met.insert(print, number);
        self.prints.push(print);
        self.steps.push(Vec::new());
        let claims = space.claims_that_hold(&state);
        // Which of them hold together is one of a few.
        let held = self.held.iter().position(|known| *known == claims).unwrap_or_else(|| {
            self.held.push(claims);
            self.held.len() - 1
        });
        self.holds.push(held as u32);
        self.over.push(space.is_over(&state));
        left.push_back((number, state));
        number
    }

    /// The strongly connected components among some states, each as the numbers of its states.
    fn components(&self, within: &dyn Fn(u32) -> bool) -> Vec<Vec<u32>> {
        const NEW: u32 = u32::MAX;
        let count = self.steps.len();
        let (mut index, mut low) = (vec![NEW; count], vec![0u32; count]);
        let mut on_stack = vec![false; count];
        let (mut stack, mut components) = (Vec::new(), Vec::new());
        let mut next = 0;
        for root in 0..count as u32 {
            if index[root as usize] != NEW || !within(root) {
                continue;
            }
            let mut work: Vec<(u32, usize)> = vec![(root, 0)];
            while let Some((at, step)) = work.last().copied() {
                let here = at as usize;
                if step == 0 {
                    (index[here], low[here]) = (next, next);
                    next += 1;
                    stack.push(at);
                    on_stack[here] = true;
                }
                if let Some(Edge { to, .. }) = self.steps[here].get(step) {
                    if let Some(top) = work.last_mut() {
                        top.1 += 1;
                    }
                    let there = *to as usize;
                    if !within(*to) {
                    } else if index[there] == NEW {
                        work.push((*to, 0));
                    } else if on_stack[there] {
                        low[here] = low[here].min(index[there]);
                    }
                    continue;
                }
                work.pop();
                if let Some((above, _)) = work.last() {
                    low[*above as usize] = low[*above as usize].min(low[here]);
                }
                if low[here] == index[here] {
                    let mut component = Vec::new();
                    while let Some(one) = stack.pop() {
                        on_stack[one as usize] = false;
                        component.push(one);
                        if one == at {
                            break;
                        }
                    }
                    components.push(component);
                }
            }
        }
        components
    }

    /// Whether some state can be come back to.
    fn has_cycles(&self) -> bool {
        let is_one = |component: Vec<u32>| match component.as_slice() {
            [only] => self.steps[*only as usize].iter().any(|edge| edge.to == *only),
            _ => true,
        };
        self.components(&|_| true).into_iter().any(is_one)
    }

    /// Whether from every state some schedule comes to one in which nobody goes on.
    fn always_ends(&self) -> bool {
        let mut before: Vec<Vec<u32>> = vec![Vec::new(); self.steps.len()];
        for (from, steps) in (0u32..).zip(&self.steps) {
            for Edge { to, .. } in steps {
                before.get_mut(*to as usize).into_iter().for_each(|before| before.push(from));
            }
        }
        let mut ends: Vec<bool> = self.steps.iter().map(Vec::is_empty).collect();
        let mut left: Vec<u32> = (0u32..).zip(&ends).filter(|(_, ends)| **ends).map(|(at, _)| at).collect();
        while let Some(at) = left.pop() {
            for from in before.get(at as usize).into_iter().flatten() {
                if let Some(ends) = ends.get_mut(*from as usize).filter(|ends| !**ends) {
                    *ends = true;
                    left.push(*from);
                }
            }
        }
        ends.into_iter().all(|ends| ends)
    }

    /// The actors that take a step from one state of a set to another; none if nobody does.
    fn movers(&self, set: &FxHashSet<u32>) -> FxHashSet<u32> {
        let inside = set.iter().flat_map(|at| &self.steps[*at as usize]).filter(|edge| set.contains(&edge.to));
        inside.map(|edge| edge.actor).collect()
    }

    /// Whether a fair schedule can stay in a component for ever.
    fn is_fair(&self, set: &FxHashSet<u32>) -> bool {
        !self.movers(set).is_empty() && strands::is_fair(&self.steps, &self.carried, set)
    }
}

/// Components that cannot be left and in which the run is not over.
fn livelocks(graph: &Graph) -> Vec<Trap> {
    let mut traps: Vec<Trap> = Vec::new();
    for component in graph.components(&|_| true) {
        let set: FxHashSet<u32> = component.iter().copied().collect();
        let leaves = component.iter().any(|at| graph.steps[*at as usize].iter().any(|edge| !set.contains(&edge.to)));
        let movers = graph.movers(&set);
        if leaves || movers.is_empty() {
            continue;
        }
        let mut names: Vec<String> =
            movers.iter().filter_map(|actor| graph.names.get(*actor as usize).cloned()).collect();
        names.sort();
        let failure = Failure::Livelock(names);
        let states = component.iter().map(|at| graph.prints[*at as usize]);
        match traps.iter_mut().find(|trap| trap.failure.key() == failure.key()) {
            Some(trap) => trap.states.extend(states),
            None => traps.push(Trap { failure, states: states.collect(), unless: None, is_reached: false }),
        }
    }
    traps
}

/// States in which a claim does not hold and need never: where the run is over, or in a component that a fair schedule
/// need not leave.
fn never(graph: &Graph, claim: usize) -> FxHashSet<Fingerprint> {
    let is_false = |at: u32| !graph.held[graph.holds[at as usize] as usize][claim];
    let mut states: FxHashSet<Fingerprint> = FxHashSet::default();
    for component in graph.components(&is_false) {
        let set: FxHashSet<u32> = component.iter().copied().collect();
        let is_end = component.iter().all(|at| graph.steps[*at as usize].is_empty());
        if is_end || graph.is_fair(&set) {
            states.extend(component.iter().map(|at| graph.prints[*at as usize]));
        }
    }
    states
}
