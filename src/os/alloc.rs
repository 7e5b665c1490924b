//! Blocks of the arena: size classes, free lists without locks.
//!
//! Answers for: giving out and taking back blocks. A process killed in the middle of either leaks at most one block and
//! never breaks a list. Never looks into a block.

use std::sync::atomic::{AtomicU32, Ordering};

use super::arena::{ARENA_BYTES, Arena, Off, UNIT};
use super::layout::{BLOCKS_AT, CLASSES, HEADER_AT, Header};

/// Smallest block, its own header included.
const SMALLEST: usize = 32;
/// A line of memory, of which processors have copies.
const LINE: u64 = 64;
/// The header of a block: its class (and, while free, the next free one).
pub(super) const BLOCK_HEADER: usize = UNIT;

/// The arena is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutOfMemory;

fn class_of(bytes: usize) -> usize {
    let whole = (bytes + BLOCK_HEADER).max(SMALLEST).next_power_of_two();
    (whole / SMALLEST).trailing_zeros() as usize
}

/// How many bytes fit into a block that was asked for with so many.
pub(super) fn capacity(bytes: usize) -> usize {
    (SMALLEST << class_of(bytes)) - BLOCK_HEADER
}

impl Arena {
    /// The header of the arena.
    pub(super) fn header(&self) -> &'static Header {
        self.at(Off::from_bytes(HEADER_AT))
    }

    /// Makes an arena ready to give out blocks.
    pub(super) fn format(&self) {
        self.header().bump.store(BLOCKS_AT as u64, Ordering::SeqCst);
        self.header().bump_max.store(ARENA_BYTES as u64, Ordering::SeqCst);
    }

    /// A block of at least that many bytes, contents undefined.
    pub(super) fn alloc(&self, bytes: usize) -> Result<Off, OutOfMemory> {
        let class = class_of(bytes);
        if class >= CLASSES {
            return Err(self.is_full());
        }
        if let Some(block) = self.pop_free(class) {
            return Ok(block);
        }
        let size = (SMALLEST << class) as u64;
        let (bump, max) = (&self.header().bump, self.header().bump_max.load(Ordering::Relaxed));
        // Never past the end, however many ask at the same time: the position is taken only where the block fits.
        // Small blocks do not cross lines of memory.
        let placed = |at: u64| at.next_multiple_of(size.min(LINE));
        let before = bump
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |at| Some(placed(at) + size).filter(|end| *end <= max))
            .map_err(|_| self.is_full())?;
        let start = placed(before);
        let head = Off::from_bytes(start as usize);
        self.at::<AtomicU32>(head).store(class as u32, Ordering::Relaxed);
        Ok(Off(head.0 + 1))
    }

    /// Notes that the run is over its limit.
    #[cold]
    fn is_full(&self) -> OutOfMemory {
        self.header().over_limit.store(super::memory::SHARED, Ordering::SeqCst);
        OutOfMemory
    }

    /// A block of zeroes.
    pub(super) fn alloc_zeroed(&self, bytes: usize) -> Result<Off, OutOfMemory> {
        let block = self.alloc(bytes)?;
        self.write(block, 0, &vec![0; bytes]);
        Ok(block)
    }

    /// A block with these bytes.
    pub(super) fn alloc_bytes(&self, bytes: &[u8]) -> Result<Off, OutOfMemory> {
        let block = self.alloc(bytes.len())?;
        self.write(block, 0, bytes);
        Ok(block)
    }

    /// Takes a block back. Nowhere is fine.
    pub(super) fn free(&self, block: Off) {
        if block.is_null() {
            return;
        }
        let head = Off(block.0 - 1);
        let class = self.at::<AtomicU32>(head).load(Ordering::Relaxed) as usize;
        let list = &self.header().free[class.min(CLASSES - 1)];
        let next = self.at::<AtomicU32>(block);
        let mut top = list.load(Ordering::Acquire);
        loop {
            next.store(top as u32, Ordering::Relaxed);
            let new = ((top >> 32).wrapping_add(1) << 32) | block.0 as u64;
            match list.compare_exchange_weak(top, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return,
                Err(now) => top = now,
            }
        }
    }

    fn pop_free(&self, class: usize) -> Option<Off> {
        let list = &self.header().free[class];
        let mut top = list.load(Ordering::Acquire);
        loop {
            let block = Off(top as u32);
            if block.is_null() {
                return None;
            }
            // Another may take the block and write to it meanwhile: then the count has changed and the exchange fails.
            let next = self.at::<AtomicU32>(block).load(Ordering::Relaxed);
            let new = ((top >> 32).wrapping_add(1) << 32) | next as u64;
            match list.compare_exchange_weak(top, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some(block),
                Err(now) => top = now,
            }
        }
    }
}
