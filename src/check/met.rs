//! The states that a search has met: by their fingerprints, or whole.
//!
//! Several workers may look states up at a time: the table lies in parts, by fingerprint, and each part grows alone.
//!
//! Answers for: whether a state is new, and whether it is still being walked from. Kept whole, states that have one
//! fingerprint are still told apart, and counted.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashSet;

use crate::machine::{Fingerprint, Packed, Space};

/// The parts of the table; a power of two.
const PARTS: usize = 64;

/// States that were met.
pub(super) struct Met {
    parts: Box<[Mutex<Part>]>,
    /// Whether states are kept whole.
    whole: bool,
    /// Whether it is known which states are open.
    tells_open: bool,
}

/// Those whose fingerprints end alike.
#[derive(Default)]
struct Part {
    prints: FxHashSet<Fingerprint>,
    states: FxHashSet<Box<[u8]>>,
    /// Those of which some steps may still be taken.
    open: FxHashSet<Fingerprint>,
    /// Bytes of whole states.
    bytes: usize,
}

/// A state, looked up.
pub(super) enum Sight {
    /// It is new, and open from now on.
    New,
    /// It was met; whether it is open, where that is known.
    Old(bool),
}

impl Met {
    /// With nothing in it. Which states are open need not be known where no state can be come back to.
    pub(super) fn new(whole: bool, may_come_back: bool) -> Met {
        // What a plan says is looked into wherever that is cheap.
        let tells_open = may_come_back || cfg!(debug_assertions);
        Met { parts: (0..PARTS).map(|_| Mutex::default()).collect(), whole, tells_open }
    }

    fn part(&self, print: Fingerprint) -> MutexGuard<'_, Part> {
        // Tables take the low bits.
        let at = (print.0 >> 96) as usize % PARTS;
        self.parts[at].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sum(&self, of: impl Fn(&Part) -> usize) -> usize {
        self.parts.iter().map(|part| of(&part.lock().unwrap_or_else(PoisonError::into_inner))).sum()
    }

    /// Looks a state up; one that is new is noted.
    pub(super) fn meet(&self, space: &Space<'_>, state: &Packed, print: Fingerprint) -> Sight {
        let whole = self.whole.then(|| space.canonical(state).into_boxed_slice());
        let mut part = self.part(print);
        let is_new = match whole {
            None => part.prints.insert(print),
            Some(whole) => {
                part.prints.insert(print);
                let length = whole.len();
                let is_new = part.states.insert(whole);
                part.bytes += if is_new { length } else { 0 };
                is_new
            }
        };
        if is_new {
            if self.tells_open {
                part.open.insert(print);
            }
            return Sight::New;
        }
        Sight::Old(part.open.contains(&print))
    }

    /// All steps of a state were taken, and all that came of them.
    pub(super) fn close(&self, print: Fingerprint) {
        if self.tells_open {
            self.part(print).open.remove(&print);
        }
    }

    /// How many states have another's fingerprint; none where that is not known.
    pub(super) fn collisions(&self) -> Option<usize> {
        self.whole.then(|| self.sum(|part| part.states.len() - part.prints.len()))
    }

    /// Bytes that it takes while a part of it grows, beside what it takes anyway.
    pub(super) fn bytes_to_grow(&self) -> usize {
        let largest = |part: &Mutex<Part>| part.lock().unwrap_or_else(PoisonError::into_inner).bytes();
        2 * self.parts.iter().map(largest).max().unwrap_or_default()
    }

    /// Bytes that states take, about.
    pub(super) fn bytes(&self) -> usize {
        self.sum(Part::bytes)
    }
}

impl Part {
    fn bytes(&self) -> usize {
        // A slot and a byte beside it, of which seven in eight are used.
        let table = |capacity: usize, slot: usize| {
            if capacity == 0 { 0 } else { (capacity + 1).next_power_of_two() * (slot + 1) }
        };
        let prints = table(self.prints.capacity(), size_of::<Fingerprint>());
        let states = table(self.states.capacity(), size_of::<Box<[u8]>>());
        prints + states + self.bytes + table(self.open.capacity(), size_of::<Fingerprint>())
    }
}
