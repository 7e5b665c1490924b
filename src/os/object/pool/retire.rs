//! Results that nobody asks for again: what `apply`, `map` and `starmap` wait for themselves.
//!
//! What they are made of is freed. The object itself stays a result for good, since whoever sees to a death may just
//! have come upon it; it becomes the result of a later task, with an id of its own.
//!
//! Answers for: that nobody who may still tell of a task finds its result to be another one.

use std::sync::atomic::Ordering::Relaxed;

use super::result::ResultState;
use super::{CLOSED, OPEN, PoolState, worker};
use crate::os::arena::Off;
use crate::os::layout::ObjectHeader;
use crate::os::object::strike_out;
use crate::os::park::Ctx;

/// A pool with more workers keeps its results: each of them would be looked at.
const WORKERS_MAX: usize = 64;

/// A result that is there, and of which nobody has a handle any more.
pub(super) fn retire(ctx: &Ctx, off: Off) {
    let result: &ResultState = ctx.arena.at(off);
    let pool_off = Off(result.pool.load(Relaxed));
    let pool: &PoolState = ctx.arena.at(pool_off);
    let _locked = ctx.lock(pool_off);
    // Where the pool was cut off, tasks that were in hand are told of later.
    let goes_on = matches!(pool.state.load(Relaxed), OPEN | CLOSED);
    if !goes_on || worker::may_have_in_hand(ctx, pool, off, WORKERS_MAX) {
        return;
    }
    strike_out(ctx.arena, ctx.arena.at::<ObjectHeader>(off));
    put_by(ctx, pool, off);
}

/// A result that has no id is for a later task. Under the small lock of the pool.
pub(super) fn put_by(ctx: &Ctx, pool: &PoolState, off: Off) {
    let result: &ResultState = ctx.arena.at(off);
    let left = {
        let _locked = ctx.lock(off);
        result.empty(ctx.arena)
    };
    left.into_iter().for_each(|block| ctx.arena.free(block));
    result.next_call.store(pool.spare.load(Relaxed), Relaxed);
    pool.spare.store(off.0, Relaxed);
}

/// A result object that is nobody's, if the pool has one.
pub(super) fn reuse(ctx: &Ctx, pool_off: Off) -> Option<Off> {
    let pool: &PoolState = ctx.arena.at(pool_off);
    if pool.spare.load(Relaxed) == 0 {
        return None;
    }
    let _locked = ctx.lock(pool_off);
    let spare = Off(pool.spare.load(Relaxed));
    if spare.is_null() {
        return None;
    }
    pool.spare.store(ctx.arena.at::<ResultState>(spare).next_call.load(Relaxed), Relaxed);
    Some(spare)
}
