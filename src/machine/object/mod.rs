//! Objects as the machine keeps them, one file a kind: a state, when an operation can be performed, what it does.
//!
//! Answers for: from an operation to its object's own file. Never chooses among steps.

pub(super) mod barrier;
pub(super) mod cell;
pub(super) mod condition;
pub(super) mod event;
pub(super) mod handle;
pub(super) mod latch;
pub(super) mod lock;
pub(super) mod once;
pub(super) mod pipe;
pub(super) mod pool;
pub(super) mod queue;
pub(super) mod result;
pub(super) mod rwlock;
pub(super) mod semaphore;
mod setup;

pub(super) use setup::{create, file_level};

use std::sync::Arc;

use super::State;
use super::actor::Phase;
use super::step::Tx;
use crate::program::fault;
use crate::program::op::{Op, OpCode, Target};
use crate::value::{Error, ObjectRef, Side, Value};

/// What an operation gives.
pub(super) type Came = std::result::Result<Value, Error>;

/// What becomes of an operation that an actor sets about.
#[derive(Debug)]
pub(super) enum Act {
    /// It is complete.
    Done(Came),
    /// It has begun and waits; it is completed by others, or goes on in another phase.
    Parked,
    /// A body is run first; the operation that follows it completes it.
    Calls { code: u32, then: OpCode },
}

/// An object, with who it is.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: u32,
    /// None for the result of a task.
    pub(super) decl: Option<u32>,
    /// Of an array.
    pub(super) index: Option<u32>,
    /// The first actor of the process in whose body it was declared.
    pub(super) owner: Option<u32>,
    pub(super) object: Object,
}

/// The state of an object.
#[derive(Clone, Debug)]
pub(super) enum Object {
    Queue(queue::Queue),
    End(pipe::End),
    Lock(lock::Lock),
    Rwlock(rwlock::Rwlock),
    Condition(condition::Condition),
    Semaphore(semaphore::Semaphore),
    Event(event::Event),
    Barrier(barrier::Barrier),
    Latch(latch::Latch),
    Once(once::Once),
    Cell(cell::Cell),
    Pool(pool::Pool),
    Result(result::TaskResult),
}

impl Object {
    /// What decides which operations on it can be performed, where that is less than all of it.
    pub(super) fn stand(&self) -> Option<queue::Stand> {
        match self {
            Object::Queue(queue) => Some(queue.stand()),
            _ => None,
        }
    }
}

/// How long an operation waits at most, in nanoseconds.
pub(super) fn timeout(op: &Op) -> Option<u64> {
    match op.args.get(op.code.timeout_at()?) {
        Value::Duration(ns) | Value::Elapsed(ns) => u64::try_from(*ns).ok(),
        _ => None,
    }
}

/// Whether it was told not to wait at all.
pub(super) fn is_nowait(op: &Op) -> bool {
    op.code.block_at().is_some_and(|at| matches!(op.args.get(at), Value::Bool(false)))
}

/// Whether it gives up rather than wait: it can always be performed.
fn gives_up(op: &Op) -> bool {
    is_nowait(op) || timeout(op) == Some(0)
}

/// The id of the object that an operation is performed on.
pub(super) fn object_of(op: &Op) -> Option<u32> {
    match op.target {
        Target::Object(object) => Some(object.id),
        Target::Result(result) => Some(result.0),
        _ => None,
    }
}

/// Whether the operation can be performed in this state; what fails or gives up at once can.
pub(super) fn can(state: &State, me: u32, op: &Op) -> bool {
    match op.target {
        Target::Actor(_) => handle::can(state, me, op),
        Target::Result(_) => result::can(state, op),
        Target::None => match op.code {
            OpCode::PoolTake => pool::can_take(state, me),
            OpCode::PoolCall => pool::call::can_next(state, me),
            _ => true,
        },
        Target::Object(object) => match state.standing(object.id) {
            _ if op.code == OpCode::Waiting => true,
            Some(Object::Queue(queue)) => queue.can(me, op),
            Some(Object::End(end)) => pipe::can(state, me, object.id, end, op),
            Some(Object::Lock(lock)) => lock.can(me, op),
            Some(Object::Rwlock(lock)) => lock.can(op),
            Some(Object::Condition(condition)) => condition::can(state, condition, me, op),
            Some(Object::Semaphore(semaphore)) => semaphore.can(op),
            Some(Object::Event(event)) => event.can(op),
            Some(Object::Barrier(barrier)) => barrier.can(op),
            Some(Object::Latch(latch)) => latch.can(op),
            Some(Object::Once(once)) => once.can(op),
            Some(Object::Pool(pool)) => pool::can(state, pool, op),
            Some(Object::Cell(_) | Object::Result(_)) | None => true,
        },
    }
}

/// Performs an operation that can be performed.
pub(super) fn perform(tx: &mut Tx<'_>, me: u32, op: &Op) -> Act {
    let done = match op.target {
        Target::Actor(actor) => handle::perform(tx, me, actor.0, op),
        Target::Result(result) => result::perform(tx, result.0, op),
        Target::None => match op.code {
            OpCode::PoolTake => pool::take(tx, me),
            OpCode::PoolDone => pool::done(tx, me, op),
            OpCode::PoolCall => pool::call::next(tx, me),
            OpCode::PoolCalled => pool::call::called(tx, me, op),
            _ => tx.alone(me, op),
        },
        Target::Object(object) if op.code == OpCode::Waiting => Ok(Value::Int(waiting(tx.state, object))),
        Target::Object(object) => match tx.state.object(object.id) {
            Some(Object::Queue(_)) => return queue::perform(tx, me, object.id, op),
            Some(Object::End(_)) => return pipe::perform(tx, me, object.id, op),
            Some(Object::Condition(_)) => return condition::perform(tx, me, object.id, op),
            Some(Object::Barrier(_)) => return barrier::perform(tx, me, object.id, op),
            Some(Object::Once(_)) => return once::perform(tx, me, object.id, op),
            Some(Object::Rwlock(_)) => return rwlock::perform(tx, me, object.id, op),
            Some(Object::Lock(_)) => lock::perform(tx, me, object.id, op),
            Some(Object::Semaphore(_)) => semaphore::perform(tx, object.id, op),
            Some(Object::Event(_)) => event::perform(tx, object.id, op),
            Some(Object::Latch(_)) => latch::perform(tx, object.id, op),
            Some(Object::Cell(_)) => cell::perform(tx, object.id, op),
            Some(Object::Pool(_)) => pool::perform(tx, object.id, op),
            Some(Object::Result(_)) | None => Err(fault::no_runtime()),
        },
    };
    Act::Done(done)
}

/// What an operation gives whose time is over; none where it has more to do before it gives anything.
pub(super) fn time_out(tx: &mut Tx<'_>, me: u32, op: &Arc<Op>) -> Option<Came> {
    match op.code {
        OpCode::QueuePut | OpCode::QueueGet => Some(Err(queue::time_out(tx, me, op))),
        OpCode::ConditionWait => {
            condition::time_out(tx, me, op);
            None
        }
        OpCode::BarrierWait => Some(Err(barrier::time_out(tx, me, op))),
        OpCode::Select => {
            tx.leave_select(me, op, "after");
            None
        }
        OpCode::RwAcquire => {
            rwlock::time_out(tx, me, op);
            Some(Ok(Value::Bool(false)))
        }
        OpCode::ResultGet | OpCode::ResultNext => Some(Err(fault::result_late())),
        OpCode::ResultWait => Some(Ok(Value::None)),
        _ => Some(Ok(Value::Bool(false))),
    }
}

/// The body that is run with an object: a barrier's action, what is done once.
fn body_of(tx: &Tx<'_>, id: u32) -> Option<u32> {
    let decl = tx.state.entry(id)?.decl?;
    tx.machine.plan().image.program.objects.get(decl as usize)?.body.map(|code| code.0)
}

/// Whether a wait has come to what it waited for, so that its time is not over before it goes on.
pub(super) fn is_decided(state: &State, op: &Op) -> bool {
    op.code == OpCode::BarrierWait && is_acting(state, op)
}

/// Whether the action of a barrier is being run.
fn is_acting(state: &State, op: &Op) -> bool {
    let object = object_of(op).and_then(|id| state.object(id));
    matches!(object, Some(Object::Barrier(barrier)) if barrier.acting.is_some())
}

/// Whether beginning to wait in it is always a step of its own.
pub(super) fn always_arrives(state: &State, op: &Op) -> bool {
    match op.code {
        OpCode::QueuePut | OpCode::QueueGet | OpCode::QueueNext => {
            matches!(object_of(op).and_then(|id| state.made(id)), Some(Object::Queue(queue)) if queue.is_rendezvous())
        }
        OpCode::BarrierWait => !is_acting(state, op),
        OpCode::ConditionWait => true,
        OpCode::RwAcquire => rwlock::side(op) == Some(Side::Write),
        _ => false,
    }
}

/// Whether an operation that has begun to wait is completed by whoever makes it possible.
pub(super) fn is_completed_by_others(state: &State, me: u32, op: &Op) -> bool {
    match op.code {
        OpCode::EventWait | OpCode::LatchWait | OpCode::BarrierWait => true,
        // A long message, once it is on its way.
        OpCode::PipeSend => pipe::is_sending(state, me, op),
        // What came back from one who was killed over it, nobody hands out.
        OpCode::QueueGet | OpCode::QueueNext if holds_items(state, op) => false,
        _ => always_arrives(state, op),
    }
}

fn holds_items(state: &State, op: &Op) -> bool {
    let queue = object_of(op).and_then(|id| state.standing(id));
    matches!(queue, Some(Object::Queue(queue)) if queue.len() > 0)
}

/// Whom an operation may serve among those who wait, beside the first.
pub(super) fn alternatives(state: &State, me: u32, op: &Op) -> Vec<Vec<u32>> {
    match (op.code, object_of(op).and_then(|id| state.standing(id))) {
        (OpCode::ConditionNotify, Some(Object::Condition(condition))) => condition.alternatives(op),
        (OpCode::QueuePut | OpCode::QueueGet | OpCode::QueueNext, Some(Object::Queue(queue))) => {
            queue.alternatives(me, op)
        }
        _ => Vec::new(),
    }
}

/// The operations in which an actor has begun to wait: one, or the cases of a `select`.
pub(super) fn waits_of(phase: &Phase) -> impl Iterator<Item = &Op> {
    let at = match phase {
        Phase::At(at) if at.parked => Some(&at.op),
        _ => None,
    };
    let one = at.filter(|op| op.code != OpCode::Select).map(|op| &**op);
    let cases = at.filter(|op| op.code == OpCode::Select).into_iter().flat_map(|op| &op.cases);
    one.into_iter().chain(cases)
}

/// How many wait in an object, or a side of one: those who have begun to and whom nobody has served.
pub(super) fn waiting(state: &State, object: ObjectRef) -> i64 {
    let id = object.id;
    match state.object(id) {
        Some(Object::End(end)) => return pipe::waiting(state, id, end),
        // Who waits for its lock waits in the lock.
        Some(Object::Condition(condition)) => return condition.waiters.len() as i64,
        _ => {}
    }
    let waits = state.actors().flat_map(|actor| waits_of(&actor.phase));
    let here: Vec<(OpCode, Option<Side>)> =
        waits.filter(|op| waited_in(state, op) == Some(id)).map(|op| (op.code, rwlock::side(op))).collect();
    let parked_at = |wanted: &dyn Fn(OpCode, Option<Side>) -> bool| {
        here.iter().filter(|(code, side)| wanted(*code, *side)).count() as i64
    };
    let parked = |wanted: &dyn Fn(OpCode) -> bool| parked_at(&|code, _| wanted(code));
    let all = parked(&|_| true);
    // Whoever could go on is no longer counted: the one who made it possible took it off.
    let served = match state.object(id) {
        Some(Object::Queue(queue)) => {
            let joins = if queue.unfinished == 0 { parked(&|code| code == OpCode::QueueJoin) } else { 0 };
            let gets = parked(&|code| matches!(code, OpCode::QueueGet | OpCode::QueueNext));
            let puts = parked(&|code| code == OpCode::QueuePut);
            joins
                + match queue {
                    _ if queue.closed => gets + puts,
                    _ if queue.is_rendezvous() => 0,
                    _ => gets.min(queue.len()) + puts.min(queue.room()),
                }
        }
        Some(Object::Lock(lock)) => all.min(i64::from(lock.is_free())),
        Some(Object::Semaphore(semaphore)) => all.min(semaphore.value()),
        Some(Object::Once(once)) if once.runner().is_none() => all,
        Some(Object::Pool(pool)) if pool::is_over(state, pool) => all,
        Some(Object::Rwlock(lock)) => {
            let on = |side: Side| match object.side() {
                Some(wanted) if wanted != side => 0,
                _ => parked_at(&|_, own| own == Some(side)),
            };
            let readers = if lock.is_open_to(Side::Read) { 0 } else { on(Side::Read) };
            return readers + on(Side::Write);
        }
        _ => 0,
    };
    all - served
}

/// The object in which an operation waits: a condition is acquired by acquiring the lock that was declared for it.
fn waited_in(state: &State, op: &Op) -> Option<u32> {
    let id = object_of(op)?;
    match op.code {
        OpCode::LockAcquire => condition::declared_lock(state, id).or(Some(id)),
        _ => Some(id),
    }
}

/// A list of two.
pub(super) fn pair(first: Value, second: Value) -> Value {
    Value::list(vec![first, second])
}
