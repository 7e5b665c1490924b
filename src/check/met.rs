//! The states that a search has met: by their fingerprints, or whole.
//!
//! Answers for: whether a state is new, and whether it is on the way that is being walked. Kept whole, states that have
//! one fingerprint are still told apart, and counted.

use rustc_hash::FxHashSet;

use crate::machine::{Fingerprint, Packed, Space};

/// What tells states apart.
enum Known {
    ByPrint(FxHashSet<Fingerprint>),
    Whole(FxHashSet<Box<[u8]>>, FxHashSet<Fingerprint>),
}

/// States that were met.
pub(super) struct Met {
    known: Known,
    /// Those on the way that is being walked.
    on_stack: FxHashSet<Fingerprint>,
    /// Bytes of whole states.
    bytes: usize,
}

/// A state, looked up.
pub(super) enum Sight {
    /// It is new, and on the stack from now on.
    New,
    /// It was met; whether it is on the stack.
    Old(bool),
}

impl Met {
    pub(super) fn new(exact: bool) -> Met {
        let known = if exact {
            Known::Whole(FxHashSet::default(), FxHashSet::default())
        } else {
            Known::ByPrint(FxHashSet::default())
        };
        Met { known, on_stack: FxHashSet::default(), bytes: 0 }
    }

    /// Looks a state up; one that is new is noted.
    pub(super) fn meet(&mut self, space: &mut Space<'_>, state: &Packed, print: Fingerprint) -> Sight {
        let is_new = match &mut self.known {
            Known::ByPrint(known) => known.insert(print),
            Known::Whole(known, prints) => {
                prints.insert(print);
                let whole = space.canonical(state).into_boxed_slice();
                let length = whole.len();
                let is_new = known.insert(whole);
                self.bytes += if is_new { length } else { 0 };
                is_new
            }
        };
        if is_new {
            self.on_stack.insert(print);
            return Sight::New;
        }
        Sight::Old(self.on_stack.contains(&print))
    }

    /// A state is left: it is no longer on the stack.
    pub(super) fn leave(&mut self, print: Fingerprint) {
        self.on_stack.remove(&print);
    }

    /// How many states have another's fingerprint; none where that is not known.
    pub(super) fn collisions(&self) -> Option<usize> {
        match &self.known {
            Known::ByPrint(_) => None,
            Known::Whole(known, prints) => Some(known.len() - prints.len()),
        }
    }

    /// Bytes that so many more states take while the table grows, where it would have to.
    pub(super) fn bytes_to_grow(&self, more: usize) -> usize {
        match &self.known {
            Known::ByPrint(known) if known.len() + more > known.capacity() => 2 * self.bytes(),
            _ => 0,
        }
    }

    /// Bytes that they take, about.
    pub(super) fn bytes(&self) -> usize {
        // A slot and a byte beside it, of which seven in eight are used.
        let table = |capacity: usize, slot: usize| capacity.next_power_of_two() * (slot + 1);
        let known = match &self.known {
            Known::ByPrint(known) => table(known.capacity(), size_of::<Fingerprint>()),
            Known::Whole(known, prints) => {
                table(known.capacity(), size_of::<Box<[u8]>>()) + table(prints.capacity(), size_of::<Fingerprint>())
            }
        };
        known + self.bytes + table(self.on_stack.capacity(), size_of::<Fingerprint>())
    }
}
