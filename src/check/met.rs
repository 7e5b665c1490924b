//! The states that a search has met: by their fingerprints, or whole.
//!
//! Several workers may look states up at a time: the table lies in parts, by fingerprint, and each part grows alone.
//!
//! Answers for: whether a state is new, and whether it is still being walked from. Kept whole, states that have one
//! fingerprint are still told apart, and counted.

use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;

use super::table::{Known, Table};
use crate::machine::{Fingerprint, Packed, Space};

/// The parts of the table are told apart by so many bits of a fingerprint.
const BITS: u32 = 6;

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
    prints: Table,
    states: FxHashMap<Box<[u8]>, Known>,
    /// Bytes of whole states.
    bytes: usize,
}

/// Some of its steps may still be taken.
const OPEN: Known = 1 << 15;
/// Those who can be asleep.
pub(super) const SLEEPERS: Known = OPEN - 1;

/// A state, looked up.
pub(super) enum Sight {
    /// It is new, and open from now on.
    New,
    /// It was met, with more asleep than now: those who are awake from now on. It is open again.
    Woken(Known),
    /// It was met; whether it is open, where that is known.
    Old(bool),
}

impl Met {
    /// With nothing in it. Which states are open need not be known where no state can be come back to.
    pub(super) fn new(whole: bool, may_come_back: bool) -> Met {
        // What a plan says is looked into wherever that is cheap.
        let tells_open = may_come_back || cfg!(debug_assertions);
        let parts = (0..1 << BITS).map(|_| Mutex::default()).collect();
        Met { parts, whole, tells_open }
    }

    fn part(&self, print: Fingerprint) -> MutexGuard<'_, Part> {
        // Tables take other bits.
        let bits = (print.0 >> (u128::BITS - BITS)) as usize;
        self.parts[bits].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sum(&self, of: impl Fn(&Part) -> usize) -> usize {
        self.parts.iter().map(|part| of(&part.lock().unwrap_or_else(PoisonError::into_inner))).sum()
    }

    /// Looks a state up, in which some sleep; one that is new is noted.
    pub(super) fn meet(&self, space: &Space<'_>, state: &Packed, print: Fingerprint, asleep: Known) -> Sight {
        let whole = self.whole.then(|| space.canonical(state).into_boxed_slice());
        let opens = if self.tells_open { OPEN } else { 0 };
        let mut part = self.part(print);
        let by_print = |part: &mut Part, asleep: Known| {
            let known = part.prints.meet(print, asleep | opens);
            known.map_or(Sight::New, |known| meet_again(known, asleep, opens))
        };
        let Some(whole) = whole else { return by_print(&mut part, asleep) };
        // Which are open is known by fingerprint.
        let by_print = by_print(&mut part, 0);
        let length = whole.len();
        let by_state = match part.states.entry(whole) {
            Entry::Vacant(vacant) => {
                vacant.insert(asleep);
                part.bytes += length;
                Sight::New
            }
            Entry::Occupied(mut entry) => meet_again(entry.get_mut(), asleep, 0),
        };
        match by_state {
            Sight::New => Sight::New,
            Sight::Woken(woken) => {
                part.prints.get_mut(print).into_iter().for_each(|known| *known |= opens);
                Sight::Woken(woken)
            }
            Sight::Old(_) => Sight::Old(matches!(by_print, Sight::Old(true))),
        }
    }

    /// All steps of a state were taken, and all that came of them.
    pub(super) fn close(&self, print: Fingerprint) {
        if self.tells_open {
            self.part(print).prints.get_mut(print).into_iter().for_each(|known| *known &= !OPEN);
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

/// A state that was met before is met with some asleep.
fn meet_again(known: &mut Known, asleep: Known, opens: Known) -> Sight {
    let woken = *known & SLEEPERS & !asleep;
    if woken == 0 {
        return Sight::Old(*known & OPEN != 0);
    }
    *known = (*known & !woken) | opens;
    Sight::Woken(woken)
}

impl Part {
    fn bytes(&self) -> usize {
        // A slot and a byte beside it, of which seven in eight are used.
        let slots = if self.states.capacity() == 0 { 0 } else { (self.states.capacity() + 1).next_power_of_two() };
        let states = slots * (size_of::<(Box<[u8]>, Known)>() + 1);
        self.prints.bytes() + states + self.bytes
    }
}
