//! Semaphores, bounded or not. A released permit goes to the first that waits.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicI64, AtomicU32};

use super::{Done, Identity, Patience, Refused, Result, Stamp, kind_number, make, say, waiting};
use crate::os::arena::{Arena, Off, Shared};
use crate::os::layout::{ObjectHeader, Slot, slot_at};
use crate::os::park::{Ctx, Verdict, Woken};
use crate::os::small_lock::Locked;
use crate::program::fault;
use crate::program::op::OpCode;
use crate::value::{ObjectKind, Value};

const WAITERS: usize = 0;
/// How many that have permits are kept in mind, for reports.
const TAKERS_MAX: usize = 8;

#[repr(C)]
struct SemaphoreState {
    header: ObjectHeader,
    value: AtomicI64,
    initial: AtomicI64,
    bounded: AtomicU32,
    pad: AtomicU32,
    /// What is left once the waiter that is being seen to has its permit.
    granted: AtomicI64,
    /// Whoever has a permit, each plus 1: as often as it has one. What a death leaves half done here is only told.
    takers: [AtomicU32; TAKERS_MAX],
    /// Whether those are not all: there are too many, or somebody gave back what it had not taken.
    is_open: AtomicU32,
    pad_behind: AtomicU32,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for SemaphoreState {}

pub(in crate::os) fn create(arena: Arena, kind: ObjectKind, who: Identity, value: i64) -> Result<u32> {
    if value < 0 {
        return Err(fault::negative_semaphore(value).into());
    }
    let (id, off) = make::<SemaphoreState>(arena, kind_number(kind), who)?;
    let state: &SemaphoreState = arena.at(off);
    state.value.store(value, Relaxed);
    state.initial.store(value, Relaxed);
    state.bounded.store((kind == ObjectKind::BoundedSemaphore) as u32, Relaxed);
    Ok(id)
}

pub(in crate::os) fn acquire(ctx: &Ctx, off: Off, patience: Patience) -> Result {
    let locked = ctx.lock(off);
    if let Some(stamp) = take(ctx, &locked) {
        return Ok(stamp.with(Value::Bool(true)));
    }
    let Patience::Until(deadline) = patience else {
        return Ok(Done::new(Value::Bool(false), locked.tick(), 0));
    };
    let entered = ctx.enter(&locked, WAITERS, 0, &waiting(OpCode::SemaphoreAcquire, deadline));
    drop(locked);
    Ok(match ctx.park(entered) {
        Woken::By(verdict) => Done::new(Value::Bool(true), verdict.ticket, verdict.cause),
        Woken::TimedOut { ticket } => Done::new(Value::Bool(false), ticket, 0),
    })
}

/// Takes a permit if there is one.
pub(in crate::os) fn acquire_at_once(ctx: &Ctx, off: Off) -> Option<Stamp> {
    let state: &SemaphoreState = ctx.arena.at(off);
    if state.value.load(Relaxed) < 1 {
        return None;
    }
    take(ctx, &ctx.lock(off))
}

fn take(ctx: &Ctx, locked: &Locked<'_>) -> Option<Stamp> {
    let state: &SemaphoreState = ctx.arena.at(locked.off);
    let value = state.value.load(Relaxed);
    if value < 1 {
        return None;
    }
    state.value.store(value - 1, Relaxed);
    took(state, ctx.me);
    Some(Stamp::new(locked.tick(), 0))
}

pub(in crate::os) fn release(ctx: &Ctx, off: Off, count: i64) -> Result {
    if count < 1 {
        return Err(fault::no_permit(count).into());
    }
    let locked = ctx.lock(off);
    match give(ctx, &locked, count) {
        Some(stamp) => Ok(stamp.with(Value::None)),
        None => Err(Refused::from(fault::surplus_release()).at(locked.tick())),
    }
}

/// Gives a permit back, unless there would be too many.
pub(in crate::os) fn release_at_once(ctx: &Ctx, off: Off) -> Option<Stamp> {
    give(ctx, &ctx.lock(off), 1)
}

fn give(ctx: &Ctx, locked: &Locked<'_>, count: i64) -> Option<Stamp> {
    let state: &SemaphoreState = ctx.arena.at(locked.off);
    let after = state.value.load(Relaxed).checked_add(count)?;
    if state.bounded.load(Relaxed) != 0 && after > state.initial.load(Relaxed) {
        return None;
    }
    state.value.store(after, Relaxed);
    gave_back(state, ctx.me, count);
    let ticket = locked.tick();
    grant(ctx, locked, state);
    Some(Stamp::new(ticket, 0))
}

/// Gives the permits that there are to those who wait.
fn grant(ctx: &Ctx, locked: &Locked<'_>, state: &SemaphoreState) {
    while state.value.load(Relaxed) > 0 {
        let Some(waiter) = ctx.claim_first(locked, WAITERS) else { return };
        let after = state.value.load(Relaxed) - 1;
        state.granted.store(after, Relaxed);
        // From here on the permit is the waiter's, whatever happens to this actor.
        ctx.slot.completed.store(1, Relaxed);
        ctx.point();
        state.value.store(after, Relaxed);
        took(state, waiter.actor);
        let ticket = locked.tick();
        ctx.finish(waiter, Verdict { code: say::DONE, given: 0, ticket, cause: ctx.place() });
    }
}

fn took(state: &SemaphoreState, actor: u32) {
    match state.takers.iter().find(|taker| taker.load(Relaxed) == 0) {
        Some(free) => free.store(actor + 1, Relaxed),
        None => state.is_open.store(1, Relaxed),
    }
}

fn gave_back(state: &SemaphoreState, actor: u32, count: i64) {
    for _ in 0..count.min(TAKERS_MAX as i64 + 1) {
        match state.takers.iter().find(|taker| taker.load(Relaxed) == actor + 1) {
            Some(taker) => taker.store(0, Relaxed),
            None => state.is_open.store(1, Relaxed),
        }
    }
}

/// Who has its permits; none where that is not known, or where it is a signal: somebody gave back what it had not
/// taken.
pub(in crate::os) fn takers(arena: Arena, off: Off) -> Vec<u32> {
    let state: &SemaphoreState = arena.at(off);
    if state.is_open.load(Relaxed) != 0 {
        return Vec::new();
    }
    let mut takers: Vec<u32> = state.takers.iter().filter_map(|taker| taker.load(Relaxed).checked_sub(1)).collect();
    takers.sort_unstable();
    takers.dedup();
    takers
}

/// Makes whole what a dead actor left under the lock, which it still holds.
pub(super) fn mend(arena: Arena, off: Off, dead: u32) {
    let state: &SemaphoreState = arena.at(off);
    let dead: &Slot = arena.at(slot_at(dead));
    if dead.completing.load(Relaxed) != 0 && dead.completed.load(Relaxed) != 0 {
        state.value.store(state.granted.load(Relaxed), Relaxed);
    }
}

/// Goes on with what a dead actor was about to give. For the supervisor.
pub(super) fn resume(ctx: &Ctx, off: Off) {
    grant(ctx, &ctx.lock(off), ctx.arena.at(off));
}

pub(in crate::os) fn value(ctx: &Ctx, off: Off) -> Result {
    let state: &SemaphoreState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    Ok(Done::new(Value::Int(state.value.load(Relaxed)), locked.tick(), 0))
}

/// What it began with.
pub(in crate::os) fn initial_of(arena: Arena, off: Off) -> i64 {
    arena.at::<SemaphoreState>(off).initial.load(Relaxed)
}
