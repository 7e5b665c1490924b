//! A table of fingerprints that takes little more room than they do.
//!
//! Open addressing by linear probing, in which keys stand in the order of their hashes (Amble and Knuth, Ordered hash
//! tables, The Computer Journal 17(2), 1974): whoever looks for one stops at the first that is greater, so that the
//! table may be four fifths full, and it grows by an eighth, in one pass, without hashing anything anew.
//!
//! Answers for: what is known of a fingerprint. Never forgets one.

use crate::machine::Fingerprint;

/// What is known of a state: a bit each.
pub(super) type Known = u16;

/// A fingerprint in two halves, of which the first is as good as a hash. None is nought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Key {
    hash: u64,
    more: u64,
}

impl Key {
    const NONE: Key = Key { hash: 0, more: 0 };

    #[inline]
    fn of(Fingerprint(print): Fingerprint) -> Key {
        let print = print.max(1);
        Key { hash: print as u64, more: (print >> u64::BITS) as u64 }
    }
}

/// Without room between a key and what follows it.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, packed(2))]
struct Slot {
    key: Key,
    known: Known,
}

/// Fingerprints, with what is known of each.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// The last is always free.
    slots: Vec<Slot>,
    /// Slots to which hashes lead; those behind are for who finds the last of them taken.
    places: usize,
    len: usize,
}

/// Slots behind those to which hashes lead, unless more are needed.
const BEHIND: usize = 8;
/// Places of a table in which there is something.
const PLACES_MIN: usize = 8;

impl Table {
    /// How many fingerprints there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// What is known of one; it is there from now on, with `new` where it was not, and then there is nothing to give.
    #[inline]
    pub(super) fn meet(&mut self, print: Fingerprint, new: Known) -> Option<&mut Known> {
        if self.len * 5 >= self.places * 4 {
            self.grow();
        }
        let key = Key::of(print);
        let at = self.find(key);
        if { self.slots[at].key } == key {
            return Some(&mut self.slots[at].known);
        }
        self.put(at, Slot { key, known: new });
        None
    }

    /// What is known of one that is there.
    pub(super) fn get_mut(&mut self, print: Fingerprint) -> Option<&mut Known> {
        let key = Key::of(print);
        let at = self.find(key);
        self.slots.get_mut(at).filter(|slot| { slot.key } == key).map(|slot| &mut slot.known)
    }

    /// Bytes that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }

    /// Where a hash leads: in their order.
    #[inline]
    fn place(&self, hash: u64) -> usize {
        ((u128::from(hash) * self.places as u128) >> u64::BITS) as usize
    }

    /// Where a key stands, or would.
    #[inline]
    fn find(&self, key: Key) -> usize {
        let first = self.place(key.hash);
        let ends = |slot: &Slot| {
            let there = slot.key;
            there.hash > key.hash || there == key || there == Key::NONE
        };
        let behind = self.slots.get(first..).unwrap_or_default();
        first + behind.iter().position(ends).unwrap_or(behind.len())
    }

    /// Puts one in a slot; those from there on to a free slot move up by one.
    fn put(&mut self, at: usize, slot: Slot) {
        let taken = self.slots[at..].iter().take_while(|slot| { slot.key } != Key::NONE).count();
        self.slots.copy_within(at..at + taken, at + 1);
        self.slots[at] = slot;
        self.len += 1;
        self.leave_free(at + taken);
    }

    /// There is a free slot behind one.
    #[inline]
    fn leave_free(&mut self, at: usize) {
        if at + 1 >= self.slots.len() {
            let length = at + 1 + BEHIND;
            self.slots.reserve_exact(length - self.slots.len());
            self.slots.resize(length, Slot::default());
        }
    }

    #[cold]
    fn grow(&mut self) {
        let places = (self.places + self.places / 8 + 1).max(PLACES_MIN);
        let mut larger = Table { slots: vec![Slot::default(); places + BEHIND], places, len: self.len };
        let mut next = 0;
        for slot in self.slots.iter().filter(|slot| { slot.key } != Key::NONE) {
            let at = larger.place(slot.key.hash).max(next);
            larger.leave_free(at);
            larger.slots[at] = *slot;
            next = at + 1;
        }
        *self = larger;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    /// Fingerprints whose hashes are few, near the least, near the greatest, or anywhere.
    fn print() -> impl Strategy<Value = u128> {
        let hash = prop_oneof![0u64..4, (u64::MAX - 3)..=u64::MAX, Just(1 << 63), any::<u64>()];
        (hash, 0u64..8).prop_map(|(low, high)| u128::from(high) << 64 | u128::from(low))
    }

    proptest! {
        #[test]
        fn it_knows_what_a_map_knows(steps in prop::collection::vec((print(), any::<u16>(), any::<bool>()), 0..600)) {
            let (mut table, mut map) = (Table::default(), HashMap::<u128, u16>::new());
            for (print, known, changes) in steps {
                // Nought and one are the same to it.
                let print = print.max(1);
                let was = map.get(&print).copied();
                prop_assert_eq!(table.get_mut(Fingerprint(print)).map(|known| *known), was);
                if changes {
                    table.get_mut(Fingerprint(print)).into_iter().for_each(|there| *there = known);
                    map.entry(print).and_modify(|there| *there = known);
                } else {
                    prop_assert_eq!(table.meet(Fingerprint(print), known).map(|known| *known), was);
                    map.entry(print).or_insert(known);
                }
                prop_assert_eq!(table.len(), map.len());
            }
            for (print, known) in map {
                prop_assert_eq!(table.get_mut(Fingerprint(print)).copied(), Some(known));
            }
        }
    }

    #[test]
    fn it_is_never_much_larger_than_what_is_in_it() {
        let mut table = Table::default();
        for number in 0..20_000u64 {
            // Any mixing will do.
            let hash = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            table.meet(Fingerprint(u128::from(hash ^ hash >> 31)), 0);
            let most = (size_of::<Slot>() * 3 / 2) * table.len() + (BEHIND + PLACES_MIN + 1) * size_of::<Slot>();
            assert!(table.bytes() <= most, "{} bytes for {}", table.bytes(), table.len());
        }
    }
}
