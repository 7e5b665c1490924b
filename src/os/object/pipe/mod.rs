//! Pipes: a kernel pipe a direction for the bytes; who holds which end, whose turn it is, and who waits, in the arena.
//!
//! The supervisor keeps both ends of every pipe of the file open, so that what was sent stays readable; a process opens
//! the ends that it holds, and no others. Whether an end is still held is counted here, not by the kernel.
//!
//! A message is a frame: its length, the place of its send, the encoded value. A direction holds so many bytes of
//! frames that nobody has begun to read; a send waits until its frame fits, and longer ones do not keep a shorter one
//! from going first (one larger than all that waits until nothing is on the way, and then until a reader has its turn
//! for it). What belongs to a direction lies at the end that receives, under its
//! small lock: a send is complete when it is admitted there, a receipt when it gets its turn. The bytes follow: frames
//! of one direction are written one after the other (the writer's turn) and read whole (the reader's turn).
//!
//! A message is whole in a block of the arena from before its send until its receipt was told of (see `message` and
//! `hand`). As long as nobody dies in the middle of anything, its bytes go through the kernel. From the first such
//! death on the direction goes on *by memory*: whoever has a turn leaves the kernel pipe as it is and takes the message
//! from its block, also one that it has begun to read.
//!
//! Tickets of both ends are drawn from one counter; an end is let go under the locks of both directions.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

mod case;
pub(in crate::os) mod hold;
mod message;
mod receive;
mod send;

pub(in crate::os) use case::{case_ended, case_left, case_of, is_ready, set_place};
pub(in crate::os) use receive::{next, poll, recv};
pub(in crate::os) use send::send;

use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicU32, AtomicU64};

use rustix::fd::BorrowedFd;

use super::{Done, Identity, Refused, Result, find, kind_number, make, say};
use crate::os::arena::{Arena, Off, Shared};
use crate::os::hand;
use crate::os::layout::{Node, ObjectHeader, Slot, slot_at};
use crate::os::park::{Claimed, Ctx, Verdict};
use crate::os::small_lock::Locked;
use crate::program::fault;
use crate::value::{ObjectKind, Value};

/// Who waits for a message at this end, in `recv` or `poll` (payload [`POLLS`]).
pub(super) const RECEIVERS: usize = 0;
/// Who waits to send to this end; the payload is the message.
pub(super) const SENDERS: usize = 1;
/// Whoever has a turn and waits for the kernel pipe: a reader for more of a message, a writer for room or a reader.
const PIECES: usize = 2;

const POLLS: u64 = 1;
/// The payload of a receiver that waits for its turn only: the message is there, and is promised to it.
const PROMISED: u64 = 2;

/// In the payload of a sender that waits for its turn only, beside the message: room is kept for it.
const HAS_ROOM: u64 = 1 << 32;

/// Changes of a turn: a message is admitted, and a reading of one begins.
const ADMITS: u32 = 1;
const BEGINS: u32 = 2;

/// Bytes of frames on their way in one direction; one that is larger goes alone.
const BUFFER_BYTES: u64 = 64 << 10;

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
    /// Messages that were admitted to this end and that no reader has a turn for: a chain; and what follows from it:
    /// the last of them, how many there are, the bytes of their frames.
    oldest: AtomicU32,
    newest: AtomicU32,
    messages: AtomicU32,
    /// 1: nobody reads or writes the kernel pipe any more.
    by_memory: AtomicU32,
    unread: AtomicU64,
    /// How many were admitted so far.
    sent: AtomicU64,
    /// The change of a turn and of the chain which is under way ([`ADMITS`], [`BEGINS`], 0 for none): the message, and
    /// whose turn, as in `reader`.
    change: AtomicU32,
    changing: AtomicU32,
    changed_for: AtomicU32,
    /// Whose turn it is to read here, and to write to here: actor plus 1.
    reader: AtomicU32,
    writer: AtomicU32,
    /// What the writer sends, and the length of its frame; and that, if it was long and nobody will receive it.
    writing: AtomicU32,
    writing_len: AtomicU32,
    withdrawn: AtomicU32,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for EndState {}

impl EndState {
    /// How many messages no reader has a turn for.
    pub(super) fn messages(&self) -> u32 {
        self.messages.load(Relaxed)
    }

    fn is_by_memory(&self) -> bool {
        self.by_memory.load(Relaxed) != 0
    }

    /// Gives a turn to an actor, and puts its message into the chain or takes it out, in one step: see [`mend`].
    fn turn_over(&self, ctx: &Ctx, off: Off, change: u32, actor: u32, message: Off) {
        self.changed_for.store(actor + 1, Relaxed);
        self.changing.store(message.0, Relaxed);
        self.change.store(change, SeqCst);
        ctx.point();
        self.go_on(ctx, off, change, actor, (message, change == BEGINS));
        ctx.point();
        self.change.store(0, SeqCst);
    }

    /// The change itself, so far as it has not been made: whether the message is in the chain.
    fn go_on(&self, ctx: &Ctx, off: Off, change: u32, actor: u32, (message, is_there): (Off, bool)) {
        if change == ADMITS {
            self.withdrawn.store(0, Relaxed);
            self.writing.store(message.0, Relaxed);
            self.writing_len.store(message::len(ctx.arena, message) as u32, Relaxed);
            self.writer.store(actor + 1, SeqCst);
            ctx.point();
            if !is_there {
                self.append(ctx, message);
            }
        } else {
            hand::give(ctx.arena, actor, off, message);
            self.reader.store(actor + 1, SeqCst);
            ctx.point();
            if is_there {
                self.unlink(ctx, message);
            }
        }
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
    first.tick()
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

/// Nobody will receive at this end: what is long and on its way is not sent; who sends it is to look again.
fn withdraw(ctx: &Ctx, off: Off) {
    let state: &EndState = ctx.arena.at(off);
    let message = Off(state.writing.load(Relaxed));
    let is_under_way = state.writer.load(Relaxed) != 0 && state.holds(ctx.arena, message);
    if is_under_way && message::len(ctx.arena, message) > BUFFER_BYTES {
        state.withdrawn.store(message.0, SeqCst);
        ctx.point();
        state.unlink(ctx, message);
    }
}

/// From here on messages are taken from their blocks. Under the small lock of the end.
fn go_by_memory(ctx: &Ctx, locked: &Locked<'_>) {
    ctx.arena.at::<EndState>(locked.off).by_memory.store(1, SeqCst);
    look_again(ctx, locked);
}

/// Takes the turns of a dead actor away; what it waited to send is not sent. For the supervisor.
pub(in crate::os) fn forget(ctx: &Ctx, off: Off, dead: u32, waited: Option<usize>) {
    let state: &EndState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if waited == Some(SENDERS) {
        let slot: &Slot = ctx.arena.at(slot_at(dead));
        ctx.arena.free(Off(slot.node.payload.load(Relaxed) as u32));
    }
    let of_it = |turn: &&AtomicU32| turn.load(Relaxed) == dead + 1;
    let turns = [&state.reader, &state.writer].into_iter().filter(of_it);
    if turns.map(|turn| turn.store(0, Relaxed)).count() > 0 {
        go_by_memory(ctx, &locked);
        pass_turns(ctx, &locked, state);
    }
}

/// Puts a message back that an actor had in hand when it died. For the supervisor.
pub(in crate::os::object) fn take_back(ctx: &Ctx, off: Off, message: Off) {
    let state: &EndState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    state.put_back(ctx, message);
    go_by_memory(ctx, &locked);
    pass_turns(ctx, &locked, state);
}

/// Makes whole what a dead actor left under the lock: what it began for another is finished, what it began for itself
/// did not happen unless it was done; the messages are counted anew. For the supervisor.
pub(in crate::os::object) fn mend(ctx: &Ctx, off: Off, dead: u32) {
    let state: &EndState = ctx.arena.at(off);
    state.count_anew(ctx.arena);
    let (change, message) = (state.change.swap(0, SeqCst), Off(state.changing.load(Relaxed)));
    if let Some(actor) = state.changed_for.load(Relaxed).checked_sub(1).filter(|_| change != 0) {
        let is_on_its_way = state.holds(ctx.arena, message);
        match change {
            ADMITS if actor == dead && !is_on_its_way => {
                state.writer.store(0, SeqCst);
                ctx.arena.free(message);
            }
            BEGINS if actor == dead && is_on_its_way => {
                state.reader.store(0, SeqCst);
                hand::leave(ctx.arena.at(slot_at(dead)));
            }
            _ => state.go_on(ctx, off, change, actor, (message, is_on_its_way)),
        }
    }
    if state.leaving.load(SeqCst) != 0 {
        hold::leave(ctx.arena, state);
    }
    // Its place in the order of the pipe, which it may not have taken.
    if !crate::os::turns::are_on(ctx.arena) {
        tick(ctx.arena, off);
    }
}

/// Gives turns that nobody has to whoever waits for them; who has one looks again. For the supervisor.
pub(in crate::os) fn stir(ctx: &Ctx, off: Off) {
    let locked = ctx.lock(off);
    look_again(ctx, &locked);
    pass_turns(ctx, &locked, ctx.arena.at(off));
}

fn pass_turns(ctx: &Ctx, locked: &Locked<'_>, state: &EndState) {
    admit_next(ctx, locked, state);
    if let Some((reader, verdict)) = deliver(ctx, locked, state) {
        ctx.finish(reader, verdict);
    }
}

/// Whether a message may be sent: nobody is writing, and it fits.
fn has_place(arena: Arena, state: &EndState, message: Off) -> bool {
    let unread = state.unread.load(Relaxed);
    state.writer.load(Relaxed) == 0 && (unread == 0 || unread + message::len(arena, message) <= BUFFER_BYTES)
}

/// Admits a message, and gives its sender the writer's turn: the place of the send.
fn admit(ctx: &Ctx, to: Off, state: &EndState, sender: u32, message: Off) -> u64 {
    state.turn_over(ctx, to, ADMITS, sender, message);
    tick(ctx.arena, to)
}

/// Admits the first of those who wait to send whose message fits: a shorter one passes those that do not. Who waits for
/// the writer's turn only comes first.
fn admit_next(ctx: &Ctx, locked: &Locked<'_>, state: &EndState) {
    let fits = |node: &Node| has_place(ctx.arena, state, Off(node.payload.load(Relaxed) as u32));
    let promised = ctx.claim_where(locked, SENDERS, |node| node.payload.load(Relaxed) & HAS_ROOM != 0 && fits(node));
    if let Some(next) = promised.or_else(|| ctx.claim_where(locked, SENDERS, fits)) {
        let ticket = admit(ctx, locked.off, state, next.actor, Off(next.payload as u32));
        ctx.finish(next, Verdict { code: say::DONE, given: 0, ticket, cause: 0 });
    }
}

/// Gives the reader's turn to the first who waits for a message, to be told by the caller, and lets those go who only
/// wanted to know.
#[must_use = "the reader sleeps until it is told"]
fn deliver(ctx: &Ctx, locked: &Locked<'_>, state: &EndState) -> Option<(Claimed, Verdict)> {
    while state.reader.load(Relaxed) == 0 && state.messages() > 0 {
        let promised = ctx.claim_where(locked, RECEIVERS, |node| node.payload.load(Relaxed) == PROMISED);
        let waiter = promised.or_else(|| ctx.claim_first(locked, RECEIVERS))?;
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
    state.turn_over(ctx, off, BEGINS, actor, state.oldest());
    tick(ctx.arena, off)
}

/// What to tell a waiter whose waker died: that it has its turn, that the other end is gone, or to look again.
pub(in crate::os::object) fn rescued(
    ctx: &Ctx,
    off: Off,
    list: usize,
    (waiter, dead): (u32, u32),
    payload: u64,
) -> Option<Verdict> {
    let state: &EndState = ctx.arena.at(off);
    let peer: &EndState = ctx.arena.at(peer_of(ctx.arena, off));
    let _locked = ctx.lock(off);
    let code = match list {
        PIECES => say::RETRY,
        SENDERS if state.writer.load(Relaxed) == waiter + 1 => say::DONE,
        SENDERS if gone(state) => say::CLOSED,
        SENDERS => return None,
        RECEIVERS if payload == POLLS || state.reader.load(Relaxed) == waiter + 1 => say::DONE,
        // What the dead one had in hand is about to come back.
        _ if hand::untold(ctx.arena.at(slot_at(dead)), off).is_some() => return None,
        _ if state.messages() == 0 && gone(peer) => say::CLOSED,
        _ => return None,
    };
    Some(Verdict { code, ..Verdict::default() })
}

/// How many wait in an end, to receive there or to send from there, and not only for their turn.
pub(in crate::os::object) fn waiting_in(ctx: &Ctx, off: Off) -> Done {
    let (own, peer) = lock_both(ctx, off);
    let (here, there): (&EndState, &EndState) = (ctx.arena.at(off), ctx.arena.at(peer.off));
    let messages = here.messages() as usize;
    let (polls, receivers): (Vec<u64>, Vec<u64>) = own.payloads(RECEIVERS).partition(|payload| *payload == POLLS);
    let mut unread = there.unread.load(Relaxed);
    let senders = peer.payloads(SENDERS).map(|message| message::len(ctx.arena, Off(message as u32))).filter(|len| {
        let fits = unread == 0 || unread + len <= BUFFER_BYTES;
        unread += if fits { *len } else { 0 };
        !fits
    });
    let looks = if messages == 0 { polls.len() } else { 0 };
    let count = receivers.len().saturating_sub(messages) + looks + senders.count();
    Done::new(Value::Int(count as i64), tick(ctx.arena, off), 0)
}
