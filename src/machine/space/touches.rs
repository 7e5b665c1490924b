//! Sets of touches, each kept once.
//!
//! Answers for: their numbers, and what two of them are to each other. Never looks at a state.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::machine::foresight::{Thing, Touch, Way, distrusted};

/// The number of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Set(u32);

/// The number of what is released by whoever may not hold it; the first is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Opened(u32);

/// The order of what one does next and of what the other does may matter.
pub(super) const CONFLICTS: u8 = 1;
/// The other may let the one go on.
pub(super) const ENABLES: u8 = 2;
/// The same, where it holds the lock for which the one waits.
pub(super) const ENABLES_AS_HOLDER: u8 = 4;
/// It was not found out yet.
const UNKNOWN: u8 = u8::MAX;

/// All sets.
#[derive(Debug, Default)]
pub(super) struct Sets {
    all: Vec<Arc<[Touch]>>,
    known: FxHashMap<Arc<[Touch]>, Set>,
    /// By set: what is released by who may not hold it.
    opened: Vec<Opened>,
    /// What is so released, each once; the first is nothing.
    things: Vec<Vec<Thing>>,
    /// What several of them are together.
    joined: FxHashMap<(Opened, Opened), Opened>,
    /// Sets in which nobody is sure to hold these.
    distrusted: FxHashMap<(Set, Opened), Set>,
    /// By what is next and what may follow: what two are to each other, as far as it was found out.
    pairs: Vec<Vec<u8>>,
    pairs_room: usize,
}

impl Sets {
    pub(super) fn keep(&mut self, touches: Vec<Touch>) -> Set {
        if let Some(set) = self.known.get(touches.as_slice()) {
            return *set;
        }
        let opens = touches.iter().filter(|touch| touch.way == Way::Open).map(|touch| touch.thing);
        let mut opens: Vec<Thing> = opens.collect();
        opens.sort_unstable();
        opens.dedup();
        let opens = self.open(opens);
        self.opened.push(opens);
        let touches: Arc<[Touch]> = touches.into();
        let set = Set(self.all.len() as u32);
        self.all.push(Arc::clone(&touches));
        self.known.insert(touches, set);
        set
    }

    pub(super) fn get(&self, set: Set) -> &[Touch] {
        self.all.get(set.0 as usize).map_or(&[], |touches| touches)
    }

    fn open(&mut self, things: Vec<Thing>) -> Opened {
        if self.things.is_empty() {
            self.things.push(Vec::new());
        }
        let known = self.things.iter().position(|known| *known == things);
        let known = known.unwrap_or_else(|| {
            self.things.push(things);
            self.things.len() - 1
        });
        Opened(known as u32)
    }

    /// Whether anything is released by who may not hold it, in any set.
    #[inline]
    pub(super) fn open_something(&self) -> bool {
        self.things.len() > 1
    }

    /// What of a set is released by who may not hold it.
    #[inline]
    pub(super) fn opens(&self, set: Set) -> Opened {
        self.opened.get(set.0 as usize).copied().unwrap_or_default()
    }

    /// Both together.
    #[inline]
    pub(super) fn join(&mut self, a: Opened, b: Opened) -> Opened {
        if a == b || b == Opened::default() {
            return a;
        }
        if let Some(known) = self.joined.get(&(a, b)) {
            return *known;
        }
        let mut things: Vec<Thing> =
            [a, b].iter().filter_map(|one| self.things.get(one.0 as usize)).flatten().copied().collect();
        things.sort_unstable();
        things.dedup();
        let joined = self.open(things);
        self.joined.insert((a, b), joined);
        joined
    }

    /// The set as it is where these may be released by whoever does not hold them.
    pub(super) fn distrust(&mut self, set: Set, opened: Opened) -> Set {
        if let Some(known) = self.distrusted.get(&(set, opened)) {
            return *known;
        }
        let things = self.things.get(opened.0 as usize).cloned().unwrap_or_default();
        let touches = self.get(set).iter().map(|touch| distrusted(*touch, &things)).collect();
        let unsure = self.keep(touches);
        self.distrusted.insert((set, opened), unsure);
        unsure
    }

    /// What whoever does next as in `now` and another who does as in `all` are to each other.
    #[inline]
    pub(super) fn pair(&mut self, now: Set, all: Set) -> u8 {
        let row = self.pairs.get(now.0 as usize);
        if let Some(known) = row.and_then(|row| row.get(all.0 as usize)).filter(|known| **known != UNKNOWN) {
            return *known;
        }
        self.find_pair(now, all)
    }

    #[cold]
    fn find_pair(&mut self, now: Set, all: Set) -> u8 {
        let found = self.find(now, all);
        let (row, column) = (now.0 as usize, all.0 as usize);
        if self.pairs.len() <= row {
            self.pairs.resize_with(row + 1, Vec::new);
        }
        let row = &mut self.pairs[row];
        if row.len() <= column {
            self.pairs_room += self.all.len() - row.len();
            row.resize(self.all.len(), UNKNOWN);
        }
        row[column] = found;
        found
    }

    fn find(&self, now: Set, all: Set) -> u8 {
        let mut found = 0;
        for own in self.get(now) {
            for other in self.get(all) {
                if own.conflicts(*other) {
                    found |= CONFLICTS;
                }
                if own.is_enabled_by(*other) {
                    // Only its holder leaves a lock, or whoever releases it without having acquired it.
                    let as_holder = matches!((own.thing, own.way), (Thing::Object(..), Way::Acquire));
                    found |= if as_holder && other.way == Way::Leave { ENABLES_AS_HOLDER } else { ENABLES };
                }
            }
        }
        found
    }

    /// Whether one of those who does as in `all` lets one go on that waits as in `now`, if these locks are its own.
    pub(super) fn enables(&self, now: Set, all: Set, held: &[u32]) -> bool {
        self.get(now).iter().any(|own| {
            let mut enabling = self.get(all).iter().filter(|other| own.is_enabled_by(**other));
            match (own.thing, own.way) {
                (Thing::Object(lock, _), Way::Acquire) => {
                    enabling.any(|other| other.way != Way::Leave || held.contains(&lock))
                }
                _ => enabling.next().is_some(),
            }
        })
    }

    /// Bytes that they take, about.
    pub(super) fn bytes(&self) -> usize {
        let touches: usize = self.all.iter().map(|set| set.len() * size_of::<Touch>()).sum();
        touches + self.all.len() * 100 + self.pairs_room
    }

    pub(super) fn clear(&mut self) {
        *self = Sets::default();
    }
}
