//! Ends of pipes as cases of a `select`.

use super::receive::{self, read_admitted};
use super::send::{self, write_admitted};
use super::{EndState, Ends, RECEIVERS, SENDERS, broken, closed_here, eof, gone, message, peer_of};
use crate::os::arena::Off;
use crate::os::object::{Result, say};
use crate::os::park::{Ctx, Verdict};
use crate::os::small_lock::Locked;
use crate::program::op::{Op, OpCode};

/// As a case of a `select`: where it waits (a send at the other end), in which list, and with what.
pub(in crate::os) fn case_of(ctx: &Ctx, off: Off, op: &Op) -> Result<(Off, usize, u64)> {
    Ok(match op.code {
        OpCode::PipeSend => {
            let message = message::write(ctx, op.args.get(0), ctx.place())?;
            (peer_of(ctx.arena, off), SENDERS, u64::from(message.0))
        }
        _ => (off, RECEIVERS, 0),
    })
}

/// Of a send that waits as a case: the place in its actor's order that it will have, which its message tells.
pub(in crate::os) fn set_place(ctx: &Ctx, payload: u64, place: u64) {
    message::set_place(ctx.arena, Off(payload as u32), place);
}

/// Of a case that waited and did not come to anything: its message is given back.
pub(in crate::os) fn case_left(ctx: &Ctx, op: &Op, payload: u64) {
    if op.code == OpCode::PipeSend {
        ctx.arena.free(Off(payload as u32));
    }
}

/// What a case that waited comes to, now that it has its turn or there is none. The end may have been closed here
/// meanwhile: who has its turn goes on without.
pub(in crate::os) fn case_ended(
    ctx: &Ctx,
    off: Off,
    ends: Option<&dyn Ends>,
    (op, payload): (&Op, u64),
    verdict: &Verdict,
    arrived: impl FnOnce(u64),
) -> Result {
    let Verdict { code, ticket, cause, .. } = *verdict;
    if op.code == OpCode::PipeSend {
        let message = Off(payload as u32);
        if code == say::DONE {
            let fd = ends.and_then(|ends| ends.writing(off));
            return write_admitted(ctx, peer_of(ctx.arena, off), (fd, message), (ticket, None), arrived);
        }
        ctx.arena.free(message);
    } else if code == say::DONE {
        return Ok(read_admitted(ctx, off, ends.and_then(|ends| ends.reading(off)), op.code, ticket));
    }
    match (code, op.code) {
        (say::CLOSED_HERE, _) => Err(closed_here(ticket)),
        (_, OpCode::PipeSend) => Err(broken().at(ticket).because(cause)),
        _ => Err(eof().at(ticket).because(cause)),
    }
}

/// Whether a case would not wait now. Under the small lock of where it waits.
pub(in crate::os) fn is_ready(locked: &Locked<'_>, ends: &dyn Ends, code: OpCode, payload: u64) -> bool {
    let (arena, at) = (locked.ctx.arena, locked.off);
    let state: &EndState = arena.at(at);
    let other = peer_of(arena, at);
    if ends.is_closed() {
        return true;
    }
    if code == OpCode::PipeSend {
        let fits = || send::is_promised(locked, state, Off(payload as u32));
        return ends.writing(other).is_none() || gone(state) || fits();
    }
    let is_over = state.messages() == 0 && gone(arena.at(other));
    ends.reading(at).is_none() || is_over || receive::is_promised(locked, state)
}
