//! Starting the workers of a pool, processes or threads, and the thread that runs its callbacks.
//!
//! Answers for: their names, and what they find when they begin. Never decides how many there are (see `duty`).

use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, Release};

use super::actor::{self, Birth};
use super::arena::Off;
use super::layout::state;
use super::object::{Result, fail, pool};
use super::park::Ctx;
use super::process::{self, Begin, Process};
use super::sys;
use super::world::World;
use crate::program::ActorKind;
use crate::value::{ErrorKind, Value};

/// A pool of this process.
pub(super) struct PoolHere {
    pub(super) off: Off,
    pub(super) decl: u32,
    pub(super) name: Arc<str>,
    /// Handles of the objects that threads of the pool see.
    pub(super) privates: Arc<Vec<Value>>,
}

/// Starts a worker of a pool.
pub(super) fn start(ctx: &Ctx, process: &Arc<Process>, here: &PoolHere) -> Result<u32> {
    let name = format!("{}/{}", here.name, pool::worker::next_worker(process.arena, here.off));
    let worker = if pool::has_threads(process.arena, here.off) {
        start_thread(ctx, process, here, &name, false)?
    } else {
        let begin = Begin::Worker(here.decl, here.off);
        process::start(ctx, process, &begin, &birth(ctx, process, here, &name, None))?
    };
    if let Some(before) = pool::worker::add_worker(ctx, here.off, worker)
        && actor::is_process(actor::slot(process.arena, before))
    {
        actor::reap(ctx, before);
    }
    Ok(worker)
}

/// Starts the thread that runs the callbacks of a pool.
pub(super) fn start_caller(ctx: &Ctx, process: &Arc<Process>, here: &PoolHere) -> Result<u32> {
    let caller = start_thread(ctx, process, here, &format!("{}/callbacks", here.name), true)?;
    pool::call::set_caller(ctx, here.off, caller);
    Ok(caller)
}

fn birth<'b>(ctx: &Ctx, process: &Process, here: &PoolHere, name: &'b str, joins: Option<u32>) -> Birth<'b> {
    Birth {
        kind: ActorKind::Worker,
        template: Some(here.decl),
        process: joins,
        parent: Some(process.actor),
        daemon: true,
        name,
        args: &[],
        // No operation starts it: it comes after what its owner did last.
        started: ctx.last_place(),
    }
}

fn start_thread(ctx: &Ctx, process: &Arc<Process>, here: &PoolHere, name: &str, calls_back: bool) -> Result<u32> {
    let worker = actor::register(process.arena, &birth(ctx, process, here, name, Some(process.actor)))?;
    let slot = actor::slot(process.arena, worker);
    slot.pool.store(here.off.0, Relaxed);
    slot.calls_back.store(calls_back.into(), Relaxed);
    let own = Ctx::new(process.arena, worker, ctx.kick);
    let (here, privates) = (Arc::clone(process), Arc::clone(&here.privates));
    let spawned = process.spawn_thread(name, move || {
        own.slot.pid.store(std::process::id(), Release);
        own.slot.tid.store(sys::tid(), Release);
        own.slot.state.store(state::RUNNING, Release);
        let code = World::new(own.clone(), here).with_privates(privates).live();
        actor::end_myself(&own, code);
    });
    if let Err(error) = spawned {
        actor::refuse(ctx, worker);
        return Err(fail(ErrorKind::TooLarge, &format!("the system refused to start a thread: {error}")));
    }
    Ok(worker)
}
