//! What `for` goes through, one turn at a time.
//!
//! Answers for: the two registers of a loop. Never performs the operation that a turn may be.

use super::context::Context;
use crate::program::op::{Args, Op, OpCode, Target};
use crate::value::{self, Error, ObjectKind, Value};

/// Makes ready: what is gone through, and how far. A range becomes its last int and the next one.
pub(super) fn start(value: &Value) -> Result<(Value, Value), Error> {
    match value {
        Value::Object(object) if matches!(object.kind, ObjectKind::Queue | ObjectKind::PipeEnd) => {
            Ok((value.clone(), Value::None))
        }
        Value::Result(_) => Ok((value.clone(), Value::None)),
        Value::Range(range) => match (&range.low, &range.high, range.inclusive) {
            (Value::Int(low) | Value::Pid(low), Value::Int(high) | Value::Pid(high), true) => {
                Ok(ints(*low, Some(*high)))
            }
            (Value::Int(low) | Value::Pid(low), Value::Int(high) | Value::Pid(high), false) => {
                Ok(ints(*low, high.checked_sub(1)))
            }
            _ => value::bounds(range).map(|(low, high)| ints(low, high.checked_sub(1))),
        },
        other => Ok((Value::List(value::items(other)?), Value::Int(0))),
    }
}

fn ints(low: i64, last: Option<i64>) -> (Value, Value) {
    match last {
        Some(last) if low <= last => (Value::Int(last), Value::Int(low)),
        _ => (Value::None, Value::None),
    }
}

/// The operation that a turn is, where the world has to be asked; none at the end.
#[cold]
pub(super) fn ask(over: &Value) -> Option<Op> {
    let block = || Args::from_values([Value::Bool(true), Value::None]);
    match over {
        Value::Object(object) if object.kind == ObjectKind::Queue => {
            Some(Context::op(OpCode::QueueNext, Target::Object(*object), block()))
        }
        Value::Object(object) => Some(Context::op(OpCode::PipeNext, Target::Object(*object), Args::none())),
        Value::Result(result) => {
            Some(Context::op(OpCode::ResultNext, Target::Result(*result), Args::from_values([Value::None])))
        }
        _ => None,
    }
}

/// What the world's answer to a turn means: an item, or the end.
pub(super) fn answered(over: &Value, answer: Value) -> Option<Value> {
    match (over, answer) {
        (Value::Object(_), Value::List(turn)) => match turn.as_slice() {
            [Value::Bool(true), item] => Some(item.clone()),
            _ => None,
        },
        (_, item) => Some(item),
    }
}
