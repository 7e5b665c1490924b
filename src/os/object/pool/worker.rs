//! The workers of a pool: who they are, what they have in hand, and what becomes of it.
//!
//! Answers for: that each task is begun once and told of once, whoever dies. Never starts a worker.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::part::Kept;
use super::result::{settle, touch};
use super::submit::{TASK_BODY, TaskState, begin_at, destination, first_wanted, is_waiting};
use super::{BROKEN, CLOSED, JOINERS, OPEN, PoolState, TAKERS, WORKERS_MAX};
use crate::os::actor;
use crate::os::arena::{Arena, Off};
use crate::os::layout::{ObjectHeader, Slot, slot_at};
use crate::os::object::{Done, Result, say, waiting};
use crate::os::park::{Ctx, Entered, Verdict, Woken};
use crate::os::small_lock::Locked;
use crate::os::values;
use crate::program::fault;
use crate::program::op::OpCode;
use crate::value::{Error, Value};

/// In the place of a task: there was one, and it has failed.
const LEFT: u32 = u32::MAX;

/// Says which process starts the workers.
pub(in crate::os) fn set_home(arena: Arena, off: Off, actor: u32) {
    arena.at::<PoolState>(off).home.store(actor + 1, Relaxed);
}

/// The first actor of the process that starts the workers, as long as it does.
pub(in crate::os) fn home(arena: Arena, off: Off) -> Option<u32> {
    let home = arena.at::<PoolState>(off).home.load(Relaxed).checked_sub(1);
    home.filter(|home| !actor::has_ended(arena, *home))
}

/// The process that starts the workers is on its way to its end: there will be no others.
pub(in crate::os) fn leave_home(ctx: &Ctx, off: Off) {
    let pool: &PoolState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    pool.home.store(0, Relaxed);
    wake_joiners(ctx, &locked);
}

/// How many workers the pool is to have.
pub(in crate::os) fn size(arena: Arena, off: Off) -> u32 {
    arena.at::<PoolState>(off).size.load(Relaxed)
}

/// A worker that could not be started leaves the pool with one less.
pub(in crate::os) fn shrink(ctx: &Ctx, off: Off) {
    let size = &ctx.arena.at::<PoolState>(off).size;
    let locked = ctx.lock(off);
    size.store(size.load(Relaxed).saturating_sub(1), Relaxed);
    wake_joiners(ctx, &locked);
}

/// Gives the number of the next worker, from 1.
pub(in crate::os) fn next_worker(arena: Arena, off: Off) -> u32 {
    arena.at::<PoolState>(off).started.load(Relaxed) + 1
}

/// Notes a worker that was started, in the place of one that has ended if there is one: that one is given back.
pub(in crate::os) fn add_worker(ctx: &Ctx, off: Off, actor: u32) -> Option<u32> {
    let pool: &PoolState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    pool.started.store(pool.started.load(Relaxed) + 1, Relaxed);
    let seats = seats(ctx, pool);
    let free = seats.iter().position(|worker| actor::has_ended(ctx.arena, *worker));
    let at = free.unwrap_or(seats.len());
    if at < WORKERS_MAX {
        ctx.arena.write(Off(pool.workers.load(Relaxed)), at * 4, &actor.to_ne_bytes());
        pool.seats.store(seats.len().max(at + 1) as u32, Relaxed);
    }
    wake_joiners(ctx, &locked);
    free.and_then(|at| seats.get(at).copied())
}

fn seats(ctx: &Ctx, pool: &PoolState) -> Vec<u32> {
    let bytes = ctx.arena.read(Off(pool.workers.load(Relaxed)), 0, pool.seats.load(Relaxed) as usize * 4);
    bytes.chunks_exact(4).map(|word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]])).collect()
}

/// The actors of all workers, but for those that have been replaced.
pub(in crate::os) fn all(ctx: &Ctx, off: Off) -> Vec<u32> {
    let _locked = ctx.lock(off);
    seats(ctx, ctx.arena.at(off))
}

/// Whether a worker has a task in hand. Under the small lock of the pool.
pub(super) fn is_any_busy(ctx: &Ctx, off: Off) -> bool {
    let seats = seats(ctx, ctx.arena.at(off));
    seats.into_iter().any(|worker| in_hand(ctx.arena.at::<Slot>(slot_at(worker))).is_some())
}

/// Whether a worker may have a task in hand that makes a part of a result; where there are more than so many workers,
/// one may. Under the small lock of the pool.
pub(super) fn may_have_in_hand(ctx: &Ctx, pool: &PoolState, result: Off, most: usize) -> bool {
    let makes_it = |worker: u32| {
        let task = in_hand(ctx.arena.at::<Slot>(slot_at(worker)));
        task.is_some_and(|task| destination(ctx, task).0 == result)
    };
    pool.seats.load(Relaxed) as usize > most || seats(ctx, pool).into_iter().any(makes_it)
}

/// How many workers are missing: the pool is to have them, and tasks may still come or are left.
pub(in crate::os) fn missing(ctx: &Ctx, off: Off) -> u32 {
    let _locked = ctx.lock(off);
    missing_in(ctx, ctx.arena.at(off))
}

fn missing_in(ctx: &Ctx, pool: &PoolState) -> u32 {
    if !wants_more(pool) {
        return 0;
    }
    let alive = seats(ctx, pool).into_iter().filter(|worker| !actor::has_ended(ctx.arena, *worker)).count();
    pool.size.load(Relaxed).saturating_sub(alive as u32)
}

fn wants_more(pool: &PoolState) -> bool {
    match pool.state.load(Relaxed) {
        OPEN => true,
        CLOSED => pool.head.load(Relaxed) != 0,
        _ => false,
    }
}

/// Whether tasks may still come or are left, so that a worker that ended is worth replacing.
pub(in crate::os) fn wants_workers(ctx: &Ctx, off: Off) -> bool {
    let _locked = ctx.lock(off);
    wants_more(ctx.arena.at(off))
}

/// Waits until a worker was started or none will be, where some are missing; false where none are.
pub(in crate::os) fn await_workers(ctx: &Ctx, off: Off) -> bool {
    let locked = ctx.lock(off);
    if home(ctx.arena, off).is_none() || missing_in(ctx, ctx.arena.at(off)) == 0 {
        return false;
    }
    let entered = ctx.enter(&locked, JOINERS, 0, &waiting(OpCode::PoolJoin, None));
    drop(locked);
    ctx.park(entered);
    true
}

/// How many wait in its `join`: none any more once nobody is left.
pub(in crate::os::object) fn waiting_in(ctx: &Ctx, locked: &Locked<'_>) -> u32 {
    if is_over(ctx, locked) { 0 } else { ctx.beside(locked.off) }
}

/// Begins to wait until the workers have ended, unless they have.
pub(in crate::os) fn begin_to_join(ctx: &Ctx, off: Off) {
    let locked = ctx.lock(off);
    if !is_over(ctx, &locked) {
        ctx.slot.beside.store(off.0, Relaxed);
    }
}

/// Whether all have ended, and no others will be started.
fn is_over(ctx: &Ctx, locked: &Locked<'_>) -> bool {
    let pool: &PoolState = ctx.arena.at(locked.off);
    let nobody_comes = home(ctx.arena, locked.off).is_none() || missing_in(ctx, pool) == 0;
    let caller = super::call::caller(ctx.arena, locked.off);
    nobody_comes && seats(ctx, pool).into_iter().chain(caller).all(|worker| actor::has_ended(ctx.arena, worker))
}

pub(super) fn wake_joiners(ctx: &Ctx, locked: &Locked<'_>) {
    while let Some(joiner) = ctx.claim_first(locked, JOINERS) {
        ctx.finish(joiner, Verdict { code: say::RETRY, ..Verdict::default() });
    }
}

/// Looks out for a task for a moment before it sleeps, where no other worker does: so the next one need not wake
/// anybody. Gives whether it did.
fn look_out(ctx: &Ctx, off: Off) -> bool {
    let pool: &PoolState = ctx.arena.at(off);
    let is_there = || pool.head.load(Relaxed) != 0 || pool.state.load(Relaxed) != OPEN;
    let mine = ctx.me + 1;
    if is_there() || pool.lookout.compare_exchange(0, mine, Relaxed, Relaxed).is_err() {
        return false;
    }
    ctx.look_before_waiting(is_there);
    true
}

/// Of a worker: the next task, or none when the pool is closed and drained. Cancelled tasks are passed over.
pub(in crate::os) fn take(ctx: &Ctx, off: Off) -> Result {
    let pool: &PoolState = ctx.arena.at(off);
    let has_looked = look_out(ctx, off);
    let locked = ctx.lock(off);
    if has_looked {
        pool.lookout.store(0, Relaxed);
    }
    let (block, ticket) = match first_wanted(ctx, pool) {
        Some(block) => {
            begin_at(ctx, pool, ctx.me, block);
            (block, locked.tick())
        }
        None if pool.state.load(Relaxed) != OPEN => return Ok(Done::new(Value::None, locked.tick(), 0)),
        None => {
            let entered = ctx.enter(&locked, TAKERS, 0, &waiting(OpCode::PoolTake, None));
            drop(locked);
            let entered = Entered { has_looked, ..entered };
            match ctx.park(entered) {
                Woken::By(verdict) if verdict.code == say::DONE => (Off(verdict.given as u32), verdict.ticket),
                Woken::By(Verdict { ticket, cause, .. }) => return Ok(Done::new(Value::None, ticket, cause)),
                Woken::TimedOut { ticket } => return Ok(Done::new(Value::None, ticket, 0)),
            }
        }
    };
    let task: &TaskState = ctx.arena.at(block);
    let value = values::decode(&ctx.arena.read(block, TASK_BODY, task.len.load(Relaxed) as usize));
    Ok(Done::new(value, ticket, task.place.load(Relaxed)))
}

/// Of a worker: what came of the task in hand, and the id of its result; none where the pool was terminated meanwhile.
/// Gives true where it was the last task of this worker, which has done `before` of them.
pub(in crate::os) fn done(ctx: &Ctx, before: u32, value: &Value, error: Option<&Error>) -> (Done, Option<u32>) {
    let off = Off(ctx.slot.pool.load(Relaxed));
    let pool: &PoolState = ctx.arena.at(off);
    let Some(block) = in_hand(ctx.slot) else { return (Done::default(), None) };
    let (result, part) = destination(ctx, block);
    let kept = match error {
        Some(error) => Kept::error(ctx, error),
        None => Kept::value(ctx, value),
    };
    touch(ctx, result, part);
    let locked = ctx.lock(off);
    let limit = pool.tasks_per_child.load(Relaxed);
    let is_last = limit != 0 && before + 1 >= limit;
    let left = if is_last { LEFT } else { 0 };
    let ticket = settle(ctx, result, part, kept);
    put_down(ctx, ctx.slot, block, left);
    super::call::wake_caller(ctx, &locked, off, pool);
    let id = ticket.map(|_| ctx.arena.at::<ObjectHeader>(result).id.load(Relaxed));
    let value = if is_last && ticket.is_some() { Value::Bool(true) } else { Value::None };
    (Done::new(value, ticket.unwrap_or_default(), 0), id)
}

/// Fails the task in hand of a worker that died, unless it was done or had not left the list. For the supervisor.
pub(in crate::os) fn worker_died(ctx: &Ctx, worker: u32) {
    let slot: &Slot = ctx.arena.at(slot_at(worker));
    if slot.calls_back.load(Relaxed) != 0 {
        return super::call::leave(ctx, Off(slot.pool.load(Relaxed)));
    }
    fail_in_hand(ctx, slot, 0);
}

/// Of a worker that ends, by `exit`, with a task in hand: the task fails.
pub(in crate::os) fn leave_task(ctx: &Ctx) {
    fail_in_hand(ctx, ctx.slot, LEFT);
}

fn fail_in_hand(ctx: &Ctx, slot: &Slot, left: u32) {
    let off = Off(slot.pool.load(Relaxed));
    let pool: &PoolState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let Some(block) = in_hand(slot) else { return };
    if is_waiting(ctx, pool, block) {
        slot.task.store(0, Release);
        return;
    }
    let (result, part) = destination(ctx, block);
    settle(ctx, result, part, Kept::error(ctx, &fault::worker_died()));
    put_down(ctx, slot, block, left);
    super::call::wake_caller(ctx, &locked, off, pool);
}

/// The task in hand of a worker. Under the small lock of the pool.
pub(super) fn in_hand(slot: &Slot) -> Option<Off> {
    let block = slot.task.load(Acquire);
    (block != 0 && block != LEFT).then_some(Off(block))
}

fn put_down(ctx: &Ctx, slot: &Slot, block: Off, left: u32) {
    slot.task.store(left, Release);
    ctx.arena.free(block);
}

/// The body of a worker failed: the pool is of no use any more. What waits fails, and no other worker is started.
pub(in crate::os) fn break_pool(ctx: &Ctx, off: Off) {
    let pool: &PoolState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if matches!(pool.state.load(Relaxed), OPEN | CLOSED) {
        pool.state.store(BROKEN, Relaxed);
    }
    super::wind_up(ctx, &locked, pool);
}
