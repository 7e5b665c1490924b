//! Events: a flag; whoever had begun to wait when it was set goes on, whatever becomes of the flag.

use super::{Came, Object, fault, gives_up};
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
            for (waiter, case) in tx.state.parked(id) {
                tx.complete_in(waiter, case, Ok(Value::Bool(true)));
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
