//! What is to be done in a state, by the roles of its actors: found out once for all states in which these are the
//! same.
//!
//! Answers for: the same steps and the same doubts as an outlook gives. Never looks at what a state holds.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::check::stubborn;
use crate::machine::{Outlook, Packed, Space, Step, View};

/// What is to be done in some states.
#[derive(Clone, Debug, Default)]
pub(super) struct Prospect {
    /// All steps, those first that are enough.
    pub(super) steps: Vec<Step>,
    /// How many of the steps are enough.
    pub(super) enough: usize,
    /// Whether the outlook may show a failure.
    pub(super) is_doubtful: bool,
}

/// All that was found out.
#[derive(Debug, Default)]
pub(super) struct Prospects {
    known: FxHashMap<Box<[u32]>, Rc<Prospect>>,
    roles: Vec<u32>,
    bytes: usize,
    asked: usize,
    /// Whether nothing is kept: too few states have the roles of others.
    is_off: bool,
}

/// How often something is asked before it is known whether keeping it is worth while.
const ASKED_MIN: usize = 4_096;

impl Prospects {
    /// What is to be done in a state; `outlook` is filled where that has to be found out. `prospect` becomes it, and
    /// what it was is overwritten where nothing is kept.
    pub(super) fn look(
        &mut self,
        space: &mut Space<'_>,
        (state, view): (&Packed, &View),
        outlook: &mut Outlook,
        (is_stubborn, sleeps): (bool, bool),
        prospect: &mut Rc<Prospect>,
    ) {
        self.asked += 1;
        if self.asked >= ASKED_MIN && self.asked.is_power_of_two() && self.known.len() > self.asked / 4 {
            self.is_off = true;
            self.clear();
        }
        if self.is_off {
            if Rc::strong_count(prospect) > 1 {
                *prospect = Rc::default();
            }
            return find(space, (state, view), outlook, (is_stubborn, sleeps), Rc::make_mut(prospect));
        }
        space.roles(view, &mut self.roles);
        if let Some(known) = self.known.get(&*self.roles) {
            *prospect = Rc::clone(known);
            return;
        }
        let mut found = Prospect::default();
        find(space, (state, view), outlook, (is_stubborn, sleeps), &mut found);
        found.steps.shrink_to_fit();
        self.bytes += size_of_val(&*found.steps) + size_of_val(&*self.roles) + size_of::<Prospect>() + 64;
        *prospect = Rc::new(found);
        self.known.insert(self.roles.clone().into(), Rc::clone(prospect));
    }

    /// Roles are no longer what they were.
    pub(super) fn clear(&mut self) {
        self.known.clear();
        self.bytes = 0;
    }

    /// Bytes that it takes, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Finds out what is to be done in a state.
fn find(
    space: &mut Space<'_>,
    (state, view): (&Packed, &View),
    outlook: &mut Outlook,
    (is_stubborn, sleeps): (bool, bool),
    prospect: &mut Prospect,
) {
    space.look(view, outlook);
    let enough = if is_stubborn { stubborn::enough(space, outlook) } else { None };
    let is_enough = |at: usize| enough.as_ref().is_none_or(|enough| enough.has(at));
    let (steps, all) = (&mut prospect.steps, outlook.len());
    steps.clear();
    for are_enough in [true, false] {
        for at in 0..all {
            // Who takes mostly comes after who gives; with the takers first, fewer who sleep are woken.
            let at = if sleeps { all - 1 - at } else { at };
            if outlook.able().has(at) && is_enough(at) == are_enough {
                steps.extend(outlook.steps_of(at));
            }
        }
        if are_enough {
            prospect.enough = steps.len();
        }
    }
    prospect.is_doubtful = !space.roles_tell_the_dead()
        || !space.races(outlook).is_empty()
        || !space.is_over(state) && (!outlook.goes_on() || !space.dead(state, view, outlook).is_empty());
}
