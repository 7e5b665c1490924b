//! Callbacks of a pool: results that are whole and wait for theirs to have run.

use std::sync::Arc;

use super::{Pool, Standing, Task, is_wanted, pool, pool_mut};
use crate::machine::State;
use crate::machine::object::{Came, Object, fault};
use crate::machine::step::Tx;
use crate::program::op::Op;
use crate::value::{Error, ErrorKind, Value};

/// Puts a result among those whose callbacks are to run; false where none can.
pub(in crate::machine) fn enlist(tx: &mut Tx<'_>, id: u32, result: u32) -> bool {
    let Some(pool) = pool_mut(tx, id) else { return false };
    if pool.caller.is_none() || pool.standing == Standing::Terminated {
        return false;
    }
    pool.calls.push_back(result);
    true
}

/// Whether no result can come any more that has a callback: no task waits or is in hand.
fn is_over(state: &State, pool: &Pool) -> bool {
    let wanted = |task: &Arc<Task>| is_wanted(state, task.in_hand);
    let busy = |worker: &u32| state.actor(*worker).is_some_and(|worker| worker.task.is_some());
    pool.standing != Standing::Open && !pool.tasks.iter().any(wanted) && !pool.workers.iter().any(busy)
}

fn of(state: &State, caller: u32) -> Option<(u32, &Pool)> {
    let id = state.actor(caller)?.pool?;
    pool(state, id).map(|pool| (id, pool))
}

pub(in crate::machine) fn can_next(state: &State, me: u32) -> bool {
    of(state, me).is_none_or(|(_, pool)| !pool.calls.is_empty() || is_over(state, pool))
}

/// Of the actor that runs them: the next callback with what it is given, or none.
pub(in crate::machine) fn next(tx: &mut Tx<'_>, me: u32) -> Came {
    let Some((id, _)) = of(tx.state, me) else { return Err(fault::no_runtime()) };
    let Some(result) = pool_mut(tx, id).and_then(|pool| pool.calls.pop_front()) else { return Ok(Value::None) };
    if let Some(caller) = tx.state.actor_mut(me) {
        caller.calling = Some(result);
    }
    match tx.state.object(result) {
        Some(Object::Result(result)) => Ok(result.call()),
        _ => Err(fault::no_runtime()),
    }
}

/// Of the same: the callback has run, and its result is there. An error of it is told and ends nothing.
pub(in crate::machine) fn called(tx: &mut Tx<'_>, me: u32, op: &Op) -> Came {
    if let Value::Error(error) = op.args.get(0)
        && !matches!(error.kind, ErrorKind::Exit(_))
    {
        let error: &Error = error;
        tx.fails(me, error);
    }
    if let Some(result) = tx.state.actor_mut(me).and_then(|caller| caller.calling.take()) {
        let_there_be(tx, result);
    }
    Ok(Value::None)
}

fn let_there_be(tx: &mut Tx<'_>, result: u32) {
    if let Some(Object::Result(result)) = tx.state.object_mut(result) {
        result.calling = false;
    }
}

/// The callbacks that have not begun are not run any more: their results are there without.
pub(super) fn drop_all(tx: &mut Tx<'_>, id: u32) {
    let Some(pool) = pool_mut(tx, id) else { return };
    for result in std::mem::take(&mut pool.calls) {
        let_there_be(tx, result);
    }
}

/// The actor that runs the callbacks is over, or gone with its process.
pub(super) fn leave(tx: &mut Tx<'_>, id: u32) {
    drop_all(tx, id);
    let Some(caller) = pool_mut(tx, id).and_then(|pool| pool.caller.take()) else { return };
    if let Some(result) = tx.state.actor_mut(caller).and_then(|caller| caller.calling.take()) {
        let_there_be(tx, result);
    }
}
