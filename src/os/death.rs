//! What is done when a process is gone: its exit code, its waits, its locks, its tasks, its ends of pipes.
//!
//! Answers for: leaving every object usable for the others. Runs in the supervisor. Never restarts anything (see
//! `duty`).

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};

use nix::sys::wait::WaitPidFlag;
use nix::unistd::Pid;

use super::actor;
use super::arena::{Arena, Off};
use super::layout::{ACTORS_MAX, OBJECTS_MAX, ObjectHeader, Slot, slot_at, state};
use super::object::{self, Named, barrier, condition, kind_number, latch, lock, look_up, once, pipe, pool, rwlock};
use super::park::{Ctx, Verdict};
use super::rescue::Completing;
use super::{cases, duty, hand, process, sys};
use crate::program::ActorKind;
use crate::value::ObjectKind;

/// A process is dead: whether it ended by itself or was killed.
pub(super) fn of_process(ctx: &Ctx, number: u32) {
    let slot = actor::slot(ctx.arena, number);
    let pid = slot.pid.load(Acquire);
    // One that was killed when it had told of its end has ended by itself.
    let killed = slot.state.load(Acquire) != state::ENDED && !actor::has_told_of_its_end(ctx.arena, number);
    let code = if killed { exit_code(pid) } else { slot.exit.load(Relaxed) };
    let members = members(ctx.arena, number);
    let mut left = Vec::new();
    for member in members.iter().copied().chain(ended_in(ctx.arena, number)) {
        left.append(&mut release_small_locks(ctx, member));
    }
    for member in members.iter().copied().chain(ended_in(ctx.arena, number)) {
        let slot = actor::slot(ctx.arena, member);
        if slot.waking.swap(0, SeqCst) != 0 {
            ctx.wake_told();
        }
        if let Some(completing) = Completing::of(ctx.arena, member) {
            left.extend(rescue(ctx, completing));
            slot.completing.store(0, SeqCst);
        }
    }
    // All leave what they wait in first, so that none is handed anything; then what they had in hand comes back, before
    // others get what stood behind it. Of one that ended by itself, threads that were cut off may have held something.
    let waits: Vec<_> = members.iter().map(|member| (*member, leave_waits(ctx, *member, false).0)).collect();
    for member in members.iter().copied().chain(ended_in(ctx.arena, number)) {
        give_back(ctx, member);
    }
    waits.into_iter().for_each(|(member, waited)| clean_up(ctx, member, waited));
    if killed {
        process::let_all_go(ctx, number);
        actor::leave_processes(ctx.arena, slot);
    }
    left.into_iter().for_each(|off| object::resume(ctx, off));
    // Also threads that were cut off with their process.
    for member in &members {
        if actor::kind_of(actor::slot(ctx.arena, *member)) == ActorKind::Worker {
            pool::worker::worker_died(ctx, *member);
        }
    }
    for member in members {
        actor::end(ctx, member, code);
    }
    if actor::kind_of(slot) == ActorKind::Worker {
        pool_of_dead(ctx, slot);
    }
    // Threads that were cut off while they noted their own ends.
    for ended in ended_in(ctx.arena, number) {
        actor::settle(ctx, ended);
    }
    // Main, and those whose own parent is gone, are this process's to reap.
    let _ = nix::sys::wait::waitpid(Pid::from_raw(pid as i32), Some(WaitPidFlag::WNOHANG));
}

/// The actors of a process that have not ended, its first one last, so that who joins it finds all ended.
pub(super) fn members(arena: Arena, process: u32) -> Vec<u32> {
    let until = arena.header().actors.load(SeqCst).min(ACTORS_MAX);
    let of_it = |number: &u32| {
        let slot = actor::slot(arena, *number);
        slot.process.load(Relaxed) == process && !matches!(slot.state.load(Acquire), state::ENDED | state::FREE)
    };
    let mut members: Vec<u32> = (process..until).filter(of_it).collect();
    members.reverse();
    members
}

/// The actors of a process that have noted their ends.
fn ended_in(arena: Arena, process: u32) -> Vec<u32> {
    let until = arena.header().actors.load(SeqCst).min(ACTORS_MAX);
    let of_it = |number: &u32| {
        let slot = actor::slot(arena, *number);
        slot.process.load(Relaxed) == process && slot.state.load(Acquire) == state::ENDED
    };
    (process..until).filter(of_it).collect()
}

/// What `waitpid` would say, for a child of another process that nobody has reaped: field 52 of its `stat`.
fn exit_code(pid: u32) -> i32 {
    let status = sys::stat_field(&format!("/proc/{pid}/stat"), 49).and_then(|field| field.parse::<i32>().ok());
    match status {
        Some(status) if status & 0x7f == 0 => (status >> 8) & 0xff,
        Some(status) => -(status & 0x7f),
        // Gone without a trace: the one way that leaves none is to be killed.
        None => -(nix::sys::signal::Signal::SIGKILL as i32),
    }
}

/// Whether a thread sleeps in the kernel, or is gone.
pub(super) fn is_asleep(pid: u32, tid: u32) -> bool {
    sys::stat_field(&format!("/proc/{pid}/task/{tid}/stat"), 0).is_none_or(|state| state == "S")
}

/// Frees the small locks of objects that a dead actor held; gives those objects.
fn release_small_locks(ctx: &Ctx, number: u32) -> Vec<Off> {
    let slot: &Slot = actor::slot(ctx.arena, number);
    let several = cases::objects_of(ctx.arena, slot);
    let held: Vec<Off> =
        slot.holding.iter().map(|held| Off(held.swap(0, SeqCst))).filter(|off| !off.is_null()).collect();
    // Once its own lock is free, nobody may find alive whose record ends with its end.
    if held.contains(&slot_at(number)) && actor::has_told_of_its_end(ctx.arena, number) {
        slot.state.store(state::ENDED, Release);
    }
    held.iter().for_each(|off| object::mend(ctx, *off, number));
    several.iter().for_each(|off| object::mend(ctx, *off, number));
    held.into_iter().chain(several).filter(|off| !actor::is_slot(*off)).collect()
}

/// What an actor had in hand and had not told of goes back to where it came from.
fn give_back(ctx: &Ctx, number: u32) {
    let slot = actor::slot(ctx.arena, number);
    let from = Off(slot.hand_from.load(Relaxed));
    let message = hand::untold(slot, from);
    hand::leave(slot);
    if let Some(message) = message {
        object::take_back(ctx, from, message);
    }
}

/// Sees to an actor that a dead one was about to wake; gives the object in which it may wait on.
fn rescue(ctx: &Ctx, completing: Completing) -> Option<Off> {
    let Completing { dead, waiter, .. } = completing;
    let slot = actor::slot(ctx.arena, dead);
    let is_completed = slot.completed.swap(0, SeqCst) != 0;
    let done = |payload| Verdict { code: object::say::DONE, given: payload, ..Verdict::default() };
    let decide = |off, list, payload| {
        let verdict = match actor::is_slot(off) {
            true => actor::rescued(ctx, off, list, waiter),
            false if is_completed => Some(done(payload)),
            false => object::rescued(ctx, off, list, (waiter, dead), payload),
        }?;
        // It is complete now, before anybody knows of the death.
        let is_here = slot.reserved_in.swap(0, Relaxed) == off.0;
        let ticket = match (verdict.ticket, slot.reserved.swap(0, Relaxed)) {
            (0, reserved) if is_here && reserved != 0 => reserved,
            (0, _) => object::next_place(ctx, off),
            (ticket, _) => ticket,
        };
        Some(Verdict { ticket, ..verdict })
    };
    if actor::slot(ctx.arena, waiter).cases.load(SeqCst) != 0 {
        ctx.rescue_in_cases(completing, decide);
        return None;
    }
    let off = Off(actor::slot(ctx.arena, waiter).blocked_on.load(SeqCst));
    ctx.rescue(completing, decide);
    // A turn that nobody has may be anybody's now.
    if !off.is_null() && !actor::is_slot(off) && object::kind_at(ctx.arena, off) == kind_number(ObjectKind::PipeEnd) {
        pipe::stir(ctx, off);
    }
    let is_queue =
        |off: &Off| !actor::is_slot(*off) && object::kind_at(ctx.arena, *off) == kind_number(ObjectKind::Queue);
    Some(off).filter(|off| !off.is_null()).filter(is_queue)
}

/// A killed actor leaves what it waits in, which it gives; and whether nobody had completed that wait.
fn leave_waits(ctx: &Ctx, number: u32, lives: bool) -> (Option<(Off, usize)>, bool) {
    let mut waited = None;
    let left = ctx.bury(number, lives, |locked, list| {
        waited = Some((locked.off, list));
        let is_slot = actor::is_slot(locked.off);
        let is_barrier = !is_slot && locked.header.kind.load(Relaxed) == kind_number(ObjectKind::Barrier);
        if is_barrier && list == barrier::PARTIES {
            barrier::party_left(ctx, locked);
        }
    });
    (waited, left)
}

/// A thread that is cut off leaves its wait; whether it was in one that nobody was completing.
pub(super) fn leave_wait(ctx: &Ctx, number: u32) -> bool {
    leave_waits(ctx, number, true).1
}

/// What threads leave that were cut off, between operations or after [`leave_wait`].
pub(super) fn abandon(ctx: &Ctx, threads: &[u32]) {
    threads.iter().for_each(|thread| give_back(ctx, *thread));
    threads.iter().for_each(|thread| clean_up(ctx, *thread, None));
}

/// What a killed actor leaves behind in objects, where it had waited in this one.
fn clean_up(ctx: &Ctx, number: u32, waited: Option<(Off, usize)>) {
    let until = ctx.arena.header().objects.load(SeqCst).min(OBJECTS_MAX);
    for id in 0..until {
        let Named::There(off) = look_up(ctx.arena, id) else { continue };
        let kind = ctx.arena.at::<ObjectHeader>(off).kind.load(Relaxed);
        if object::is_lock(kind) {
            lock::orphan(ctx, off, number);
        } else if kind == kind_number(ObjectKind::Condition) {
            if let Some(lock) = condition::hidden_lock(ctx.arena, off) {
                lock::orphan(ctx, lock, number);
            }
        } else if kind == kind_number(ObjectKind::PipeEnd) {
            let list = waited.filter(|(on, _)| *on == off).map(|(_, list)| list);
            pipe::forget(ctx, off, number, list);
        } else if kind == kind_number(ObjectKind::Barrier) {
            barrier::runner_died(ctx, off, number);
        } else if kind == kind_number(ObjectKind::Rwlock) {
            rwlock::orphan(ctx, off, number);
        } else if kind == kind_number(ObjectKind::Once) {
            once::runner_died(ctx, off, number);
        } else if kind == kind_number(ObjectKind::Pool) {
            pool::stir(ctx, off, number);
        } else if kind == kind_number(ObjectKind::Latch) {
            latch::stir(ctx, off);
        }
    }
}

/// The pool of a worker that ended gets another where it wants one.
fn pool_of_dead(ctx: &Ctx, worker: &Slot) {
    duty::worker_ended(ctx, Off(worker.pool.load(Relaxed)));
}
