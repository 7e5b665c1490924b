//! Locks, reentrant or not. A released lock is free for whoever comes first; one that has waited long gets it handed.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use super::{Done, Identity, KIND_HIDDEN_LOCK, Patience, Refused, Result, make, make_hidden, say, waiting};
use crate::os::arena::{Arena, Off, Shared};
use crate::os::layout::ObjectHeader;
use crate::os::park::{Ctx, Locked, Verdict};
use crate::os::sys;
use crate::program::fault;
use crate::program::op::OpCode;
use crate::value::Value;

const WAITERS: usize = 0;
/// After so long a waiter asks to have the lock handed to it (eventual fairness, as in parking_lot).
const PATIENT_NS: u64 = 500_000;
/// The payload of a waiter that asks for it.
const HAND_OVER: u64 = 1;
/// The payload of one that comes back from a condition's wait.
const AGAIN: u64 = 2;

#[repr(C)]
struct LockState {
    header: ObjectHeader,
    /// The actor that holds it, plus 1.
    holder: AtomicU32,
    depth: AtomicU32,
    reentrant: AtomicU32,
    /// 1: its holder was killed, and nobody has been told.
    died: AtomicU32,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for LockState {}

/// How an acquisition ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Acquired {
    Yes { ticket: u64, cause: u64, orphaned: bool },
    No { ticket: u64 },
}

pub(in crate::os) fn create(arena: Arena, kind: u32, who: Identity, reentrant: bool) -> Result<u32> {
    let (id, off) = make::<LockState>(arena, kind, who)?;
    arena.at::<LockState>(off).reentrant.store(reentrant as u32, Relaxed);
    Ok(id)
}

/// Makes the lock of a condition that names none: reentrant, and without an id.
pub(super) fn create_hidden(arena: Arena, who: Identity) -> Result<Off> {
    let off = make_hidden::<LockState>(arena, KIND_HIDDEN_LOCK, who)?;
    arena.at::<LockState>(off).reentrant.store(1, Relaxed);
    Ok(off)
}

pub(in crate::os) fn acquire(ctx: &Ctx, off: Off, patience: Patience) -> Result {
    match acquire_for(ctx, off, patience, OpCode::LockAcquire) {
        Acquired::Yes { orphaned: true, ticket, cause } => Err(orphaned().at(ticket).because(cause)),
        Acquired::Yes { ticket, cause, .. } => Ok(Done::new(Value::Bool(true), ticket, cause)),
        Acquired::No { ticket } => Ok(Done::new(Value::Bool(false), ticket, 0)),
    }
}

/// The error of an acquisition that finds its holder dead.
pub(super) fn orphaned() -> Refused {
    fault::owner_died().into()
}

fn acquire_for(ctx: &Ctx, off: Off, patience: Patience, op: OpCode) -> Acquired {
    let state: &LockState = ctx.arena.at(off);
    let mut since = None;
    loop {
        let locked = ctx.lock(off);
        ctx.slot.beside.store(0, Relaxed);
        match state.holder.load(Relaxed) {
            0 => return taken(ctx, &locked, state),
            holder if holder == ctx.me + 1 && state.reentrant.load(Relaxed) != 0 => {
                state.depth.fetch_add(1, Relaxed);
                return Acquired::Yes { ticket: locked.tick(), cause: 0, orphaned: false };
            }
            _ => {}
        }
        let Patience::Until(deadline) = patience else { return Acquired::No { ticket: locked.tick() } };
        let now = sys::now_ns();
        let insists = now.saturating_sub(*since.get_or_insert(now)) > PATIENT_NS;
        let again = if op == OpCode::ConditionWait { AGAIN } else { 0 };
        let payload = if insists { HAND_OVER | again } else { again };
        let entered = ctx.enter(&locked, WAITERS, payload, &waiting(op, deadline));
        drop(locked);
        // A lock may be free while others than the first are still on the list.
        let over = |locked: &Locked<'_>| match state.holder.load(Relaxed) {
            0 => taken(ctx, locked, state),
            _ => Acquired::No { ticket: locked.tick() },
        };
        match ctx.park_or(entered, over) {
            Ok(verdict) if verdict.code == say::DONE => {
                let orphaned = state.died.swap(0, Relaxed) != 0;
                return Acquired::Yes { ticket: verdict.ticket, cause: verdict.cause, orphaned };
            }
            Ok(_) => {}
            Err(acquired) => return acquired,
        }
    }
}

fn taken(ctx: &Ctx, locked: &Locked<'_>, state: &LockState) -> Acquired {
    state.holder.store(ctx.me + 1, Relaxed);
    state.depth.store(1, Relaxed);
    let orphaned = state.died.swap(0, Relaxed) != 0;
    Acquired::Yes { ticket: locked.tick(), cause: state.header.last.load(Relaxed), orphaned }
}

pub(in crate::os) fn release(ctx: &Ctx, off: Off) -> Result {
    let state: &LockState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let holder = state.holder.load(Relaxed);
    if holder == 0 {
        return Err(Refused::from(fault::not_held()).at(locked.tick()));
    }
    if state.reentrant.load(Relaxed) != 0 {
        if holder != ctx.me + 1 {
            return Err(Refused::from(fault::held_by_another()).at(locked.tick()));
        }
        let depth = state.depth.load(Relaxed);
        if depth > 1 {
            state.depth.store(depth - 1, Relaxed);
            return Ok(Done::new(Value::None, locked.tick(), 0));
        }
    }
    let ticket = locked.tick();
    free(ctx, &locked, state);
    Ok(Done::new(Value::None, ticket, 0))
}

/// Frees the lock and lets the first waiter try, or hands it over where that one has waited long.
fn free(ctx: &Ctx, locked: &Locked<'_>, state: &LockState) {
    state.holder.store(0, Relaxed);
    state.depth.store(0, Relaxed);
    state.header.last.store(ctx.place(), Relaxed);
    wake(ctx, locked, state);
}

fn wake(ctx: &Ctx, locked: &Locked<'_>, state: &LockState) {
    let Some(waiter) = ctx.claim_first(locked, WAITERS) else { return };
    if waiter.payload & HAND_OVER != 0 {
        state.holder.store(waiter.actor + 1, Relaxed);
        state.depth.store(1, Relaxed);
        let ticket = locked.tick();
        ctx.finish(waiter, Verdict { code: say::DONE, given: 0, ticket, cause: ctx.place() });
    } else {
        ctx.finish(waiter, Verdict { code: say::RETRY, ..Verdict::default() });
    }
}

pub(in crate::os) fn locked(ctx: &Ctx, off: Off) -> Result {
    let state: &LockState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    Ok(Done::new(Value::Bool(state.holder.load(Relaxed) != 0), locked.tick(), 0))
}

/// How many wait to acquire it; whoever comes back from a condition's wait is not among them, nor is one of them while
/// it is free.
pub(super) fn waiting_in(ctx: &Ctx, locked: &Locked<'_>) -> u32 {
    let listed: u32 = locked.payloads(WAITERS).map(|payload| u32::from(payload & AGAIN == 0)).sum();
    let is_free = ctx.arena.at::<LockState>(locked.off).holder.load(Relaxed) == 0;
    (listed + ctx.beside(locked.off)).saturating_sub(is_free.into())
}

/// Whether the actor is the one that acquired it last and has not released it.
pub(super) fn is_held_by_me(ctx: &Ctx, locked: &Locked<'_>) -> bool {
    ctx.arena.at::<LockState>(locked.off).holder.load(Relaxed) == ctx.me + 1
}

/// Releases all levels, for a condition's wait; gives the depth to come back to.
pub(super) fn release_all(ctx: &Ctx, locked: &Locked<'_>) -> u32 {
    let state: &LockState = ctx.arena.at(locked.off);
    let depth = state.depth.load(Relaxed);
    free(ctx, locked, state);
    depth
}

/// Takes it again at a depth, after a condition's wait: the place in the lock's order, and whether its holder was
/// killed meanwhile.
pub(super) fn acquire_again(ctx: &Ctx, off: Off, depth: u32) -> (u64, bool) {
    let acquired = acquire_for(ctx, off, Patience::Until(None), OpCode::ConditionWait);
    let state: &LockState = ctx.arena.at(off);
    let _locked = ctx.lock(off);
    state.depth.store(depth, Relaxed);
    match acquired {
        Acquired::Yes { ticket, orphaned, .. } => (ticket, orphaned),
        Acquired::No { ticket } => (ticket, false),
    }
}

/// Marks a lock whose holder was killed, and lets the next one try. For the supervisor.
pub(in crate::os) fn orphan(ctx: &Ctx, off: Off, dead: u32) {
    let state: &LockState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if state.holder.load(Relaxed) == dead + 1 {
        state.died.store(1, Relaxed);
        free(ctx, &locked, state);
    } else if state.holder.load(Relaxed) == 0 {
        // The dead one may have been the waiter that was told to try.
        wake(ctx, &locked, state);
    }
}

/// The actor that holds it.
pub(in crate::os) fn holder(arena: Arena, off: Off) -> Option<u32> {
    arena.at::<LockState>(off).holder.load(Relaxed).checked_sub(1)
}

/// Whether its holder may take it again, and nobody else release it.
pub(in crate::os) fn is_reentrant(arena: Arena, off: Off) -> bool {
    arena.at::<LockState>(off).reentrant.load(Relaxed) != 0
}
