//! The parts of states, each kept once, and what is known of each.
//!
//! Answers for: numbers of parts, and what a state answers that consists of some. Never takes a step.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::exact;
use super::memo::Node;
use crate::machine::actor::{Actor, Phase};
use crate::machine::canonical::Ways;
use crate::machine::object::Entry;
use crate::machine::object::queue::Stand;
use crate::machine::shape::{Key, Ref, Shape};
use crate::machine::state::{Head, State};
use crate::machine::watch::{Asked, Flag, Watch};
use crate::machine::{MAIN, Machine};

/// The answer where there is nobody to ask.
const NOBODY: u32 = u32::MAX;
/// What is allocated for an actor's computing beside its bytes, about.
const VM_BYTES: usize = 400;
/// Of so many ways to number a state it is known what a part contributes to its fingerprint.
const TREES: usize = 4;
/// Bytes of what tells a part from others where it holds little.
const SHORT_BYTES: usize = 128;
/// How many times as long as that a value in a list is.
const VALUE_TIMES: usize = 24;

/// Actors that a part names, as bits.
#[derive(Clone, Copy, Debug, Default)]
struct Names {
    each: u64,
    children: u64,
    sets: u64,
}

/// Actors as bits; none where one has none, or comes twice.
fn bits(ids: &[u32]) -> Option<u64> {
    ids.iter().try_fold(0u64, |bits, id| {
        let bit = 1u64.checked_shl(*id)?;
        (bits & bit == 0).then_some(bits | bit)
    })
}

impl Names {
    fn of(refs: &[Ref]) -> Option<Names> {
        let mut names = Names::default();
        for one in refs {
            match one {
                Ref::Actor(_) | Ref::Group(_) => names.each |= bits(one.named(false))?,
                Ref::Set { all, .. } => names.sets |= bits(all)?,
                Ref::Children(children) => names.children |= bits(children)?,
                Ref::Until(_) => {}
                Ref::Object(_) | Ref::Done { .. } => return None,
            }
        }
        Some(names)
    }
}

/// A part of states.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) is: Is,
    /// The hash of its shape, and what is in the holes.
    pub(super) key: Key,
    pub(super) refs: Box<[Ref]>,
    /// By bits: what is true of an actor.
    flags: u8,
    /// The number of what decides which operations on an object can be performed; of others their own.
    stand: u32,
    /// Bytes of what it holds, about.
    contents: u32,
    /// Of an actor: what it was begun with.
    pub(super) alike: u64,
    /// Whether it has started others.
    pub(super) starts: bool,
    /// The actors that it names, by number, and those who are in sets that it has; none where there are too many for
    /// that, or objects.
    names: Option<Names>,
    /// Whether its contribution to a fingerprint rests on its own number alone.
    is_simple: bool,
    /// What it contributes to a fingerprint, by what that rests on: the last few, or the only one.
    contributes: Box<[Cell<Option<Contribution>>]>,
    /// Of an actor: where what it can do is found.
    pub(super) tree: Cell<Option<Node>>,
}

/// What a part contributes to a fingerprint, and what that rests on.
#[derive(Clone, Copy, Debug)]
struct Contribution {
    basis: u32,
    is: [u8; 16],
}

#[derive(Debug)]
pub(super) enum Is {
    Actor(Arc<Actor>),
    Object(Arc<Entry>),
    Head(Head, Rc<Layout>),
}

/// Who there is, by place.
#[derive(Debug)]
pub(super) struct Layout {
    actors: Box<[u32]>,
    objects: Box<[u32]>,
}

impl Layout {
    #[inline]
    fn find(ids: &[u32], guess: usize, id: u32) -> Option<usize> {
        if ids.get(guess) == Some(&id) {
            return Some(guess);
        }
        ids.binary_search(&id).ok()
    }

    #[inline]
    pub(super) fn actor(&self, id: u32) -> Option<usize> {
        Layout::find(&self.actors, id.wrapping_sub(MAIN) as usize, id)
    }

    #[inline]
    pub(super) fn object(&self, id: u32) -> Option<usize> {
        Layout::find(&self.objects, id as usize, id)
    }

    pub(super) fn actors(&self) -> &[u32] {
        &self.actors
    }

    pub(super) fn objects(&self) -> &[u32] {
        &self.objects
    }
}

impl Part {
    pub(super) fn actor(&self) -> Option<&Arc<Actor>> {
        match &self.is {
            Is::Actor(actor) => Some(actor),
            _ => None,
        }
    }

    pub(super) fn object(&self) -> Option<&Arc<Entry>> {
        match &self.is {
            Is::Object(entry) => Some(entry),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn has(&self, flag: Flag) -> bool {
        self.flags & flag as u8 != 0
    }

    /// Bytes that it takes, about.
    fn bytes(&self) -> usize {
        let is = match &self.is {
            Is::Actor(_) => size_of::<Actor>() + VM_BYTES,
            Is::Object(_) => size_of::<Entry>() + 64,
            Is::Head(_, layout) => (layout.actors.len() + layout.objects.len()) * size_of::<u32>() + 64,
        };
        size_of::<Part>()
            + size_of_val(&*self.contributes)
            + size_of_val(&*self.refs)
            + is
            + self.contents as usize
            + 32
    }

    /// Whether another in its place is another to those who look only at what is true of an actor, or at what decides
    /// which operations on an object can be performed.
    pub(super) fn looks_other(&self, other: &Part) -> bool {
        match self.is {
            Is::Actor(_) => self.flags != other.flags,
            _ => self.stand != other.stand,
        }
    }

    pub(super) fn stand(&self) -> u32 {
        self.stand
    }

    /// Whether another in its place leaves the order of actors as it is (see [`canonical::sort_alike`]).
    pub(super) fn orders_alike(&self, other: &Part, ways: Ways, parts: &Parts) -> bool {
        match self.actor() {
            // Whom it names tells those apart.
            Some(actor) if actor.id == MAIN => self.refs == other.refs || self.named(ways).eq(other.named(ways)),
            Some(_) => self.key == other.key || !parts.has_twin(self.alike),
            None => self.refs == other.refs,
        }
    }

    fn named(&self, ways: Ways) -> impl Iterator<Item = &u32> {
        self.refs.iter().flat_map(move |one| one.named(!ways.sets))
    }

    /// The actors that it names one by one, as bits; none where some of them have none, or where it names more than
    /// actors.
    pub(super) fn names(&self, ways: Ways) -> Option<u64> {
        self.names.map(|names| if ways.sets { names.each } else { names.each | names.sets })
    }

    /// Whether what it contributes to a fingerprint rests on which numbers these have, where some are over.
    pub(super) fn rests_on(&self, moved: u64, ended: u64) -> bool {
        let Some(names) = self.names else { return true };
        // What they have together stays the same where all of them are there, and go on.
        let is_split = |set: u64| {
            let set = set & !ended;
            set & moved != 0 && moved & !set != 0
        };
        let splits = |one: &Ref| matches!(one, Ref::Set { all, .. } if bits(all).is_none_or(is_split));
        names.each & moved != 0 || is_split(names.children) || names.sets & moved != 0 && self.refs.iter().any(splits)
    }

    /// Those whom it has started, and whose ends it has not told of.
    fn children(&self) -> Option<&[u32]> {
        self.refs.iter().find_map(Ref::children)
    }

    /// What it contributes to the fingerprint of a state that is numbered like this, where that is known.
    #[inline]
    pub(super) fn contribution(&self, basis: Basis) -> Option<u128> {
        let basis = if self.is_simple { basis.number } else { basis.tree };
        let known = self.contributes[basis as usize % self.contributes.len()].get();
        known.filter(|known| known.basis == basis).map(|known| u128::from_le_bytes(known.is))
    }

    /// Notes that.
    pub(super) fn contributes(&self, basis: Basis, contribution: u128) {
        let basis = if self.is_simple { basis.number } else { basis.tree };
        let is = contribution.to_le_bytes();
        self.contributes[basis as usize % self.contributes.len()].set(Some(Contribution { basis, is }));
    }

    /// Whether another in its place leaves all numbers as they are, where these are over.
    #[inline]
    pub(super) fn names_alike(&self, other: &Part, ways: Ways, ended: u64) -> bool {
        match (self.names(ways), other.names(ways)) {
            (Some(names), Some(others)) if self.flags == other.flags => {
                (names ^ others) & ended == 0 && (!self.starts && !other.starts || self.children() == other.children())
            }
            _ => false,
        }
    }
}

/// What the contribution of a part rests on: the tree of its state, and its own number there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Basis {
    pub(super) tree: u32,
    pub(super) number: u32,
}

/// All parts.
#[derive(Debug, Default)]
pub(super) struct Parts {
    all: Vec<Part>,
    known: FxHashMap<Box<[u8]>, u32>,
    free: Vec<u32>,
    /// What decides which operations on an object can be performed, where that is less than all of it.
    stands: FxHashMap<Stand, u32>,
    /// Lists that are answers.
    lists: FxHashMap<Vec<(u32, Option<u32>)>, u32>,
    /// By what actors were begun with: the first that was met, and whether there was another.
    twins: FxHashMap<u64, (u32, bool)>,
    /// The actors that have twins, as bits; whether some have none.
    twin_bits: u64,
    has_far_twins: bool,
    bytes: usize,
}

impl Parts {
    /// Whether there are several that were begun with the same.
    fn has_twin(&self, alike: u64) -> bool {
        self.twins.get(&alike).is_some_and(|(_, has_twin)| *has_twin)
    }

    /// Whether all actors that have twins are among some, as bits.
    pub(super) fn twins_are_among(&self, some: u64) -> bool {
        self.twin_bits & !some == 0 && !self.has_far_twins
    }

    #[inline]
    pub(super) fn get(&self, number: u32) -> Option<&Part> {
        self.all.get(number as usize)
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn keep(&mut self, exact: Vec<u8>, make: impl FnOnce() -> (Is, Shape, u8)) -> u32 {
        if let Some(number) = self.known.get(exact.as_slice()) {
            return *number;
        }
        let (is, shape, flags) = make();
        let key = shape.key();
        let starts = shape.refs.iter().any(|one| one.children().is_some());
        let names = Names::of(&shape.refs);
        let rests = |one: &Ref| !matches!(one, Ref::Actor(MAIN));
        let is_simple = !shape.refs.iter().any(rests);
        // An object has no number that could be another.
        let count = if is_simple && !matches!(is, Is::Actor(_)) { 1 } else { TREES };
        let (tree, contributes) = (Cell::new(None), (0..count).map(|_| Cell::new(None)).collect());
        let alike = if let Is::Actor(actor) = &is { actor.alike } else { 0 };
        if let Is::Actor(actor) = &is {
            let (first, has_twin) = self.twins.entry(alike).or_insert((actor.id, false));
            *has_twin |= *first != actor.id;
            if *has_twin {
                let bits = [*first, actor.id].map(|id| 1u64.checked_shl(id).unwrap_or(0));
                self.twin_bits |= bits[0] | bits[1];
                self.has_far_twins |= bits.contains(&0);
            }
        }
        let number = self.free.pop().unwrap_or(self.all.len() as u32);
        let stand = match &is {
            Is::Object(entry) => entry.object.stand(),
            _ => None,
        };
        let next = self.stands.len() as u32;
        let stand = stand.map_or(number, |stand| *self.stands.entry(stand).or_insert(next));
        let refs = shape.refs.into();
        // Long contents lie in what tells it from others, and in itself, where a small number takes many bytes.
        let contents = exact.len() + VALUE_TIMES * exact.len().saturating_sub(SHORT_BYTES);
        let contents = u32::try_from(contents).unwrap_or(u32::MAX);
        let part = Part { is, key, refs, flags, stand, contents, alike, starts, names, is_simple, contributes, tree };
        match self.all.get_mut(number as usize) {
            Some(free) => *free = part,
            None => self.all.push(part),
        }
        self.bytes += self.all.get(number as usize).map_or(0, Part::bytes);
        self.known.insert(exact.into(), number);
        number
    }

    pub(super) fn keep_actor(&mut self, machine: &Machine, actor: &Arc<Actor>) -> u32 {
        let flags = [Flag::Ended, Flag::Awaited, Flag::Dismissed];
        self.keep(exact::of_actor(machine, actor), || {
            let flags = flags.into_iter().filter(|flag| actor.is(*flag)).fold(0, |bits, flag| bits | flag as u8);
            (Is::Actor(Arc::clone(actor)), Shape::of_actor(actor, machine.sights, machine.fixed()), flags)
        })
    }

    pub(super) fn keep_object(&mut self, machine: &Machine, entry: &Arc<Entry>) -> u32 {
        self.keep(exact::of_entry(machine, entry), || {
            (Is::Object(Arc::clone(entry)), Shape::of_object(entry, machine.sights, machine.fixed()), 0)
        })
    }

    /// The head of a state.
    pub(super) fn keep_head(&mut self, state: &State) -> u32 {
        let parts = state.parts();
        let actors: Box<[u32]> = parts.actors.iter().map(|actor| actor.id).collect();
        let objects: Box<[u32]> = parts.objects.iter().map(|entry| entry.id).collect();
        self.keep(exact::of_head(parts.head, &actors, &objects), || {
            (Is::Head(parts.head.clone(), Rc::new(Layout { actors, objects })), Shape::default(), 0)
        })
    }

    /// The head of a state that consists of these.
    #[inline]
    pub(super) fn head(&self, slots: &[u32]) -> (&Head, &Rc<Layout>) {
        match slots.first().and_then(|head| self.get(*head)).map(|part| &part.is) {
            Some(Is::Head(head, layout)) => (head, layout),
            _ => unreachable!("a state begins with its head"),
        }
    }

    /// The state that consists of these.
    pub(super) fn state(&self, slots: &[u32], watch: Watch) -> State {
        let (head, layout) = self.head(slots);
        let (actors, objects) = slots[1..].split_at(layout.actors.len());
        let actors = actors.iter().filter_map(|number| self.get(*number)?.actor().cloned()).collect();
        let objects = objects.iter().filter_map(|number| self.get(*number)?.object().cloned()).collect();
        State::of(actors, objects, head.clone(), watch)
    }

    /// A list as an answer.
    pub(super) fn list(&mut self, asked: Asked, slots: &[u32]) {
        if let Some(list) = self.listed(asked, slots) {
            let next = self.lists.len() as u32 + 1;
            self.lists.entry(list).or_insert(next);
        }
    }

    /// The list that is the answer, where it is one; none for an empty one.
    fn listed(&self, asked: Asked, slots: &[u32]) -> Option<Vec<(u32, Option<u32>)>> {
        let layout = self.head(slots).1;
        let actors = || slots[1..=layout.actors.len()].iter().filter_map(|number| self.get(*number)?.actor());
        let list: Vec<(u32, Option<u32>)> = match asked {
            Asked::Members(process) => {
                let is_member = |actor: &&Arc<Actor>| actor.process == process && actor.is_alive();
                actors().filter(is_member).map(|actor| (actor.id, None)).collect()
            }
            Asked::Parked(object) => {
                actors().filter_map(|actor| actor.parked_in(object).map(|case| (actor.id, case))).collect()
            }
            _ => return None,
        };
        (!list.is_empty()).then_some(list)
    }

    /// What a state answers that consists of these.
    #[inline]
    pub(super) fn answer(&self, slots: &[u32], asked: Asked) -> u32 {
        let layout = &**self.head(slots).1;
        let slot = |place: Option<usize>| place.and_then(|place| slots.get(1 + place)).copied().unwrap_or(NOBODY);
        let actors = || slots[1..=layout.actors.len()].iter().filter_map(|number| self.get(*number)?.actor());
        match asked {
            Asked::Actor(id) => slot(layout.actor(id)),
            Asked::Object(id) | Asked::Made(id) => slot(layout.object(id).map(|place| layout.actors.len() + place)),
            Asked::Stand(id) => {
                let number = slot(layout.object(id).map(|place| layout.actors.len() + place));
                self.get(number).map_or(NOBODY, Part::stand)
            }
            Asked::Flag(id, flag) => match self.get(slot(layout.actor(id))) {
                Some(part) => u32::from(part.has(flag)),
                None => u32::from(flag == Flag::Ended),
            },
            Asked::Holds(lock, actor) => {
                let place = layout.object(lock).map(|place| layout.actors.len() + place);
                let entry = self.get(slot(place)).and_then(Part::object);
                u32::from(entry.is_some_and(|entry| entry.holder() == Some(actor)))
            }
            Asked::Head => slots.first().copied().unwrap_or(NOBODY),
            Asked::Alive(kind) => actors().filter(|actor| actor.is_alive() && actor.counts_as(kind)).count() as u32,
            Asked::AllGone(but) => u32::from(actors().all(|actor| actor.id == but || actor.is_gone())),
            Asked::Members(_) | Asked::Parked(_) => match self.listed(asked, slots) {
                None => 0,
                Some(list) => self.lists.get(&list).copied().unwrap_or(NOBODY),
            },
        }
    }

    /// Forgets the parts of which no state consists that is still needed, and every tree.
    pub(super) fn sweep<'s>(&mut self, needed: impl Iterator<Item = &'s [u32]>) {
        let mut stays = vec![false; self.all.len()];
        needed.flatten().for_each(|number| stays[*number as usize] = true);
        self.known.retain(|_, number| stays[*number as usize]);
        self.free = (0..).zip(&stays).filter(|(_, stays)| !**stays).map(|(number, _)| number).collect();
        self.bytes = 0;
        for (part, stays) in self.all.iter_mut().zip(&stays) {
            part.tree.set(None);
            part.contributes.iter().for_each(|known| known.set(None));
            if *stays {
                self.bytes += part.bytes();
            } else {
                // Whatever is large in it.
                part.is =
                    Is::Head(State::empty().head().clone(), Rc::new(Layout { actors: [].into(), objects: [].into() }));
                part.refs = [].into();
            }
        }
        self.lists.clear();
    }
}

/// Whether an actor that is a part has ended, with which code.
pub(super) fn exit_code(part: &Part) -> Option<i32> {
    match part.actor()?.phase {
        Phase::Ended { code } => Some(code),
        _ => None,
    }
}
