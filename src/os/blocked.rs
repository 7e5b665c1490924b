//! What the arena says of those who wait: where, for what, and who would have to act.
//!
//! Answers for: reading it when nothing moves any more. Never decides that nothing will (see `standstill`).

use std::sync::atomic::Ordering::{Acquire, Relaxed};

use super::arena::{Arena, Off};
use super::layout::{ObjectHeader, state};
use super::object::{self, barrier, condition, kind_number, lock, once, pipe, rwlock, semaphore};
use super::{actor, history};
use crate::plan::Plan;
use crate::program::op::OpCode;
use crate::source::Span;
use crate::trace::{Blocked, Gathered};
use crate::value::ObjectKind;

/// Those of some actors who wait for what will not come; daemons only where nobody else does.
pub(super) fn among(arena: Arena, plan: &Plan, actors: &[u32]) -> Vec<Blocked> {
    let waits = |number: &u32| {
        let slot = actor::slot(arena, *number);
        slot.state.load(Acquire) == state::RUNNING && slot.blocked_op.load(Relaxed) != 0
    };
    let waiting: Vec<u32> = actors.iter().copied().filter(waits).collect();
    let is_daemon = |number: &u32| actor::slot(arena, *number).daemon.load(Relaxed) != 0;
    let only_daemons = waiting.iter().all(is_daemon);
    let shown = waiting.into_iter().filter(|number| only_daemons || !is_daemon(number));
    shown.filter_map(|number| blocked(arena, plan, number)).collect()
}

fn blocked(arena: Arena, plan: &Plan, number: u32) -> Option<Blocked> {
    let slot = actor::slot(arena, number);
    let op = OpCode::from_number(slot.blocked_op.load(Relaxed).checked_sub(1)? as u8)?;
    let off = match Off(slot.blocked_on.load(Relaxed)) {
        // Senders wait where it is decided that there is room: at the other end.
        off if op == OpCode::PipeSend && !off.is_null() => pipe::peer_of(arena, off),
        off => off,
    };
    let is_condition = !off.is_null() && kind_at(arena, off) == Some(kind_number(ObjectKind::Condition));
    // Notified or out of time, it waits for the lock.
    let op = if op == OpCode::ConditionWait && !is_condition { OpCode::LockAcquire } else { op };
    // Main, before `finally`, waits for nobody in particular.
    let mut target = history::target_at(arena, plan, off).filter(|target| target.actor != Some(number));
    if let Some(target) = target.as_mut().filter(|target| target.kind == Some(ObjectKind::Rwlock)) {
        let side = rwlock::side_of(slot.blocked_list.load(Relaxed));
        target.name = format!("{}.{}", target.name, side.name());
    }
    let holders = match (op, target.as_ref()) {
        (OpCode::ConditionWait, _) | (_, None) => Vec::new(),
        (_, Some(target)) => target.actor.map_or_else(|| holders(arena, off), |actor| vec![actor]),
    };
    // Who waits behind a barrier's action waits for its end.
    let gathers = op == OpCode::BarrierWait && !off.is_null() && holders.is_empty();
    let gathered = gathers.then(|| gathered(arena, off));
    Some(Blocked {
        actor: actor::name(arena, number),
        span: Span { start: slot.span[0].load(Relaxed), end: slot.span[1].load(Relaxed) },
        op,
        kind: target.as_ref().and_then(|target| target.kind),
        holder_ended: op != OpCode::Join
            && !holders.is_empty()
            && holders.iter().all(|holder| actor::has_ended(arena, *holder)),
        held_by: holders.into_iter().map(|holder| actor::name(arena, holder)).collect(),
        target: target.map(|target| target.name),
        gathered,
    })
}

/// The kind of the object that lies there; none of an actor.
fn kind_at(arena: Arena, off: Off) -> Option<u32> {
    (!actor::is_slot(off)).then(|| arena.at::<ObjectHeader>(off).kind.load(Relaxed))
}

/// Who holds what lies there: a lock, or that of the condition; a side of an rwlock; permits of a semaphore; who runs
/// the body of a `once` or the action of a barrier.
fn holders(arena: Arena, off: Off) -> Vec<u32> {
    let Some(kind) = kind_at(arena, off) else { return Vec::new() };
    let is = |wanted: ObjectKind| kind == kind_number(wanted);
    let one = match kind {
        _ if is(ObjectKind::Rwlock) => return rwlock::holders(arena, off),
        _ if is(ObjectKind::Semaphore) || is(ObjectKind::BoundedSemaphore) => return semaphore::takers(arena, off),
        _ if is(ObjectKind::Once) => once::runner(arena, off),
        _ if is(ObjectKind::Barrier) => barrier::acting(arena, off),
        _ if is(ObjectKind::Condition) => lock::holder(arena, condition::lock_of(arena, off)),
        _ if object::is_lock(kind) => lock::holder(arena, off),
        _ => None,
    };
    one.into_iter().collect()
}

/// Who is at a barrier, in the order in which they came.
fn gathered(arena: Arena, off: Off) -> Gathered {
    let arrived = barrier::inside(arena, off).map(|party| actor::name(arena, party)).collect();
    Gathered { arrived, parties: usize::try_from(barrier::parties_of(arena, off)).unwrap_or(0) }
}
