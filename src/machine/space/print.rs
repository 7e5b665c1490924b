//! Fingerprints of states, summed up from what each part contributes.
//!
//! Answers for: the machine's fingerprint, though after a step only what was changed is looked at, where that is
//! enough. Never numbers anything itself (see `canonical`).

use std::rc::Rc;

use super::effects::Effect;
use super::laid::Laid;
use super::part::Basis;
use super::{Moved, Packed, Space};
use crate::machine::Fingerprint;
use crate::machine::canonical::{Parts as _, Walk, Ways};

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

    #[inline]
    fn is_of(&self, age: u32) -> bool {
        self.age == age
    }
}

impl Space<'_> {
    /// The numbers of the actors in the state of a fingerprint, by place, each one more than it is; nought where
    /// nothing leads there any more. None where they are not known. In all states with this fingerprint who does the
    /// same has the same number.
    pub fn numbers(&self, print: &Print) -> Option<Rc<[u32]>> {
        let (tree, _) = print.tree.filter(|_| print.is_of(self.age))?;
        self.trees.get(tree)
    }

    /// Places of actors, as bits, carried over a step to where the same actors are then.
    pub fn carried(&self, places: u64, (from, to): (&Packed, &Packed), moved: &Moved) -> u64 {
        if moved.is_plain || places == 0 {
            return places;
        }
        let (old, new) = (self.parts.head(&from.0).1, self.parts.head(&to.0).1);
        let known = old.actors().iter().enumerate().take(u64::BITS as usize);
        let staying = known.filter(|(place, _)| places >> place & 1 == 1).filter_map(|(_, id)| new.actor(*id));
        staying.filter(|place| *place < u64::BITS as usize).fold(0, |bits, place| bits | 1 << place)
    }

    /// The fingerprint of the canonical form: the machine's. Where that of the state is known from which a step led
    /// here, only what was changed is summed up.
    pub fn print(&mut self, packed: &Packed, before: Option<(&Packed, &Print, &Moved)>) -> Print {
        if let Some((old, print, moved)) = before.filter(|(_, print, moved)| print.is_of(self.age) && moved.is_plain)
            && let Some(print) = self.sum_up(packed, old, print, moved.effect)
        {
            return print;
        }
        let (fixed, sights) = (self.machine.fixed() as usize, self.machine.sights);
        let laid = Laid::new(&self.parts, &packed.0);
        if self.machine.is_plain
            && let Some(ended) = laid.tree(self.ways, &mut self.numbers)
        {
            let tree = self.trees.keep(&self.numbers, packed.0[0], ended);
            let head = self.walk.of_head(laid.head(), sights);
            self.slots.clear();
            self.slots.extend(1..packed.0.len());
            let sum = sum_of(&mut self.walk, &laid, (tree, &self.numbers), self.ways, &self.slots).wrapping_add(head);
            return Print { sum, tree: Some((tree, ended)), age: self.age };
        }
        let objects = self.parts.head(&packed.0).1.objects().len();
        self.walk.number(&laid, objects, self.ways);
        let sum = self.walk.print(&laid, fixed, sights);
        Print { sum, tree: None, age: self.age }
    }

    /// The fingerprint, where those who are numbered are the same as before.
    fn sum_up(&mut self, packed: &Packed, old: &Packed, print: &Print, effect: Effect) -> Option<Print> {
        let (old_tree, ended) = print.tree?;
        let (laid, was) = (Laid::new(&self.parts, &packed.0), Laid::new(&self.parts, &old.0));
        let (ways, mut is_in_order, mut are_named_alike) = (self.ways, true, true);
        let are_loose = ways.symmetric && laid.has_loose_twins(ways, ended);
        // All of them first: what a part contributes is known only where it is known who has which number.
        for slot in laid.slots_of(&self.effects, effect).flatten() {
            let (was, is) = (was.part(slot)?, laid.part(slot)?);
            if !was.names_alike(is, ways, ended) {
                return None;
            }
            // Whom main names it tells apart by that, wherever they stand.
            match slot {
                MAIN_SLOT => are_named_alike &= !ways.symmetric || was.orders_alike(is, ways, &self.parts),
                _ => is_in_order &= !are_loose || was.orders_alike(is, ways, &self.parts),
            }
        }
        let old_numbers = self.trees.get(old_tree)?;
        let (mut tree, mut numbers, mut moved) = (old_tree, &*old_numbers, 0);
        if !are_named_alike || !is_in_order && !laid.is_in_order(ways, &old_numbers) {
            if laid.tree(ways, &mut self.numbers)? != ended {
                return None;
            }
            moved = laid.moved(&old_numbers, &self.numbers);
            numbers = &self.numbers;
        }
        if moved != 0 {
            tree = self.trees.keep(numbers, packed.0[0], ended);
        }
        let is_other = |slot: &usize| {
            let is_moved = old_numbers.get(slot - 1) != numbers.get(slot - 1);
            is_moved
                || packed.0[*slot] != old.0[*slot]
                || laid.part(*slot).is_none_or(|part| part.rests_on(moved, ended))
        };
        let others = &mut self.slots;
        others.clear();
        match moved {
            0 => others.extend(laid.slots_of(&self.effects, effect).flatten()),
            _ => others.extend((1..packed.0.len()).filter(is_other)),
        }
        let gone = sum_of(&mut self.walk, &was, (old_tree, &old_numbers), ways, others);
        let come = sum_of(&mut self.walk, &laid, (tree, numbers), ways, others);
        Some(Print { sum: print.sum.wrapping_sub(gone).wrapping_add(come), tree: Some((tree, ended)), ..*print })
    }

    /// Which of the actors of a state with a print one is: the same number for whoever has its part in other states
    /// with that fingerprint, though it may be another's there; nought of one that is over and has no part.
    pub fn part_of(&mut self, packed: &Packed, print: &Print, actor: u32) -> u32 {
        let laid = Laid::new(&self.parts, &packed.0);
        let Some(place) = laid.place_of_actor(actor) else { return 0 };
        if let Some((tree, _)) = print.tree.filter(|_| print.is_of(self.age)) {
            return self.trees.get(tree).and_then(|numbers| numbers.get(place).copied()).unwrap_or_default();
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

/// What the parts in some slots contribute to the fingerprint of a state that is numbered as a tree is.
fn sum_of(walk: &mut Walk, laid: &Laid<'_>, (tree, numbers): (u32, &[u32]), ways: Ways, slots: &[usize]) -> u128 {
    let mut taken = false;
    let mut sum = 0u128;
    for slot in slots {
        let part = laid.part(*slot);
        let basis = Basis { tree, number: numbers.get(*slot - 1).copied().unwrap_or(0) };
        let known = part.and_then(|part| part.contribution(basis));
        sum = sum.wrapping_add(known.unwrap_or_else(|| {
            if !std::mem::replace(&mut taken, true) {
                walk.take_tree(numbers, ways);
            }
            let contribution = match laid.object_at(*slot) {
                None => walk.of_actor(laid, *slot - 1),
                Some(place) => walk.of_object(laid, place),
            };
            part.into_iter().for_each(|part| part.contributes(basis, contribution));
            contribution
        }));
    }
    sum
}
