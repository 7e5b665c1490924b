//! Pools: a list of tasks, workers that take them, results that others wait for.
//!
//! Answers for: the state of a pool, and whether it takes tasks. Never starts a worker (see `process`).
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

pub(in crate::os) mod call;
mod part;
pub(in crate::os) mod result;
mod retire;
pub(in crate::os) mod submit;
pub(in crate::os) mod worker;

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use self::part::Kept;
use super::{Done, Identity, Refused, Result, kind_number, make, say};
use crate::os::arena::{Arena, Off, Shared};
use crate::os::layout::{ObjectHeader, Slot, slot_at};
use crate::os::park::{Ctx, Verdict};
use crate::os::small_lock::Locked;
use crate::program::fault;
use crate::value::{Error, ObjectKind, Value};

/// Idle workers.
const TAKERS: usize = 0;
/// Who joins it while it is short of workers.
const JOINERS: usize = 1;

/// Who runs its callbacks.
const CALLERS: usize = 2;

/// Most workers of a pool.
pub(in crate::os) const WORKERS_MAX: usize = 4096;

/// Takes tasks; takes no more; has been cut off; one of its workers could not begin.
const OPEN: u32 = 0;
const CLOSED: u32 = 1;
const TERMINATED: u32 = 2;
const BROKEN: u32 = 3;

#[repr(C)]
pub(in crate::os) struct PoolState {
    header: ObjectHeader,
    state: AtomicU32,
    head: AtomicU32,
    tail: AtomicU32,
    /// How many workers there are to be.
    size: AtomicU32,
    /// How many have been started.
    started: AtomicU32,
    /// The actors of the workers: a block, and how many there are.
    workers: AtomicU32,
    seats: AtomicU32,
    /// The actor of the process that starts the workers, plus 1; 0 when it will start no more.
    home: AtomicU32,
    /// How many tasks a worker does before another takes its place; 0 for any number.
    tasks_per_child: AtomicU32,
    /// 1: its workers are threads of their home.
    threads: AtomicU32,
    /// The actor that runs the callbacks, plus 1; 0 for none.
    caller: AtomicU32,
    /// 1: it runs no more of them.
    caller_left: AtomicU32,
    /// The first result whose callback is to run, and the one whose callback runs.
    calls: AtomicU32,
    /// The last of those whose callbacks are to run, where there is a first.
    last_call: AtomicU32,
    calling: AtomicU32,
    /// The actor plus 1 of a worker that looks out for a task, which it takes without being woken; 0 for none.
    lookout: AtomicU32,
    /// The first of the result objects that are nobody's; see `retire`.
    spare: AtomicU32,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for PoolState {}

/// How a pool is declared.
#[derive(Clone, Copy, Debug)]
pub(in crate::os) struct Making {
    pub(in crate::os) workers: i64,
    pub(in crate::os) threads: bool,
    pub(in crate::os) tasks_per_child: Option<i64>,
}

pub(in crate::os) fn create(arena: Arena, who: Identity, making: Making) -> Result<u32> {
    let size = usize::try_from(making.workers).ok().filter(|size| (1..=WORKERS_MAX).contains(size));
    let size = size.ok_or_else(fault::pool_size)?;
    let limit = making.tasks_per_child.map(|limit| u32::try_from(limit).ok().filter(|limit| *limit > 0));
    let limit = limit.map(|limit| limit.ok_or_else(fault::no_tasks_per_child)).transpose()?;
    let (id, off) = make::<PoolState>(arena, kind_number(ObjectKind::Pool), who)?;
    let pool: &PoolState = arena.at(off);
    pool.size.store(size as u32, Relaxed);
    pool.tasks_per_child.store(limit.unwrap_or_default(), Relaxed);
    pool.threads.store(making.threads.into(), Relaxed);
    pool.workers.store(arena.alloc_zeroed(size * 4)?.0, Relaxed);
    Ok(id)
}

impl PoolState {
    /// Why it takes no tasks, if it does not.
    fn refuses(&self) -> Option<Error> {
        match self.state.load(Relaxed) {
            OPEN => None,
            BROKEN => Some(fault::pool_broken()),
            _ => Some(fault::pool_closed()),
        }
    }
}

/// Whether the workers of a pool are threads.
pub(in crate::os) fn has_threads(arena: Arena, off: Off) -> bool {
    arena.at::<PoolState>(off).threads.load(Relaxed) != 0
}

pub(in crate::os) fn close(ctx: &Ctx, off: Off) -> Result {
    let pool: &PoolState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let ticket = locked.tick();
    if pool.state.load(Relaxed) == OPEN {
        pool.state.store(CLOSED, Relaxed);
    }
    wind_up(ctx, &locked, pool);
    Ok(Done::new(Value::None, ticket, 0))
}

/// Cuts the pool off: tasks that wait and tasks in hand end in `PoolClosed`. The caller ends the workers.
pub(in crate::os) fn terminate(ctx: &Ctx, off: Off) -> Result {
    let pool: &PoolState = ctx.arena.at(off);
    let workers = worker::all(ctx, off);
    let locked = ctx.lock(off);
    let ticket = locked.tick();
    pool.state.store(TERMINATED, Relaxed);
    wind_up(ctx, &locked, pool);
    for worker in workers {
        // It stays in the worker's hand, which may be reading it until the signal reaches it.
        if let Some(task) = worker::in_hand(ctx.arena.at::<Slot>(slot_at(worker))) {
            let (result, part) = submit::destination(ctx, task);
            result::settle(ctx, result, part, Kept::error(ctx, &fault::pool_terminated()));
        }
    }
    call::wake_caller(ctx, &locked, off, pool);
    Ok(Done::new(Value::None, ticket, 0))
}

/// What follows from the state of a pool, for those who wait and the tasks that do: also where one who died was about
/// to see to it.
fn wind_up(ctx: &Ctx, locked: &Locked<'_>, pool: &PoolState) {
    let state = pool.state.load(Relaxed);
    let error = match state {
        TERMINATED => Some(fault::pool_terminated()),
        BROKEN => Some(fault::pool_broken()),
        _ => None,
    };
    if let Some(error) = error {
        while let Some(task) = submit::first_wanted(ctx, pool) {
            // It is dropped once it is settled.
            let (result, part) = submit::destination(ctx, task);
            result::settle(ctx, result, part, Kept::error(ctx, &error));
        }
    }
    if state == TERMINATED {
        call::drop_all(ctx, pool);
    }
    submit::serve(ctx, locked, pool);
    call::wake_caller(ctx, locked, locked.off, pool);
    if state == OPEN {
        return;
    }
    while let Some(worker) = ctx.claim_first(locked, TAKERS) {
        let theirs = locked.tick();
        ctx.finish(worker, Verdict { code: say::CLOSED, given: 0, ticket: theirs, cause: ctx.place() });
    }
    worker::wake_joiners(ctx, locked);
}

/// Sees to those who wait in a pool, where one who died may have been about to. For the supervisor.
pub(in crate::os) fn stir(ctx: &Ctx, off: Off, dead: u32) {
    let pool: &PoolState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let _ = pool.lookout.compare_exchange(dead + 1, 0, Relaxed, Relaxed);
    wind_up(ctx, &locked, ctx.arena.at(off));
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
    let locked = ctx.lock(off);
    ctx.slot.beside.store(0, Relaxed);
    Done::new(Value::None, locked.tick(), 0)
}

/// Finds the ends of the lists of tasks and of callbacks anew: the chain from the head is whole at every instant.
pub(super) fn mend(arena: Arena, off: Off) {
    let pool: &PoolState = arena.at(off);
    let last = |first: &AtomicU32, next: fn(Arena, Off) -> &'static AtomicU32| {
        let (mut last, mut at) = (0, first.load(Relaxed));
        while at != 0 {
            (last, at) = (at, next(arena, Off(at)).load(Relaxed));
        }
        last
    };
    let last_task = last(&pool.head, |arena, off| &arena.at::<submit::TaskState>(off).next);
    let last_call = last(&pool.calls, |arena, off| &arena.at::<result::ResultState>(off).next_call);
    pool.tail.store(last_task, Relaxed);
    pool.last_call.store(last_call, Relaxed);
}

/// What to tell one who waits in a pool and whose waker died: a worker the task it was given, or that there will be
/// none; one who joins looks again.
pub(super) fn rescued(ctx: &Ctx, off: Off, list: usize, worker: u32) -> Option<Verdict> {
    if list != TAKERS {
        return Some(Verdict { code: say::RETRY, ..Verdict::default() });
    }
    let pool: &PoolState = ctx.arena.at(off);
    let _locked = ctx.lock(off);
    let task = worker::in_hand(ctx.arena.at::<Slot>(slot_at(worker)));
    if let Some(task) = task.filter(|task| submit::is_waiting(ctx, pool, *task)) {
        submit::begin_at(ctx, pool, worker, task);
    }
    let code = match (task, pool.state.load(Relaxed)) {
        (None, OPEN) => return None,
        (None, _) => say::CLOSED,
        _ => say::DONE,
    };
    Some(Verdict { code, given: task.map_or(0, |task| u64::from(task.0)), ..Verdict::default() })
}
