//! Latches: a count; the one who brings it to zero lets everyone go who waits, whatever is added before they run.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::Relaxed;

use super::{Done, Identity, Patience, Refused, Result, kind_number, make, say, waiting};
use crate::os::arena::{Arena, Off, Shared};
use crate::os::layout::ObjectHeader;
use crate::os::park::{Ctx, Verdict, Woken};
use crate::os::small_lock::Locked;
use crate::program::fault;
use crate::program::op::OpCode;
use crate::value::{ObjectKind, Value};

const WAITERS: usize = 0;

#[repr(C)]
struct LatchState {
    header: ObjectHeader,
    count: AtomicI64,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for LatchState {}

pub(in crate::os) fn create(arena: Arena, who: Identity, count: i64) -> Result<u32> {
    if count < 0 {
        return Err(fault::negative_latch(count).into());
    }
    let (id, off) = make::<LatchState>(arena, kind_number(ObjectKind::Latch), who)?;
    arena.at::<LatchState>(off).count.store(count, Relaxed);
    Ok(id)
}

pub(in crate::os) fn count_down(ctx: &Ctx, off: Off, by: i64) -> Result {
    require_some(by)?;
    let state: &LatchState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let Some(left) = state.count.load(Relaxed).checked_sub(by).filter(|left| *left >= 0) else {
        return Err(Refused::from(fault::latch_below_zero()).at(locked.tick()));
    };
    if left == 0 {
        state.header.last.store(ctx.place(), Relaxed);
    }
    state.count.store(left, Relaxed);
    let ticket = locked.tick();
    let_go(ctx, &locked, state);
    Ok(Done::new(Value::None, ticket, 0))
}

pub(in crate::os) fn add(ctx: &Ctx, off: Off, more: i64) -> Result {
    require_some(more)?;
    let state: &LatchState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let Some(count) = state.count.load(Relaxed).checked_add(more) else {
        return Err(Refused::from(fault::latch_too_high()).at(locked.tick()));
    };
    // One that brought it to zero may have died before it told them.
    let_go(ctx, &locked, state);
    state.count.store(count, Relaxed);
    Ok(Done::new(Value::None, locked.tick(), 0))
}

fn require_some(by: i64) -> Result<()> {
    if by < 1 { Err(fault::latch_by_less_than_one().into()) } else { Ok(()) }
}

pub(in crate::os) fn count(ctx: &Ctx, off: Off) -> Result {
    let state: &LatchState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    Ok(Done::new(Value::Int(state.count.load(Relaxed)), locked.tick(), 0))
}

/// Waits for it to come to zero; `arrived` is told the place at which it begins to.
pub(in crate::os) fn wait(ctx: &Ctx, off: Off, patience: Patience, arrived: impl FnOnce(u64)) -> Result {
    let state: &LatchState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if state.count.load(Relaxed) == 0 {
        return Ok(Done::new(Value::Bool(true), locked.tick(), state.header.last.load(Relaxed)));
    }
    let Patience::Until(deadline) = patience else {
        return Ok(Done::new(Value::Bool(false), locked.tick(), 0));
    };
    let entered = ctx.enter(&locked, WAITERS, 0, &waiting(OpCode::LatchWait, deadline));
    let ticket = locked.tick();
    drop(locked);
    arrived(ticket);
    Ok(match ctx.park(entered) {
        Woken::By(verdict) => Done::new(Value::Bool(true), verdict.ticket, verdict.cause),
        Woken::TimedOut { ticket } => Done::new(Value::Bool(false), ticket, 0),
    })
}

/// At zero, lets everyone go who waits.
fn let_go(ctx: &Ctx, locked: &Locked<'_>, state: &LatchState) {
    while state.count.load(Relaxed) == 0
        && let Some(waiter) = ctx.claim_first(locked, WAITERS)
    {
        let ticket = locked.tick();
        ctx.finish(waiter, Verdict { code: say::DONE, given: 0, ticket, cause: state.header.last.load(Relaxed) });
    }
}

/// Lets everyone go who still waits at zero: the one who was to tell them died. For the supervisor.
pub(in crate::os) fn stir(ctx: &Ctx, off: Off) {
    let_go(ctx, &ctx.lock(off), ctx.arena.at(off));
}

/// Whether it has come to zero. A look without a place in the latch's order.
pub(in crate::os) fn is_open(arena: Arena, off: Off) -> bool {
    arena.at::<LatchState>(off).count.load(Relaxed) == 0
}
