//! What the killed did and could not tell of.
//!
//! An operation takes its place in its object's order before its event is noted. Who is killed in between leaves a gap
//! in that order; where nobody took a later place, none can be seen. It is one operation at most for each of the killed.
//! Answers for: the gaps, who may have made them, and traces in which the killed have one operation more. Never says
//! what was done (the machine does).

use rustc_hash::FxHashMap;

use super::order::{Domain, domain};
use crate::program::op::OpCode;
use crate::trace::{Datum, Event, Place, Status, TraceData};
use crate::value::ObjectKind;

/// Ways to fill gaps that are tried at most.
const FILLINGS_MAX: usize = 16;
/// Traces that are tried at most.
const TRACES_MAX: usize = 48;
/// Killed actors of whom each may have done something that left no gap: of so many, all combinations are tried.
const COMBINED_MAX: usize = 3;

/// The status of an event that was not told of.
const UNTOLD: &str = "untold";

/// Whether an event stands for what was not told of.
pub(super) fn is_untold(event: &Event) -> bool {
    matches!(&event.status, Status::Raised(kind, _) if kind == UNTOLD)
}

/// A place in an object's order of which no event tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gap {
    object: u32,
    ticket: u64,
    /// When the event after it was noted.
    before_ns: u64,
}

/// Traces in which some of the killed have one operation more: in a gap, those with the most gaps filled first, or
/// where nobody came after them.
pub(super) fn fillings(data: &TraceData) -> Vec<TraceData> {
    let killed = killed(data);
    let gaps = gaps(data);
    if killed.is_empty() {
        return Vec::new();
    }
    let mut partial: Vec<Vec<(u32, Option<Gap>)>> = vec![Vec::new()];
    for gap in gaps {
        let mut next = Vec::new();
        for taken in &partial {
            let is_free =
                |actor: &&(u32, u64)| actor.1 <= gap.before_ns && taken.iter().all(|(other, _)| *other != actor.0);
            for (actor, _) in killed.iter().filter(is_free) {
                next.push(taken.iter().copied().chain([(*actor, Some(gap))]).collect());
            }
        }
        next.append(&mut partial);
        next.truncate(FILLINGS_MAX);
        partial = next;
    }
    partial.sort_by_key(|taken| std::cmp::Reverse(taken.len()));
    let last: Vec<u32> = killed.iter().map(|(actor, _)| *actor).collect();
    let mut all: Vec<Vec<(u32, Option<Gap>)>> = Vec::new();
    for more in combinations(&last) {
        for taken in &partial {
            let is_new = more.iter().all(|actor| taken.iter().all(|(other, _)| other != actor));
            if is_new && taken.len() + more.len() > 0 {
                all.push(taken.iter().copied().chain(more.iter().map(|actor| (*actor, None))).collect());
            }
        }
    }
    all.truncate(TRACES_MAX);
    all.into_iter().map(|taken| filled(data, &taken)).collect()
}

/// The sets that can be made of some actors, the smallest first; of many actors those of one at most.
fn combinations(of: &[u32]) -> Vec<Vec<u32>> {
    let mut sets: Vec<Vec<u32>> = vec![Vec::new()];
    for actor in of {
        let with: Vec<Vec<u32>> = sets
            .iter()
            .filter(|set| of.len() <= COMBINED_MAX || set.is_empty())
            .map(|set| set.iter().copied().chain([*actor]).collect())
            .collect();
        sets.extend(with);
    }
    sets.sort_by_key(Vec::len);
    sets
}

/// Actors whose record does not end with their end, and when their last event was noted.
fn killed(data: &TraceData) -> Vec<(u32, u64)> {
    let mut last: FxHashMap<u32, &Event> = FxHashMap::default();
    for event in &data.events {
        let seen = last.entry(event.place.actor).or_insert(event);
        if event.place.seq > seen.place.seq {
            *seen = event;
        }
    }
    let mut killed: Vec<(u32, u64)> = last
        .into_iter()
        .filter(|(_, event)| event.op != OpCode::End)
        .map(|(actor, event)| (actor, event.time_ns))
        .collect();
    killed.sort_unstable();
    killed
}

fn gaps(data: &TraceData) -> Vec<Gap> {
    let mut orders: FxHashMap<u32, Vec<(u64, u64)>> = FxHashMap::default();
    for event in data.events.iter().filter(|event| event.ticket != 0) {
        if let Some(Domain::Object(object)) = domain(data, event) {
            orders.entry(object).or_default().push((event.ticket, event.time_ns));
        }
    }
    let is_end = |object: u32| data.objects.get(object as usize).is_some_and(|it| it.kind == ObjectKind::PipeEnd);
    let of_ends: Vec<u64> = orders
        .iter()
        .filter(|(object, _)| is_end(**object))
        .flat_map(|(_, order)| order.iter().map(|it| it.0))
        .collect();
    let mut gaps = Vec::new();
    for (object, mut order) in orders {
        order.sort_unstable();
        let mut before = 0;
        for (ticket, time_ns) in order {
            let missing = (before + 1..ticket).take(FILLINGS_MAX).filter(|ticket| {
                // The two ends of a pipe share an order.
                !is_end(object) || !of_ends.contains(ticket)
            });
            gaps.extend(missing.map(|ticket| Gap { object, ticket, before_ns: time_ns }));
            before = ticket;
        }
    }
    gaps.sort_unstable_by_key(|gap| (gap.object, gap.ticket));
    gaps
}

fn filled(data: &TraceData, taken: &[(u32, Option<Gap>)]) -> TraceData {
    let mut data = data.clone();
    for (actor, gap) in taken {
        let theirs = data.events.iter().filter(|event| event.place.actor == *actor);
        let last = theirs.max_by_key(|event| event.place.seq);
        let (seq, last_ns) = last.map_or((0, 0), |event| (event.place.seq + 1, event.time_ns));
        data.events.push(Event {
            place: Place { actor: *actor, seq },
            // Without a gap, as soon as it can be.
            time_ns: gap.map_or(last_ns, |gap| gap.before_ns),
            line: 0,
            op: OpCode::Waiting,
            object: gap.map(|gap| gap.object),
            actor: None,
            ticket: gap.map_or(0, |gap| gap.ticket),
            cause: None,
            args: Vec::<Datum>::new(),
            status: Status::Raised(UNTOLD.to_owned(), String::new()),
        });
    }
    data
}
