//! All that a part of a state is, as bytes: two parts with the same bytes are one.
//!
//! Answers for: that nothing is left out on which a later step could depend. What only a judge of real runs asks for is
//! left out.

use crate::machine::actor::Actor;
use crate::machine::object::{Entry, Object};
use crate::machine::shape::{Ref, Shape};
use crate::machine::state::Head;
use crate::machine::{Machine, Sights};
use crate::value::encode;

struct Bytes(Vec<u8>);

impl Bytes {
    fn number(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn long(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn optional(&mut self, number: Option<u32>) {
        self.0.push(u8::from(number.is_some()));
        self.number(number.unwrap_or(0));
    }

    fn numbers(&mut self, numbers: impl ExactSizeIterator<Item = u32>) {
        self.number(numbers.len() as u32);
        numbers.for_each(|number| self.number(number));
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u32);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn shape(&mut self, shape: &Shape) {
        self.number(shape.bytes.len() as u32);
        self.0.extend_from_slice(&shape.bytes);
        self.number(shape.refs.len() as u32);
        for one in &shape.refs {
            match one {
                Ref::Actor(id) | Ref::Object(id) => self.number(*id),
                Ref::Group(all) | Ref::Children(all) => self.numbers(all.iter().copied()),
                Ref::Set { all, next } => {
                    self.numbers(all.iter().copied());
                    self.optional(next.map(|next| next as u32));
                }
                Ref::Until(deadline) => self.long(*deadline),
                Ref::Done { pool, tasks } => self.numbers([*pool, *tasks].into_iter()),
            }
        }
    }
}

/// The sights of a machine, names included: they are told of.
fn whole(machine: &Machine) -> Sights {
    Sights { names: true, ..machine.sights }
}

pub(super) fn of_actor(machine: &Machine, actor: &Actor) -> Vec<u8> {
    let mut out = Bytes(Vec::with_capacity(256));
    out.shape(&Shape::of_actor(actor, whole(machine), machine.fixed()));
    // Whatever the shape has is not said again.
    let Actor {
        id,
        name,
        kind: _,
        template: _,
        process,
        parent,
        daemon,
        children: _,
        phase: _,
        vm: _,
        last,
        in_finally,
        cancelled,
        begun,
        late,
        pool,
        task,
        tasks_done,
        calling,
        hand: _,
        alike,
        process_wide,
    } = actor;
    out.number(*id);
    out.long(*alike);
    out.text(name);
    out.number(*process);
    out.optional(*parent);
    out.numbers([last.code, last.pc].into_iter());
    for flag in [*daemon, *in_finally, *cancelled, *begun, *late] {
        out.0.push(u8::from(flag));
    }
    out.optional(*pool);
    out.optional(task.map(|task| task.result));
    out.optional(task.map(|task| task.part));
    out.optional(*calling);
    out.number(*tasks_done);
    out.numbers(process_wide.signals.iter().map(|signal| *signal as u32));
    for (end, held) in &process_wide.ends {
        out.numbers([*end, u32::from(*held)].into_iter());
    }
    out.number(process_wide.threads.len() as u32);
    for ((template, index), count) in &process_wide.threads {
        out.numbers([*template, *count].into_iter());
        out.text(index);
    }
    out.0
}

pub(super) fn of_entry(machine: &Machine, entry: &Entry) -> Vec<u8> {
    let mut out = Bytes(Vec::with_capacity(128));
    out.shape(&Shape::of_object(entry, whole(machine), machine.fixed()));
    let Entry { id, decl, index, owner, object } = entry;
    out.number(*id);
    [*decl, *index, *owner].into_iter().for_each(|one| out.optional(one));
    match object {
        Object::Queue(queue) => {
            queue.putters.iter().for_each(|party| encode(&party.with, &mut out.0));
            queue.getters.iter().for_each(|party| out.0.push(party.with as u8));
        }
        Object::Pool(pool) => {
            out.numbers(pool.workers.iter().copied());
            out.numbers([pool.started, u32::from(pool.threads)].into_iter());
            [pool.caller, pool.tasks_per_child].into_iter().for_each(|one| out.optional(one));
            out.number(pool.privates.len() as u32);
            pool.privates.iter().for_each(|handle| encode(handle, &mut out.0));
            pool.tasks.iter().for_each(|task| out.0.push(u8::from(task.is_chunk)));
        }
        Object::Result(result) => out.numbers(result.ended.iter().copied()),
        // Of these the shape has all that changes.
        Object::End(_)
        | Object::Lock(_)
        | Object::Rwlock(_)
        | Object::Condition(_)
        | Object::Semaphore(_)
        | Object::Event(_)
        | Object::Barrier(_)
        | Object::Latch(_)
        | Object::Once(_)
        | Object::Cell(_) => {}
    }
    out.0
}

pub(super) fn of_head(head: &Head, actors: &[u32], objects: &[u32]) -> Vec<u8> {
    let mut out = Bytes(Vec::with_capacity(128));
    let Head { next_actor, next_object, clock_ns, instances, kept, failed, crashes } = head;
    out.numbers([*next_actor, *next_object, *crashes, u32::from(*failed)].into_iter());
    out.long(*clock_ns);
    out.long(*kept as u64);
    out.number(instances.len() as u32);
    for ((template, at), count) in instances.iter() {
        out.numbers([*template, *at, *count].into_iter());
    }
    out.numbers(actors.iter().copied());
    out.numbers(objects.iter().copied());
    out.0
}
