//! What must come before what, of a trace's events.
//!
//! Answers for: edges, from actors' orders, objects' orders, causes, and the names that starts gave. Never asks the
//! machine.

use rustc_hash::FxHashMap;

use crate::plan::{Plan, PlannedObject};
use crate::program::op::OpCode;
use crate::trace::{Datum, Event, Place, Status, TraceData};
use crate::value::ObjectKind;

/// What an event's ticket is a place in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Domain {
    Object(u32),
    Actor(u32),
    Result(Place),
}

/// The events of a trace, by actor, and what each waits for.
pub(super) struct Order {
    /// By actor: indices of its events, in its order.
    pub(super) lanes: Vec<Vec<u32>>,
    /// By event: its place among those of its actor.
    position: Vec<u32>,
    /// By event: those of other actors that must come before it.
    before: Vec<Vec<u32>>,
    /// By event: the one before it in the order of its object, actor or result.
    previous: Vec<Option<u32>>,
    /// By event: its actor.
    actor: Vec<u32>,
}

impl Order {
    pub(super) fn new(plan: &Plan, data: &TraceData) -> Order {
        let count = data.events.len();
        let mut order = Order {
            lanes: vec![Vec::new(); data.actors.len()],
            position: vec![0; count],
            before: vec![Vec::new(); count],
            previous: vec![None; count],
            actor: data.events.iter().map(|event| event.place.actor).collect(),
        };
        let mut places = FxHashMap::default();
        for (at, event) in (0u32..).zip(&data.events) {
            places.insert(event.place, at);
            if let Some(lane) = order.lanes.get_mut(event.place.actor as usize) {
                lane.push(at);
            }
        }
        let seq = |at: &u32| data.events.get(*at as usize).map_or(0, |event| event.place.seq);
        order.lanes.iter_mut().for_each(|lane| lane.sort_by_key(seq));
        for lane in &order.lanes {
            for (position, at) in (0..).zip(lane) {
                if let Some(slot) = order.position.get_mut(*at as usize) {
                    *slot = position;
                }
            }
        }
        for (at, event) in (0u32..).zip(&data.events) {
            if let Some(cause) = event.cause.and_then(|cause| places.get(&cause)) {
                order.edge(*cause, at);
            }
        }
        order.by_ticket(data, &first_ends(plan, data));
        order.by_name(data);
        order.by_calls(data, &places);
        order
    }

    fn edge(&mut self, first: u32, then: u32) {
        // Within an actor its own order says it all.
        if self.actor.get(first as usize) != self.actor.get(then as usize)
            && let Some(before) = self.before.get_mut(then as usize)
        {
            before.push(first);
        }
    }

    /// Whether everything that must come before an event is done; `done` says how many of each actor's are.
    pub(super) fn is_ready(&self, at: u32, done: &[u32]) -> bool {
        self.before.get(at as usize).into_iter().flatten().all(|before| self.is_done(*before, done))
    }

    /// How many of each actor's events are among some, and what must come before those.
    pub(super) fn and_before(&self, events: &[Event], among: impl Fn(&Event) -> bool) -> Vec<u32> {
        let mut done = vec![0; self.lanes.len()];
        let mut left: Vec<u32> = (0u32..).zip(events).filter(|(_, event)| among(event)).map(|(at, _)| at).collect();
        while let Some(at) = left.pop() {
            let (Some(actor), Some(position)) = (self.actor.get(at as usize), self.position.get(at as usize)) else {
                continue;
            };
            let (Some(count), Some(lane)) = (done.get_mut(*actor as usize), self.lanes.get(*actor as usize)) else {
                continue;
            };
            // Those of its own actor too, and what comes before them.
            let new = lane.get(*count as usize..=*position as usize).unwrap_or_default();
            *count = (*count).max(position + 1);
            left.extend(new.iter().filter_map(|at| self.before.get(*at as usize)).flatten());
        }
        done
    }

    /// Whether an event is done.
    pub(super) fn is_done(&self, at: u32, done: &[u32]) -> bool {
        let actor = self.actor.get(at as usize).map_or(0, |actor| *actor as usize);
        self.position.get(at as usize) < done.get(actor)
    }

    /// The events before one in the order of its object, the last first.
    pub(super) fn earlier(&self, at: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(at), |at| self.previous.get(*at as usize).copied().flatten()).skip(1)
    }

    /// The orders of objects, actors and results.
    fn by_ticket(&mut self, data: &TraceData, first_ends: &FxHashMap<u32, u32>) {
        let mut domains: FxHashMap<Domain, Vec<(u64, u32)>> = FxHashMap::default();
        for (at, event) in (0u32..).zip(&data.events) {
            if event.ticket == 0 {
                continue;
            }
            let whole = |domain| match domain {
                Domain::Object(object) => Domain::Object(first_ends.get(&object).copied().unwrap_or(object)),
                other => other,
            };
            if let Some(domain) = domain(data, event).map(whole) {
                domains.entry(domain).or_default().push((event.ticket, at));
            }
        }
        for mut tickets in domains.into_values() {
            tickets.sort_unstable();
            for pair in tickets.windows(2) {
                self.edge(pair[0].1, pair[1].1);
                if let Some(previous) = self.previous.get_mut(pair[1].1 as usize) {
                    *previous = Some(pair[0].1);
                }
            }
        }
    }

    /// Callbacks of a pool run in the order in which their results were whole.
    fn by_calls(&mut self, data: &TraceData, places: &FxHashMap<Place, u32>) {
        for lane in self.lanes.clone() {
            let events = lane.iter().filter_map(|at| data.events.get(*at as usize));
            let calls = events.filter(|event| event.op == OpCode::PoolCall);
            let whole: Vec<u32> = calls.filter_map(|call| places.get(&call.cause?).copied()).collect();
            whole.windows(2).for_each(|pair| self.edge(pair[0], pair[1]));
        }
    }

    /// Instances get their numbers in the order in which they are started: `write`, `write#2`, `write#3`.
    fn by_name(&mut self, data: &TraceData) {
        let mut starts: FxHashMap<&str, Vec<(u32, u32)>> = FxHashMap::default();
        for (at, event) in (0u32..).zip(&data.events).filter(|(_, event)| event.op == OpCode::Start) {
            let Some(info) = event.actor.and_then(|actor| data.actors.get(actor as usize)) else { continue };
            // The number of a thread's process is part of its base: `write#2.reader`.
            let numbered = info.name.rsplit_once('#').and_then(|(base, number)| Some((base, number.parse().ok()?)));
            let (base, number) = numbered.unwrap_or((info.name.as_str(), 1));
            starts.entry(base).or_default().push((number, at));
        }
        for mut same in starts.into_values() {
            same.sort_unstable();
            same.windows(2).for_each(|pair| self.edge(pair[0].1, pair[1].1));
        }
    }
}

/// Of pipes at file level, by the second end: the first, whose order it shares.
fn first_ends(plan: &Plan, data: &TraceData) -> FxHashMap<u32, u32> {
    let places: FxHashMap<&str, u32> = data.objects.iter().map(|info| info.name.as_str()).zip(0..).collect();
    let pair = |(id, end): (u32, &PlannedObject)| {
        let first = end.peer.filter(|peer| *peer < id)?;
        let first = plan.objects.get(first as usize)?;
        Some((*places.get(&*end.name)?, *places.get(&*first.name)?))
    };
    (0u32..).zip(&plan.objects).filter_map(pair).collect()
}

/// What the ticket of an event is a place in; each end of a pipe by itself.
pub(super) fn domain(data: &TraceData, event: &Event) -> Option<Domain> {
    match event.op {
        OpCode::Print | OpCode::Mark | OpCode::Begin => return None,
        OpCode::End | OpCode::TimerWait => return Some(Domain::Actor(event.place.actor)),
        OpCode::PoolTake | OpCode::PoolCall => return pool_of(data, event.place.actor).map(Domain::Object),
        _ => {}
    }
    if let Some(Datum::Result(place)) = event.args.first()
        && event.op >= OpCode::PoolDone
    {
        return Some(Domain::Result(*place));
    }
    if let Some(object) = event.object {
        let detail = data.objects.get(object as usize)?;
        // The order of a condition is that of its lock.
        let over = detail.size.and_then(|lock| u32::try_from(lock).ok());
        return Some(Domain::Object(match detail.kind {
            ObjectKind::Condition => over.unwrap_or(object),
            _ => object,
        }));
    }
    let started = match &event.status {
        Status::Gave(Datum::Actor(actor)) if event.op == OpCode::Start => Some(*actor),
        _ => None,
    };
    event.actor.or(started).map(Domain::Actor)
}

/// The pool of a worker: its name is `pool/number`.
fn pool_of(data: &TraceData, worker: u32) -> Option<u32> {
    let name = &data.actors.get(worker as usize)?.name;
    let pool = name.rsplit_once('/')?.0;
    let at = data.objects.iter().position(|object| object.kind == ObjectKind::Pool && object.name == pool)?;
    Some(at as u32)
}
