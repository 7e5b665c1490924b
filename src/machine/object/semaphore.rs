//! Semaphores, bounded or not.

use super::{Came, Object, fault, gives_up};
use crate::machine::step::Tx;
use crate::program::op::{Op, OpCode};
use crate::value::Value;

#[derive(Clone, Debug)]
pub(in crate::machine) struct Semaphore {
    pub(in crate::machine) value: i64,
    pub(in crate::machine) most: i64,
}

impl Semaphore {
    pub(super) fn new(value: i64, bounded: bool) -> Semaphore {
        Semaphore { value, most: if bounded { value } else { i64::MAX } }
    }

    pub(super) fn value(&self) -> i64 {
        self.value
    }

    pub(super) fn can(&self, op: &Op) -> bool {
        op.code != OpCode::SemaphoreAcquire || self.value > 0 || gives_up(op)
    }

    fn release(&mut self, count: &Value) -> Came {
        let (Value::Int(count) | Value::Pid(count)) = count else {
            return Err(fault::not_a_count("the number to release"));
        };
        if *count < 1 {
            return Err(fault::no_permit(*count));
        }
        match self.value.checked_add(*count).filter(|after| *after <= self.most) {
            None => Err(fault::surplus_release()),
            Some(after) => {
                self.value = after;
                Ok(Value::None)
            }
        }
    }
}

pub(super) fn perform(tx: &mut Tx<'_>, id: u32, op: &Op) -> Came {
    let Some(Object::Semaphore(semaphore)) = tx.state.object_mut(id) else { return Err(fault::no_runtime()) };
    match op.code {
        OpCode::SemaphoreAcquire if semaphore.value > 0 => {
            semaphore.value -= 1;
            Ok(Value::Bool(true))
        }
        OpCode::SemaphoreAcquire => Ok(Value::Bool(false)),
        OpCode::SemaphoreRelease => semaphore.release(op.args.get(0)),
        OpCode::SemaphoreValue => Ok(Value::Int(semaphore.value)),
        _ => Err(fault::no_runtime()),
    }
}
