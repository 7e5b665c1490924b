//! Deaths: a process is ended by a signal, and what it leaves behind is seen to.
//!
//! Answers for: that every object stays usable for the others. Never decides who is killed.

use std::sync::Arc;

use super::actor::Phase;
use super::life::over;
use super::object::{Object, barrier, condition, once, pipe, pool, rwlock};
use super::step::Tx;
use crate::program::op::OpCode;

/// The signal that ends a process that crashes: SIGKILL.
pub(super) const CRASH: i32 = 9;

/// A process is ended by a signal.
pub(super) fn die(tx: &mut Tx<'_>, process: u32, signal: i32) {
    let members = tx.state.members(process);
    cut_off(tx, &members);
    let_all_go(tx, process);
    for member in &members {
        pool::worker_gone(tx, *member, true);
    }
    for member in members {
        if tx.machine.rules.late_deaths {
            if let Some(actor) = tx.state.actor_mut(member) {
                (actor.phase, actor.vm) = (Phase::Dead { code: -signal }, None);
                Arc::make_mut(&mut actor.process_wide).signals.clear();
            }
        } else {
            over(tx, member, -signal);
        }
    }
}

/// It becomes known that an actor was killed.
pub(super) fn bury(tx: &mut Tx<'_>, id: u32, code: i32) {
    over(tx, id, code);
}

/// Actors are gone in the middle of what they do: they leave what they wait in and let go of what they hold.
pub(super) fn cut_off(tx: &mut Tx<'_>, gone: &[u32]) {
    // All leave first, so that none of them is handed anything.
    let broken: Vec<u32> = gone.iter().filter_map(|one| leave_waits(tx, *one)).collect();
    broken.into_iter().for_each(|barrier| barrier::break_it(tx, barrier));
    gone.iter().for_each(|one| let_go_of_all(tx, *one));
}

/// Takes an actor that is gone off whatever it waits in; gives the barrier that breaks by that.
fn leave_waits(tx: &mut Tx<'_>, id: u32) -> Option<u32> {
    let actor = tx.state.actor(id)?;
    if let Some(op) = actor.op().filter(|op| op.code == OpCode::Select).cloned() {
        tx.leave_cases(id, &op);
        return None;
    }
    let on = actor.op().and_then(|op| super::object::object_of(op))?;
    if !matches!(&actor.phase, Phase::At(at) if at.parked) {
        return None;
    }
    let peer = match tx.state.object(on) {
        Some(Object::End(end)) => Some(end.peer),
        _ => None,
    };
    match tx.state.object_mut(peer.unwrap_or(on)) {
        Some(Object::Queue(queue)) => queue.forget(id),
        Some(Object::Condition(condition)) => condition.forget(id),
        Some(Object::End(end)) => end.forget(id),
        Some(Object::Rwlock(lock)) => lock.forget(id),
        Some(Object::Barrier(barrier)) => {
            barrier.inside.retain(|party| *party != id);
            return Some(on);
        }
        _ => {}
    }
    None
}

/// What an actor that is gone held, or had begun to do.
fn let_go_of_all(tx: &mut Tx<'_>, dead: u32) {
    let held = |object: &Object| match object {
        Object::Lock(lock) => lock.holder == Some(dead),
        Object::Rwlock(lock) => lock.is_held_by(dead),
        Object::Once(once) => once.runner() == Some(dead),
        Object::Barrier(barrier) => barrier.acting.is_some_and(|acting| acting.by == dead),
        Object::Condition(condition::Condition { under: condition::Under::Own(lock), .. }) => lock.holder == Some(dead),
        _ => false,
    };
    let ids: Vec<u32> = tx.state.objects().filter(|entry| held(&entry.object)).map(|entry| entry.id).collect();
    for id in ids {
        match tx.state.object_mut(id) {
            Some(
                Object::Lock(lock) | Object::Condition(condition::Condition { under: condition::Under::Own(lock), .. }),
            ) => lock.orphan(dead),
            Some(Object::Rwlock(_)) => rwlock::holder_died(tx, id, dead),
            Some(Object::Once(_)) => once::runner_died(tx, id),
            Some(Object::Barrier(_)) => barrier::runner_died(tx, id),
            _ => {}
        }
    }
}

/// A process lets go of every end that it holds.
pub(super) fn let_all_go(tx: &mut Tx<'_>, process: u32) {
    let Some(actor) = tx.state.actor_mut(process) else { return };
    let held: Vec<u32> = actor.process_wide.ends.iter().filter(|(_, held)| **held).map(|(end, _)| *end).collect();
    if held.is_empty() {
        return;
    }
    Arc::make_mut(&mut actor.process_wide).ends.values_mut().for_each(|held| *held = false);
    held.into_iter().for_each(|end| pipe::let_go(tx, end));
}
