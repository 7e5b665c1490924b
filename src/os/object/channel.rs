//! Queues of one process: a `crossbeam-channel`, so that a message is moved and never encoded.
//!
//! The arena keeps the queue's identity, its count of unfinished items and the locks of its two ends; the channel lives
//! in the process. What an operation does to the channel is done under the lock of the end where it does so, or under
//! both, together with its ticket; to wait is the channel's: whoever was woken tries again. A closed queue is a second
//! channel without senders: whoever waits for a message waits for that one too. A rendezvous has no channel: there a
//! put and its get are one step.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Select, Sender, TrySendError, bounded, unbounded};

use super::queue::{GETTERS, PUTTERS, Taken, closed, count_put, has_room_again, lock_back, lock_front};
use super::{Done, Patience, Refused, Result, Stamp};
use crate::os::arena::Off;
use crate::os::park::Ctx;
use crate::os::small_lock::Locked;
use crate::os::sys;
use crate::program::fault;
use crate::program::op::OpCode;
use crate::value::Value;

/// A value and the place of its put.
type Message = (Value, u64);

pub(in crate::os) struct Channel {
    sender: Sender<Message>,
    receiver: Receiver<Message>,
    capacity: Option<usize>,
    /// Changed with both ends.
    closed: AtomicBool,
    /// Dropped at the close.
    open: Mutex<Option<Sender<()>>>,
    closing: Receiver<()>,
}

fn instant(deadline: u64) -> Instant {
    Instant::now() + Duration::from_nanos(deadline.saturating_sub(sys::now_ns()))
}

/// Nobody can wake it in the channel for what it owes its pools: it looks now and then.
fn wait_and_look(ctx: &Ctx, deadline: Option<u64>, select: &mut Select<'_>) {
    const LOOK_EVERY_NS: u64 = 5_000_000;
    while !is_over(deadline) {
        let next = sys::now_ns() + LOOK_EVERY_NS;
        if select.ready_deadline(instant(deadline.map_or(next, |deadline| deadline.min(next)))).is_ok() {
            return;
        }
        crate::os::duty::look_while_parked(ctx);
    }
}

fn is_over(deadline: Option<u64>) -> bool {
    deadline.is_some_and(|deadline| sys::now_ns() >= deadline)
}

impl Channel {
    pub(in crate::os) fn new(capacity: Option<i64>) -> Channel {
        let capacity = capacity.map(|capacity| usize::try_from(capacity).unwrap_or(0));
        let (sender, receiver) = capacity.map_or_else(unbounded, bounded);
        let (open, closing) = bounded(0);
        Channel { sender, receiver, capacity, closed: AtomicBool::new(false), open: Mutex::new(Some(open)), closing }
    }

    /// Waits until the channel may be ready; marks the actor meanwhile as one that cannot go on by itself.
    fn wait<'a>(&'a self, ctx: &Ctx, locked: Locked<'_>, op: OpCode, deadline: Option<u64>, mut select: Select<'a>) {
        let (slot, off) = (ctx.slot, locked.off);
        let list = if op == OpCode::QueuePut { PUTTERS } else { GETTERS };
        select.recv(&self.closing);
        slot.waits.store(slot.waits.load(Ordering::Relaxed).wrapping_add(1), Ordering::SeqCst);
        slot.blocked_op.store(op as u32 + 1, Ordering::Relaxed);
        slot.blocked_on.store(off.0, Ordering::Relaxed);
        locked.count_in(list);
        drop(locked);
        if deadline.is_none() {
            slot.uncounted.store(1, Ordering::SeqCst);
            if ctx.arena.header().running.fetch_sub(1, Ordering::SeqCst) == 1 {
                ctx.kick();
            } else {
                ctx.tell_of_a_stop();
            }
        } else {
            ctx.tell_of_a_stop();
        }
        // Whether it was in time is decided under the lock.
        if slot.keeps_pools.load(Ordering::Relaxed) != 0 {
            wait_and_look(ctx, deadline, &mut select);
        } else if let Some(deadline) = deadline {
            let _ = select.ready_deadline(instant(deadline));
        } else {
            select.ready();
        }
        ctx.count_again(slot);
        ctx.lock(off).count_out(list);
        slot.blocked_op.store(0, Ordering::Relaxed);
        slot.blocked_on.store(0, Ordering::Relaxed);
    }

    pub(in crate::os) fn put(&self, ctx: &Ctx, off: Off, value: Value, patience: Patience) -> Result {
        let mut message = (value, ctx.place());
        loop {
            let locked = ctx.lock(off);
            if self.closed.load(Ordering::Relaxed) {
                return Err(closed().at(locked.tick()));
            }
            match self.sender.try_send(message) {
                Ok(()) => {
                    count_put(ctx, off);
                    return Ok(Done::new(Value::None, locked.tick(), 0));
                }
                Err(TrySendError::Full(back) | TrySendError::Disconnected(back)) => message = back,
            }
            let Patience::Until(deadline) = patience else {
                return Err(Refused::from(fault::queue_full()).at(locked.tick()));
            };
            if is_over(deadline) {
                return Err(Refused::from(fault::queue_stayed_full()).at(locked.tick()));
            }
            let mut select = Select::new();
            select.send(&self.sender);
            self.wait(ctx, locked, OpCode::QueuePut, deadline, select);
        }
    }

    /// Puts a message if there is room. Whoever waits for one is woken by the channel.
    pub(in crate::os) fn put_at_once(&self, ctx: &Ctx, off: Off, value: &Value) -> Option<Stamp> {
        let back = lock_back(ctx, off);
        if self.closed.load(Ordering::Relaxed) {
            return None;
        }
        let is_recorded = back.is_recorded();
        if !is_recorded || !self.sender.is_full() {
            // Before anybody can see the message. There is room still: only those who put take it.
            let ticket = if is_recorded { back.tick() } else { 0 };
            if self.sender.try_send((value.clone(), ctx.place())).is_ok() {
                count_put(ctx, off);
                return Some(Stamp::new(ticket, 0));
            }
        }
        drop(back);
        let capacity = self.capacity.unwrap_or(usize::MAX);
        has_room_again(ctx, capacity as i64, || capacity.saturating_sub(self.sender.len()) as i64);
        None
    }

    /// Takes the first message if there is one.
    pub(in crate::os) fn take_at_once(&self, ctx: &Ctx, off: Off, gave: &mut Value) -> Option<Stamp> {
        let front = lock_front(ctx, off);
        let is_recorded = front.is_recorded();
        if is_recorded && self.receiver.is_empty() {
            return None;
        }
        // Before anybody can see that there is room. The message is there still: only those who take take it.
        let ticket = if is_recorded { front.tick() } else { 0 };
        let (value, cause) = self.receiver.try_recv().ok()?;
        *gave = value;
        Some(Stamp::new(ticket, cause))
    }

    /// The next message, or that there will be none.
    fn take(&self, ctx: &Ctx, off: Off, patience: Patience, op: OpCode) -> Result<Taken> {
        loop {
            let locked = ctx.lock(off);
            if let Ok((value, place)) = self.receiver.try_recv() {
                return Ok(Taken::Message(Done::new(value, locked.tick(), place)));
            }
            if self.closed.load(Ordering::Relaxed) {
                return Ok(Taken::Closed { ticket: locked.tick(), cause: 0 });
            }
            let Patience::Until(deadline) = patience else {
                return Err(Refused::from(fault::queue_empty()).at(locked.tick()));
            };
            if is_over(deadline) {
                return Err(Refused::from(fault::queue_stayed_empty()).at(locked.tick()));
            }
            let mut select = Select::new();
            select.recv(&self.receiver);
            self.wait(ctx, locked, op, deadline, select);
        }
    }

    pub(in crate::os) fn get(&self, ctx: &Ctx, off: Off, patience: Patience) -> Result {
        self.take(ctx, off, patience, OpCode::QueueGet)?.got()
    }

    /// One turn of `for x in q`.
    pub(in crate::os) fn next(&self, ctx: &Ctx, off: Off) -> Result {
        Ok(self.take(ctx, off, Patience::Until(None), OpCode::QueueNext)?.turn())
    }

    pub(in crate::os) fn len(&self, ctx: &Ctx, off: Off) -> Result {
        let locked = ctx.lock(off);
        Ok(Done::new(Value::Int(self.receiver.len() as i64), locked.tick(), 0))
    }

    pub(in crate::os) fn empty(&self, ctx: &Ctx, off: Off) -> Result {
        let locked = ctx.lock(off);
        Ok(Done::new(Value::Bool(self.receiver.is_empty()), locked.tick(), 0))
    }

    pub(in crate::os) fn full(&self, ctx: &Ctx, off: Off) -> Result {
        let locked = ctx.lock(off);
        let full = self.capacity.is_some_and(|capacity| self.receiver.len() >= capacity);
        Ok(Done::new(Value::Bool(full), locked.tick(), 0))
    }

    pub(in crate::os) fn close(&self, ctx: &Ctx, off: Off) -> Result {
        let locked = ctx.lock(off);
        if self.closed.swap(true, Ordering::Relaxed) {
            return Err(closed().at(locked.tick()));
        }
        self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(Done::new(Value::None, locked.tick(), 0))
    }
}
