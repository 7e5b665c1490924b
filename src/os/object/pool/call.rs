//! Callbacks of a pool: results that are whole and wait for theirs to have run.
//!
//! They run in a thread of the pool's home, one after the other; a result is there once its callback has run. Where
//! there is no such thread any more, results do without.
//!
//! Answers for: whose turn it is, and when there will be no more. Never runs one (the VM does).

use std::sync::atomic::Ordering::Relaxed;

use super::result::{self, ResultState, complete};
use super::{CALLERS, OPEN, PoolState, TERMINATED, submit, worker};
use crate::os::arena::{Arena, Off};
use crate::os::layout::ObjectHeader;
use crate::os::object::{Done, Result, say, waiting};
use crate::os::park::{Ctx, Verdict};
use crate::os::small_lock::Locked;
use crate::program::op::OpCode;
use crate::value::{Shared, Value};

/// Says which actor runs the callbacks.
pub(in crate::os) fn set_caller(ctx: &Ctx, off: Off, actor: u32) {
    let _locked = ctx.lock(off);
    ctx.arena.at::<PoolState>(off).caller.store(actor + 1, Relaxed);
}

/// The actor that runs the callbacks.
pub(in crate::os) fn caller(arena: Arena, off: Off) -> Option<u32> {
    arena.at::<PoolState>(off).caller.load(Relaxed).checked_sub(1)
}

/// Whether a callback that is wanted can be run at all.
pub(super) fn is_possible(pool: &PoolState) -> bool {
    let has_caller = pool.caller.load(Relaxed) != 0 && pool.caller_left.load(Relaxed) == 0;
    has_caller && pool.state.load(Relaxed) != TERMINATED
}

/// Puts a result among those whose callbacks are to run, unless one who died had: the last of them is `last_call`, and
/// every other knows who follows.
pub(super) fn await_call(ctx: &Ctx, pool: &PoolState, off: Off) {
    let next = |of: Off| &ctx.arena.at::<ResultState>(of).next_call;
    let last = Off(pool.last_call.load(Relaxed));
    if pool.calls.load(Relaxed) == 0 {
        pool.calls.store(off.0, Relaxed);
    } else if last != off && next(off).load(Relaxed) == 0 {
        next(last).store(off.0, Relaxed);
    } else {
        return;
    }
    pool.last_call.store(off.0, Relaxed);
}

/// Wakes the thread that runs the callbacks, where it has something to do or there will be no more.
pub(super) fn wake_caller(ctx: &Ctx, locked: &Locked<'_>, off: Off, pool: &PoolState) {
    if pool.caller.load(Relaxed) != 0 && (pool.calls.load(Relaxed) != 0 || is_over(ctx, off, pool)) {
        while let Some(caller) = ctx.claim_first(locked, CALLERS) {
            ctx.finish(caller, Verdict { code: say::RETRY, ..Verdict::default() });
        }
    }
}

/// Whether no result can come any more that has a callback: no task waits or is in hand.
fn is_over(ctx: &Ctx, off: Off, pool: &PoolState) -> bool {
    pool.state.load(Relaxed) != OPEN
        && (pool.state.load(Relaxed) == TERMINATED
            || submit::first_wanted(ctx, pool).is_none() && !worker::is_any_busy(ctx, off))
}

/// Of the thread that runs them: the next callback with what it is given, or none.
pub(in crate::os) fn next(ctx: &Ctx, off: Off) -> Result {
    let pool: &PoolState = ctx.arena.at(off);
    loop {
        let locked = ctx.lock(off);
        let first = Off(pool.calls.load(Relaxed));
        if !first.is_null() {
            let result: &ResultState = ctx.arena.at(first);
            pool.calling.store(first.0, Relaxed);
            pool.calls.store(result.next_call.load(Relaxed), Relaxed);
            let (ticket, cause) = (locked.tick(), result.done.load(Relaxed));
            drop(locked);
            let came = result::value(ctx, result);
            let callback = Value::Task(result.callback(came.is_err()).unwrap_or_default());
            let is_error = Value::Bool(came.is_err());
            let given = came.unwrap_or_else(|error| Value::Error(Shared::new(error)));
            return Ok(Done::new(Value::list(vec![callback, given, is_error]), ticket, cause));
        }
        if is_over(ctx, off, pool) {
            return Ok(Done::new(Value::None, locked.tick(), 0));
        }
        let entered = ctx.enter(&locked, CALLERS, 0, &waiting(OpCode::PoolCall, None));
        drop(locked);
        ctx.park(entered);
    }
}

/// Of the same: the callback has run, and its result is there. Gives its id.
pub(in crate::os) fn called(ctx: &Ctx, off: Off) -> (Done, Option<u32>) {
    let pool: &PoolState = ctx.arena.at(off);
    let _locked = ctx.lock(off);
    let result = Off(pool.calling.load(Relaxed));
    if result.is_null() {
        return (Done::default(), None);
    }
    let ticket = let_there_be(ctx, result);
    pool.calling.store(0, Relaxed);
    let id = ctx.arena.at::<ObjectHeader>(result).id.load(Relaxed);
    (Done::new(Value::None, ticket, 0), Some(id))
}

fn let_there_be(ctx: &Ctx, off: Off) -> u64 {
    let locked = ctx.lock(off);
    let ticket = locked.tick();
    complete(ctx, &locked, ctx.arena.at(off));
    ticket
}

/// The callbacks that have not begun are not run any more: their results are there without. Under the small lock of
/// the pool.
pub(super) fn drop_all(ctx: &Ctx, pool: &PoolState) {
    loop {
        let first = Off(pool.calls.load(Relaxed));
        if first.is_null() {
            return;
        }
        let_there_be(ctx, first);
        pool.calls.store(ctx.arena.at::<ResultState>(first).next_call.load(Relaxed), Relaxed);
    }
}

/// The thread that runs the callbacks is over, or gone with its process.
pub(in crate::os) fn leave(ctx: &Ctx, off: Off) {
    let pool: &PoolState = ctx.arena.at(off);
    let _locked = ctx.lock(off);
    pool.caller_left.store(1, Relaxed);
    drop_all(ctx, pool);
    let result = Off(pool.calling.load(Relaxed));
    if !result.is_null() {
        let_there_be(ctx, result);
        pool.calling.store(0, Relaxed);
    }
}
