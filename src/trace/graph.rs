//! Happens-before as a graph: which events must come before which.
//!
//! Answers for: keeping edges, and gates that stand for "all of these before all of those". Never decides on an edge.

use super::history::Node;

/// Edges between events and gates. Each actor's own order is not in it.
pub(super) struct Graph {
    events: Node,
    nodes: Node,
    edges: Vec<(Node, Node)>,
}

impl Graph {
    /// No edges among this many events.
    pub(super) fn new(events: Node) -> Graph {
        Graph { events, nodes: events, edges: Vec::new() }
    }

    /// `before` comes first.
    pub(super) fn edge(&mut self, before: Node, after: Node) {
        if before != after {
            self.edges.push((before, after));
        }
    }

    /// A new gate: it is passed when everything before it is.
    pub(super) fn gate(&mut self) -> Node {
        self.nodes += 1;
        self.nodes - 1
    }

    /// Whether a node is a gate.
    pub(super) fn is_gate(&self, node: Node) -> bool {
        node >= self.events
    }

    /// How many nodes there are, gates included.
    pub(super) fn len(&self) -> usize {
        self.nodes as usize
    }

    /// The edges by their first node: `targets[offsets[n]..offsets[n + 1]]` come after `n`.
    pub(super) fn successors(&mut self) -> (Vec<usize>, Vec<Node>) {
        self.edges.sort_unstable();
        self.edges.dedup();
        let offsets = self.offsets(|(before, _)| before);
        (offsets, self.edges.iter().map(|(_, after)| *after).collect())
    }

    /// The edges by their second node: `sources[offsets[n]..offsets[n + 1]]` come before `n`.
    pub(super) fn predecessors(&mut self) -> (Vec<usize>, Vec<Node>) {
        self.edges.sort_unstable_by_key(|(before, after)| (*after, *before));
        self.edges.dedup();
        let offsets = self.offsets(|(_, after)| after);
        (offsets, self.edges.iter().map(|(before, _)| *before).collect())
    }

    fn offsets(&self, end: impl Fn((Node, Node)) -> Node) -> Vec<usize> {
        let mut offsets = vec![0; self.len() + 1];
        for edge in &self.edges {
            if let Some(count) = offsets.get_mut(end(*edge) as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for offset in &mut offsets {
            sum += *offset;
            *offset = sum;
        }
        offsets
    }
}

/// Steps on one thing, taken in ticket order: those of one class may stand in any order, those of different classes
/// not.
#[derive(Default)]
pub(super) struct Phases {
    class: Option<u8>,
    gate: Option<Node>,
    members: Vec<Node>,
}

impl Phases {
    /// The next step. Without a class it is ordered against every other.
    pub(super) fn step(&mut self, graph: &mut Graph, node: Node, class: Option<u8>) {
        if (class.is_none() || class != self.class) && !self.members.is_empty() {
            self.gate = Some(self.close(graph));
        }
        self.class = class;
        if let Some(gate) = self.gate {
            graph.edge(gate, node);
        }
        self.members.push(node);
    }

    /// Ends the phase: one node that comes after everything so far.
    fn close(&mut self, graph: &mut Graph) -> Node {
        if let [only] = self.members[..] {
            self.members.clear();
            return only;
        }
        let gate = graph.gate();
        for member in self.members.drain(..) {
            graph.edge(member, gate);
        }
        if let Some(before) = self.gate {
            graph.edge(before, gate);
        }
        gate
    }
}
