//! What is to be done in a state, by the roles of its actors: found out once for all states in which these are the
//! same.
//!
//! Answers for: the same steps and the same doubts as an outlook gives. Never looks at what a state holds.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::check::stubborn;
use crate::machine::{Outlook, Packed, Space, Step, View};

/// What is to be done in some states.
#[derive(Debug, Default)]
pub(super) struct Prospect {
    /// All steps, those first that are enough.
    pub(super) steps: Box<[Step]>,
    /// How many of the steps are enough.
    pub(super) enough: usize,
    /// Whether the outlook may show a failure.
    pub(super) is_doubtful: bool,
    /// For each step, where there are sleep sets: the places of actors whose steps accord with it, as bits.
    pub(super) accord: Box<[u64]>,
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
    /// What is to be done in a state; `outlook` is filled where that has to be found out.
    pub(super) fn of(
        &mut self,
        space: &mut Space<'_>,
        (state, view): (&Packed, &View),
        outlook: &mut Outlook,
        (is_stubborn, sleeps): (bool, bool),
    ) -> Rc<Prospect> {
        self.asked += 1;
        if self.asked >= ASKED_MIN && self.asked.is_power_of_two() && self.known.len() > self.asked / 4 {
            self.is_off = true;
            self.clear();
        }
        if !self.is_off {
            space.roles(view, &mut self.roles);
            if let Some(known) = self.known.get(&*self.roles) {
                return Rc::clone(known);
            }
        }
        space.look(view, outlook);
        let enough = if is_stubborn { stubborn::enough(space, outlook) } else { None };
        let is_enough = |at: usize| enough.as_ref().is_none_or(|enough| enough.has(at));
        let mut order: Vec<usize> = (0..outlook.len()).collect();
        if sleeps {
            // Who takes mostly comes after who gives; with the takers first, fewer are woken.
            order.reverse();
        }
        order.sort_by_key(|at| !is_enough(*at));
        let steps: Vec<Step> = order.iter().flat_map(|at| outlook.steps_of(*at)).collect();
        let count = order.iter().filter(|at| is_enough(**at)).map(|at| outlook.steps(*at)).sum();
        let mut accord = Vec::new();
        for at in order.into_iter().filter(|_| sleeps) {
            let with = space.accord(outlook, at);
            accord.extend(outlook.steps_of(at).map(|_| with));
        }
        let is_doubtful = !space.roles_tell_the_dead()
            || !space.races(outlook).is_empty()
            || !space.is_over(state) && (!outlook.goes_on() || !space.dead(state, view, outlook).is_empty());
        let prospect = Rc::new(Prospect { steps: steps.into(), enough: count, is_doubtful, accord: accord.into() });
        if !self.is_off {
            self.bytes += size_of_val(&*prospect.steps)
                + size_of_val(&*prospect.accord)
                + size_of_val(&*self.roles)
                + size_of::<Prospect>()
                + 64;
            self.known.insert(self.roles.clone().into(), Rc::clone(&prospect));
        }
        prospect
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
