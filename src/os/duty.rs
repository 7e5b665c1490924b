//! What a process owes its pools: a worker that died is replaced by a child of the process that owns the pool.
//!
//! The supervisor sees the death and cannot start the replacement (its child it would be), so it notes the duty and
//! wakes the process's first actor, which does it before its next operation, or while it is parked.
//!
//! Answers for: replacing workers. Never decides that one is needed (see `death`).

use std::cell::RefCell;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::{Arc, PoisonError, Weak};

use super::actor;
use super::arena::Off;
use super::object::pool;
use super::park::Ctx;
use super::process::Process;
use super::room::Room;
use super::sys;
use super::workers::{self, PoolHere};
use crate::value::Value;

thread_local! {
    static PROCESS: RefCell<Weak<Process>> = const { RefCell::new(Weak::new()) };
}

/// Tells the calling thread which process it is the first of.
pub(super) fn belong_to(process: &Arc<Process>) {
    PROCESS.with(|here| *here.borrow_mut() = Arc::downgrade(process));
}

/// Notes a pool whose workers this process starts.
pub(super) fn adopt_pool(process: &Process, pool: &Arc<PoolHere>) {
    process.pools.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(pool));
    actor::slot(process.arena, process.actor).keeps_pools.store(1, SeqCst);
}

/// Does what is owed, if the calling actor is the first of its process.
pub(super) fn look(ctx: &Ctx, process: &Arc<Process>) {
    if ctx.me == process.actor && ctx.slot.duty.load(Relaxed) != 0 && ctx.slot.duty.swap(0, SeqCst) != 0 {
        replace_workers(ctx, process);
        // The supervisor counted the duty as something that can go on.
        if ctx.arena.header().running.fetch_sub(1, SeqCst) == 1 {
            ctx.kick();
        }
    }
}

/// The same for an actor that was woken while it waits for something else.
pub(super) fn look_while_parked(ctx: &Ctx) {
    if ctx.slot.duty.load(Relaxed) == 0 {
        return;
    }
    if let Some(process) = PROCESS.with(|here| here.borrow().upgrade()) {
        look(ctx, &process);
    }
}

/// In a deterministic run: starts a worker of the pool that the driver names, if the pool still wants one.
pub(super) fn replace_one_in_turn(ctx: &Ctx) {
    let process = PROCESS.with(|here| here.borrow().upgrade());
    if let (Some(process), Some(Value::Int(id))) = (process, super::turns::order_of_replacement(ctx)) {
        let off = super::object::find(ctx.arena, id as u32);
        let pools = process.pools.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let pool = pools.into_iter().find(|pool| pool.off == off);
        if let Some(pool) = pool.filter(|pool| pool::worker::wants_workers(ctx, pool.off)) {
            start_another(ctx, &process, &pool);
        }
    }
    super::turns::report(ctx);
}

/// A process is on its way to its end: its pools get no more workers.
pub(super) fn leave_pools(ctx: &Ctx, process: &Process) {
    let pools = process.pools.lock().unwrap_or_else(PoisonError::into_inner).clone();
    pools.iter().for_each(|pool| pool::worker::leave_home(ctx, pool.off));
}

fn replace_workers(ctx: &Ctx, process: &Arc<Process>) {
    // One that is on its way to its end has no use for more workers.
    if process.is_ending.load(SeqCst) {
        return;
    }
    let pools = process.pools.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for pool in pools {
        while pool::worker::missing(ctx, pool.off) > 0 {
            start_another(ctx, process, &pool);
        }
    }
}

/// Starts a worker in place of another. One that cannot be started leaves the pool with a worker less.
fn start_another(ctx: &Ctx, process: &Arc<Process>, pool: &PoolHere) {
    let room = Room::of_one(!pool::has_threads(process.arena, pool.off));
    match room.take(process.arena).and_then(|()| workers::start(ctx, process, pool)) {
        Ok(worker) => process.replacements.lock().unwrap_or_else(PoisonError::into_inner).push(worker),
        Err(_) => pool::worker::shrink(ctx, pool.off),
    }
}

/// A worker has ended: the process that its pool belongs to owes another, where one is wanted. In a deterministic run
/// the driver says when it is started.
pub(super) fn worker_ended(ctx: &Ctx, pool: Off) {
    if !super::turns::are_on(ctx.arena)
        && let Some(home) = pool::worker::home(ctx.arena, pool)
        && pool::worker::missing(ctx, pool) > 0
    {
        impose(ctx, home);
    }
}

/// Tells a process that it owes workers.
pub(super) fn impose(ctx: &Ctx, process: u32) {
    let slot = actor::slot(ctx.arena, process);
    ctx.arena.header().running.fetch_add(1, SeqCst);
    if slot.duty.swap(1, SeqCst) != 0 {
        ctx.arena.header().running.fetch_sub(1, SeqCst);
    }
    sys::futex_wake(&slot.done, 1, false);
}

/// Wakes a process that has not done its duty: it may have looked and not yet been asleep. For the supervisor.
pub(super) fn remind(ctx: &Ctx, process: u32) -> bool {
    let slot = actor::slot(ctx.arena, process);
    let owes = slot.duty.load(SeqCst) != 0;
    if owes {
        sys::futex_wake(&slot.done, 1, false);
    }
    owes
}

/// The children of an actor, the workers it started in place of others included.
pub(super) fn all_children(process: &Process, ctx: &Ctx, mut children: Vec<u32>) -> Vec<u32> {
    if ctx.me == process.actor {
        children.append(&mut process.replacements.lock().unwrap_or_else(PoisonError::into_inner));
    }
    children
}
