//! Conditions: a lock (its own, reentrant, or one that was named) and those who wait to be notified, first come first.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use super::{Done, Identity, KIND_HIDDEN_LOCK, Patience, Result, fail, find, kind_number, lock, make, say, waiting};
use crate::os::arena::{Arena, Off, Shared};
use crate::os::layout::ObjectHeader;
use crate::os::park::{Ctx, Verdict, Woken};
use crate::program::op::OpCode;
use crate::value::{ErrorKind, ObjectKind, Value};

const WAITERS: usize = 0;

#[repr(C)]
struct ConditionState {
    header: ObjectHeader,
    /// Where its lock lies.
    lock: AtomicU32,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for ConditionState {}

/// Makes one. It gets its lock by [`join_lock`].
pub(in crate::os) fn create(arena: Arena, who: Identity) -> Result<u32> {
    make::<ConditionState>(arena, kind_number(ObjectKind::Condition), who).map(|(id, _)| id)
}

/// Puts a condition over the lock with that id, or over one of its own.
pub(in crate::os) fn join_lock(arena: Arena, id: u32, who: Identity, over: Option<u32>) -> Result<()> {
    let lock = match over {
        Some(id) => find(arena, id),
        None => lock::create_hidden(arena, who)?,
    };
    arena.at::<ConditionState>(find(arena, id)).lock.store(lock.0, Relaxed);
    Ok(())
}

/// The id under which traces know the lock of a condition: its own, or, of a lock that nobody declared, the
/// condition's.
pub(in crate::os) fn lock_id(arena: Arena, off: Off, own: u32) -> u32 {
    let lock: &ObjectHeader = arena.at(lock_of(arena, off));
    if lock.kind.load(Relaxed) == KIND_HIDDEN_LOCK { own } else { lock.id.load(Relaxed) }
}

/// Where the lock of a condition lies.
pub(in crate::os) fn lock_of(arena: Arena, off: Off) -> Off {
    Off(arena.at::<ConditionState>(off).lock.load(Relaxed))
}

/// The lock of a condition where nobody declared it.
pub(in crate::os) fn hidden_lock(arena: Arena, off: Off) -> Option<Off> {
    let lock = lock_of(arena, off);
    (!lock.is_null() && arena.at::<ObjectHeader>(lock).kind.load(Relaxed) == KIND_HIDDEN_LOCK).then_some(lock)
}

fn require_held(ctx: &Ctx, off: Off) -> Result<()> {
    if lock::held_by_me(ctx, lock_of(ctx.arena, off)) {
        return Ok(());
    }
    Err(fail(ErrorKind::NotHeld, "a condition is waited for and notified by whoever holds its lock"))
}

pub(in crate::os) fn wait(ctx: &Ctx, off: Off, patience: Patience) -> Result {
    require_held(ctx, off)?;
    let Patience::Until(deadline) = patience else {
        return Ok(Done::value(Value::Bool(false)));
    };
    // On the list before the lock is free: a notify that comes then finds it.
    let locked = ctx.lock(off);
    let entered = ctx.enter(&locked, WAITERS, 0, &waiting(OpCode::ConditionWait, deadline));
    drop(locked);
    let under = lock_of(ctx.arena, off);
    let depth = lock::release_all(ctx, under);
    let woken = ctx.park(entered);
    let (ticket, orphaned) = lock::acquire_again(ctx, under, depth);
    if orphaned {
        return Err(fail(ErrorKind::OwnerDied, "the lock's holder was killed; the lock is now held here"));
    }
    Ok(match woken {
        Woken::By(verdict) => Done::new(Value::Bool(true), ticket, verdict.cause),
        Woken::TimedOut => Done::new(Value::Bool(false), ticket, 0),
    })
}

/// Wakes up to `count` waiters.
pub(in crate::os) fn notify(ctx: &Ctx, off: Off, count: i64) -> Result {
    require_held(ctx, off)?;
    if count < 0 {
        return Err(fail(ErrorKind::ValueError, "the number to notify cannot be negative"));
    }
    let locked = ctx.lock(off);
    for _ in 0..count {
        let Some(waiter) = ctx.claim_first(&locked, WAITERS) else { break };
        ctx.finish(waiter, Verdict { code: say::DONE, cause: ctx.place(), ..Verdict::default() });
    }
    Ok(Done::default())
}
