//! Room for processes and threads: how many of them a run has, and may have, at a time.
//!
//! Answers for: counting those that are about to be started, all of them or none. Never starts one; ends are counted by
//! who sees them.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use super::arena::{Arena, Off};
use super::object::{Refused, Result, find, pool};
use crate::plan::Plan;
use crate::program::{ObjectSpec, fault};
use crate::value::{Error, ObjectKind};

/// So many of each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Room {
    pub(super) processes: u32,
    pub(super) threads: u32,
}

impl Room {
    /// For an actor.
    pub(super) fn of_one(is_process: bool) -> Room {
        Room { processes: is_process.into(), threads: (!is_process).into() }
    }

    /// For all workers of a pool, and for the thread that runs its callbacks.
    pub(super) fn of_pool(arena: Arena, off: Off, spec: Option<&ObjectSpec>) -> Room {
        let size = pool::worker::size(arena, off);
        let callers = spec.is_some_and(|spec| spec.callbacks.is_some()).into();
        match pool::has_threads(arena, off) {
            true => Room { processes: 0, threads: size.saturating_add(callers) },
            false => Room { processes: size, threads: callers },
        }
    }

    /// What is left of it when one has been started.
    pub(super) fn without_one(self, is_process: bool) -> Room {
        let one = Room::of_one(is_process);
        Room {
            processes: self.processes.saturating_sub(one.processes),
            threads: self.threads.saturating_sub(one.threads),
        }
    }

    /// Takes it, or says why there is none.
    pub(super) fn take(self, arena: Arena) -> Result<()> {
        let header = arena.header();
        let (processes_max, threads_max) = (header.processes_max.load(Relaxed), header.threads_max.load(Relaxed));
        let refused = || header.refused.fetch_add(1, Relaxed);
        if !add(&header.processes, self.processes, processes_max) {
            refused();
            return Err(fault::too_many_processes(processes_max).into());
        }
        if !add(&header.threads, self.threads, threads_max) {
            header.processes.fetch_sub(self.processes, SeqCst);
            refused();
            return Err(fault::too_many_threads(threads_max).into());
        }
        Ok(())
    }

    /// Gives it back, where nothing was started after all.
    pub(super) fn give_back(self, arena: Arena) {
        arena.header().processes.fetch_sub(self.processes, SeqCst);
        arena.header().threads.fetch_sub(self.threads, SeqCst);
    }
}

fn add(count: &AtomicU32, more: u32, max: u32) -> bool {
    let sum = |now: u32| now.checked_add(more).filter(|sum| more == 0 || *sum <= max);
    count.fetch_update(SeqCst, SeqCst, sum).is_ok()
}

/// What is over where more starts have been refused than there is room for: whoever goes on like that does not stop,
/// for each that ends with the error makes room for another.
pub(super) fn is_flooded(arena: Arena) -> Option<String> {
    let header = arena.header();
    let (refused, most) = (header.refused.load(Relaxed), header.processes_max.load(Relaxed));
    (refused > most).then(|| format!("{refused} starts found no room for more than {most} processes at a time"))
}

/// Main, and what it starts before it does anything, have room; else the first pool that has none is told of.
pub(super) fn require_for_main(arena: Arena, plan: &Plan) -> Result<()> {
    let program = &plan.image.program;
    let mut pools = (0..).zip(&plan.objects).filter(|(_, object)| object.kind == ObjectKind::Pool);
    let main = Room::of_one(true);
    main.take(arena)?;
    let mut taken = vec![main];
    let room = pools.try_for_each(|(id, object)| {
        let spec = program.objects.get(object.decl as usize);
        let room = Room::of_pool(arena, find(arena, id), spec);
        let line = spec.map_or(0, |spec| program.source.line_of(spec.span.start));
        room.take(arena).map_err(|refused| {
            let message =
                format!("no room for the workers of `{}` (line {line}): {}", object.name, refused.error.message);
            Refused { error: Error::new(refused.error.kind.clone(), message), ..refused }
        })?;
        taken.push(room);
        Ok(())
    });
    taken.into_iter().for_each(|room| room.give_back(arena));
    room
}
