//! Operations that wait for nobody, performed within the VM's loop.
//!
//! The same functions of the same objects as anywhere else (see `perform`), reached without an operation's way out of
//! the loop and back. What would wait, raise or be a step of several is left to that way, and so is everything in a
//! run whose actors pause, or take turns, and in a thread that may be cut off.
//!
//! Answers for: which operations are taken. Never waits.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::object::channel::Channel;
use super::object::{Done, cell, condition, event, find, lock, queue, semaphore};
use super::park::Ctx;
use super::record::Note;
use super::world::World;
use super::{create, hand, place, values};
use crate::program::op::OpCode;
use crate::value::{ObjectKind, ObjectRef, Value};
use crate::vm::{Shortcut, Standing};

impl Shortcut for World {
    #[inline]
    fn perform(&mut self, op: OpCode, object: ObjectRef, args: &[Value], standing: &Standing<'_>) -> Option<Value> {
        if !self.takes_shortcuts || self.ctx.slot.duty.load(Relaxed) != 0 {
            return None;
        }
        let span = standing.span();
        self.ctx.slot.span[0].store(span.start, Relaxed);
        self.ctx.slot.span[1].store(span.end, Relaxed);
        place::publish(self.ctx.slot, standing.frames());
        let done = match object.kind {
            ObjectKind::Queue => self.on_queue(op, object, args),
            _ => on_object(&self.ctx, op, object, args),
        }?;
        if op.brings_a_value() {
            self.process.hold_received(&self.ctx, &done.value);
        }
        if self.is_traced() {
            self.note_at_once(op, object, args, &done, span.start);
        } else {
            self.ctx.count();
        }
        hand::empty(&self.ctx);
        Some(done.value)
    }
}

impl World {
    fn on_queue(&mut self, op: OpCode, object: ObjectRef, args: &[Value]) -> Option<Done> {
        let off = find(self.ctx.arena, object.id);
        let process = &self.process;
        let channel = self.channels.entry(object.id).or_insert_with(|| create::channel_of(process, object.id, off));
        let ctx = &self.ctx;
        match (op, args) {
            (OpCode::QueuePut, [value, Value::Bool(_), Value::None]) => match channel {
                Some(channel) => channel.put_at_once(ctx, off, value),
                None => queue::put_at_once(ctx, off, value),
            },
            (OpCode::QueueGet | OpCode::QueueNext, [Value::Bool(_), Value::None]) => match channel {
                Some(channel) => channel.take_at_once(ctx, off),
                None => queue::take_at_once(ctx, off),
            },
            (OpCode::QueueTaskDone, []) => queue::task_done_at_once(ctx, off),
            _ => None,
        }
    }

    /// Notes the event as it is noted anywhere else.
    #[cold]
    fn note_at_once(&self, op: OpCode, object: ObjectRef, args: &[Value], done: &Done, start: u32) {
        let whole = || Value::list(Vec::new());
        let (args, came) = match op {
            OpCode::CellRead | OpCode::CellWrite => ([&[whole()], args].concat(), done.value.clone()),
            OpCode::QueueNext => (args.to_vec(), values::pair(Value::Bool(true), done.value.clone())),
            _ => (args.to_vec(), done.value.clone()),
        };
        let of_lock = matches!(op, OpCode::LockAcquire | OpCode::LockRelease);
        let id = match object.kind {
            ObjectKind::Condition if of_lock => {
                condition::lock_id(self.ctx.arena, find(self.ctx.arena, object.id), object.id)
            }
            _ => object.id,
        };
        self.ctx.note(&Note {
            op,
            line: self.process.plan.image.program.source.line_of(start),
            object: Some(id),
            actor: None,
            ticket: done.ticket,
            cause: done.cause,
            args: &args,
            came: Ok(&came),
        });
    }
}

fn on_object(ctx: &Ctx, op: OpCode, object: ObjectRef, args: &[Value]) -> Option<Done> {
    let off = find(ctx.arena, object.id);
    let under = || match object.kind {
        ObjectKind::Condition => condition::lock_of(ctx.arena, off),
        _ => off,
    };
    match (op, args) {
        (OpCode::LockAcquire, [Value::Bool(_), Value::None]) => lock::acquire_at_once(ctx, under()),
        (OpCode::LockRelease, []) => lock::release_at_once(ctx, under()),
        (OpCode::SemaphoreAcquire, [Value::Bool(_), Value::None]) => semaphore::acquire_at_once(ctx, off),
        (OpCode::SemaphoreRelease, [Value::Int(1)]) => semaphore::release_at_once(ctx, off),
        (OpCode::CellRead, []) => cell::read(ctx, off, &[]).ok(),
        (OpCode::CellWrite, [value]) => cell::write_at_once(ctx, off, value),
        (OpCode::AtomicAdd, [Value::Int(by)]) => cell::add_at_once(ctx, off, *by),
        (OpCode::AtomicSub, [Value::Int(by)]) => cell::add_at_once(ctx, off, by.checked_neg()?),
        (OpCode::EventIsSet, []) => event::is_set(ctx, off).ok(),
        _ => None,
    }
}

/// Queues of a process that were found, by object; nothing for those that lie in the arena.
pub(super) type Channels = rustc_hash::FxHashMap<u32, Option<Arc<Channel>>>;
