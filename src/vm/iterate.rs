//! What `for` goes through, one turn at a time.
//!
//! Answers for: the two registers of a loop. Never performs the operation that a turn may be.

use super::context::Context;
use crate::program::op::{Args, Op, OpCode, Target};
use crate::value::{self, Error, ObjectKind, Value};

/// One turn.
pub(super) enum Next {
    Item(Value),
    Int(i64),
    End,
    /// The world has to be asked.
    Ask(Op),
}

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

/// Takes a turn.
#[inline(always)]
pub(super) fn next(regs: &mut [Value], base: u16) -> Next {
    let Some([over, at]) = regs.get_mut(base as usize..base as usize + 2) else { return Next::End };
    match (&mut *over, &mut *at) {
        (Value::Int(last), Value::Int(next)) => {
            let int = *next;
            if int < *last {
                *next = int + 1;
            } else {
                *over = Value::None;
            }
            Next::Int(int)
        }
        (Value::List(items), Value::Int(next)) => match items.get(*next as usize) {
            Some(item) => {
                *next += 1;
                match item {
                    Value::Int(int) => Next::Int(*int),
                    item => Next::Item(item.clone()),
                }
            }
            None => {
                *over = Value::None;
                Next::End
            }
        },
        (over, _) => ask(over),
    }
}

#[cold]
fn ask(over: &Value) -> Next {
    let block = || Args::from_values([Value::Bool(true), Value::None]);
    match over {
        Value::Object(object) if object.kind == ObjectKind::Queue => {
            Next::Ask(Context::op(OpCode::QueueNext, Target::Object(*object), block()))
        }
        Value::Object(object) => Next::Ask(Context::op(OpCode::PipeNext, Target::Object(*object), Args::none())),
        Value::Result(result) => {
            Next::Ask(Context::op(OpCode::ResultNext, Target::Result(*result), Args::from_values([Value::None])))
        }
        _ => Next::End,
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
