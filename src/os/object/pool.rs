//! Pools and the results of their tasks: a list of tasks, workers that take them, results that others wait for.
#![expect(unsafe_code, reason = "marks shapes that lie in shared memory")]

use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64};

use super::{
    Done, Identity, KIND_RESULT, Patience, Refused, Result, enrol, find, kind_number, make, make_hidden, say, waiting,
};
use crate::os::arena::{Arena, Off, Shared};
use crate::os::layout::{ObjectHeader, Slot, slot_at};
use crate::os::park::{Ctx, Verdict, Woken};
use crate::os::values;
use crate::program::fault;
use crate::program::op::OpCode;
use crate::value::{Error, ObjectKind, ResultRef, Value};

/// Idle workers.
const TAKERS: usize = 0;
/// Who waits for a result.
const GETTERS: usize = 0;
/// Tasks that a chunk of `map` is cut into, by default, for each worker.
const CHUNKS_PER_WORKER: usize = 4;
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

#[repr(C)]
struct TaskState {
    next: AtomicU32,
    /// Where its result lies.
    result: AtomicU32,
    /// Which part of the result it makes.
    part: AtomicU32,
    len: AtomicU32,
    /// Where it was submitted.
    place: AtomicU64,
    pad: AtomicU64,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for TaskState {}

const TASK_BODY: usize = size_of::<TaskState>();

const PENDING: u32 = 0;
const RUNNING: u32 = 1;
const SUCCEEDED: u32 = 2;
const FAILED: u32 = 3;

#[repr(C)]
struct ResultState {
    header: ObjectHeader,
    state: AtomicU32,
    /// 1: a list made of parts (`map`).
    is_map: AtomicU32,
    parts: AtomicU32,
    left: AtomicU32,
    /// The block of parts: for each a block and its length.
    table: AtomicU32,
    /// The first part in order that failed, plus 1, and its error.
    failed_part: AtomicU32,
    error: AtomicU32,
    error_len: AtomicU32,
    /// 1: cancelled before it began.
    cancelled: AtomicU32,
    /// Where its pool lies, under whose small lock it is decided whether a task begins or is cancelled.
    pool: AtomicU32,
    /// The event that completed it.
    done: AtomicU64,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for ResultState {}

#[repr(C)]
struct Part {
    block: AtomicU32,
    len: AtomicU32,
    /// 1: it is known what came of it.
    settled: AtomicU32,
    pad: AtomicU32,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for Part {}

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
pub(in crate::os) fn workers(ctx: &Ctx, off: Off) -> Vec<u32> {
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

fn not_open() -> Refused {
    fault::pool_closed().into()
}

/// One task with its arguments.
pub(in crate::os) fn submit(ctx: &Ctx, off: Off, task: &Value, args: Value) -> Result {
    let calls = vec![args];
    submit_parts(ctx, off, task, vec![calls], false)
}

/// One task for each of a list of argument lists, in chunks.
pub(in crate::os) fn submit_map(ctx: &Ctx, off: Off, task: &Value, calls: &Value, chunk: &Value) -> Result {
    let Value::List(calls) = calls else {
        return Err(fault::map_arguments().into());
    };
    let chunk = match chunk {
        Value::None => calls.len().div_ceil(size(ctx.arena, off) as usize * CHUNKS_PER_WORKER).max(1),
        chunk => {
            let chunk = super::count_arg(chunk, "`chunk`")?;
            usize::try_from(chunk).ok().filter(|chunk| *chunk > 0).ok_or_else(fault::empty_chunk)?
        }
    };
    let parts = calls.chunks(chunk).map(<[Value]>::to_vec).collect();
    submit_parts(ctx, off, task, parts, true)
}

fn submit_parts(ctx: &Ctx, off: Off, task: &Value, parts: Vec<Vec<Value>>, is_map: bool) -> Result {
    let pool: &PoolState = ctx.arena.at(off);
    let result_off = make_hidden::<ResultState>(ctx.arena, KIND_RESULT, Identity::default())?;
    let result: &ResultState = ctx.arena.at(result_off);
    result.pool.store(off.0, Relaxed);
    result.is_map.store(is_map as u32, Relaxed);
    result.parts.store(parts.len() as u32, Relaxed);
    result.left.store(parts.len() as u32, Relaxed);
    result.table.store(ctx.arena.alloc_zeroed(parts.len().max(1) * size_of::<Part>())?.0, Relaxed);
    let mut tasks = Vec::with_capacity(parts.len());
    for (part, calls) in parts.into_iter().enumerate() {
        tasks.push(write_task(ctx, task, calls, result_off, part as u32, is_map)?);
    }
    if tasks.is_empty() {
        result.state.store(SUCCEEDED, Relaxed);
        result.done.store(ctx.place(), Relaxed);
    }
    let locked = ctx.lock(off);
    if pool.state.load(Relaxed) != OPEN {
        tasks.into_iter().for_each(|task| ctx.arena.free(task));
        return Err(not_open().at(locked.tick()));
    }
    // A refused submission leaves no result.
    let id = enrol(ctx.arena, result_off)?;
    let ticket = locked.tick();
    for task in tasks {
        match ctx.claim_first(&locked, TAKERS) {
            Some(worker) => {
                let theirs = locked.tick();
                begin(result);
                hand_task(ctx, worker.actor, task);
                let given = task.0 as u64;
                ctx.finish(worker, Verdict { code: say::DONE, given, ticket: theirs, cause: ctx.place() });
            }
            None => append(ctx, pool, task),
        }
    }
    Ok(Done::new(Value::Result(ResultRef(id)), ticket, 0))
}

fn write_task(ctx: &Ctx, task: &Value, calls: Vec<Value>, result: Off, part: u32, chunk: bool) -> Result<Off> {
    let what = Value::List(Arc::new(vec![task.clone(), Value::List(Arc::new(calls)), Value::Bool(chunk)]));
    let bytes = values::encode(&what)?;
    let block = ctx.arena.alloc(TASK_BODY + bytes.len())?;
    let task: &TaskState = ctx.arena.at(block);
    task.next.store(0, Relaxed);
    task.result.store(result.0, Relaxed);
    task.part.store(part, Relaxed);
    task.len.store(bytes.len() as u32, Relaxed);
    task.place.store(ctx.place(), Relaxed);
    ctx.arena.write(block, TASK_BODY, &bytes);
    Ok(block)
}

fn append(ctx: &Ctx, pool: &PoolState, task: Off) {
    let tail = Off(pool.tail.load(Relaxed));
    if tail.is_null() {
        pool.head.store(task.0, Relaxed);
    } else {
        ctx.arena.at::<TaskState>(tail).next.store(task.0, Relaxed);
    }
    pool.tail.store(task.0, Relaxed);
}

fn unlink(ctx: &Ctx, pool: &PoolState) -> Option<Off> {
    let head = Off(pool.head.load(Relaxed));
    if head.is_null() {
        return None;
    }
    let next = ctx.arena.at::<TaskState>(head).next.load(Relaxed);
    pool.head.store(next, Relaxed);
    if next == 0 {
        pool.tail.store(0, Relaxed);
    }
    Some(head)
}

/// Notes what a worker has in hand, so that its death fails just that task.
fn hand_task(ctx: &Ctx, worker: u32, task: Off) {
    ctx.arena.at::<Slot>(slot_at(worker)).task.store(task.0, Release);
}

/// Of a worker: the next task, or none when the pool is closed and drained. Cancelled tasks are passed over.
pub(in crate::os) fn take(ctx: &Ctx, off: Off) -> Result {
    let pool: &PoolState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let (block, ticket) = match unlink_wanted(ctx, pool) {
        Some(block) => (block, locked.tick()),
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

/// Takes tasks off the list up to the first that is still wanted, which begins in the hand of the calling worker.
fn unlink_wanted(ctx: &Ctx, pool: &PoolState) -> Option<Off> {
    loop {
        let block = Some(Off(pool.head.load(Relaxed))).filter(|block| !block.is_null())?;
        // In hand before it is off the list, so that no death loses it.
        hand_task(ctx, ctx.me, block);
        ctx.point();
        unlink(ctx, pool);
        ctx.point();
        let task: &TaskState = ctx.arena.at(block);
        if begin(ctx.arena.at(Off(task.result.load(Relaxed)))) {
            return Some(block);
        }
        ctx.slot.task.store(0, Release);
        ctx.arena.free(block);
    }
}

/// Whether a task is still wanted; from now on it cannot be cancelled. Under the small lock of the pool.
fn begin(result: &ResultState) -> bool {
    if result.cancelled.load(Relaxed) != 0 {
        return false;
    }
    // It may be past that, for another part of it or because the pool was cut off.
    let _ = result.state.compare_exchange(PENDING, RUNNING, Relaxed, Relaxed);
    true
}

/// Of a worker: what came of the task in hand, and the id of its result; none where the pool was terminated meanwhile.
pub(in crate::os) fn done(ctx: &Ctx, value: &Value, error: Option<&Error>) -> (Done, Option<u32>) {
    let Some(block) = Some(ctx.slot.task.load(Acquire)).filter(|block| *block != 0).map(Off) else {
        return (Done::default(), None);
    };
    let (result, _) = destination(ctx, block);
    let id = ctx.arena.at::<ObjectHeader>(result).id.load(Relaxed);
    let (_, part) = destination(ctx, block);
    let settled = match error {
        Some(error) => settle_part(ctx, result, part, Err(error)),
        None => match values::encode(value) {
            Ok(bytes) => settle_part(ctx, result, part, Ok(bytes)),
            Err(error) => settle_part(ctx, result, part, Err(&error)),
        },
    };
    ctx.point();
    // In hand until it is settled: a death before that fails it. Where the pool was terminated meanwhile, the block
    // stays.
    if let Some(block) = in_hand(ctx.slot) {
        ctx.arena.free(block);
    }
    let Some(ticket) = settled else { return (Done::default(), None) };
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

/// Takes the task in hand of a worker away.
fn in_hand(slot: &Slot) -> Option<Off> {
    let block = slot.task.swap(0, Acquire);
    (block != 0 && block != LEFT).then_some(Off(block))
}

/// In the place of a task: there was one, and it has failed.
const LEFT: u32 = u32::MAX;

/// Enters what came of a task into its result; the last part lets everyone go who waits.
fn settle(ctx: &Ctx, block: Off, came: std::result::Result<Vec<u8>, &Error>) {
    let (off, part) = destination(ctx, block);
    ctx.arena.free(block);
    settle_part(ctx, off, part, came);
}

/// Where what comes of a task belongs: its result, and which part of it.
fn destination(ctx: &Ctx, block: Off) -> (Off, u32) {
    let task: &TaskState = ctx.arena.at(block);
    (Off(task.result.load(Relaxed)), task.part.load(Relaxed))
}

/// The place of that in the result's order; none where it was known before.
fn settle_part(ctx: &Ctx, off: Off, part: u32, came: std::result::Result<Vec<u8>, &Error>) -> Option<u64> {
    let result: &ResultState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let ticket = locked.tick();
    let entry: &Part = ctx.arena.at(Off(result.table.load(Relaxed) + part));
    if entry.settled.load(Relaxed) != 0 {
        return None;
    }
    if result.state.load(Relaxed) >= SUCCEEDED {
        return Some(ticket);
    }
    let failed = result.failed_part.load(Relaxed);
    match came.map(|bytes| ctx.arena.alloc_bytes(&bytes).map(|block| (block, bytes.len()))) {
        Ok(Ok((block, len))) => {
            entry.block.store(block.0, Relaxed);
            entry.len.store(len as u32, Relaxed);
        }
        Ok(Err(full)) => keep_error(ctx, result, part, failed, &Refused::from(full).error),
        Err(error) => keep_error(ctx, result, part, failed, error),
    }
    ctx.point();
    entry.settled.store(1, Relaxed);
    ctx.point();
    if result.left.fetch_sub(1, Relaxed) == 1 {
        complete(ctx, &locked, result, outcome(result));
    }
    Some(ticket)
}

/// What a result is whose parts are all known.
fn outcome(result: &ResultState) -> u32 {
    if result.failed_part.load(Relaxed) != 0 { FAILED } else { SUCCEEDED }
}

/// Counts the parts of a result anew whose lock a dead actor holds.
pub(super) fn mend_result(arena: Arena, off: Off) {
    let result: &ResultState = arena.at(off);
    let table = result.table.load(Relaxed);
    let left = (0..result.parts.load(Relaxed)).filter(|part| {
        let entry: &Part = arena.at(Off(table + part));
        entry.settled.load(Relaxed) == 0
    });
    result.left.store(left.count() as u32, Relaxed);
}

/// Goes on with the completion of a result that a dead actor was in the middle of. For the supervisor.
pub(super) fn resume_result(ctx: &Ctx, off: Off) {
    let result: &ResultState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if result.state.load(Relaxed) >= SUCCEEDED {
        complete(ctx, &locked, result, result.state.load(Relaxed));
    } else if result.left.load(Relaxed) == 0 {
        complete(ctx, &locked, result, outcome(result));
    }
}

/// The error of the first part in order is the one that is raised.
fn keep_error(ctx: &Ctx, result: &ResultState, part: u32, failed: u32, error: &Error) {
    if failed != 0 && failed <= part + 1 {
        return;
    }
    let bytes = values::encode_error(error);
    if let Ok(block) = ctx.arena.alloc_bytes(&bytes) {
        ctx.arena.free(Off(result.error.swap(block.0, Relaxed)));
        result.error_len.store(bytes.len() as u32, Relaxed);
    }
    result.failed_part.store(part + 1, Relaxed);
}

fn complete(ctx: &Ctx, locked: &crate::os::park::Locked<'_>, result: &ResultState, state: u32) {
    result.done.store(ctx.place(), Relaxed);
    result.state.store(state, Release);
    while let Some(getter) = ctx.claim_first(locked, GETTERS) {
        let ticket = locked.tick();
        ctx.finish(getter, Verdict { code: say::DONE, given: 0, ticket, cause: ctx.place() });
    }
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
    while let Some(task) = unlink(ctx, pool) {
        cut.push(task);
    }
    drop(locked);
    let terminated = fault::pool_terminated();
    for task in cut {
        settle(ctx, task, Err(&terminated));
    }
    for worker in workers(ctx, off) {
        if let Some(task) = in_hand(ctx.arena.at(slot_at(worker))) {
            // The worker may be reading it until the signal reaches it, so the block stays.
            let (result, part) = destination(ctx, task);
            settle_part(ctx, result, part, Err(&terminated));
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

/// How a wait for a result ended.
enum Awaited {
    There { ticket: u64, cause: u64 },
    TimedOut { ticket: u64 },
}

fn await_result(ctx: &Ctx, off: Off, patience: Patience, op: OpCode) -> Awaited {
    let result: &ResultState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if result.state.load(Relaxed) >= SUCCEEDED {
        return Awaited::There { ticket: locked.tick(), cause: result.done.load(Relaxed) };
    }
    let Patience::Until(deadline) = patience else { return Awaited::TimedOut { ticket: locked.tick() } };
    let entered = ctx.enter(&locked, GETTERS, 0, &waiting(op, deadline));
    drop(locked);
    match ctx.park(entered) {
        Woken::By(Verdict { ticket, cause, .. }) => Awaited::There { ticket, cause },
        Woken::TimedOut { ticket } => Awaited::TimedOut { ticket },
    }
}

pub(in crate::os) fn get(ctx: &Ctx, id: u32, patience: Patience) -> Result {
    let off = find(ctx.arena, id);
    let (ticket, cause) = match await_result(ctx, off, patience, OpCode::ResultGet) {
        Awaited::There { ticket, cause } => (ticket, cause),
        Awaited::TimedOut { ticket } => {
            return Err(Refused::from(fault::result_late()).at(ticket));
        }
    };
    let result: &ResultState = ctx.arena.at(off);
    if result.state.load(Acquire) == FAILED {
        let bytes = ctx.arena.read(Off(result.error.load(Relaxed)), 0, result.error_len.load(Relaxed) as usize);
        return Err(Refused { error: values::decode_error(&bytes), ticket, cause });
    }
    Ok(Done::new(gather(ctx, result), ticket, cause))
}

/// The value of a result that succeeded: the one part, or the list made of all.
fn gather(ctx: &Ctx, result: &ResultState) -> Value {
    let part = |index: u32| {
        let entry: &Part = ctx.arena.at(Off(result.table.load(Relaxed) + index));
        values::decode(&ctx.arena.read(Off(entry.block.load(Relaxed)), 0, entry.len.load(Relaxed) as usize))
    };
    if result.is_map.load(Relaxed) == 0 {
        return part(0);
    }
    let mut all = Vec::new();
    for index in 0..result.parts.load(Relaxed) {
        if let Value::List(items) = part(index) {
            all.extend(items.iter().cloned());
        }
    }
    Value::List(Arc::new(all))
}

pub(in crate::os) fn wait(ctx: &Ctx, id: u32, patience: Patience) -> Result {
    let off = find(ctx.arena, id);
    Ok(match await_result(ctx, off, patience, OpCode::ResultWait) {
        Awaited::There { ticket, cause } => Done::new(Value::None, ticket, cause),
        Awaited::TimedOut { ticket } => Done::new(Value::None, ticket, 0),
    })
}

pub(in crate::os) fn is_ready(ctx: &Ctx, id: u32) -> Result {
    let off = find(ctx.arena, id);
    let locked = ctx.lock(off);
    let result: &ResultState = ctx.arena.at(off);
    let ready = result.state.load(Relaxed) >= SUCCEEDED;
    let cause = if ready { result.done.load(Relaxed) } else { 0 };
    Ok(Done::new(Value::Bool(ready), locked.tick(), cause))
}

pub(in crate::os) fn successful(ctx: &Ctx, id: u32) -> Result {
    let off = find(ctx.arena, id);
    let locked = ctx.lock(off);
    let result: &ResultState = ctx.arena.at(off);
    match result.state.load(Relaxed) {
        SUCCEEDED | FAILED => {
            let succeeded = result.state.load(Relaxed) == SUCCEEDED;
            Ok(Done::new(Value::Bool(succeeded), locked.tick(), result.done.load(Relaxed)))
        }
        _ => Err(Refused::from(fault::not_ready()).at(locked.tick())),
    }
}

/// Cancels a task that has not begun; true where it had not.
pub(in crate::os) fn cancel(ctx: &Ctx, id: u32) -> Result {
    let off = find(ctx.arena, id);
    let result: &ResultState = ctx.arena.at(off);
    // Under the pool's lock no task begins.
    let _pool = ctx.lock(Off(result.pool.load(Relaxed)));
    let locked = ctx.lock(off);
    let ticket = locked.tick();
    if result.state.load(Relaxed) == PENDING {
        result.cancelled.store(1, Relaxed);
        keep_error(ctx, result, 0, 0, &fault::cancelled());
        complete(ctx, &locked, result, FAILED);
        return Ok(Done::new(Value::Bool(true), ticket, 0));
    }
    Ok(Done::new(Value::Bool(result.cancelled.load(Relaxed) != 0), ticket, 0))
}

pub(in crate::os) fn cancelled(ctx: &Ctx, id: u32) -> Result {
    let off = find(ctx.arena, id);
    let locked = ctx.lock(off);
    let result: &ResultState = ctx.arena.at(off);
    Ok(Done::new(Value::Bool(result.cancelled.load(Relaxed) != 0), locked.tick(), 0))
}

/// Finds the end of the list of tasks anew: the chain from the head is whole at every instant. A task that is still on
/// it the dead worker never had.
pub(super) fn mend(arena: Arena, off: Off, dead: u32) {
    let pool: &PoolState = arena.at(off);
    let dead: &Slot = arena.at(slot_at(dead));
    let (mut last, mut at) = (0, pool.head.load(Relaxed));
    while at != 0 {
        if dead.task.load(Relaxed) == at {
            dead.task.store(0, Relaxed);
        }
        (last, at) = (at, arena.at::<TaskState>(Off(at)).next.load(Relaxed));
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

/// Whether a result is there.
pub(super) fn is_complete(ctx: &Ctx, off: Off) -> bool {
    let _locked = ctx.lock(off);
    ctx.arena.at::<ResultState>(off).state.load(Acquire) >= SUCCEEDED
}
