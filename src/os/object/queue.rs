//! Queues across processes: unbounded, bounded, rendezvous; first in first out, last in first out, or by priority.
//!
//! A message is a block of the arena with the encoded value and the place of its put; a put with someone waiting hands
//! the message over directly.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64};

use super::{Done, Identity, Patience, Refused, Result, kind_number, make, say, waiting};
use crate::os::alloc::OutOfMemory;
use crate::os::arena::{Arena, Off, Shared};
use crate::os::layout::{ObjectHeader, Slot, slot_at};
use crate::os::park::{Ctx, Locked, Verdict, Woken};
use crate::os::values;
use crate::os::{cases, hand};
use crate::program::fault;
use crate::program::op::{Op, OpCode};
use crate::value::{Error, ObjectKind, Value};

pub(super) const GETTERS: usize = 0;
pub(super) const PUTTERS: usize = 1;
const JOINERS: usize = 2;

/// In which order messages come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(in crate::os) enum Order {
    Fifo,
    Lifo,
    Priority,
}

#[repr(C)]
struct QueueState {
    header: ObjectHeader,
    /// Below zero: no bound.
    capacity: AtomicI64,
    /// How many were put, and how many of them are done with.
    puts: AtomicI64,
    dones: AtomicI64,
    count: AtomicI64,
    order: AtomicU32,
    closed: AtomicU32,
    head: AtomicU32,
    tail: AtomicU32,
    /// The message that is being put, until it counts.
    storing: AtomicU32,
    pad: AtomicU32,
}

impl QueueState {
    fn unfinished(&self) -> i64 {
        self.puts.load(Relaxed) - self.dones.load(Relaxed)
    }
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for QueueState {}

#[repr(C)]
struct Message {
    next: AtomicU32,
    len: AtomicU32,
    place: AtomicU64,
    /// Which of those that were put in its queue.
    number: AtomicU64,
    pad: AtomicU64,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for Message {}

const BODY: usize = size_of::<Message>();

pub(in crate::os) fn create(arena: Arena, who: Identity, capacity: Option<i64>, order: Order) -> Result<u32> {
    let (id, off) = make::<QueueState>(arena, kind_number(ObjectKind::Queue), who)?;
    let queue: &QueueState = arena.at(off);
    queue.capacity.store(capacity.unwrap_or(-1), Relaxed);
    queue.order.store(order as u32, Relaxed);
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
    let message = write_message(ctx, value)?;
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
    let capacity = queue.capacity.load(Relaxed);
    if capacity < 0 || queue.count.load(Relaxed) < capacity {
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
    let arrival = (capacity == 0).then(|| locked.tick());
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
    hand::reach(ctx, 0);
    let locked = ctx.lock(off);
    if let Some(message) = unlink(ctx, off, queue, ctx.me) {
        let ticket = locked.tick();
        refill(ctx, &locked, queue);
        drop(locked);
        return Ok(Taken::Message(read_message(ctx, message, ticket)));
    }
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
        OpCode::QueuePut => (PUTTERS, write_message(ctx, op.args.get(0))?.0 as u64),
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
            OpCode::QueuePut => {
                let capacity = queue.capacity.load(Relaxed);
                capacity < 0 || queue.count.load(Relaxed) < capacity || is_awaited(GETTERS)
            }
            _ => queue.head.load(Relaxed) != 0 || is_awaited(PUTTERS),
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
    Ok(Done::new(Value::Int(queue.count.load(Relaxed)), locked.tick(), 0))
}

pub(in crate::os) fn empty(ctx: &Ctx, off: Off) -> Result {
    let queue: &QueueState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    Ok(Done::new(Value::Bool(queue.count.load(Relaxed) == 0), locked.tick(), 0))
}

pub(in crate::os) fn full(ctx: &Ctx, off: Off) -> Result {
    let queue: &QueueState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let capacity = queue.capacity.load(Relaxed);
    Ok(Done::new(Value::Bool(capacity >= 0 && queue.count.load(Relaxed) >= capacity), locked.tick(), 0))
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

/// Counts a message that goes by another road (a channel), for `task_done` and `join`. Under the small lock.
pub(super) fn count_unfinished(ctx: &Ctx, off: Off) {
    let queue: &QueueState = ctx.arena.at(off);
    queue.puts.fetch_add(1, Relaxed);
}

pub(in crate::os) fn task_done(ctx: &Ctx, off: Off) -> Result {
    let queue: &QueueState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let left = queue.unfinished() - 1;
    if left < 0 {
        let error = Refused::from(fault::surplus_task_done());
        return Err(error.at(locked.tick()));
    }
    queue.dones.fetch_add(1, Relaxed);
    let ticket = locked.tick();
    if left == 0 {
        queue.header.last.store(ctx.place(), Relaxed);
        tell_all(ctx, &locked, JOINERS, say::DONE);
    }
    Ok(Done::new(Value::None, ticket, 0))
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
    while let Some(putter) = ctx.claim_first(locked, PUTTERS) {
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

/// Puts a message where it belongs and counts it.
fn store(ctx: &Ctx, queue: &QueueState, message: Off, value: &Value) -> Result<()> {
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
fn insert(ctx: &Ctx, queue: &QueueState, message: Off, before: Off, after: Off) {
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
    queue.count.fetch_add(1, Relaxed);
}

fn append(ctx: &Ctx, queue: &QueueState, message: Off) {
    insert(ctx, queue, message, Off(queue.tail.load(Relaxed)), Off::NULL);
}

/// Begins to put a message: it gets the next number.
fn number(ctx: &Ctx, queue: &QueueState, message: Off) {
    let number = queue.puts.load(Relaxed) as u64 + 1;
    ctx.arena.at::<Message>(message).number.store(number, Relaxed);
    queue.storing.store(message.0, Relaxed);
    ctx.point();
}

/// The message that is being put counts.
fn counted(ctx: &Ctx, queue: &QueueState) {
    ctx.point();
    queue.puts.fetch_add(1, Relaxed);
    ctx.point();
    queue.storing.store(0, Relaxed);
}

/// Takes the first message out, into the hand of an actor.
fn unlink(ctx: &Ctx, off: Off, queue: &QueueState, taker: u32) -> Option<Off> {
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
    queue.count.fetch_sub(1, Relaxed);
    Some(head)
}

fn write_message(ctx: &Ctx, value: &Value) -> Result<Off> {
    let bytes = values::encode(value)?;
    let block = ctx.arena.alloc(BODY + bytes.len())?;
    let message: &Message = ctx.arena.at(block);
    message.next.store(0, Relaxed);
    message.len.store(bytes.len() as u32, Relaxed);
    message.place.store(ctx.place(), Relaxed);
    ctx.arena.write(block, BODY, &bytes);
    Ok(block)
}

fn peek_value(ctx: &Ctx, block: Off) -> Value {
    let message: &Message = ctx.arena.at(block);
    values::decode(&ctx.arena.read(block, BODY, message.len.load(Relaxed) as usize))
}

fn read_message(ctx: &Ctx, block: Off, ticket: u64) -> Done {
    let value = peek_value(ctx, block);
    let place = ctx.arena.at::<Message>(block).place.load(Relaxed);
    Done::new(value, ticket, place)
}

/// Makes whole what a dead actor left under the lock, which it still holds: the chain from the head is whole at every
/// instant.
pub(super) fn mend(arena: Arena, off: Off, dead: u32) {
    let queue: &QueueState = arena.at(off);
    let (mut last, mut at, mut count) = (0, queue.head.load(Relaxed), 0);
    while at != 0 {
        (last, at, count) = (at, arena.at::<Message>(Off(at)).next.load(Relaxed), count + 1);
    }
    queue.tail.store(last, Relaxed);
    queue.count.store(count, Relaxed);
    let dead: &Slot = arena.at(slot_at(dead));
    if hand::untold(dead, off).is_some_and(|message| holds(arena, queue, message)) {
        hand::leave(dead);
    }
    let waiter = dead.completing.load(Relaxed).checked_sub(1).map(|waiter| arena.at::<Slot>(slot_at(waiter)));
    let waits = waiter.and_then(|waiter| waits_in(arena, waiter, off));
    let given = waiter.filter(|_| waits.is_some()).and_then(|waiter| hand::untold(waiter, off));
    if let Some((PUTTERS, payload)) = waits
        && holds(arena, queue, Off(payload as u32))
    {
        // Others may take the message before the waiter is seen to.
        dead.completed.store(1, Relaxed);
    }
    let storing = Off(queue.storing.swap(0, Relaxed));
    if !storing.is_null() {
        let is_put = holds(arena, queue, storing) || given == Some(storing) || hand::untold(dead, off) == Some(storing);
        let number = arena.at::<Message>(storing).number.load(Relaxed) as i64;
        queue.puts.store(if is_put { number } else { number - 1 }, Relaxed);
    }
}

/// In which list of this object somebody waits whom another has begun to complete, and with what.
fn waits_in(arena: Arena, waiter: &Slot, off: Off) -> Option<(usize, u64)> {
    if let Some(taken) = cases::taken(arena, waiter) {
        return (taken.off == off).then_some((taken.list, taken.payload));
    }
    let is_here = waiter.blocked_on.load(Relaxed) == off.0;
    is_here.then(|| (waiter.blocked_list.load(Relaxed) as usize, waiter.node.payload.load(Relaxed)))
}

/// Puts a message back to where it stood that was taken out for an actor that died before it could tell. For the
/// supervisor.
pub(super) fn take_back(ctx: &Ctx, off: Off, message: Off) {
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
    let (mut before, mut at) = (Off::NULL, Off(queue.head.load(Relaxed)));
    while !at.is_null() && !stands_behind(at) {
        before = at;
        at = Off(ctx.arena.at::<Message>(at).next.load(Relaxed));
    }
    insert(ctx, queue, message, before, at);
}

/// Goes on with what a dead actor was about to do for those who wait: whoever can go on does. For the supervisor.
pub(super) fn resume(ctx: &Ctx, off: Off) {
    let queue: &QueueState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    while queue.head.load(Relaxed) != 0
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
    while queue.count.load(Relaxed) < queue.capacity.load(Relaxed) && locked.waiting(PUTTERS) > 0 {
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
pub(super) fn rescued(ctx: &Ctx, off: Off, list: usize, (waiter, dead): (u32, u32), payload: u64) -> Option<Verdict> {
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
    let mut at = queue.head.load(Relaxed);
    while at != 0 && at != message.0 {
        at = arena.at::<Message>(Off(at)).next.load(Relaxed);
    }
    at != 0
}
