//! Pools: a list of tasks, workers that take them, results that others wait for.
//!
//! Answers for: the state of a pool, and whether it takes tasks. Never starts a worker (see `process`).
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

pub(in crate::os) mod result;
pub(in crate::os) mod submit;
pub(in crate::os) mod worker;

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Relaxed};

use super::{Done, Identity, Refused, Result, kind_number, make, say};
use crate::os::arena::{Arena, Off, Shared};
use crate::os::layout::{ObjectHeader, Slot, slot_at};
use crate::os::park::{Ctx, Verdict};
use crate::program::fault;
use crate::value::{ObjectKind, Value};

/// Idle workers.
const TAKERS: usize = 0;

/// Most workers of a pool.
pub(in crate::os) const WORKERS_MAX: usize = 4096;

/// Takes tasks, takes no more, has been cut off.
const OPEN: u32 = 0;

const CLOSED: u32 = 1;
const TERMINATED: u32 = 2;

#[repr(C)]
pub(in crate::os) struct PoolState {
    header: ObjectHeader,
    state: AtomicU32,
    head: AtomicU32,
    tail: AtomicU32,
    /// How many workers there are to be.
    size: AtomicU32,
    /// How many have been started; their actors stand in the block.
    started: AtomicU32,
    workers: AtomicU32,
    /// Workers that died and are to be replaced by the pool's process.
    missing: AtomicU32,
    /// The actor of the process that starts the workers, plus 1.
    home: AtomicU32,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for PoolState {}

pub(in crate::os) fn create(arena: Arena, who: Identity, workers: i64) -> Result<u32> {
    let size = usize::try_from(workers).ok().filter(|size| (1..=WORKERS_MAX).contains(size));
    let size = size.ok_or_else(fault::pool_size)?;
    let (id, off) = make::<PoolState>(arena, kind_number(ObjectKind::Pool), who)?;
    let pool: &PoolState = arena.at(off);
    pool.size.store(size as u32, Relaxed);
    // Room for those that replace the dead as well.
    pool.workers.store(arena.alloc_zeroed(WORKERS_MAX * 4)?.0, Relaxed);
    Ok(id)
}

pub(in crate::os) fn close(ctx: &Ctx, off: Off) -> Result {
    let pool: &PoolState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let ticket = locked.tick();
    if pool.state.load(Relaxed) == OPEN {
        pool.state.store(CLOSED, Relaxed);
    }
    while let Some(worker) = ctx.claim_first(&locked, TAKERS) {
        let theirs = locked.tick();
        ctx.finish(worker, Verdict { code: say::CLOSED, given: 0, ticket: theirs, cause: ctx.place() });
    }
    Ok(Done::new(Value::None, ticket, 0))
}

/// Cuts the pool off: tasks that wait and tasks in hand end in `PoolClosed`. The caller ends the workers.
pub(in crate::os) fn terminate(ctx: &Ctx, off: Off) -> Result {
    let pool: &PoolState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let ticket = locked.tick();
    pool.state.store(TERMINATED, Relaxed);
    let mut cut = Vec::new();
    while let Some(task) = submit::unlink(ctx, pool) {
        cut.push(task);
    }
    drop(locked);
    let terminated = fault::pool_terminated();
    for task in cut {
        worker::settle(ctx, task, Err(&terminated));
    }
    for worker in worker::all(ctx, off) {
        if let Some(task) = worker::in_hand(ctx.arena.at(slot_at(worker))) {
            // The worker may be reading it until the signal reaches it, so the block stays.
            let (result, part) = submit::destination(ctx, task);
            result::settle_part(ctx, result, part, Err(&terminated));
        }
    }
    Ok(Done::new(Value::None, ticket, 0))
}

/// Whether `join` is allowed: the pool takes no more tasks.
pub(in crate::os) fn require_closed(ctx: &Ctx, off: Off) -> Result<()> {
    let pool: &PoolState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if pool.state.load(Relaxed) == OPEN {
        return Err(Refused::from(fault::pool_running()).at(locked.tick()));
    }
    Ok(())
}

/// What `join` gives once the workers have ended.
pub(in crate::os) fn joined(ctx: &Ctx, off: Off) -> Done {
    Done::new(Value::None, ctx.lock(off).tick(), 0)
}

/// Finds the end of the list of tasks anew: the chain from the head is whole at every instant.
pub(super) fn mend(arena: Arena, off: Off) {
    let pool: &PoolState = arena.at(off);
    let (mut last, mut at) = (0, pool.head.load(Relaxed));
    while at != 0 {
        (last, at) = (at, arena.at::<submit::TaskState>(Off(at)).next.load(Relaxed));
    }
    pool.tail.store(last, Relaxed);
}

/// What to tell an idle worker whose waker died: the task it was given, or that there will be none.
pub(super) fn rescued(ctx: &Ctx, off: Off, worker: u32) -> Option<Verdict> {
    let task = ctx.arena.at::<Slot>(slot_at(worker)).task.load(Acquire);
    let pool: &PoolState = ctx.arena.at(off);
    let _locked = ctx.lock(off);
    let code = match (task, pool.state.load(Relaxed)) {
        (0, OPEN) => return None,
        (0, _) => say::CLOSED,
        _ => say::DONE,
    };
    Some(Verdict { code, given: u64::from(task), ..Verdict::default() })
}
