//! Queues.

use std::collections::VecDeque;

use super::{Act, Object, fault, gives_up, is_nowait, object_of, pair};
use crate::machine::hand::Hand;
use crate::machine::step::Tx;
use crate::program::op::{Op, OpCode};
use crate::value::{self, Error, Value};

/// In which order messages come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::machine) enum Order {
    Fifo,
    Lifo,
    Priority,
}

/// What of a queue decides which operations on it can be performed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::machine) struct Stand {
    is_empty: bool,
    has_room: bool,
    closed: bool,
    is_done: bool,
    putters: Vec<u32>,
    getters: Vec<u32>,
}

/// An item that was taken out, with its number.
#[derive(Clone, Debug)]
pub(in crate::machine) struct Item {
    value: Value,
    number: u64,
}

#[derive(Clone, Debug)]
pub(in crate::machine) struct Queue {
    pub(in crate::machine) capacity: Option<i64>,
    pub(in crate::machine) order: Order,
    pub(in crate::machine) items: VecDeque<Value>,
    /// The numbers of the items, in the order in which they were put; and of the next one. No part of a state: they
    /// are for what comes back.
    numbers: VecDeque<u64>,
    next: u64,
    pub(in crate::machine) closed: bool,
    pub(in crate::machine) unfinished: i64,
    /// Of a rendezvous: who offers what, and who waits for an offer.
    pub(in crate::machine) putters: Vec<Party<Value>>,
    pub(in crate::machine) getters: Vec<Party<OpCode>>,
}

/// Who waits at a rendezvous, and with what: a message, or the operation that is to get one.
#[derive(Clone, Debug)]
pub(in crate::machine) struct Party<T> {
    pub(in crate::machine) actor: u32,
    /// In which case of its `select`, if it waits in one.
    pub(in crate::machine) case: Option<u32>,
    pub(in crate::machine) with: T,
}

impl<T> Party<T> {
    /// Takes out the party that is to be served, or the first that is not oneself.
    fn take(all: &mut Vec<Party<T>>, me: u32, served: Option<u32>) -> Option<Party<T>> {
        let is = |actor: u32| all.iter().position(|party| party.actor == actor && actor != me);
        let at = served.and_then(is).or_else(|| all.iter().position(|party| party.actor != me))?;
        Some(all.remove(at))
    }

    fn others(all: &[Party<T>], me: u32) -> impl Iterator<Item = u32> {
        all.iter().map(|party| party.actor).filter(move |actor| *actor != me)
    }
}

impl Queue {
    pub(super) fn new(capacity: Option<i64>, order: Order) -> Queue {
        Queue {
            capacity,
            order,
            items: VecDeque::new(),
            numbers: VecDeque::new(),
            next: 0,
            closed: false,
            unfinished: 0,
            putters: Vec::new(),
            getters: Vec::new(),
        }
    }

    /// Whether messages come out in the order in which they were put.
    pub(in crate::machine) fn is_in_order(&self) -> bool {
        self.order == Order::Fifo
    }

    pub(in crate::machine) fn is_rendezvous(&self) -> bool {
        self.capacity == Some(0)
    }

    pub(super) fn len(&self) -> i64 {
        self.items.len() as i64
    }

    /// What [`Queue::can`] and [`Queue::alternatives`] look at.
    pub(super) fn stand(&self) -> Stand {
        Stand {
            is_empty: self.items.is_empty(),
            has_room: self.room() > 0,
            closed: self.closed,
            is_done: self.unfinished == 0,
            putters: self.putters.iter().map(|party| party.actor).collect(),
            getters: self.getters.iter().map(|party| party.actor).collect(),
        }
    }

    /// How many more it takes.
    pub(super) fn room(&self) -> i64 {
        self.capacity.map_or(i64::MAX, |capacity| (capacity - self.len()).max(0))
    }

    pub(super) fn can(&self, me: u32, op: &Op) -> bool {
        match op.code {
            OpCode::QueuePut => {
                let meets = Party::others(&self.getters, me).next().is_some();
                self.closed || gives_up(op) || self.room() > 0 || meets
            }
            OpCode::QueueGet | OpCode::QueueNext => {
                let meets = Party::others(&self.putters, me).next().is_some();
                self.closed || gives_up(op) || !self.items.is_empty() || meets
            }
            OpCode::QueueJoin => self.unfinished == 0,
            _ => true,
        }
    }

    /// At a rendezvous, partners beside the first.
    pub(super) fn alternatives(&self, me: u32, op: &Op) -> Vec<Vec<u32>> {
        let mut waiting: Vec<u32> = match op.code {
            OpCode::QueuePut => Party::others(&self.getters, me).collect(),
            _ => Party::others(&self.putters, me).collect(),
        };
        // In two cases of one `select` it is the same actor.
        waiting.dedup();
        waiting.into_iter().skip(1).map(|actor| vec![actor]).collect()
    }

    /// Takes an actor off that waits for a partner.
    pub(in crate::machine) fn forget(&mut self, actor: u32) {
        self.putters.retain(|party| party.actor != actor);
        self.getters.retain(|party| party.actor != actor);
    }

    fn store(&mut self, item: Value) -> Result<(), Error> {
        let at = match self.order {
            Order::Fifo => self.items.len(),
            Order::Lifo => 0,
            Order::Priority => {
                let mut at = 0;
                for there in &self.items {
                    if value::compare(&item, there)?.is_some_and(std::cmp::Ordering::is_lt) {
                        break;
                    }
                    at += 1;
                }
                at
            }
        };
        self.items.insert(at, item);
        let number = self.number();
        self.numbers.insert(at, number);
        self.unfinished += 1;
        Ok(())
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// An item that was taken out stands again where it stood.
    pub(in crate::machine) fn take_back(&mut self, Item { value, number }: Item) {
        let behind = |(there, at): (&Value, &u64)| match self.order {
            Order::Fifo => *at > number,
            Order::Lifo => *at < number,
            Order::Priority => match value::compare(&value, there) {
                Ok(Some(std::cmp::Ordering::Less)) => true,
                Ok(Some(std::cmp::Ordering::Equal)) => *at > number,
                _ => false,
            },
        };
        let at = self.items.iter().zip(&self.numbers).position(behind).unwrap_or(self.items.len());
        self.items.insert(at, value);
        self.numbers.insert(at, number);
    }
}

fn queue<'t>(tx: &'t mut Tx<'_>, id: u32) -> Option<&'t mut Queue> {
    match tx.state.object_mut(id) {
        Some(Object::Queue(queue)) => Some(queue),
        _ => None,
    }
}

/// What a get, or a turn of a loop, gives for a message.
fn given(code: OpCode, item: Value) -> Value {
    if code == OpCode::QueueNext { pair(Value::Bool(true), item) } else { item }
}

fn drained(code: OpCode) -> super::Came {
    if code == OpCode::QueueNext { Ok(pair(Value::Bool(false), Value::None)) } else { Err(fault::queue_closed()) }
}

pub(super) fn perform(tx: &mut Tx<'_>, me: u32, id: u32, op: &Op) -> Act {
    match op.code {
        OpCode::QueuePut => put(tx, me, id, op),
        OpCode::QueueGet | OpCode::QueueNext => get(tx, me, id, op),
        OpCode::QueueClose => Act::Done(close(tx, id)),
        code => Act::Done(match queue(tx, id) {
            None => Err(fault::no_runtime()),
            Some(queue) => match code {
                OpCode::QueueLen => Ok(Value::Int(queue.len())),
                OpCode::QueueEmpty => Ok(Value::Bool(queue.items.is_empty())),
                OpCode::QueueFull => Ok(Value::Bool(queue.room() == 0)),
                OpCode::QueueJoin => Ok(Value::None),
                OpCode::QueueTaskDone if queue.unfinished == 0 => Err(fault::surplus_task_done()),
                OpCode::QueueTaskDone => {
                    queue.unfinished -= 1;
                    Ok(Value::None)
                }
                _ => Err(fault::no_runtime()),
            },
        }),
    }
}

fn put(tx: &mut Tx<'_>, me: u32, id: u32, op: &Op) -> Act {
    let served = tx.served_first();
    let item = op.args.get(0).clone();
    let Some(queue) = queue(tx, id) else { return Act::Done(Err(fault::no_runtime())) };
    if queue.closed {
        return Act::Done(Err(fault::queue_closed()));
    }
    if let Some(getter) = Party::take(&mut queue.getters, me, served) {
        queue.unfinished += 1;
        let number = queue.number();
        tx.complete_in(getter.actor, getter.case, Ok(given(getter.with, item.clone())));
        tx.take_in_hand(getter.actor, Hand::Item(id, Item { value: item, number }));
        return Act::Done(Ok(Value::None));
    }
    if queue.room() > 0 {
        return Act::Done(queue.store(item).map(|()| Value::None));
    }
    if gives_up(op) {
        return Act::Done(Err(if is_nowait(op) { fault::queue_full() } else { fault::queue_stayed_full() }));
    }
    queue.putters.push(Party { actor: me, case: None, with: item });
    Act::Parked
}

fn get(tx: &mut Tx<'_>, me: u32, id: u32, op: &Op) -> Act {
    let served = tx.served_first();
    let Some(queue) = queue(tx, id) else { return Act::Done(Err(fault::no_runtime())) };
    if let Some(item) = queue.items.pop_front() {
        let number = queue.numbers.pop_front().unwrap_or_default();
        queue.forget(me);
        tx.take_in_hand(me, Hand::Item(id, Item { value: item.clone(), number }));
        return Act::Done(Ok(given(op.code, item)));
    }
    if let Some(putter) = Party::take(&mut queue.putters, me, served) {
        queue.unfinished += 1;
        let number = queue.number();
        tx.complete_in(putter.actor, putter.case, Ok(Value::None));
        tx.take_in_hand(me, Hand::Item(id, Item { value: putter.with.clone(), number }));
        return Act::Done(Ok(given(op.code, putter.with)));
    }
    if queue.closed {
        return Act::Done(drained(op.code));
    }
    if gives_up(op) {
        return Act::Done(Err(if is_nowait(op) { fault::queue_empty() } else { fault::queue_stayed_empty() }));
    }
    queue.getters.push(Party { actor: me, case: None, with: op.code });
    Act::Parked
}

/// Of a `select`: begins to wait at a rendezvous, in a case.
pub(in crate::machine) fn wait_in_case(tx: &mut Tx<'_>, me: u32, case: u32, op: &Op) {
    let Some(queue) = object_of(op).and_then(|id| queue(tx, id)).filter(|queue| queue.is_rendezvous()) else { return };
    match op.code {
        OpCode::QueuePut => {
            queue.putters.push(Party { actor: me, case: Some(case), with: op.args.get(0).clone() });
        }
        _ => queue.getters.push(Party { actor: me, case: Some(case), with: op.code }),
    }
}

/// Of a `select`: waits there no longer.
pub(in crate::machine) fn leave(tx: &mut Tx<'_>, me: u32, op: &Op) {
    if let Some(queue) = object_of(op).and_then(|id| queue(tx, id)) {
        queue.forget(me);
    }
}

fn close(tx: &mut Tx<'_>, id: u32) -> super::Came {
    let Some(queue) = queue(tx, id) else { return Err(fault::no_runtime()) };
    if queue.closed {
        return Err(fault::queue_closed());
    }
    queue.closed = true;
    let (getters, putters) = (std::mem::take(&mut queue.getters), std::mem::take(&mut queue.putters));
    // One that waits in two cases goes on in the first of them.
    getters.into_iter().for_each(|party| tx.complete_in(party.actor, party.case, drained(party.with)));
    putters.into_iter().for_each(|party| tx.complete_in(party.actor, party.case, Err(fault::queue_closed())));
    Ok(Value::None)
}

pub(super) fn time_out(tx: &mut Tx<'_>, me: u32, op: &Op) -> Error {
    if let Some(queue) = object_of(op).and_then(|id| queue(tx, id)) {
        queue.forget(me);
    }
    if op.code == OpCode::QueuePut { fault::queue_stayed_full() } else { fault::queue_stayed_empty() }
}
