//! The canonical form of a state: equal for states that differ only by what does not matter.
//!
//! Actors, private objects and results are numbered in the order in which they are met, deadlines count from now; names
//! are left out unless the scenario looks at them, and so is whoever is over and has no handle left.
//!
//! Answers for: that form, its fingerprint, and forgetting what it leaves out.

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_128;

use super::actor::{Actor, Phase};
use super::object::condition::Under;
use super::object::once::Once;
use super::object::queue::Party;
use super::object::result::Shape;
use super::object::{Entry, Object};
use super::{MAIN, Machine, Sights, State, local};
use crate::program::op::{Op, Target};
use crate::value::{Ids, Value, encode_error, encode_with};

/// 128 bits of a canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub u128);

/// From so many actors or objects on that are over, they are looked through for those that nobody can name.
const FORGET_FROM: usize = 64;

impl Machine {
    /// The canonical form.
    pub fn canonical(&self, state: &State) -> Vec<u8> {
        let mut writer = Writer::new(state, self.sights, self.plan.objects.len() as u32);
        if self.sights.clock {
            writer.long(state.clock_ns as i64);
        }
        writer.write();
        writer.out
    }

    /// The fingerprint of the canonical form.
    pub fn fingerprint(&self, state: &State) -> Fingerprint {
        Fingerprint(xxh3_128(&self.canonical(state)))
    }

    /// The fingerprint of one actor alone: where it stands, and with what.
    pub fn fingerprint_of(&self, state: &State, actor: u32) -> Fingerprint {
        let mut writer = Writer::new(state, self.sights, self.plan.objects.len() as u32);
        writer.actors.number(MAIN);
        if let Some(actor) = state.actor(actor) {
            writer.actor(actor);
        }
        Fingerprint(xxh3_128(&writer.out))
    }

    /// Forgets actors and results that are over and that nobody can name any more.
    pub(super) fn forget(&self, state: &mut State) {
        let over = state.actors.iter().filter(|actor| actor.has_ended()).count();
        let fixed = self.plan.objects.len();
        let made = state.objects.len() - fixed.min(state.objects.len());
        let alive = state.actors.len() - over;
        if (over < FORGET_FROM || over < alive) && (made < FORGET_FROM || made < 2 * state.kept) {
            return;
        }
        let mut writer = Writer::new(state, Sights::default(), fixed as u32);
        writer.write();
        let (actors, objects) = (writer.actors.numbers, writer.objects.numbers);
        state.actors.retain(|actor| !actor.has_ended() || actor.id == MAIN || actors.contains_key(&actor.id));
        for actor in &mut state.actors {
            if actor.children.iter().any(|child| !actors.contains_key(child)) {
                std::sync::Arc::make_mut(actor).children.retain(|child| actors.contains_key(child));
            }
        }
        state.objects.retain(|entry| (entry.id as usize) < fixed || objects.contains_key(&entry.id));
        for entry in &mut state.objects {
            if matches!(entry.object, Object::Pool(_))
                && let Object::Pool(pool) = &mut std::sync::Arc::make_mut(entry).object
            {
                let known = &state.actors;
                pool.workers.retain(|worker| known.iter().any(|actor| actor.id == *worker && !actor.has_ended()));
            }
        }
        state.kept = state.objects.len() - fixed;
    }
}

/// Numbers in the order of meeting.
#[derive(Default)]
struct Met {
    numbers: FxHashMap<u32, u32>,
    order: Vec<u32>,
}

impl Met {
    fn number(&mut self, id: u32) -> u32 {
        let next = self.order.len() as u32;
        *self.numbers.entry(id).or_insert_with(|| {
            self.order.push(id);
            next
        })
    }
}

struct Renaming<'w> {
    actors: &'w mut Met,
    objects: &'w mut Met,
    fixed: u32,
}

impl Ids for Renaming<'_> {
    fn object(&mut self, id: u32) -> u32 {
        if id < self.fixed { id } else { self.fixed + self.objects.number(id) }
    }

    fn actor(&mut self, id: u32) -> u32 {
        self.actors.number(id)
    }

    fn result(&mut self, id: u32) -> u32 {
        self.objects.number(id)
    }

    fn pid(&mut self, pid: i64) -> i64 {
        // What belongs to no actor stays what it is, out of the way.
        local::actor_of(pid).map_or_else(|| !pid.saturating_abs(), |actor| i64::from(self.actors.number(actor)))
    }
}

struct Writer<'s> {
    state: &'s State,
    names: bool,
    counts: bool,
    fixed: u32,
    actors: Met,
    objects: Met,
    out: Vec<u8>,
}

impl<'s> Writer<'s> {
    fn new(state: &'s State, sights: Sights, fixed: u32) -> Writer<'s> {
        let out = Vec::with_capacity(512);
        Writer {
            state,
            names: sights.names,
            counts: sights.counts,
            fixed,
            actors: Met::default(),
            objects: Met::default(),
            out,
        }
    }

    fn write(&mut self) {
        self.flag(self.state.failed);
        self.number(self.state.crashes);
        self.actors.number(MAIN);
        (0..self.fixed).filter_map(|id| self.state.entry(id)).for_each(|entry| self.entry(entry));
        let (mut actors, mut objects) = (0, 0);
        loop {
            if let Some(id) = self.actors.order.get(actors) {
                actors += 1;
                if let Some(actor) = self.state.actor(*id) {
                    self.actor(actor);
                }
            } else if let Some(id) = self.objects.order.get(objects) {
                objects += 1;
                if let Some(entry) = self.state.entry(*id) {
                    self.entry(entry);
                }
            } else if let Some(orphan) = self.unmet() {
                // Whose starter is gone and to whom nobody has a handle.
                self.actors.number(orphan);
            } else {
                break;
            }
        }
        if self.names {
            for ((template, at), count) in self.state.instances.iter() {
                [*template, *at, *count].into_iter().for_each(|number| self.number(number));
            }
        }
    }

    /// An actor that is not over and that nothing led to.
    fn unmet(&self) -> Option<u32> {
        let ids = self.state.actors.iter().filter(|actor| !actor.has_ended()).map(|actor| actor.id);
        ids.into_iter().find(|id| !self.actors.numbers.contains_key(id))
    }

    fn number(&mut self, number: u32) {
        self.out.extend_from_slice(&number.to_le_bytes());
    }

    fn long(&mut self, number: i64) {
        self.out.extend_from_slice(&number.to_le_bytes());
    }

    fn flag(&mut self, flag: bool) {
        self.out.push(u8::from(flag));
    }

    fn actor_id(&mut self, id: u32) {
        let number = self.actors.number(id);
        self.number(number);
    }

    fn optional_actor(&mut self, id: Option<u32>) {
        match id {
            None => self.number(u32::MAX),
            Some(id) => self.actor_id(id),
        }
    }

    fn object_id(&mut self, id: u32) {
        let number = if id < self.fixed { id } else { self.fixed + self.objects.number(id) };
        self.number(number);
    }

    fn value(&mut self, value: &Value) {
        let mut ids = Renaming { actors: &mut self.actors, objects: &mut self.objects, fixed: self.fixed };
        encode_with(value, &mut self.out, &mut ids);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u32);
        self.out.extend_from_slice(text.as_bytes());
    }

    fn op(&mut self, op: &Op) {
        self.out.push(op.code as u8);
        self.number(op.site.code);
        self.number(op.site.pc);
        let target = match op.target {
            Target::None => Value::None,
            Target::Object(object) => Value::Object(object),
            Target::Actor(actor) => Value::Actor(actor),
            Target::Result(result) => Value::Result(result),
        };
        self.value(&target);
        op.args.as_slice().iter().for_each(|arg| self.value(arg));
        op.cases.iter().for_each(|case| self.op(case));
    }

    fn actor(&mut self, actor: &Actor) {
        self.out.push(actor.kind as u8);
        self.number(actor.template.map_or(u32::MAX, |template| template));
        if self.names {
            self.text(&actor.name);
        }
        self.phase(&actor.phase);
        if actor.has_ended() {
            return;
        }
        self.actor_id(actor.process);
        self.flag(actor.daemon);
        let alive = |child: &&u32| self.state.actor(**child).is_some_and(|child| !child.has_ended());
        let children: Vec<u32> = actor.children.iter().filter(alive).copied().collect();
        self.number(children.len() as u32);
        children.into_iter().for_each(|child| self.actor_id(child));
        if let Some(vm) = &actor.vm {
            let mut ids = Renaming { actors: &mut self.actors, objects: &mut self.objects, fixed: self.fixed };
            vm.fingerprint_with(&mut self.out, &mut ids);
        }
        [actor.in_finally, actor.cancelled, actor.begun, actor.late].into_iter().for_each(|flag| self.flag(flag));
        if let Some(pool) = actor.pool {
            self.object_id(pool);
        }
        let limited = |pool: u32| {
            let pool = self.state.object(pool);
            matches!(pool, Some(Object::Pool(pool)) if pool.tasks_per_child.is_some())
        };
        if actor.pool.is_some_and(limited) {
            self.number(actor.tasks_done);
        }
        if let Some(result) = actor.calling {
            self.object_id(result);
        }
        if let Some(task) = actor.task {
            self.object_id(task.result);
            self.number(task.part);
        }
        let process = &actor.process_wide;
        process.signals.iter().for_each(|signal| self.number(*signal as u32));
        for (end, held) in &process.ends {
            self.object_id(*end);
            self.flag(*held);
        }
        if self.names {
            for ((template, index), count) in &process.threads {
                self.number(*template);
                self.text(index);
                self.number(*count);
            }
        }
    }

    fn phase(&mut self, phase: &Phase) {
        match phase {
            Phase::At(at) => {
                self.out.push(0);
                self.flag(at.parked);
                self.number(at.case.unwrap_or(u32::MAX));
                let left = at.deadline.map(|deadline| deadline.saturating_sub(self.state.clock_ns) as i64);
                self.long(left.unwrap_or(-1));
                self.op(&at.op);
            }
            Phase::Again { op, depth, woken } => {
                self.out.push(1);
                self.number(*depth);
                self.flag(*woken);
                self.op(op);
            }
            Phase::Computing => self.out.push(2),
            Phase::Closing { came, dismissed } => {
                self.out.push(3);
                self.flag(*dismissed);
                match came {
                    Ok(()) => self.out.push(0),
                    Err(error) => {
                        self.out.push(1);
                        encode_error(error, &mut self.out);
                    }
                }
            }
            Phase::Dead { code } => {
                self.out.push(4);
                self.number(*code as u32);
            }
            Phase::Ended { code } => {
                self.out.push(5);
                self.number(*code as u32);
            }
        }
    }

    /// How an object was made; what was made before the run began is always the same.
    fn made(&mut self, entry: &Entry) {
        self.number(entry.decl.unwrap_or(u32::MAX));
        match &entry.object {
            Object::Queue(queue) => {
                self.long(queue.capacity.unwrap_or(-1));
                self.out.push(queue.order as u8);
            }
            Object::Semaphore(semaphore) => self.long(semaphore.most),
            Object::Barrier(barrier) => {
                self.long(barrier.parties);
                self.long(barrier.timeout.map_or(-1, |ns| ns as i64));
            }
            Object::Cell(cell) => self.long(cell.room as i64),
            Object::Pool(pool) => self.number(pool.size),
            _ => {}
        }
    }

    fn entry(&mut self, entry: &Entry) {
        if entry.id >= self.fixed {
            self.made(entry);
        }
        match &entry.object {
            Object::Queue(queue) => {
                self.number(queue.items.len() as u32);
                queue.items.iter().for_each(|item| self.value(item));
                self.flag(queue.closed);
                // Whether there are any is all that a join can tell, where none is ever done.
                self.long(if self.counts { queue.unfinished } else { queue.unfinished.min(1) });
                self.number(queue.putters.len() as u32);
                queue.putters.iter().for_each(|party| self.party(party));
                queue.getters.iter().for_each(|party| self.party(party));
            }
            Object::End(end) => {
                self.object_id(end.peer);
                self.number(end.holders);
                self.flag(end.was_held);
                self.number(end.inbox.len() as u32);
                for message in &end.inbox {
                    self.value(&message.value);
                    self.optional_actor(message.sender);
                }
            }
            Object::Lock(lock) => self.lock(lock),
            Object::Rwlock(lock) => {
                self.optional_actor(lock.writer);
                self.flag(lock.orphaned);
                self.number(lock.readers.len() as u32);
                for (reader, shares) in &lock.readers {
                    self.actor_id(*reader);
                    self.number(*shares);
                }
                self.number(lock.waiting.len() as u32);
                lock.waiting.iter().for_each(|writer| self.actor_id(*writer));
            }
            Object::Condition(condition) => {
                match &condition.under {
                    Under::Own(lock) => self.lock(lock),
                    Under::Declared(id) => self.object_id(*id),
                }
                self.number(condition.waiters.len() as u32);
                for (waiter, depth) in &condition.waiters {
                    self.actor_id(*waiter);
                    self.number(*depth);
                }
            }
            Object::Semaphore(semaphore) => self.long(semaphore.value),
            Object::Event(event) => self.flag(event.set),
            Object::Barrier(barrier) => {
                self.flag(barrier.broken);
                self.number(barrier.inside.len() as u32);
                barrier.inside.iter().for_each(|party| self.actor_id(*party));
                self.optional_actor(barrier.acting.map(|acting| acting.by));
                self.flag(barrier.acting.is_some_and(|acting| acting.cut));
            }
            Object::Latch(latch) => self.long(latch.count),
            Object::Once(once) => {
                self.flag(*once == Once::Done);
                self.optional_actor(once.runner());
            }
            Object::Cell(cell) => self.value(&cell.value),
            Object::Pool(pool) => {
                self.out.push(pool.standing as u8);
                self.number(pool.missing);
                self.actor_id(pool.home);
                if pool.threads {
                    pool.privates.iter().for_each(|handle| self.value(handle));
                }
                self.flag(pool.caller.is_some());
                self.number(pool.calls.len() as u32);
                pool.calls.iter().for_each(|result| self.object_id(*result));
                self.number(pool.tasks.len() as u32);
                for task in &pool.tasks {
                    self.object_id(task.in_hand.result);
                    self.number(task.in_hand.part);
                    self.value(&task.task);
                    self.value(&task.calls);
                }
            }
            Object::Result(result) => {
                self.object_id(result.pool);
                self.out.push(result.shape as u8);
                result.callbacks.iter().for_each(|callback| self.value(callback));
                [result.begun, result.cancelled, result.calling].into_iter().for_each(|flag| self.flag(flag));
                [result.next.0, result.next.1, result.parts.len()].into_iter().for_each(|at| self.number(at as u32));
                for part in &result.parts {
                    match part {
                        None => self.out.push(0),
                        Some(Ok(value)) => {
                            self.out.push(1);
                            self.value(value);
                        }
                        Some(Err(error)) => {
                            self.out.push(2);
                            encode_error(error, &mut self.out);
                        }
                    }
                }
                if result.shape == Shape::AsTheyCome {
                    result.ended.iter().for_each(|part| self.number(*part));
                }
            }
        }
    }

    fn party<T>(&mut self, party: &Party<T>) {
        self.actor_id(party.actor);
        self.number(party.case.unwrap_or(u32::MAX));
    }

    fn lock(&mut self, lock: &super::object::lock::Lock) {
        self.optional_actor(lock.holder);
        self.number(lock.depth);
        self.flag(lock.orphaned);
    }
}
