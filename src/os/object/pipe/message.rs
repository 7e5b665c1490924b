//! Messages on their way: blocks of the arena, a chain in the order in which they were sent.
//!
//! A block has a message from before its send until its receipt was told of, so that a message outlives who sends it
//! and who receives it. Answers for: the block, and the chain, which is whole at every instant. Never knows whose turn
//! it is.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64};

use super::EndState;
use crate::os::arena::{Arena, Off, Shared};
use crate::os::object::Result;
use crate::os::park::Ctx;
use crate::os::values;
use crate::program::fault;
use crate::value::Value;

/// What a frame has before its value: the length of that, and the place of the send.
const FRAME_HEADER: usize = 12;
/// Longest message.
const MESSAGE_BYTES_MAX: usize = 1 << 28;

#[repr(C)]
struct Message {
    next: AtomicU32,
    /// Of its frame, which follows.
    len: AtomicU32,
    /// Which of those that were sent to its end.
    number: AtomicU64,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for Message {}

/// Where the frame begins in the block.
pub(super) const FRAME_AT: usize = size_of::<Message>();

/// A message that nobody has sent yet, with the place that its send will have.
pub(super) fn write(ctx: &Ctx, value: &Value, place: u64) -> Result<Off> {
    let body = values::encode(value)?;
    if body.len() > MESSAGE_BYTES_MAX {
        return Err(fault::long_message().into());
    }
    let block = ctx.arena.alloc(FRAME_AT + FRAME_HEADER + body.len())?;
    let message: &Message = ctx.arena.at(block);
    message.next.store(0, Relaxed);
    message.len.store((FRAME_HEADER + body.len()) as u32, Relaxed);
    ctx.arena.write(block, FRAME_AT, &(body.len() as u32).to_ne_bytes());
    set_place(ctx.arena, block, place);
    ctx.arena.write(block, FRAME_AT + FRAME_HEADER, &body);
    Ok(block)
}

/// The place of the send, of a message that nobody has sent yet.
pub(super) fn set_place(arena: Arena, block: Off, place: u64) {
    arena.write(block, FRAME_AT + 4, &place.to_ne_bytes());
}

/// The length of the frame.
pub(super) fn len(arena: Arena, block: Off) -> u64 {
    u64::from(arena.at::<Message>(block).len.load(Relaxed))
}

/// The frame of a message that the caller has in hand.
pub(super) fn frame(arena: Arena, block: Off) -> Vec<u8> {
    arena.read(block, FRAME_AT, len(arena, block) as usize)
}

/// The value, and the place of its send, of a whole frame.
pub(super) fn decode(frame: &[u8]) -> (Value, u64) {
    let (head, body) = frame.split_at(frame.len().min(FRAME_HEADER));
    let place = head.get(4..).and_then(|place| place.try_into().ok()).map_or(0, u64::from_ne_bytes);
    (values::decode(body), place)
}

fn next(arena: Arena, block: Off) -> Off {
    Off(arena.at::<Message>(block).next.load(Relaxed))
}

impl EndState {
    /// The first of the messages that no reader has a turn for.
    pub(super) fn oldest(&self) -> Off {
        Off(self.oldest.load(Relaxed))
    }

    fn chain(&self, arena: Arena) -> impl Iterator<Item = Off> {
        let mut at = self.oldest();
        std::iter::from_fn(move || {
            let block = (!at.is_null()).then_some(at)?;
            at = next(arena, block);
            Some(block)
        })
    }

    pub(super) fn holds(&self, arena: Arena, message: Off) -> bool {
        self.chain(arena).any(|block| block == message)
    }

    /// The message becomes the latest.
    pub(super) fn append(&self, ctx: &Ctx, message: Off) {
        let number = self.sent.load(Relaxed) + 1;
        self.sent.store(number, Relaxed);
        ctx.arena.at::<Message>(message).number.store(number, Relaxed);
        self.insert(ctx, message, Off(self.newest.load(Relaxed)), Off::NULL);
    }

    /// A message that was taken out stands where it stood.
    pub(super) fn put_back(&self, ctx: &Ctx, message: Off) {
        let number = |block: Off| ctx.arena.at::<Message>(block).number.load(Relaxed);
        let after = self.chain(ctx.arena).find(|block| number(*block) > number(message));
        let before = self.chain(ctx.arena).take_while(|block| Some(*block) != after).last();
        self.insert(ctx, message, before.unwrap_or_default(), after.unwrap_or_default());
    }

    /// Links a message in between two, of which either may be none.
    fn insert(&self, ctx: &Ctx, message: Off, before: Off, after: Off) {
        ctx.arena.at::<Message>(message).next.store(after.0, Relaxed);
        match before {
            Off::NULL => self.oldest.store(message.0, Relaxed),
            before => ctx.arena.at::<Message>(before).next.store(message.0, Relaxed),
        }
        ctx.point();
        if after.is_null() {
            self.newest.store(message.0, Relaxed);
        }
        self.messages.store(self.messages.load(Relaxed) + 1, Relaxed);
        self.unread.store(self.unread.load(Relaxed) + len(ctx.arena, message), Relaxed);
    }

    /// Takes a message out that is on its way.
    pub(super) fn unlink(&self, ctx: &Ctx, message: Off) {
        let after = next(ctx.arena, message);
        let before = match self.oldest() {
            oldest if oldest == message => None,
            _ => self.chain(ctx.arena).take_while(|block| *block != message).last(),
        };
        match before {
            None => self.oldest.store(after.0, Relaxed),
            Some(before) => ctx.arena.at::<Message>(before).next.store(after.0, Relaxed),
        }
        ctx.point();
        if after.is_null() {
            self.newest.store(before.unwrap_or_default().0, Relaxed);
        }
        self.messages.store(self.messages.load(Relaxed).saturating_sub(1), Relaxed);
        self.unread.store(self.unread.load(Relaxed).saturating_sub(len(ctx.arena, message)), Relaxed);
    }

    /// Counts anew what a dead actor may have left half counted.
    pub(super) fn count_anew(&self, arena: Arena) {
        let (mut newest, mut messages, mut unread) = (Off::NULL, 0, 0);
        for block in self.chain(arena) {
            (newest, messages, unread) = (block, messages + 1, unread + len(arena, block));
        }
        self.newest.store(newest.0, Relaxed);
        self.messages.store(messages, Relaxed);
        self.unread.store(unread, Relaxed);
    }
}
