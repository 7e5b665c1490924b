//! Events: a flag; setting it lets everyone who waits go on, whatever becomes of the flag before they run.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use super::{Done, Identity, Patience, Result, kind_number, make, say, waiting};
use crate::os::arena::{Arena, Off, Shared};
use crate::os::layout::ObjectHeader;
use crate::os::park::{Ctx, Verdict, Woken};
use crate::os::small_lock::Locked;
use crate::program::op::OpCode;
use crate::value::{ObjectKind, Value};

const WAITERS: usize = 0;

#[repr(C)]
struct EventState {
    header: ObjectHeader,
    set: AtomicU32,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for EventState {}

pub(in crate::os) fn create(arena: Arena, who: Identity) -> Result<u32> {
    make::<EventState>(arena, kind_number(ObjectKind::Event), who).map(|(id, _)| id)
}

pub(in crate::os) fn set(ctx: &Ctx, off: Off) -> Result {
    let state: &EventState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    state.header.last.store(ctx.place(), Relaxed);
    state.set.store(1, Relaxed);
    let ticket = locked.tick();
    let_go(ctx, &locked);
    Ok(Done::new(Value::None, ticket, 0))
}

/// Whether it is set. Under its small lock.
pub(in crate::os) fn is_up(arena: Arena, off: Off) -> bool {
    arena.at::<EventState>(off).set.load(Relaxed) != 0
}

fn let_go(ctx: &Ctx, locked: &Locked<'_>) {
    while let Some(waiter) = ctx.claim_first(locked, WAITERS) {
        let ticket = locked.tick();
        ctx.finish(waiter, Verdict { code: say::DONE, given: 0, ticket, cause: locked.header.last.load(Relaxed) });
    }
}

/// Goes on with a set that a dead actor was in the middle of. For the supervisor.
pub(super) fn resume(ctx: &Ctx, off: Off) {
    let locked = ctx.lock(off);
    if ctx.arena.at::<EventState>(off).set.load(Relaxed) != 0 {
        let_go(ctx, &locked);
    }
}

pub(in crate::os) fn clear(ctx: &Ctx, off: Off) -> Result {
    let state: &EventState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if state.set.load(Relaxed) != 0 {
        // One that set it may have died before it told them.
        let_go(ctx, &locked);
    }
    state.set.store(0, Relaxed);
    Ok(Done::new(Value::None, locked.tick(), 0))
}

pub(in crate::os) fn is_set(ctx: &Ctx, off: Off) -> Result {
    let state: &EventState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let set = state.set.load(Relaxed) != 0;
    let cause = if set { state.header.last.load(Relaxed) } else { 0 };
    Ok(Done::new(Value::Bool(set), locked.tick(), cause))
}

/// Waits for it to be set; `arrived` is told the place at which it begins to.
pub(in crate::os) fn wait(ctx: &Ctx, off: Off, patience: Patience, arrived: impl FnOnce(u64)) -> Result {
    let state: &EventState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if state.set.load(Relaxed) != 0 {
        return Ok(Done::new(Value::Bool(true), locked.tick(), state.header.last.load(Relaxed)));
    }
    let Patience::Until(deadline) = patience else {
        return Ok(Done::new(Value::Bool(false), locked.tick(), 0));
    };
    let entered = ctx.enter(&locked, WAITERS, 0, &waiting(OpCode::EventWait, deadline));
    let ticket = locked.tick();
    drop(locked);
    arrived(ticket);
    Ok(match ctx.park(entered) {
        Woken::By(verdict) => Done::new(Value::Bool(true), verdict.ticket, verdict.cause),
        Woken::TimedOut { ticket } => Done::new(Value::Bool(false), ticket, 0),
    })
}
