//! Who is who in the states of a graph in which one state stands for all with its fingerprint.
//!
//! In a state that is one with another, somebody else may have another's part: of two that do the same from here on, of
//! whom one is over, it does not matter which. So actors are followed from state to state by the parts that they have.
//! A strand is what belongs together that way in a component; where it comes back to a state with another part, whoever
//! goes round for ever comes to have both.
//!
//! Answers for: whether somebody could go on in every state of a component and never does. Never takes a step.

use rustc_hash::{FxHashMap, FxHashSet};

/// A step of a graph.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    /// The state that it leads to.
    pub(super) to: u32,
    /// Whose it is, by name.
    pub(super) actor: u32,
    /// The part that its actor has.
    pub(super) part: u32,
    /// The number of what becomes of the parts of those who can go on.
    pub(super) carries: u32,
}

/// What becomes of parts: which is which after a step. Each list is kept once; the first is empty.
#[derive(Debug)]
pub(super) struct Carried {
    lists: Vec<Box<[(u32, u32)]>>,
    known: FxHashMap<Box<[(u32, u32)]>, u32>,
}

impl Default for Carried {
    fn default() -> Carried {
        let none: Box<[(u32, u32)]> = Box::default();
        Carried { lists: vec![none.clone()], known: FxHashMap::from_iter([(none, 0)]) }
    }
}

impl Carried {
    /// The number of a list.
    pub(super) fn keep(&mut self, list: Vec<(u32, u32)>) -> u32 {
        let (list, next) = (list.into_boxed_slice(), self.lists.len() as u32);
        if let Some(known) = self.known.get(&list) {
            return *known;
        }
        self.lists.push(list.clone());
        self.known.insert(list, next);
        next
    }

    fn get(&self, number: u32) -> &[(u32, u32)] {
        self.lists.get(number as usize).map_or(&[], |list| list)
    }
}

/// Parts in states, joined to strands (a union-find, Tarjan 1975).
#[derive(Default)]
struct Strands {
    places: Vec<(u32, u32)>,
    numbers: FxHashMap<(u32, u32), u32>,
    above: Vec<u32>,
}

impl Strands {
    fn number(&mut self, state: u32, part: u32) -> u32 {
        let next = self.above.len() as u32;
        let number = *self.numbers.entry((state, part)).or_insert(next);
        if number == next {
            self.places.push((state, part));
            self.above.push(next);
        }
        number
    }

    fn top(&mut self, mut at: u32) -> u32 {
        while self.above[at as usize] != at {
            let above = self.above[at as usize];
            self.above[at as usize] = self.above[above as usize];
            at = above;
        }
        at
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.top(a), self.top(b));
        self.above[a as usize] = b;
    }
}

/// Whether nobody could go on in every state of a component without ever doing so there.
pub(super) fn is_fair(steps: &[Vec<Edge>], carried: &Carried, component: &FxHashSet<u32>) -> bool {
    let mut strands = Strands::default();
    let (mut able, mut moves) = (FxHashSet::default(), FxHashSet::default());
    for at in component {
        for edge in &steps[*at as usize] {
            let own = strands.number(*at, edge.part);
            able.insert(own);
            if component.contains(&edge.to) {
                moves.insert(own);
                for (part, then) in carried.get(edge.carries).iter().filter(|(_, then)| *then != 0) {
                    let (one, other) = (strands.number(*at, *part), strands.number(edge.to, *then));
                    strands.join(one, other);
                }
            }
        }
    }
    let moving: FxHashSet<u32> = moves.into_iter().map(|at| strands.top(at)).collect();
    let mut rests: FxHashSet<u32> = FxHashSet::default();
    let mut states: FxHashMap<u32, FxHashSet<u32>> = FxHashMap::default();
    for at in 0..strands.above.len() as u32 {
        let (top, state) = (strands.top(at), strands.places[at as usize].0);
        states.entry(top).or_default().insert(state);
        if !able.contains(&at) {
            rests.insert(top);
        }
    }
    let is_passed_over = |(top, states): (&u32, &FxHashSet<u32>)| {
        states.len() == component.len() && !rests.contains(top) && !moving.contains(top)
    };
    !states.iter().any(is_passed_over)
}
