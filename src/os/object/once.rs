//! What is done once: the first to come runs the body, the others wait until it has ended. One that failed, or whose
//! runner was killed, is run by the next.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use super::{Done, Identity, Refused, Result, kind_number, make, say, waiting};
use crate::os::arena::{Arena, Off, Shared};
use crate::os::layout::ObjectHeader;
use crate::os::park::{Ctx, Verdict};
use crate::os::small_lock::Locked;
use crate::program::op::OpCode;
use crate::value::{Error, ObjectKind, Value};

const WAITERS: usize = 0;
const NEW: u32 = 0;
const DONE: u32 = u32::MAX;

#[repr(C)]
struct OnceState {
    header: ObjectHeader,
    /// [`NEW`], [`DONE`], or the actor that runs it, plus 1.
    stage: AtomicU32,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for OnceState {}

pub(in crate::os) fn create(arena: Arena, who: Identity) -> Result<u32> {
    make::<OnceState>(arena, kind_number(ObjectKind::Once), who).map(|(id, _)| id)
}

/// Waits until it has been run, or begins to: then the caller is to run the body.
pub(in crate::os) fn run(ctx: &Ctx, off: Off, body: u32) -> Result {
    let state: &OnceState = ctx.arena.at(off);
    loop {
        let locked = ctx.lock(off);
        ctx.slot.beside.store(0, Relaxed);
        match state.stage.load(Relaxed) {
            DONE => return Ok(Done::new(Value::None, locked.tick(), state.header.last.load(Relaxed))),
            NEW => {
                state.stage.store(ctx.me + 1, Relaxed);
                let done = Done::new(Value::Bool(true), locked.tick(), 0);
                return Ok(Done { call: Some((body, OpCode::OnceRan)), ..done });
            }
            _ => {}
        }
        let entered = ctx.enter(&locked, WAITERS, 0, &waiting(OpCode::OnceRun, None));
        drop(locked);
        // Told to look again: it has been run, or it failed.
        ctx.park(entered);
    }
}

/// The body has ended, perhaps with an error.
pub(in crate::os) fn ran(ctx: &Ctx, off: Off, error: Option<&Error>) -> Result {
    let state: &OnceState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    state.stage.store(if error.is_some() { NEW } else { DONE }, Relaxed);
    state.header.last.store(ctx.place(), Relaxed);
    let ticket = locked.tick();
    wake(ctx, &locked);
    match error {
        Some(error) => Err(Refused::from(error.clone()).at(ticket)),
        None => Ok(Done::new(Value::None, ticket, 0)),
    }
}

/// How many wait until it has been run.
pub(super) fn waiting_in(ctx: &Ctx, locked: &Locked<'_>) -> u32 {
    match ctx.arena.at::<OnceState>(locked.off).stage.load(Relaxed) {
        NEW | DONE => 0,
        _ => locked.waiting(WAITERS) + ctx.beside(locked.off),
    }
}

fn wake(ctx: &Ctx, locked: &Locked<'_>) {
    while let Some(waiter) = ctx.claim_first(locked, WAITERS) {
        ctx.finish(waiter, Verdict { code: say::RETRY, ..Verdict::default() });
    }
}

/// An actor was killed: what it ran has not been run. For the supervisor.
pub(in crate::os) fn runner_died(ctx: &Ctx, off: Off, dead: u32) {
    let state: &OnceState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if state.stage.load(Relaxed) == dead + 1 {
        state.stage.store(NEW, Relaxed);
    }
    // Whoever looks once too often goes on waiting.
    wake(ctx, &locked);
}

/// Who runs it.
pub(in crate::os) fn runner(arena: Arena, off: Off) -> Option<u32> {
    match arena.at::<OnceState>(off).stage.load(Relaxed) {
        NEW | DONE => None,
        runner => Some(runner - 1),
    }
}
