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
use super::object::{Stamp, cell, condition, event, find, lock, queue, semaphore};
use super::park::Ctx;
use super::world::World;
use super::{create, hand, place, values};
use crate::program::op::OpCode;
use crate::source::Source;
use crate::trace::recorded::Note;
use crate::value::{ObjectKind, ObjectRef, Value};
use crate::vm::{Shortcut, Standing};

impl Shortcut for World {
    fn perform(
        &mut self,
        op: OpCode,
        object: ObjectRef,
        args: &[Value],
        standing: &Standing<'_>,
        gave: &mut Value,
    ) -> bool {
        if !self.takes_shortcuts || self.joined.is_some() || self.ctx.slot.duty.load(Relaxed) != 0 {
            return false;
        }
        let span = standing.span();
        self.ctx.slot.span[0].store(span.start, Relaxed);
        self.ctx.slot.span[1].store(span.end, Relaxed);
        match standing.only_frame() {
            Some(frame) => place::publish_only(self.ctx.slot, frame),
            None => place::publish(self.ctx.slot, standing.frames()),
        }
        let stamp = match object.kind {
            ObjectKind::Queue => self.on_queue(op, object, args, gave),
            _ => on_object(&self.ctx, op, object, args, gave),
        };
        let Some(stamp) = stamp else { return false };
        if op.brings_a_value() {
            self.process.hold_received(&self.ctx, gave);
        }
        if self.is_traced() {
            self.note_at_once(op, object, args, stamp, (gave, span.start));
        } else {
            self.ctx.count();
        }
        hand::empty(&self.ctx);
        true
    }
}

impl World {
    fn on_queue(&mut self, op: OpCode, object: ObjectRef, args: &[Value], gave: &mut Value) -> Option<Stamp> {
        let off = find(self.ctx.arena, object.id);
        let process = &self.process;
        let channel = self.channels.entry(object.id).or_insert_with(|| create::channel_of(process, object.id, off));
        let ctx = &self.ctx;
        // At a rendezvous one has to wait; and on one processor nobody else does anything meanwhile.
        let is_worth_it =
            || ctx.arena.header().processors.load(Relaxed) > 1 && queue::capacity_of(ctx.arena, off) != Some(0);
        match (op, args) {
            (OpCode::QueuePut, [value, Value::Bool(waits), Value::None]) => match channel {
                Some(channel) => in_a_moment(*waits, is_worth_it, || channel.put_at_once(ctx, off, value)),
                None => in_a_moment(*waits, is_worth_it, || queue::put_at_once(ctx, off, value)),
            },
            (OpCode::QueueGet | OpCode::QueueNext, [Value::Bool(waits), Value::None]) => match channel {
                Some(channel) => in_a_moment(*waits, is_worth_it, || channel.take_at_once(ctx, off, gave)),
                None => in_a_moment(*waits, is_worth_it, || queue::take_at_once(ctx, off, gave)),
            },
            (OpCode::QueueTaskDone, []) => queue::task_done_at_once(ctx, off),
            _ => None,
        }
    }

    /// Notes the event as it is noted anywhere else.
    fn note_at_once(
        &mut self,
        op: OpCode,
        object: ObjectRef,
        args: &[Value],
        stamp: Stamp,
        (gave, start): (&Value, u32),
    ) {
        let of_lock = matches!(op, OpCode::LockAcquire | OpCode::LockRelease);
        let id = match object.kind {
            ObjectKind::Condition if of_lock => {
                condition::lock_id(self.ctx.arena, find(self.ctx.arena, object.id), object.id)
            }
            _ => object.id,
        };
        let line = self.lines.of(&self.process.plan.image.program.source, start);
        let note = |args: &[Value], came: &Value| {
            let (ticket, cause) = (stamp.ticket(), stamp.cause);
            self.ctx.note(&Note { op, line, object: Some(id), actor: None, ticket, cause, args, came: Ok(came) });
        };
        match op {
            // Of the whole of it.
            OpCode::CellRead | OpCode::CellWrite => note(&[&[Value::list(Vec::new())], args].concat(), gave),
            OpCode::QueueNext => note(args, &values::pair(Value::Bool(true), gave.clone())),
            _ => note(args, gave),
        }
    }
}

/// The lines of places that came up lately: an actor comes to the same few again and again.
#[derive(Default)]
pub(super) struct Lines([Option<(u32, u32)>; 16]);

impl Lines {
    fn of(&mut self, source: &Source, start: u32) -> u32 {
        let kept = &mut self.0[start as usize % self.0.len()];
        match kept {
            Some((known, line)) if *known == start => *line,
            _ => {
                let line = source.line_of(start);
                *kept = Some((start, line));
                line
            }
        }
    }
}

/// Tries for a moment what may be possible in another, where that is worth it: to wait, and to be woken, takes far
/// longer than what another actor is about to do.
fn in_a_moment(
    waits: bool,
    is_worth_it: impl FnOnce() -> bool,
    mut attempt: impl FnMut() -> Option<Stamp>,
) -> Option<Stamp> {
    /// A microsecond, or two; before each it waits about as long as before all the others.
    const TRIES: u32 = 6;
    let stamp = attempt();
    if stamp.is_some() || !waits || !is_worth_it() {
        return stamp;
    }
    for round in 0..TRIES {
        for _ in 0..1 << round {
            std::hint::spin_loop();
        }
        if let Some(stamp) = attempt() {
            return Some(stamp);
        }
    }
    None
}

fn on_object(ctx: &Ctx, op: OpCode, object: ObjectRef, args: &[Value], gave: &mut Value) -> Option<Stamp> {
    let off = find(ctx.arena, object.id);
    let under = || match object.kind {
        ObjectKind::Condition => condition::lock_of(ctx.arena, off),
        _ => off,
    };
    let acquired = match (op, args) {
        (OpCode::LockAcquire, [Value::Bool(_), Value::None]) => lock::acquire_at_once(ctx, under())?,
        (OpCode::SemaphoreAcquire, [Value::Bool(_), Value::None]) => semaphore::acquire_at_once(ctx, off)?,
        (OpCode::LockRelease, []) => return lock::release_at_once(ctx, under()),
        (OpCode::SemaphoreRelease, [Value::Int(1)]) => return semaphore::release_at_once(ctx, off),
        (OpCode::CellRead, []) => return Some(cell::read_at_once(ctx, off, gave)),
        (OpCode::CellWrite, [value]) => return cell::write_at_once(ctx, off, value),
        (OpCode::AtomicAdd, [Value::Int(by)]) => return cell::add_at_once(ctx, off, *by, gave),
        (OpCode::AtomicSub, [Value::Int(by)]) => return cell::add_at_once(ctx, off, by.checked_neg()?, gave),
        (OpCode::EventIsSet, []) => {
            let done = event::is_set(ctx, off).ok()?;
            *gave = done.value;
            return Some(Stamp::new(done.ticket, done.cause));
        }
        _ => return None,
    };
    *gave = Value::Bool(true);
    Some(acquired)
}

/// Queues of a process that were found, by object; nothing for those that lie in the arena.
pub(super) type Channels = rustc_hash::FxHashMap<u32, Option<Arc<Channel>>>;
