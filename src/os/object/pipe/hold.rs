//! Who holds the ends of pipes: each process that does counts once, and lets go by closing or by ending.
//!
//! Answers for: the count, and who is told when the last one has let go. Never reads or writes a message.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use super::{self as pipe, EndState, Ends};
use crate::os::arena::{Arena, Off};
use crate::os::layout::{Node, Slot, slot_at};
use crate::os::object::say;
use crate::os::park::{Ctx, Verdict};
use crate::os::small_lock::Locked;

/// A process begins to hold an end.
pub(in crate::os) fn hold(ctx: &Ctx, off: Off) {
    let state: &EndState = ctx.arena.at(off);
    let _locked = pipe::lock_both(ctx, off);
    state.holders.fetch_add(1, Relaxed);
    state.was_held.store(1, Relaxed);
}

/// A process lets an end go: its place in the order of the pipe. The last one to do so lets everyone know who waits for
/// that end. Where it does so by closing it, its own threads that wait there go on as well.
///
/// The process has noted at `note` that it holds the end; none where another has let it go meanwhile.
pub(in crate::os) fn let_go(ctx: &Ctx, off: Off, note: Off, closed: Option<&dyn Ends>) -> Option<u64> {
    let (own, peer) = pipe::lock_both(ctx, off);
    let state: &EndState = ctx.arena.at(off);
    if ctx.arena.at::<AtomicU32>(note).load(SeqCst) == 0 {
        return None;
    }
    let ticket = pipe::tick(ctx.arena, off);
    if let Some(ends) = closed {
        ends.close();
        let process = ctx.slot.process.load(Relaxed);
        for (locked, list) in [(&own, pipe::RECEIVERS), (&peer, pipe::SENDERS)] {
            let of_it = |node: &Node| {
                let slot: &Slot = ctx.arena.at(slot_at(node.actor.load(Relaxed)));
                slot.process.load(Relaxed) == process
            };
            while let Some(waiter) = ctx.claim_where(locked, list, of_it) {
                let ticket = pipe::tick(ctx.arena, off);
                ctx.finish(waiter, Verdict { code: say::CLOSED_HERE, given: 0, ticket, cause: ctx.place() });
            }
        }
    }
    state.staying.store(state.holders.load(Relaxed).saturating_sub(1), Relaxed);
    state.leaving.store(note.0, SeqCst);
    ctx.point();
    leave(ctx.arena, state);
    if state.holders.load(Relaxed) > 0 {
        return Some(ticket);
    }
    // A process that comes to its end lets go before it ends: after what it did last.
    let cause = if closed.is_some() { ctx.place() } else { ctx.last_place() };
    state.header.last.store(cause, Relaxed);
    tell_gone(ctx, &own, &peer, cause);
    Some(ticket)
}

/// A holder less, all at once: what a death interrupts the supervisor finishes.
pub(super) fn leave(arena: Arena, state: &EndState) {
    arena.at::<AtomicU32>(Off(state.leaving.load(Relaxed))).store(0, SeqCst);
    state.holders.store(state.staying.load(Relaxed), SeqCst);
    state.leaving.store(0, SeqCst);
}

/// Nobody will receive at this end, and nobody send there; what is on its way still gets its readers.
fn tell_gone(ctx: &Ctx, own: &Locked<'_>, peer: &Locked<'_>, cause: u64) {
    pipe::close_list(ctx, own, pipe::SENDERS, cause);
    pipe::withdraw(ctx, own.off);
    pipe::go_by_memory(ctx, own);
    if ctx.arena.at::<EndState>(peer.off).messages() == 0 {
        pipe::close_list(ctx, peer, pipe::RECEIVERS, cause);
    }
}

/// Goes on with what a dead actor was about to tell those who wait. For the supervisor.
pub(in crate::os::object) fn resume(ctx: &Ctx, off: Off) {
    {
        let (own, peer) = pipe::lock_both(ctx, off);
        for (this, that) in [(&own, &peer), (&peer, &own)] {
            if pipe::gone(ctx.arena.at(this.off)) {
                tell_gone(ctx, this, that, 0);
            }
        }
    }
    pipe::stir(ctx, off);
}
