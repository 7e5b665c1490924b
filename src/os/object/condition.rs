//! Conditions: a lock (its own, reentrant, or one that was named) and those who wait to be notified, first come first.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use super::{Done, Identity, KIND_HIDDEN_LOCK, Patience, Refused, Result, find, kind_number, lock, make, say, waiting};
use crate::os::arena::{Arena, Off, Shared};
use crate::os::layout::ObjectHeader;
use crate::os::park::{Ctx, Verdict, Woken};
use crate::os::small_lock::Locked;
use crate::os::turns;
use crate::program::fault;
use crate::program::op::OpCode;
use crate::value::{ObjectKind, Value};

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

fn require_held(ctx: &Ctx, lock: &Locked<'_>) -> Result<()> {
    if lock::is_held_by_me(ctx, lock) {
        return Ok(());
    }
    let error = Refused::from(fault::condition_not_held());
    Err(error.at(lock.tick()))
}

/// Waits to be notified; `arrived` is told the place, in the order of the lock, at which it is on the list and has let
/// the lock go: a step of its own.
pub(in crate::os) fn wait(ctx: &Ctx, off: Off, patience: Patience, arrived: impl FnOnce(u64)) -> Result {
    let under = lock_of(ctx.arena, off);
    let lock = ctx.lock(under);
    require_held(ctx, &lock)?;
    let Patience::Until(deadline) = patience else {
        return Ok(Done::new(Value::Bool(false), lock.tick(), 0));
    };
    // On the list before the lock is free: a notify that comes then finds it.
    let locked = ctx.lock(off);
    let entered = ctx.enter(&locked, WAITERS, 0, &waiting(OpCode::ConditionWait, deadline));
    drop(locked);
    let (ticket, depth) = lock::release_all(ctx, &lock);
    drop(lock);
    arrived(ticket);
    let woken = ctx.park(entered);
    let is_late = matches!(woken, Woken::TimedOut { .. });
    let is_spurious = is_late && turns::mine() == Some(turns::Turn::Wake);
    if is_late {
        turns::report(ctx);
    }
    turns::take(ctx);
    let (ticket, orphaned) = lock::acquire_again(ctx, under, depth);
    if orphaned {
        return Err(lock::orphaned().at(ticket));
    }
    Ok(match woken {
        Woken::By(verdict) => Done::new(Value::Bool(true), ticket, verdict.cause),
        Woken::TimedOut { .. } => Done::new(Value::Bool(is_spurious), ticket, 0),
    })
}

/// Wakes up to `count` waiters.
pub(in crate::os) fn notify(ctx: &Ctx, off: Off, count: i64) -> Result {
    let lock = ctx.lock(lock_of(ctx.arena, off));
    require_held(ctx, &lock)?;
    let ticket = lock.tick();
    if count < 0 {
        return Err(Refused::from(fault::negative_notify(count)).at(ticket));
    }
    let locked = ctx.lock(off);
    for _ in 0..count {
        let Some(waiter) = ctx.claim_first(&locked, WAITERS) else { break };
        ctx.finish(waiter, Verdict { code: say::DONE, cause: ctx.place(), ..Verdict::default() });
    }
    // They need the lock, which the calling actor has.
    ctx.keep_asleep();
    Ok(Done::new(Value::None, ticket, 0))
}
