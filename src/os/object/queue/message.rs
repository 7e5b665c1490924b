//! The messages of a queue: blocks of the arena in a chain, in the order in which they come out.
//!
//! Answers for: where a message stands. Never wakes anybody.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64};

use super::super::{Done, Result, kind_at, kind_number};
use super::state::{Order, QueueState, SPARES_MAX};
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
/// How many spare blocks ahead of its use one is asked for.
const AHEAD: u32 = 3;

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
    let (mut at, _) = queue.first();
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
        queue.set_first(message, queue.first().1);
    } else {
        ctx.arena.at::<Message>(before).next.store(message.0, Release);
    }
    ctx.point();
    let (last, came) = queue.last();
    queue.set_last(if after.is_null() { message } else { last }, came.wrapping_add(1));
}

/// Links a message in behind the last one. That is there where the caller has only the back.
pub(super) fn append(ctx: &Ctx, queue: &QueueState, message: Off) {
    insert(ctx, queue, message, queue.last().0, Off::NULL);
}

/// Begins to put a message: it gets the next number.
pub(super) fn number(ctx: &Ctx, queue: &QueueState, message: Off) {
    let number = queue.back.puts.load(Relaxed) as u64 + 1;
    ctx.arena.at::<Message>(message).number.store(number, Relaxed);
    queue.back.storing.store(message.0, Relaxed);
    ctx.point();
}

/// The message that is being put counts.
pub(super) fn counted(ctx: &Ctx, queue: &QueueState) {
    ctx.point();
    queue.back.puts.store(queue.back.puts.load(Relaxed) + 1, Relaxed);
    ctx.point();
    queue.back.storing.store(0, Relaxed);
}

/// Takes the first message out, into the hand of an actor.
pub(super) fn unlink(ctx: &Ctx, off: Off, queue: &QueueState, taker: u32) -> Option<Off> {
    let (head, gone) = queue.first();
    if head.is_null() {
        return None;
    }
    hand::give(ctx.arena, taker, off, head);
    ctx.point();
    let next = ctx.arena.at::<Message>(head).next.load(Relaxed);
    queue.set_first(Off(next), gone.wrapping_add(1));
    ctx.point();
    if next == 0 {
        queue.set_last(Off::NULL, queue.last().1);
    }
    Some(head)
}

pub(super) fn write_message(ctx: &Ctx, bytes: &[u8]) -> Result<Off> {
    let block = ctx.arena.alloc(BODY + bytes.len())?;
    fill(ctx, block, bytes);
    Ok(block)
}

/// The same of a small message, in a spare block where there is one. With the back.
pub(super) fn write_small(ctx: &Ctx, queue: &QueueState, bytes: &[u8]) -> Result<Off> {
    match use_spare(ctx, queue) {
        None => write_message(ctx, bytes),
        Some(block) => {
            fill(ctx, block, bytes);
            Ok(block)
        }
    }
}

/// A block that is left over from a small message. A death from here on leaks it.
fn use_spare(ctx: &Ctx, queue: &QueueState) -> Option<Off> {
    let (back, used) = (&queue.back, queue.back.used.load(Relaxed));
    if used == back.given.load(Relaxed) {
        back.given.store(queue.front.given.load(Acquire), Relaxed);
    }
    let left = back.given.load(Relaxed).wrapping_sub(used);
    let spare = |number: u32| Off(queue.spares[(number % SPARES_MAX) as usize].load(Relaxed));
    if left == 0 {
        return None;
    }
    let block = spare(used);
    // Before it is written to, or it would be used twice.
    back.used.store(used.wrapping_add(1), Release);
    if left > AHEAD {
        ctx.arena.prefetch_to_write(spare(used.wrapping_add(AHEAD)));
    }
    Some(block)
}

/// Of what was left of an actor's last get: a small message of this queue is kept for those who put. With the front.
pub(super) fn keep_spare(ctx: &Ctx, off: Off, queue: &QueueState, told: Option<(Off, Off)>) {
    let Some((block, from)) = told else { return };
    let (front, given) = (&queue.front, queue.front.given.load(Relaxed));
    let is_full = || given.wrapping_sub(front.used.load(Relaxed)) >= SPARES_MAX;
    if is_full() {
        front.used.store(queue.back.used.load(Acquire), Relaxed);
    }
    if from != off || is_full() {
        return ctx.arena.free(block);
    }
    queue.spares[(given % SPARES_MAX) as usize].store(block.0, Relaxed);
    front.given.store(given.wrapping_add(1), Release);
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
