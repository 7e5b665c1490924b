//! Who holds which lock, under whichever name.
//!
//! Answers for: a state's locks, conditions over them included. Never changes one.

use crate::machine::State;
use crate::machine::actor::{Actor, Phase};
use crate::machine::object::{Object, condition};
use crate::program::op::{Op, OpCode};
use crate::vm::{On, is_plain, on};

/// The locks that an actor holds when the operation at which it stands is done, under each of their names.
pub(super) fn held_after(state: &State, actor: &Actor) -> Vec<u32> {
    let on_lock = |op: &Op| match on(op.target) {
        On::Object(id, _) => Some(lock_of(state, id)),
        _ => None,
    };
    let (op, again) = match &actor.phase {
        Phase::At(at) => (Some(&at.op), false),
        Phase::Again { op, .. } => (Some(op), true),
        _ => (None, false),
    };
    let takes = |op: &Op| {
        let acquires = op.code == OpCode::LockAcquire && is_plain(op.code, Some(op.args.as_slice()));
        acquires || again || op.code == OpCode::ConditionWait
    };
    let taken = op.filter(|op| takes(op)).and_then(|op| on_lock(op));
    let given = op.filter(|op| op.code == OpCode::LockRelease).and_then(|op| on_lock(op));
    let is_held = |id: &u32| {
        let lock = lock_of(state, *id);
        (state.holds(actor.id, lock) || taken == Some(lock)) && given != Some(lock)
    };
    state.locks().filter(is_held).collect()
}

/// The lock that an object is: of a condition over a declared lock, that one.
pub(super) fn lock_of(state: &State, id: u32) -> u32 {
    condition::declared_lock(state, id).unwrap_or(id)
}

pub(super) fn holder(state: &State, lock: u32) -> Option<u32> {
    match state.object(lock)? {
        Object::Lock(lock) => lock.holder,
        Object::Condition(over) => condition::lock(state, over).and_then(|lock| lock.holder),
        _ => None,
    }
}
