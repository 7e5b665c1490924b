//! Queues of one process: a `crossbeam-channel`, so that a message is moved and never encoded.
//!
//! The arena keeps the queue's identity and its count of unfinished items; the channel lives in the process. A closed
//! queue is a second channel without senders: whoever waits for a message waits for that one too.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Select, Sender, TryRecvError, TrySendError, bounded, unbounded};

use super::{Done, Patience, Result, fail};
use crate::os::park::{Ctx, Waiting};
use crate::os::sys;
use crate::os::values;
use crate::program::op::OpCode;
use crate::value::{Error, ErrorKind, Value};

/// A value and the place of its put.
type Message = (Value, u64);

pub(in crate::os) struct Channel {
    sender: Sender<Message>,
    receiver: Receiver<Message>,
    capacity: Option<usize>,
    /// Held to read while something is sent, so that nothing is sent behind a close.
    closed: RwLock<bool>,
    /// Dropped at the close.
    open: Mutex<Option<Sender<()>>>,
    closing: Receiver<()>,
    tickets: AtomicU64,
}

fn closed() -> Error {
    fail(ErrorKind::Closed, "the queue is closed")
}

/// Marks the actor as one that cannot go on by itself while it waits in the channel.
fn blocked<T>(ctx: &Ctx, off: super::Off, waiting: &Waiting, wait: impl FnOnce() -> T) -> T {
    let slot = ctx.slot;
    slot.blocked_op.store(waiting.op as u32 + 1, Ordering::Relaxed);
    slot.blocked_on.store(off.0, Ordering::Relaxed);
    if waiting.deadline.is_none() {
        slot.uncounted.store(1, Ordering::SeqCst);
        if ctx.arena.header().running.fetch_sub(1, Ordering::SeqCst) == 1 {
            ctx.kick();
        }
    }
    let result = wait();
    ctx.count_again(slot);
    slot.blocked_op.store(0, Ordering::Relaxed);
    slot.blocked_on.store(0, Ordering::Relaxed);
    result
}

fn instant(deadline: u64) -> Instant {
    Instant::now() + Duration::from_nanos(deadline.saturating_sub(sys::now_ns()))
}

impl Channel {
    pub(in crate::os) fn new(capacity: Option<i64>) -> Channel {
        let capacity = capacity.map(|capacity| usize::try_from(capacity).unwrap_or(0));
        let (sender, receiver) = capacity.map_or_else(unbounded, bounded);
        let (open, closing) = bounded(0);
        Channel {
            sender,
            receiver,
            capacity,
            closed: RwLock::new(false),
            open: Mutex::new(Some(open)),
            closing,
            tickets: AtomicU64::new(0),
        }
    }

    fn tick(&self) -> u64 {
        self.tickets.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Sends where there is room and the queue is open. The message comes back where there is none.
    fn try_put(&self, ctx: &Ctx, off: super::Off, message: Message) -> Result<std::result::Result<u64, Message>> {
        let gate = self.closed.read().unwrap_or_else(PoisonError::into_inner);
        if *gate {
            return Err(closed());
        }
        let ticket = self.tick();
        super::queue::count_unfinished(ctx, off, 1);
        match self.sender.try_send(message) {
            Ok(()) => Ok(Ok(ticket)),
            Err(TrySendError::Full(message) | TrySendError::Disconnected(message)) => {
                super::queue::count_unfinished(ctx, off, -1);
                Ok(Err(message))
            }
        }
    }

    pub(in crate::os) fn put(&self, ctx: &Ctx, off: super::Off, value: Value, patience: Patience) -> Result {
        let mut message = (value, ctx.place());
        loop {
            match self.try_put(ctx, off, message)? {
                Ok(ticket) => return Ok(Done::new(Value::None, ticket, 0)),
                Err(back) => message = back,
            }
            let Patience::Until(deadline) = patience else {
                return Err(fail(ErrorKind::Full, "the queue is full"));
            };
            let waiting = super::waiting(OpCode::QueuePut, deadline);
            let mut select = Select::new();
            select.send(&self.sender);
            select.recv(&self.closing);
            let ready = blocked(ctx, off, &waiting, || match deadline {
                Some(deadline) => select.ready_deadline(instant(deadline)).is_ok(),
                None => {
                    select.ready();
                    true
                }
            });
            if !ready {
                return Err(fail(ErrorKind::Full, "the queue stayed full"));
            }
        }
    }

    /// The next message; `None` when the queue is closed and drained.
    fn take(&self, ctx: &Ctx, off: super::Off, patience: Patience, op: OpCode) -> Result<Option<Done>> {
        let given = |(value, place): Message| Some(Done::new(value, self.tick(), place));
        match self.receiver.try_recv() {
            Ok(message) => return Ok(given(message)),
            Err(TryRecvError::Disconnected) => return Ok(None),
            Err(TryRecvError::Empty) => {}
        }
        if *self.closed.read().unwrap_or_else(PoisonError::into_inner) {
            return Ok(self.receiver.try_recv().ok().and_then(given));
        }
        let Patience::Until(deadline) = patience else {
            return Err(fail(ErrorKind::Empty, "the queue is empty"));
        };
        let waiting = super::waiting(op, deadline);
        match blocked(ctx, off, &waiting, || self.receive(deadline)) {
            Ok(message) => Ok(given(message)),
            Err(RecvTimeoutError::Timeout) => Err(fail(ErrorKind::Empty, "the queue stayed empty")),
            // Closed meanwhile: what is left comes first.
            Err(RecvTimeoutError::Disconnected) => Ok(self.receiver.try_recv().ok().and_then(given)),
        }
    }

    /// A message, or `Disconnected` once the queue is closed.
    fn receive(&self, deadline: Option<u64>) -> std::result::Result<Message, RecvTimeoutError> {
        let mut select = Select::new();
        let message = select.recv(&self.receiver);
        select.recv(&self.closing);
        let operation = match deadline {
            Some(deadline) => select.select_deadline(instant(deadline)).map_err(|_| RecvTimeoutError::Timeout)?,
            None => select.select(),
        };
        if operation.index() == message {
            return operation.recv(&self.receiver).map_err(|_| RecvTimeoutError::Disconnected);
        }
        let _ = operation.recv(&self.closing);
        Err(RecvTimeoutError::Disconnected)
    }

    pub(in crate::os) fn get(&self, ctx: &Ctx, off: super::Off, patience: Patience) -> Result {
        self.take(ctx, off, patience, OpCode::QueueGet)?.ok_or_else(closed)
    }

    /// One turn of `for x in q`.
    pub(in crate::os) fn next(&self, ctx: &Ctx, off: super::Off) -> Result {
        let taken = self.take(ctx, off, Patience::Until(None), OpCode::QueueNext)?;
        Ok(match taken {
            Some(done) => Done { value: values::pair(Value::Bool(true), done.value), ..done },
            None => Done::value(values::pair(Value::Bool(false), Value::None)),
        })
    }

    pub(in crate::os) fn len(&self) -> Result {
        Ok(Done::new(Value::Int(self.receiver.len() as i64), self.tick(), 0))
    }

    pub(in crate::os) fn empty(&self) -> Result {
        Ok(Done::new(Value::Bool(self.receiver.is_empty()), self.tick(), 0))
    }

    pub(in crate::os) fn full(&self) -> Result {
        let full = self.capacity.is_some_and(|capacity| self.receiver.len() >= capacity);
        Ok(Done::new(Value::Bool(full), self.tick(), 0))
    }

    pub(in crate::os) fn close(&self) -> Result {
        let mut gate = self.closed.write().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut *gate, true) {
            return Err(closed());
        }
        self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(Done::new(Value::None, self.tick(), 0))
    }
}
