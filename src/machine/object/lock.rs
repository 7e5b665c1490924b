//! Locks, reentrant or not.

use super::{Came, Object, fault, gives_up};
use crate::machine::step::Tx;
use crate::program::op::{Op, OpCode};
use crate::value::Value;

#[derive(Clone, Debug, Default)]
pub(in crate::machine) struct Lock {
    pub(in crate::machine) holder: Option<u32>,
    pub(in crate::machine) depth: u32,
    pub(in crate::machine) reentrant: bool,
    /// Its holder was killed, and nobody has been told.
    pub(in crate::machine) orphaned: bool,
}

impl Lock {
    pub(super) fn new(reentrant: bool) -> Lock {
        Lock { reentrant, ..Lock::default() }
    }

    pub(in crate::machine) fn is_free(&self) -> bool {
        self.holder.is_none()
    }

    fn is_open_to(&self, actor: u32) -> bool {
        self.is_free() || (self.reentrant && self.holder == Some(actor))
    }

    pub(super) fn can(&self, me: u32, op: &Op) -> bool {
        op.code != OpCode::LockAcquire || self.is_open_to(me) || gives_up(op)
    }

    /// Performs one of the operations that every lock has.
    pub(super) fn act(&mut self, me: u32, code: OpCode) -> Came {
        match code {
            OpCode::LockAcquire if !self.is_open_to(me) => Ok(Value::Bool(false)),
            OpCode::LockAcquire => {
                let depth = if self.is_free() { 1 } else { self.depth + 1 };
                self.take(me, depth)?;
                Ok(Value::Bool(true))
            }
            OpCode::LockRelease => self.release(me),
            OpCode::LockLocked => Ok(Value::Bool(!self.is_free())),
            _ => Err(fault::no_runtime()),
        }
    }

    /// Takes it; where its holder was killed, with the error that says so.
    pub(super) fn take(&mut self, me: u32, depth: u32) -> Result<(), crate::value::Error> {
        self.holder = Some(me);
        self.depth = depth;
        if std::mem::take(&mut self.orphaned) { Err(fault::owner_died()) } else { Ok(()) }
    }

    fn release(&mut self, me: u32) -> Came {
        match self.holder {
            None => return Err(fault::not_held()),
            Some(holder) if self.reentrant && holder != me => return Err(fault::held_by_another()),
            Some(_) if self.reentrant && self.depth > 1 => self.depth -= 1,
            Some(_) => self.free(),
        }
        Ok(Value::None)
    }

    /// Frees it, whatever its depth.
    pub(super) fn free(&mut self) {
        self.holder = None;
        self.depth = 0;
    }

    /// Its holder was killed.
    pub(in crate::machine) fn orphan(&mut self, dead: u32) {
        if self.holder == Some(dead) {
            self.free();
            self.orphaned = true;
        }
    }
}

pub(super) fn perform(tx: &mut Tx<'_>, me: u32, id: u32, op: &Op) -> Came {
    match tx.state.object_mut(id) {
        Some(Object::Lock(lock)) => lock.act(me, op.code),
        _ => Err(fault::no_runtime()),
    }
}
