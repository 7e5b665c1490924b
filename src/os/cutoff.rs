//! The threads that a process cuts off when it ends by itself: daemons, and what daemons started.
//!
//! Whoever learns of the end must find nothing that such a thread could still take: it is kept from beginning another
//! operation, finishes the one it is in or leaves its wait, and what it holds is orphaned, all before the end is told.
//!
//! Answers for: that they do nothing more. The supervisor sees to the rest, as after a death (see `death`).

use std::sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};

use super::layout::{Slot, state};
use super::park::Ctx;
use super::process::Process;
use super::{actor, death, sys, turns};
use crate::program::ActorKind;

/// How long a thread may take to finish an operation that does not wait, before its process ends over it.
const PATIENCE_NS: u64 = 100_000_000;
/// Between two looks at it.
const PAUSE_NS: u64 = 20_000;

/// Whether the process of an actor may end while the actor still has something to do.
pub(super) fn may_befall(ctx: &Ctx) -> bool {
    let mut slot: &Slot = ctx.slot;
    while is_thread(slot) {
        let Some(parent) = slot.parent.load(Relaxed).checked_sub(1) else { break };
        if slot.daemon.load(Relaxed) != 0 {
            return true;
        }
        slot = actor::slot(ctx.arena, parent);
    }
    false
}

// Workers and callbacks of pools are seen to by their pool.
fn is_thread(slot: &Slot) -> bool {
    matches!(actor::kind_of(slot), ActorKind::Thread | ActorKind::Timer)
}

/// The calling actor, which may be cut off, begins an operation; where its process is over it does not come back.
pub(super) fn begin(ctx: &Ctx, process: &Process) {
    // Either this store is seen by who ends the process, or its own is seen here.
    ctx.slot.at_work.store(1, SeqCst);
    if process.is_over.load(SeqCst) && !turns::are_on(ctx.arena) {
        ctx.slot.at_work.store(0, SeqCst);
        loop {
            std::thread::park();
        }
    }
}

/// It has come to the operation's end.
pub(super) fn finish(ctx: &Ctx) {
    ctx.slot.at_work.store(0, SeqCst);
}

/// Cuts off every thread of the calling actor's process. In a deterministic run none of them has a turn any more.
pub(super) fn threads_of(ctx: &Ctx, process: &Process) {
    if turns::are_on(ctx.arena) || !process.has_threads() {
        return;
    }
    process.is_over.store(true, SeqCst);
    let members = death::members(ctx.arena, ctx.me);
    let others = members.into_iter().filter(|member| *member != ctx.me);
    let stopped: Vec<u32> = others.filter(|member| is_stopped(ctx, *member)).collect();
    death::abandon(ctx, &stopped);
}

/// Stops one; false for what is not stopped here, and for one that does not come to the end of its operation.
fn is_stopped(ctx: &Ctx, number: u32) -> bool {
    let slot = actor::slot(ctx.arena, number);
    if !is_thread(slot) {
        return false;
    }
    let until = sys::now_ns() + PATIENCE_NS;
    while slot.at_work.load(SeqCst) != 0 && slot.state.load(Acquire) != state::ENDED {
        if death::leave_wait(ctx, number) {
            return true;
        }
        if sys::now_ns() > until {
            return false;
        }
        std::thread::sleep(std::time::Duration::from_nanos(PAUSE_NS));
    }
    true
}
