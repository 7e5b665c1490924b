//! Whether a value of the machine's is what a trace has.
//!
//! Answers for: comparing by names, and passing over what no two runs share (ids, measured times). Never steps.

use rustc_hash::FxHashMap;

use crate::machine::{Machine, Noted, State};
use crate::program::op::OpCode;
use crate::trace::{Datum, Event, Place, Status, TraceData};
use crate::value::{Error, Mask, Value};

/// What names mean on both sides.
pub(super) struct Names<'a> {
    pub(super) machine: &'a Machine,
    pub(super) data: &'a TraceData,
    pub(super) state: &'a State,
    /// Results of the machine's by where they were submitted.
    pub(super) results: &'a FxHashMap<Place, u32>,
}

impl Names<'_> {
    /// Whether an event is what the machine noted.
    pub(super) fn agree(&self, event: &Event, noted: &Noted) -> bool {
        event.op == noted.op && self.same_args(event, noted) && self.same_came(event, noted)
    }

    fn same_args(&self, event: &Event, noted: &Noted) -> bool {
        // What an arrival or an end tells beside itself is for people; a condition's time left is a measured one.
        if matches!(
            event.op,
            OpCode::Arrive | OpCode::Begin | OpCode::End | OpCode::ConditionWait | OpCode::Start | OpCode::Create
        ) {
            return true;
        }
        let args = match event.args.split_first() {
            Some((Datum::Result(_), rest)) if event.op >= OpCode::PoolDone => rest,
            _ => &event.args[..],
        };
        let own = noted.args.as_slice();
        args.len() == own.len() && args.iter().zip(own).all(|(datum, value)| self.same(datum, value))
    }

    fn same_came(&self, event: &Event, noted: &Noted) -> bool {
        match (&event.status, &noted.came) {
            // A result is known by where it was submitted: by this very event.
            (Status::Gave(Datum::Result(_)), Ok(Value::Result(_))) => true,
            (Status::Gave(datum), Ok(value)) => self.same(datum, value),
            (Status::Raised(kind, message), Err(error)) => same_error(kind, message, error),
            _ => false,
        }
    }

    fn all(&self, data: &[Datum], values: &mut dyn ExactSizeIterator<Item = &Value>) -> bool {
        data.len() == values.len() && data.iter().zip(values).all(|(datum, value)| self.same(datum, value))
    }

    fn same(&self, datum: &Datum, value: &Value) -> bool {
        match (datum, value) {
            (Datum::None, Value::None)
            | (Datum::Pid(_), Value::Pid(_))
            | (Datum::Elapsed(_), Value::Elapsed(_) | Value::Duration(_))
            | (Datum::Duration(_), Value::Elapsed(_)) => true,
            (Datum::Bool(a), Value::Bool(b)) => a == b,
            (Datum::Int(a), Value::Int(b)) | (Datum::Duration(a), Value::Duration(b)) => a == b,
            (Datum::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits() || a == b,
            (Datum::Str(a), Value::Str(b)) => unmasked(a, &[]) == unmasked(&b.text, &b.masks),
            (Datum::Masked(a, masks), Value::Str(b)) => unmasked(a, masks) == unmasked(&b.text, &b.masks),
            (Datum::Str(a), Value::Error(error)) => *a == format!("{}: {}", error.kind.name(), error.message),
            (Datum::List(a), Value::List(b)) => self.all(a, &mut b.iter()),
            (Datum::Set(a), Value::Set(b)) => self.all(a, &mut b.iter()),
            (Datum::Map(a), Value::Map(b)) => {
                a.len() == b.len()
                    && a.iter().zip(b.iter()).all(|((k, v), (key, value))| self.same(k, key) && self.same(v, value))
            }
            (Datum::Range(low, high, inclusive), Value::Range(range)) => {
                *inclusive == range.inclusive && self.same(low, &range.low) && self.same(high, &range.high)
            }
            (Datum::Object(index), Value::Object(object)) => {
                let name = self.data.objects.get(*index as usize).map(|detail| detail.name.as_str());
                name == self.machine.object_name(self.state, object.id).as_deref()
            }
            (Datum::Actor(index), Value::Actor(actor)) => {
                // One that nobody can name any more has no name to compare.
                let own = self.state.name(actor.0);
                own.is_empty() || self.data.actors.get(*index as usize).is_some_and(|info| info.name == own)
            }
            (Datum::Result(place), Value::Result(result)) => self.results.get(place) == Some(&result.0),
            (Datum::Task(name), Value::Task(task)) => {
                let tasks = &self.machine.plan().image.program.tasks;
                tasks.get(*task as usize).is_some_and(|task| *task.name == **name)
            }
            // Where an object or result is not in the trace.
            (Datum::None, Value::Object(_) | Value::Result(_)) => true,
            _ => false,
        }
    }
}

fn same_error(kind: &str, message: &str, error: &Error) -> bool {
    error.kind.name() == kind && *error.message == *message
}

/// A text without its masked parts.
fn unmasked(text: &str, masks: &[Mask]) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut done = 0;
    for mask in masks {
        plain.push_str(text.get(done..mask.start as usize).unwrap_or_default());
        plain.push('\u{0}');
        done = mask.end as usize;
    }
    plain.push_str(text.get(done..).unwrap_or_default());
    plain
}
