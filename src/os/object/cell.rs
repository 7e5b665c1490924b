//! Shared and atomic variables: an encoded value behind the object's small lock.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64};

use super::{Done, Identity, Refused, Result, Stamp, enrol, kind_number, make_hidden, say};
use crate::os::arena::{Arena, Off, Shared};
use crate::os::layout::ObjectHeader;
use crate::os::park::{Ctx, Verdict};
use crate::os::small_lock::Locked;
use crate::os::values;
use crate::program::fault;
use crate::value::{ObjectKind, Value};

/// Room of a variable that names none.
pub(in crate::os) const ROOM_BYTES: i64 = 64 << 10;
/// Who waits for a condition over it.
pub(in crate::os) const AWAITERS: usize = 0;
/// Values up to this size lie in the variable itself.
const INLINE_BYTES: usize = 16;

#[repr(C)]
struct CellState {
    header: ObjectHeader,
    /// The bytes, where there are few.
    inline: [AtomicU64; 2],
    room: AtomicU64,
    len: AtomicU32,
    /// Where the bytes lie, and how many fit there, where there are many.
    block: AtomicU32,
    block_room: AtomicU32,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for CellState {}

pub(in crate::os) fn create(arena: Arena, kind: ObjectKind, who: Identity, room: i64, value: &Value) -> Result<u32> {
    let room = u64::try_from(room).map_err(|_| fault::negative_room())?;
    let off = make_hidden::<CellState>(arena, kind_number(kind), who)?;
    let state: &CellState = arena.at(off);
    state.room.store(room, Relaxed);
    store(arena, state, value)?;
    enrol(arena, off)
}

fn load(arena: Arena, state: &CellState) -> Value {
    let len = state.len.load(Relaxed) as usize;
    if len > INLINE_BYTES {
        return values::decode(&arena.read(Off(state.block.load(Relaxed)), 0, len));
    }
    let mut bytes = [0; INLINE_BYTES];
    bytes[..8].copy_from_slice(&state.inline[0].load(Relaxed).to_ne_bytes());
    bytes[8..].copy_from_slice(&state.inline[1].load(Relaxed).to_ne_bytes());
    values::decode(&bytes[..len])
}

fn store(arena: Arena, state: &CellState, value: &Value) -> Result<()> {
    values::with_bytes(value, |bytes| store_bytes(arena, state, bytes))
}

fn store_bytes(arena: Arena, state: &CellState, bytes: &[u8]) -> Result<()> {
    if bytes.len() as u64 > state.room.load(Relaxed) {
        return Err(fault::no_room(bytes.len(), state.room.load(Relaxed)).into());
    }
    if bytes.len() > INLINE_BYTES {
        if bytes.len() > state.block_room.load(Relaxed) as usize {
            let block = arena.alloc(bytes.len())?;
            let old = state.block.swap(block.0, Relaxed);
            state.block_room.store(bytes.len() as u32, Relaxed);
            arena.free(Off(old));
        }
        arena.write(Off(state.block.load(Relaxed)), 0, bytes);
    } else {
        let mut inline = [0; INLINE_BYTES];
        inline[..bytes.len()].copy_from_slice(bytes);
        let half = |from: usize| u64::from_ne_bytes(std::array::from_fn(|i| inline[from + i]));
        state.inline[0].store(half(0), Relaxed);
        state.inline[1].store(half(8), Relaxed);
    }
    state.len.store(bytes.len() as u32, Relaxed);
    Ok(())
}

/// Reads the whole, or what a path of indices and keys leads to.
pub(in crate::os) fn read(ctx: &Ctx, off: Off, path: &[Value]) -> Result {
    let state: &CellState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let whole = load(ctx.arena, state);
    let (ticket, cause) = (locked.tick(), state.header.last.load(Relaxed));
    drop(locked);
    match values::at_path(whole, path) {
        Ok(value) => Ok(Done::new(value, ticket, cause)),
        Err(error) => Err(Refused::from(error).at(ticket).because(cause)),
    }
}

/// Changes the value in one step; `change` gives what the operation gives.
fn update(ctx: &Ctx, off: Off, change: impl FnOnce(&mut Value) -> Result<Value>) -> Result {
    update_or_read(ctx, off, |_| None, change).map(|(done, _)| done)
}

/// The same, unless `read` finds something to give instead, without a change: whether it did.
fn update_or_read(
    ctx: &Ctx,
    off: Off,
    read: impl FnOnce(&Value) -> Option<Value>,
    change: impl FnOnce(&mut Value) -> Result<Value>,
) -> Result<(Done, bool)> {
    let state: &CellState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let mut value = load(ctx.arena, state);
    let (ticket, cause) = (locked.tick(), state.header.last.load(Relaxed));
    if let Some(found) = read(&value) {
        return Ok((Done::new(found, ticket, cause), true));
    }
    let changed = change(&mut value).and_then(|given| store(ctx.arena, state, &value).map(|()| given));
    let given = changed.map_err(|refused| refused.at(ticket).because(cause))?;
    state.header.last.store(ctx.place(), Relaxed);
    look_again(ctx, &locked);
    Ok((Done::new(given, ticket, cause), false))
}

/// Whoever waits for a condition over it looks again.
fn look_again(ctx: &Ctx, locked: &Locked<'_>) {
    while let Some(waiter) = ctx.claim_first(locked, AWAITERS) {
        ctx.finish(waiter, Verdict { code: say::RETRY, ..Verdict::default() });
    }
}

/// Goes on with what a dead actor was about to tell those who wait. For the supervisor.
pub(in crate::os) fn resume(ctx: &Ctx, off: Off) {
    look_again(ctx, &ctx.lock(off));
}

/// What a path leads to. Under the small lock; no step of its own.
pub(in crate::os) fn peek(arena: Arena, off: Off, path: &[Value]) -> Result<Value> {
    Ok(values::at_path(load(arena, arena.at(off)), path)?)
}

pub(in crate::os) fn write(ctx: &Ctx, off: Off, path: &[Value], value: Value) -> Result {
    update(ctx, off, |whole| {
        values::set_path(whole, path, value)?;
        Ok(Value::None)
    })
}

/// Reads the whole.
pub(in crate::os) fn read_at_once(ctx: &Ctx, off: Off, gave: &mut Value) -> Stamp {
    let state: &CellState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    *gave = load(ctx.arena, state);
    Stamp::new(locked.tick(), state.header.last.load(Relaxed))
}

/// Writes the whole, where it is small and there is room for it.
pub(in crate::os) fn write_at_once(ctx: &Ctx, off: Off, value: &Value) -> Option<Stamp> {
    let room = ctx.arena.at::<CellState>(off).room.load(Relaxed);
    let is_small = matches!(value, Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_));
    if !is_small || room < INLINE_BYTES as u64 {
        return None;
    }
    let done = write(ctx, off, &[], value.clone()).ok()?;
    Some(Stamp::new(done.ticket, done.cause))
}

/// Adds to an int that stays one.
pub(in crate::os) fn add_at_once(ctx: &Ctx, off: Off, by: i64, gave: &mut Value) -> Option<Stamp> {
    let state: &CellState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let Value::Int(value) = load(ctx.arena, state) else { return None };
    let sum = Value::Int(value.checked_add(by)?);
    let cause = state.header.last.load(Relaxed);
    store(ctx.arena, state, &sum).ok()?;
    let ticket = locked.tick();
    state.header.last.store(ctx.place(), Relaxed);
    look_again(ctx, &locked);
    *gave = sum;
    Some(Stamp::new(ticket, cause))
}

/// Calls a method of the value; where the path leads to a handle, reads that instead, and says so.
pub(in crate::os) fn method(ctx: &Ctx, off: Off, path: &[Value], name: &str, args: &[Value]) -> Result<(Done, bool)> {
    let call = |whole: &mut Value| Ok(values::call_at_path(whole, path, name, args)?);
    update_or_read(ctx, off, |whole| values::handle_at_path(whole, path), call)
}

/// `add` (sign 1) and `sub` (sign -1): the value after.
pub(in crate::os) fn add(ctx: &Ctx, off: Off, by: &Value, negative: bool) -> Result {
    update(ctx, off, |value| {
        *value = if negative { values::subtract(value, by)? } else { values::add(value, by)? };
        Ok(value.clone())
    })
}

pub(in crate::os) fn swap(ctx: &Ctx, off: Off, new: Value) -> Result {
    update(ctx, off, |value| Ok(std::mem::replace(value, new)))
}

pub(in crate::os) fn compare_and_set(ctx: &Ctx, off: Off, old: &Value, new: Value) -> Result {
    update(ctx, off, |value| {
        let same = *value == *old;
        if same {
            *value = new;
        }
        Ok(Value::Bool(same))
    })
}
