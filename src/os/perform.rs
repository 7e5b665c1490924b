//! Operations on handles: which function of which object each one is.
//!
//! Answers for: from operation and kind to the object's own file. Never keeps state, never notes an event but an
//! arrival, which is a step within another operation.

use std::sync::atomic::Ordering::Relaxed;

use super::actor;
use super::arena::Off;
use super::create;
use super::layout::ObjectHeader;
use super::object::pool::result;
use super::object::{
    Done, Patience, Result, barrier, cell, condition, count_arg, event, find, latch, lock, once, pipe, pool, queue,
    rwlock, semaphore, waiting_in,
};
use super::park::Ctx;
use super::world::{About, World};
use super::{turns, values};
use crate::machine::pid_of;
use crate::program::fault;
use crate::program::op::{Op, OpCode};
use crate::trace::recorded::Note;
use crate::value::{ActorRef, Error, ObjectKind, ObjectRef, Shared, Side, Value};

/// Notes that an operation has begun and waits, as a step of its own.
pub(super) fn arrive(ctx: &Ctx, object: ObjectRef, line: u32, ticket: u64, args: &[Value]) {
    ctx.note(&Note {
        op: OpCode::Arrive,
        line,
        object: Some(object.id),
        actor: None,
        ticket,
        cause: 0,
        args,
        came: Ok(&Value::None),
    });
}

/// The error of the body that was run before the operation.
fn failed_with(op: &Op) -> Option<&Error> {
    match op.args.get(0) {
        Value::Error(error) => Some(error),
        _ => None,
    }
}

impl World {
    pub(super) fn act_on_actor(&mut self, op: &Op, actor: ActorRef) -> Result {
        use nix::sys::signal::Signal;
        let ctx = &self.ctx;
        let arena = ctx.arena;
        match op.code {
            OpCode::Join => {
                let joined = actor::join(ctx, actor.0, Patience::from_timeout(op.args.get(0))?)?;
                self.reap_later(actor.0);
                Ok(joined)
            }
            OpCode::IsAlive => Ok(actor::is_alive(ctx, actor.0)),
            OpCode::ActorPid => {
                // A thread that was just started has not yet noted its own.
                let process = actor::slot(arena, actor.0).process.load(Relaxed);
                let pid = || i64::from(actor::slot(arena, process).pid.load(Relaxed));
                Ok(Done::value(Value::Pid(if turns::are_on(arena) { pid_of(process) } else { pid() })))
            }
            OpCode::ActorName => Ok(Done::value(values::text(&self.shown_name(actor.0)))),
            OpCode::ExitCode => Ok(actor::exit_code(ctx, actor.0)),
            OpCode::Terminate => actor::signal(ctx, actor.0, Signal::SIGTERM),
            OpCode::Kill => actor::signal(ctx, actor.0, Signal::SIGKILL),
            OpCode::TimerCancel => actor::timer_cancel(ctx, actor.0),
            _ => Err(fault::no_runtime().into()),
        }
    }

    pub(super) fn act_on_result(&mut self, op: &Op, result: u32) -> Result {
        let ctx = &self.ctx;
        match op.code {
            OpCode::ResultGet => {
                let last = matches!(op.args.get(1), Value::Bool(true));
                result::get(ctx, result, Patience::from_timeout(op.args.get(0))?, last)
            }
            OpCode::ResultWait => result::wait(ctx, result, Patience::from_timeout(op.args.get(0))?),
            OpCode::ResultReady => result::is_ready(ctx, result),
            OpCode::ResultSuccessful => result::successful(ctx, result),
            OpCode::ResultCancel => result::cancel(ctx, result),
            OpCode::ResultNext => result::next(ctx, result, Patience::from_timeout(op.args.get(0))?, &mut self.opened),
            OpCode::ResultCancelled => result::cancelled(ctx, result),
            _ => Err(fault::no_runtime().into()),
        }
    }

    pub(super) fn act_on_object(&mut self, op: &mut Op, object: ObjectRef, about: &mut About) -> Result {
        let off = find(self.ctx.arena, object.id);
        if op.code == OpCode::Waiting {
            // In a deterministic run actors wait for their turns, not in objects: the machine knows how many.
            return Ok(turns::drawn().map_or_else(|| waiting_in(&self.ctx, off, object), Done::value));
        }
        match object.kind {
            ObjectKind::Queue => self.act_on_queue(op, object, off, about.line),
            ObjectKind::PipeEnd => self.act_on_pipe(op, object, off, about.line),
            ObjectKind::Lock | ObjectKind::Rlock => self.act_on_lock(op, off),
            ObjectKind::Condition => {
                if matches!(op.code, OpCode::LockAcquire | OpCode::LockRelease | OpCode::LockLocked) {
                    // Tickets are the lock's: so is the object of the event.
                    about.object = Some(condition::lock_id(self.ctx.arena, off, object.id));
                }
                self.act_on_condition(op, object, off, about.line)
            }
            ObjectKind::Rwlock => self.act_on_rwlock(op, object, off, about.line),
            ObjectKind::Shared | ObjectKind::Atomic => self.act_on_cell(op, off),
            ObjectKind::Pool => self.act_on_pool(op, off),
            _ => self.act_on_gate(op, object, off, about.line),
        }
    }

    /// The code of the body that is run with an object: a barrier's action, what is done once.
    fn body_of(&self, off: Off) -> Option<u32> {
        let header: &ObjectHeader = self.ctx.arena.at(off);
        self.process.spec(header.decl.load(Relaxed).checked_sub(1)?)?.body.map(|code| code.0)
    }

    fn act_on_queue(&mut self, op: &mut Op, object: ObjectRef, off: Off, line: u32) -> Result {
        let ctx = &self.ctx;
        let args = op.args.as_slice();
        let at_rendezvous = |what| {
            move |ticket| {
                let args: Vec<Value> = args.iter().cloned().chain([values::text(what)]).collect();
                arrive(ctx, object, line, ticket, &args);
            }
        };
        match op.code {
            OpCode::QueueTaskDone => queue::task_done(ctx, off),
            OpCode::QueueJoin => Ok(queue::join(ctx, off, Patience::Until(None))?.unwrap_or_default()),
            _ => match create::channel_of(&self.process, object.id, off) {
                Some(channel) => match op.code {
                    OpCode::QueuePut => {
                        let patience = Patience::from_args(op.args.get(1), op.args.get(2))?;
                        channel.put(ctx, off, op.args.take(0), patience)
                    }
                    OpCode::QueueGet => channel.get(ctx, off, Patience::from_args(op.args.get(0), op.args.get(1))?),
                    OpCode::QueueNext => channel.next(ctx, off),
                    OpCode::QueueLen => channel.len(ctx, off),
                    OpCode::QueueEmpty => channel.empty(ctx, off),
                    OpCode::QueueFull => channel.full(ctx, off),
                    OpCode::QueueClose => channel.close(ctx, off),
                    _ => Err(fault::no_runtime().into()),
                },
                None => match op.code {
                    OpCode::QueuePut => {
                        let patience = Patience::from_args(op.args.get(1), op.args.get(2))?;
                        queue::put(ctx, off, op.args.get(0), patience, at_rendezvous("put"))
                    }
                    OpCode::QueueGet => {
                        let patience = Patience::from_args(op.args.get(0), op.args.get(1))?;
                        queue::get(ctx, off, patience, at_rendezvous("get"))
                    }
                    OpCode::QueueNext => queue::next(ctx, off, at_rendezvous("next")),
                    OpCode::QueueLen => queue::len(ctx, off),
                    OpCode::QueueEmpty => queue::empty(ctx, off),
                    OpCode::QueueFull => queue::full(ctx, off),
                    OpCode::QueueClose => queue::close(ctx, off),
                    _ => Err(fault::no_runtime().into()),
                },
            },
        }
    }

    fn act_on_pipe(&mut self, op: &Op, object: ObjectRef, off: Off, line: u32) -> Result {
        let ctx = &self.ctx;
        if op.code == OpCode::PipeClose {
            return Ok(Done::new(Value::None, self.process.close_end(ctx, object.id)?, 0));
        }
        let end = self.process.end(ctx, object.id)?;
        match op.code {
            OpCode::PipeSend => Ok(pipe::send(ctx, off, &*end, op.args.get(0), Patience::Until(None), |ticket| {
                arrive(ctx, object, line, ticket, op.args.as_slice());
            })?
            .unwrap_or_default()),
            OpCode::PipeRecv => Ok(pipe::recv(ctx, off, &*end, Patience::Until(None))?.unwrap_or_default()),
            OpCode::PipeNext => pipe::next(ctx, off, &*end),
            OpCode::PipePoll => pipe::poll(ctx, off, &*end, Patience::from_timeout(op.args.get(0))?),
            _ => Err(fault::no_runtime().into()),
        }
    }

    fn act_on_lock(&mut self, op: &Op, off: Off) -> Result {
        let ctx = &self.ctx;
        match op.code {
            OpCode::LockAcquire => lock::acquire(ctx, off, Patience::from_args(op.args.get(0), op.args.get(1))?),
            OpCode::LockRelease => lock::release(ctx, off),
            OpCode::LockLocked => lock::locked(ctx, off),
            _ => Err(fault::no_runtime().into()),
        }
    }

    fn act_on_rwlock(&mut self, op: &Op, object: ObjectRef, off: Off, line: u32) -> Result {
        let ctx = &self.ctx;
        if op.code == OpCode::LockLocked {
            return rwlock::locked(ctx, off, object.side());
        }
        let side = object.side().ok_or_else(fault::no_side)?;
        match op.code {
            OpCode::RwAcquire => {
                let patience = match (side, Patience::from_args(op.args.get(0), op.args.get(1))?) {
                    (Side::Write, _) if matches!(op.args.get(1), Value::Duration(0)) => Patience::No,
                    // A writer that waits is parked there: in a deterministic run its time is over when it is told.
                    (Side::Write, Patience::Until(_)) => Patience::arriving(op.args.get(1))?,
                    (_, patience) => patience,
                };
                rwlock::acquire(ctx, off, side, patience, |ticket| {
                    arrive(ctx, object, line, ticket, op.noted_args().as_slice());
                })
            }
            OpCode::RwRelease => rwlock::release(ctx, off, side),
            _ => Err(fault::no_runtime().into()),
        }
    }

    fn act_on_condition(&mut self, op: &Op, object: ObjectRef, off: Off, line: u32) -> Result {
        let ctx = &self.ctx;
        match op.code {
            OpCode::ConditionWait => {
                let patience = Patience::arriving(op.args.get(0))?;
                condition::wait(ctx, off, patience, |ticket| arrive(ctx, object, line, ticket, op.args.as_slice()))
            }
            OpCode::ConditionNotify => condition::notify(ctx, off, count_arg(op.args.get(0), "the number to notify")?),
            OpCode::ConditionNotifyAll => condition::notify(ctx, off, i64::MAX),
            _ => self.act_on_lock(op, condition::lock_of(ctx.arena, off)),
        }
    }

    fn act_on_cell(&mut self, op: &mut Op, off: Off) -> Result {
        let ctx = &self.ctx;
        let path = |value: &Value| match value {
            Value::List(path) => Shared::clone(path),
            _ => Shared::default(),
        };
        match op.code {
            OpCode::CellRead => cell::read(ctx, off, &path(op.args.get(0))),
            OpCode::CellWrite => cell::write(ctx, off, &path(op.args.get(0)), op.args.take(1)),
            OpCode::CellMethod => {
                let (place, args) = (path(op.args.get(0)), path(op.args.get(2)));
                let (done, is_handle) = cell::method(ctx, off, &place, &values::text_of(op.args.get(1)), &args)?;
                if is_handle {
                    op.code = OpCode::CellRead;
                }
                Ok(done)
            }
            OpCode::AtomicAdd => cell::add(ctx, off, op.args.get(0), false),
            OpCode::AtomicSub => cell::add(ctx, off, op.args.get(0), true),
            OpCode::AtomicSwap => cell::swap(ctx, off, op.args.take(0)),
            OpCode::AtomicCas => {
                let new = op.args.take(1);
                cell::compare_and_set(ctx, off, op.args.get(0), new)
            }
            _ => Err(fault::no_runtime().into()),
        }
    }

    fn act_on_pool(&mut self, op: &Op, off: Off) -> Result {
        let ctx = &self.ctx;
        match op.code {
            OpCode::PoolSubmit => pool::submit::one(ctx, off, op),
            OpCode::PoolSubmitMap | OpCode::PoolImap | OpCode::PoolImapUnordered => pool::submit::each(ctx, off, op),
            OpCode::PoolClose => pool::close(ctx, off),
            OpCode::PoolTerminate => {
                let done = pool::terminate(ctx, off)?;
                for worker in pool::worker::all(ctx, off) {
                    let _ = actor::signal(ctx, worker, nix::sys::signal::Signal::SIGTERM);
                }
                Ok(done)
            }
            OpCode::PoolJoin => {
                pool::require_closed(ctx, off)?;
                pool::worker::begin_to_join(ctx, off);
                // A worker that ends meanwhile may be replaced: look again until nobody is left and nobody comes.
                loop {
                    for worker in pool::worker::all(ctx, off) {
                        actor::join(ctx, worker, Patience::Until(None))?;
                        self.reap(worker);
                    }
                    if let Some(caller) = pool::call::caller(ctx.arena, off) {
                        actor::join(ctx, caller, Patience::Until(None))?;
                    }
                    super::duty::look(ctx, &self.process);
                    let is_over = |worker: u32| actor::has_ended(ctx.arena, worker);
                    if !pool::worker::await_workers(ctx, off) && pool::worker::all(ctx, off).into_iter().all(is_over) {
                        return Ok(pool::joined(ctx, off));
                    }
                }
            }
            _ => Err(fault::no_runtime().into()),
        }
    }

    /// Semaphores, events, latches, barriers, and what is done once.
    fn act_on_gate(&mut self, op: &Op, object: ObjectRef, off: Off, line: u32) -> Result {
        let ctx = &self.ctx;
        match op.code {
            OpCode::SemaphoreAcquire => {
                semaphore::acquire(ctx, off, Patience::from_args(op.args.get(0), op.args.get(1))?)
            }
            OpCode::SemaphoreRelease => {
                semaphore::release(ctx, off, count_arg(op.args.get(0), "the number to release")?)
            }
            OpCode::SemaphoreValue => semaphore::value(ctx, off),
            OpCode::EventSet => event::set(ctx, off),
            OpCode::EventClear => event::clear(ctx, off),
            OpCode::EventIsSet => event::is_set(ctx, off),
            OpCode::EventWait => {
                let patience = Patience::from_timeout(op.args.get(0))?;
                // In a deterministic run to begin to wait is a step, where it matters to the scenario.
                let is_step = turns::are_on(ctx.arena) && matches!(patience, Patience::Until(None));
                event::wait(ctx, off, patience, |ticket| {
                    if is_step {
                        arrive(ctx, object, line, ticket, op.args.as_slice());
                    }
                })
            }
            OpCode::LatchCountDown => latch::count_down(ctx, off, count_arg(op.args.get(0), "the number to count by")?),
            OpCode::LatchAdd => latch::add(ctx, off, count_arg(op.args.get(0), "the number to count by")?),
            OpCode::LatchCount => latch::count(ctx, off),
            OpCode::LatchWait => {
                let patience = Patience::from_timeout(op.args.get(0))?;
                let is_step = turns::are_on(ctx.arena) && matches!(patience, Patience::Until(None));
                latch::wait(ctx, off, patience, |ticket| {
                    if is_step {
                        arrive(ctx, object, line, ticket, op.args.as_slice());
                    }
                })
            }
            OpCode::BarrierWait => {
                let patience = Patience::arriving(op.args.get(0))?;
                let action = self.body_of(off);
                barrier::wait(ctx, off, patience, action, |ticket| {
                    arrive(ctx, object, line, ticket, op.args.as_slice());
                })
            }
            OpCode::BarrierActed => barrier::acted(ctx, off, failed_with(op)),
            OpCode::OnceRun => once::run(ctx, off, self.body_of(off).ok_or_else(fault::no_runtime)?),
            OpCode::OnceRan => once::ran(ctx, off, failed_with(op)),
            OpCode::BarrierAbort => barrier::abort(ctx, off),
            OpCode::BarrierReset => barrier::reset(ctx, off),
            OpCode::BarrierParties => barrier::parties(ctx, off),
            OpCode::BarrierBroken => barrier::is_broken(ctx, off),
            _ => Err(fault::no_runtime().into()),
        }
    }
}
