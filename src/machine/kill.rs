//! Deaths: a process is ended by a signal, and what it leaves behind is seen to.
//!
//! Answers for: that every object stays usable for the others. Never decides who is killed.

use std::sync::Arc;

use super::actor::Phase;
use super::life::over;
use super::object::{Object, barrier, condition, pipe, pool};
use super::step::Tx;

/// A process is ended by a signal.
pub(super) fn die(tx: &mut Tx<'_>, process: u32, signal: i32) {
    let members = tx.state.members(process);
    for member in &members {
        leave_waits(tx, *member);
        orphan_locks(tx, *member);
    }
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

/// Takes an actor that is gone off whatever it waits in; a barrier breaks.
pub(super) fn leave_waits(tx: &mut Tx<'_>, id: u32) {
    let Some(actor) = tx.state.actor(id) else { return };
    let Some(on) = actor.op().and_then(|op| super::object::object_of(op)) else { return };
    let waits = matches!(&actor.phase, Phase::At(at) if at.parked);
    if !waits {
        return;
    }
    let peer = match tx.state.object(on) {
        Some(Object::End(end)) => Some(end.peer),
        _ => None,
    };
    match tx.state.object_mut(peer.unwrap_or(on)) {
        Some(Object::Queue(queue)) => queue.forget(id),
        Some(Object::Condition(condition)) => condition.forget(id),
        Some(Object::End(end)) => end.forget(id),
        Some(Object::Barrier(barrier)) => {
            barrier.inside.retain(|party| *party != id);
            barrier::break_it(tx, on);
        }
        _ => {}
    }
}

fn orphan_locks(tx: &mut Tx<'_>, dead: u32) {
    let held = |object: &Object| match object {
        Object::Lock(lock) => lock.holder == Some(dead),
        Object::Condition(condition::Condition { under: condition::Under::Own(lock), .. }) => lock.holder == Some(dead),
        _ => false,
    };
    let ids: Vec<u32> = tx.state.objects.iter().filter(|entry| held(&entry.object)).map(|entry| entry.id).collect();
    for id in ids {
        if let Some(
            Object::Lock(lock) | Object::Condition(condition::Condition { under: condition::Under::Own(lock), .. }),
        ) = tx.state.object_mut(id)
        {
            lock.orphan(dead);
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
