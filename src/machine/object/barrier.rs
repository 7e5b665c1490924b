//! Barriers: to arrive is a step; the last party to do so lets all go.

use super::{Act, Came, Object, fault, object_of};
use crate::machine::step::Tx;
use crate::program::op::{Op, OpCode};
use crate::value::{Error, Value};

#[derive(Clone, Debug)]
pub(in crate::machine) struct Barrier {
    pub(in crate::machine) parties: i64,
    pub(in crate::machine) broken: bool,
    /// Who has arrived in this round, in order.
    pub(in crate::machine) inside: Vec<u32>,
}

impl Barrier {
    pub(super) fn new(parties: i64) -> Barrier {
        Barrier { parties, broken: false, inside: Vec::new() }
    }
}

pub(super) fn perform(tx: &mut Tx<'_>, me: u32, id: u32, op: &Op) -> Act {
    let Some(Object::Barrier(barrier)) = tx.state.object_mut(id) else { return Act::Done(Err(fault::no_runtime())) };
    Act::Done(match op.code {
        OpCode::BarrierWait if barrier.broken => Err(fault::barrier_broken()),
        OpCode::BarrierWait => {
            let index = barrier.inside.len() as i64;
            if index + 1 < barrier.parties {
                barrier.inside.push(me);
                return Act::Parked;
            }
            let parties = std::mem::take(&mut barrier.inside);
            tx.note_arrival(me, op);
            for (index, party) in (0..).zip(parties) {
                tx.complete(party, Ok(Value::Int(index)));
            }
            Ok(Value::Int(index))
        }
        OpCode::BarrierAbort => {
            break_it(tx, id);
            Ok(Value::None)
        }
        OpCode::BarrierReset => {
            release(tx, id);
            if let Some(Object::Barrier(barrier)) = tx.state.object_mut(id) {
                barrier.broken = false;
            }
            Ok(Value::None)
        }
        OpCode::BarrierParties => Ok(Value::Int(barrier.parties)),
        OpCode::BarrierBroken => Ok(Value::Bool(barrier.broken)),
        _ => Err(fault::no_runtime()),
    })
}

/// Lets everyone go who is inside, with the error that it is broken.
fn release(tx: &mut Tx<'_>, id: u32) {
    let Some(Object::Barrier(barrier)) = tx.state.object_mut(id) else { return };
    let parties = std::mem::take(&mut barrier.inside);
    let came: Came = Err(fault::barrier_broken());
    parties.into_iter().for_each(|party| tx.complete(party, came.clone()));
}

/// Breaks it for everyone.
pub(in crate::machine) fn break_it(tx: &mut Tx<'_>, id: u32) {
    if let Some(Object::Barrier(barrier)) = tx.state.object_mut(id) {
        barrier.broken = true;
    }
    release(tx, id);
}

pub(super) fn time_out(tx: &mut Tx<'_>, me: u32, op: &Op) -> Error {
    if let Some(id) = object_of(op) {
        if let Some(Object::Barrier(barrier)) = tx.state.object_mut(id) {
            barrier.inside.retain(|party| *party != me);
        }
        break_it(tx, id);
    }
    fault::barrier_late()
}
