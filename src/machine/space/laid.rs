//! A state that is laid out in slots, and the numbers that its actors have.
//!
//! Answers for: the order and the numbers that the machine's canonical form gives. Never sums anything up.

use std::cmp::Ordering;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::effects::{Effect, Effects};
use super::part::{Layout, Part, Parts};
use crate::machine::MAIN;
use crate::machine::canonical::{self, Ways};
use crate::machine::shape::Ref;
use crate::machine::state::Head;
use crate::machine::watch::Flag;

/// So many ways to number a state are kept.
const TREES_MAX: usize = 1 << 12;

/// Which tree has these numbers.
type ByNumbers = FxHashMap<Rc<[u32]>, u32>;

/// Numbers of actors by place, with the head and those who are over: what a part contributes to a fingerprint rests on
/// them, and on nothing else. Each is kept once, and as long as there are not too many.
#[derive(Debug, Default)]
pub(super) struct Trees {
    /// By the head and by who is over, then by the numbers.
    known: FxHashMap<(u32, u64), ByNumbers>,
    all: Vec<Rc<[u32]>>,
    /// The number of the first of them.
    first: u32,
}

impl Trees {
    pub(super) fn keep(&mut self, numbers: &[u32], head: u32, ended: u64) -> u32 {
        if self.all.len() >= TREES_MAX {
            self.clear();
        }
        let known = self.known.entry((head, ended)).or_default();
        if let Some(number) = known.get(numbers) {
            return *number;
        }
        let (numbers, next): (Rc<[u32]>, u32) = (numbers.into(), self.first + self.all.len() as u32);
        known.insert(Rc::clone(&numbers), next);
        self.all.push(numbers);
        next
    }

    pub(super) fn get(&self, number: u32) -> Option<Rc<[u32]>> {
        self.all.get(number.checked_sub(self.first)? as usize).cloned()
    }

    /// Forgets all of them; none that comes later has the number of one that was there.
    pub(super) fn clear(&mut self) {
        self.first += self.all.len() as u32;
        self.known.clear();
        self.all.clear();
    }
}

/// A state that is laid out in slots.
pub(super) struct Laid<'p> {
    parts: &'p Parts,
    slots: &'p [u32],
    head: &'p Head,
    layout: &'p Layout,
}

impl<'p> Laid<'p> {
    pub(super) fn new(parts: &'p Parts, slots: &'p [u32]) -> Laid<'p> {
        let (head, layout) = parts.head(slots);
        Laid { parts, slots, head, layout }
    }

    /// The numbers of the actors by place, each one more than it is, as [`canonical::Walk::number`] gives them; who is
    /// over. None where main does not lead to all that is to be numbered, or where there are too many.
    pub(super) fn tree(&self, ways: Ways, numbers: &mut Vec<u32>) -> Option<u64> {
        let ids = self.layout.actors();
        if ids.last().is_some_and(|last| *last >= u64::BITS) {
            return None;
        }
        let (mut ended, mut named) = (0u64, 0u64);
        for (slot, number) in self.slots.iter().enumerate().skip(1) {
            let part = self.parts.get(*number)?;
            named |= part.names(ways)?;
            if let Some(id) = ids.get(slot - 1).filter(|_| part.has(Flag::Ended)) {
                ended |= 1 << id;
            }
        }
        let all = ids.iter().fold(0, |all, id| all | 1u64 << id);
        let left = (all & !ended) | named;
        numbers.clear();
        numbers.resize(ids.len(), 0);
        let mut order = [0u32; u64::BITS as usize];
        let (mut done, mut next, mut at) = (1u64 << MAIN, 1usize, 0usize);
        order[0] = MAIN;
        while at < next {
            let place = self.layout.actor(order[at])?;
            at += 1;
            numbers[place] = at as u32;
            let part = self.part(1 + place)?;
            let first = next;
            for child in part.refs.iter().filter(|_| part.starts).filter_map(Ref::children).flatten() {
                if *child < u64::BITS && left >> child & 1 == 1 && done >> child & 1 == 0 {
                    done |= 1 << child;
                    order[next] = *child;
                    next += 1;
                }
            }
            if ways.symmetric {
                canonical::sort_alike(self, ways, &mut order[first..next]);
            }
        }
        (left & !done == 0).then_some(ended)
    }

    /// Whether some actors have twins, go on and are not told apart by main's names.
    pub(super) fn has_loose_twins(&self, ways: Ways, ended: u64) -> bool {
        let by_main = self.part(1).and_then(|part| part.names(ways)).unwrap_or_default();
        !self.parts.twins_are_among(by_main | ended)
    }

    /// Whether actors with these numbers are in order, as far as that is quickly told (see [`canonical::sort_alike`]):
    /// where main names whom it named before.
    pub(super) fn is_in_order(&self, ways: Ways, numbers: &[u32]) -> bool {
        let bits = |part: Option<&Part>| part.and_then(|part| part.names(ways));
        let Some(by_main) = bits(self.part(1)) else { return false };
        const NOWHERE: u8 = u8::MAX;
        let mut places = [NOWHERE; u64::BITS as usize];
        for (place, number) in (0u8..u64::BITS as u8).zip(numbers).filter(|(_, number)| **number > 0) {
            if let Some(slot) = places.get_mut(*number as usize - 1) {
                *slot = place;
            }
        }
        let is_held = |id: u32| {
            let mut objects = 1 + self.layout.actors().len()..self.slots.len();
            objects.any(|slot| bits(self.part(slot)).is_none_or(|names| names >> id & 1 == 1))
        };
        places.windows(2).take_while(|pair| pair[1] != NOWHERE).all(|pair| {
            let [one, other] = [pair[0], pair[1]].map(|place| self.part(1 + usize::from(place)));
            let (Some(one), Some(other)) = (one, other) else { return false };
            let (Some(actor), Some(next)) = (one.actor(), other.actor()) else { return false };
            if one.alike != other.alike || actor.parent != next.parent || by_main >> actor.id & 1 == 1 {
                return true;
            }
            match one.key.cmp(&other.key) {
                Ordering::Less => true,
                Ordering::Equal => actor.id < next.id && !is_held(actor.id) && !is_held(next.id),
                Ordering::Greater => false,
            }
        })
    }

    /// Those who have another number than before, as bits.
    pub(super) fn moved(&self, before: &[u32], numbers: &[u32]) -> u64 {
        let both = self.layout.actors().iter().zip(before.iter().zip(numbers));
        both.filter(|(_, (was, is))| was != is).fold(0, |moved, (id, _)| moved | 1 << id)
    }

    /// The slots in which a step that changes no head puts something else.
    pub(super) fn slots_of(&self, effects: &Effects, effect: Effect) -> impl Iterator<Item = Option<usize>> {
        let actors = effects.actors(effect).iter().map(|(id, _)| self.layout.actor(*id).map(|place| 1 + place));
        let before = 1 + self.layout.actors().len();
        let objects =
            effects.objects(effect).iter().map(move |(id, _)| self.layout.object(*id).map(|place| before + place));
        actors.chain(objects)
    }

    /// The place of the object in a slot; none where an actor is there.
    pub(super) fn object_at(&self, slot: usize) -> Option<usize> {
        slot.checked_sub(1 + self.layout.actors().len())
    }

    pub(super) fn part(&self, slot: usize) -> Option<&'p Part> {
        self.parts.get(*self.slots.get(slot)?)
    }

    fn key(&self, slot: usize) -> (&'p [u8], &'p [Ref]) {
        self.part(slot).map_or((&[], &[]), |part| (&part.key, &part.refs))
    }
}

impl canonical::Parts for Laid<'_> {
    fn head(&self) -> &Head {
        self.head
    }

    fn actors(&self) -> usize {
        self.layout.actors().len()
    }

    fn place_of_actor(&self, id: u32) -> Option<usize> {
        self.layout.actor(id)
    }

    fn place_of_object(&self, id: u32) -> Option<usize> {
        self.layout.object(id)
    }

    fn has_ended(&self, place: usize) -> bool {
        self.part(1 + place).is_none_or(|part| part.has(Flag::Ended))
    }

    fn alike(&self, place: usize) -> u64 {
        self.part(1 + place).map_or(0, |part| part.alike)
    }

    fn limits_tasks(&self, place: usize) -> bool {
        let part = self.part(1 + self.layout.actors().len() + place);
        part.and_then(Part::object).is_some_and(|entry| entry.limits_tasks())
    }

    fn actor(&self, place: usize) -> (&[u8], &[Ref]) {
        self.key(1 + place)
    }

    fn object(&self, place: usize) -> (&[u8], &[Ref]) {
        self.key(1 + self.layout.actors().len() + place)
    }
}
