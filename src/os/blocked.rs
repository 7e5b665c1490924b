//! What the arena says of those who wait: where, for what, and who would have to act.
//!
//! Answers for: reading it when nothing moves any more. Never decides that nothing will (see `standstill`).

use std::sync::atomic::Ordering::{Acquire, Relaxed};

use super::arena::{Arena, Off};
use super::layout::{ObjectHeader, state};
use super::object::{self, condition, kind_number, lock, pipe};
use super::{actor, history};
use crate::plan::Plan;
use crate::program::op::OpCode;
use crate::source::Span;
use crate::trace::Blocked;
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
    let target = history::target_at(arena, plan, off);
    Some(Blocked {
        actor: actor::name(arena, number),
        span: Span { start: slot.span[0].load(Relaxed), end: slot.span[1].load(Relaxed) },
        op,
        kind: target.as_ref().and_then(|target| target.kind),
        held_by: held_by(arena, off, target.as_ref().and_then(|target| target.actor)),
        target: target.map(|target| target.name),
    })
}

/// Who would have to act, by name.
fn held_by(arena: Arena, off: Off, joined: Option<u32>) -> Vec<String> {
    if let Some(joined) = joined {
        return vec![actor::name(arena, joined)];
    }
    if off.is_null() {
        return Vec::new();
    }
    let kind = arena.at::<ObjectHeader>(off).kind.load(Relaxed);
    let lock = if kind == kind_number(ObjectKind::Condition) { condition::lock_of(arena, off) } else { off };
    if object::is_lock(arena.at::<ObjectHeader>(lock).kind.load(Relaxed)) {
        return lock::holder(arena, lock).map(|holder| actor::name(arena, holder)).into_iter().collect();
    }
    Vec::new()
}
