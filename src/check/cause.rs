//! Deadlocks told apart: what it is that does not come.
//!
//! Answers for: the kind of a deadlock, from who waits for what and what happened before. Never words it.

use super::story::Line;
use crate::program::op::OpCode;
use crate::trace::Blocked;

/// Why actors can never go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Each holds what the next one waits for: their names, in that order.
    LockCycle(Vec<String>),
    /// Its holder has ended, or was killed, and did not give it back: who waits, who held it.
    DeadOwner(String, String),
    /// Fewer come to a barrier than it needs: how many came, how many it needs.
    ShortBarrier(usize, usize),
    /// The wake-up came before the wait began: who waits, and which line of the story was in vain.
    LostWakeUp(String, usize),
    /// Nobody is left who could wake it: who waits.
    NobodyWakes(String),
    /// Nobody is left who could put or send: who waits.
    NoProducer(String),
    /// Nobody is left who could get or receive: who waits.
    NoConsumer(String),
    /// It waits for the end of one that never ends: who waits, for whom.
    StarvedJoin(String, String),
    /// None of these.
    Other,
}

/// The cause of a deadlock, given the way to it.
pub(super) fn of(blocked: &[Blocked], lines: &[Line]) -> Cause {
    if let Some(cycle) = cycle(blocked) {
        return Cause::LockCycle(cycle);
    }
    let first = |wanted: &dyn Fn(&Blocked) -> bool| blocked.iter().find(|one| wanted(one));
    if let Some(one) = first(&|one| one.holder_ended) {
        return Cause::DeadOwner(one.actor.clone(), one.held_by.first().cloned().unwrap_or_default());
    }
    if let Some(gathered) = blocked.iter().find_map(|one| one.gathered.as_ref()) {
        return Cause::ShortBarrier(gathered.arrived.len(), gathered.parties);
    }
    let wakes = |one: &Blocked| matches!(one.op, OpCode::ConditionWait | OpCode::EventWait | OpCode::LatchWait);
    if let Some(one) = first(&wakes) {
        return match in_vain(one, lines) {
            Some(line) => Cause::LostWakeUp(one.actor.clone(), line),
            None => Cause::NobodyWakes(one.actor.clone()),
        };
    }
    let gets = |one: &Blocked| {
        matches!(
            one.op,
            OpCode::QueueGet | OpCode::QueueNext | OpCode::PipeRecv | OpCode::PipeNext | OpCode::SemaphoreAcquire
        )
    };
    if let Some(one) = first(&gets) {
        return Cause::NoProducer(one.actor.clone());
    }
    if let Some(one) = first(&|one| matches!(one.op, OpCode::QueuePut | OpCode::PipeSend)) {
        return Cause::NoConsumer(one.actor.clone());
    }
    match first(&|one| one.op == OpCode::Join) {
        Some(one) => Cause::StarvedJoin(one.actor.clone(), one.held_by.first().cloned().unwrap_or_default()),
        None => Cause::Other,
    }
}

/// A cycle of actors of whom each waits for what the next one holds.
fn cycle(blocked: &[Blocked]) -> Option<Vec<String>> {
    let holds = |one: &Blocked| one.op != OpCode::Join && !one.holder_ended;
    let next = |name: &str| {
        blocked.iter().find(|one| one.actor == name && holds(one)).and_then(|one| one.held_by.first().cloned())
    };
    for start in blocked.iter().filter(|one| holds(one)) {
        let mut way = vec![start.actor.clone()];
        while let Some(found) = way.last().and_then(|last| next(last)) {
            if found == start.actor {
                return Some(way);
            }
            if way.contains(&found) {
                break;
            }
            way.push(found);
        }
    }
    None
}

/// The last wake-up of what an actor waits for that came before its wait began, with nobody waiting.
fn in_vain(one: &Blocked, lines: &[Line]) -> Option<usize> {
    let on_it = |line: &Line| line.target == one.target && !line.is_spurious;
    let begun = lines.iter().rposition(|line| line.actor == one.actor && on_it(line))?;
    let wakes = |line: &Line| {
        on_it(line) && matches!(line.op, Some(OpCode::ConditionNotify | OpCode::ConditionNotifyAll | OpCode::EventSet))
    };
    let notify = lines.iter().take(begun).rposition(wakes)?;
    let before = lines.iter().take(notify).filter(|line| on_it(line));
    let waiting = before.fold(0i64, |waiting, line| match (line.op, line.arrives) {
        (Some(OpCode::ConditionWait), true) => waiting + 1,
        (Some(OpCode::ConditionWait), false) => waiting - 1,
        _ => waiting,
    });
    (waiting <= 0).then_some(notify)
}
