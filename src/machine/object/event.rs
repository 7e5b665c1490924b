//! Events: a flag; whoever had begun to wait when it was set goes on, whatever becomes of the flag.

use super::{Came, Object, fault, gives_up, object_of};
use crate::machine::actor::Phase;
use crate::machine::step::Tx;
use crate::program::op::{Op, OpCode};
use crate::value::Value;

#[derive(Clone, Debug, Default)]
pub(in crate::machine) struct Event {
    pub(in crate::machine) set: bool,
}

impl Event {
    pub(super) fn can(&self, op: &Op) -> bool {
        op.code != OpCode::EventWait || self.set || gives_up(op)
    }
}

pub(super) fn perform(tx: &mut Tx<'_>, id: u32, op: &Op) -> Came {
    let Some(Object::Event(event)) = tx.state.object_mut(id) else { return Err(fault::no_runtime()) };
    match op.code {
        OpCode::EventSet => {
            event.set = true;
            for waiter in parked(tx, id) {
                tx.complete(waiter, Ok(Value::Bool(true)));
            }
            Ok(Value::None)
        }
        OpCode::EventClear => {
            event.set = false;
            Ok(Value::None)
        }
        OpCode::EventIsSet | OpCode::EventWait => Ok(Value::Bool(event.set)),
        _ => Err(fault::no_runtime()),
    }
}

/// Who has begun to wait in an object.
pub(super) fn parked(tx: &Tx<'_>, id: u32) -> Vec<u32> {
    let waits = |phase: &Phase| matches!(phase, Phase::At(at) if at.parked && object_of(&at.op) == Some(id));
    tx.state.actors.iter().filter(|actor| waits(&actor.phase)).map(|actor| actor.id).collect()
}
