//! What the killed did and could not tell of.
//!
//! An operation takes its place in its object's order before its event is noted. Who is killed in between leaves a gap
//! in that order: one operation at most for each of the killed. Answers for: the gaps, who may have made them, and
//! traces in which they are filled. Never says what was done (the machine does).

use rustc_hash::FxHashMap;

use super::order::{Domain, domain};
use crate::program::op::OpCode;
use crate::trace::{Datum, Event, Place, Status, TraceData};
use crate::value::ObjectKind;

/// Fillings that are tried at most.
const FILLINGS_MAX: usize = 16;

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

/// Traces in which gaps are filled by those who may have made them, the fullest first.
pub(super) fn fillings(data: &TraceData) -> Vec<TraceData> {
    let killed = killed(data);
    let gaps = gaps(data);
    if killed.is_empty() {
        return Vec::new();
    }
    let mut partial: Vec<Vec<(u32, Gap)>> = vec![Vec::new()];
    for gap in gaps {
        let mut next = Vec::new();
        for taken in &partial {
            let is_free =
                |actor: &&(u32, u64)| actor.1 <= gap.before_ns && taken.iter().all(|(other, _)| *other != actor.0);
            for (actor, _) in killed.iter().filter(is_free) {
                next.push(taken.iter().copied().chain([(*actor, gap)]).collect());
            }
        }
        next.append(&mut partial);
        next.truncate(FILLINGS_MAX);
        partial = next;
    }
    partial.retain(|taken| !taken.is_empty());
    partial.sort_by_key(|taken| std::cmp::Reverse(taken.len()));
    partial.into_iter().map(|taken| filled(data, &taken)).collect()
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

fn filled(data: &TraceData, taken: &[(u32, Gap)]) -> TraceData {
    let mut data = data.clone();
    for (actor, gap) in taken {
        let theirs = data.events.iter().filter(|event| event.place.actor == *actor).map(|event| event.place.seq);
        let seq = theirs.max().map_or(0, |seq| seq + 1);
        data.events.push(Event {
            place: Place { actor: *actor, seq },
            time_ns: gap.before_ns,
            line: 0,
            op: OpCode::Waiting,
            object: Some(gap.object),
            actor: None,
            ticket: gap.ticket,
            cause: None,
            args: Vec::<Datum>::new(),
            status: Status::Raised(UNTOLD.to_owned(), String::new()),
        });
    }
    data
}
