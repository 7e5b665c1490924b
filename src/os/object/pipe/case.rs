//! Ends of pipes as cases of a `select`.

use std::sync::atomic::Ordering::Relaxed;

use super::receive::read_admitted;
use super::send::write_admitted;
use super::{EndState, Ends, RECEIVERS, SENDERS, broken, closed_here, eof, gone, has_place, make_ring, peer_of};
use crate::os::arena::{Arena, Off};
use crate::os::object::frame::frame;
use crate::os::object::{Done, Result, say};
use crate::os::park::{Ctx, Verdict};
use crate::program::op::{Op, OpCode};

/// As a case of a `select`: where it waits (a send at the other end), in which list, and with what.
pub(in crate::os) fn case_of(ctx: &Ctx, off: Off, op: &Op) -> Result<(Off, usize, u64)> {
    Ok(match op.code {
        OpCode::PipeSend => {
            let to = peer_of(ctx.arena, off);
            make_ring(ctx, to, ctx.arena.at(to))?;
            (to, SENDERS, frame(op.args.get(0), ctx.place())?.len() as u64)
        }
        _ => (off, RECEIVERS, 0),
    })
}

/// What a case that waited comes to, now that it has its turn or there is none; nothing where its message was
/// withdrawn.
pub(in crate::os) fn case_ended(
    ctx: &Ctx,
    off: Off,
    ends: &dyn Ends,
    op: &Op,
    verdict: &Verdict,
    arrived: impl FnOnce(u64),
) -> Result<Option<Done>> {
    let Verdict { ticket, cause, .. } = *verdict;
    if verdict.code == say::CLOSED_HERE {
        return Err(closed_here(ticket));
    }
    let is_mine = verdict.code == say::DONE;
    if op.code == OpCode::PipeSend {
        let Some(fd) = ends.writing(off).filter(|_| is_mine) else { return Err(broken().at(ticket).because(cause)) };
        let frame = frame(op.args.get(0), ctx.place())?;
        return write_admitted(ctx, peer_of(ctx.arena, off), (fd, &frame), (ticket, None), arrived).map(Some);
    }
    let Some(fd) = ends.reading(off).filter(|_| is_mine) else { return Err(eof().at(ticket).because(cause)) };
    read_admitted(ctx, off, fd, op.code, ticket)
}

/// Whether a case would not wait now. Under the small lock of where it waits.
pub(in crate::os) fn is_ready(arena: Arena, at: Off, ends: &dyn Ends, code: OpCode, payload: u64) -> bool {
    let state: &EndState = arena.at(at);
    let other = peer_of(arena, at);
    if ends.is_closed() {
        return true;
    }
    if code == OpCode::PipeSend {
        let is_first = state.header.lists[SENDERS].head.load(Relaxed) == 0;
        return ends.writing(other).is_none() || gone(state) || is_first && has_place(state, payload);
    }
    let messages = state.messages();
    let is_over = messages == 0 && gone(arena.at(other));
    ends.reading(at).is_none() || is_over || messages > 0 && state.reader.load(Relaxed) == 0
}
