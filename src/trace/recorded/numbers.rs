//! What the numbers in noted events stand for, and the events that come of it.
//!
//! A run numbers its actors from [`FIRST_ACTOR`] in the order in which they are started, its objects and the results of
//! tasks in the order in which they are made. In a trace an actor is its index, an object its index among those that
//! have a name, and a result the place where its task was submitted.
//!
//! Answers for: the translation. Never knows where events lie.

use rustc_hash::FxHashMap;

use super::note::Noted;
use crate::program::op::OpCode;
use crate::trace::{Datum, Event, Place, Status};
use crate::value::Value;

/// The number of main. What has none below it is not an actor.
pub(crate) const FIRST_ACTOR: u32 = 1;
/// Most actors that a run can start, ended ones included.
pub(crate) const ACTORS_MAX: u32 = 1 << 20;

/// The place of an event in sixty-four bits: actor plus 1 above, number below; 0 for none.
pub(crate) fn pack_place(actor: u32, seq: u32) -> u64 {
    ((actor as u64 + 1) << 32) | seq as u64
}

/// The reverse of [`pack_place`].
fn unpack_place(place: u64) -> Option<(u32, u32)> {
    let actor = (place >> 32) as u32;
    (actor > 0).then(|| (actor - 1, place as u32))
}

/// Knows what numbers mean.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    /// Operations by number.
    pub(crate) operations: Vec<OpCode>,
    /// Names of tasks, by number.
    pub(crate) tasks: Vec<String>,
    /// From an object's id to its index in the trace.
    pub(crate) objects: FxHashMap<u32, u32>,
    /// From a result's id to where it was submitted.
    results: FxHashMap<u32, Place>,
}

impl Numbers {
    /// Without objects and results yet.
    pub(crate) fn new(operations: Vec<OpCode>, tasks: Vec<String>) -> Numbers {
        Numbers { operations, tasks, ..Numbers::default() }
    }

    /// Where an event is, by the number of its actor.
    pub(crate) fn place(number: u32, seq: u32) -> Option<Place> {
        Some(Place { actor: number.checked_sub(FIRST_ACTOR)?, seq })
    }

    /// A submission tells where its result comes from.
    pub(crate) fn learn_result(&mut self, place: Place, noted: &Noted) {
        if let Ok(Value::Result(result)) = &noted.came {
            self.results.entry(result.0).or_insert(place);
        }
    }

    /// The event that was noted. What it says of a result takes having learnt all of them.
    pub(crate) fn event(&self, place: Place, noted: &Noted) -> Event {
        let op = self.operations.get(usize::from(noted.op)).copied().unwrap_or(OpCode::Mark);
        // An operation on a result says first which: the one that was submitted there.
        let result = noted.object.and_then(|id| self.results.get(&id)).filter(|_| op >= OpCode::PoolDone);
        let own: &[Value] = match &noted.args {
            Value::List(args) => args.as_slice(),
            _ => &[],
        };
        let mut args = Vec::with_capacity(own.len() + usize::from(result.is_some()));
        args.extend(result.map(|place| Datum::Result(*place)));
        args.extend(own.iter().map(|arg| self.datum(arg)));
        Event {
            place,
            time_ns: noted.time_ns,
            line: noted.line,
            op,
            object: noted.object.and_then(|id| self.objects.get(&id).copied()),
            actor: noted.actor.and_then(|number| number.checked_sub(FIRST_ACTOR)),
            ticket: noted.ticket,
            // What the supervisor did has no event.
            cause: unpack_place(noted.cause).and_then(|(number, seq)| Numbers::place(number, seq)),
            args,
            status: match &noted.came {
                Ok(value) => Status::Gave(self.datum(value)),
                Err(error) => Status::Raised(error.kind.name().to_owned(), error.message.to_string()),
            },
        }
    }

    fn datum(&self, value: &Value) -> Datum {
        let all = |items: &mut dyn Iterator<Item = &Value>| items.map(|item| self.datum(item)).collect();
        match value {
            Value::None => Datum::None,
            Value::Bool(value) => Datum::Bool(*value),
            Value::Int(value) => Datum::Int(*value),
            Value::Float(value) => Datum::Float(*value),
            Value::Duration(ns) => Datum::Duration(*ns),
            Value::Pid(pid) => Datum::Pid(*pid),
            Value::Elapsed(ns) => Datum::Elapsed(*ns),
            Value::Str(text) if text.masks.is_empty() => Datum::Str(text.text.clone()),
            Value::Str(text) => Datum::Masked(text.text.clone(), text.masks.clone()),
            Value::List(items) => Datum::List(all(&mut items.iter())),
            Value::Set(items) => Datum::Set(all(&mut items.iter())),
            Value::Map(entries) => {
                Datum::Map(entries.iter().map(|(key, value)| (self.datum(key), self.datum(value))).collect())
            }
            Value::Range(range) => {
                Datum::Range(Box::new(self.datum(&range.low)), Box::new(self.datum(&range.high)), range.inclusive)
            }
            Value::Object(object) => self.objects.get(&object.id).map_or(Datum::None, |index| Datum::Object(*index)),
            Value::Actor(actor) => Datum::Actor(actor.0.saturating_sub(FIRST_ACTOR)),
            Value::Result(result) => self.results.get(&result.0).map_or(Datum::None, |place| Datum::Result(*place)),
            Value::Task(task) => Datum::Task(self.tasks.get(*task as usize).cloned().unwrap_or_default()),
            Value::Error(error) => Datum::Str(format!("{}: {}", error.kind.name(), error.message)),
        }
    }
}
