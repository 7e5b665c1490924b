//! Queues and semaphores: places that are taken and given back.
//!
//! Answers for: bounds. That a get comes after its put is in its cause; puts are not ordered among themselves.

use super::super::graph::{Graph, Phases};
use super::super::history::Node;
use super::super::{Datum, Event, Status};
use super::{Steps, gave, succeeded};
use crate::program::op::OpCode;

const CHANGES: Option<u8> = Some(0);
const LOOKS: Option<u8> = Some(1);

/// In a queue of capacity c the k-th put comes after the (k-c)-th get. What only looks, or finds it full or empty,
/// stands between the changes before it and those after it. A close comes after the puts that succeeded and before what
/// found it closed. A join comes after the `task_done`s.
pub(super) fn queue(graph: &mut Graph, size: Option<i64>, steps: &Steps<'_>) {
    let capacity = size.and_then(|size| usize::try_from(size).ok()).filter(|capacity| *capacity > 0);
    let mut items = Phases::default();
    let mut closing = Phases::default();
    let mut tasks = Phases::default();
    let mut places = Places::new(capacity);
    for (node, event) in steps {
        match event.op {
            OpCode::QueuePut if succeeded(event) => {
                places.take(graph, *node);
                items.step(graph, *node, CHANGES);
                closing.step(graph, *node, CHANGES);
            }
            OpCode::QueueGet | OpCode::QueueNext if got(event) => {
                places.give_back(*node, 1);
                items.step(graph, *node, CHANGES);
            }
            // One who waits at a rendezvous has changed nothing yet.
            OpCode::Arrive => {}
            OpCode::QueueTaskDone => tasks.step(graph, *node, CHANGES),
            OpCode::QueueJoin => tasks.step(graph, *node, LOOKS),
            OpCode::QueueClose => closing.step(graph, *node, None),
            _ => {
                items.step(graph, *node, LOOKS);
                if found_closed(event) {
                    closing.step(graph, *node, LOOKS);
                }
            }
        }
    }
}

/// Of a semaphore that starts at n, the k-th acquire comes after the (k-n)-th release.
pub(super) fn semaphore(graph: &mut Graph, size: Option<i64>, steps: &Steps<'_>) {
    let mut phases = Phases::default();
    let mut places = Places::new(size.and_then(|size| usize::try_from(size).ok()));
    for (node, event) in steps {
        match event.op {
            OpCode::SemaphoreAcquire if gave(event, &Datum::Bool(true)) => {
                places.take(graph, *node);
                phases.step(graph, *node, CHANGES);
            }
            OpCode::SemaphoreRelease if succeeded(event) => {
                let permits = match event.args.first() {
                    Some(Datum::Int(permits)) => usize::try_from(*permits).unwrap_or(0),
                    _ => 1,
                };
                places.give_back(*node, permits);
                phases.step(graph, *node, CHANGES);
            }
            _ => phases.step(graph, *node, LOOKS),
        }
    }
}

/// Whether an operation came back because the queue was closed. (A get that found an item says nothing about that.)
fn found_closed(event: &Event) -> bool {
    match &event.status {
        Status::Raised(kind, _) => kind == "Closed",
        Status::Gave(_) => event.op == OpCode::QueueNext,
    }
}

/// Whether a get, or a turn of `for x in q`, came back with a value.
fn got(event: &Event) -> bool {
    match (&event.status, event.op) {
        (Status::Gave(Datum::List(turn)), OpCode::QueueNext) => turn.first() == Some(&Datum::Bool(true)),
        (Status::Gave(_), op) => op == OpCode::QueueGet,
        (Status::Raised(..), _) => false,
    }
}

/// A number of places, taken in ticket order and given back in ticket order.
struct Places {
    /// How many there are at first; none for no bound.
    free: Option<usize>,
    taken: usize,
    /// Who gave back: the node, and how many had been given back when it had.
    back: Vec<(Node, usize)>,
}

impl Places {
    fn new(free: Option<usize>) -> Places {
        Places { free, taken: 0, back: Vec::new() }
    }

    fn give_back(&mut self, node: Node, places: usize) {
        let before = self.back.last().map_or(0, |(_, sum)| *sum);
        self.back.push((node, before.saturating_add(places)));
    }

    fn take(&mut self, graph: &mut Graph, node: Node) {
        self.taken += 1;
        let needed = self.taken.saturating_sub(self.free.unwrap_or(usize::MAX));
        let giver = self.back.partition_point(|(_, sum)| *sum < needed);
        if let Some((giver, _)) = self.back.get(giver).filter(|_| needed > 0) {
            graph.edge(*giver, node);
        }
    }
}
