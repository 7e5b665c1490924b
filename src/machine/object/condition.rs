//! Conditions: a wait is {enqueue, release} in one step, then, once notified or out of time, another acquisition.

use std::sync::Arc;

use super::lock::Lock;
use super::{Act, Came, Object, fault, object_of};
use crate::machine::State;
use crate::machine::actor::Phase;
use crate::machine::step::Tx;
use crate::program::op::{Op, OpCode};
use crate::value::Value;

#[derive(Clone, Debug)]
pub(in crate::machine) struct Condition {
    pub(in crate::machine) under: Under,
    /// Who waits to be notified: the depth at which each held the lock.
    pub(in crate::machine) waiters: Vec<(u32, u32)>,
}

/// The lock of a condition.
#[derive(Clone, Debug)]
pub(in crate::machine) enum Under {
    /// Its own.
    Own(Lock),
    /// One that was declared.
    Declared(u32),
}

impl Condition {
    pub(super) fn new(under: Under) -> Condition {
        Condition { under, waiters: Vec::new() }
    }

    /// Which waiters a notification may wake, beside the first ones.
    pub(super) fn alternatives(&self, op: &Op) -> Vec<Vec<u32>> {
        let count = usize::try_from(count(op)).unwrap_or(0);
        let waiters: Vec<u32> = self.waiters.iter().map(|(actor, _)| *actor).collect();
        if count == 0 || count >= waiters.len() {
            return Vec::new();
        }
        let mut chosen = vec![Vec::new()];
        for (at, waiter) in waiters.iter().enumerate() {
            let longer: Vec<Vec<u32>> = chosen
                .iter()
                .filter(|some: &&Vec<u32>| some.len() < count && some.len() + (waiters.len() - at) >= count)
                .map(|some| some.iter().copied().chain([*waiter]).collect())
                .collect();
            chosen.extend(longer);
        }
        chosen.retain(|some| some.len() == count && some[..] != waiters[..count]);
        chosen
    }

    pub(in crate::machine) fn forget(&mut self, actor: u32) {
        self.waiters.retain(|(waiter, _)| *waiter != actor);
    }
}

fn count(op: &Op) -> i64 {
    match (op.code, op.args.get(0)) {
        (OpCode::ConditionNotifyAll, _) => i64::MAX,
        (_, Value::Int(n) | Value::Pid(n)) => *n,
        _ => 1,
    }
}

/// The lock of a condition.
pub(in crate::machine) fn lock<'s>(state: &'s State, condition: &'s Condition) -> Option<&'s Lock> {
    match &condition.under {
        Under::Own(lock) => Some(lock),
        Under::Declared(id) => match state.object(*id) {
            Some(Object::Lock(lock)) => Some(lock),
            _ => None,
        },
    }
}

/// The id of the lock that was declared for a condition.
pub(in crate::machine) fn declared_lock(state: &State, id: u32) -> Option<u32> {
    match state.made(id) {
        Some(Object::Condition(Condition { under: Under::Declared(lock), .. })) => Some(*lock),
        _ => None,
    }
}

fn lock_mut<'t>(tx: &'t mut Tx<'_>, id: u32) -> Option<&'t mut Lock> {
    let of = declared_lock(tx.state, id).unwrap_or(id);
    match tx.state.object_mut(of) {
        Some(Object::Lock(lock) | Object::Condition(Condition { under: Under::Own(lock), .. })) => Some(lock),
        _ => None,
    }
}

/// Whether the lock can be taken again that a wait has let go.
pub(in crate::machine) fn lock_is_free(state: &State, op: &Op) -> bool {
    match object_of(op).and_then(|id| state.object(id)) {
        Some(Object::Condition(condition)) => lock(state, condition).is_none_or(Lock::is_free),
        _ => true,
    }
}

pub(super) fn can(state: &State, condition: &Condition, me: u32, op: &Op) -> bool {
    match op.code {
        OpCode::LockAcquire => lock(state, condition).is_none_or(|lock| lock.can(me, op)),
        _ => true,
    }
}

pub(super) fn perform(tx: &mut Tx<'_>, me: u32, id: u32, op: &Op) -> Act {
    let Some(lock) = lock_mut(tx, id) else { return Act::Done(Err(fault::no_runtime())) };
    let held = lock.holder == Some(me);
    match op.code {
        OpCode::ConditionWait | OpCode::ConditionNotify | OpCode::ConditionNotifyAll if !held => {
            Act::Done(Err(fault::condition_not_held()))
        }
        OpCode::ConditionWait => {
            let depth = lock.depth;
            lock.free();
            if let Some(Object::Condition(condition)) = tx.state.object_mut(id) {
                condition.waiters.push((me, depth));
            }
            Act::Parked
        }
        OpCode::ConditionNotify | OpCode::ConditionNotifyAll => Act::Done(notify(tx, id, op)),
        code => Act::Done(lock.act(me, code)),
    }
}

fn notify(tx: &mut Tx<'_>, id: u32, op: &Op) -> Came {
    let count = count(op);
    let Ok(count) = usize::try_from(count) else { return Err(fault::negative_notify(count)) };
    let served = tx.served.to_vec();
    let Some(Object::Condition(condition)) = tx.state.object_mut(id) else { return Err(fault::no_runtime()) };
    let waiters = std::mem::take(&mut condition.waiters);
    let (woken, left): (Vec<_>, Vec<_>) = if served.is_empty() {
        let count = count.min(waiters.len());
        let left = waiters[count..].to_vec();
        (waiters[..count].to_vec(), left)
    } else {
        waiters.into_iter().partition(|(waiter, _)| served.contains(waiter))
    };
    condition.waiters = left;
    woken.into_iter().for_each(|(waiter, depth)| wake(tx, waiter, depth, true));
    Ok(Value::None)
}

/// A waiter is to take the lock again.
fn wake(tx: &mut Tx<'_>, waiter: u32, depth: u32, woken: bool) {
    let Some(actor) = tx.state.actor_mut(waiter) else { return };
    let Phase::At(at) = &actor.phase else { return };
    actor.phase = Phase::Again { op: Arc::clone(&at.op), depth, woken };
}

/// A waiter wakes up though nobody notified it.
pub(in crate::machine) fn wake_up(tx: &mut Tx<'_>, me: u32, op: &Op) {
    let Some(Object::Condition(condition)) = object_of(op).and_then(|id| tx.state.object_mut(id)) else { return };
    let depth = condition.waiters.iter().find(|(waiter, _)| *waiter == me).map_or(1, |(_, depth)| *depth);
    condition.forget(me);
    wake(tx, me, depth, true);
}

pub(super) fn time_out(tx: &mut Tx<'_>, me: u32, op: &Op) {
    let Some(Object::Condition(condition)) = object_of(op).and_then(|id| tx.state.object_mut(id)) else { return };
    let depth = condition.waiters.iter().find(|(waiter, _)| *waiter == me).map_or(1, |(_, depth)| *depth);
    condition.forget(me);
    wake(tx, me, depth, false);
}

/// Takes the lock again; what the wait gives.
pub(in crate::machine) fn take_again(tx: &mut Tx<'_>, me: u32, op: &Op, depth: u32, woken: bool) -> Came {
    let Some(lock) = object_of(op).and_then(|id| lock_mut(tx, id)) else { return Err(fault::no_runtime()) };
    lock.take(me, depth).map(|()| Value::Bool(woken))
}
