//! Fingerprints of states, summed up from what each part contributes.
//!
//! Answers for: the machine's fingerprint, though after a step only what was changed is looked at, where that is
//! enough. Never numbers anything itself (see `canonical`).

use super::part::{self, Laid};
use super::{Effect, Moved, Packed, Space};
use crate::machine::Fingerprint;
use crate::machine::canonical::{Parts as _, Walk};

/// The slot of main's first actor.
const MAIN_SLOT: usize = 1;

/// A fingerprint, and how it was come by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Print {
    sum: u128,
    /// The numbers by which it was, where main leads to all that was numbered; and who was over.
    tree: Option<(u32, u64)>,
    age: u32,
}

impl Print {
    /// The fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(self.sum)
    }

    fn is_of(&self, age: u32) -> bool {
        self.age == age
    }
}

impl Space<'_> {
    /// The fingerprint of the canonical form: the machine's. Where that of the state is known from which a step led
    /// here, only what was changed is summed up.
    pub fn print(&mut self, packed: &Packed, before: Option<(&Packed, &Print, &Moved)>) -> Print {
        if let Some((old, print, moved)) = before.filter(|(_, print, moved)| print.is_of(self.age) && moved.is_plain)
            && let Some(sum) = self.sum_up(packed, old, print, &moved.effect)
        {
            return Print { sum, ..*print };
        }
        let (fixed, sights) = (self.machine.fixed() as usize, self.machine.sights);
        let laid = Laid::new(&self.parts, &packed.0);
        if self.machine.is_plain
            && let Some(ended) = laid.tree(self.ways, &mut self.numbers)
        {
            let tree = self.trees.keep(&self.numbers, packed.0[0], ended);
            self.walk.take_tree(&self.numbers);
            let mut sum = self.walk.of_head(laid.head(), sights);
            for slot in 1..packed.0.len() {
                sum = sum.wrapping_add(contribution(&mut self.walk, &laid, slot, tree));
            }
            return Print { sum, tree: Some((tree, ended)), age: self.age };
        }
        let objects = self.parts.head(&packed.0).1.objects().len();
        self.walk.number(&laid, objects, self.ways);
        let sum = self.walk.print(&laid, fixed, sights);
        Print { sum, tree: None, age: self.age }
    }

    /// The fingerprint, where no number has changed.
    fn sum_up(&mut self, packed: &Packed, old: &Packed, print: &Print, effect: &Effect) -> Option<u128> {
        let (tree, ended) = print.tree?;
        let laid = Laid::new(&self.parts, &packed.0);
        let was = Laid::new(&self.parts, &old.0);
        // Whom main names it tells apart by that, wherever they stand.
        let by_main = laid.part(MAIN_SLOT).and_then(part::Part::names).unwrap_or_default();
        let are_told_apart = !self.ways.symmetric || self.parts.twins_are_among(by_main | ended);
        // All of them first: what a part contributes is known only where no number has changed.
        for slot in laid.slots_of(effect).flatten() {
            let (was, is) = (was.part(slot)?, laid.part(slot)?);
            let is_in_order = || are_told_apart && slot != MAIN_SLOT || was.orders_alike(is, &self.parts);
            if !was.names_alike(is, ended) || !is_in_order() {
                return None;
            }
        }
        let mut taken = false;
        let mut sum = print.sum;
        for slot in laid.slots_of(effect).flatten() {
            for (laid, sign) in [(&was, false), (&laid, true)] {
                let contribution = match laid.part(slot).and_then(|part| part.contribution(tree)) {
                    Some(known) => known,
                    None => {
                        if !std::mem::replace(&mut taken, true) {
                            self.walk.take_tree(self.trees.get(tree));
                        }
                        contribution(&mut self.walk, laid, slot, tree)
                    }
                };
                sum = if sign { sum.wrapping_add(contribution) } else { sum.wrapping_sub(contribution) };
            }
        }
        Some(sum)
    }

    /// Which of the actors of a state with a print one is: the same number for whoever has its part in other states
    /// with that fingerprint, though it may be another's there; nought of one that is over and has no part.
    pub fn part_of(&mut self, packed: &Packed, print: &Print, actor: u32) -> u32 {
        let laid = Laid::new(&self.parts, &packed.0);
        let Some(place) = laid.place_of_actor(actor) else { return 0 };
        if let Some((tree, _)) = print.tree.filter(|_| print.is_of(self.age)) {
            return self.trees.get(tree).get(place).copied().unwrap_or_default();
        }
        let objects = self.parts.head(&packed.0).1.objects().len();
        self.walk.number(&laid, objects, self.ways);
        self.walk.number_of(place)
    }

    /// The canonical form.
    pub fn canonical(&self, packed: &Packed) -> Vec<u8> {
        self.machine.canonical_up_to(&self.state(packed), self.ways.symmetric)
    }

    /// The fingerprint.
    pub fn fingerprint(&mut self, packed: &Packed) -> Fingerprint {
        self.print(packed, None).fingerprint()
    }
}

/// What the part in a slot contributes to the fingerprint of a state that is numbered as a tree is.
#[inline]
fn contribution(walk: &mut Walk, laid: &Laid<'_>, slot: usize, tree: u32) -> u128 {
    let part = laid.part(slot);
    if let Some(known) = part.and_then(|part| part.contribution(tree)) {
        return known;
    }
    let contribution = match laid.object_at(slot) {
        None => walk.of_actor(laid, slot - 1),
        Some(place) => walk.of_object(laid, place),
    };
    part.into_iter().for_each(|part| part.contributes(tree, contribution));
    contribution
}
