//! Who could let a blocked actor go on, and who can never go on.
//!
//! Answers for: that nobody is left out who could. Never words it.

use super::locks::holder;
use super::{Foreseen, Thing, Way};
use crate::machine::actor::Phase;
use crate::machine::{Choice, Machine, State};

impl Machine {
    /// Those of whom one at least must take a step before a blocked actor can go on; who is not among `all` is over.
    pub fn enablers(&self, state: &State, blocked: u32, all: &[Foreseen]) -> Vec<u32> {
        let Some(actor) = state.actor(blocked) else { return Vec::new() };
        if let Phase::Closing { .. } = actor.phase {
            let awaited = |child: &&u32| {
                state.actor(**child).is_some_and(|child| !child.has_ended() && (!child.daemon || child.is_process()))
            };
            let child = actor.children.iter().find(awaited).copied();
            let anyone = || all.iter().map(|other| other.actor).find(|other| *other != blocked);
            return child.or_else(anyone).into_iter().collect();
        }
        let Some(own) = all.iter().find(|one| one.actor == blocked) else { return Vec::new() };
        let others = all.iter().filter(|other| other.actor != blocked);
        let lets = |other: &&Foreseen| {
            own.now.iter().any(|now| {
                let touches = other.now.iter().chain(other.later.iter());
                let mut touches = touches.filter(|touch| now.is_enabled_by(**touch));
                match (now.thing, now.way) {
                    // Only its holder leaves a lock, or whoever releases it without having acquired it.
                    (Thing::Object(id, _), Way::Acquire) => {
                        let holds = holder(state, id) == Some(other.actor);
                        touches.any(|touch| touch.way != Way::Leave || holds)
                    }
                    _ => touches.next().is_some(),
                }
            })
        };
        others.filter(lets).map(|other| other.actor).collect()
    }

    /// The actors that can never go on: each of them waits for what only others among them could still do. None where
    /// only daemons are.
    pub fn dead_among(&self, state: &State, choices: &[Choice], all: &[Foreseen]) -> Vec<u32> {
        if self.habits.pools {
            return self.dead(state, choices);
        }
        let has_step = |id: u32| choices.iter().any(|choice| choice.actor == id);
        let is_dying = |id: u32| {
            let process = state.actor(state.process_of(id));
            process.is_none_or(|process| !process.process_wide.signals.is_empty())
        };
        let waits = |id: &u32| {
            let is_timed =
                matches!(state.actor(*id).map(|actor| &actor.phase), Some(Phase::At(at)) if at.deadline.is_some());
            !has_step(*id) && !is_dying(*id) && !is_timed
        };
        let mut dead: Vec<u32> = all.iter().map(|one| one.actor).filter(waits).collect();
        loop {
            let before = dead.len();
            let known = dead.clone();
            dead.retain(|id| self.needs_only(state, *id, &known, all));
            if dead.len() == before {
                break;
            }
        }
        let matters = |id: &u32| state.actor(*id).is_some_and(|actor| !actor.daemon);
        if dead.iter().any(matters) { dead } else { Vec::new() }
    }

    /// Whether a blocked actor could be let go on only by some of these.
    fn needs_only(&self, state: &State, blocked: u32, among: &[u32], all: &[Foreseen]) -> bool {
        let Some(actor) = state.actor(blocked) else { return false };
        if let Phase::Closing { .. } = actor.phase {
            let awaited = |child: &&u32| {
                state.actor(**child).is_some_and(|child| !child.has_ended() && (!child.daemon || child.is_process()))
            };
            let mut children = actor.children.iter().filter(awaited).peekable();
            // It waits for all of them; before `finally` for everyone.
            return match children.peek() {
                Some(_) => children.any(|child| among.contains(child)),
                None => all.iter().any(|other| other.actor != blocked && among.contains(&other.actor)),
            };
        }
        self.enablers(state, blocked, all).iter().all(|one| among.contains(one))
    }
}
