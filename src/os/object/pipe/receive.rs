//! Receiving: a frame is read in the reader's turn. And looking whether there is one.

use std::sync::atomic::Ordering::Relaxed;

use rustix::fd::BorrowedFd;

use super::{
    EndState, Ends, PIECES, POLLS, PROMISED, RECEIVERS, admit_next, begin_read, close_list, closed_here, eof,
    go_by_memory, gone, look_again, message, pass_turns, peer_of, tick,
};
use crate::os::arena::Off;
use crate::os::hand;
use crate::os::object::frame::{Moved, has_bytes, read};
use crate::os::object::queue::Taken;
use crate::os::object::{Done, Patience, Result, say, waiting};
use crate::os::park::{Ctx, Verdict};
use crate::os::small_lock::Locked;
use crate::program::fault;
use crate::program::op::OpCode;
use crate::value::Value;

/// The next message, or that there will be none.
fn take(ctx: &Ctx, off: Off, ends: &dyn Ends, op: OpCode, patience: Patience) -> Result<Option<Taken>> {
    let state: &EndState = ctx.arena.at(off);
    let peer: &EndState = ctx.arena.at(peer_of(ctx.arena, off));
    let Some(fd) = ends.reading(off) else {
        return Err(fault::only_sends().into());
    };
    hand::reach(ctx, 0);
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
        } else if matches!(patience, Patience::No) && !is_promised(&locked, state) {
            return Ok(None);
        } else {
            let payload = if matches!(patience, Patience::No) { PROMISED } else { 0 };
            let entered = ctx.enter(&locked, RECEIVERS, payload, &waiting(op, None));
            drop(locked);
            match ctx.park_or(entered, |_| ()) {
                Ok(verdict) if verdict.code == say::DONE => verdict.ticket,
                Ok(verdict) if verdict.code == say::CLOSED_HERE => return Err(closed_here(verdict.ticket)),
                Ok(Verdict { ticket, cause, .. }) => return Ok(Some(Taken::Closed { ticket, cause })),
                Err(()) => continue,
            }
        };
        return Ok(Some(Taken::Message(read_admitted(ctx, off, Some(fd), op, ticket))));
    }
}

/// Whether there is a message for one who takes it now, if only after others who read: one that was not promised to
/// anybody.
pub(super) fn is_promised(locked: &Locked<'_>, state: &EndState) -> bool {
    state.messages() as usize > locked.payloads(RECEIVERS).filter(|payload| *payload == PROMISED).count()
}

/// Reads the message for which an actor has the reader's turn, and passes the turn on.
pub(super) fn read_admitted(ctx: &Ctx, off: Off, fd: Option<BorrowedFd<'_>>, op: OpCode, ticket: u64) -> Done {
    let state: &EndState = ctx.arena.at(off);
    let peer: &EndState = ctx.arena.at(peer_of(ctx.arena, off));
    let message = hand::untold(ctx.slot, off).unwrap_or_default();
    let (value, place) = message::decode(&read_frame(ctx, off, fd, op, message));
    let locked = ctx.lock(off);
    state.reader.store(0, Relaxed);
    // Whoever sent more than fits waits for this; who waits to be admitted may fit now.
    look_again(ctx, &locked);
    pass_turns(ctx, &locked, state);
    if state.messages() == 0 && gone(peer) {
        close_list(ctx, &locked, RECEIVERS, peer.header.last.load(Relaxed));
    }
    drop(locked);
    Done::new(value, ticket, place)
}

/// The frame of a message in hand, through the kernel where it goes that way.
fn read_frame(ctx: &Ctx, off: Off, fd: Option<BorrowedFd<'_>>, op: OpCode, message: Off) -> Vec<u8> {
    let state: &EndState = ctx.arena.at(off);
    let mut frame = vec![0; message::len(ctx.arena, message) as usize];
    let mut filled = 0;
    while let Some(rest) = frame.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        ctx.point();
        let moved = match fd {
            _ if state.is_by_memory() => return message::frame(ctx.arena, message),
            Some(fd) => read(fd, rest),
            None => Moved::Refused,
        };
        ctx.point();
        match (moved, fd) {
            (Moved::Bytes(count), _) => {
                filled += count;
                // Of a message that arrives in pieces, the writer may wait for the room that this made.
                if filled < frame.len() {
                    look_again(ctx, &ctx.lock(off));
                }
            }
            (Moved::Nothing, Some(fd)) => wait_for_more(ctx, off, fd, op),
            _ => go_by_memory(ctx, &ctx.lock(off)),
        }
    }
    frame
}

fn wait_for_more(ctx: &Ctx, off: Off, fd: BorrowedFd<'_>, op: OpCode) {
    let state: &EndState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if state.is_by_memory() || has_bytes(fd) {
        return;
    }
    // Also whoever writes may wait: for the room that was made.
    look_again(ctx, &locked);
    let entered = ctx.enter(&locked, PIECES, 0, &waiting(op, None));
    drop(locked);
    ctx.park(entered);
}

/// Receives a message; without patience, gives nothing where it would have to wait for one to be sent.
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
