//! What the arena says of those who wait: where, for what, and who would have to act.
//!
//! Answers for: reading it when nothing moves any more. Never decides that nothing will (see `standstill`).

use std::sync::atomic::Ordering::{Acquire, Relaxed};

use super::arena::{Arena, Off};
use super::layout::{ObjectHeader, state};
use super::object::{self, barrier, condition, kind_number, lock, pipe};
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
    let target = history::target_at(arena, plan, off).filter(|target| target.actor != Some(number));
    let holder = match (op, target.as_ref()) {
        (OpCode::ConditionWait, _) | (_, None) => None,
        (_, Some(target)) => target.actor.or_else(|| lock_holder(arena, off)),
    };
    let gathered = (op == OpCode::BarrierWait && !off.is_null()).then(|| gathered(arena, off));
    Some(Blocked {
        actor: actor::name(arena, number),
        span: Span { start: slot.span[0].load(Relaxed), end: slot.span[1].load(Relaxed) },
        op,
        kind: target.as_ref().and_then(|target| target.kind),
        holder_ended: op != OpCode::Join && holder.is_some_and(|holder| actor::has_ended(arena, holder)),
        held_by: holder.map(|holder| actor::name(arena, holder)).into_iter().collect(),
        target: target.map(|target| target.name),
        gathered,
    })
}

/// The kind of the object that lies there; none of an actor.
fn kind_at(arena: Arena, off: Off) -> Option<u32> {
    (!actor::is_slot(off)).then(|| arena.at::<ObjectHeader>(off).kind.load(Relaxed))
}

/// Who holds the lock that lies there, or that of the condition.
fn lock_holder(arena: Arena, off: Off) -> Option<u32> {
    let kind = kind_at(arena, off)?;
    let lock = if kind == kind_number(ObjectKind::Condition) { condition::lock_of(arena, off) } else { off };
    object::is_lock(kind_at(arena, lock)?).then(|| lock::holder(arena, lock)).flatten()
}

/// Who is at a barrier, in the order in which they came.
fn gathered(arena: Arena, off: Off) -> Gathered {
    let arrived = barrier::inside(arena, off).map(|party| actor::name(arena, party)).collect();
    Gathered { arrived, parties: usize::try_from(barrier::parties_of(arena, off)).unwrap_or(0) }
}
