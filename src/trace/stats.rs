//! Figures of a run: what was done on each object and by each actor, and how long things took.
//!
//! Answers for: counting, in time that grows with the events. What is measured: an event's time is when it was
//! completed, so between an actor's event before (its arrival, where that is one) and the completion of an operation
//! that may block lies the wait, with what the actor computed in between; a wait's time is that bound. Never renders.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::tickets::{by_ticket, counter};
use super::{Datum, Event, Status, Trace, TraceData};
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
        let data = trace.data();
        let mut count = Count::new(data);
        for event in trace.events() {
            count.event(event);
        }
        count.orders();
        let times = || data.events.iter().map(|event| event.time_ns);
        let name = |name: &str, other: &str| super::names::compare(name, other);
        let mut objects: Vec<ObjectStats> = count.objects;
        objects.retain(|object| !object.operations.is_empty());
        objects.sort_by(|a, b| name(&a.name, &b.name));
        let mut actors: Vec<ActorStats> = count.actors.into_iter().map(|(stats, _)| stats).collect();
        actors.sort_by(|a, b| name(&a.name, &b.name));
        let duration_ns = times().max().unwrap_or(0).saturating_sub(times().min().unwrap_or(0));
        Stats { events: data.events.len(), duration_ns, objects, actors }
    }
}

/// The times of an actor's first event and its latest.
type Span = Option<(u64, u64)>;

struct Count<'a> {
    data: &'a TraceData,
    /// By actor: whether it started others, so that its end waits for them.
    parents: Vec<bool>,
    objects: Vec<ObjectStats>,
    actors: Vec<(ActorStats, Span)>,
    /// By index of a condition's wait that came to an end: when it began to wait.
    began: FxHashMap<super::Place, u64>,
}

impl<'a> Count<'a> {
    fn new(data: &'a TraceData) -> Count<'a> {
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
        Count { data, parents, objects, actors, began: FxHashMap::default() }
    }

    /// The next event of its actor.
    fn event(&mut self, event: &Event) {
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
        if event.op == OpCode::ConditionWait {
            self.began.insert(event.place, before);
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

    /// What follows from the order on each object.
    fn orders(&mut self) {
        for (object, steps) in by_ticket(self.data).into_iter().enumerate() {
            let Some(kind) = self.data.objects.get(object).map(|info| info.kind) else { continue };
            let steps: Vec<&Event> = steps.iter().filter_map(|at| self.data.events.get(*at)).collect();
            match kind {
                ObjectKind::Lock | ObjectKind::Rlock | ObjectKind::Condition => self.holds(object, &steps),
                ObjectKind::Semaphore | ObjectKind::BoundedSemaphore => {
                    self.objects[object].most_out = Some(most(steps.iter().map(|event| permits(event))));
                }
                ObjectKind::Queue => {
                    let items = steps.iter().map(|event| match carried(event) {
                        Some(Way::In) => 1,
                        Some(Way::Out) => -1,
                        None => 0,
                    });
                    self.objects[object].most_items = Some(most(items));
                }
                _ => {}
            }
        }
    }

    /// Who held a lock, and for how long. Who died or ended with it held it until then.
    fn holds(&mut self, object: usize, steps: &[&Event]) {
        let mut held: FxHashMap<u32, (u64, u32)> = FxHashMap::default();
        let mut last = None;
        let mut longest: Option<(u64, u32)> = None;
        let mut end = |actor: u32, since: u64, until: u64| {
            let hold = (until.saturating_sub(since), actor);
            if longest.is_none_or(|(time, _)| hold.0 > time) {
                longest = Some(hold);
            }
        };
        for event in steps {
            let actor = event.place.actor;
            match (event.op, &event.status) {
                (OpCode::LockAcquire, status) if acquired(status) => {
                    held.entry(actor).or_insert((event.time_ns, 0)).1 += 1;
                    last = Some(actor);
                }
                (OpCode::ConditionWait, Status::Gave(_)) => {
                    let began = self.began.get(&event.place).copied().unwrap_or(event.time_ns);
                    let (since, depth) = held.remove(&actor).unwrap_or((began, 1));
                    end(actor, since, began);
                    held.insert(actor, (event.time_ns, depth));
                    last = Some(actor);
                }
                (OpCode::LockRelease, Status::Gave(_)) => {
                    // A plain lock may be released by one who does not hold it.
                    let holder = if held.contains_key(&actor) { Some(actor) } else { last };
                    let Some((since, depth)) = holder.and_then(|holder| held.get_mut(&holder)) else { continue };
                    *depth = depth.saturating_sub(1);
                    if *depth == 0 {
                        end(holder.unwrap_or(actor), *since, event.time_ns);
                        held.remove(&holder.unwrap_or(actor));
                    }
                }
                _ => {}
            }
        }
        for (actor, (since, _)) in held {
            let until = self.actors.get(actor as usize).and_then(|(_, span)| *span).map_or(since, |(_, until)| until);
            end(actor, since, until);
        }
        let name = |actor: u32| self.data.actors.get(actor as usize).map(|info| info.name.clone()).unwrap_or_default();
        let hold = longest.map(|(time_ns, actor)| Hold { actor: name(actor), time_ns });
        // The lock of a condition over a declared one has its holders from both.
        for (index, stats) in self.objects.iter_mut().enumerate() {
            if counter(self.data, index as u32) as usize == object {
                stats.longest_hold.clone_from(&hold);
            }
        }
    }
}

impl Waits {
    fn add(&mut self, took_ns: u64) {
        self.count += 1;
        self.total_ns += took_ns;
        self.longest_ns = self.longest_ns.max(took_ns);
    }
}

/// The largest sum on the way.
fn most(changes: impl Iterator<Item = i64>) -> i64 {
    let (mut now, mut most) = (0i64, 0);
    for change in changes {
        now = now.saturating_add(change);
        most = now.max(most);
    }
    most
}

fn acquired(status: &Status) -> bool {
    match status {
        Status::Gave(gave) => *gave == Datum::Bool(true),
        Status::Raised(kind, _) => kind == "OwnerDied",
    }
}

fn permits(event: &Event) -> i64 {
    match (event.op, &event.status, event.args.first()) {
        (OpCode::SemaphoreAcquire, Status::Gave(Datum::Bool(true)), _) => 1,
        (OpCode::SemaphoreRelease, Status::Gave(_), Some(Datum::Int(back))) => back.saturating_neg(),
        (OpCode::SemaphoreRelease, Status::Gave(_), _) => -1,
        _ => 0,
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
