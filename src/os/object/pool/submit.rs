//! Handing tasks to a pool: one, or one for each chunk of a list.
//!
//! Answers for: the list of tasks that wait. Never runs one.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64};

use super::result::{self, ResultState};
use super::worker::{hand_task, size};
use super::{OPEN, PoolState, TAKERS};
use crate::os::arena::{Off, Shared};
use crate::os::object::{Done, Refused, Result, count_arg, enrol, say};
use crate::os::park::{Ctx, Verdict};
use crate::os::values;
use crate::program::fault;
use crate::value::{ResultRef, Value};

/// Tasks that a chunk of `map` is cut into, by default, for each worker.
const CHUNKS_PER_WORKER: usize = 4;

#[repr(C)]
pub(super) struct TaskState {
    pub(super) next: AtomicU32,
    /// Where its result lies.
    pub(super) result: AtomicU32,
    /// Which part of the result it makes.
    part: AtomicU32,
    pub(super) len: AtomicU32,
    /// Where it was submitted.
    pub(super) place: AtomicU64,
    pad: AtomicU64,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for TaskState {}

pub(super) const TASK_BODY: usize = size_of::<TaskState>();

fn not_open() -> Refused {
    fault::pool_closed().into()
}

/// One task with its arguments.
pub(in crate::os) fn one(ctx: &Ctx, off: Off, task: &Value, args: Value) -> Result {
    let calls = vec![args];
    submit(ctx, off, task, vec![calls], false)
}

/// One task for each of a list of argument lists, in chunks.
pub(in crate::os) fn each(ctx: &Ctx, off: Off, task: &Value, calls: &Value, chunk: &Value) -> Result {
    let Value::List(calls) = calls else {
        return Err(fault::map_arguments().into());
    };
    let chunk = match chunk {
        Value::None => calls.len().div_ceil(size(ctx.arena, off) as usize * CHUNKS_PER_WORKER).max(1),
        chunk => {
            let chunk = count_arg(chunk, "`chunk`")?;
            usize::try_from(chunk).ok().filter(|chunk| *chunk > 0).ok_or_else(fault::empty_chunk)?
        }
    };
    let parts = calls.chunks(chunk).map(<[Value]>::to_vec).collect();
    submit(ctx, off, task, parts, true)
}

fn submit(ctx: &Ctx, off: Off, task: &Value, parts: Vec<Vec<Value>>, is_map: bool) -> Result {
    let pool: &PoolState = ctx.arena.at(off);
    let result_off = result::create(ctx, off, parts.len() as u32, is_map)?;
    let result: &ResultState = ctx.arena.at(result_off);
    let mut tasks = Vec::with_capacity(parts.len());
    for (part, calls) in parts.into_iter().enumerate() {
        tasks.push(write_task(ctx, task, calls, result_off, part as u32, is_map)?);
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
                result::begin(result);
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

pub(super) fn unlink(ctx: &Ctx, pool: &PoolState) -> Option<Off> {
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

/// Where what comes of a task belongs: its result, and which part of it.
pub(super) fn destination(ctx: &Ctx, block: Off) -> (Off, u32) {
    let task: &TaskState = ctx.arena.at(block);
    (Off(task.result.load(Relaxed)), task.part.load(Relaxed))
}
