//! Sending: a frame is admitted, then written in the writer's turn.

use std::sync::atomic::Ordering::Relaxed;

use rustix::fd::BorrowedFd;

use super::{
    BUFFER_BYTES, EndState, Ends, HAS_ROOM, PIECES, SENDERS, admit, broken, closed_here, deliver, go_by_memory, gone,
    has_place, look_again, message, pass_turns, peer_of, tick,
};
use crate::os::arena::Off;
use crate::os::object::frame::{Moved, has_room, write};
use crate::os::object::{Done, Patience, Refused, Result, say, waiting};
use crate::os::park::{Claimed, Ctx, Verdict};
use crate::os::small_lock::Locked;
use crate::program::fault;
use crate::program::op::OpCode;
use crate::value::Value;

/// Sends a message; of one that is longer than what a direction holds, `arrived` is told the place at which it is on
/// its way, a step of its own: it is complete once it was received.
///
/// Without patience, gives nothing where it would have to wait for something to be received.
pub(in crate::os) fn send(
    ctx: &Ctx,
    off: Off,
    ends: &dyn Ends,
    value: &Value,
    patience: Patience,
    arrived: impl FnOnce(u64),
) -> Result<Option<Done>> {
    let to = peer_of(ctx.arena, off);
    let state: &EndState = ctx.arena.at(to);
    let Some(fd) = ends.writing(off) else {
        return Err(fault::only_receives().into());
    };
    let message = message::write(ctx, value, ctx.place())?;
    let not_sent = |refused: Option<Refused>| {
        ctx.arena.free(message);
        refused.map_or(Ok(None), Err)
    };
    let locked = ctx.lock(to);
    if ends.is_closed() {
        return not_sent(Some(closed_here(tick(ctx.arena, to))));
    }
    if gone(state) {
        return not_sent(Some(broken().at(tick(ctx.arena, to)).because(state.header.last.load(Relaxed))));
    }
    // Whoever waits does not fit, if nobody is writing.
    let (ticket, reader) = if has_place(ctx.arena, state, message) {
        let ticket = admit(ctx, to, state, ctx.me, message);
        // Who waits for it is woken when there is something to read.
        let reader = deliver(ctx, &locked, state);
        drop(locked);
        (ticket, reader)
    } else if matches!(patience, Patience::No) && !is_promised(&locked, state, message) {
        return not_sent(None);
    } else {
        let room = if matches!(patience, Patience::No) { HAS_ROOM } else { 0 };
        let entered = ctx.enter(&locked, SENDERS, u64::from(message.0) | room, &waiting(OpCode::PipeSend, None));
        drop(locked);
        match ctx.park_or(entered, |_| ()) {
            Ok(verdict) if verdict.code == say::DONE => (verdict.ticket, None),
            Ok(verdict) if verdict.code == say::CLOSED_HERE => return not_sent(Some(closed_here(verdict.ticket))),
            Ok(Verdict { ticket, cause, .. }) => return not_sent(Some(broken().at(ticket).because(cause))),
            Err(()) => return not_sent(Some(broken())),
        }
    };
    write_admitted(ctx, to, (Some(fd), message), (ticket, reader), arrived).map(Some)
}

/// Whether a message will be admitted without anything being received: it fits, with those for which room is kept.
pub(super) fn is_promised(locked: &Locked<'_>, state: &EndState, message: Off) -> bool {
    let len = |message: Off| message::len(locked.ctx.arena, message);
    let has_room = |payload: &u64| payload & HAS_ROOM != 0;
    let before: u64 = locked.payloads(SENDERS).filter(has_room).map(|message| len(Off(message as u32))).sum();
    let before = before + state.unread.load(Relaxed);
    before == 0 || before + len(message) <= BUFFER_BYTES
}

/// Writes a message whose sender has the writer's turn, and passes the turn on.
pub(super) fn write_admitted(
    ctx: &Ctx,
    to: Off,
    (fd, message): (Option<BorrowedFd<'_>>, Off),
    (ticket, reader): (u64, Option<(Claimed, Verdict)>),
    arrived: impl FnOnce(u64),
) -> Result {
    let state: &EndState = ctx.arena.at(to);
    // Its block may be gone already, if somebody received it by memory.
    let len = state.writing_len.load(Relaxed) as usize;
    let is_long = len as u64 > BUFFER_BYTES;
    if is_long {
        arrived(ticket);
    }
    write_frame(ctx, to, fd, (message, len), reader);
    if !is_long {
        let locked = ctx.lock(to);
        pass_on(ctx, &locked, state);
        return Ok(Done::new(Value::None, ticket, 0));
    }
    let locked = wait_for_reader(ctx, to, message);
    let ticket = tick(ctx.arena, to);
    let is_withdrawn = state.withdrawn.swap(0, Relaxed) == message.0;
    pass_on(ctx, &locked, state);
    drop(locked);
    match is_withdrawn {
        true => {
            ctx.arena.free(message);
            Err(broken().at(ticket).because(state.header.last.load(Relaxed)))
        }
        false => Ok(Done::new(Value::None, ticket, 0)),
    }
}

fn pass_on(ctx: &Ctx, locked: &Locked<'_>, state: &EndState) {
    state.writer.store(0, Relaxed);
    look_again(ctx, locked);
    pass_turns(ctx, locked, state);
}

/// Writes a whole frame where it goes through the kernel, waiting for room where there is none, and tells the reader
/// once there is something.
fn write_frame(
    ctx: &Ctx,
    to: Off,
    fd: Option<BorrowedFd<'_>>,
    (message, len): (Off, usize),
    mut reader: Option<(Claimed, Verdict)>,
) {
    let state: &EndState = ctx.arena.at(to);
    let mut written = 0;
    while written < len && !state.is_by_memory() {
        ctx.point();
        let moved = match fd {
            Some(fd) => write(fd, ctx.arena, message, message::FRAME_AT + written, len - written),
            None => Moved::Refused,
        };
        ctx.point();
        if let Moved::Bytes(count) = moved {
            written += count;
        }
        match reader.take() {
            Some((reader, verdict)) => ctx.finish(reader, verdict),
            None if written < len => look_again(ctx, &ctx.lock(to)),
            None => {}
        }
        match (moved, fd) {
            (Moved::Bytes(_), _) => {}
            (Moved::Nothing, Some(fd)) => wait_for_room(ctx, to, fd),
            _ => go_by_memory(ctx, &ctx.lock(to)),
        }
    }
    if let Some((reader, verdict)) = reader {
        ctx.finish(reader, verdict);
    }
}

fn wait_for_room(ctx: &Ctx, to: Off, fd: BorrowedFd<'_>) {
    let locked = ctx.lock(to);
    // Looked at under the lock, under which the reader tells what it did.
    if !ctx.arena.at::<EndState>(to).is_by_memory() && !has_room(fd) {
        wait(ctx, locked);
    }
}

/// Of the sender of a message that goes alone: waits until it is no longer on its way, since a reader has its turn for
/// it or since nobody will.
fn wait_for_reader(ctx: &Ctx, to: Off, message: Off) -> Locked<'_> {
    let state: &EndState = ctx.arena.at(to);
    loop {
        let locked = ctx.lock(to);
        if !state.holds(ctx.arena, message) {
            return locked;
        }
        wait(ctx, locked);
    }
}

/// Of a writer: waits until something may have come about.
fn wait(ctx: &Ctx, locked: Locked<'_>) {
    let entered = ctx.enter(&locked, PIECES, 0, &waiting(OpCode::PipeSend, None));
    drop(locked);
    ctx.park(entered);
}
