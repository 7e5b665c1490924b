//! Happens-before from what was recorded: causes, starts and ends, and for each kind of object what its tickets mean.
//!
//! Answers for: which of two events of different actors must come first, and for nothing where neither must. Lines that
//! were printed are not ordered by when they came out, nor are events by when they happened.

mod barrier;
mod cell;
mod lock;
mod pool;
mod queue;
pub(super) mod rwlock;

use super::graph::{Graph, Phases};
use super::history::{History, Node, exit_code, started};
use super::{Datum, Event, Status};
use crate::program::op::OpCode;
use crate::value::ObjectKind;

/// The events on one object, in the order of their tickets.
type Steps<'a> = [(Node, &'a Event)];

/// Everything that must come before something else.
pub(super) fn happens_before(history: &History<'_>) -> Graph {
    let mut graph = Graph::new(history.len());
    for (node, event) in history.events() {
        cause(history, &mut graph, node, event);
        life(history, &mut graph, node, event);
    }
    objects(history, &mut graph);
    actors(history, &mut graph);
    pool::results(history, &mut graph);
    graph
}

fn cause(history: &History<'_>, graph: &mut Graph, node: Node, event: &Event) {
    if let Some(cause) = event.cause.filter(|cause| cause.actor != event.place.actor)
        && let Some(before) = history.node_at(cause)
    {
        graph.edge(before, node);
    }
}

/// Starts come before begins, ends before joins.
fn life(history: &History<'_>, graph: &mut Graph, node: Node, event: &Event) {
    match event.op {
        OpCode::Start => {
            for begin in started(event).into_iter().filter_map(|actor| history.begin(actor as u32)) {
                graph.edge(node, begin);
            }
        }
        OpCode::Join if gave(event, &Datum::Bool(true)) => {
            if let Some(end) = event.actor.and_then(|actor| history.end(actor)) {
                graph.edge(end, node);
            }
        }
        OpCode::Terminate | OpCode::Kill => {
            if let Some(end) = event.actor.and_then(|actor| killed(history, actor)) {
                graph.edge(node, end);
            }
        }
        OpCode::End => children(history, graph, node, event),
        _ => {}
    }
}

/// The end of an actor that a signal ended.
fn killed(history: &History<'_>, actor: u32) -> Option<Node> {
    let end = history.end(actor)?;
    history.event(end).and_then(exit_code).filter(|code| *code < 0).map(|_| end)
}

/// An actor ends after those it started. One that was killed did not wait for them, so there the clock decides; so it
/// does for a child that was killed, of whose end nothing tells.
fn children(history: &History<'_>, graph: &mut Graph, node: Node, event: &Event) {
    for (child, _) in (0..).zip(&history.data().actors).filter(|(_, info)| info.parent == Some(event.place.actor)) {
        let last = history.lane(child).last();
        if let Some(last) = last.filter(|last| history.event(*last).is_some_and(|one| one.time_ns <= event.time_ns)) {
            graph.edge(last, node);
        }
    }
}

fn objects(history: &History<'_>, graph: &mut Graph) {
    let infos = &history.data().objects;
    let mut steps: Vec<Vec<(Node, &Event)>> = vec![Vec::new(); infos.len()];
    for (node, event) in history.events().filter(|(_, event)| event.ticket > 0) {
        if let Some(own) = event.object.and_then(|object| steps.get_mut(lock_of(history, object) as usize)) {
            own.push((node, event));
        }
    }
    for (info, mut steps) in infos.iter().zip(steps) {
        steps.sort_by_key(|(node, event)| (event.ticket, *node));
        match info.kind {
            ObjectKind::Lock | ObjectKind::Rlock | ObjectKind::Condition => {
                lock::order(history, graph, info.kind, &steps);
            }
            ObjectKind::Semaphore | ObjectKind::BoundedSemaphore => queue::semaphore(graph, info.size, &steps),
            ObjectKind::Queue => queue::queue(graph, info.size, &steps),
            ObjectKind::Event => event(graph, &steps),
            ObjectKind::Barrier => barrier::order(history, graph, info.size, &steps),
            ObjectKind::Latch => by_class(graph, &steps, latch_class),
            ObjectKind::Shared | ObjectKind::Atomic => cell::order(graph, &steps),
            ObjectKind::Pool => pool::order(history, graph, &info.name, &steps),
            ObjectKind::Rwlock => rwlock::order(history, graph, &steps),
            ObjectKind::Once => by_class(graph, &steps, once_class),
            ObjectKind::PipeEnd => {}
        }
    }
}

/// What is asked of an actor comes before or after its end, and a timer's cancel before or after it begins, by ticket.
fn actors(history: &History<'_>, graph: &mut Graph) {
    let mut steps: Vec<Vec<(Node, &Event)>> = vec![Vec::new(); history.data().actors.len()];
    for (node, event) in history.events().filter(|(_, event)| event.ticket > 0 && event.object.is_none()) {
        if let Some(own) = event.actor.and_then(|actor| steps.get_mut(actor as usize)) {
            own.push((node, event));
        }
    }
    for mut steps in steps {
        steps.sort_by_key(|(node, event)| (event.ticket, *node));
        by_class(graph, &steps, |event| match event.op {
            OpCode::Start | OpCode::End | OpCode::TimerWait => None,
            _ => Some(0),
        });
    }
}

/// The object whose tickets an object takes: a condition over a declared lock names it as its size.
fn lock_of(history: &History<'_>, object: u32) -> u32 {
    let infos = &history.data().objects;
    let info = infos.get(object as usize).filter(|info| info.kind == ObjectKind::Condition);
    let lock = info.and_then(|info| u32::try_from(info.size?).ok());
    let is_lock = |lock: &u32| {
        infos.get(*lock as usize).is_some_and(|info| matches!(info.kind, ObjectKind::Lock | ObjectKind::Rlock))
    };
    lock.filter(is_lock).unwrap_or(object)
}

fn by_class(graph: &mut Graph, steps: &Steps<'_>, class: impl Fn(&Event) -> Option<u8>) {
    let mut phases = Phases::default();
    for (node, event) in steps {
        phases.step(graph, *node, class(event));
    }
}

/// Sets and clears by ticket; who saw it set comes after the set that its cause names, and before the next clear.
fn event(graph: &mut Graph, steps: &Steps<'_>) {
    let mut phases = Phases::default();
    let mut first_set = None;
    for (node, event) in steps {
        let saw_it_set = gave(event, &Datum::Bool(true));
        let class = match event.op {
            OpCode::EventSet => {
                first_set = first_set.or(Some(*node));
                0
            }
            OpCode::EventClear => {
                first_set = None;
                1
            }
            _ if saw_it_set => 0,
            _ => 2,
        };
        if let Some(set) = first_set.filter(|_| saw_it_set && event.cause.is_none()) {
            graph.edge(set, *node);
        }
        phases.step(graph, *node, Some(class));
    }
}

fn latch_class(event: &Event) -> Option<u8> {
    match event.op {
        OpCode::LatchCountDown if succeeded(event) => Some(0),
        OpCode::LatchWait | OpCode::LatchCount | OpCode::Waiting | OpCode::Arrive => Some(1),
        _ => None,
    }
}

/// Those who find that it has been run may do so in any order.
fn once_class(event: &Event) -> Option<u8> {
    (event.op == OpCode::OnceRun && gave(event, &Datum::None)).then_some(0)
}

fn gave(event: &Event, expected: &Datum) -> bool {
    matches!(&event.status, Status::Gave(datum) if datum == expected)
}

fn succeeded(event: &Event) -> bool {
    matches!(event.status, Status::Gave(_))
}
