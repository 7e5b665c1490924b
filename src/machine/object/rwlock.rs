//! Locks with two sides: many read, or one writes. To arrive as a waiting writer is a step; who does goes before new
//! readers, and gets the lock in the step that frees it, first come first.

use std::collections::BTreeMap;

use super::{Act, Came, Object, fault, gives_up, object_of};
use crate::machine::step::Tx;
use crate::program::op::{Op, OpCode, Target};
use crate::value::{Error, Side, Value};

#[derive(Clone, Debug, Default)]
pub(in crate::machine) struct Rwlock {
    pub(in crate::machine) writer: Option<u32>,
    /// Who reads, and how often.
    pub(in crate::machine) readers: BTreeMap<u32, u32>,
    /// Writers that wait, in order.
    pub(in crate::machine) waiting: Vec<u32>,
    /// A writer was killed while it held it, and nobody has been told.
    pub(in crate::machine) orphaned: bool,
}

/// The side of an rwlock that an operation is performed on.
pub(super) fn side(op: &Op) -> Option<Side> {
    match op.target {
        Target::Object(object) => object.side(),
        _ => None,
    }
}

impl Rwlock {
    fn is_free(&self) -> bool {
        self.writer.is_none() && self.readers.is_empty()
    }

    pub(super) fn is_open_to(&self, side: Side) -> bool {
        match side {
            Side::Read => self.writer.is_none() && self.waiting.is_empty(),
            Side::Write => self.is_free(),
        }
    }

    pub(super) fn can(&self, op: &Op) -> bool {
        op.code != OpCode::RwAcquire || gives_up(op) || side(op).is_none_or(|side| self.is_open_to(side))
    }

    /// Who holds it.
    pub(in crate::machine) fn holders(&self) -> Vec<u32> {
        self.writer.iter().chain(self.readers.keys()).copied().collect()
    }

    pub(in crate::machine) fn is_held_by(&self, actor: u32) -> bool {
        self.writer == Some(actor) || self.readers.contains_key(&actor)
    }

    pub(in crate::machine) fn forget(&mut self, actor: u32) {
        self.waiting.retain(|writer| *writer != actor);
    }

    /// Takes it; where a writer was killed that held it, with the error that says so.
    fn take(&mut self, me: u32, side: Side) -> Came {
        match side {
            Side::Read => *self.readers.entry(me).or_default() += 1,
            Side::Write => self.writer = Some(me),
        }
        if std::mem::take(&mut self.orphaned) { Err(fault::owner_died()) } else { Ok(Value::Bool(true)) }
    }

    fn release(&mut self, me: u32, side: Side) -> Result<(), Error> {
        match side {
            Side::Write if self.writer == Some(me) => self.writer = None,
            Side::Write if self.writer.is_none() => return Err(fault::not_held()),
            Side::Write => return Err(fault::held_by_another()),
            Side::Read => match self.readers.remove(&me) {
                Some(shares) if shares > 1 => drop(self.readers.insert(me, shares - 1)),
                Some(_) => {}
                None if self.readers.is_empty() => return Err(fault::not_held()),
                None => return Err(fault::held_by_another()),
            },
        }
        Ok(())
    }
}

pub(super) fn perform(tx: &mut Tx<'_>, me: u32, id: u32, op: &Op) -> Act {
    let Some(Object::Rwlock(lock)) = tx.state.object_mut(id) else { return Act::Done(Err(fault::no_runtime())) };
    Act::Done(match (op.code, side(op)) {
        (OpCode::RwAcquire, Some(side)) if lock.is_open_to(side) => lock.take(me, side),
        (OpCode::RwAcquire, Some(Side::Write)) if !gives_up(op) => {
            lock.waiting.push(me);
            return Act::Parked;
        }
        (OpCode::RwAcquire, Some(_)) => Ok(Value::Bool(false)),
        (OpCode::RwRelease, Some(side)) => lock.release(me, side).map(|()| {
            hand_on(tx, id);
            Value::None
        }),
        (OpCode::RwAcquire | OpCode::RwRelease, None) => Err(fault::no_side()),
        (OpCode::LockLocked, Some(Side::Read)) => Ok(Value::Bool(!lock.readers.is_empty())),
        (OpCode::LockLocked, Some(Side::Write)) => Ok(Value::Bool(lock.writer.is_some())),
        (OpCode::LockLocked, None) => Ok(Value::Bool(!lock.is_free())),
        _ => Err(fault::no_runtime()),
    })
}

/// Where it is free, the first writer that waits has it.
fn hand_on(tx: &mut Tx<'_>, id: u32) {
    let Some(Object::Rwlock(lock)) = tx.state.object_mut(id) else { return };
    if !lock.is_free() || lock.waiting.is_empty() {
        return;
    }
    let next = lock.waiting.remove(0);
    let came = lock.take(next, Side::Write);
    tx.complete(next, came);
}

pub(super) fn time_out(tx: &mut Tx<'_>, me: u32, op: &Op) {
    if let Some(Object::Rwlock(lock)) = object_of(op).and_then(|id| tx.state.object_mut(id)) {
        lock.forget(me);
    }
}

/// One who holds it was killed: a reader gives its shares back, a writer leaves what it was about to write.
pub(in crate::machine) fn holder_died(tx: &mut Tx<'_>, id: u32, dead: u32) {
    let Some(Object::Rwlock(lock)) = tx.state.object_mut(id) else { return };
    if lock.writer == Some(dead) {
        lock.writer = None;
        lock.orphaned = true;
    }
    lock.readers.remove(&dead);
    hand_on(tx, id);
}
