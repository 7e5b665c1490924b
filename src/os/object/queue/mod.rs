//! Queues across processes: unbounded, bounded, rendezvous; first in first out, last in first out, or by priority.
//!
//! A message is a block of the arena with the encoded value and the place of its put; a put with someone waiting hands
//! the message over directly.

mod mend;
mod message;
mod state;

use std::sync::atomic::Ordering::{Acquire, Relaxed};

pub(super) use mend::{mend, rescued, resume, take_back};
pub(in crate::os) use message::is_small;
use message::{
    Message, SMALL_BYTES, append, counted, keep_spare, number, peek_value, read_message, store, unlink, write_message,
    write_small,
};
pub(in crate::os) use state::Order;
use state::QueueState;

use super::{Done, Identity, Patience, Refused, Result, Stamp, kind_number, make, say, waiting};
use crate::os::alloc::OutOfMemory;
use crate::os::arena::{Arena, Off};
use crate::os::hand;
use crate::os::park::{Ctx, Verdict, Woken};
use crate::os::small_lock::{EndLocked, Locked};
use crate::os::values;
use crate::program::fault;
use crate::program::op::{Op, OpCode};
use crate::value::{Error, ObjectKind, Value};

pub(super) const GETTERS: usize = 0;
pub(super) const PUTTERS: usize = 1;
const JOINERS: usize = 2;

pub(in crate::os) fn create(arena: Arena, who: Identity, capacity: Option<i64>, order: Order) -> Result<u32> {
    let (id, off) = make::<QueueState>(arena, kind_number(ObjectKind::Queue), who)?;
    let queue: &QueueState = arena.at(off);
    queue.capacity.store(capacity.unwrap_or(-1), Relaxed);
    queue.order.store(order as u32, Relaxed);
    // At a rendezvous all meet.
    if capacity != Some(0) {
        queue.open_ends(off);
    }
    Ok(id)
}

/// How many it holds at most.
pub(in crate::os) fn capacity_of(arena: Arena, off: Off) -> Option<i64> {
    let capacity = arena.at::<QueueState>(off).capacity.load(Relaxed);
    (capacity >= 0).then_some(capacity)
}

pub(super) fn closed() -> Refused {
    fault::queue_closed().into()
}

/// Puts a message. At a rendezvous where nobody waits for it, `arrived` is told the place from which on it waits for
/// that: a step of its own.
pub(in crate::os) fn put(ctx: &Ctx, off: Off, value: &Value, patience: Patience, arrived: impl FnOnce(u64)) -> Result {
    let message = values::with_bytes(value, |bytes| write_message(ctx, bytes))?;
    let queue: &QueueState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if queue.closed.load(Relaxed) != 0 {
        ctx.arena.free(message);
        return Err(closed().at(locked.tick()));
    }
    if let Some(getter) = ctx.claim_first(&locked, GETTERS) {
        let ticket = locked.tick();
        let theirs = locked.tick();
        number(ctx, queue, message);
        hand::give(ctx.arena, getter.actor, off, message);
        ctx.point();
        counted(ctx, queue);
        drop(locked);
        let given = message.0 as u64;
        ctx.finish(getter, Verdict { code: say::DONE, given, ticket: theirs, cause: ctx.place() });
        return Ok(Done::new(Value::None, ticket, 0));
    }
    if queue.has_room() {
        if let Err(error) = store(ctx, queue, message, value) {
            ctx.arena.free(message);
            return Err(error.at(locked.tick()));
        }
        return Ok(Done::new(Value::None, locked.tick(), 0));
    }
    let Patience::Until(deadline) = patience else {
        ctx.arena.free(message);
        return Err(Refused::from(fault::queue_full()).at(locked.tick()));
    };
    let arrival = (queue.capacity.load(Relaxed) == 0).then(|| locked.tick());
    if arrival.is_some() {
        // The put follows its arrival in the actor's order.
        ctx.arena.at::<Message>(message).place.store(ctx.place() + 1, Relaxed);
    }
    let entered = ctx.enter(&locked, PUTTERS, message.0 as u64, &waiting(OpCode::QueuePut, deadline));
    drop(locked);
    if let Some(ticket) = arrival {
        arrived(ticket);
    }
    match ctx.park(entered) {
        Woken::By(verdict) => put_ended(ctx, message, &verdict),
        Woken::TimedOut { ticket } => {
            ctx.arena.free(message);
            Err(Refused::from(fault::queue_stayed_full()).at(ticket))
        }
    }
}

/// Puts a message if there is room, nobody waits for one and nothing has to be compared.
pub(in crate::os) fn put_at_once(ctx: &Ctx, off: Off, value: &Value) -> Option<Stamp> {
    let queue: &QueueState = ctx.arena.at(off);
    let order = queue.order.load(Relaxed);
    if order == Order::Priority as u32 || !may_have_room(ctx, queue) {
        return None;
    }
    values::with_bytes(value, |bytes| {
        let large = if bytes.len() > SMALL_BYTES { Some(write_message(ctx, bytes).ok()?) } else { None };
        if order == Order::Fifo as u32
            && let Some(stamp) = put_behind(ctx, off, queue, bytes, large)
        {
            return Some(stamp);
        }
        let locked = ctx.lock(off);
        if !queue.has_room() || queue.closed.load(Relaxed) != 0 || locked.waiting(GETTERS) != 0 {
            drop(locked);
            large.into_iter().for_each(|message| ctx.arena.free(message));
            return None;
        }
        let message = match large {
            Some(message) => message,
            None => write_small(ctx, queue, bytes).ok()?,
        };
        store(ctx, queue, message, value).ok()?;
        Some(Stamp::new(locked.tick(), 0))
    })
}

/// For how many messages there was room when it was looked at last, from the back.
fn known_room(queue: &QueueState) -> i64 {
    let capacity = queue.capacity.load(Relaxed);
    let count = i64::from(queue.last().1.wrapping_sub(queue.back.gone.load(Relaxed)) as i32);
    if capacity < 0 { i64::MAX } else { capacity - count }
}

/// For how many there is room. To look at the front takes it away from those who take there.
fn room_behind(queue: &QueueState) -> i64 {
    if known_room(queue) < 1 {
        queue.back.gone.store(queue.first().1, Relaxed);
    }
    known_room(queue)
}

/// Of a large queue with little room: whether there is some, of which those who take are given a moment to make more,
/// if they do take. To put at the rate at which they take would be to look at every message how far they are.
pub(super) fn has_room_again(ctx: &Ctx, capacity: i64, look: impl Fn() -> i64) -> bool {
    /// Which part of its capacity is to be free.
    const PART: i64 = 16;
    const LOOKS: u32 = 8;
    const PAUSES: u32 = 32;
    let mut room = look();
    // On one processor nobody does so meanwhile.
    let looks = if ctx.arena.header().processors.load(Relaxed) > 1 { LOOKS } else { 0 };
    for _ in 0..looks {
        if room >= capacity / PART {
            break;
        }
        for _ in 0..PAUSES {
            std::hint::spin_loop();
        }
        let before = std::mem::replace(&mut room, look());
        if room == before {
            break;
        }
    }
    room >= 1
}

/// Whether a put may find room, as good as is known without the lock.
fn may_have_room(ctx: &Ctx, queue: &QueueState) -> bool {
    let look = || {
        queue.back.gone.store(queue.first().1, Relaxed);
        known_room(queue)
    };
    known_room(queue) >= 1 || has_room_again(ctx, queue.capacity.load(Relaxed), look)
}

/// Puts a message behind one that is there, as who has only the back may. A large one is written already.
fn put_behind(ctx: &Ctx, off: Off, queue: &QueueState, bytes: &[u8], large: Option<Off>) -> Option<Stamp> {
    if !queue.has_ends() || queue.last().0.is_null() {
        return None;
    }
    let end = ctx.lock_end(off, &queue.back.lock);
    let is_awaited = queue.header.lists[GETTERS].head.load(Relaxed) != 0;
    if queue.last().0.is_null() || is_awaited || queue.closed.load(Relaxed) != 0 || room_behind(queue) < 1 {
        return None;
    }
    let message = match large {
        Some(message) => message,
        None => write_small(ctx, queue, bytes).ok()?,
    };
    // Before anybody can see the message.
    let ticket = end.tick();
    number(ctx, queue, message);
    append(ctx, queue, message);
    counted(ctx, queue);
    Some(Stamp::new(ticket, 0))
}

/// What a put that waited came to, as its waker says.
fn put_ended(ctx: &Ctx, message: Off, verdict: &Verdict) -> Result {
    match verdict.code {
        say::DONE => Ok(Done::new(Value::None, verdict.ticket, verdict.cause)),
        say::REFUSED => {
            ctx.arena.free(message);
            Err(read_error(ctx, verdict.given).at(verdict.ticket).because(verdict.cause))
        }
        _ => {
            ctx.arena.free(message);
            Err(closed().at(verdict.ticket).because(verdict.cause))
        }
    }
}

/// What an attempt to take a message came to.
pub(super) enum Taken {
    Message(Done),
    /// The queue is closed and drained.
    Closed {
        ticket: u64,
        cause: u64,
    },
}

impl Taken {
    /// What a `get` makes of it.
    pub(super) fn got(self) -> Result {
        match self {
            Taken::Message(done) => Ok(done),
            Taken::Closed { ticket, cause } => Err(closed().at(ticket).because(cause)),
        }
    }

    /// What a turn of `for x in q` makes of it.
    pub(super) fn turn(self) -> Done {
        match self {
            Taken::Message(done) => Done { value: values::pair(Value::Bool(true), done.value), ..done },
            Taken::Closed { ticket, cause } => Done::new(values::pair(Value::Bool(false), Value::None), ticket, cause),
        }
    }
}

/// The next message, or that there will be none.
fn take(ctx: &Ctx, off: Off, patience: Patience, op: OpCode, arrived: impl FnOnce(u64)) -> Result<Taken> {
    let queue: &QueueState = ctx.arena.at(off);
    let locked = reach_into(ctx, off, queue);
    let locked = match take_first(ctx, queue, locked) {
        Ok((message, ticket)) => return Ok(Taken::Message(read_message(ctx, message, ticket))),
        Err(locked) => locked,
    };
    // A rendezvous: the message is still the putter's.
    if let Some(putter) = ctx.claim_first(&locked, PUTTERS) {
        let message = Off(putter.payload as u32);
        let theirs = locked.tick();
        let ticket = locked.tick();
        number(ctx, queue, message);
        hand::give(ctx.arena, ctx.me, off, message);
        ctx.point();
        counted(ctx, queue);
        drop(locked);
        ctx.finish(putter, Verdict { code: say::DONE, given: 0, ticket: theirs, cause: 0 });
        return Ok(Taken::Message(read_message(ctx, message, ticket)));
    }
    if queue.closed.load(Relaxed) != 0 {
        return Ok(Taken::Closed { ticket: locked.tick(), cause: 0 });
    }
    let Patience::Until(deadline) = patience else {
        return Err(Refused::from(fault::queue_empty()).at(locked.tick()));
    };
    let arrival = (queue.capacity.load(Relaxed) == 0).then(|| locked.tick());
    hand::reach(ctx, u32::from(arrival.is_some()));
    let entered = ctx.enter(&locked, GETTERS, 0, &waiting(op, deadline));
    drop(locked);
    if let Some(ticket) = arrival {
        arrived(ticket);
    }
    match ctx.park(entered) {
        Woken::By(verdict) => Ok(take_ended(ctx, &verdict)),
        Woken::TimedOut { ticket } => Err(Refused::from(fault::queue_stayed_empty()).at(ticket)),
    }
}

/// Takes the first message if there is one.
pub(in crate::os) fn take_at_once(ctx: &Ctx, off: Off, gave: &mut Value) -> Option<Stamp> {
    let queue: &QueueState = ctx.arena.at(off);
    if queue.is_empty() {
        return None;
    }
    let (message, ticket) = match take_before(ctx, off, queue) {
        Some(taken) => taken,
        None => take_first(ctx, queue, reach_into(ctx, off, queue)).ok()?,
    };
    *gave = peek_value(ctx, message);
    Some(Stamp::new(ticket, ctx.arena.at::<Message>(message).place.load(Relaxed)))
}

/// Takes a message behind which stands another, as who has only the front may.
fn take_before(ctx: &Ctx, off: Off, queue: &QueueState) -> Option<(Off, u64)> {
    // What lies there may be another's by now: then it is found out below.
    let next_of = |head: Off| match head.is_null() {
        true => Off::NULL,
        false => Off(ctx.arena.at::<Message>(head).next.load(Acquire)),
    };
    if !queue.has_ends() || next_of(queue.first().0).is_null() {
        return None;
    }
    let told = hand::told(ctx);
    hand::reach(ctx, 0);
    let end = ctx.lock_end(off, &queue.front.lock);
    keep_spare(ctx, off, queue, told);
    let (head, gone) = queue.first();
    let next = next_of(head);
    if next.is_null() || queue.header.lists[PUTTERS].head.load(Relaxed) != 0 {
        return None;
    }
    // Before anybody can see that there is room.
    let ticket = end.tick();
    hand::give(ctx.arena, ctx.me, off, head);
    ctx.point();
    queue.set_first(next, gone.wrapping_add(1));
    ctx.point();
    ctx.arena.prefetch(next);
    Some((head, ticket))
}

/// Locks a queue to get something. What is left of the last get goes to those who put.
fn reach_into<'c>(ctx: &'c Ctx, off: Off, queue: &QueueState) -> Locked<'c> {
    let told = hand::told(ctx);
    hand::reach(ctx, 0);
    let locked = ctx.lock(off);
    keep_spare(ctx, off, queue, told);
    locked
}

/// Takes the first message, with its place in the order; else gives the lock back.
fn take_first<'c>(ctx: &Ctx, queue: &QueueState, locked: Locked<'c>) -> std::result::Result<(Off, u64), Locked<'c>> {
    let Some(message) = unlink(ctx, locked.off, queue, ctx.me) else { return Err(locked) };
    let ticket = locked.tick();
    refill(ctx, &locked, queue);
    Ok((message, ticket))
}

/// What a get that waited came to, as its waker says.
fn take_ended(ctx: &Ctx, verdict: &Verdict) -> Taken {
    match verdict.code {
        say::DONE => Taken::Message(read_message(ctx, Off(verdict.given as u32), verdict.ticket)),
        _ => Taken::Closed { ticket: verdict.ticket, cause: verdict.cause },
    }
}

/// As a case of a `select`: in which list it waits, and with what.
pub(in crate::os) fn case_of(ctx: &Ctx, op: &Op) -> Result<(usize, u64)> {
    Ok(match op.code {
        OpCode::QueuePut => (PUTTERS, values::with_bytes(op.args.get(0), |bytes| write_message(ctx, bytes))?.0 as u64),
        OpCode::QueueJoin => (JOINERS, 0),
        _ => (GETTERS, 0),
    })
}

/// Of a put that waits as a case: the place in its actor's order that it will have, which its message tells.
pub(in crate::os) fn set_place(ctx: &Ctx, payload: u64, place: u64) {
    ctx.arena.at::<Message>(Off(payload as u32)).place.store(place, Relaxed);
}

/// Of a case that waited and did not come to anything: its message is given back.
pub(in crate::os) fn case_left(ctx: &Ctx, op: &Op, payload: u64) {
    if op.code == OpCode::QueuePut {
        ctx.arena.free(Off(payload as u32));
    }
}

/// What a case that waited came to.
pub(in crate::os) fn case_ended(ctx: &Ctx, op: &Op, payload: u64, verdict: &Verdict) -> Result {
    match op.code {
        OpCode::QueuePut => put_ended(ctx, Off(payload as u32), verdict),
        OpCode::QueueJoin => Ok(Done::new(Value::None, verdict.ticket, verdict.cause)),
        _ => take_ended(ctx, verdict).got(),
    }
}

/// Whether an operation would not wait now. Under the small lock.
pub(in crate::os) fn is_ready(arena: Arena, off: Off, code: OpCode) -> bool {
    let queue: &QueueState = arena.at(off);
    let is_awaited = |list: usize| queue.header.lists[list].head.load(Relaxed) != 0;
    if code == OpCode::QueueJoin {
        return queue.unfinished() == 0;
    }
    queue.closed.load(Relaxed) != 0
        || match code {
            OpCode::QueuePut => queue.has_room() || is_awaited(GETTERS),
            _ => !queue.is_empty() || is_awaited(PUTTERS),
        }
}

/// Gets a message; of an arrival at a rendezvous, see [`put`].
pub(in crate::os) fn get(ctx: &Ctx, off: Off, patience: Patience, arrived: impl FnOnce(u64)) -> Result {
    take(ctx, off, patience, OpCode::QueueGet, arrived)?.got()
}

/// One turn of `for x in q`.
pub(in crate::os) fn next(ctx: &Ctx, off: Off, arrived: impl FnOnce(u64)) -> Result {
    Ok(take(ctx, off, Patience::Until(None), OpCode::QueueNext, arrived)?.turn())
}

pub(in crate::os) fn len(ctx: &Ctx, off: Off) -> Result {
    let queue: &QueueState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    Ok(Done::new(Value::Int(queue.count()), locked.tick(), 0))
}

pub(in crate::os) fn empty(ctx: &Ctx, off: Off) -> Result {
    let queue: &QueueState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    Ok(Done::new(Value::Bool(queue.is_empty()), locked.tick(), 0))
}

pub(in crate::os) fn full(ctx: &Ctx, off: Off) -> Result {
    let queue: &QueueState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    Ok(Done::new(Value::Bool(!queue.has_room()), locked.tick(), 0))
}

pub(in crate::os) fn close(ctx: &Ctx, off: Off) -> Result {
    let queue: &QueueState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if queue.closed.swap(1, Relaxed) != 0 {
        return Err(closed().at(locked.tick()));
    }
    let ticket = locked.tick();
    for list in [GETTERS, PUTTERS] {
        tell_all(ctx, &locked, list, say::CLOSED);
    }
    Ok(Done::new(Value::None, ticket, 0))
}

/// Tells everyone on a list the same.
fn tell_all(ctx: &Ctx, locked: &Locked<'_>, list: usize, code: u32) {
    while let Some(waiter) = ctx.claim_first(locked, list) {
        let ticket = locked.tick();
        ctx.finish(waiter, Verdict { code, given: 0, ticket, cause: ctx.place() });
    }
}

/// The back of a queue whose messages go by another road (a channel).
pub(super) fn lock_back(ctx: &Ctx, off: Off) -> EndLocked<'_> {
    let queue: &QueueState = ctx.arena.at(off);
    ctx.lock_end(off, &queue.back.lock)
}

/// Its front.
pub(super) fn lock_front(ctx: &Ctx, off: Off) -> EndLocked<'_> {
    let queue: &QueueState = ctx.arena.at(off);
    ctx.lock_end(off, &queue.front.lock)
}

/// Counts a message that goes by another road, for `task_done` and `join`. With the back.
pub(super) fn count_put(ctx: &Ctx, off: Off) {
    let queue: &QueueState = ctx.arena.at(off);
    queue.back.puts.store(queue.back.puts.load(Relaxed) + 1, Relaxed);
}

pub(in crate::os) fn task_done(ctx: &Ctx, off: Off) -> Result {
    let queue: &QueueState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    match finish_one(ctx, queue, &locked) {
        Some(stamp) => Ok(stamp.with(Value::None)),
        None => Err(Refused::from(fault::surplus_task_done()).at(locked.tick())),
    }
}

/// The same, unless nothing is unfinished.
pub(in crate::os) fn task_done_at_once(ctx: &Ctx, off: Off) -> Option<Stamp> {
    finish_one(ctx, ctx.arena.at(off), &ctx.lock(off))
}

fn finish_one(ctx: &Ctx, queue: &QueueState, locked: &Locked<'_>) -> Option<Stamp> {
    let left = queue.unfinished() - 1;
    if left < 0 {
        return None;
    }
    queue.dones.store(queue.dones.load(Relaxed) + 1, Relaxed);
    let ticket = locked.tick();
    if left == 0 {
        queue.header.last.store(ctx.place(), Relaxed);
        tell_all(ctx, locked, JOINERS, say::DONE);
    }
    Some(Stamp::new(ticket, 0))
}

/// Waits until nothing is unfinished; without patience, gives nothing where something is.
pub(in crate::os) fn join(ctx: &Ctx, off: Off, patience: Patience) -> Result<Option<Done>> {
    let queue: &QueueState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if queue.unfinished() == 0 {
        return Ok(Some(Done::new(Value::None, locked.tick(), queue.header.last.load(Relaxed))));
    }
    if matches!(patience, Patience::No) {
        return Ok(None);
    }
    let entered = ctx.enter(&locked, JOINERS, 0, &waiting(OpCode::QueueJoin, None));
    drop(locked);
    Ok(Some(match ctx.park(entered) {
        Woken::By(verdict) => Done::new(Value::None, verdict.ticket, verdict.cause),
        Woken::TimedOut { ticket } => Done::new(Value::None, ticket, 0),
    }))
}

/// After a message was taken: the first waiting put can be completed, but for those that cannot be compared with what
/// is in the queue.
fn refill(ctx: &Ctx, locked: &Locked<'_>, queue: &QueueState) {
    // What came back from the dead may stand in it beyond its capacity.
    while queue.has_room()
        && let Some(putter) = ctx.claim_first(locked, PUTTERS)
    {
        let message = Off(putter.payload as u32);
        let value = (queue.order.load(Relaxed) == Order::Priority as u32).then(|| peek_value(ctx, message));
        let stored = store(ctx, queue, message, &value.unwrap_or_default());
        let (ticket, cause) = (locked.tick(), ctx.place());
        match stored {
            Ok(()) => return ctx.finish(putter, Verdict { code: say::DONE, given: 0, ticket, cause }),
            Err(Refused { error, .. }) => {
                let given = write_error(ctx, &error);
                ctx.finish(putter, Verdict { code: say::REFUSED, given, ticket, cause });
            }
        }
    }
}

/// An error for another actor: where its bytes lie, and above that how many there are; 0 where there is no room.
fn write_error(ctx: &Ctx, error: &Error) -> u64 {
    let bytes = values::encode_error(error);
    let block = ctx.arena.alloc_bytes(&bytes).unwrap_or(Off::NULL);
    if block.is_null() { 0 } else { u64::from(block.0) | (bytes.len() as u64) << 32 }
}

fn read_error(ctx: &Ctx, given: u64) -> Refused {
    if given == 0 {
        return OutOfMemory.into();
    }
    let block = Off(given as u32);
    let error = values::decode_error(&ctx.arena.read(block, 0, (given >> 32) as usize));
    ctx.arena.free(block);
    error.into()
}
