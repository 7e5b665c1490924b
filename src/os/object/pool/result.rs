//! Results of tasks: what came of each part, and who waits for it.
//!
//! Answers for: when a result is there, and what it gives. Never runs a task.
#![expect(unsafe_code, reason = "marks shapes that lie in shared memory")]

use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64};

use crate::os::arena::{Off, Shared};
use crate::os::layout::ObjectHeader;
use crate::os::object::{Done, Identity, KIND_RESULT, Patience, Refused, Result, find, make_hidden, say, waiting};
use crate::os::park::{Ctx, Locked, Verdict, Woken};
use crate::os::values;
use crate::program::fault;
use crate::program::op::OpCode;
use crate::value::{Error, Value};

/// Who waits for a result.
const GETTERS: usize = 0;

const PENDING: u32 = 0;
const RUNNING: u32 = 1;
const SUCCEEDED: u32 = 2;
const FAILED: u32 = 3;

#[repr(C)]
pub(super) struct ResultState {
    pub(super) header: ObjectHeader,
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
    pad: [AtomicU32; 2],
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for Part {}

/// Makes the result of some tasks of a pool, not yet enrolled.
pub(super) fn create(ctx: &Ctx, pool: Off, parts: u32, is_map: bool) -> Result<Off> {
    let off = make_hidden::<ResultState>(ctx.arena, KIND_RESULT, Identity::default())?;
    let result: &ResultState = ctx.arena.at(off);
    result.pool.store(pool.0, Relaxed);
    result.is_map.store(is_map as u32, Relaxed);
    result.parts.store(parts, Relaxed);
    result.left.store(parts, Relaxed);
    result.table.store(ctx.arena.alloc_zeroed(parts.max(1) as usize * size_of::<Part>())?.0, Relaxed);
    if parts == 0 {
        result.state.store(SUCCEEDED, Relaxed);
        result.done.store(ctx.place(), Relaxed);
    }
    Ok(off)
}

/// Whether a task is still wanted; from now on it cannot be cancelled. Under the small lock of the pool.
pub(super) fn begin(result: &ResultState) -> bool {
    if result.cancelled.load(Relaxed) != 0 {
        return false;
    }
    // It may be past that, for another part of it or because the pool was cut off.
    let _ = result.state.compare_exchange(PENDING, RUNNING, Relaxed, Relaxed);
    true
}

pub(super) fn settle_part(ctx: &Ctx, off: Off, part: u32, came: std::result::Result<Vec<u8>, &Error>) -> u64 {
    let result: &ResultState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let ticket = locked.tick();
    if result.state.load(Relaxed) >= SUCCEEDED {
        return ticket;
    }
    let failed = result.failed_part.load(Relaxed);
    match came.map(|bytes| ctx.arena.alloc_bytes(&bytes).map(|block| (block, bytes.len()))) {
        Ok(Ok((block, len))) => {
            let entry: &Part = ctx.arena.at(Off(result.table.load(Relaxed) + part));
            entry.block.store(block.0, Relaxed);
            entry.len.store(len as u32, Relaxed);
        }
        Ok(Err(full)) => keep_error(ctx, result, part, failed, &Refused::from(full).error),
        Err(error) => keep_error(ctx, result, part, failed, error),
    }
    if result.left.fetch_sub(1, Relaxed) == 1 {
        let state = if result.failed_part.load(Relaxed) != 0 { FAILED } else { SUCCEEDED };
        complete(ctx, &locked, result, state);
    }
    ticket
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

fn complete(ctx: &Ctx, locked: &Locked<'_>, result: &ResultState, state: u32) {
    result.done.store(ctx.place(), Relaxed);
    result.state.store(state, Release);
    while let Some(getter) = ctx.claim_first(locked, GETTERS) {
        let ticket = locked.tick();
        ctx.finish(getter, Verdict { code: say::DONE, given: 0, ticket, cause: ctx.place() });
    }
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

/// Whether a result is there.
pub(in crate::os) fn is_complete(ctx: &Ctx, off: Off) -> bool {
    let _locked = ctx.lock(off);
    ctx.arena.at::<ResultState>(off).state.load(Acquire) >= SUCCEEDED
}
