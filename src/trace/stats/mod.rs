//! Figures of a run: what was done on each object and by each actor, and how long things took.
//!
//! Answers for: counting, in time that grows with the events. What is measured: an event's time is when it was
//! completed, so between an actor's event before (its arrival, where that is one) and the completion of an operation
//! that may block lies the wait, with what the actor computed in between; a wait's time is that bound. Never renders.

mod orders;

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use serde::Serialize;

use self::orders::{Known, Order};
use super::tickets::counter;
use super::{Datum, Event, Recording, Status, Trace, TraceData, TraceError};
use crate::program::ActorKind;
use crate::program::op::OpCode;
use crate::value::ObjectKind;

/// Figures of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Stats {
    /// How many events there are.
    pub events: usize,
    /// From the first event to the last.
    pub duration_ns: u64,
    /// By name.
    pub objects: Vec<ObjectStats>,
    /// By name, `main` first.
    pub actors: Vec<ActorStats>,
}

/// Operations that may have blocked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Waits {
    /// How many there were, at once or not.
    pub count: u64,
    /// How long they took at most, all of them together.
    pub total_ns: u64,
    /// How long the longest took at most.
    pub longest_ns: u64,
}

/// What happened on an object.
#[derive(Clone, Debug, Serialize)]
pub struct ObjectStats {
    /// As shown: `q`, `forks[2]`.
    pub name: String,
    /// What it is.
    pub kind: ObjectKind,
    /// Events, by operation.
    pub operations: BTreeMap<OpCode, u64>,
    /// Those that raised an error.
    pub raised: u64,
    /// Those that may have blocked.
    pub waits: Waits,
    /// Of a lock, rlock or condition: who held it longest without letting go.
    pub longest_hold: Option<Hold>,
    /// Of a semaphore: the most permits that were out at a time.
    pub most_out: Option<i64>,
    /// Of a queue: the most items that were in it at a time.
    pub most_items: Option<i64>,
    /// Of a queue or the end of a pipe: items that went in by it.
    pub puts: Option<u64>,
    /// Of a queue or the end of a pipe: items that came out by it.
    pub gets: Option<u64>,
}

/// That a lock was held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hold {
    /// By whom.
    pub actor: String,
    /// For how long.
    pub time_ns: u64,
}

/// What an actor did.
#[derive(Clone, Debug, Serialize)]
pub struct ActorStats {
    /// Instance name.
    pub name: String,
    /// What it is.
    pub kind: ActorKind,
    /// How many events it has.
    pub events: u64,
    /// From its first event to its last.
    pub time_ns: u64,
    /// Its operations that may have blocked.
    pub waits: Waits,
    /// How long it slept, or waited as a timer.
    pub slept_ns: u64,
}

impl Stats {
    /// Counts.
    pub fn new(trace: &Trace) -> Stats {
        let mut count = Count::new(trace.data());
        trace.events().iter().for_each(|event| count.event(event));
        count.finish()
    }

    /// Counts what was streamed to a file, event by event, in memory that grows with the actors and objects.
    pub fn of<R: Read + Seek>(recording: &mut Recording<R>) -> Result<Stats, TraceError> {
        let mut count = Count::new(recording.run());
        recording.events(|event| count.event(event))?;
        Ok(count.finish())
    }
}

/// The times of an actor's first event and its latest.
type Span = Option<(u64, u64)>;

struct Count {
    events: usize,
    /// The earliest time and the latest.
    span: Span,
    /// By actor: whether it started others, so that its end waits for them.
    parents: Vec<bool>,
    objects: Vec<ObjectStats>,
    /// By object: the one whose tickets its events take.
    counters: Vec<u32>,
    /// By object: the order on it.
    orders: Vec<Order>,
    actors: Vec<(ActorStats, Span)>,
}

impl Count {
    fn new(data: &TraceData) -> Count {
        let mut parents = vec![false; data.actors.len()];
        for parent in data.actors.iter().filter_map(|info| info.parent) {
            if let Some(slot) = parents.get_mut(parent as usize) {
                *slot = true;
            }
        }
        let objects = data.objects.iter().map(|info| {
            let carries = matches!(info.kind, ObjectKind::Queue | ObjectKind::PipeEnd).then_some(0);
            ObjectStats {
                name: info.name.clone(),
                kind: info.kind,
                operations: BTreeMap::new(),
                raised: 0,
                waits: Waits::default(),
                longest_hold: None,
                most_out: None,
                most_items: None,
                puts: carries,
                gets: carries,
            }
        });
        let actors = data.actors.iter().map(|info| {
            let stats = ActorStats {
                name: info.name.clone(),
                kind: info.kind,
                events: 0,
                time_ns: 0,
                waits: Waits::default(),
                slept_ns: 0,
            };
            (stats, None)
        });
        let (objects, actors) = (objects.collect(), actors.collect());
        let counters = (0..data.objects.len() as u32).map(|object| counter(data, object)).collect();
        let orders = data.objects.iter().map(|info| Order::new(info.kind)).collect();
        Count { events: 0, span: None, parents, objects, counters, orders, actors }
    }

    /// The next event of its actor.
    fn event(&mut self, event: &Event) {
        self.events += 1;
        let (earliest, latest) = self.span.unwrap_or((event.time_ns, event.time_ns));
        self.span = Some((earliest.min(event.time_ns), latest.max(event.time_ns)));
        let starts_others = self.parents.get(event.place.actor as usize) == Some(&true);
        let Some((actor, span)) = self.actors.get_mut(event.place.actor as usize) else { return };
        let (first, before) = span.unwrap_or((event.time_ns, event.time_ns));
        let took = event.time_ns.saturating_sub(before);
        *span = Some((first, event.time_ns.max(before)));
        actor.events += 1;
        actor.time_ns = event.time_ns.max(before) - first;
        let waits = may_block(event) || (event.op == OpCode::End && starts_others);
        match event.op {
            OpCode::Sleep | OpCode::TimerWait => actor.slept_ns += took,
            _ if waits => actor.waits.add(took),
            _ => {}
        }
        let counter = event.object.and_then(|object| self.counters.get(object as usize));
        if let Some(order) = counter.and_then(|counter| self.orders.get_mut(*counter as usize))
            && event.ticket > 0
        {
            order.event(event, before);
        }
        let Some(object) = event.object.and_then(|object| self.objects.get_mut(object as usize)) else { return };
        *object.operations.entry(event.op).or_default() += 1;
        object.raised += u64::from(matches!(event.status, Status::Raised(..)));
        if waits {
            object.waits.add(took);
        }
        match carried(event) {
            Some(Way::In) => object.puts = object.puts.map(|puts| puts + 1),
            Some(Way::Out) => object.gets = object.gets.map(|gets| gets + 1),
            None => {}
        }
    }

    fn finish(self) -> Stats {
        let Count { events, span, mut objects, counters, orders, actors, .. } = self;
        let end = |actor: u32| actors.get(actor as usize).and_then(|(_, span)| *span).map(|(_, end)| end);
        let name = |actor: u32| actors.get(actor as usize).map(|(stats, _)| stats.name.clone()).unwrap_or_default();
        let known: Vec<Known> = orders.into_iter().map(|order| order.finish(end)).collect();
        for (index, stats) in objects.iter_mut().enumerate() {
            match known.get(index) {
                Some(Known::Out(most)) => stats.most_out = Some(*most),
                Some(Known::Items(most)) => stats.most_items = Some(*most),
                _ => {}
            }
            // The lock of a condition over a declared one has its holders from both.
            if let Some(Known::Hold(longest)) = counters.get(index).and_then(|counter| known.get(*counter as usize)) {
                stats.longest_hold = longest.map(|(time_ns, actor)| Hold { actor: name(actor), time_ns });
            }
        }
        objects.retain(|object| !object.operations.is_empty());
        objects.sort_by(|a, b| super::names::compare(&a.name, &b.name));
        let mut actors: Vec<ActorStats> = actors.into_iter().map(|(stats, _)| stats).collect();
        actors.sort_by(|a, b| super::names::compare(&a.name, &b.name));
        let duration_ns = span.map_or(0, |(earliest, latest)| latest - earliest);
        Stats { events, duration_ns, objects, actors }
    }
}

impl Waits {
    fn add(&mut self, took_ns: u64) {
        self.count += 1;
        self.total_ns += took_ns;
        self.longest_ns = self.longest_ns.max(took_ns);
    }
}

/// Which way an item went.
enum Way {
    In,
    Out,
}

fn carried(event: &Event) -> Option<Way> {
    match (event.op, &event.status) {
        (OpCode::QueuePut | OpCode::PipeSend, Status::Gave(_)) => Some(Way::In),
        (OpCode::QueueGet | OpCode::PipeRecv, Status::Gave(_)) => Some(Way::Out),
        (OpCode::QueueNext | OpCode::PipeNext, Status::Gave(Datum::List(turn))) => {
            (turn.first() == Some(&Datum::Bool(true))).then_some(Way::Out)
        }
        _ => None,
    }
}

/// Whether an operation waits for others if it must. The end of an actor that started others does too.
fn may_block(event: &Event) -> bool {
    let blocks = |at: usize| event.args.get(at) != Some(&Datum::Bool(false));
    match event.op {
        OpCode::QueuePut => blocks(1),
        OpCode::QueueGet | OpCode::QueueNext | OpCode::LockAcquire | OpCode::RwAcquire | OpCode::SemaphoreAcquire => {
            blocks(0)
        }
        OpCode::PipePoll => event.args.first() != Some(&Datum::Duration(0)),
        OpCode::QueueJoin
        | OpCode::PipeSend
        | OpCode::PipeRecv
        | OpCode::PipeNext
        | OpCode::ConditionWait
        | OpCode::EventWait
        | OpCode::BarrierWait
        | OpCode::LatchWait
        | OpCode::OnceRun
        | OpCode::PoolJoin
        | OpCode::PoolTake
        | OpCode::PoolCall
        | OpCode::ResultGet
        | OpCode::ResultWait
        | OpCode::ResultNext
        | OpCode::Join
        | OpCode::Await
        | OpCode::Select => true,
        _ => false,
    }
}
