//! Receiving: a frame is read in the reader's turn. And looking whether there is one.

use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use rustix::fd::BorrowedFd;
use rustix::io::Errno;

use super::{
    BUFFER_BYTES, EndState, Ends, PIECES, POLLS, RECEIVERS, admit_next, begin_read, clear_up, close_list, closed_here,
    eof, gone, look_again, pass_turns, peer_of, tick,
};
use crate::os::arena::Off;
use crate::os::object::frame::{FRAME_HEADER, MESSAGE_BYTES_MAX, ready};
use crate::os::object::queue::Taken;
use crate::os::object::{Done, Patience, Refused, Result, say, waiting};
use crate::os::park::{Ctx, Verdict};
use crate::os::values;
use crate::program::fault;
use crate::program::op::OpCode;
use crate::value::Value;

/// Why a message was not read.
enum Unread {
    /// It was withdrawn: there may be others.
    Withdrawn,
    Lost(Refused),
}

/// The next message, or that there will be none.
fn take(ctx: &Ctx, off: Off, ends: &dyn Ends, op: OpCode, patience: Patience) -> Result<Option<Taken>> {
    let state: &EndState = ctx.arena.at(off);
    let peer: &EndState = ctx.arena.at(peer_of(ctx.arena, off));
    let Some(fd) = ends.reading(off) else {
        return Err(fault::only_sends().into());
    };
    loop {
        let locked = ctx.lock(off);
        if ends.is_closed() {
            return Err(closed_here(tick(ctx.arena, off)));
        }
        let ticket = if state.reader.load(Relaxed) == 0 && state.messages() > 0 {
            let ticket = begin_read(ctx, off, state, ctx.me);
            admit_next(ctx, &locked, state);
            drop(locked);
            ticket
        } else if state.messages() == 0 && gone(peer) {
            let (ticket, cause) = (tick(ctx.arena, off), peer.header.last.load(Relaxed));
            return Ok(Some(Taken::Closed { ticket, cause }));
        } else if matches!(patience, Patience::No) {
            return Ok(None);
        } else {
            let entered = ctx.enter(&locked, RECEIVERS, 0, &waiting(op, None));
            drop(locked);
            match ctx.park_or(entered, |_| ()) {
                Ok(verdict) if verdict.code == say::DONE => verdict.ticket,
                Ok(verdict) if verdict.code == say::CLOSED_HERE => return Err(closed_here(verdict.ticket)),
                Ok(Verdict { ticket, cause, .. }) => return Ok(Some(Taken::Closed { ticket, cause })),
                Err(()) => continue,
            }
        };
        if let Some(done) = read_admitted(ctx, off, fd, op, ticket)? {
            return Ok(Some(Taken::Message(done)));
        }
    }
}

/// Reads the message for which an actor has the reader's turn, and passes the turn on; nothing where the message was
/// withdrawn.
pub(super) fn read_admitted(ctx: &Ctx, off: Off, fd: BorrowedFd<'_>, op: OpCode, ticket: u64) -> Result<Option<Done>> {
    let state: &EndState = ctx.arena.at(off);
    let peer: &EndState = ctx.arena.at(peer_of(ctx.arena, off));
    let message = read_frame(ctx, off, fd, op);
    let locked = ctx.lock(off);
    state.reader.store(0, Relaxed);
    clear_up(ctx, state, fd);
    // Whoever sent more than fits waits for this; who waits to be admitted may fit now.
    if message.as_ref().is_ok_and(|(_, _, len)| *len as u64 > BUFFER_BYTES) {
        state.whole.store(1, SeqCst);
    }
    look_again(ctx, &locked);
    pass_turns(ctx, &locked, state);
    if state.messages() == 0 && gone(peer) {
        close_list(ctx, &locked, RECEIVERS, peer.header.last.load(Relaxed));
    }
    drop(locked);
    match message {
        Ok((value, place, _)) => Ok(Some(Done::new(value, ticket, place))),
        Err(Unread::Lost(error)) => Err(error.at(ticket)),
        Err(Unread::Withdrawn) => Ok(None),
    }
}

/// The value, the place of its send, the length of its frame.
fn read_frame(ctx: &Ctx, off: Off, fd: BorrowedFd<'_>, op: OpCode) -> std::result::Result<(Value, u64, usize), Unread> {
    let mut header = [0; FRAME_HEADER];
    read_exactly(ctx, off, fd, &mut header, (op, true))?;
    let len = u32::from_ne_bytes(std::array::from_fn(|i| header[i])) as usize;
    let place = u64::from_ne_bytes(std::array::from_fn(|i| header[4 + i]));
    let mut body = vec![0; len.min(MESSAGE_BYTES_MAX)];
    read_exactly(ctx, off, fd, &mut body, (op, false))?;
    Ok((values::decode(&body), place, FRAME_HEADER + len))
}

fn read_exactly(
    ctx: &Ctx,
    off: Off,
    fd: BorrowedFd<'_>,
    bytes: &mut [u8],
    (op, first): (OpCode, bool),
) -> std::result::Result<(), Unread> {
    let mut filled = 0;
    while filled < bytes.len() {
        ctx.point();
        let read = rustix::io::read(fd, &mut bytes[filled..]);
        ctx.point();
        match read {
            Ok(0) => return Err(Unread::Lost(eof())),
            Ok(count) => {
                filled += count;
                // Of a message that arrives in pieces, the writer may wait for the room that this made.
                if filled < bytes.len() {
                    look_again(ctx, &ctx.lock(off));
                }
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => wait_for_more(ctx, off, fd, op, first && filled == 0)?,
            Err(_) => return Err(Unread::Lost(eof())),
        }
    }
    Ok(())
}

fn wait_for_more(
    ctx: &Ctx,
    off: Off,
    fd: BorrowedFd<'_>,
    op: OpCode,
    nothing_yet: bool,
) -> std::result::Result<(), Unread> {
    let state: &EndState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if ready(fd, rustix::event::PollFlags::IN) {
        return Ok(());
    }
    // The sender of the latest message died: no more of it comes.
    if state.suspect.load(Relaxed) != 0 && state.messages() == 0 {
        return Err(match nothing_yet {
            true => Unread::Withdrawn,
            false => Unread::Lost(fault::cut_off().into()),
        });
    }
    // Also whoever writes may wait: for the room that was made.
    look_again(ctx, &locked);
    let entered = ctx.enter(&locked, PIECES, 0, &waiting(op, None));
    drop(locked);
    ctx.park(entered);
    Ok(())
}

/// Receives a message; without patience, gives nothing where it would have to wait for one.
pub(in crate::os) fn recv(ctx: &Ctx, off: Off, ends: &dyn Ends, patience: Patience) -> Result<Option<Done>> {
    match take(ctx, off, ends, OpCode::PipeRecv, patience)? {
        Some(Taken::Message(done)) => Ok(Some(done)),
        Some(Taken::Closed { ticket, cause }) => Err(eof().at(ticket).because(cause)),
        None => Ok(None),
    }
}

/// One turn of `for x in end`.
pub(in crate::os) fn next(ctx: &Ctx, off: Off, ends: &dyn Ends) -> Result {
    let taken = take(ctx, off, ends, OpCode::PipeNext, Patience::Until(None))?;
    Ok(taken.map(Taken::turn).unwrap_or_default())
}

/// Whether a message, or the end of the file, is there within the time.
pub(in crate::os) fn poll(ctx: &Ctx, off: Off, ends: &dyn Ends, patience: Patience) -> Result {
    let state: &EndState = ctx.arena.at(off);
    let peer: &EndState = ctx.arena.at(peer_of(ctx.arena, off));
    if ends.reading(off).is_none() {
        return Err(fault::only_sends().into());
    }
    let locked = ctx.lock(off);
    if ends.is_closed() {
        return Err(closed_here(tick(ctx.arena, off)));
    }
    let look = || {
        let there = state.messages() > 0 || gone(peer);
        Done::new(Value::Bool(there), tick(ctx.arena, off), 0)
    };
    let deadline = match patience {
        Patience::Until(deadline) if state.messages() == 0 && !gone(peer) => deadline,
        _ => return Ok(look()),
    };
    let entered = ctx.enter(&locked, RECEIVERS, POLLS, &waiting(OpCode::PipePoll, deadline));
    drop(locked);
    Ok(match ctx.park_or(entered, |_| look()) {
        Ok(verdict) if verdict.code == say::CLOSED_HERE => return Err(closed_here(verdict.ticket)),
        Ok(verdict) => Done::new(Value::Bool(true), verdict.ticket, verdict.cause),
        Err(done) => done,
    })
}
