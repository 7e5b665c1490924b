//! Events, as each actor writes them to its own chain of chunks in the arena.
//!
//! The chunks belong to the arena, so they outlive a SIGKILL of their writer; what is not complete is not seen.
//! Recording costs a copy and no lock. Answers for: writing events and reading them back. Never orders them (see
//! `trace`).
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::cell::RefCell;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};

use super::arena::{Arena, Off, Shared};
use super::layout::{Slot, slot_at};
use super::park::Ctx;
use super::{sys, values};
use crate::program::op::OpCode;
use crate::value::{Error, Value};

/// The first chunk of an actor is small, since many actors do little; the others are not.
const FIRST_CHUNK_BYTES: usize = 496;
const CHUNK_BYTES: usize = 8 << 10;
/// The fixed part of an event.
const FIXED_BYTES: usize = 56;

#[repr(C)]
struct Chunk {
    next: AtomicU32,
    used: AtomicU32,
    room: AtomicU32,
    pad: AtomicU32,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for Chunk {}

const CHUNK_HEADER: usize = size_of::<Chunk>();

/// What an actor notes of an operation.
pub(super) struct Note<'a> {
    pub(super) op: OpCode,
    pub(super) line: u32,
    /// Id of an object, or none.
    pub(super) object: Option<u32>,
    /// An actor it is about, or none.
    pub(super) actor: Option<u32>,
    pub(super) ticket: u64,
    pub(super) cause: u64,
    pub(super) args: &'a [Value],
    pub(super) came: Result<&'a Value, &'a Error>,
}

/// An event as it was noted.
#[derive(Clone, Debug)]
pub(super) struct Noted {
    pub(super) op: u8,
    pub(super) line: u32,
    pub(super) object: Option<u32>,
    pub(super) actor: Option<u32>,
    pub(super) ticket: u64,
    pub(super) cause: u64,
    pub(super) time_ns: u64,
    pub(super) args: Value,
    pub(super) came: Result<Value, Error>,
}

thread_local! {
    /// The event that is being put together: its room is used again.
    static EVENT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The fixed part of an event, being filled from its beginning.
struct Fixed<'b> {
    bytes: &'b mut [u8],
    at: usize,
}

impl Fixed<'_> {
    #[inline]
    fn put<const N: usize>(&mut self, field: [u8; N]) {
        if let Some(room) = self.bytes.get_mut(self.at..self.at + N) {
            room.copy_from_slice(&field);
        }
        self.at += N;
    }
}

impl Ctx {
    /// Notes an event. It gets the next number in the actor's order, whether or not events are kept.
    pub(super) fn note(&self, note: &Note<'_>) {
        let seq = self.slot.seq.load(Relaxed);
        self.point();
        if self.arena.header().tracing.load(Relaxed) != 0 {
            self.write_note(note);
        }
        self.point();
        self.slot.seq.store(seq + 1, Release);
        self.point();
        super::turns::report(self);
    }

    /// Counts an event that is not kept.
    #[inline]
    pub(super) fn count(&self) {
        self.point();
        self.slot.seq.store(self.slot.seq.load(Relaxed) + 1, Release);
        self.point();
    }

    fn write_note(&self, note: &Note<'_>) {
        let time = match super::turns::are_on(self.arena) {
            true if note.op == OpCode::Begin => self.slot.born_ns.load(Relaxed),
            true => super::turns::now_ns(self),
            false => sys::now_ns().saturating_sub(self.arena.header().epoch_ns.load(Relaxed)),
        };
        EVENT.with_borrow_mut(|bytes| {
            bytes.clear();
            bytes.resize(FIXED_BYTES, 0);
            values::append_list(note.args, bytes);
            let args_len = bytes.len() - FIXED_BYTES;
            values::append_came(note.came, bytes);
            let len = bytes.len();
            let mut fixed = Fixed { bytes, at: 0 };
            fixed.put((len as u32).to_ne_bytes());
            fixed.put([note.op as u8, u8::from(note.came.is_err()), 0, 0]);
            fixed.put(note.line.to_ne_bytes());
            fixed.put(note.object.map_or(0, |id| id + 1).to_ne_bytes());
            fixed.put(note.actor.map_or(0, |id| id + 1).to_ne_bytes());
            fixed.put((args_len as u32).to_ne_bytes());
            fixed.put(note.ticket.to_ne_bytes());
            fixed.put(note.cause.to_ne_bytes());
            fixed.put(time.to_ne_bytes());
            fixed.put(((len - FIXED_BYTES - args_len) as u64).to_ne_bytes());
            self.append(bytes);
        });
    }

    fn append(&self, bytes: &[u8]) {
        let slot = self.slot;
        let mut at = Off(slot.chunk_last.load(Relaxed));
        let fits = |at: Off| {
            let chunk: &Chunk = self.arena.at(at);
            chunk.used.load(Relaxed) as usize + bytes.len() <= chunk.room.load(Relaxed) as usize
        };
        if at.is_null() || !fits(at) {
            let least = if at.is_null() { FIRST_CHUNK_BYTES } else { CHUNK_BYTES };
            // Where there is no room, the supervisor is about to end the run.
            let Some(new) = self.new_chunk(bytes.len().max(least)) else { return };
            if at.is_null() {
                slot.chunk_first.store(new.0, Release);
            } else {
                self.arena.at::<Chunk>(at).next.store(new.0, Release);
            }
            slot.chunk_last.store(new.0, Relaxed);
            at = new;
        }
        let chunk: &Chunk = self.arena.at(at);
        let used = chunk.used.load(Relaxed);
        self.arena.write(at, CHUNK_HEADER + used as usize, bytes);
        chunk.used.store(used + bytes.len() as u32, Release);
    }

    fn new_chunk(&self, room: usize) -> Option<Off> {
        let header = self.arena.header();
        let before = header.trace_bytes.fetch_add(room as u64, Relaxed);
        if before.saturating_add(room as u64) > header.trace_max.load(Relaxed) {
            header.over_limit.store(super::memory::TRACE, SeqCst);
            self.kick();
            return None;
        }
        let off = self.arena.alloc(CHUNK_HEADER + room).ok()?;
        let chunk: &Chunk = self.arena.at(off);
        chunk.next.store(0, Relaxed);
        chunk.used.store(0, Relaxed);
        chunk.room.store(room as u32, Relaxed);
        Some(off)
    }
}

/// Reads the events of an actor while it goes on.
pub(super) struct Reader {
    actor: u32,
    at: Off,
    used: usize,
}

impl Reader {
    pub(super) fn new(actor: u32) -> Reader {
        Reader { actor, at: Off::NULL, used: 0 }
    }

    /// What was noted since the last time.
    pub(super) fn read(&mut self, arena: Arena) -> Vec<Noted> {
        let mut events = Vec::new();
        if self.at.is_null() {
            self.at = Off(arena.at::<Slot>(slot_at(self.actor)).chunk_first.load(Acquire));
        }
        while !self.at.is_null() {
            let chunk: &Chunk = arena.at(self.at);
            // The next one is there only once this one is complete.
            let next = Off(chunk.next.load(Acquire));
            let used = chunk.used.load(Acquire) as usize;
            let bytes = arena.read(self.at, CHUNK_HEADER + self.used, used - self.used);
            let mut rest = &bytes[..];
            while let Some((event, after)) = parse(rest) {
                events.push(event);
                rest = after;
            }
            self.used = used;
            if next.is_null() {
                break;
            }
            (self.at, self.used) = (next, 0);
        }
        events
    }
}

/// All events of an actor, in its order.
pub(super) fn read_all(arena: Arena, actor: u32) -> Vec<Noted> {
    let slot: &Slot = arena.at(slot_at(actor));
    let mut events = Vec::new();
    let mut at = Off(slot.chunk_first.load(Acquire));
    while !at.is_null() {
        let chunk: &Chunk = arena.at(at);
        let bytes = arena.read(at, CHUNK_HEADER, chunk.used.load(Acquire) as usize);
        let mut rest = &bytes[..];
        while let Some((event, after)) = parse(rest) {
            events.push(event);
            rest = after;
        }
        at = Off(chunk.next.load(Acquire));
    }
    // What was written and not counted was not told: its actor was killed in between.
    events.truncate(slot.seq.load(Acquire) as usize);
    events
}

fn parse(bytes: &[u8]) -> Option<(Noted, &[u8])> {
    let word = |at: usize| Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let long = |at: usize| Some(u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    let len = word(0)? as usize;
    let args_len = word(20)? as usize;
    let body = bytes.get(FIXED_BYTES..len)?;
    let (args, came) = (body.get(..args_len)?, body.get(args_len..)?);
    let event = Noted {
        op: *bytes.get(4)?,
        line: word(8)?,
        object: word(12)?.checked_sub(1),
        actor: word(16)?.checked_sub(1),
        ticket: long(24)?,
        cause: long(32)?,
        time_ns: long(40)?,
        args: values::decode(args),
        came: if *bytes.get(5)? == 0 { Ok(values::decode(came)) } else { Err(values::decode_error(came)) },
    };
    Some((event, bytes.get(len..)?))
}
