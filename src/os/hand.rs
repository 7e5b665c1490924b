//! Messages in hand: taken out of a queue for an actor whose get has not returned to its program.
//!
//! A get is told of by its event. Until then the actor's slot says which message it has and from where, noted before
//! the message is taken out: if the actor is killed meanwhile, the message goes back to where it stood. Answers for:
//! what is in hand, and whether it was told of. Never says where it stood (the object does).

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::compiler_fence;

use super::arena::{Arena, Off};
use super::layout::{Slot, slot_at};
use super::object::queue;
use super::park::Ctx;

/// Of an actor that is about to get something: after how many more events its get is told of by the next.
pub(super) fn reach(ctx: &Ctx, after: u32) {
    if let Some((message, _)) = told(ctx) {
        ctx.arena.free(message);
    }
    ctx.slot.hand_seq.store(ctx.slot.seq.load(Relaxed) + after, Relaxed);
}

/// An actor, which has reached for it, has a message from there.
pub(super) fn give(arena: Arena, actor: u32, from: Off, message: Off) {
    let slot: &Slot = arena.at(slot_at(actor));
    slot.hand_from.store(from.0, Relaxed);
    slot.hand.store(message.0, Release);
    // As a process is killed between two instructions, nothing more is needed for it to be noted first.
    compiler_fence(SeqCst);
}

/// The message that an actor has from there and has not told of.
pub(super) fn untold(slot: &Slot, from: Off) -> Option<Off> {
    let message = Off(slot.hand.load(SeqCst));
    let is_it = !message.is_null() && slot.hand_from.load(Relaxed) == from.0;
    (is_it && slot.seq.load(Acquire) <= slot.hand_seq.load(Relaxed)).then_some(message)
}

/// What an actor had in hand never left its place.
pub(super) fn leave(slot: &Slot) {
    slot.hand.store(0, Release);
    compiler_fence(SeqCst);
}

/// Of an actor that has told of its get: nobody needs the message any more. A small one of a queue is kept for the next
/// that is put there (see [`told`]).
pub(super) fn empty(ctx: &Ctx) {
    let (message, from) = (Off(ctx.slot.hand.load(Relaxed)), Off(ctx.slot.hand_from.load(Relaxed)));
    if !message.is_null() && !queue::is_small(ctx.arena, from, message) {
        // A death in between leaks the block, and gives it to nobody twice.
        leave(ctx.slot);
        ctx.arena.free(message);
    }
}

/// Takes what an actor still has in hand of which it has told: the block, and where the message was.
pub(super) fn told(ctx: &Ctx) -> Option<(Off, Off)> {
    let message = Off(ctx.slot.hand.load(Relaxed));
    if message.is_null() {
        return None;
    }
    leave(ctx.slot);
    Some((message, Off(ctx.slot.hand_from.load(Relaxed))))
}
