//! What a queue consists of in the arena: two ends, which are worked at at the same time.
//!
//! Answers for: where the first message lies and where the last, how many there are and have been. Never writes a
//! message.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::mem::offset_of;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64};

use crate::os::arena::{Off, Shared, UNIT};
use crate::os::layout::ObjectHeader;
use crate::os::small_lock::END_BYTES;

/// Most blocks that a queue keeps for others.
pub(super) const SPARES_MAX: u32 = 256;

/// In which order messages come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(in crate::os) enum Order {
    Fifo,
    Lifo,
    Priority,
}

/// A queue that is no rendezvous has two ends (see `small_lock`): of those who put and of those who take, in lines of
/// memory of their own. Who has the whole of it may change everything. Who has only its back may append to a message
/// that is there, where nobody waits for one; who has only its front may take one behind which stands another, where
/// nobody waits to put.
#[repr(C)]
pub(super) struct QueueState {
    pub(super) header: ObjectHeader,
    /// Below zero: no bound.
    pub(super) capacity: AtomicI64,
    /// How many of those that were put are done with.
    pub(super) dones: AtomicI64,
    pub(super) order: AtomicU32,
    pub(super) closed: AtomicU32,
    /// 1: it has ends that are used one without the other.
    pub(super) has_ends: AtomicU32,
    pad: [AtomicU32; 29],
    pub(super) back: Back,
    pub(super) front: Front,
    /// Blocks of small messages that were taken, for others, by the number of their giving back.
    pub(super) spares: [AtomicU32; SPARES_MAX as usize],
}

/// Where messages are put.
#[repr(C)]
pub(super) struct Back {
    pub(super) lock: AtomicU32,
    /// The message that is being put, until it counts.
    pub(super) storing: AtomicU32,
    /// Below, the last message; above, how many have come, put back ones among them: one word, so that both change at
    /// once.
    pub(super) last: AtomicU64,
    /// How many were put.
    pub(super) puts: AtomicI64,
    /// How many had gone when it was looked at last.
    pub(super) gone: AtomicU32,
    /// Spare blocks used again; and given back, when it was looked at last.
    pub(super) used: AtomicU32,
    pub(super) given: AtomicU32,
    pad: [AtomicU32; END_BYTES / 4 - 9],
}

/// Where messages are taken.
#[repr(C)]
pub(super) struct Front {
    pub(super) lock: AtomicU32,
    /// Blocks given back; and used again, when it was looked at last.
    pub(super) given: AtomicU32,
    /// Below, the first message; above, how many have gone.
    pub(super) first: AtomicU64,
    pub(super) used: AtomicU32,
    pad: [AtomicU32; END_BYTES / 4 - 5],
}

const _: () = assert!(size_of::<Back>() == END_BYTES && size_of::<Front>() == END_BYTES);
const _: () = assert!(offset_of!(QueueState, front) == offset_of!(QueueState, back) + END_BYTES);
const _: () = assert!(offset_of!(QueueState, back).is_multiple_of(UNIT));

impl QueueState {
    pub(super) fn unfinished(&self) -> i64 {
        self.back.puts.load(Relaxed) - self.dones.load(Relaxed)
    }

    /// From now on each of its ends may be held by itself; `off` says where it lies.
    pub(super) fn open_ends(&self, off: Off) {
        self.has_ends.store(1, Relaxed);
        self.header.ends.store(off.0 + (offset_of!(QueueState, back) / UNIT) as u32, Relaxed);
    }

    pub(super) fn has_ends(&self) -> bool {
        self.has_ends.load(Relaxed) != 0
    }

    /// The first message, and how many have gone.
    pub(super) fn first(&self) -> (Off, u32) {
        let word = self.front.first.load(Acquire);
        (Off(word as u32), (word >> u32::BITS) as u32)
    }

    pub(super) fn set_first(&self, message: Off, gone: u32) {
        self.front.first.store(u64::from(gone) << u32::BITS | u64::from(message.0), Release);
    }

    /// The last message, and how many have come.
    pub(super) fn last(&self) -> (Off, u32) {
        let word = self.back.last.load(Relaxed);
        (Off(word as u32), (word >> u32::BITS) as u32)
    }

    pub(super) fn set_last(&self, message: Off, came: u32) {
        self.back.last.store(u64::from(came) << u32::BITS | u64::from(message.0), Release);
    }

    /// How many messages are in it. Of one that is not held, as good as is known.
    pub(super) fn count(&self) -> i64 {
        i64::from(self.last().1.wrapping_sub(self.first().1) as i32)
    }

    /// Whether there is room for one more.
    pub(super) fn has_room(&self) -> bool {
        let capacity = self.capacity.load(Relaxed);
        capacity < 0 || self.count() < capacity
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first().0.is_null()
    }
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for QueueState {}
