//! Shared and atomic variables: an encoded value behind the object's small lock.
//!
//! A new value is written beside the old one, and one store makes it the value: whoever dies over it leaves one of
//! them, whole. What a path leads to is found, and replaced, in the encoded value.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::atomic::Ordering::{Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64};

use super::{Done, Identity, Refused, Result, Stamp, enrol, kind_number, make_hidden, say};
use crate::os::alloc::capacity;
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
    /// How many bytes the value has, and in the bit above in which of two places it is.
    value: AtomicU64,
    /// The two places, where there are few.
    inline: [[AtomicU64; 2]; 2],
    room: AtomicU64,
    /// The same where there are many, and how many fit there.
    block: [AtomicU32; 2],
    block_room: [AtomicU32; 2],
}

/// The bit of [`CellState::value`] that says in which place it is.
const SECOND: u64 = 1 << 32;

// SAFETY: repr(C), atomics only.
unsafe impl Shared for CellState {}

pub(in crate::os) fn create(arena: Arena, kind: ObjectKind, who: Identity, room: i64, value: &Value) -> Result<u32> {
    let room = u64::try_from(room).map_err(|_| fault::negative_room())?;
    let off = make_hidden::<CellState>(arena, kind_number(kind), who)?;
    let state: &CellState = arena.at(off);
    state.room.store(room, Relaxed);
    let first = values::with_bytes(value, |bytes| write_beside(arena, state, bytes))?;
    state.value.store(first, Release);
    enrol(arena, off)
}

/// The bytes of the value, for as long as `use_them` takes.
fn with_bytes<T>(arena: Arena, state: &CellState, use_them: impl FnOnce(&[u8]) -> T) -> T {
    let value = state.value.load(Relaxed);
    let (place, len) = (usize::from(value & SECOND != 0), value as u32 as usize);
    if len > INLINE_BYTES {
        return use_them(&arena.read(Off(state.block[place].load(Relaxed)), 0, len));
    }
    let words = state.inline[place].each_ref().map(|word| word.load(Relaxed).to_ne_bytes());
    use_them(&words.as_flattened()[..len])
}

fn load(arena: Arena, state: &CellState) -> Value {
    with_bytes(arena, state, values::decode)
}

fn store(ctx: &Ctx, state: &CellState, value: &Value) -> Result<()> {
    values::with_bytes(value, |bytes| store_bytes(ctx, state, bytes))
}

fn store_bytes(ctx: &Ctx, state: &CellState, bytes: &[u8]) -> Result<()> {
    let new = write_beside(ctx.arena, state, bytes)?;
    ctx.point();
    state.value.store(new, Release);
    Ok(())
}

/// Writes bytes where the value is not; gives what makes them the value (see [`CellState::value`]).
fn write_beside(arena: Arena, state: &CellState, bytes: &[u8]) -> Result<u64> {
    let len = bytes.len();
    if len as u64 > state.room.load(Relaxed) {
        return Err(fault::no_room(len, state.room.load(Relaxed)).into());
    }
    let other = (state.value.load(Relaxed) & SECOND) ^ SECOND;
    let place = usize::from(other != 0);
    if len > INLINE_BYTES {
        let (block, room) = (&state.block[place], &state.block_room[place]);
        if len > room.load(Relaxed) as usize {
            let new = arena.alloc(len)?;
            let old = block.swap(new.0, Relaxed);
            room.store(capacity(len) as u32, Relaxed);
            arena.free(Off(old));
        }
        arena.write(Off(block.load(Relaxed)), 0, bytes);
    } else {
        let mut padded = [0; INLINE_BYTES];
        padded[..len].copy_from_slice(bytes);
        let half = |from: usize| u64::from_ne_bytes(std::array::from_fn(|i| padded[from + i]));
        state.inline[place][0].store(half(0), Relaxed);
        state.inline[place][1].store(half(8), Relaxed);
    }
    Ok(other | len as u64)
}

/// Reads the whole, or what a path of indices and keys leads to.
pub(in crate::os) fn read(ctx: &Ctx, off: Off, path: &[Value]) -> Result {
    let state: &CellState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let read = with_bytes(ctx.arena, state, |bytes| values::decode_at(bytes, path));
    let (ticket, cause) = (locked.tick(), state.header.last.load(Relaxed));
    drop(locked);
    match read {
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
    let changed = change(&mut value).and_then(|given| store(ctx, state, &value).map(|()| given));
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
    Ok(with_bytes(arena, arena.at(off), |bytes| values::decode_at(bytes, path))?)
}

pub(in crate::os) fn write(ctx: &Ctx, off: Off, path: &[Value], value: Value) -> Result {
    if !path.is_empty()
        && let Some(done) = edit(ctx, off, |bytes| values::put_at(bytes, path, &value))
    {
        return done;
    }
    update(ctx, off, |whole| {
        values::set_path(whole, path, value)?;
        Ok(Value::None)
    })
}

/// Changes the encoded value in one step, where `change` says that it could.
fn edit(ctx: &Ctx, off: Off, change: impl FnOnce(&mut Vec<u8>) -> bool) -> Option<Result> {
    let state: &CellState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let mut bytes = with_bytes(ctx.arena, state, <[u8]>::to_vec);
    if !change(&mut bytes) {
        return None;
    }
    let (ticket, cause) = (locked.tick(), state.header.last.load(Relaxed));
    if let Err(refused) = store_bytes(ctx, state, &bytes) {
        return Some(Err(refused.at(ticket).because(cause)));
    }
    state.header.last.store(ctx.place(), Relaxed);
    look_again(ctx, &locked);
    Some(Ok(Done::new(Value::None, ticket, cause)))
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
    store(ctx, state, &sum).ok()?;
    let ticket = locked.tick();
    state.header.last.store(ctx.place(), Relaxed);
    look_again(ctx, &locked);
    *gave = sum;
    Some(Stamp::new(ticket, cause))
}

/// Calls a method of the value; where the path leads to a handle, reads that instead, and says so.
pub(in crate::os) fn method(ctx: &Ctx, off: Off, path: &[Value], name: &str, args: &[Value]) -> Result<(Done, bool)> {
    if let ("push", [item]) = (name, args)
        && let Some(done) = edit(ctx, off, |bytes| values::push_at(bytes, path, item))
    {
        return done.map(|done| (done, false));
    }
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
