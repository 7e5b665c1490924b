//! Barriers: all arrivals of a generation come before everyone's passing.
//!
//! Answers for: which arrivals belong together, and that the action comes after them. Arrivals are not ordered among
//! themselves.

use rustc_hash::FxHashMap;

use super::super::graph::Graph;
use super::super::history::{History, Node};
use super::{Steps, succeeded};
use crate::program::op::OpCode;

pub(super) fn order(history: &History<'_>, graph: &mut Graph, size: Option<i64>, steps: &Steps<'_>) {
    let parties = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX);
    let mut arrived: Vec<(u32, Node)> = Vec::new();
    let mut passes: FxHashMap<u32, Node> = FxHashMap::default();
    for (node, event) in steps {
        let actor = event.place.actor;
        match event.op {
            OpCode::Arrive => {
                arrived.push((actor, *node));
                if arrived.len() >= parties {
                    let gate = graph.gate();
                    for (actor, arrival) in arrived.drain(..) {
                        graph.edge(arrival, gate);
                        passes.insert(actor, gate);
                    }
                    // What the last to arrive does next: it passes, or runs the action.
                    if history.event(node + 1).is_some_and(|next| next.place.actor == actor) {
                        graph.edge(gate, node + 1);
                    }
                }
            }
            OpCode::BarrierWait | OpCode::BarrierActed if succeeded(event) => {
                if let Some(gate) = passes.get(&actor) {
                    graph.edge(*gate, *node);
                }
            }
            // Who broke it is the cause of the others.
            OpCode::BarrierWait | OpCode::BarrierActed | OpCode::BarrierAbort | OpCode::BarrierReset => arrived.clear(),
            _ => {}
        }
    }
}
