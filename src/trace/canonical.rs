//! The canonical order of a trace: one order of all events that happens-before allows, the same for every run that has
//! the same happens-before.
//!
//! Answers for: that order. The rule: the actor whose turn it is goes on for as long as everything that must come
//! before its next event has come; then the turn passes to the first actor that can go on, `main` before all others,
//! those in the order in which this order starts them, and last those that nothing is known to have started, by name.
//! Never reads a clock or the order in which the recorder met the actors. Where the record contradicts itself (events
//! were lost), the first actor goes on all the same, so that every event comes out exactly once.

use std::collections::BTreeMap;

use super::TraceData;
use super::graph::Graph;
use super::history::{History, Node, started};
use super::rules::happens_before;

/// Indices into `data.events` in canonical order.
pub(super) fn order(data: &TraceData) -> Vec<u32> {
    let history = History::new(data);
    let mut graph = happens_before(&history);
    let nodes = Walk::new(&history, &mut graph).run();
    nodes.into_iter().filter_map(|node| history.index_of(node)).collect()
}

/// Where an actor stands among those that can go on: by start, then by name.
type Rank = (u32, u32);

struct Walk<'a> {
    history: &'a History<'a>,
    graph: &'a Graph,
    offsets: Vec<usize>,
    targets: Vec<Node>,
    /// By node: how much must still come before it.
    missing: Vec<u32>,
    /// By actor: its next event.
    next: Vec<Node>,
    ranks: Vec<Rank>,
    starts: u32,
    /// The actors whose next event could come now.
    ready: BTreeMap<Rank, u32>,
    /// The actors with events left.
    left: BTreeMap<Rank, u32>,
    out: Vec<Node>,
}

impl<'a> Walk<'a> {
    fn new(history: &'a History<'a>, graph: &'a mut Graph) -> Walk<'a> {
        let (offsets, targets) = graph.successors();
        let mut missing = vec![0; graph.len()];
        for target in &targets {
            if let Some(count) = missing.get_mut(*target as usize) {
                *count += 1;
            }
        }
        let actors = 0..history.data().actors.len() as u32;
        let rank = |actor: u32| {
            let is_main = history.data().actors.get(actor as usize).is_some_and(|info| info.name == "main");
            (if is_main { 0 } else { u32::MAX }, history.name_rank(actor))
        };
        let ranks: Vec<Rank> = actors.clone().map(rank).collect();
        let next = actors.clone().map(|actor| history.lane(actor).start).collect();
        let left = actors.clone().filter(|actor| !history.lane(*actor).is_empty());
        let left = left.filter_map(|actor| Some((*ranks.get(actor as usize)?, actor))).collect();
        let out = Vec::with_capacity(history.len() as usize);
        let ready = BTreeMap::new();
        let mut walk = Walk { history, graph, offsets, targets, missing, next, ranks, starts: 0, ready, left, out };
        actors.for_each(|actor| walk.refresh(actor));
        walk
    }

    fn run(mut self) -> Vec<Node> {
        let mut turn = None;
        while let Some((_, first_left)) = self.left.first_key_value() {
            let actor = match turn.filter(|actor| self.is_ready(*actor)) {
                Some(actor) => actor,
                None => *self.ready.first_key_value().map_or(first_left, |(_, first)| first),
            };
            self.step(actor);
            turn = Some(actor);
        }
        self.out
    }

    fn rank(&self, actor: u32) -> Rank {
        self.ranks.get(actor as usize).copied().unwrap_or((u32::MAX, u32::MAX))
    }

    fn next(&self, actor: u32) -> Option<Node> {
        let next = *self.next.get(actor as usize)?;
        self.history.lane(actor).contains(&next).then_some(next)
    }

    fn is_ready(&self, actor: u32) -> bool {
        self.next(actor).is_some_and(|node| self.missing.get(node as usize) == Some(&0))
    }

    /// Puts the next event of an actor out.
    fn step(&mut self, actor: u32) {
        let Some(node) = self.next(actor) else {
            self.left.remove(&self.rank(actor));
            return;
        };
        self.out.push(node);
        if let Some(next) = self.next.get_mut(actor as usize) {
            *next += 1;
        }
        if let Some(event) = self.history.event(node) {
            started(event).into_iter().for_each(|child| self.give_rank(child as u32));
        }
        if self.next(actor).is_none() {
            self.left.remove(&self.rank(actor));
        }
        self.refresh(actor);
        self.come(node);
    }

    /// A node has come: what waited only for it can come too.
    fn come(&mut self, node: Node) {
        let mut passed = vec![node];
        while let Some(node) = passed.pop() {
            let from = self.offsets.get(node as usize).copied().unwrap_or(0);
            let to = self.offsets.get(node as usize + 1).copied().unwrap_or(from);
            for at in from..to {
                let Some(target) = self.targets.get(at).copied() else { continue };
                let Some(missing) = self.missing.get_mut(target as usize) else { continue };
                *missing = missing.saturating_sub(1);
                if *missing > 0 {
                } else if self.graph.is_gate(target) {
                    passed.push(target);
                } else if let Some(event) = self.history.event(target) {
                    self.refresh(event.place.actor);
                }
            }
        }
    }

    fn refresh(&mut self, actor: u32) {
        if self.is_ready(actor) {
            self.ready.insert(self.rank(actor), actor);
        } else {
            self.ready.remove(&self.rank(actor));
        }
    }

    fn give_rank(&mut self, actor: u32) {
        let (start, by_name) = self.rank(actor);
        if start != u32::MAX {
            return;
        }
        self.starts += 1;
        let rank = (self.starts, by_name);
        if self.left.remove(&(start, by_name)).is_some() {
            self.left.insert(rank, actor);
        }
        self.ready.remove(&(start, by_name));
        if let Some(slot) = self.ranks.get_mut(actor as usize) {
            *slot = rank;
        }
        self.refresh(actor);
    }
}
