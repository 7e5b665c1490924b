//! The messages of a queue: blocks of the arena in a chain, in the order in which they come out.
//!
//! Answers for: where a message stands. Never wakes anybody.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64};

use super::super::{Done, Result, kind_at, kind_number};
use super::{Order, QueueState};
use crate::os::arena::{Arena, Off, Shared};
use crate::os::park::Ctx;
use crate::os::{hand, values};
use crate::value::{ObjectKind, Value};

#[repr(C)]
pub(super) struct Message {
    pub(super) next: AtomicU32,
    len: AtomicU32,
    pub(super) place: AtomicU64,
    /// Which of those that were put in its queue.
    pub(super) number: AtomicU64,
    pad: AtomicU64,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for Message {}

const BODY: usize = size_of::<Message>();
/// Up to how many bytes a message is a small one: all of those have blocks of one size.
pub(super) const SMALL_BYTES: usize = 16;
/// Most blocks that a queue keeps for others.
pub(super) const SPARES_MAX: u32 = 64;

/// Puts a message where it belongs and counts it.
pub(super) fn store(ctx: &Ctx, queue: &QueueState, message: Off, value: &Value) -> Result<()> {
    let order = queue.order.load(Relaxed);
    if order == Order::Fifo as u32 {
        number(ctx, queue, message);
        append(ctx, queue, message);
        counted(ctx, queue);
        return Ok(());
    }
    // Behind whom? Nobody for lifo; for priority the last one that is not greater.
    let mut before = Off::NULL;
    let mut at = Off(queue.head.load(Relaxed));
    while order == Order::Priority as u32 && !at.is_null() {
        if values::compare(value, &peek_value(ctx, at))?.is_lt() {
            break;
        }
        before = at;
        at = Off(ctx.arena.at::<Message>(at).next.load(Relaxed));
    }
    number(ctx, queue, message);
    insert(ctx, queue, message, before, at);
    counted(ctx, queue);
    Ok(())
}

/// Links a message in between two, of which either may be none.
pub(super) fn insert(ctx: &Ctx, queue: &QueueState, message: Off, before: Off, after: Off) {
    ctx.arena.at::<Message>(message).next.store(after.0, Relaxed);
    if before.is_null() {
        queue.head.store(message.0, Relaxed);
    } else {
        ctx.arena.at::<Message>(before).next.store(message.0, Relaxed);
    }
    ctx.point();
    if after.is_null() {
        queue.tail.store(message.0, Relaxed);
    }
    queue.count.store(queue.count.load(Relaxed) + 1, Relaxed);
}

pub(super) fn append(ctx: &Ctx, queue: &QueueState, message: Off) {
    insert(ctx, queue, message, Off(queue.tail.load(Relaxed)), Off::NULL);
}

/// Begins to put a message: it gets the next number.
pub(super) fn number(ctx: &Ctx, queue: &QueueState, message: Off) {
    let number = queue.puts.load(Relaxed) as u64 + 1;
    ctx.arena.at::<Message>(message).number.store(number, Relaxed);
    queue.storing.store(message.0, Relaxed);
    ctx.point();
}

/// The message that is being put counts.
pub(super) fn counted(ctx: &Ctx, queue: &QueueState) {
    ctx.point();
    queue.puts.store(queue.puts.load(Relaxed) + 1, Relaxed);
    ctx.point();
    queue.storing.store(0, Relaxed);
}

/// Takes the first message out, into the hand of an actor.
pub(super) fn unlink(ctx: &Ctx, off: Off, queue: &QueueState, taker: u32) -> Option<Off> {
    let head = Off(queue.head.load(Relaxed));
    if head.is_null() {
        return None;
    }
    hand::give(ctx.arena, taker, off, head);
    ctx.point();
    let next = ctx.arena.at::<Message>(head).next.load(Relaxed);
    queue.head.store(next, Relaxed);
    ctx.point();
    if next == 0 {
        queue.tail.store(0, Relaxed);
    }
    queue.count.store(queue.count.load(Relaxed) - 1, Relaxed);
    Some(head)
}

pub(super) fn write_message(ctx: &Ctx, bytes: &[u8]) -> Result<Off> {
    let block = ctx.arena.alloc(BODY + bytes.len())?;
    fill(ctx, block, bytes);
    Ok(block)
}

/// The same of a small message, in a block that is left over where there is one. Under the small lock.
pub(super) fn write_small(ctx: &Ctx, queue: &QueueState, bytes: &[u8]) -> Result<Off> {
    let block = Off(queue.spare.load(Relaxed));
    if block.is_null() {
        return write_message(ctx, bytes);
    }
    // A death from here on leaks the block.
    queue.spare.store(ctx.arena.at::<Message>(block).next.load(Relaxed), Relaxed);
    queue.spares.store(queue.spares.load(Relaxed) - 1, Relaxed);
    fill(ctx, block, bytes);
    Ok(block)
}

fn fill(ctx: &Ctx, block: Off, bytes: &[u8]) {
    let message: &Message = ctx.arena.at(block);
    message.next.store(0, Relaxed);
    message.len.store(bytes.len() as u32, Relaxed);
    message.place.store(ctx.place(), Relaxed);
    ctx.arena.write(block, BODY, bytes);
}

/// Whether what lies there is a small message of a queue.
pub(in crate::os) fn is_small(arena: Arena, from: Off, message: Off) -> bool {
    let is_queue = kind_at(arena, from) == kind_number(ObjectKind::Queue);
    is_queue && arena.at::<Message>(message).len.load(Relaxed) as usize <= SMALL_BYTES
}

pub(super) fn peek_value(ctx: &Ctx, block: Off) -> Value {
    let message: &Message = ctx.arena.at(block);
    ctx.arena.read_with(block, BODY, message.len.load(Relaxed) as usize, values::decode)
}

pub(super) fn read_message(ctx: &Ctx, block: Off, ticket: u64) -> Done {
    let value = peek_value(ctx, block);
    let place = ctx.arena.at::<Message>(block).place.load(Relaxed);
    Done::new(value, ticket, place)
}
