//! Barriers: to arrive is a step; the last party to do so lets all go. Where there is an action, it runs that first:
//! meanwhile nobody arrives, and nobody's time is over, for all have come.

use super::{Act, Came, Object, body_of, fault, object_of};
use crate::machine::step::Tx;
use crate::program::op::{Op, OpCode};
use crate::value::{Error, Value};

#[derive(Clone, Debug)]
pub(in crate::machine) struct Barrier {
    pub(in crate::machine) parties: i64,
    /// How long a wait without a timeout of its own waits at most, in nanoseconds.
    pub(in crate::machine) timeout: Option<u64>,
    pub(in crate::machine) broken: bool,
    /// Who has arrived in this round, in order.
    pub(in crate::machine) inside: Vec<u32>,
    pub(in crate::machine) acting: Option<Acting>,
}

/// The action is being run.
#[derive(Clone, Copy, Debug)]
pub(in crate::machine) struct Acting {
    /// By the last to arrive.
    pub(in crate::machine) by: u32,
    /// The others have been sent away meanwhile, by an abort, a reset or a death.
    pub(in crate::machine) cut: bool,
}

impl Barrier {
    pub(super) fn new(parties: i64, timeout: Option<u64>) -> Barrier {
        Barrier { parties, timeout, broken: false, inside: Vec::new(), acting: None }
    }

    pub(super) fn can(&self, op: &Op) -> bool {
        op.code != OpCode::BarrierWait || self.acting.is_none() || self.broken
    }
}

pub(super) fn perform(tx: &mut Tx<'_>, me: u32, id: u32, op: &Op) -> Act {
    let action = body_of(tx, id);
    let Some(Object::Barrier(barrier)) = tx.state.object_mut(id) else { return Act::Done(Err(fault::no_runtime())) };
    Act::Done(match op.code {
        OpCode::BarrierWait if barrier.broken => Err(fault::barrier_broken()),
        OpCode::BarrierWait => {
            if (barrier.inside.len() as i64) + 1 < barrier.parties {
                barrier.inside.push(me);
                return Act::Parked;
            }
            if let Some(code) = action {
                barrier.acting = Some(Acting { by: me, cut: false });
                tx.note_arrival(me, op);
                return Act::Calls { code, then: OpCode::BarrierActed };
            }
            tx.note_arrival(me, op);
            Ok(pass(tx, id))
        }
        OpCode::BarrierActed => acted(tx, id, op),
        OpCode::BarrierAbort => {
            break_it(tx, id);
            Ok(Value::None)
        }
        OpCode::BarrierReset => {
            send_away(tx, id);
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

/// All have come, and go on with their indices; gives that of the last.
fn pass(tx: &mut Tx<'_>, id: u32) -> Value {
    let Some(Object::Barrier(barrier)) = tx.state.object_mut(id) else { return Value::None };
    let last = barrier.parties - 1;
    let parties = std::mem::take(&mut barrier.inside);
    (0..).zip(parties).for_each(|(index, party)| tx.complete(party, Ok(Value::Int(index))));
    Value::Int(last)
}

/// The action has ended, perhaps with an error.
fn acted(tx: &mut Tx<'_>, id: u32, op: &Op) -> Came {
    let Some(Object::Barrier(barrier)) = tx.state.object_mut(id) else { return Err(fault::no_runtime()) };
    let cut = barrier.acting.take().is_none_or(|acting| acting.cut);
    match op.args.get(0) {
        Value::Error(error) => {
            if !cut {
                break_it(tx, id);
            }
            Err(Error::clone(error))
        }
        _ if cut => Err(fault::barrier_broken()),
        _ => Ok(pass(tx, id)),
    }
}

/// Lets everyone go who is inside, with the error that it is broken.
fn send_away(tx: &mut Tx<'_>, id: u32) {
    let Some(Object::Barrier(barrier)) = tx.state.object_mut(id) else { return };
    if let Some(acting) = &mut barrier.acting {
        acting.cut = true;
    }
    let parties = std::mem::take(&mut barrier.inside);
    let came: Came = Err(fault::barrier_broken());
    parties.into_iter().for_each(|party| tx.complete(party, came.clone()));
}

/// Breaks it for everyone.
pub(in crate::machine) fn break_it(tx: &mut Tx<'_>, id: u32) {
    if let Some(Object::Barrier(barrier)) = tx.state.object_mut(id) {
        barrier.broken = true;
    }
    send_away(tx, id);
}

/// The one who runs the action was killed.
pub(in crate::machine) fn runner_died(tx: &mut Tx<'_>, id: u32) {
    let Some(Object::Barrier(barrier)) = tx.state.object_mut(id) else { return };
    if barrier.acting.take().is_some_and(|acting| !acting.cut) {
        break_it(tx, id);
    }
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
