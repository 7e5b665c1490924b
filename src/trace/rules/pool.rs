//! Pools: who closed before what, and what a result waited for.
//!
//! Answers for: what causes do not say. That a take comes after its submission is in its cause.

use rustc_hash::FxHashMap;

use super::super::graph::{Graph, Phases};
use super::super::history::{History, Node};
use super::super::{Datum, Event, Place, Status};
use super::{Steps, gave, succeeded};
use crate::program::ActorKind;
use crate::program::op::OpCode;

/// Takes and results have causes. A refused task comes after the close, so does a worker that finds no more tasks, and
/// a join after the ends of the workers.
pub(super) fn order(history: &History<'_>, graph: &mut Graph, name: &str, steps: &Steps<'_>) {
    let mut phases = Phases::default();
    let mut closed = None;
    for (node, event) in steps {
        match event.op {
            OpCode::PoolClose | OpCode::PoolTerminate => {
                phases.step(graph, *node, None);
                closed = Some(*node);
            }
            OpCode::PoolTake | OpCode::PoolDone | OpCode::PoolCall | OpCode::PoolCalled | OpCode::PoolJoin => {}
            _ => phases.step(graph, *node, Some(u8::from(succeeded(event)))),
        }
    }
    for (node, event) in history.events() {
        match event.op {
            OpCode::PoolTake if gave(event, &Datum::None) && is_worker_of(history, event.place.actor, name) => {
                closed.into_iter().for_each(|closed| graph.edge(closed, node));
            }
            // There are no more callbacks when the pool is closed and all tasks are done.
            OpCode::PoolCall if gave(event, &Datum::None) && is_worker_of(history, event.place.actor, name) => {
                closed.into_iter().for_each(|closed| graph.edge(closed, node));
                let done = |(_, other): &(Node, &Event)| {
                    other.op == OpCode::PoolDone && is_worker_of(history, other.place.actor, name)
                };
                history.events().filter(done).for_each(|(done, _)| graph.edge(done, node));
            }
            OpCode::PoolJoin if succeeded(event) && is_on(history, event, name) => {
                workers(history, name).for_each(|end| graph.edge(end, node));
            }
            _ => {}
        }
    }
}

fn is_on(history: &History<'_>, event: &Event, name: &str) -> bool {
    let object = event.object.and_then(|object| history.data().objects.get(object as usize));
    object.is_some_and(|object| object.name == name)
}

fn is_worker_of(history: &History<'_>, actor: u32, pool: &str) -> bool {
    history.data().actors.get(actor as usize).is_some_and(|info| {
        let number = info.name.strip_prefix(pool).and_then(|rest| rest.strip_prefix('/'));
        info.kind == ActorKind::Worker && number.is_some()
    })
}

/// The ends of the workers of a pool.
fn workers<'a>(history: &'a History<'_>, pool: &'a str) -> impl Iterator<Item = Node> + 'a {
    let actors = 0..history.data().actors.len() as u32;
    actors.filter(move |actor| is_worker_of(history, *actor, pool)).filter_map(|actor| history.end(actor))
}

/// A result is there when all that was handed over with it is done.
pub(super) fn results(history: &History<'_>, graph: &mut Graph) {
    let mut done: FxHashMap<Place, Vec<Node>> = FxHashMap::default();
    let mut of: FxHashMap<Place, Place> = FxHashMap::default();
    let mut taken: FxHashMap<u32, Place> = FxHashMap::default();
    for (node, event) in history.events() {
        let actor = event.place.actor;
        match (event.op, event.cause) {
            (OpCode::PoolTake, Some(submit)) => drop(taken.insert(actor, submit)),
            (OpCode::PoolDone, _) => {
                let in_hand = taken.remove(&actor);
                let named = match event.args.first() {
                    Some(Datum::Result(submit)) => Some(*submit),
                    _ => in_hand,
                };
                if let Some(submit) = named {
                    done.entry(submit).or_default().push(node);
                    of.insert(event.place, submit);
                }
            }
            _ => {}
        }
    }
    for (node, event) in history.events().filter(|(_, event)| has_result(event)) {
        let named = match event.args.first() {
            Some(Datum::Result(submit)) => Some(*submit),
            _ => event.cause.and_then(|cause| of.get(&cause).copied()),
        };
        for before in named.and_then(|submit| done.get(&submit)).into_iter().flatten() {
            graph.edge(*before, node);
        }
    }
}

/// Whether an operation on a result found it there: with its value, or with the error of the task.
fn has_result(event: &Event) -> bool {
    match (event.op, &event.status) {
        (OpCode::ResultGet, Status::Raised(kind, _)) => kind != "Timeout",
        (OpCode::ResultGet, Status::Gave(_)) => true,
        (OpCode::PoolCall, Status::Gave(Datum::List(_))) => true,
        // The end of an `imap` comes after all of it.
        (OpCode::ResultNext, Status::Raised(kind, _)) => kind == "StopIteration",
        (OpCode::ResultWait | OpCode::ResultReady, _) => gave(event, &Datum::Bool(true)),
        _ => false,
    }
}
