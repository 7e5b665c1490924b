//! Operations on handles: which function of which object each one is.
//!
//! Answers for: from operation and kind to the object's own file. Never keeps state, never notes an event but an
//! arrival, which is a step within another operation.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::actor;
use super::arena::Off;
use super::create;
use super::object::{
    Done, Patience, Result, barrier, cell, condition, count_arg, event, find, lock, pipe, pool, queue, semaphore,
    waiting_in,
};
use super::park::Ctx;
use super::record::Note;
use super::world::{About, World, unsupported};
use super::{turns, values};
use crate::machine::pid_of;
use crate::program::op::{Op, OpCode};
use crate::value::{ActorRef, ObjectKind, ObjectRef, Value};

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

impl World {
    pub(super) fn act_on_actor(&mut self, op: &Op, actor: ActorRef) -> Result {
        use nix::sys::signal::Signal;
        let ctx = &self.ctx;
        let arena = ctx.arena;
        match op.code {
            OpCode::Join => {
                let joined = actor::join(ctx, actor.0, Patience::from_timeout(op.args.get(0))?)?;
                self.reap(actor.0);
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
            _ => Err(unsupported()),
        }
    }

    pub(super) fn act_on_result(&mut self, op: &Op, result: u32) -> Result {
        let ctx = &self.ctx;
        match op.code {
            OpCode::ResultGet => pool::get(ctx, result, Patience::from_timeout(op.args.get(0))?),
            OpCode::ResultWait => pool::wait(ctx, result, Patience::from_timeout(op.args.get(0))?),
            OpCode::ResultReady => pool::is_ready(ctx, result),
            OpCode::ResultSuccessful => pool::successful(ctx, result),
            OpCode::ResultCancel => pool::cancel(ctx, result),
            OpCode::ResultCancelled => pool::cancelled(ctx, result),
            _ => Err(unsupported()),
        }
    }

    pub(super) fn act_on_object(&mut self, op: &mut Op, object: ObjectRef, about: &mut About) -> Result {
        let off = find(self.ctx.arena, object.id);
        if op.code == OpCode::Waiting {
            // In a deterministic run actors wait for their turns, not in objects: the machine knows how many.
            return Ok(turns::drawn().map_or_else(|| waiting_in(&self.ctx, off), Done::value));
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
            ObjectKind::Shared | ObjectKind::Atomic => self.act_on_cell(op, off),
            ObjectKind::Pool => self.act_on_pool(op, off),
            _ => self.act_on_gate(op, object, off, about.line),
        }
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
            OpCode::QueueJoin => queue::join(ctx, off),
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
                    _ => Err(unsupported()),
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
                    _ => Err(unsupported()),
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
            OpCode::PipeSend => pipe::send(ctx, off, &*end, op.args.get(0), |ticket| {
                arrive(ctx, object, line, ticket, op.args.as_slice());
            }),
            OpCode::PipeRecv => pipe::recv(ctx, off, &*end),
            OpCode::PipeNext => pipe::next(ctx, off, &*end),
            OpCode::PipePoll => pipe::poll(ctx, off, &*end, Patience::from_timeout(op.args.get(0))?),
            _ => Err(unsupported()),
        }
    }

    fn act_on_lock(&mut self, op: &Op, off: Off) -> Result {
        let ctx = &self.ctx;
        match op.code {
            OpCode::LockAcquire => lock::acquire(ctx, off, Patience::from_args(op.args.get(0), op.args.get(1))?),
            OpCode::LockRelease => lock::release(ctx, off),
            OpCode::LockLocked => lock::locked(ctx, off),
            _ => Err(unsupported()),
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
            Value::List(path) => Arc::clone(path),
            _ => Arc::default(),
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
            _ => Err(unsupported()),
        }
    }

    fn act_on_pool(&mut self, op: &Op, off: Off) -> Result {
        let ctx = &self.ctx;
        match op.code {
            OpCode::PoolSubmit => pool::submit(ctx, off, op.args.get(0), op.args.get(1).clone()),
            OpCode::PoolSubmitMap => pool::submit_map(ctx, off, op.args.get(0), op.args.get(1), op.args.get(2)),
            OpCode::PoolClose => pool::close(ctx, off),
            OpCode::PoolTerminate => {
                let done = pool::terminate(ctx, off)?;
                for worker in pool::workers(ctx, off) {
                    let _ = actor::signal(ctx, worker, nix::sys::signal::Signal::SIGTERM);
                }
                Ok(done)
            }
            OpCode::PoolJoin => {
                pool::require_closed(ctx, off)?;
                // A worker that dies meanwhile may be replaced: look again until there is none left.
                let mut joined = 0;
                loop {
                    let workers = pool::workers(ctx, off);
                    if joined == workers.len() {
                        return Ok(pool::joined(ctx, off));
                    }
                    for worker in &workers[joined..] {
                        actor::join(ctx, *worker, Patience::Until(None))?;
                        self.reap(*worker);
                    }
                    joined = workers.len();
                    super::duty::look(ctx, &self.process);
                }
            }
            _ => Err(unsupported()),
        }
    }

    /// Semaphores, events and barriers.
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
            OpCode::BarrierWait => {
                let patience = Patience::arriving(op.args.get(0))?;
                barrier::wait(ctx, off, patience, |ticket| arrive(ctx, object, line, ticket, op.args.as_slice()))
            }
            OpCode::BarrierAbort => barrier::abort(ctx, off),
            OpCode::BarrierReset => barrier::reset(ctx, off),
            OpCode::BarrierParties => barrier::parties(ctx, off),
            OpCode::BarrierBroken => barrier::is_broken(ctx, off),
            _ => Err(unsupported()),
        }
    }
}
