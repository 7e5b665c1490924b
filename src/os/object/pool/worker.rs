//! The workers of a pool: who they are, what they have in hand, and what becomes of it.
//!
//! Answers for: that each task is begun once and told of once, whoever dies. Never starts a worker.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::result::{begin, settle_part};
use super::submit::{TASK_BODY, TaskState, destination, unlink};
use super::{CLOSED, OPEN, PoolState, TAKERS, WORKERS_MAX};
use crate::os::arena::{Arena, Off};
use crate::os::layout::{ObjectHeader, Slot, slot_at};
use crate::os::object::{Done, Result, say, waiting};
use crate::os::park::{Ctx, Verdict, Woken};
use crate::os::values;
use crate::program::fault;
use crate::program::op::OpCode;
use crate::value::{Error, Value};

/// Says which process starts the workers.
pub(in crate::os) fn set_home(arena: Arena, off: Off, actor: u32) {
    arena.at::<PoolState>(off).home.store(actor + 1, Relaxed);
}

/// The actor of the process that starts the workers.
pub(in crate::os) fn home(arena: Arena, off: Off) -> Option<u32> {
    arena.at::<PoolState>(off).home.load(Relaxed).checked_sub(1)
}

/// How many workers died and have not been replaced, one less from now on; false where there are none.
pub(in crate::os) fn replace_one(arena: Arena, off: Off) -> bool {
    let missing = &arena.at::<PoolState>(off).missing;
    missing.fetch_update(Relaxed, Relaxed, |missing| missing.checked_sub(1)).is_ok()
}

/// Notes a worker that died.
pub(in crate::os) fn miss_one(arena: Arena, off: Off) {
    arena.at::<PoolState>(off).missing.fetch_add(1, Relaxed);
}

/// How many workers the pool is to have.
pub(in crate::os) fn size(arena: Arena, off: Off) -> u32 {
    arena.at::<PoolState>(off).size.load(Relaxed)
}

/// Gives the number of the next worker, from 1.
pub(in crate::os) fn next_worker(arena: Arena, off: Off) -> u32 {
    arena.at::<PoolState>(off).started.load(Relaxed) + 1
}

/// Notes a worker that was started; false when there have been too many.
pub(in crate::os) fn add_worker(ctx: &Ctx, off: Off, actor: u32) -> bool {
    let pool: &PoolState = ctx.arena.at(off);
    let _locked = ctx.lock(off);
    let number = pool.started.load(Relaxed) as usize;
    if number >= WORKERS_MAX {
        return false;
    }
    let table = Off(pool.workers.load(Relaxed));
    ctx.arena.write(table, number * 4, &actor.to_ne_bytes());
    pool.started.store(number as u32 + 1, Relaxed);
    true
}

/// The actors of all workers so far.
pub(in crate::os) fn all(ctx: &Ctx, off: Off) -> Vec<u32> {
    let pool: &PoolState = ctx.arena.at(off);
    let _locked = ctx.lock(off);
    let bytes = ctx.arena.read(Off(pool.workers.load(Relaxed)), 0, pool.started.load(Relaxed) as usize * 4);
    bytes.chunks_exact(4).map(|word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]])).collect()
}

/// Whether tasks may still come or are left, so that a worker that died is worth replacing.
pub(in crate::os) fn wants_workers(ctx: &Ctx, off: Off) -> bool {
    let pool: &PoolState = ctx.arena.at(off);
    let _locked = ctx.lock(off);
    match pool.state.load(Relaxed) {
        OPEN => true,
        CLOSED => pool.head.load(Relaxed) != 0,
        _ => false,
    }
}

/// Notes what a worker has in hand, so that its death fails just that task.
pub(super) fn hand_task(ctx: &Ctx, worker: u32, task: Off) {
    ctx.arena.at::<Slot>(slot_at(worker)).task.store(task.0, Release);
}

/// Of a worker: the next task, or none when the pool is closed and drained. Cancelled tasks are passed over.
pub(in crate::os) fn take(ctx: &Ctx, off: Off) -> Result {
    let pool: &PoolState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let (block, ticket) = match unlink_wanted(ctx, pool) {
        Some(block) => {
            hand_task(ctx, ctx.me, block);
            (block, locked.tick())
        }
        None if pool.state.load(Relaxed) != OPEN => return Ok(Done::new(Value::None, locked.tick(), 0)),
        None => {
            let entered = ctx.enter(&locked, TAKERS, 0, &waiting(OpCode::PoolTake, None));
            drop(locked);
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

/// Takes tasks off the list up to the first that is still wanted, which begins.
fn unlink_wanted(ctx: &Ctx, pool: &PoolState) -> Option<Off> {
    loop {
        let block = unlink(ctx, pool)?;
        let task: &TaskState = ctx.arena.at(block);
        if begin(ctx.arena.at(Off(task.result.load(Relaxed)))) {
            return Some(block);
        }
        ctx.arena.free(block);
    }
}

/// Of a worker: what came of the task in hand, and the id of its result; none where the pool was terminated meanwhile.
pub(in crate::os) fn done(ctx: &Ctx, value: &Value, error: Option<&Error>) -> (Done, Option<u32>) {
    let Some(block) = in_hand(ctx.slot) else { return (Done::default(), None) };
    let (result, _) = destination(ctx, block);
    let id = ctx.arena.at::<ObjectHeader>(result).id.load(Relaxed);
    let ticket = match error {
        Some(error) => settle(ctx, block, Err(error)),
        None => match values::encode(value) {
            Ok(bytes) => settle(ctx, block, Ok(bytes)),
            Err(error) => settle(ctx, block, Err(&error)),
        },
    };
    (Done::new(Value::None, ticket, 0), Some(id))
}

/// Fails the task in hand of a worker that died. For the supervisor.
pub(in crate::os) fn worker_died(ctx: &Ctx, worker: u32) {
    if let Some(block) = in_hand(ctx.arena.at(slot_at(worker))) {
        settle(ctx, block, Err(&fault::worker_died()));
    }
}

/// Of a worker that ends, by `exit`, with a task in hand: the task fails. That it did is left for the supervisor, which
/// sees to another worker.
pub(in crate::os) fn leave_task(ctx: &Ctx) {
    if let Some(block) = in_hand(ctx.slot) {
        ctx.slot.task.store(LEFT, Relaxed);
        settle(ctx, block, Err(&fault::worker_died()));
    }
}

/// In the place of a task: there was one, and it has failed.
const LEFT: u32 = u32::MAX;

/// Takes the task in hand of a worker away.
pub(super) fn in_hand(slot: &Slot) -> Option<Off> {
    let block = slot.task.swap(0, Acquire);
    (block != 0 && block != LEFT).then_some(Off(block))
}

/// Enters what came of a task into its result; the last part lets everyone go who waits.
pub(super) fn settle(ctx: &Ctx, block: Off, came: std::result::Result<Vec<u8>, &Error>) -> u64 {
    let (off, part) = destination(ctx, block);
    ctx.arena.free(block);
    settle_part(ctx, off, part, came)
}
