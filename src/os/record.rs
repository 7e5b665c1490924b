//! Events, as each actor writes them to its own chain of chunks in the arena.
//!
//! The chunks belong to the arena, so they outlive a SIGKILL of their writer; what is not complete is not seen.
//! Recording costs a copy and no lock. Answers for: writing events and reading them back. Never orders them (see
//! `trace`).
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::cell::RefCell;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};

use super::alloc::BLOCK_HEADER;
use super::arena::{Arena, Off, Shared};
use super::layout::{Slot, slot_at};
use super::park::Ctx;
use super::sys;
use crate::program::op::OpCode;
use crate::trace::recorded::{Note, Noted, first, measure};

/// The first chunk of an actor is small, since many actors do little; the others are not. Each fills a block.
const FIRST_CHUNK_BYTES: usize = 512 - CHUNK_HEADER - BLOCK_HEADER;
const CHUNK_BYTES: usize = (16 << 10) - CHUNK_HEADER - BLOCK_HEADER;
/// The collector is woken for every so many bytes.
const COLLECTED_AT_ONCE: u64 = 256 << 10;
/// How long an actor waits for room before it looks again.
const LOOK_AGAIN_NS: u64 = 10_000_000;

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

thread_local! {
    /// The event that is being put together: its room is used again.
    static EVENT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
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
            note.write(time, bytes);
            self.append(bytes);
        });
    }

    fn append(&self, bytes: &[u8]) {
        let slot = self.slot;
        let mut at = Off(slot.chunk_last.load(Relaxed));
        let room = |at: Off| self.arena.at::<Chunk>(at).room.load(Relaxed) as usize;
        let fits = |at: Off| self.arena.at::<Chunk>(at).used.load(Relaxed) as usize + bytes.len() <= room(at);
        if at.is_null() || !fits(at) {
            let (least, full) = if at.is_null() { (FIRST_CHUNK_BYTES, 0) } else { (CHUNK_BYTES, room(at)) };
            // Where there is no room, the supervisor is about to end the run.
            let Some(new) = self.new_chunk(bytes.len().max(least)) else { return };
            if at.is_null() {
                slot.chunk_first.store(new.0, Release);
            } else {
                self.arena.at::<Chunk>(at).next.store(new.0, Release);
            }
            slot.chunk_last.store(new.0, Relaxed);
            if self.arena.header().streaming.load(Relaxed) != 0 {
                self.hand_over(full as u64);
            }
            at = new;
        }
        let chunk: &Chunk = self.arena.at(at);
        let used = chunk.used.load(Relaxed);
        self.arena.write(at, CHUNK_HEADER + used as usize, bytes);
        chunk.used.store(used + bytes.len() as u32, Release);
    }

    fn new_chunk(&self, room: usize) -> Option<Off> {
        let header = self.arena.header();
        if header.streaming.load(Relaxed) == 0 {
            let before = header.trace_bytes.fetch_add(room as u64, Relaxed);
            if before.saturating_add(room as u64) > header.trace_max.load(Relaxed) {
                header.over_limit.store(super::memory::TRACE, SeqCst);
                self.kick();
                return None;
            }
        }
        let off = self.arena.alloc(CHUNK_HEADER + room).ok()?;
        let chunk: &Chunk = self.arena.at(off);
        chunk.next.store(0, Relaxed);
        chunk.used.store(0, Relaxed);
        chunk.room.store(room as u32, Relaxed);
        Some(off)
    }

    /// Tells that so many bytes are ready to be collected. Where too many are, it waits until some have been.
    fn hand_over(&self, bytes: u64) {
        let header = self.arena.header();
        let before = header.trace_bytes.fetch_add(bytes, SeqCst);
        if before / COLLECTED_AT_ONCE != (before + bytes) / COLLECTED_AT_ONCE {
            self.wake_collector();
        }
        while header.streaming.load(SeqCst) != 0 {
            let collected = header.collected.load(SeqCst);
            if header.trace_bytes.load(SeqCst) <= header.trace_max.load(Relaxed) {
                return;
            }
            self.wake_collector();
            sys::futex_wait(&header.collected, collected, Some(sys::now_ns() + LOOK_AGAIN_NS), false);
        }
    }

    /// Events are ready, or there will be none.
    pub(super) fn wake_collector(&self) {
        let header = self.arena.header();
        header.filled.fetch_add(1, SeqCst);
        if header.collector_sleeps.load(SeqCst) != 0 {
            sys::futex_wake(&header.filled, 1, false);
        }
    }
}

/// Reads the events of an actor while it goes on.
pub(super) struct Reader {
    actor: u32,
    at: Off,
    /// How much of that chunk has been read.
    read: usize,
    /// How many events have been read.
    count: u32,
}

impl Reader {
    pub(super) fn new(actor: u32) -> Reader {
        Reader { actor, at: Off::NULL, read: 0, count: 0 }
    }

    /// Whose.
    pub(super) fn actor(&self) -> u32 {
        self.actor
    }

    /// How many events have been read.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Appends the events since the last time, as they were noted: what was written and not counted was not told, and
    /// its actor was killed in between. `left` is given each chunk that is full and has been read.
    pub(super) fn read(&mut self, arena: Arena, bytes: &mut Vec<u8>, mut left: impl FnMut(Off)) {
        let slot: &Slot = arena.at(slot_at(self.actor));
        let told = slot.seq.load(Acquire);
        if self.at.is_null() {
            self.at = Off(slot.chunk_first.load(Acquire));
        }
        while !self.at.is_null() {
            let chunk: &Chunk = arena.at(self.at);
            // The next one is there only once this one is complete.
            let next = Off(chunk.next.load(Acquire));
            let used = chunk.used.load(Acquire) as usize;
            let before = bytes.len();
            arena.append(self.at, CHUNK_HEADER + self.read, used - self.read, bytes);
            let more = bytes.get(before..).unwrap_or_default();
            let (len, count) = measure(more, told.saturating_sub(self.count));
            bytes.truncate(before + len);
            self.count += count;
            self.read += len;
            if next.is_null() || self.read < used {
                break;
            }
            left(self.at);
            (self.at, self.read) = (next, 0);
        }
    }

    /// Collects the events since the last time: the chunks that they filled are given back, and of an actor that has
    /// ended all of them.
    pub(super) fn collect(&mut self, arena: Arena, bytes: &mut Vec<u8>, has_ended: bool) {
        let slot: &Slot = arena.at(slot_at(self.actor));
        self.read(arena, bytes, |full| {
            slot.chunk_first.store(arena.at::<Chunk>(full).next.load(Relaxed), Release);
            give_back(arena, full);
        });
        if has_ended {
            slot.chunk_last.store(0, Relaxed);
            let mut at = Off(slot.chunk_first.swap(0, SeqCst));
            while !at.is_null() {
                let next = Off(arena.at::<Chunk>(at).next.load(Acquire));
                // The last one was never handed over.
                if next.is_null() {
                    arena.free(at)
                } else {
                    give_back(arena, at)
                }
                at = next;
            }
            self.at = Off::NULL;
        }
    }
}

fn give_back(arena: Arena, full: Off) {
    let room = arena.at::<Chunk>(full).room.load(Relaxed);
    arena.free(full);
    // Whoever was killed between handing it over and telling that has not counted it.
    let less = |bytes: u64| Some(bytes.saturating_sub(u64::from(room)));
    let _ = arena.header().trace_bytes.fetch_update(SeqCst, SeqCst, less);
}

/// All events of an actor, in its order.
pub(super) fn read_all(arena: Arena, actor: u32) -> Vec<Noted> {
    read_more(arena, &mut Reader::new(actor))
}

/// The events of an actor since the last time.
pub(super) fn read_more(arena: Arena, reader: &mut Reader) -> Vec<Noted> {
    let mut bytes = Vec::new();
    reader.read(arena, &mut bytes, |_| {});
    let (mut rest, mut events) = (&bytes[..], Vec::new());
    while let Some((event, after)) = first(rest) {
        events.push(event);
        rest = after;
    }
    events
}
