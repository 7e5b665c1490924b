//! What follows from the order of the events on one object: who held a lock, how much was out or in at a time.
//!
//! Events come in any order; their tickets say in which they happened. What comes early waits for those before it, so
//! that it takes little memory where events come about as they happened. A ticket that nobody tells of, of one who was
//! killed, holds up those behind it until the end.
//!
//! Answers for: counting along that order. Never knows names.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::{Way, carried};
use crate::program::op::OpCode;
use crate::trace::{Datum, Event, Place, Status};
use crate::value::ObjectKind;

/// What an event changes.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Nothing,
    /// A lock was taken.
    Took,
    /// A lock was let go.
    LetGo,
    /// A lock was let go at that time, and taken again.
    Waited(u64),
    /// Permits went out or came back; items went in or came out.
    Change(i64),
}

#[derive(Clone, Copy, Debug)]
struct Step {
    actor: u32,
    time_ns: u64,
    deed: Deed,
}

/// The events of one object.
#[derive(Debug)]
pub(super) struct Order {
    next: u64,
    early: BTreeMap<(u64, Place), Step>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Lock(Holds),
    Permits(Level),
    Items(Level),
    Other,
}

/// A number that goes up and down.
#[derive(Debug, Default)]
pub(super) struct Level {
    now: i64,
    /// The most it came to.
    most: i64,
}

/// Who holds a lock.
#[derive(Debug, Default)]
pub(super) struct Holds {
    /// By actor: since when, and how often.
    held: FxHashMap<u32, (u64, u32)>,
    last: Option<u32>,
    /// For how long it was held longest, and by whom.
    longest: Option<(u64, u32)>,
}

/// What is known of an object in the end.
pub(super) enum Known {
    /// For how long it was held longest, and by whom.
    Hold(Option<(u64, u32)>),
    /// The most permits that were out at a time.
    Out(i64),
    /// The most items that were in at a time.
    Items(i64),
    /// Nothing of that sort.
    Nothing,
}

impl Order {
    /// Of an object before its first event.
    pub(super) fn new(kind: ObjectKind) -> Order {
        let kind = match kind {
            ObjectKind::Lock | ObjectKind::Rlock | ObjectKind::Condition => Kind::Lock(Holds::default()),
            ObjectKind::Semaphore | ObjectKind::BoundedSemaphore => Kind::Permits(Level::default()),
            ObjectKind::Queue => Kind::Items(Level::default()),
            _ => Kind::Other,
        };
        Order { next: 1, early: BTreeMap::new(), kind }
    }

    /// An event with a ticket of this object; `before` is the time of its actor's event before.
    pub(super) fn event(&mut self, event: &Event, before: u64) {
        let deed = match self.kind {
            Kind::Lock(_) => lock(event, before),
            Kind::Permits(_) => Deed::Change(permits(event)),
            Kind::Items(_) => Deed::Change(items(event)),
            Kind::Other => return,
        };
        let step = Step { actor: event.place.actor, time_ns: event.time_ns, deed };
        if event.ticket > self.next {
            self.early.insert((event.ticket, event.place), step);
            return;
        }
        self.take(event.ticket, step);
        while let Some(first) = self.early.first_entry().filter(|first| first.key().0 <= self.next) {
            let ((ticket, _), step) = first.remove_entry();
            self.take(ticket, step);
        }
    }

    /// What came of it; `ends` says when an actor did its last.
    pub(super) fn finish(mut self, ends: impl Fn(u32) -> Option<u64>) -> Known {
        for ((ticket, _), step) in std::mem::take(&mut self.early) {
            self.take(ticket, step);
        }
        match self.kind {
            Kind::Lock(mut holds) => {
                // Who died or ended with it held it until then.
                for (actor, (since, _)) in std::mem::take(&mut holds.held) {
                    holds.end(actor, since, ends(actor).unwrap_or(since));
                }
                Known::Hold(holds.longest)
            }
            Kind::Permits(level) => Known::Out(level.most),
            Kind::Items(level) => Known::Items(level.most),
            Kind::Other => Known::Nothing,
        }
    }

    fn take(&mut self, ticket: u64, step: Step) {
        self.next = self.next.max(ticket.saturating_add(1));
        match (&mut self.kind, step.deed) {
            (Kind::Lock(holds), deed) => holds.step(step, deed),
            (Kind::Permits(level) | Kind::Items(level), Deed::Change(change)) => {
                level.now = level.now.saturating_add(change);
                level.most = level.most.max(level.now);
            }
            _ => {}
        }
    }
}

impl Holds {
    fn step(&mut self, step: Step, deed: Deed) {
        let Step { actor, time_ns, .. } = step;
        match deed {
            Deed::Took => {
                self.held.entry(actor).or_insert((time_ns, 0)).1 += 1;
                self.last = Some(actor);
            }
            Deed::Waited(began) => {
                let (since, depth) = self.held.remove(&actor).unwrap_or((began, 1));
                self.end(actor, since, began);
                self.held.insert(actor, (time_ns, depth));
                self.last = Some(actor);
            }
            Deed::LetGo => {
                // A plain lock may be released by one who does not hold it.
                let holder = if self.held.contains_key(&actor) { Some(actor) } else { self.last };
                let Some(holder) = holder else { return };
                let Some((since, depth)) = self.held.get_mut(&holder) else { return };
                *depth = depth.saturating_sub(1);
                let (since, is_over) = (*since, *depth == 0);
                if is_over {
                    self.end(holder, since, time_ns);
                    self.held.remove(&holder);
                }
            }
            Deed::Nothing | Deed::Change(_) => {}
        }
    }

    fn end(&mut self, actor: u32, since: u64, until: u64) {
        let time = until.saturating_sub(since);
        if self.longest.is_none_or(|(longest, _)| time > longest) {
            self.longest = Some((time, actor));
        }
    }
}

fn lock(event: &Event, before: u64) -> Deed {
    match (event.op, &event.status) {
        (OpCode::LockAcquire, status) if acquired(status) => Deed::Took,
        (OpCode::ConditionWait, Status::Gave(_)) => Deed::Waited(before),
        (OpCode::LockRelease, Status::Gave(_)) => Deed::LetGo,
        _ => Deed::Nothing,
    }
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

fn items(event: &Event) -> i64 {
    match carried(event) {
        Some(Way::In) => 1,
        Some(Way::Out) => -1,
        None => 0,
    }
}
