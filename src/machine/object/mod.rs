//! Objects as the machine keeps them, one file a kind: a state, when an operation can be performed, what it does.
//!
//! Answers for: from an operation to its object's own file. Never chooses among steps.

pub(super) mod barrier;
pub(super) mod cell;
pub(super) mod condition;
pub(super) mod event;
pub(super) mod handle;
pub(super) mod lock;
pub(super) mod pipe;
pub(super) mod pool;
pub(super) mod queue;
pub(super) mod result;
pub(super) mod semaphore;
mod setup;

pub(super) use setup::{create, file_level};

use super::State;
use super::actor::Phase;
use super::step::Tx;
use crate::program::fault;
use crate::program::op::{Op, OpCode, Target};
use crate::value::{Error, Value};

/// What an operation gives.
pub(super) type Came = std::result::Result<Value, Error>;

/// What becomes of an operation that an actor sets about.
#[derive(Debug)]
pub(super) enum Act {
    /// It is complete.
    Done(Came),
    /// It has begun and waits; it is completed by others, or goes on in another phase.
    Parked,
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
    Condition(condition::Condition),
    Semaphore(semaphore::Semaphore),
    Event(event::Event),
    Barrier(barrier::Barrier),
    Cell(cell::Cell),
    Pool(pool::Pool),
    Result(result::TaskResult),
}

/// Where an operation keeps its timeout among its arguments.
fn timeout_at(code: OpCode) -> Option<usize> {
    match code {
        OpCode::QueuePut => Some(2),
        OpCode::QueueGet | OpCode::LockAcquire | OpCode::SemaphoreAcquire => Some(1),
        OpCode::PipePoll
        | OpCode::ConditionWait
        | OpCode::EventWait
        | OpCode::BarrierWait
        | OpCode::Join
        | OpCode::ResultGet
        | OpCode::ResultWait
        | OpCode::ResultNext
        | OpCode::TimerWait
        | OpCode::Sleep => Some(0),
        _ => None,
    }
}

/// How long an operation waits at most, in nanoseconds.
pub(super) fn timeout(op: &Op) -> Option<u64> {
    match op.args.get(timeout_at(op.code)?) {
        Value::Duration(ns) | Value::Elapsed(ns) => u64::try_from(*ns).ok(),
        _ => None,
    }
}

/// Whether it was told not to wait at all.
pub(super) fn is_nowait(op: &Op) -> bool {
    let block = match op.code {
        OpCode::QueuePut => op.args.get(1),
        OpCode::QueueGet | OpCode::LockAcquire | OpCode::SemaphoreAcquire => op.args.get(0),
        _ => return false,
    };
    matches!(block, Value::Bool(false))
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
        Target::Object(object) => match state.object(object.id) {
            _ if op.code == OpCode::Waiting => true,
            Some(Object::Queue(queue)) => queue.can(op),
            Some(Object::End(end)) => pipe::can(state, me, object.id, end, op),
            Some(Object::Lock(lock)) => lock.can(me, op),
            Some(Object::Condition(condition)) => condition::can(state, condition, me, op),
            Some(Object::Semaphore(semaphore)) => semaphore.can(op),
            Some(Object::Event(event)) => event.can(op),
            Some(Object::Pool(pool)) => pool::can(state, pool, op),
            Some(Object::Barrier(_) | Object::Cell(_) | Object::Result(_)) | None => true,
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
        Target::Object(object) if op.code == OpCode::Waiting => Ok(Value::Int(waiting(tx.state, object.id))),
        Target::Object(object) => match tx.state.object(object.id) {
            Some(Object::Queue(_)) => return queue::perform(tx, me, object.id, op),
            Some(Object::End(_)) => return pipe::perform(tx, me, object.id, op),
            Some(Object::Condition(_)) => return condition::perform(tx, me, object.id, op),
            Some(Object::Barrier(_)) => return barrier::perform(tx, me, object.id, op),
            Some(Object::Lock(_)) => lock::perform(tx, me, object.id, op),
            Some(Object::Semaphore(_)) => semaphore::perform(tx, object.id, op),
            Some(Object::Event(_)) => event::perform(tx, object.id, op),
            Some(Object::Cell(_)) => cell::perform(tx, object.id, op),
            Some(Object::Pool(_)) => pool::perform(tx, object.id, op),
            Some(Object::Result(_)) | None => Err(fault::no_runtime()),
        },
    };
    Act::Done(done)
}

/// What an operation gives whose time is over; none where it has more to do before it gives anything.
pub(super) fn time_out(tx: &mut Tx<'_>, me: u32, op: &Op) -> Option<Came> {
    match op.code {
        OpCode::QueuePut | OpCode::QueueGet => Some(Err(queue::time_out(tx, me, op))),
        OpCode::ConditionWait => {
            condition::time_out(tx, me, op);
            None
        }
        OpCode::BarrierWait => Some(Err(barrier::time_out(tx, me, op))),
        OpCode::ResultGet | OpCode::ResultNext => Some(Err(fault::result_late())),
        OpCode::ResultWait => Some(Ok(Value::None)),
        _ => Some(Ok(Value::Bool(false))),
    }
}

/// Whether beginning to wait in it is always a step of its own.
pub(super) fn always_arrives(state: &State, op: &Op) -> bool {
    match op.code {
        OpCode::QueuePut | OpCode::QueueGet | OpCode::QueueNext => {
            matches!(object_of(op).and_then(|id| state.object(id)), Some(Object::Queue(queue)) if queue.is_rendezvous())
        }
        OpCode::BarrierWait | OpCode::ConditionWait => true,
        _ => false,
    }
}

/// Whether an operation that has begun to wait is completed by whoever makes it possible.
pub(super) fn is_completed_by_others(state: &State, me: u32, op: &Op) -> bool {
    match op.code {
        OpCode::EventWait => true,
        // A long message, once it is on its way.
        OpCode::PipeSend => pipe::is_sending(state, me, op),
        _ => always_arrives(state, op),
    }
}

/// Whom an operation may serve among those who wait, beside the first.
pub(super) fn alternatives(state: &State, op: &Op) -> Vec<Vec<u32>> {
    match (op.code, object_of(op).and_then(|id| state.object(id))) {
        (OpCode::ConditionNotify, Some(Object::Condition(condition))) => condition.alternatives(op),
        (OpCode::QueuePut | OpCode::QueueGet | OpCode::QueueNext, Some(Object::Queue(queue))) => queue.alternatives(op),
        _ => Vec::new(),
    }
}

/// How many wait in an object: those who have begun to and whom nobody has served.
pub(super) fn waiting(state: &State, id: u32) -> i64 {
    if let Some(Object::End(end)) = state.object(id) {
        return pipe::waiting(state, id, end);
    }
    let waits_in = |phase: &Phase| match phase {
        Phase::At(at) if at.parked && object_of(&at.op) == Some(id) => Some(at.op.code),
        _ => None,
    };
    let parked = |wanted: &dyn Fn(OpCode) -> bool| {
        state.actors.iter().filter_map(|actor| waits_in(&actor.phase)).filter(|code| wanted(*code)).count() as i64
    };
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
        _ => 0,
    };
    all - served
}

/// A list of two.
pub(super) fn pair(first: Value, second: Value) -> Value {
    Value::list(vec![first, second])
}
