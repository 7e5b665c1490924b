//! Pipes: a kernel pipe a direction for the bytes; who holds which end, whose turn it is, and who waits, in the arena.
//!
//! The supervisor keeps both ends of every pipe of the file open, so that what was sent stays readable; a process opens
//! the ends that it holds, and no others. Whether an end is still held is counted here, not by the kernel.
//!
//! A message is a frame: its length, the place of its send, the encoded value. Frames of one end follow each other (a
//! writer's turn), and are read whole (a reader's turn); one larger than the pipe's buffer goes in several pieces.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use rustix::fd::BorrowedFd;
use rustix::io::Errno;

use super::{Done, Identity, Patience, Refused, Result, fail, find, kind_number, make, say, waiting};
use crate::os::arena::{Arena, Off, Shared};
use crate::os::layout::ObjectHeader;
use crate::os::park::{Ctx, Locked, Verdict, Woken};
use crate::os::values;
use crate::program::op::OpCode;
use crate::value::{ErrorKind, ObjectKind, Value};

/// Who waits for a message at this end, in `recv` or `poll` (payload [`POLLS`]).
const RECEIVERS: usize = 0;
/// Who waits for this end's turn to send.
const SENDERS: usize = 1;
/// Whoever has a turn and waits for the kernel pipe: a reader for more of a message, a writer for room.
const PIECES: usize = 2;

const POLLS: u64 = 1;
const READS: u64 = 2;
const WRITES: u64 = 3;

const FRAME_HEADER: usize = 12;
/// Longest message.
const MESSAGE_BYTES_MAX: usize = 1 << 28;

#[repr(C)]
pub(in crate::os) struct EndState {
    header: ObjectHeader,
    /// Where the other end lies.
    peer: AtomicU32,
    /// The supervisor's descriptor from which this end reads, plus 1; and the one to which it writes.
    pub(in crate::os) read_fd: AtomicU32,
    pub(in crate::os) write_fd: AtomicU32,
    /// Processes that hold it, and whether one ever did.
    holders: AtomicU32,
    was_held: AtomicU32,
    /// Messages that have been sent, or begun to be sent, to this end and that no reader has a turn for.
    messages: AtomicU32,
    /// Whose turn it is to read and to write here: actor plus 1.
    reader: AtomicU32,
    writer: AtomicU32,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for EndState {}

/// The descriptors through which a process uses an end.
pub(in crate::os) trait Ends {
    fn reading(&self, off: Off) -> Option<BorrowedFd<'_>>;
    fn writing(&self, off: Off) -> Option<BorrowedFd<'_>>;
}

pub(in crate::os) fn create(arena: Arena, who: Identity) -> Result<u32> {
    make::<EndState>(arena, kind_number(ObjectKind::PipeEnd), who).map(|(id, _)| id)
}

/// Makes two ends each other's.
pub(in crate::os) fn connect(arena: Arena, first: u32, second: u32) {
    let (first, second) = (find(arena, first), find(arena, second));
    arena.at::<EndState>(first).peer.store(second.0, Relaxed);
    arena.at::<EndState>(second).peer.store(first.0, Relaxed);
}

fn gone(state: &EndState) -> bool {
    state.was_held.load(Relaxed) != 0 && state.holders.load(Relaxed) == 0
}

fn eof() -> Refused {
    fail(ErrorKind::Eof, "the other end has been let go, and nothing is left to read")
}

fn broken() -> Refused {
    fail(ErrorKind::BrokenPipe, "nobody holds the other end any more")
}

fn peer_of(arena: Arena, off: Off) -> Off {
    Off(arena.at::<EndState>(off).peer.load(Relaxed))
}

/// A process begins to hold an end.
pub(in crate::os) fn hold(ctx: &Ctx, off: Off) {
    let state: &EndState = ctx.arena.at(off);
    let _locked = ctx.lock(off);
    state.holders.fetch_add(1, Relaxed);
    state.was_held.store(1, Relaxed);
}

/// A process lets an end go. The last one to do so lets everyone know who waits at the other end.
pub(in crate::os) fn let_go(ctx: &Ctx, off: Off) {
    let state: &EndState = ctx.arena.at(off);
    let last = {
        let _locked = ctx.lock(off);
        state.holders.fetch_sub(1, Relaxed) == 1
    };
    if !last {
        return;
    }
    let peer = ctx.lock(peer_of(ctx.arena, off));
    let verdict = Verdict { code: say::CLOSED, cause: ctx.place(), ..Verdict::default() };
    let state: &EndState = ctx.arena.at(peer.off);
    for list in [SENDERS, PIECES] {
        while let Some(waiter) = ctx.claim_first(&peer, list) {
            ctx.finish(waiter, verdict);
        }
    }
    // Whoever waits for a message has none coming: what was sent before has its readers already.
    if state.messages.load(Relaxed) == 0 {
        while let Some(waiter) = ctx.claim_first(&peer, RECEIVERS) {
            ctx.finish(waiter, verdict);
        }
    }
}

/// Takes the turns of a dead actor away. For the supervisor.
pub(in crate::os) fn forget(ctx: &Ctx, off: Off, dead: u32) {
    let state: &EndState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if state.reader.load(Relaxed) == dead + 1 {
        state.reader.store(0, Relaxed);
        deliver(ctx, &locked, state);
    }
    if state.writer.load(Relaxed) == dead + 1 {
        state.writer.store(0, Relaxed);
        pass_turn(ctx, &locked, state);
    }
}

pub(in crate::os) fn send(ctx: &Ctx, off: Off, ends: &dyn Ends, value: &Value) -> Result {
    let state: &EndState = ctx.arena.at(off);
    let Some(fd) = ends.writing(off) else {
        return Err(fail(ErrorKind::TypeError, "this end only receives"));
    };
    let frame = frame(value, ctx.place())?;
    take_turn(ctx, off, state)?;
    let ticket = ctx.lock(off).tick();
    let sent = write_frame(ctx, off, fd, &frame);
    let locked = ctx.lock(off);
    state.writer.store(0, Relaxed);
    pass_turn(ctx, &locked, state);
    drop(locked);
    sent?;
    Ok(Done::new(Value::None, ticket, 0))
}

fn frame(value: &Value, place: u64) -> Result<Vec<u8>> {
    let body = values::encode(value)?;
    if body.len() > MESSAGE_BYTES_MAX {
        return Err(fail(ErrorKind::TooLarge, "a message of more than 256 MiB"));
    }
    let mut frame = Vec::with_capacity(FRAME_HEADER + body.len());
    frame.extend((body.len() as u32).to_ne_bytes());
    frame.extend(place.to_ne_bytes());
    frame.extend(body);
    Ok(frame)
}

fn take_turn(ctx: &Ctx, off: Off, state: &EndState) -> Result<()> {
    let peer: &EndState = ctx.arena.at(peer_of(ctx.arena, off));
    let locked = ctx.lock(off);
    if gone(peer) {
        return Err(broken());
    }
    if state.writer.load(Relaxed) == 0 {
        state.writer.store(ctx.me + 1, Relaxed);
        return Ok(());
    }
    let entered = ctx.enter(&locked, SENDERS, 0, &waiting(OpCode::PipeSend, None));
    drop(locked);
    match ctx.park(entered) {
        Woken::By(verdict) if verdict.code == say::DONE => Ok(()),
        _ => Err(broken()),
    }
}

fn pass_turn(ctx: &Ctx, locked: &Locked<'_>, state: &EndState) {
    if let Some(next) = ctx.claim_first(locked, SENDERS) {
        state.writer.store(next.actor + 1, Relaxed);
        ctx.finish(next, Verdict { code: say::DONE, ..Verdict::default() });
    }
}

/// Writes a whole frame, waiting for room where there is none, and announces it to the other end.
fn write_frame(ctx: &Ctx, off: Off, fd: BorrowedFd<'_>, frame: &[u8]) -> Result<()> {
    let peer = peer_of(ctx.arena, off);
    let (mut written, mut announced) = (0, false);
    while written < frame.len() {
        if let Some(count) = try_write(fd, &frame[written..])? {
            written += count;
        } else {
            wait_for_room(ctx, off, fd)?;
            continue;
        }
        if !announced {
            announce(ctx, peer);
            announced = true;
        } else {
            wake_piece(ctx, peer, READS);
        }
    }
    Ok(())
}

/// How many bytes the pipe took; none where it is full.
fn try_write(fd: BorrowedFd<'_>, bytes: &[u8]) -> Result<Option<usize>> {
    loop {
        return match rustix::io::write(fd, bytes) {
            Ok(count) => Ok(Some(count)),
            Err(Errno::INTR) => continue,
            Err(Errno::AGAIN) => Ok(None),
            Err(_) => Err(broken()),
        };
    }
}

fn wait_for_room(ctx: &Ctx, off: Off, fd: BorrowedFd<'_>) -> Result<()> {
    let peer: &EndState = ctx.arena.at(peer_of(ctx.arena, off));
    let locked = ctx.lock(off);
    if gone(peer) {
        return Err(broken());
    }
    // Looked at under the lock, under which the reader tells that it has made room.
    if has_room(fd) {
        return Ok(());
    }
    let entered = ctx.enter(&locked, PIECES, WRITES, &waiting(OpCode::PipeSend, None));
    drop(locked);
    match ctx.park(entered) {
        Woken::By(verdict) if verdict.code == say::RETRY => Ok(()),
        _ => Err(broken()),
    }
}

fn has_room(fd: BorrowedFd<'_>) -> bool {
    ready(fd, rustix::event::PollFlags::OUT)
}

fn ready(fd: BorrowedFd<'_>, what: rustix::event::PollFlags) -> bool {
    let mut poll = [rustix::event::PollFd::new(&fd, what)];
    let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    matches!(rustix::event::poll(&mut poll, Some(&now)), Ok(count) if count > 0)
}

/// Tells an end that a message is coming.
fn announce(ctx: &Ctx, off: Off) {
    let state: &EndState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    state.messages.fetch_add(1, Relaxed);
    deliver(ctx, &locked, state);
}

/// Gives the reader's turn to the first who waits for a message, and lets those go who only wanted to know.
fn deliver(ctx: &Ctx, locked: &Locked<'_>, state: &EndState) {
    while state.reader.load(Relaxed) == 0 && state.messages.load(Relaxed) > 0 {
        let Some(waiter) = ctx.claim_first(locked, RECEIVERS) else { break };
        if waiter.payload == POLLS {
            ctx.finish(waiter, Verdict { code: say::DONE, ..Verdict::default() });
            continue;
        }
        state.reader.store(waiter.actor + 1, Relaxed);
        state.messages.fetch_sub(1, Relaxed);
        let ticket = locked.tick();
        ctx.finish(waiter, Verdict { code: say::DONE, given: 0, ticket, cause: 0 });
    }
}

/// Wakes whoever has a turn at an end and waits for the kernel pipe.
fn wake_piece(ctx: &Ctx, off: Off, which: u64) {
    let locked = ctx.lock(off);
    // At most two wait there: the reader and the writer of this end. The other one looks again, which does no harm.
    let _ = which;
    while let Some(waiter) = ctx.claim_first(&locked, PIECES) {
        ctx.finish(waiter, Verdict { code: say::RETRY, ..Verdict::default() });
    }
}

/// The next message; `None` at the end of the file.
fn take(ctx: &Ctx, off: Off, ends: &dyn Ends, op: OpCode) -> Result<Option<Done>> {
    let state: &EndState = ctx.arena.at(off);
    let peer: &EndState = ctx.arena.at(peer_of(ctx.arena, off));
    let Some(fd) = ends.reading(off) else {
        return Err(fail(ErrorKind::TypeError, "this end only sends"));
    };
    let locked = ctx.lock(off);
    let ticket = if state.reader.load(Relaxed) == 0 && state.messages.load(Relaxed) > 0 {
        state.reader.store(ctx.me + 1, Relaxed);
        state.messages.fetch_sub(1, Relaxed);
        let ticket = locked.tick();
        drop(locked);
        ticket
    } else if state.messages.load(Relaxed) == 0 && gone(peer) {
        return Ok(None);
    } else {
        let entered = ctx.enter(&locked, RECEIVERS, 0, &waiting(op, None));
        drop(locked);
        match ctx.park(entered) {
            Woken::By(verdict) if verdict.code == say::DONE => verdict.ticket,
            _ => return Ok(None),
        }
    };
    let message = read_frame(ctx, off, fd, op);
    let locked = ctx.lock(off);
    state.reader.store(0, Relaxed);
    deliver(ctx, &locked, state);
    if state.messages.load(Relaxed) == 0 && gone(peer) {
        while let Some(waiter) = ctx.claim_first(&locked, RECEIVERS) {
            ctx.finish(waiter, Verdict { code: say::CLOSED, ..Verdict::default() });
        }
    }
    drop(locked);
    let (value, place) = message?;
    Ok(Some(Done::new(value, ticket, place)))
}

fn read_frame(ctx: &Ctx, off: Off, fd: BorrowedFd<'_>, op: OpCode) -> Result<(Value, u64)> {
    let mut header = [0; FRAME_HEADER];
    read_exactly(ctx, off, fd, &mut header, op)?;
    let len = u32::from_ne_bytes(std::array::from_fn(|i| header[i])) as usize;
    let place = u64::from_ne_bytes(std::array::from_fn(|i| header[4 + i]));
    let mut body = vec![0; len.min(MESSAGE_BYTES_MAX)];
    read_exactly(ctx, off, fd, &mut body, op)?;
    Ok((values::decode(&body), place))
}

fn read_exactly(ctx: &Ctx, off: Off, fd: BorrowedFd<'_>, bytes: &mut [u8], op: OpCode) -> Result<()> {
    let peer_off = peer_of(ctx.arena, off);
    let mut filled = 0;
    while filled < bytes.len() {
        match rustix::io::read(fd, &mut bytes[filled..]) {
            Ok(0) => return Err(eof()),
            Ok(count) => {
                filled += count;
                wake_piece(ctx, peer_off, WRITES);
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => wait_for_more(ctx, off, fd, op)?,
            Err(_) => return Err(eof()),
        }
    }
    Ok(())
}

fn wait_for_more(ctx: &Ctx, off: Off, fd: BorrowedFd<'_>, op: OpCode) -> Result<()> {
    let peer: &EndState = ctx.arena.at(peer_of(ctx.arena, off));
    let locked = ctx.lock(off);
    if ready(fd, rustix::event::PollFlags::IN) {
        return Ok(());
    }
    if gone(peer) {
        return Err(fail(ErrorKind::Eof, "the sender died in the middle of a message"));
    }
    let entered = ctx.enter(&locked, PIECES, READS, &waiting(op, None));
    drop(locked);
    match ctx.park(entered) {
        Woken::By(verdict) if verdict.code == say::RETRY => Ok(()),
        // Let go meanwhile: what it had sent is still there to be read.
        _ => Ok(()),
    }
}

pub(in crate::os) fn recv(ctx: &Ctx, off: Off, ends: &dyn Ends) -> Result {
    take(ctx, off, ends, OpCode::PipeRecv)?.ok_or_else(eof)
}

/// One turn of `for x in end`.
pub(in crate::os) fn next(ctx: &Ctx, off: Off, ends: &dyn Ends) -> Result {
    Ok(match take(ctx, off, ends, OpCode::PipeNext)? {
        Some(done) => Done { value: values::pair(Value::Bool(true), done.value), ..done },
        None => Done::value(values::pair(Value::Bool(false), Value::None)),
    })
}

/// Whether a message, or the end of the file, is there within the time.
pub(in crate::os) fn poll(ctx: &Ctx, off: Off, ends: &dyn Ends, patience: Patience) -> Result {
    let state: &EndState = ctx.arena.at(off);
    let peer: &EndState = ctx.arena.at(peer_of(ctx.arena, off));
    if ends.reading(off).is_none() {
        return Err(fail(ErrorKind::TypeError, "this end only sends"));
    }
    let locked = ctx.lock(off);
    if state.messages.load(Relaxed) > 0 || gone(peer) {
        return Ok(Done::new(Value::Bool(true), locked.tick(), 0));
    }
    let Patience::Until(deadline) = patience else {
        return Ok(Done::value(Value::Bool(false)));
    };
    let entered = ctx.enter(&locked, RECEIVERS, POLLS, &waiting(OpCode::PipePoll, deadline));
    drop(locked);
    Ok(Done::value(Value::Bool(matches!(ctx.park(entered), Woken::By(_)))))
}

/// What to tell a waiter whose waker died: that it has its turn, that the other end is gone, or to look again.
pub(super) fn rescued(ctx: &Ctx, off: Off, list: usize, waiter: u32, payload: u64) -> Option<Verdict> {
    let state: &EndState = ctx.arena.at(off);
    let peer: &EndState = ctx.arena.at(peer_of(ctx.arena, off));
    let _locked = ctx.lock(off);
    let code = match list {
        PIECES => say::RETRY,
        SENDERS if state.writer.load(Relaxed) == waiter + 1 => say::DONE,
        RECEIVERS if payload == POLLS || state.reader.load(Relaxed) == waiter + 1 => say::DONE,
        RECEIVERS if state.messages.load(Relaxed) > 0 => return None,
        _ if gone(peer) => say::CLOSED,
        _ => return None,
    };
    Some(Verdict { code, ..Verdict::default() })
}

/// Gives turns that nobody has to whoever waits for them. For the supervisor.
pub(in crate::os) fn stir(ctx: &Ctx, off: Off) {
    let state: &EndState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    deliver(ctx, &locked, state);
    if state.writer.load(Relaxed) == 0 {
        pass_turn(ctx, &locked, state);
    }
}
