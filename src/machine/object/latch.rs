//! Latches: a count; whoever had begun to wait when it came to zero goes on, whatever is added then.

use super::{Came, Object, fault, gives_up};
use crate::machine::step::Tx;
use crate::program::fault::not_a_count;
use crate::program::op::{Op, OpCode};
use crate::value::{Error, Value};

#[derive(Clone, Debug)]
pub(in crate::machine) struct Latch {
    pub(in crate::machine) count: i64,
}

impl Latch {
    pub(super) fn new(count: i64) -> Result<Latch, Error> {
        if count < 0 { Err(fault::negative_latch(count)) } else { Ok(Latch { count }) }
    }

    pub(super) fn can(&self, op: &Op) -> bool {
        op.code != OpCode::LatchWait || self.count == 0 || gives_up(op)
    }

    fn count_down(&mut self, by: i64) -> Result<(), Error> {
        self.count = self.count.checked_sub(by).filter(|left| *left >= 0).ok_or_else(fault::latch_below_zero)?;
        Ok(())
    }

    fn add(&mut self, more: i64) -> Result<(), Error> {
        self.count = self.count.checked_add(more).ok_or_else(fault::latch_too_high)?;
        Ok(())
    }
}

pub(super) fn perform(tx: &mut Tx<'_>, id: u32, op: &Op) -> Came {
    let Some(Object::Latch(latch)) = tx.state.object_mut(id) else { return Err(fault::no_runtime()) };
    match op.code {
        OpCode::LatchCountDown => {
            latch.count_down(step(op)?)?;
            if latch.count == 0 {
                for (waiter, case) in tx.state.parked(id) {
                    tx.complete_in(waiter, case, Ok(Value::Bool(true)));
                }
            }
            Ok(Value::None)
        }
        OpCode::LatchAdd => {
            latch.add(step(op)?)?;
            Ok(Value::None)
        }
        OpCode::LatchWait => Ok(Value::Bool(latch.count == 0)),
        OpCode::LatchCount => Ok(Value::Int(latch.count)),
        _ => Err(fault::no_runtime()),
    }
}

/// By how much it is counted.
fn step(op: &Op) -> Result<i64, Error> {
    match op.args.get(0) {
        Value::Int(by) | Value::Pid(by) if *by >= 1 => Ok(*by),
        Value::Int(_) | Value::Pid(_) => Err(fault::latch_by_less_than_one()),
        _ => Err(not_a_count("the number to count by")),
    }
}
