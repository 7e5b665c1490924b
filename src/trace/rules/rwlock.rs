//! Locks with two sides: writing comes after all reading before it and before all reading after it.
//!
//! Answers for: readers are not ordered among themselves, nor is who begins to wait. Of a writer who died no event
//! tells that it let go: its last event comes before the next acquire.

use super::super::graph::{Graph, Phases};
use super::super::history::{History, Node};
use super::super::{Datum, Event, Status};
use super::{Steps, gave, lock, succeeded};
use crate::program::op::OpCode;
use crate::value::Side;

pub(super) fn order(history: &History<'_>, graph: &mut Graph, steps: &Steps<'_>) {
    let mut phases = Phases::default();
    let mut writer: Option<(u32, Node)> = None;
    for (node, event) in steps.iter().filter(|(_, event)| event.op != OpCode::Arrive) {
        let actor = event.place.actor;
        let writes = writes(event);
        let class = if acquired(event) {
            if let Some((_, since)) = writer.filter(|(by, _)| *by != actor) {
                graph.edge(lock::let_go(history, since), *node);
            }
            writer = writes.then_some((actor, *node));
            (!writes).then_some(READS)
        } else if event.op == OpCode::RwRelease && succeeded(event) {
            writer = writer.filter(|_| !writes);
            (!writes).then_some(READS)
        } else {
            Some(LOOKS)
        };
        phases.step(graph, *node, class);
    }
}

const READS: u8 = 0;
const LOOKS: u8 = 1;

/// Whether an operation is one on the side of writers; the side stands behind the arguments.
pub(in crate::trace) fn writes(event: &Event) -> bool {
    matches!(event.args.last(), Some(Datum::Str(side)) if side == Side::Write.name())
}

/// Whether it holds the lock from here on.
pub(in crate::trace) fn acquired(event: &Event) -> bool {
    let inherits = matches!(&event.status, Status::Raised(kind, _) if kind == "OwnerDied");
    event.op == OpCode::RwAcquire && (gave(event, &Datum::Bool(true)) || inherits)
}
