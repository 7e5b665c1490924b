//! Happens-before of a trace, from effects to what had to come first.
//!
//! Answers for: looking backwards. Never decides what comes before what (see `rules`).

use super::TraceData;
use super::graph::Graph;
use super::history::{History, Node};
use super::rules::happens_before;

/// What had to come before what in a trace.
pub(super) struct Before<'a> {
    history: History<'a>,
    graph: Graph,
    /// By node: where its predecessors stand in `sources`.
    offsets: Vec<usize>,
    sources: Vec<Node>,
}

impl<'a> Before<'a> {
    pub(super) fn new(data: &'a TraceData) -> Before<'a> {
        let history = History::new(data);
        let mut graph = happens_before(&history);
        let (offsets, sources) = graph.predecessors();
        Before { history, graph, offsets, sources }
    }

    /// The events by actor.
    pub(super) fn history(&self) -> &History<'a> {
        &self.history
    }

    /// The edges by their first node, as [`Graph::successors`] gives them.
    pub(super) fn successors(&mut self) -> (Vec<usize>, Vec<Node>) {
        self.graph.successors()
    }

    /// How many nodes there are, gates included.
    pub(super) fn len(&self) -> usize {
        self.graph.len()
    }

    /// Whether a node is a gate.
    pub(super) fn is_gate(&self, node: Node) -> bool {
        self.graph.is_gate(node)
    }

    /// What has an edge to a node: gates too. Its actor's event before is not among them.
    pub(super) fn sources(&self, node: Node) -> &[Node] {
        let from = self.offsets.get(node as usize).copied().unwrap_or(0);
        let to = self.offsets.get(node as usize + 1).copied().unwrap_or(from);
        self.sources.get(from..to).unwrap_or(&[])
    }

    /// The event before in its actor's order.
    pub(super) fn earlier(&self, node: Node) -> Option<Node> {
        let actor = self.history.event(node)?.place.actor;
        node.checked_sub(1).filter(|before| self.history.lane(actor).contains(before))
    }

    /// The events of others that come right before one. Behind a gate stand only those that it was made for.
    pub(super) fn direct(&self, node: Node) -> Vec<Node> {
        let mut events = Vec::new();
        for source in self.sources(node) {
            if self.is_gate(*source) {
                events.extend(self.sources(*source).iter().filter(|behind| !self.is_gate(**behind)));
            } else {
                events.push(*source);
            }
        }
        let actor = self.history.event(node).map(|event| event.place.actor);
        events.retain(|event| self.history.event(*event).map(|event| event.place.actor) != actor);
        events.sort_unstable();
        events.dedup();
        events
    }

    /// By node: whether it had to come before one of some, those included.
    pub(super) fn past(&self, of: &[Node]) -> Vec<bool> {
        let mut before = vec![false; self.len()];
        let mut next: Vec<Node> = of.to_vec();
        while let Some(node) = next.pop() {
            match before.get_mut(node as usize) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            next.extend(self.sources(node));
            next.extend(self.earlier(node));
        }
        before
    }
}
