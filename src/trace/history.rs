//! A trace by actor: each actor's events in its own order, and what started and ended whom.
//!
//! Answers for: finding events. Never orders events of different actors.

use std::ops::Range;

use super::{Datum, Event, Place, Status, TraceData, names};
use crate::program::op::OpCode;

/// An event as the canonical form sees it: its position when events stand by actor name, then by the actor's order.
/// Numbers from [`History::len`] on are gates, which stand for no event.
pub(super) type Node = u32;

/// The events of a trace by actor.
pub(super) struct History<'a> {
    data: &'a TraceData,
    /// Index into `data.events`, by node.
    order: Vec<u32>,
    /// The nodes of each actor.
    lanes: Vec<Range<Node>>,
    /// By actor: its place when actors stand by name.
    name_ranks: Vec<u32>,
    /// By actor: its `Begin` and its `End`.
    begins: Vec<Option<Node>>,
    ends: Vec<Option<Node>>,
}

impl<'a> History<'a> {
    /// Sorts a trace by actor. Events whose actor does not exist are left out.
    pub(super) fn new(data: &'a TraceData) -> History<'a> {
        let actors = data.actors.len();
        let name_ranks = name_ranks(data);
        let rank = |place: Place| name_ranks.get(place.actor as usize).copied();
        let mut order: Vec<u32> =
            (0u32..).zip(&data.events).filter(|(_, event)| rank(event.place).is_some()).map(|(at, _)| at).collect();
        order.sort_by_key(|at| data.events.get(*at as usize).map(|event| (rank(event.place), event.place.seq)));
        let mut history = History {
            data,
            order,
            lanes: vec![0..0; actors],
            name_ranks,
            begins: vec![None; actors],
            ends: vec![None; actors],
        };
        history.index();
        history
    }

    fn index(&mut self) {
        for node in 0..self.len() {
            let Some(event) = self.event(node) else { continue };
            let actor = event.place.actor as usize;
            if let Some(lane) = self.lanes.get_mut(actor) {
                *lane = if lane.start == lane.end { node..node + 1 } else { lane.start..node + 1 };
            }
            match event.op {
                OpCode::Begin => set(&mut self.begins, actor, node),
                OpCode::End => set(&mut self.ends, actor, node),
                _ => {}
            }
        }
    }

    /// The trace.
    pub(super) fn data(&self) -> &'a TraceData {
        self.data
    }

    /// How many events there are.
    pub(super) fn len(&self) -> Node {
        self.order.len() as Node
    }

    /// The event of a node; none for a gate.
    pub(super) fn event(&self, node: Node) -> Option<&'a Event> {
        self.data.events.get(self.index_of(node)? as usize)
    }

    /// Where the event of a node stands in the trace.
    pub(super) fn index_of(&self, node: Node) -> Option<u32> {
        self.order.get(node as usize).copied()
    }

    /// Every event with its node.
    pub(super) fn events(&self) -> impl Iterator<Item = (Node, &'a Event)> + '_ {
        (0..self.len()).filter_map(|node| Some((node, self.event(node)?)))
    }

    /// The nodes of an actor, in its order.
    pub(super) fn lane(&self, actor: u32) -> Range<Node> {
        self.lanes.get(actor as usize).cloned().unwrap_or(0..0)
    }

    /// Where an event is.
    pub(super) fn node_at(&self, place: Place) -> Option<Node> {
        let lane = self.lane(place.actor);
        let nodes = self.order.get(lane.start as usize..lane.end as usize)?;
        let seq = |at: &u32| self.data.events.get(*at as usize).map_or(0, |event| event.place.seq);
        let offset = nodes.binary_search_by_key(&place.seq, seq).ok()?;
        Some(lane.start + offset as Node)
    }

    /// The place of an actor when actors stand by name.
    pub(super) fn name_rank(&self, actor: u32) -> u32 {
        self.name_ranks.get(actor as usize).copied().unwrap_or(u32::MAX)
    }

    /// The first event of an actor, if it was recorded.
    pub(super) fn begin(&self, actor: u32) -> Option<Node> {
        self.begins.get(actor as usize).copied().flatten()
    }

    /// The last event of an actor, if it was recorded.
    pub(super) fn end(&self, actor: u32) -> Option<Node> {
        self.ends.get(actor as usize).copied().flatten()
    }
}

fn set(slots: &mut [Option<Node>], at: usize, node: Node) {
    if let Some(slot) = slots.get_mut(at) {
        *slot = Some(node);
    }
}

fn name_ranks(data: &TraceData) -> Vec<u32> {
    let name = |actor: &usize| data.actors.get(*actor).map_or("", |info| info.name.as_str());
    let mut by_name: Vec<usize> = (0..data.actors.len()).collect();
    by_name.sort_by(|a, b| names::compare(name(a), name(b)));
    let mut ranks = vec![0; by_name.len()];
    for (rank, actor) in (0u32..).zip(by_name) {
        if let Some(slot) = ranks.get_mut(actor) {
            *slot = rank;
        }
    }
    ranks
}

/// The exit code that an `End` tells of: threads have none.
pub fn exit_code(event: &Event) -> Option<i64> {
    match (event.op, &event.status, event.args.first()) {
        (OpCode::End, Status::Gave(Datum::Int(code)), _) | (OpCode::End, _, Some(Datum::Int(code))) => Some(*code),
        _ => None,
    }
}

/// The actors that a `Start` made, in the order of its handles.
pub(super) fn started(event: &Event) -> Vec<usize> {
    let mut actors = Vec::new();
    if event.op != OpCode::Start {
        return actors;
    }
    match &event.status {
        Status::Gave(Datum::List(handles)) => actors.extend(handles.iter().filter_map(handle)),
        Status::Gave(single) => actors.extend(handle(single)),
        Status::Raised(..) => {}
    }
    if actors.is_empty() {
        actors.extend(event.actor.map(|actor| actor as usize));
    }
    actors
}

fn handle(datum: &Datum) -> Option<usize> {
    match datum {
        Datum::Actor(actor) => Some(*actor as usize),
        _ => None,
    }
}
