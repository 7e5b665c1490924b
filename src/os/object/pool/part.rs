//! A part of a result: what came of one task, or of one chunk of them.
//!
//! Answers for: where its value or error is kept. Never knows when a result is there.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64};

use crate::os::arena::{Arena, Off, Shared, UNIT};
use crate::os::object::Refused;
use crate::os::park::Ctx;
use crate::os::values;
use crate::value::{Error, Value};

/// Encoded values of so many bytes at most are kept in the part itself.
const SMALL: usize = 16;

#[repr(C)]
pub(super) struct Part {
    /// Its value or error, encoded: a block, none where it is small, and its length in bytes.
    block: AtomicU32,
    len: AtomicU32,
    /// [`OPEN`], [`VALUE`] or [`ERROR`]: stored last.
    state: AtomicU32,
    /// How many tasks it has.
    pub(super) items: AtomicU32,
    /// The event that completed it.
    pub(super) done: AtomicU64,
    /// Of the entry with number `n`: the part that came to its end as the `n`th, plus 1.
    pub(super) nth: AtomicU32,
    pad: AtomicU32,
    small: [AtomicU64; 2],
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for Part {}

/// How far apart two parts lie.
pub(super) const PART_UNITS: u32 = (size_of::<Part>() / UNIT) as u32;
const _: () = assert!(size_of::<Part>().is_multiple_of(UNIT));

const OPEN: u32 = 0;
const VALUE: u32 = 1;
const ERROR: u32 = 2;

/// What came of a part, ready to be entered.
pub(super) struct Kept {
    state: u32,
    len: u32,
    block: Off,
    small: [u64; 2],
}

impl Kept {
    /// A value; the error that there is no memory for it.
    pub(super) fn value(ctx: &Ctx, value: &Value) -> Kept {
        match values::with_bytes(value, |bytes| Kept::bytes(ctx, VALUE, bytes)) {
            Ok(kept) => kept,
            Err(full) => Kept::error(ctx, &full.error),
        }
    }

    /// An error. Where there is no memory for it, it is an error all the same.
    pub(super) fn error(ctx: &Ctx, error: &Error) -> Kept {
        let nothing = |_| Kept { state: ERROR, len: 0, block: Off::NULL, small: [0; 2] };
        Kept::bytes(ctx, ERROR, &values::encode_error(error)).unwrap_or_else(nothing)
    }

    fn bytes(ctx: &Ctx, state: u32, bytes: &[u8]) -> Result<Kept, Refused> {
        let len = bytes.len() as u32;
        if bytes.len() > SMALL {
            return Ok(Kept { state, len, block: ctx.arena.alloc_bytes(bytes)?, small: [0; 2] });
        }
        let mut padded = [0; SMALL];
        padded[..bytes.len()].copy_from_slice(bytes);
        let (low, high) = padded.split_at(SMALL / 2);
        let word = |half: &[u8]| half.try_into().map_or(0, u64::from_le_bytes);
        Ok(Kept { state, len, block: Off::NULL, small: [word(low), word(high)] })
    }

    pub(super) fn is_error(&self) -> bool {
        self.state == ERROR
    }

    /// It is not entered anywhere.
    pub(super) fn drop_it(self, arena: Arena) {
        arena.free(self.block);
    }
}

impl Part {
    pub(super) fn is_open(&self) -> bool {
        self.state.load(Acquire) == OPEN
    }

    pub(super) fn has_failed(&self) -> bool {
        self.state.load(Acquire) == ERROR
    }

    /// Where its value or error is, if not in itself.
    pub(super) fn block(&self) -> Off {
        Off(self.block.load(Relaxed))
    }

    /// Writes to its memory, so that the kernel has it at hand before a lock is held for it.
    pub(super) fn touch(&self) {
        self.pad.store(0, Relaxed);
    }

    /// Opens it anew.
    pub(super) fn reopen(&self) {
        for field in [&self.block, &self.len, &self.nth, &self.items] {
            field.store(0, Relaxed);
        }
        self.done.store(0, Relaxed);
        self.state.store(OPEN, Release);
    }

    /// It has come to its end; from the last store on it has.
    pub(super) fn enter(&self, kept: Kept) {
        self.block.store(kept.block.0, Relaxed);
        self.len.store(kept.len, Relaxed);
        for (to, from) in self.small.iter().zip(kept.small) {
            to.store(from, Relaxed);
        }
        self.state.store(kept.state, Release);
    }

    /// What came of it.
    pub(super) fn came(&self, ctx: &Ctx) -> Result<Value, Error> {
        self.bytes(ctx, values::decode)
    }

    /// Appends what came of a chunk.
    pub(super) fn append_to(&self, ctx: &Ctx, items: &mut Vec<Value>) -> Result<(), Error> {
        self.bytes(ctx, |bytes| values::decode_items(bytes, items))
    }

    fn bytes<T>(&self, ctx: &Ctx, decode: impl FnOnce(&[u8]) -> T) -> Result<T, Error> {
        let has_failed = self.has_failed();
        let (block, len) = (self.block(), self.len.load(Relaxed) as usize);
        let small = [self.small[0].load(Relaxed).to_le_bytes(), self.small[1].load(Relaxed).to_le_bytes()];
        let own;
        let bytes = match block.is_null() {
            true => &small.as_flattened()[..len.min(SMALL)],
            false => {
                own = ctx.arena.read(block, 0, len);
                &own
            }
        };
        if has_failed { Err(values::decode_error(bytes)) } else { Ok(decode(bytes)) }
    }
}
