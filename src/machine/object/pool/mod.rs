//! Pools: tasks that wait, and the workers that take them.

pub(in crate::machine) mod call;

use std::collections::VecDeque;
use std::sync::Arc;

use super::result::{self, Shape, TaskResult};
use super::{Came, Entry, Object, fault};
use crate::machine::actor::{Actor, InHand, Phase};
use crate::machine::step::Tx;
use crate::machine::{State, life};
use crate::program::op::{Op, OpCode};
use crate::value::{Error, ResultRef, Value};

/// Tasks that a chunk of `map` is cut into, by default, for each worker.
const CHUNKS_PER_WORKER: usize = 4;
/// Most workers of a pool.
const WORKERS_MAX: i64 = 4096;
/// SIGTERM
const TERMINATE: i32 = 15;

#[derive(Clone, Debug)]
pub(in crate::machine) struct Pool {
    pub(in crate::machine) size: u32,
    /// Its workers are threads of its home.
    pub(in crate::machine) threads: bool,
    /// How many tasks a worker does before another takes its place.
    pub(in crate::machine) tasks_per_child: Option<u32>,
    pub(in crate::machine) standing: Standing,
    pub(in crate::machine) tasks: VecDeque<Arc<Task>>,
    /// Everyone who ever worked here.
    pub(in crate::machine) workers: Vec<u32>,
    /// How many were ever started.
    pub(in crate::machine) started: u32,
    /// Workers that died and are to be replaced.
    pub(in crate::machine) missing: u32,
    /// The actor that runs the callbacks, as long as it does.
    pub(in crate::machine) caller: Option<u32>,
    /// Results whose callbacks are to run.
    pub(in crate::machine) calls: VecDeque<u32>,
    /// Handles of the objects that threads of the pool see.
    pub(in crate::machine) privates: Arc<Vec<Value>>,
    /// The first actor of the process that starts the workers.
    pub(in crate::machine) home: u32,
}

/// Whether a pool takes tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::machine) enum Standing {
    Open,
    Closed,
    Terminated,
    /// One of its workers could not begin.
    Broken,
}

#[derive(Clone, Debug)]
pub(in crate::machine) struct Task {
    pub(in crate::machine) in_hand: InHand,
    pub(in crate::machine) task: Value,
    pub(in crate::machine) calls: Value,
    pub(in crate::machine) is_chunk: bool,
}

impl Pool {
    pub(super) fn new(size: i64, threads: bool, tasks_per_child: Option<i64>) -> Result<Pool, Error> {
        if !(1..=WORKERS_MAX).contains(&size) {
            return Err(fault::pool_size());
        }
        let limit = tasks_per_child.map(|limit| u32::try_from(limit).ok().filter(|limit| *limit > 0));
        let tasks_per_child = limit.map(|limit| limit.ok_or_else(fault::no_tasks_per_child)).transpose()?;
        Ok(Pool {
            size: size as u32,
            threads,
            tasks_per_child,
            standing: Standing::Open,
            tasks: VecDeque::new(),
            workers: Vec::new(),
            started: 0,
            missing: 0,
            caller: None,
            calls: VecDeque::new(),
            privates: Arc::default(),
            home: 0,
        })
    }

    /// Whether a worker that died is worth replacing.
    fn wants_workers(&self) -> bool {
        match self.standing {
            Standing::Open => true,
            Standing::Closed => !self.tasks.is_empty(),
            Standing::Terminated | Standing::Broken => false,
        }
    }
}

fn pool_mut<'t>(tx: &'t mut Tx<'_>, id: u32) -> Option<&'t mut Pool> {
    match tx.state.object_mut(id) {
        Some(Object::Pool(pool)) => Some(pool),
        _ => None,
    }
}

fn pool(state: &State, id: u32) -> Option<&Pool> {
    match state.object(id) {
        Some(Object::Pool(pool)) => Some(pool),
        _ => None,
    }
}

pub(super) fn can(state: &State, pool: &Pool, op: &Op) -> bool {
    op.code != OpCode::PoolJoin || pool.standing == Standing::Open || is_over(state, pool)
}

/// Whether all workers have ended, and no others will be started.
pub(super) fn is_over(state: &State, pool: &Pool) -> bool {
    let ended = |worker: &u32| state.actor(*worker).is_none_or(|actor| actor.has_ended());
    let home_ends = state.actor(pool.home).is_none_or(|home| !home.is_alive() || is_leaving(home));
    (pool.missing == 0 || !pool.wants_workers() || home_ends) && pool.workers.iter().all(ended)
}

pub(super) fn can_take(state: &State, me: u32) -> bool {
    let of = state.actor(me).and_then(|actor| actor.pool).and_then(|id| pool(state, id));
    let wanted = |task: &Arc<Task>| is_wanted(state, task.in_hand);
    of.is_none_or(|pool| pool.standing != Standing::Open || pool.tasks.iter().any(wanted))
}

fn is_wanted(state: &State, task: InHand) -> bool {
    matches!(state.object(task.result), Some(Object::Result(result)) if result.wants(task.part))
}

pub(super) fn perform(tx: &mut Tx<'_>, id: u32, op: &Op) -> Came {
    match op.code {
        OpCode::PoolSubmit => {
            let callbacks = [op.args.get(2).clone(), op.args.get(3).clone()];
            submit(tx, id, op.args.get(0), vec![vec![op.args.get(1).clone()]], Shape::One, callbacks)
        }
        OpCode::PoolSubmitMap | OpCode::PoolImap | OpCode::PoolImapUnordered => submit_map(tx, id, op),
        OpCode::PoolClose => {
            if let Some(pool) = pool_mut(tx, id)
                && pool.standing == Standing::Open
            {
                pool.standing = Standing::Closed;
            }
            Ok(Value::None)
        }
        OpCode::PoolTerminate => {
            terminate(tx, id);
            Ok(Value::None)
        }
        OpCode::PoolJoin => match pool(tx.state, id) {
            Some(pool) if pool.standing == Standing::Open => Err(fault::pool_running()),
            _ => Ok(Value::None),
        },
        _ => Err(fault::no_runtime()),
    }
}

fn submit_map(tx: &mut Tx<'_>, id: u32, op: &Op) -> Came {
    let Value::List(calls) = op.args.get(1) else { return Err(fault::map_arguments()) };
    let size = pool(tx.state, id).map_or(1, |pool| (pool.size as usize).max(1));
    let shape = match op.code {
        OpCode::PoolImap => Shape::InOrder,
        OpCode::PoolImapUnordered => Shape::AsTheyCome,
        _ => Shape::List,
    };
    let chunk = match op.args.get(2) {
        Value::None if shape != Shape::List => 1,
        Value::None => calls.len().div_ceil(size * CHUNKS_PER_WORKER).max(1),
        Value::Int(chunk) | Value::Pid(chunk) => {
            usize::try_from(*chunk).ok().filter(|chunk| *chunk > 0).ok_or_else(fault::empty_chunk)?
        }
        _ => return Err(fault::not_a_count("`chunk`")),
    };
    let parts = calls.chunks(chunk).map(<[Value]>::to_vec).collect();
    submit(tx, id, op.args.get(0), parts, shape, [op.args.get(3).clone(), op.args.get(4).clone()])
}

fn submit(tx: &mut Tx<'_>, id: u32, task: &Value, parts: Vec<Vec<Value>>, shape: Shape, callbacks: [Value; 2]) -> Came {
    match pool(tx.state, id).map(|pool| pool.standing) {
        Some(Standing::Open) => {}
        Some(Standing::Broken) => return Err(fault::pool_broken()),
        _ => return Err(fault::pool_closed()),
    }
    let result = TaskResult::new(id, parts.len(), shape, callbacks);
    let entry = Entry { id: 0, decl: None, index: None, owner: None, object: Object::Result(result) };
    let result = tx.state.add_object(entry);
    let Some(pool) = pool_mut(tx, id) else { return Err(fault::no_runtime()) };
    for (part, calls) in (0..).zip(parts) {
        pool.tasks.push_back(Arc::new(Task {
            in_hand: InHand { result, part },
            task: task.clone(),
            calls: Value::list(calls),
            is_chunk: shape != Shape::One,
        }));
    }
    // One that consists of nothing is whole at once.
    result::await_call(tx, result);
    Ok(Value::Result(ResultRef(result)))
}

/// Of a worker: the next task that is still wanted, or none when the pool is closed and drained.
pub(super) fn take(tx: &mut Tx<'_>, me: u32) -> Came {
    let Some(id) = tx.state.actor(me).and_then(|actor| actor.pool) else { return Err(fault::no_runtime()) };
    loop {
        let Some(pool) = pool_mut(tx, id) else { return Err(fault::no_runtime()) };
        let Some(task) = pool.tasks.pop_front() else { return Ok(Value::None) };
        let Some(Object::Result(result)) = tx.state.object_mut(task.in_hand.result) else { continue };
        if !result.wants(task.in_hand.part) {
            continue;
        }
        result.begun = true;
        if let Some(worker) = tx.state.actor_mut(me) {
            worker.task = Some(task.in_hand);
        }
        return Ok(Value::list(vec![task.task.clone(), task.calls.clone(), Value::Bool(task.is_chunk)]));
    }
}

/// Of a worker: what came of the task in hand.
pub(super) fn done(tx: &mut Tx<'_>, me: u32, op: &Op) -> Came {
    let Some(InHand { result, part }) = tx.state.actor_mut(me).and_then(|worker| worker.task.take()) else {
        return Ok(Value::None);
    };
    let came = match op.args.get(1) {
        Value::Error(error) => Err((**error).clone()),
        _ => Ok(op.args.get(0).clone()),
    };
    result::settle(tx, result, part, came);
    let Some(worker) = tx.state.actor_mut(me) else { return Ok(Value::None) };
    worker.tasks_done += 1;
    let is_last = is_retired(tx.state, me);
    Ok(if is_last { Value::Bool(true) } else { Value::None })
}

/// Whether a worker has done as many tasks as it is to do.
fn is_retired(state: &State, worker: u32) -> bool {
    let Some(actor) = state.actor(worker) else { return false };
    let limit = actor.pool.and_then(|id| pool(state, id)).and_then(|pool| pool.tasks_per_child);
    limit.is_some_and(|limit| actor.tasks_done >= limit)
}

fn terminate(tx: &mut Tx<'_>, id: u32) {
    let Some(pool) = pool_mut(tx, id) else { return };
    pool.standing = Standing::Terminated;
    call::drop_all(tx, id);
    let Some(pool) = pool_mut(tx, id) else { return };
    let (tasks, workers) = (std::mem::take(&mut pool.tasks), pool.workers.clone());
    for task in tasks {
        result::settle(tx, task.in_hand.result, task.in_hand.part, Err(fault::pool_terminated()));
    }
    for worker in workers {
        let Some(actor) = tx.state.actor_mut(worker) else { continue };
        if let Some(InHand { result, part }) = actor.task.take() {
            result::settle(tx, result, part, Err(fault::pool_terminated()));
        }
        life::send_signal(tx, worker, TERMINATE);
    }
}

/// A worker is gone: its task fails, and the pool is owed another worker where one is wanted.
pub(in crate::machine) fn worker_gone(tx: &mut Tx<'_>, worker: u32, killed: bool) {
    let Some(actor) = tx.state.actor_mut(worker) else { return };
    let (task, Some(id)) = (actor.task.take(), actor.pool) else { return };
    if pool(tx.state, id).is_some_and(|pool| pool.caller == Some(worker)) {
        return call::leave(tx, id);
    }
    if task.is_none() && !killed && !is_retired(tx.state, worker) {
        return;
    }
    if let Some(InHand { result, part }) = task {
        result::settle(tx, result, part, Err(fault::worker_died()));
    }
    let home_lives = pool(tx.state, id)
        .and_then(|pool| tx.state.actor(pool.home))
        .is_some_and(|home| home.is_alive() && !is_leaving(home));
    if let Some(pool) = pool_mut(tx, id)
        && home_lives
        && pool.wants_workers()
    {
        pool.missing += 1;
    }
}

/// Whether a process is on its way to its end.
fn is_leaving(home: &Actor) -> bool {
    home.in_finally || matches!(home.phase, Phase::Closing { .. })
}

/// The body of a worker failed: what waits fails, and no other worker is started.
pub(in crate::machine) fn break_pool(tx: &mut Tx<'_>, worker: u32) {
    let Some(id) = tx.state.actor(worker).and_then(|actor| actor.pool) else { return };
    let Some(pool) = pool_mut(tx, id) else { return };
    if matches!(pool.standing, Standing::Open | Standing::Closed) {
        pool.standing = Standing::Broken;
    }
    for task in std::mem::take(&mut pool.tasks) {
        result::settle(tx, task.in_hand.result, task.in_hand.part, Err(fault::pool_broken()));
    }
}

/// The pools whose workers this process is to replace.
pub(in crate::machine) fn owed_by(state: &State, process: u32) -> Vec<u32> {
    // One that is on its way to its end has no use for more workers.
    if state.actor(process).is_none_or(is_leaving) {
        return Vec::new();
    }
    let owed = |entry: &&Entry| matches!(&entry.object, Object::Pool(pool) if pool.home == process && pool.missing > 0);
    state.objects().filter(owed).map(|entry| entry.id).collect()
}

/// Starts a worker in place of one that died, if that is still wanted.
pub(in crate::machine) fn replace(tx: &mut Tx<'_>, id: u32) {
    let Some(pool) = pool_mut(tx, id) else { return };
    pool.missing = pool.missing.saturating_sub(1);
    if pool.wants_workers() {
        // One that cannot be started leaves the pool with a worker less.
        let _ = life::start_worker(tx, id);
    }
}
