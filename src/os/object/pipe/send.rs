//! Sending: a frame is admitted, then written in the writer's turn.

use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use rustix::fd::BorrowedFd;

use super::{
    BUFFER_BYTES, EndState, Ends, PIECES, SENDERS, admit, broken, closed_here, deliver, gone, has_place, look_again,
    make_ring, pass_turns, peer_of, tick,
};
use crate::os::arena::Off;
use crate::os::object::frame::{frame, has_room, try_write};
use crate::os::object::{Done, Patience, Result, say, waiting};
use crate::os::park::{Claimed, Ctx, Verdict};
use crate::program::fault;
use crate::program::op::OpCode;
use crate::value::Value;

/// Sends a message; of one that is longer than what a direction holds, `arrived` is told the place at which it is on
/// its way, a step of its own: it is complete once it was received.
///
/// Without patience, gives nothing where it would have to wait for its turn.
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
    let frame = frame(value, ctx.place())?;
    make_ring(ctx, to, state)?;
    let len = frame.len() as u64;
    let locked = ctx.lock(to);
    if ends.is_closed() {
        return Err(closed_here(tick(ctx.arena, to)));
    }
    if gone(state) {
        return Err(broken().at(tick(ctx.arena, to)).because(state.header.last.load(Relaxed)));
    }
    let (ticket, reader) = if locked.waiting(SENDERS) == 0 && has_place(state, len) {
        let ticket = admit(ctx, to, state, ctx.me, len);
        // Who waits for it is woken when there is something to read.
        let reader = deliver(ctx, &locked, state);
        drop(locked);
        (ticket, reader)
    } else if matches!(patience, Patience::No) {
        return Ok(None);
    } else {
        let entered = ctx.enter(&locked, SENDERS, len, &waiting(OpCode::PipeSend, None));
        drop(locked);
        match ctx.park_or(entered, |_| ()) {
            Ok(verdict) if verdict.code == say::DONE => (verdict.ticket, None),
            Ok(verdict) if verdict.code == say::CLOSED_HERE => return Err(closed_here(verdict.ticket)),
            Ok(Verdict { ticket, cause, .. }) => return Err(broken().at(ticket).because(cause)),
            Err(()) => return Err(broken()),
        }
    };
    write_admitted(ctx, to, (fd, &frame), (ticket, reader), arrived).map(Some)
}

/// Writes a frame whose sender has the writer's turn, and passes the turn on.
pub(super) fn write_admitted(
    ctx: &Ctx,
    to: Off,
    (fd, frame): (BorrowedFd<'_>, &[u8]),
    (ticket, reader): (u64, Option<(Claimed, Verdict)>),
    arrived: impl FnOnce(u64),
) -> Result {
    let state: &EndState = ctx.arena.at(to);
    let is_long = frame.len() as u64 > BUFFER_BYTES;
    if is_long {
        arrived(ticket);
    }
    let sent = write_frame(ctx, to, fd, frame, reader);
    let locked = ctx.lock(to);
    let ticket = if is_long { tick(ctx.arena, to) } else { ticket };
    state.writer.store(0, Relaxed);
    look_again(ctx, &locked);
    pass_turns(ctx, &locked, state);
    drop(locked);
    match sent {
        Ok(()) => Ok(Done::new(Value::None, ticket, 0)),
        Err(error) if error.ticket == 0 => Err(error.at(ticket)),
        Err(error) => Err(error),
    }
}

/// Writes a whole frame, waiting for room where there is none, and tells the reader once there is something. One that
/// goes alone is waited for until it has been taken.
fn write_frame(
    ctx: &Ctx,
    to: Off,
    fd: BorrowedFd<'_>,
    frame: &[u8],
    mut reader: Option<(Claimed, Verdict)>,
) -> Result<()> {
    let state: &EndState = ctx.arena.at(to);
    let mut written = 0;
    while written < frame.len() {
        ctx.point();
        let count = try_write(fd, &frame[written..]);
        ctx.point();
        written += count.as_ref().ok().copied().flatten().unwrap_or(0);
        match reader.take() {
            Some((reader, verdict)) => ctx.finish(reader, verdict),
            None if written < frame.len() => look_again(ctx, &ctx.lock(to)),
            None => {}
        }
        if count?.is_none() {
            wait_for(ctx, to, || has_room(fd))?;
        }
    }
    if frame.len() as u64 > BUFFER_BYTES {
        look_again(ctx, &ctx.lock(to));
        while state.whole.load(SeqCst) == 0 {
            wait_for(ctx, to, || state.whole.load(SeqCst) != 0)?;
        }
    }
    Ok(())
}

/// Of a writer: waits until something may have come about, unless nobody is left to read.
fn wait_for(ctx: &Ctx, to: Off, is_there: impl FnOnce() -> bool) -> Result<()> {
    let state: &EndState = ctx.arena.at(to);
    let locked = ctx.lock(to);
    // Looked at under the lock, under which the reader tells what it did.
    if is_there() {
        return Ok(());
    }
    if gone(state) {
        return Err(broken().at(tick(ctx.arena, to)).because(state.header.last.load(Relaxed)));
    }
    let entered = ctx.enter(&locked, PIECES, 0, &waiting(OpCode::PipeSend, None));
    drop(locked);
    ctx.park(entered);
    Ok(())
}
