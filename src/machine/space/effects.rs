//! What steps do to every state that answers alike.
//!
//! Answers for: keeping it in little room. Never takes a step.

use std::rc::Rc;

use super::rests::{Rests, bit};
use super::tight;
use crate::machine::step::Happened;

/// What a step does: where in the list of all changes its own are, and what else there is to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effect {
    first: u32,
    /// How many parts are new: of actors, then of objects.
    actors: u32,
    objects: u32,
    /// By the place among those: of which actors something else is true than before, on which objects others can do
    /// something else. Of those beyond, always.
    flags: u16,
    stands: u16,
    /// One more than the number of what else there is; nought where nothing is.
    more: u32,
}

/// Of a step that no state has that answers so.
const NONE: u32 = u32::MAX;

/// What few steps do.
#[derive(Debug, Default)]
pub(super) struct More {
    pub(super) head: Option<NewHead>,
    pub(super) happened: Option<Rc<Happened>>,
}

/// A new head, with the parts of those who are new.
#[derive(Debug)]
pub(super) struct NewHead {
    pub(super) head: u32,
    pub(super) actors: Vec<u32>,
    pub(super) objects: Vec<u32>,
}

/// A part that is new: whose it is, the part, and whether others are to look at it again.
pub(super) type New = (u32, u32, bool);

/// All that were found out.
#[derive(Debug, Default)]
pub(super) struct Effects {
    all: Vec<Effect>,
    changes: Vec<(u32, u32)>,
    more: Vec<More>,
    /// Whether the last is not to be kept.
    is_passing: bool,
}

impl Effect {
    pub(super) fn is_none(&self) -> bool {
        self.first == NONE
    }
}

impl Effects {
    pub(super) fn get(&self, number: u32) -> Option<Effect> {
        self.all.get(number as usize).copied()
    }

    /// Notes an effect: new parts of actors, those of objects, what else there is. None of a step that cannot be taken.
    /// The next one takes the place of one that is not to be kept.
    pub(super) fn note(&mut self, found: Option<(&[New], &[New], More)>, is_kept: bool) -> u32 {
        if std::mem::replace(&mut self.is_passing, !is_kept)
            && let Some(last) = self.all.pop().filter(|last| !last.is_none())
        {
            self.changes.truncate(last.first as usize);
            self.more.truncate((last.more as usize).checked_sub(1).unwrap_or(self.more.len()));
        }
        let number = self.all.len() as u32;
        let (first, more) = (self.changes.len() as u32, self.more.len() as u32 + 1);
        let Some((actors, objects, what)) = found else {
            let none = Effect { first: NONE, actors: 0, objects: 0, flags: 0, stands: 0, more: 0 };
            tight::push(&mut self.all, none);
            return number;
        };
        let bits = |all: &[New]| {
            let looked = all.iter().take(u16::BITS as usize).enumerate();
            looked.fold(0u16, |bits, (at, (_, _, is_other))| bits | u16::from(*is_other) << at)
        };
        for (whose, part, _) in actors.iter().chain(objects) {
            tight::push(&mut self.changes, (*whose, *part));
        }
        let is_more = what.head.is_some() || what.happened.is_some();
        if is_more {
            self.more.push(what);
        }
        let effect = Effect {
            first,
            actors: actors.len() as u32,
            objects: objects.len() as u32,
            flags: bits(actors),
            stands: bits(objects),
            more: if is_more { more } else { 0 },
        };
        tight::push(&mut self.all, effect);
        number
    }

    #[inline]
    fn changes(&self, first: u32, count: u32) -> &[(u32, u32)] {
        self.changes.get(first as usize..(first + count) as usize).unwrap_or_default()
    }

    /// The new parts of actors, each with whose it is.
    #[inline]
    pub(super) fn actors(&self, effect: Effect) -> &[(u32, u32)] {
        self.changes(effect.first, effect.actors)
    }

    /// Those of objects.
    #[inline]
    pub(super) fn objects(&self, effect: Effect) -> &[(u32, u32)] {
        self.changes(effect.first + effect.actors, effect.objects)
    }

    /// What else there is.
    #[inline]
    pub(super) fn more(&self, effect: Effect) -> Option<&More> {
        self.more.get(effect.more.checked_sub(1)? as usize)
    }

    /// What is not as it was.
    #[inline]
    pub(super) fn rests(&self, effect: Effect) -> Rests {
        let is_other = |bits: u16, at: usize| at >= u16::BITS as usize || bits >> at & 1 == 1;
        let mut rests = Rests::default();
        for (at, (actor, _)) in self.actors(effect).iter().enumerate() {
            rests.actors |= bit(*actor);
            rests.flags |= if is_other(effect.flags, at) { bit(*actor) } else { 0 };
        }
        for (at, (object, _)) in self.objects(effect).iter().enumerate() {
            rests.objects |= bit(*object);
            rests.stands |= if is_other(effect.stands, at) { bit(*object) } else { 0 };
        }
        rests
    }

    pub(super) fn clear(&mut self) {
        *self = Effects::default();
    }

    /// Bytes that they take, about.
    pub(super) fn bytes(&self) -> usize {
        self.all.capacity() * size_of::<Effect>()
            + self.changes.capacity() * size_of::<(u32, u32)>()
            + self.more.capacity() * (size_of::<More>() + 64)
    }
}
