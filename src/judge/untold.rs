//! What the killed did and could not tell of.
//!
//! An operation takes its place in its object's order before its event is noted. Who is killed in between leaves a gap
//! in that order; where nobody took a later place, none can be seen. It is one operation at most for each of the
//! killed. Answers for: the gaps, who may have made them, and traces in which the killed have one operation more and
//! die. Never says what was done (the machine does).

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
/// The status of one that stands for a death.
const DEATH: &str = "death";
/// Errors that tell of a death.
const TELL_OF_DEATH: [&str; 3] = ["OwnerDied", "WorkerDied", "BrokenBarrier"];

/// Whether an event stands for what was not told of.
pub(super) fn is_untold(event: &Event) -> bool {
    matches!(&event.status, Status::Raised(kind, _) if kind == UNTOLD)
}

/// Whether an event stands for the death of its actor's process.
pub(super) fn is_death(event: &Event) -> bool {
    matches!(&event.status, Status::Raised(kind, _) if kind == DEATH)
}

/// A place in an object's order of which no event tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gap {
    object: u32,
    ticket: u64,
    /// When the event after it was noted.
    before_ns: u64,
}

/// Traces in which the killed die, and some of them have one operation more: in a gap, those with the most gaps filled
/// first, or where nobody came after them. Where the run ended in a deadlock of some, the others were cut off by its
/// end, and nobody lived to see that.
pub(super) fn fillings(data: &TraceData, stuck: Option<&[String]>) -> Vec<TraceData> {
    let killed = killed(data, stuck);
    let gaps = gaps(data);
    if killed.is_empty() {
        return Vec::new();
    }
    let traces = traces(data);
    let is_where_they_were =
        |actor: u32, gap: &Gap| traces.get(&actor).copied().flatten().is_none_or(|object| object == gap.object);
    let mut partial: Vec<Vec<(u32, Option<Gap>)>> = vec![Vec::new()];
    for gap in gaps {
        let mut next = Vec::new();
        for taken in &partial {
            let may_be_theirs = |(actor, last_ns): &&(u32, u64)| {
                *last_ns <= gap.before_ns
                    && taken.iter().all(|(other, _)| other != actor)
                    && is_where_they_were(*actor, &gap)
            };
            for (actor, _) in killed.iter().filter(may_be_theirs) {
                next.push(taken.iter().copied().chain([(*actor, Some(gap))]).collect());
            }
        }
        next.append(&mut partial);
        next.truncate(FILLINGS_MAX);
        partial = next;
    }
    partial.sort_by_key(|taken| std::cmp::Reverse(taken.len()));
    // Who is named as a cause has done it, of the others any may have.
    let (named, last): (Vec<u32>, Vec<u32>) =
        killed.iter().map(|(actor, _)| *actor).partition(|actor| traces.contains_key(actor));
    let mut all: Vec<Vec<(u32, Option<Gap>)>> = Vec::new();
    for more in combinations(&last) {
        for taken in &partial {
            let is_free = |actor: &&u32| taken.iter().all(|(other, _)| other != *actor);
            if more.iter().all(|actor| is_free(&actor)) {
                let without_gap = named.iter().filter(is_free).chain(&more).map(|actor| (*actor, None));
                all.push(taken.iter().copied().chain(without_gap).collect());
            }
        }
    }
    all.retain(|taken| traces.keys().all(|actor| taken.iter().any(|(other, _)| other == actor)));
    all.truncate(TRACES_MAX - 1);
    // The least that can be.
    if all.iter().all(|taken| !taken.is_empty()) {
        all.push(Vec::new());
    }
    all.into_iter().map(|taken| filled(data, &killed, &taken, stuck.is_none())).collect()
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

/// When the first of the killed may have done something that it could not tell of: what it did before was noted, and an
/// event is noted when what it tells of is done.
pub(super) fn begins(data: &TraceData, stuck: Option<&[String]>) -> u64 {
    killed(data, stuck).into_iter().map(|(_, last_ns)| last_ns).min().unwrap_or(u64::MAX)
}

/// Actors whose record does not end with their end, though they are not stuck for good (where nobody is named, all
/// are), and when their last event was noted.
fn killed(data: &TraceData, stuck: Option<&[String]>) -> Vec<(u32, u64)> {
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
    // Some did not come to telling of their beginning.
    let told: Vec<u32> = data.events.iter().map(|event| event.place.actor).collect();
    killed.extend((0..data.actors.len() as u32).filter(|actor| !told.contains(actor)).map(|actor| (actor, 0)));
    let is_stuck = |actor: u32| {
        let name = data.actors.get(actor as usize).map(|info| &info.name);
        stuck.zip(name).is_some_and(|(stuck, name)| stuck.is_empty() || stuck.contains(name))
    };
    killed.retain(|(actor, _)| !is_stuck(*actor));
    killed.sort_unstable();
    killed
}

/// Killed actors whose last operation, of which they could not tell, is the cause of what others tell of; on which
/// object, if it is known.
fn traces(data: &TraceData) -> FxHashMap<u32, Option<u32>> {
    let mut told: FxHashMap<u32, u32> = FxHashMap::default();
    for event in &data.events {
        let last = told.entry(event.place.actor).or_default();
        *last = event.place.seq.max(*last);
    }
    let mut traces = FxHashMap::default();
    for event in &data.events {
        if let Some(cause) = event.cause.filter(|cause| told.get(&cause.actor).is_some_and(|last| cause.seq > *last)) {
            let object = match domain(data, event) {
                Some(Domain::Object(object)) => Some(object),
                _ => None,
            };
            traces.insert(cause.actor, object);
        }
    }
    traces
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

fn filled(data: &TraceData, killed: &[(u32, u64)], taken: &[(u32, Option<Gap>)], die: bool) -> TraceData {
    let mut data = data.clone();
    let traces = traces(&data);
    let known = |data: &TraceData, actor: u32, at: (u64, &str), (object, ticket): (Option<u32>, u64)| {
        let theirs = data.events.iter().filter(|event| event.place.actor == actor);
        let seq = theirs.map(|event| event.place.seq + 1).max().unwrap_or_default();
        Event {
            place: Place { actor, seq },
            time_ns: at.0,
            line: 0,
            op: OpCode::Waiting,
            object,
            actor: None,
            ticket,
            cause: None,
            args: Vec::<Datum>::new(),
            status: Status::Raised(at.1.to_owned(), String::new()),
        }
    };
    for (actor, gap) in taken {
        let last_ns = killed.iter().find(|(other, _)| other == actor).map_or(0, |(_, last_ns)| *last_ns);
        // Without a gap, as soon as it can be.
        let time_ns = gap.map_or(last_ns, |gap| gap.before_ns);
        let object = gap.map(|gap| gap.object).or_else(|| traces.get(actor).copied().flatten());
        let event = known(&data, *actor, (time_ns, UNTOLD), (object, gap.map_or(0, |gap| gap.ticket)));
        data.events.push(event);
    }
    for (actor, last_ns) in killed.iter().filter(|_| die) {
        // As late as can be: an earlier moment is tried where that is a dead end.
        let tells = |event: &&Event| {
            let is_error = matches!(&event.status, Status::Raised(kind, _) if TELL_OF_DEATH.contains(&kind.as_str()));
            event.time_ns > *last_ns && (is_error || event.op == OpCode::PoolCall && event.cause.is_none())
        };
        let first = data.events.iter().filter(tells).map(|event| event.time_ns).min();
        let event = known(&data, *actor, (first.unwrap_or(u64::MAX), DEATH), (None, 0));
        data.events.push(event);
    }
    data
}
