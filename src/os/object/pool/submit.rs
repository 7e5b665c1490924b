//! Handing tasks to a pool: one, or one for each chunk of a list.
//!
//! Answers for: the list of tasks that wait. Never runs one.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::atomic::Ordering::{Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64};

use super::result::{self, ResultState, Shape};
use super::worker::size;
use super::{PoolState, TAKERS, call, retire};
use crate::os::arena::{Off, Shared};
use crate::os::layout::{Slot, slot_at};
use crate::os::object::{Done, Refused, Result, count_arg, enrol, say};
use crate::os::park::{Ctx, Verdict};
use crate::os::small_lock::Locked;
use crate::os::values;
use crate::program::fault;
use crate::program::op::{Op, OpCode};
use crate::value::{ResultRef, Value};

/// Tasks that a chunk of `map` is cut into, by default, for each worker.
const CHUNKS_PER_WORKER: usize = 4;

#[repr(C)]
pub(super) struct TaskState {
    pub(super) next: AtomicU32,
    /// Where its result lies.
    pub(super) result: AtomicU32,
    /// Which part of the result it makes.
    pub(super) part: AtomicU32,
    pub(super) len: AtomicU32,
    /// Where it was submitted.
    pub(super) place: AtomicU64,
    pad: AtomicU64,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for TaskState {}

pub(super) const TASK_BODY: usize = size_of::<TaskState>();

/// One task with its arguments.
pub(in crate::os) fn one(ctx: &Ctx, off: Off, op: &Op) -> Result {
    let call = vec![op.args.get(1).clone()];
    submit(ctx, off, op.args.get(0), &[&call], Shape::One, [op.args.get(2), op.args.get(3)])
}

/// One task for each of a list of argument lists, in chunks.
pub(in crate::os) fn each(ctx: &Ctx, off: Off, op: &Op) -> Result {
    let Value::List(calls) = op.args.get(1) else {
        return Err(fault::map_arguments().into());
    };
    let shape = match op.code {
        OpCode::PoolImap => Shape::InOrder,
        OpCode::PoolImapUnordered => Shape::AsTheyCome,
        _ => Shape::List,
    };
    let chunk = match op.args.get(2) {
        Value::None if shape != Shape::List => 1,
        Value::None => calls.len().div_ceil((size(ctx.arena, off).max(1) as usize) * CHUNKS_PER_WORKER).max(1),
        chunk => {
            let chunk = count_arg(chunk, "`chunk`")?;
            usize::try_from(chunk).ok().filter(|chunk| *chunk > 0).ok_or_else(fault::empty_chunk)?
        }
    };
    let parts: Vec<&[Value]> = calls.chunks(chunk).collect();
    submit(ctx, off, op.args.get(0), &parts, shape, [op.args.get(3), op.args.get(4)])
}

fn submit(ctx: &Ctx, off: Off, task: &Value, parts: &[&[Value]], shape: Shape, callbacks: [&Value; 2]) -> Result {
    let pool: &PoolState = ctx.arena.at(off);
    let lens: Vec<usize> = parts.iter().map(|calls| calls.len()).collect();
    let result = result::create(ctx, off, &lens, shape, callbacks)?;
    let mut tasks = Vec::with_capacity(parts.len());
    for (part, calls) in (0..).zip(parts) {
        let bytes = values::encode_calls(task, calls, shape != Shape::One);
        tasks.push(write_task(ctx, &bytes, result, part)?);
    }
    for (task, next) in tasks.iter().zip(tasks.iter().skip(1)) {
        ctx.arena.at::<TaskState>(*task).next.store(next.0, Relaxed);
    }
    let locked = ctx.lock(off);
    if let Some(error) = pool.refuses() {
        tasks.into_iter().for_each(|task| ctx.arena.free(task));
        retire::put_by(ctx, pool, result);
        return Err(Refused::from(error).at(locked.tick()));
    }
    // A refused submission leaves no result.
    let id = enrol(ctx.arena, result)?;
    let ticket = locked.tick();
    if let (Some(first), Some(last)) = (tasks.first(), tasks.last()) {
        append(ctx, pool, *first, *last);
    }
    if tasks.is_empty() {
        result::settle_empty(ctx, result);
        call::wake_caller(ctx, &locked, off, pool);
    }
    serve(ctx, &locked, pool);
    Ok(Done::new(Value::Result(ResultRef(id)), ticket, 0))
}

fn write_task(ctx: &Ctx, bytes: &[u8], result: Off, part: u32) -> Result<Off> {
    let block = ctx.arena.alloc(TASK_BODY + bytes.len())?;
    let task: &TaskState = ctx.arena.at(block);
    task.next.store(0, Relaxed);
    task.result.store(result.0, Relaxed);
    task.part.store(part, Relaxed);
    task.len.store(bytes.len() as u32, Relaxed);
    task.place.store(ctx.place(), Relaxed);
    ctx.arena.write(block, TASK_BODY, bytes);
    Ok(block)
}

/// Appends a chain of tasks, all at once: whoever dies has handed over all of them or none.
fn append(ctx: &Ctx, pool: &PoolState, first: Off, last: Off) {
    let tail = Off(pool.tail.load(Relaxed));
    if tail.is_null() {
        pool.head.store(first.0, Relaxed);
    } else {
        ctx.arena.at::<TaskState>(tail).next.store(first.0, Relaxed);
    }
    pool.tail.store(last.0, Relaxed);
}

/// Hands tasks that wait to workers that are idle; the last one is left to a worker that looks out for it.
pub(super) fn serve(ctx: &Ctx, locked: &Locked<'_>, pool: &PoolState) {
    while let Some(task) = first_wanted(ctx, pool) {
        let is_last = ctx.arena.at::<TaskState>(task).next.load(Relaxed) == 0;
        if is_last && pool.lookout.load(Relaxed) != 0 {
            return;
        }
        let Some(worker) = ctx.claim_first(locked, TAKERS) else { return };
        let ticket = locked.tick();
        begin_at(ctx, pool, worker.actor, task);
        let place = ctx.arena.at::<TaskState>(task).place.load(Relaxed);
        ctx.finish(worker, Verdict { code: say::DONE, given: u64::from(task.0), ticket, cause: place });
    }
}

/// The first task that is still wanted; those before it are dropped.
pub(super) fn first_wanted(ctx: &Ctx, pool: &PoolState) -> Option<Off> {
    loop {
        let head = Off(pool.head.load(Relaxed));
        if head.is_null() {
            return None;
        }
        let (result, part) = destination(ctx, head);
        if ctx.arena.at::<ResultState>(result).wants(ctx.arena, part) {
            return Some(head);
        }
        unlink_first(ctx, pool);
        ctx.arena.free(head);
    }
}

/// The first task becomes what a worker has in hand. It stands in the worker's hand before it leaves the list, so that
/// it is in one of the two whoever dies.
pub(super) fn begin_at(ctx: &Ctx, pool: &PoolState, worker: u32, task: Off) {
    ctx.arena.at::<Slot>(slot_at(worker)).task.store(task.0, Release);
    unlink_first(ctx, pool);
    result::begin(ctx.arena.at(destination(ctx, task).0));
}

pub(super) fn unlink_first(ctx: &Ctx, pool: &PoolState) -> Option<Off> {
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

/// Whether a task waits: what a worker that died had in hand may not have left the list.
pub(super) fn is_waiting(ctx: &Ctx, pool: &PoolState, task: Off) -> bool {
    let mut at = pool.head.load(Relaxed);
    while at != 0 && at != task.0 {
        at = ctx.arena.at::<TaskState>(Off(at)).next.load(Relaxed);
    }
    at == task.0
}

/// Where what comes of a task belongs: its result, and which part of it.
pub(super) fn destination(ctx: &Ctx, block: Off) -> (Off, u32) {
    let task: &TaskState = ctx.arena.at(block);
    (Off(task.result.load(Relaxed)), task.part.load(Relaxed))
}
