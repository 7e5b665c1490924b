//! Locks, reentrant locks and conditions: a release comes before the next acquire.
//!
//! Answers for: also the release that a condition's wait makes, which its arrival tells of, and that of a holder who
//! died, of which no event tells: its last event comes before the next acquire.

use rustc_hash::FxHashMap;

use super::super::graph::{Graph, Phases};
use super::super::history::{History, Node};
use super::super::{Datum, Event, Status};
use super::{Steps, gave};
use crate::program::op::OpCode;
use crate::value::ObjectKind;

pub(super) fn order(history: &History<'_>, graph: &mut Graph, kind: ObjectKind, steps: &Steps<'_>) {
    let mut phases = Phases::default();
    let mut holder: Option<(u32, Node)> = None;
    let mut depths: FxHashMap<u32, u32> = FxHashMap::default();
    for (node, event) in steps {
        let actor = event.place.actor;
        match change(event) {
            Some(Change::Acquired) => {
                if let Some((_, since)) = holder.filter(|(held_by, _)| *held_by != actor) {
                    graph.edge(let_go(history, since), *node);
                }
                if event.op == OpCode::LockAcquire && kind != ObjectKind::Lock {
                    *depths.entry(actor).or_default() += 1;
                }
                holder = Some((actor, *node));
            }
            Some(Change::Released) => {
                let depth = depths.entry(actor).or_default();
                *depth = depth.saturating_sub(1);
                holder = if *depth == 0 { None } else { Some((actor, *node)) };
            }
            Some(Change::Waits) => holder = None,
            None => {}
        }
        // What only looks at a lock, and what cannot change who holds it, may stand beside its like.
        let class = if change(event).is_some() { None } else { Some(0) };
        phases.step(graph, *node, class);
    }
}

enum Change {
    Acquired,
    Released,
    /// Released for as long as its holder waits, to come back to the same depth.
    Waits,
}

fn change(event: &Event) -> Option<Change> {
    match (event.op, &event.status) {
        (OpCode::LockAcquire, _) if gave(event, &Datum::Bool(true)) => Some(Change::Acquired),
        (OpCode::ConditionWait, Status::Gave(_)) => Some(Change::Acquired),
        (OpCode::LockAcquire | OpCode::ConditionWait, Status::Raised(kind, _)) if kind == "OwnerDied" => {
            Some(Change::Acquired)
        }
        (OpCode::LockRelease, Status::Gave(_)) => Some(Change::Released),
        (OpCode::Arrive, _) => Some(Change::Waits),
        _ => None,
    }
}

/// The last event of a holder who let go without a release: because it died.
pub(super) fn let_go(history: &History<'_>, since: Node) -> Node {
    let Some(actor) = history.event(since).map(|event| event.place.actor) else { return since };
    let mut last = since;
    for node in since + 1..history.lane(actor).end {
        match history.event(node).map(|event| event.op) {
            Some(OpCode::End) | None => break,
            Some(_) => last = node,
        }
    }
    last
}
