//! A queue after a death: made whole again, and gone on with. For the supervisor.
//!
//! Answers for: that no message is lost or doubled. Never runs in a process of the scenario.

use std::sync::atomic::Ordering::Relaxed;

use super::super::say;
use super::message::{Message, append, counted, insert, number, peek_value, unlink};
use super::state::{Order, QueueState};
use super::{GETTERS, JOINERS, PUTTERS, refill, tell_all};
use crate::os::arena::{Arena, Off};
use crate::os::cases::Taken;
use crate::os::layout::{Slot, slot_at};
use crate::os::park::{Ctx, Verdict};
use crate::os::rescue::Completing;
use crate::os::small_lock::{Held, Locked};
use crate::os::{hand, values};

/// Makes whole what a dead actor left, which still holds the queue, or an end of it: the chain from the head is whole
/// at every instant.
pub(in crate::os::object) fn mend(ctx: &Ctx, off: Off, held: Held, dead: u32) {
    let arena = ctx.arena;
    let queue: &QueueState = arena.at(off);
    // Nobody can have taken the last message, behind which the dead one may have put its own; and nobody who holds the
    // front waits for the back.
    let _front = (held.back && !held.front).then(|| ctx.lock_end(off, &queue.front.lock));
    if held.back {
        mend_back(arena, off, queue, dead);
    }
    if held.back || held.front {
        let dead: &Slot = arena.at(slot_at(dead));
        if hand::untold(dead, off).is_some_and(|message| holds(arena, queue, message)) {
            hand::leave(dead);
        }
    }
}

/// Makes the back whole, with nobody at the front.
fn mend_back(arena: Arena, off: Off, queue: &QueueState, dead: u32) {
    let (mut at, gone) = queue.first();
    let (mut last, mut count) = (Off::NULL, 0u32);
    while !at.is_null() {
        (last, at, count) = (at, Off(arena.at::<Message>(at).next.load(Relaxed)), count + 1);
    }
    queue.set_last(last, gone.wrapping_add(count));
    let taken = Completing::of(arena, dead).and_then(|completing| {
        let here = completing.taken(arena).filter(|taken| taken.off == off)?;
        Some((completing.waiter, here))
    });
    let dead: &Slot = arena.at(slot_at(dead));
    let given = taken.and_then(|(waiter, _)| hand::untold(arena.at(slot_at(waiter)), off));
    if let Some((_, Taken { list: PUTTERS, payload, .. })) = taken
        && holds(arena, queue, Off(payload as u32))
    {
        // Others may take the message before the waiter is seen to.
        dead.completed.store(1, Relaxed);
    }
    let storing = Off(queue.back.storing.swap(0, Relaxed));
    if !storing.is_null() {
        let is_put = holds(arena, queue, storing) || given == Some(storing) || hand::untold(dead, off) == Some(storing);
        let number = arena.at::<Message>(storing).number.load(Relaxed) as i64;
        queue.back.puts.store(if is_put { number } else { number - 1 }, Relaxed);
    }
}

/// Puts a message back to where it stood that was taken out for an actor that died before it could tell. For the
/// supervisor.
pub(in crate::os::object) fn take_back(ctx: &Ctx, off: Off, message: Off) {
    let queue: &QueueState = ctx.arena.at(off);
    let _locked = ctx.lock(off);
    let number = |at: Off| ctx.arena.at::<Message>(at).number.load(Relaxed);
    let order = queue.order.load(Relaxed);
    let value = peek_value(ctx, message);
    let stands_behind = |at: Off| match order {
        order if order == Order::Fifo as u32 => number(at) > number(message),
        order if order == Order::Lifo as u32 => number(at) < number(message),
        _ => match values::compare(&value, &peek_value(ctx, at)) {
            Ok(std::cmp::Ordering::Equal) => number(at) > number(message),
            Ok(order) => order.is_lt(),
            Err(_) => false,
        },
    };
    let (mut before, mut at) = (Off::NULL, queue.first().0);
    while !at.is_null() && !stands_behind(at) {
        before = at;
        at = Off(ctx.arena.at::<Message>(at).next.load(Relaxed));
    }
    insert(ctx, queue, message, before, at);
}

/// Goes on with what a dead actor was about to do for those who wait: whoever can go on does. For the supervisor.
pub(in crate::os::object) fn resume(ctx: &Ctx, off: Off) {
    let queue: &QueueState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    while !queue.is_empty()
        && let Some(getter) = ctx.claim_first(&locked, GETTERS)
    {
        let ticket = locked.tick();
        let given = unlink(ctx, off, queue, getter.actor).unwrap_or(Off::NULL).0 as u64;
        ctx.finish(getter, Verdict { code: say::DONE, given, ticket, cause: 0 });
    }
    meet(ctx, &locked, queue);
    if queue.closed.load(Relaxed) != 0 {
        tell_all(ctx, &locked, GETTERS, say::CLOSED);
        tell_all(ctx, &locked, PUTTERS, say::CLOSED);
    }
    while queue.has_room() && locked.waiting(PUTTERS) > 0 {
        refill(ctx, &locked, queue);
    }
    if queue.unfinished() == 0 {
        tell_all(ctx, &locked, JOINERS, say::DONE);
    }
}

/// At a rendezvous, has those meet who wait on both sides: one came while the dead one had taken the other off its
/// list.
fn meet(ctx: &Ctx, locked: &Locked<'_>, queue: &QueueState) {
    while queue.capacity.load(Relaxed) == 0 && locked.waiting(GETTERS) > 0 {
        let Some(putter) = ctx.claim_first(locked, PUTTERS) else { return };
        let message = Off(putter.payload as u32);
        let (theirs, ticket) = (locked.tick(), locked.tick());
        number(ctx, queue, message);
        match ctx.claim_first(locked, GETTERS) {
            Some(getter) => {
                hand::give(ctx.arena, getter.actor, locked.off, message);
                let given = message.0 as u64;
                ctx.finish(getter, Verdict { code: say::DONE, given, ticket, cause: 0 });
            }
            // It has just gone: the message is there for whoever comes.
            None => append(ctx, queue, message),
        }
        counted(ctx, queue);
        ctx.finish(putter, Verdict { code: say::DONE, given: 0, ticket: theirs, cause: 0 });
    }
}

/// What to tell a waiter whose waker died: that it has its message, that the queue is closed, or that its message is in
/// the queue.
pub(in crate::os::object) fn rescued(
    ctx: &Ctx,
    off: Off,
    list: usize,
    (waiter, dead): (u32, u32),
    payload: u64,
) -> Option<Verdict> {
    let queue: &QueueState = ctx.arena.at(off);
    let _locked = ctx.lock(off);
    let (waiter, dead): (&Slot, &Slot) = (ctx.arena.at(slot_at(waiter)), ctx.arena.at(slot_at(dead)));
    if list == GETTERS
        && let Some(message) = hand::untold(waiter, off)
    {
        return Some(Verdict { code: say::DONE, given: message.0 as u64, ..Verdict::default() });
    }
    if list == PUTTERS && hand::untold(dead, off) == Some(Off(payload as u32)) {
        // A rendezvous that did not come about: both would have to be told.
        // It has been counted, by the dead one or over its death.
        queue.back.puts.store(queue.back.puts.load(Relaxed) - 1, Relaxed);
        hand::leave(dead);
        return None;
    }
    let code = match list {
        JOINERS if queue.unfinished() == 0 => say::DONE,
        GETTERS | PUTTERS if queue.closed.load(Relaxed) != 0 => say::CLOSED,
        _ => return None,
    };
    Some(Verdict { code, ..Verdict::default() })
}

fn holds(arena: Arena, queue: &QueueState, message: Off) -> bool {
    let (mut at, _) = queue.first();
    while !at.is_null() && at != message {
        at = Off(arena.at::<Message>(at).next.load(Relaxed));
    }
    !at.is_null()
}
