//! The states that a search has met: by their fingerprints, or whole.
//!
//! Answers for: whether a state is new, and whether it is on the way that is being walked. Kept whole, states that have
//! one fingerprint are still told apart, and counted.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::machine::{Fingerprint, Machine, State};

/// Numbers of states, by what tells them apart.
enum Known {
    ByPrint(FxHashMap<Fingerprint, u32>),
    Whole(FxHashMap<Box<[u8]>, u32>, FxHashSet<Fingerprint>),
}

/// States that were met.
pub(super) struct Met {
    known: Known,
    /// By number: whether it is on the stack.
    on_stack: Vec<bool>,
}

/// A state, looked up.
pub(super) enum Sight {
    /// It is new, has this number, and is on the stack from now on.
    New(u32),
    /// It was met; whether it is on the stack.
    Old(bool),
}

impl Met {
    pub(super) fn new(exact: bool) -> Met {
        let known = if exact {
            Known::Whole(FxHashMap::default(), FxHashSet::default())
        } else {
            Known::ByPrint(FxHashMap::default())
        };
        Met { known, on_stack: Vec::new() }
    }

    /// Looks a state up; one that is new is noted.
    pub(super) fn meet(&mut self, machine: &Machine, state: &State) -> (Fingerprint, Sight) {
        let next = self.on_stack.len() as u32;
        let (print, number) = match &mut self.known {
            Known::ByPrint(known) => {
                let print = machine.fingerprint(state);
                (print, *known.entry(print).or_insert(next))
            }
            Known::Whole(known, prints) => {
                let print = machine.fingerprint(state);
                prints.insert(print);
                (print, *known.entry(machine.canonical(state).into_boxed_slice()).or_insert(next))
            }
        };
        if number == next {
            self.on_stack.push(true);
            return (print, Sight::New(number));
        }
        (print, Sight::Old(self.on_stack.get(number as usize).copied().unwrap_or(false)))
    }

    /// A state is left: it is no longer on the stack.
    pub(super) fn leave(&mut self, number: u32) {
        if let Some(on_stack) = self.on_stack.get_mut(number as usize) {
            *on_stack = false;
        }
    }

    /// How many states have another's fingerprint; none where that is not known.
    pub(super) fn collisions(&self) -> Option<usize> {
        match &self.known {
            Known::ByPrint(_) => None,
            Known::Whole(known, prints) => Some(known.len() - prints.len()),
        }
    }
}
