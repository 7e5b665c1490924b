//! What objects hold: that which claims can be about.
//!
//! Answers for: values, messages, counts and flags. Never tells who waits or who holds a lock.

use super::object::once::Once;
use super::object::{Entry, Object};
use super::{Machine, State};
use crate::value::{Value, encode};

/// What an object holds.
#[derive(Clone, Debug)]
pub enum Contents<'s> {
    /// A variable's value.
    Value(&'s Value),
    /// Messages, in their order, and whether there can be more.
    Messages(Vec<&'s Value>, bool),
    /// Permits, a count.
    Number(i64),
    /// Whether it is set, or has been run.
    Flag(bool),
}

/// An object with what it holds.
#[derive(Clone, Debug)]
pub struct Holds<'s> {
    /// Its number.
    pub object: u32,
    /// Its declaration.
    pub decl: u32,
    /// What.
    pub contents: Contents<'s>,
}

impl Contents<'_> {
    fn of(entry: &Entry) -> Option<Contents<'_>> {
        Some(match &entry.object {
            Object::Cell(cell) => Contents::Value(&cell.value),
            Object::Queue(queue) => Contents::Messages(queue.items.iter().collect(), !queue.closed),
            Object::End(end) => Contents::Messages(end.inbox.iter().map(|message| &message.value).collect(), true),
            Object::Semaphore(semaphore) => Contents::Number(semaphore.value),
            Object::Latch(latch) => Contents::Number(latch.count),
            Object::Event(event) => Contents::Flag(event.set),
            Object::Once(once) => Contents::Flag(*once == Once::Done),
            _ => return None,
        })
    }

    /// Equal for what is equal.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Contents::Value(value) => encode(value, out),
            Contents::Messages(values, is_open) => {
                out.extend((values.len() as u32).to_le_bytes());
                out.push(u8::from(*is_open));
                values.iter().for_each(|value| encode(value, out));
            }
            Contents::Number(number) => out.extend(number.to_le_bytes()),
            Contents::Flag(flag) => out.push(u8::from(*flag)),
        }
    }
}

impl Machine {
    /// What the objects of a state hold, where they hold anything.
    pub fn contents<'s>(&self, state: &'s State) -> impl Iterator<Item = Holds<'s>> {
        state
            .objects()
            .filter_map(|entry| Some(Holds { object: entry.id, decl: entry.decl?, contents: Contents::of(entry)? }))
    }
}
