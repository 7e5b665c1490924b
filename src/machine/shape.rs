//! The shape of an actor or an object: all that matters of it, with holes where it names others.
//!
//! Answers for: from a part of a state to its shape, the same wherever it is the same but for numbers. Never looks at
//! another part.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::actor::{Actor, At, Phase};
use super::object::condition::Under;
use super::object::once::Once;
use super::object::queue::Party;
use super::object::result::Shape as ResultShape;
use super::object::{Entry, Object};
use super::{Sights, local};
use crate::program::ActorKind;
use crate::program::op::{Op, OpCode, Target};
use crate::value::{Error, Ids, Value, encode_error_with, encode_with};
use crate::vm::{Joining, Vm};

/// What stands in a hole. The numbers of objects at file level stand as they are.
const HOLE: u32 = u32::MAX;

/// What a part of a state names, or depends on otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ref {
    /// An actor.
    Actor(u32),
    /// An object that was made in the run, or a result.
    Object(u32),
    /// Actors that hold something together, in no order.
    Group(Box<[u32]>),
    /// Those of these actors that are not over.
    Children(Box<[u32]>),
    /// Those of a list who are to be joined, and nothing else; where that has begun, which of them is next.
    Set { all: Box<[u32]>, next: Option<usize> },
    /// The time until then.
    Until(u64),
    /// How many tasks a worker has done, where its pool limits them.
    Done { pool: u32, tasks: u32 },
}

impl Ref {
    pub(super) fn children(&self) -> Option<&[u32]> {
        match self {
            Ref::Children(children) => Some(children),
            _ => None,
        }
    }

    /// The actors that it names one by one; with symmetry, who is in a set is not named.
    pub(super) fn named(&self, with_sets: bool) -> &[u32] {
        match self {
            Ref::Actor(id) => std::slice::from_ref(id),
            Ref::Group(all) => all,
            Ref::Set { all, .. } if with_sets => all,
            _ => &[],
        }
    }

    /// Of a set: those who are still to be joined.
    pub(super) fn left(all: &[u32], next: Option<usize>) -> &[u32] {
        all.get(next.unwrap_or(0)..).unwrap_or_default()
    }
}

/// The shape of a part.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    /// All of it, but for what is in the holes.
    pub(super) bytes: Vec<u8>,
    /// What is in the holes, in order.
    pub(super) refs: Vec<Ref>,
    /// Of an actor: the instruction at which it stands, or nought.
    pub(super) pc: u32,
}

/// What stands for a shape but for what is in the holes: where an actor stands, then the hash.
pub(super) type Key = [u8; 20];

impl Shape {
    /// Of an actor.
    pub(super) fn of_actor(actor: &Actor, sights: Sights, fixed: u32) -> Shape {
        let mut shaper = Shaper::new(sights, fixed);
        shaper.actor(actor);
        shaper.shape
    }

    /// Of an object.
    pub(super) fn of_object(entry: &Entry, sights: Sights, fixed: u32) -> Shape {
        let mut shaper = Shaper::new(sights, fixed);
        shaper.entry(entry);
        shaper.shape
    }

    /// What stands for it. In the order of keys actors that take turns at the same seldom overtake each other.
    pub(super) fn key(&self) -> Key {
        let mut key = [0; 20];
        key[..4].copy_from_slice(&self.pc.to_be_bytes());
        key[4..].copy_from_slice(&self.hash().to_le_bytes());
        key
    }

    /// 128 bits of it, but for what is in the holes.
    pub(super) fn hash(&self) -> u128 {
        xxh3_128(&self.bytes)
    }
}

/// Equal for actors that are begun alike, apart from which objects and actors they are given.
pub(super) fn alike((kind, template, daemon): (ActorKind, Option<u32>, bool), vm: Option<&Vm>, fixed: u32) -> u64 {
    let mut bytes = vec![kind as u8, u8::from(daemon)];
    bytes.extend_from_slice(&template.unwrap_or(u32::MAX).to_le_bytes());
    if let Some(vm) = vm {
        vm.fingerprint_with(&mut bytes, &mut Holes { refs: &mut Vec::new(), fixed, sets: Sets::None, names: false });
    }
    xxh3_64(&bytes)
}

struct Shaper {
    shape: Shape,
    names: bool,
    counts: bool,
    fixed: u32,
}

/// Which lists of handles are sets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sets {
    None,
    /// Those of an actor: with itself in it, none is, since nobody joins itself.
    Of(u32),
    /// The same, with the one whose actors it is about to join.
    Joining(u32),
}

/// Handles are holes.
struct Holes<'s> {
    refs: &'s mut Vec<Ref>,
    fixed: u32,
    sets: Sets,
    /// Whether the scenario looks at names.
    names: bool,
}

impl Ids for Holes<'_> {
    fn object(&mut self, id: u32) -> u32 {
        if id < self.fixed {
            return id;
        }
        self.refs.push(Ref::Object(id));
        HOLE
    }

    fn actor(&mut self, id: u32) -> u32 {
        self.refs.push(Ref::Actor(id));
        HOLE
    }

    fn result(&mut self, id: u32) -> u32 {
        self.refs.push(Ref::Object(id));
        HOLE
    }

    fn pid(&mut self, pid: i64) -> i64 {
        // What belongs to no actor stays what it is, out of the way.
        let Some(actor) = local::actor_of(pid) else { return !pid.saturating_abs() };
        self.refs.push(Ref::Actor(actor));
        0
    }

    fn raiser<'n>(&mut self, name: &'n str) -> &'n str {
        if self.names { name } else { "" }
    }

    fn set(&mut self, actors: &[u32], next: Option<usize>) -> bool {
        let is_set = match (self.sets, next) {
            (Sets::Of(own), None) | (Sets::Joining(own), _) => !Ref::left(actors, next).contains(&own),
            (Sets::None, _) | (Sets::Of(_), Some(_)) => false,
        };
        if is_set {
            self.refs.push(Ref::Set { all: actors.into(), next });
        }
        is_set
    }
}

/// What an actor's lists are sets for: whether it waits for the end of one of those whom it is to join.
fn sets_of(actor: &Actor) -> Sets {
    let joins = matches!(&actor.phase, Phase::At(At { op, parked: false, case: None, deadline: None })
        if op.code == OpCode::Join);
    let joining = actor.vm.as_ref().filter(|_| joins).and_then(Vm::joining);
    let is_apart = |joining: Joining| !Ref::left(&joining.all, Some(joining.next)).contains(&actor.id);
    if joining.is_some_and(is_apart) { Sets::Joining(actor.id) } else { Sets::Of(actor.id) }
}

impl Shaper {
    fn new(sights: Sights, fixed: u32) -> Shaper {
        Shaper { shape: Shape::default(), names: sights.names, counts: sights.counts, fixed }
    }

    fn number(&mut self, number: u32) {
        self.shape.bytes.extend_from_slice(&number.to_le_bytes());
    }

    fn long(&mut self, number: i64) {
        self.shape.bytes.extend_from_slice(&number.to_le_bytes());
    }

    fn flag(&mut self, flag: bool) {
        self.shape.bytes.push(u8::from(flag));
    }

    fn actor_id(&mut self, id: u32) {
        self.number(0);
        self.shape.refs.push(Ref::Actor(id));
    }

    fn optional_actor(&mut self, id: Option<u32>) {
        match id {
            None => self.number(u32::MAX),
            Some(id) => self.actor_id(id),
        }
    }

    fn object_id(&mut self, id: u32) {
        let mut holes = Holes { refs: &mut self.shape.refs, fixed: self.fixed, sets: Sets::None, names: self.names };
        let number = holes.object(id);
        self.number(number);
    }

    fn value(&mut self, value: &Value) {
        let mut holes = Holes { refs: &mut self.shape.refs, fixed: self.fixed, sets: Sets::None, names: self.names };
        encode_with(value, &mut self.shape.bytes, &mut holes);
    }

    fn error(&mut self, error: &Error) {
        let mut holes = Holes { refs: &mut self.shape.refs, fixed: self.fixed, sets: Sets::None, names: self.names };
        encode_error_with(error, &mut self.shape.bytes, &mut holes);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u32);
        self.shape.bytes.extend_from_slice(text.as_bytes());
    }

    /// An operation; on whom it is may be known from a set.
    fn op(&mut self, op: &Op, is_of_set: bool) {
        self.shape.bytes.push(op.code as u8);
        self.number(op.site.code);
        self.number(op.site.pc);
        let target = match op.target {
            _ if is_of_set => Value::None,
            Target::None => Value::None,
            Target::Object(object) => Value::Object(object),
            Target::Actor(actor) => Value::Actor(actor),
            Target::Result(result) => Value::Result(result),
        };
        self.value(&target);
        op.args.as_slice().iter().for_each(|arg| self.value(arg));
        op.cases.iter().for_each(|case| self.op(case, false));
    }

    fn actor(&mut self, actor: &Actor) {
        self.shape.bytes.push(actor.kind as u8);
        self.number(actor.template.map_or(u32::MAX, |template| template));
        if self.names {
            self.text(&actor.name);
        }
        let sets = sets_of(actor);
        self.phase(&actor.phase, matches!(sets, Sets::Joining(_)));
        if actor.has_ended() {
            return;
        }
        self.actor_id(actor.process);
        self.flag(actor.daemon);
        if !actor.children.is_empty() {
            self.shape.refs.push(Ref::Children(actor.children.as_slice().into()));
        }
        if let Some(vm) = &actor.vm {
            self.shape.pc = vm.site().pc;
            let mut holes = Holes { refs: &mut self.shape.refs, fixed: self.fixed, sets, names: self.names };
            vm.fingerprint_with(&mut self.shape.bytes, &mut holes);
        }
        [actor.in_finally, actor.cancelled, actor.begun, actor.late].into_iter().for_each(|flag| self.flag(flag));
        if let Some(pool) = actor.pool {
            self.object_id(pool);
        }
        if let Some(pool) = actor.pool {
            self.shape.refs.push(Ref::Done { pool, tasks: actor.tasks_done });
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

    fn phase(&mut self, phase: &Phase, joins_set: bool) {
        match phase {
            Phase::At(at) => {
                self.shape.bytes.push(0);
                self.flag(at.parked);
                self.number(at.case.unwrap_or(u32::MAX));
                self.flag(at.deadline.is_some());
                self.shape.refs.extend(at.deadline.map(Ref::Until));
                self.op(&at.op, joins_set);
            }
            Phase::Again { op, depth, woken } => {
                self.shape.bytes.push(1);
                self.number(*depth);
                self.flag(*woken);
                self.op(op, false);
            }
            Phase::Computing => self.shape.bytes.push(2),
            Phase::Closing { came, dismissed } => {
                self.shape.bytes.push(3);
                self.flag(*dismissed);
                match came {
                    Ok(()) => self.shape.bytes.push(0),
                    Err(error) => {
                        self.shape.bytes.push(1);
                        self.error(error);
                    }
                }
            }
            Phase::Dead { code } => {
                self.shape.bytes.push(4);
                self.number(*code as u32);
            }
            Phase::Ended { code } => {
                self.shape.bytes.push(5);
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
                self.shape.bytes.push(queue.order as u8);
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
                // Those who hold it as often as each other are told apart by nothing here.
                let mut readers: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
                lock.readers.iter().for_each(|(reader, shares)| readers.entry(*shares).or_default().push(*reader));
                self.number(readers.len() as u32);
                for (shares, group) in readers {
                    self.number(shares);
                    self.number(group.len() as u32);
                    self.shape.refs.push(Ref::Group(group.into()));
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
                self.shape.bytes.push(pool.standing as u8);
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
                self.shape.bytes.push(result.shape as u8);
                result.callbacks.iter().for_each(|callback| self.value(callback));
                [result.begun, result.cancelled, result.calling].into_iter().for_each(|flag| self.flag(flag));
                [result.next.0, result.next.1, result.parts.len()].into_iter().for_each(|at| self.number(at as u32));
                for part in &result.parts {
                    match part {
                        None => self.shape.bytes.push(0),
                        Some(Ok(value)) => {
                            self.shape.bytes.push(1);
                            self.value(value);
                        }
                        Some(Err(error)) => {
                            self.shape.bytes.push(2);
                            self.error(error);
                        }
                    }
                }
                if result.shape == ResultShape::AsTheyCome {
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
