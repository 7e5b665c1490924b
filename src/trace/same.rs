//! Whether an event of one trace is the same as one of another.
//!
//! Answers for: comparing by names, with what is masked in canonical form left out. Never says where two traces part.

use super::rules::rwlock;
use super::{Datum, Event, Place, Status, Trace, causes};
use crate::program::op::OpCode;
use crate::value::ObjectKind;

/// Two traces.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) a: &'a Trace,
    pub(super) b: &'a Trace,
}

impl Pair<'_> {
    /// Whether the same was done, with the same outcome, for the same reason.
    pub(super) fn same(self, a: &Event, b: &Event) -> bool {
        self.did_same(a, b) && self.came_same(a, b) && self.same_cause(a, b)
    }

    /// Whether the same was done, whatever came of it.
    pub(super) fn did_same(self, a: &Event, b: &Event) -> bool {
        // A template is named by the actors that are started of it; a deadline is a time.
        let hidden = match a.op {
            OpCode::Start => 1,
            OpCode::Deadline | OpCode::DeadlineLeft => usize::MAX,
            _ => 0,
        };
        let object = |trace: &Trace, event: &Event| event.object.map(|object| trace.object_name(object).to_owned());
        let actor = |trace: &Trace, event: &Event| event.actor.map(|actor| trace.actor_name(actor).to_owned());
        a.op == b.op
            && object(self.a, a) == object(self.b, b)
            && actor(self.a, a) == actor(self.b, b)
            && self.all(a.args.get(hidden..).unwrap_or(&[]), b.args.get(hidden..).unwrap_or(&[]))
    }

    /// Whether the same came of it.
    pub(super) fn came_same(self, a: &Event, b: &Event) -> bool {
        match (&a.status, &b.status) {
            _ if matches!(a.op, OpCode::Deadline | OpCode::DeadlineLeft | OpCode::Now) => true,
            // Which index only tells who came first.
            (Status::Gave(Datum::Int(_)), Status::Gave(Datum::Int(_))) if is_pass(a.op) => true,
            (Status::Gave(a), Status::Gave(b)) => self.datum(a, b),
            (Status::Raised(a, a_message), Status::Raised(b, b_message)) => (a, a_message) == (b, b_message),
            _ => false,
        }
    }

    /// Whether both took over from the same event. Who took a turn at a lock or a place in a queue is in the order of
    /// the object; who was last of those that had to come is not a choice.
    fn same_cause(self, a: &Event, b: &Event) -> bool {
        let settled = matches!(a.op, OpCode::BarrierWait | OpCode::QueueJoin | OpCode::LatchWait | OpCode::PoolJoin);
        !causes::takes_over(a) || settled || self.same_places(a.cause, b.cause)
    }

    fn same_places(self, a: Option<Place>, b: Option<Place>) -> bool {
        match (a, b) {
            (Some(a), Some(b)) => self.same_place(a, b),
            (None, None) => true,
            _ => false,
        }
    }

    /// Whether two places are that of the same event: of the same actor, with the same number.
    pub(super) fn same_place(self, a: Place, b: Place) -> bool {
        a.seq == b.seq && self.a.actor_name(a.actor) == self.b.actor_name(b.actor)
    }

    fn all(self, a: &[Datum], b: &[Datum]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.datum(a, b))
    }

    fn datum(self, a: &Datum, b: &Datum) -> bool {
        match (a, b) {
            (Datum::Pid(a), Datum::Pid(b)) => self.a.ids().owner(*a) == self.b.ids().owner(*b),
            (Datum::Elapsed(_), Datum::Elapsed(_)) => true,
            (Datum::Masked(a, a_masks), Datum::Masked(b, b_masks)) => {
                self.a.ids().text(a, a_masks) == self.b.ids().text(b, b_masks)
            }
            (Datum::Float(a), Datum::Float(b)) => a.to_bits() == b.to_bits(),
            (Datum::List(a), Datum::List(b)) | (Datum::Set(a), Datum::Set(b)) => self.all(a, b),
            (Datum::Map(a), Datum::Map(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.datum(&a.0, &b.0) && self.datum(&a.1, &b.1))
            }
            (Datum::Range(a_low, a_high, a_whole), Datum::Range(b_low, b_high, b_whole)) => {
                a_whole == b_whole && self.datum(a_low, b_low) && self.datum(a_high, b_high)
            }
            (Datum::Object(a), Datum::Object(b)) => self.a.object_name(*a) == self.b.object_name(*b),
            (Datum::Actor(a), Datum::Actor(b)) => self.a.actor_name(*a) == self.b.actor_name(*b),
            (Datum::Result(a), Datum::Result(b)) => self.same_place(*a, *b),
            (a, b) => a == b,
        }
    }
}

/// Whether it gives the index of a party at a barrier.
pub(super) fn is_pass(op: OpCode) -> bool {
    matches!(op, OpCode::BarrierWait | OpCode::BarrierActed)
}

/// What is handed out in turns by an object: whose turn it was is a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Turn {
    /// To put into a queue.
    Put,
    /// To get from a queue.
    Get,
    /// To hold a lock.
    Acquire,
    /// To write a variable.
    Write,
    /// To do the next thing on the object, whatever it is.
    Next,
}

/// The turn that an event took, and which part of the object it is about; none for what others may do beside it.
pub(super) fn turn(kind: ObjectKind, event: &Event) -> Option<(Turn, String)> {
    let whole = |turn| Some((turn, String::new()));
    match (event.op, &event.status) {
        (OpCode::QueuePut, Status::Gave(_)) => whole(Turn::Put),
        (OpCode::QueueGet, Status::Gave(_)) => whole(Turn::Get),
        (OpCode::QueueNext, Status::Gave(Datum::List(turn))) if turn.first() == Some(&Datum::Bool(true)) => {
            whole(Turn::Get)
        }
        (OpCode::LockAcquire, Status::Gave(Datum::Bool(true))) => whole(Turn::Acquire),
        (OpCode::ConditionWait, Status::Gave(_)) => whole(Turn::Acquire),
        (OpCode::LockAcquire | OpCode::ConditionWait, Status::Raised(kind, _)) if kind == "OwnerDied" => {
            whole(Turn::Acquire)
        }
        (OpCode::RwAcquire, _) if rwlock::writes(event) && rwlock::acquired(event) => whole(Turn::Acquire),
        (OpCode::CellRead, _) | (_, Status::Raised(..)) => None,
        _ if matches!(kind, ObjectKind::Shared | ObjectKind::Atomic) && writes(event) => {
            Some((Turn::Write, cell(event)))
        }
        _ => None,
    }
}

fn writes(event: &Event) -> bool {
    const READING: [&str; 6] = ["count", "get", "index", "items", "keys", "values"];
    match (event.op, event.args.get(1)) {
        (OpCode::CellMethod, Some(Datum::Str(method))) => !READING.contains(&method.as_str()),
        _ => true,
    }
}

/// The cell of a list or map that is written; nothing for the whole.
fn cell(event: &Event) -> String {
    match (event.op, event.args.first()) {
        (OpCode::CellWrite | OpCode::CellMethod, Some(Datum::List(path))) => {
            path.first().map_or_else(String::new, |key| format!("{key:?}"))
        }
        _ => String::new(),
    }
}
