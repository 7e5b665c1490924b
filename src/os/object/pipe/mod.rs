//! Pipes: a kernel pipe a direction for the bytes; who holds which end, whose turn it is, and who waits, in the arena.
//!
//! The supervisor keeps both ends of every pipe of the file open, so that what was sent stays readable; a process opens
//! the ends that it holds, and no others. Whether an end is still held is counted here, not by the kernel.
//!
//! A message is a frame: its length, the place of its send, the encoded value. A direction holds so many bytes of
//! frames that nobody has begun to read; a send waits until its frame fits (a larger one until nothing is on the way,
//! and then until it has been taken whole). What belongs to a direction lies at the end that receives, under its small
//! lock: a send is complete when it is admitted there, a receipt when it gets its turn. The bytes follow: frames of one
//! direction are written one after the other (the writer's turn) and read whole (the reader's turn).
//!
//! Tickets of both ends are drawn from one counter; an end is let go under the locks of both directions.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

mod case;
pub(in crate::os) mod hold;
mod receive;
mod send;

pub(in crate::os) use case::{case_ended, case_of, is_ready};
pub(in crate::os) use receive::{next, poll, recv};
pub(in crate::os) use send::send;

use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicU32, AtomicU64};

use rustix::fd::BorrowedFd;

use super::frame::{FRAME_HEADER, bytes_in, drain};
use super::{Done, Identity, Refused, Result, find, kind_number, make, say};
use crate::os::arena::{Arena, Off, Shared};
use crate::os::layout::ObjectHeader;
use crate::os::park::{Claimed, Ctx, Locked, Verdict};
use crate::program::fault;
use crate::value::{ObjectKind, Value};

/// Who waits for a message at this end, in `recv` or `poll` (payload [`POLLS`]).
pub(super) const RECEIVERS: usize = 0;
/// Who waits to send to this end; the payload is the length of the frame.
pub(super) const SENDERS: usize = 1;
/// Whoever has a turn and waits for the kernel pipe: a reader for more of a message, a writer for room.
const PIECES: usize = 2;

const POLLS: u64 = 1;

/// Changes of a turn: a message is admitted, and a reading of one begins.
const ADMITS: u32 = 1;
const BEGINS: u32 = 2;

/// Bytes of frames on their way in one direction; one that is larger goes alone.
const BUFFER_BYTES: u64 = 64 << 10;
/// How often, and how long each time, the supervisor lets a writer finish before it clears up after a reader.
const WRITER_LOOKS: u32 = 10_000;
const WRITER_MOMENT: std::time::Duration = std::time::Duration::from_micros(100);
/// Most frames on their way: none is smaller than its header and a byte.
const FRAMES_MAX: u32 = BUFFER_BYTES as u32 / (FRAME_HEADER as u32 + 1) + 1;

#[repr(C)]
pub(in crate::os) struct EndState {
    pub(super) header: ObjectHeader,
    /// Where the other end lies, and the one of the two that keeps the tickets.
    peer: AtomicU32,
    first: AtomicU32,
    /// The supervisor's descriptor from which this end reads, plus 1; and the one to which it writes.
    pub(in crate::os) read_fd: AtomicU32,
    pub(in crate::os) write_fd: AtomicU32,
    /// Processes that hold it, and whether one ever did.
    pub(super) holders: AtomicU32,
    pub(super) was_held: AtomicU32,
    /// The note of the holder that is letting it go (0: none), and how many holders there are then.
    pub(super) leaving: AtomicU32,
    pub(super) staying: AtomicU32,
    /// Messages that were admitted to this end and that no reader has a turn for: a ring of the lengths of their
    /// frames; which of it are theirs (where they begin, and above that how many: one word, so that a death leaves no
    /// half of it); the sum of their lengths, which follows from the others.
    lengths: AtomicU32,
    pad: AtomicU32,
    range: AtomicU64,
    unread: AtomicU64,
    /// The change of a turn and of that word which is under way ([`ADMITS`], [`BEGINS`], 0 for none): whose turn, as in
    /// `reader`; and the word before and after.
    change: AtomicU32,
    changed_for: AtomicU32,
    range_before: AtomicU64,
    range_after: AtomicU64,
    /// Whose turn it is to read here, and to write to here: actor plus 1.
    reader: AtomicU32,
    writer: AtomicU32,
    /// 1: a frame that went alone has been taken whole.
    whole: AtomicU32,
    /// 1: the latest message may end too early, since its sender died.
    suspect: AtomicU32,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for EndState {}

/// Four lengths of a ring.
#[repr(C)]
struct Lengths([AtomicU32; 4]);

// SAFETY: repr(C), atomics only.
unsafe impl Shared for Lengths {}

impl EndState {
    /// How many messages no reader has a turn for.
    pub(super) fn messages(&self) -> u32 {
        (self.range.load(Relaxed) >> 32) as u32
    }

    /// Where in the ring the first of them stands.
    fn oldest(&self) -> u32 {
        self.range.load(Relaxed) as u32
    }

    /// Gives a turn to an actor, and makes the range another, in one step: see [`mend`].
    fn turn_over(&self, ctx: &Ctx, change: u32, actor: u32, (oldest, messages): (u32, u32)) {
        self.changed_for.store(actor + 1, Relaxed);
        self.range_before.store(self.range.load(Relaxed), Relaxed);
        self.range_after.store(u64::from(messages) << 32 | u64::from(oldest % FRAMES_MAX), Relaxed);
        self.change.store(change, SeqCst);
        ctx.point();
        self.turn(change).store(actor + 1, SeqCst);
        ctx.point();
        self.range.store(self.range_after.load(Relaxed), SeqCst);
        ctx.point();
        self.change.store(0, SeqCst);
    }

    fn turn(&self, change: u32) -> &AtomicU32 {
        if change == ADMITS { &self.writer } else { &self.reader }
    }

    fn set_range(&self, oldest: u32, messages: u32) {
        self.range.store(u64::from(messages) << 32 | u64::from(oldest % FRAMES_MAX), Relaxed);
    }
}

/// The descriptors through which a process uses an end.
pub(in crate::os) trait Ends {
    /// Whether the process has closed the end.
    fn is_closed(&self) -> bool;
    /// Notes that it has.
    fn close(&self);
    fn reading(&self, off: Off) -> Option<BorrowedFd<'_>>;
    fn writing(&self, off: Off) -> Option<BorrowedFd<'_>>;
}

pub(in crate::os) fn create(arena: Arena, who: Identity) -> Result<u32> {
    make::<EndState>(arena, kind_number(ObjectKind::PipeEnd), who).map(|(id, _)| id)
}

/// Makes two ends each other's.
pub(in crate::os) fn connect(arena: Arena, first: u32, second: u32) {
    let (first, second) = (find(arena, first), find(arena, second));
    for (end, peer) in [(first, second), (second, first)] {
        let state: &EndState = arena.at(end);
        state.peer.store(peer.0, Relaxed);
        state.first.store(first.0.min(second.0), Relaxed);
    }
}

pub(super) fn gone(state: &EndState) -> bool {
    state.was_held.load(Relaxed) != 0 && state.holders.load(Relaxed) == 0
}

fn eof() -> Refused {
    fault::end_of_file().into()
}

pub(in crate::os::object) fn broken() -> Refused {
    fault::broken_pipe().into()
}

/// Where the other end lies.
pub(in crate::os) fn peer_of(arena: Arena, off: Off) -> Off {
    Off(arena.at::<EndState>(off).peer.load(Relaxed))
}

/// The next place in the order of the pipe. Under the small lock of the end that the step is about.
pub(in crate::os) fn tick(arena: Arena, off: Off) -> u64 {
    let first: &ObjectHeader = arena.at(Off(arena.at::<EndState>(off).first.load(Relaxed)));
    first.ticket.fetch_add(1, SeqCst) + 1
}

/// The small locks of an end and of the other one; every actor takes them in the same order.
pub(super) fn lock_both(ctx: &Ctx, off: Off) -> (Locked<'_>, Locked<'_>) {
    let peer = peer_of(ctx.arena, off);
    if off.0 < peer.0 {
        let own = ctx.lock(off);
        (own, ctx.lock(peer))
    } else {
        let peer = ctx.lock(peer);
        (ctx.lock(off), peer)
    }
}

fn closed_here(ticket: u64) -> Refused {
    Refused::from(fault::end_closed()).at(ticket)
}

pub(super) fn close_list(ctx: &Ctx, locked: &Locked<'_>, list: usize, cause: u64) {
    while let Some(waiter) = ctx.claim_first(locked, list) {
        let ticket = tick(ctx.arena, locked.off);
        ctx.finish(waiter, Verdict { code: say::CLOSED, given: 0, ticket, cause });
    }
}

/// Has those look again who have a turn and wait for the kernel pipe: at most a reader and a writer.
pub(super) fn look_again(ctx: &Ctx, locked: &Locked<'_>) {
    while let Some(waiter) = ctx.claim_first(locked, PIECES) {
        ctx.finish(waiter, Verdict { code: say::RETRY, ..Verdict::default() });
    }
}

/// Takes the turns of a dead actor away. What it had begun to send did not happen, or ends too early. For the
/// supervisor.
pub(in crate::os) fn forget(ctx: &Ctx, off: Off, dead: u32) {
    let state: &EndState = ctx.arena.at(off);
    // Both ends of a pipe without a descriptor here died with their process.
    let Some(fd) = state.read_fd.load(Relaxed).checked_sub(1) else { return };
    let fd = crate::os::sys::borrow(fd as i32);
    let mut locked = ctx.lock(off);
    if state.writer.load(Relaxed) == dead + 1 {
        state.writer.store(0, Relaxed);
        state.suspect.store(1, Relaxed);
        look_again(ctx, &locked);
    }
    if state.reader.load(Relaxed) == dead + 1 {
        // Whoever writes at this moment is soon done; how much the dead one had read is known then.
        for _ in 0..WRITER_LOOKS {
            match state.writer.load(Relaxed).checked_sub(1) {
                Some(writer) if !crate::os::actor::is_gone(ctx.arena, writer) => {}
                _ => break,
            }
            if state.unread.load(Relaxed) == 0 {
                // It writes what the dead one was reading.
                drain(fd, bytes_in(fd));
                state.whole.store(1, SeqCst);
                look_again(ctx, &locked);
            }
            drop(locked);
            std::thread::sleep(WRITER_MOMENT);
            locked = ctx.lock(off);
        }
        if state.writer.load(Relaxed) != 0 || state.suspect.load(Relaxed) != 0 {
            // Both ends of what is on its way are in the dark: all of it is lost.
            state.set_range(0, 0);
            state.unread.store(0, Relaxed);
            state.suspect.store(0, Relaxed);
        }
        drain(fd, bytes_in(fd).saturating_sub(state.unread.load(Relaxed)));
        state.reader.store(0, Relaxed);
    }
    if state.reader.load(Relaxed) == 0 {
        clear_up(ctx, state, fd);
    }
    pass_turns(ctx, &locked, state);
}

/// With nobody reading: finds out how much of the latest message was written, if its sender died. One of which nothing
/// was is withdrawn; one that was begun stays suspect until it is read.
fn clear_up(ctx: &Ctx, state: &EndState, fd: BorrowedFd<'_>) {
    if state.suspect.load(Relaxed) == 0 {
        return;
    }
    let messages = state.messages();
    let Some(last) = messages.checked_sub(1) else {
        // It has been taken.
        state.suspect.store(0, Relaxed);
        return;
    };
    let len = u64::from(length_at(ctx.arena, state, state.oldest() + last).load(Relaxed));
    let before = state.unread.load(Relaxed).saturating_sub(len);
    let written = bytes_in(fd).saturating_sub(before);
    if written == 0 {
        state.set_range(state.oldest(), last);
        state.unread.store(before, Relaxed);
    }
    state.suspect.store(u32::from(written > 0 && written < len), Relaxed);
}

/// Makes whole what a dead actor left under the lock: what it began for another is finished, what it began for itself
/// did not happen; the lengths are summed anew. For the supervisor.
pub(in crate::os::object) fn mend(arena: Arena, off: Off, dead: u32) {
    let state: &EndState = arena.at(off);
    let (change, whose) = (state.change.swap(0, SeqCst), state.changed_for.load(Relaxed));
    if change != 0 {
        let is_its_own = whose == dead + 1;
        let range = if is_its_own { &state.range_before } else { &state.range_after };
        state.turn(change).store(if is_its_own { 0 } else { whose }, SeqCst);
        state.range.store(range.load(Relaxed), SeqCst);
    }
    if state.leaving.load(SeqCst) != 0 {
        hold::leave(arena, state);
    }
    // Its place in the order of the pipe, which it may not have taken.
    if !crate::os::turns::are_on(arena) {
        tick(arena, off);
    }
    let lengths = (0..state.messages()).map(|at| length_at(arena, state, state.oldest() + at).load(Relaxed));
    state.unread.store(lengths.map(u64::from).sum(), Relaxed);
}

/// Gives turns that nobody has to whoever waits for them. For the supervisor.
pub(in crate::os) fn stir(ctx: &Ctx, off: Off) {
    let locked = ctx.lock(off);
    pass_turns(ctx, &locked, ctx.arena.at(off));
}

fn pass_turns(ctx: &Ctx, locked: &Locked<'_>, state: &EndState) {
    admit_next(ctx, locked, state);
    if let Some((reader, verdict)) = deliver(ctx, locked, state) {
        ctx.finish(reader, verdict);
    }
}

/// Room for the lengths of the frames on their way, once something is sent.
fn make_ring(ctx: &Ctx, to: Off, state: &EndState) -> Result<()> {
    if state.lengths.load(Relaxed) != 0 {
        return Ok(());
    }
    let ring = ctx.arena.alloc(FRAMES_MAX as usize * 4)?;
    let _locked = ctx.lock(to);
    if state.lengths.load(Relaxed) == 0 {
        state.lengths.store(ring.0, Relaxed);
    } else {
        ctx.arena.free(ring);
    }
    Ok(())
}

fn length_at<'a>(arena: Arena, state: &EndState, index: u32) -> &'a AtomicU32 {
    let index = index % FRAMES_MAX;
    let row: &Lengths = arena.at(Off(state.lengths.load(Relaxed) + index / 4));
    &row.0[(index % 4) as usize]
}

/// Whether a frame may be sent: nobody is writing, and it fits.
fn has_place(state: &EndState, len: u64) -> bool {
    let unread = state.unread.load(Relaxed);
    let free = state.writer.load(Relaxed) == 0 && state.suspect.load(Relaxed) == 0;
    free && (unread == 0 || unread + len <= BUFFER_BYTES)
}

/// Admits a message, and gives its sender the writer's turn: the place of the send.
fn admit(ctx: &Ctx, to: Off, state: &EndState, sender: u32, len: u64) -> u64 {
    let messages = state.messages();
    length_at(ctx.arena, state, state.oldest() + messages).store(len as u32, Relaxed);
    state.whole.store(0, Relaxed);
    state.turn_over(ctx, ADMITS, sender, (state.oldest(), messages + 1));
    state.unread.store(state.unread.load(Relaxed) + len, Relaxed);
    tick(ctx.arena, to)
}

/// Admits the first that waits to send, where its frame fits.
fn admit_next(ctx: &Ctx, locked: &Locked<'_>, state: &EndState) {
    if !locked.first_payload(SENDERS).is_some_and(|len| has_place(state, len)) {
        return;
    }
    if let Some(next) = ctx.claim_first(locked, SENDERS) {
        let ticket = admit(ctx, locked.off, state, next.actor, next.payload);
        ctx.finish(next, Verdict { code: say::DONE, given: 0, ticket, cause: 0 });
    }
}

/// Gives the reader's turn to the first who waits for a message, to be told by the caller, and lets those go who only
/// wanted to know.
#[must_use = "the reader sleeps until it is told"]
fn deliver(ctx: &Ctx, locked: &Locked<'_>, state: &EndState) -> Option<(Claimed, Verdict)> {
    while state.reader.load(Relaxed) == 0 && state.messages() > 0 {
        let waiter = ctx.claim_first(locked, RECEIVERS)?;
        if waiter.payload == POLLS {
            let ticket = tick(ctx.arena, locked.off);
            ctx.finish(waiter, Verdict { code: say::DONE, given: 0, ticket, cause: 0 });
            continue;
        }
        let ticket = begin_read(ctx, locked.off, state, waiter.actor);
        return Some((waiter, Verdict { code: say::DONE, given: 0, ticket, cause: 0 }));
    }
    None
}

/// Gives an actor the turn to read the oldest message: the place of the receipt.
fn begin_read(ctx: &Ctx, off: Off, state: &EndState, actor: u32) -> u64 {
    let oldest = state.oldest();
    let len = length_at(ctx.arena, state, oldest).load(Relaxed);
    state.turn_over(ctx, BEGINS, actor, (oldest + 1, state.messages() - 1));
    state.unread.store(state.unread.load(Relaxed).saturating_sub(u64::from(len)), Relaxed);
    tick(ctx.arena, off)
}

/// What to tell a waiter whose waker died: that it has its turn, that the other end is gone, or to look again.
pub(in crate::os::object) fn rescued(ctx: &Ctx, off: Off, list: usize, waiter: u32, payload: u64) -> Option<Verdict> {
    let state: &EndState = ctx.arena.at(off);
    let peer: &EndState = ctx.arena.at(peer_of(ctx.arena, off));
    let _locked = ctx.lock(off);
    let code = match list {
        PIECES => say::RETRY,
        SENDERS if state.writer.load(Relaxed) == waiter + 1 => say::DONE,
        SENDERS if gone(state) => say::CLOSED,
        SENDERS => return None,
        RECEIVERS if payload == POLLS || state.reader.load(Relaxed) == waiter + 1 => say::DONE,
        _ if state.messages() == 0 && gone(peer) => say::CLOSED,
        _ => return None,
    };
    Some(Verdict { code, ticket: tick(ctx.arena, off), ..Verdict::default() })
}

/// How many wait in an end, to receive there or to send from there, and not only for their turn.
pub(in crate::os::object) fn waiting_in(ctx: &Ctx, off: Off) -> Done {
    let (own, peer) = lock_both(ctx, off);
    let (here, there): (&EndState, &EndState) = (ctx.arena.at(off), ctx.arena.at(peer.off));
    let messages = here.messages() as usize;
    let (polls, receivers): (Vec<u64>, Vec<u64>) = own.payloads(RECEIVERS).partition(|payload| *payload == POLLS);
    let mut unread = there.unread.load(Relaxed);
    let senders = peer.payloads(SENDERS).filter(|len| {
        let fits = unread == 0 || unread + len <= BUFFER_BYTES;
        unread += if fits { *len } else { 0 };
        !fits
    });
    let looks = if messages == 0 { polls.len() } else { 0 };
    let count = receivers.len().saturating_sub(messages) + looks + senders.count();
    Done::new(Value::Int(count as i64), tick(ctx.arena, off), 0)
}
