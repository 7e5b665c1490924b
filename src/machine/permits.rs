//! Who took permits of semaphores and has not given them back.
//!
//! A permit belongs to nobody, so this is read from what happened on the way to a state, and is no part of it. Where
//! somebody has given back more than it took, the semaphore is a signal, and nothing is said of who took from it.
//!
//! Answers for: the takers of permits in reports. Never says whether they will be given back.

use std::collections::BTreeMap;

use super::{Happened, Machine, State};
use crate::program::op::{OpCode, Target};
use crate::trace::Blocked;
use crate::value::Value;

/// What was taken from each semaphore, less what was given back, by actor; both by number.
#[derive(Clone, Debug, Default)]
pub struct Permits(BTreeMap<u32, Vec<(u32, i64)>>);

impl Permits {
    /// A step was taken.
    pub fn note(&mut self, happened: &Happened) {
        for noted in &happened.noted {
            let taken = match (noted.op, &noted.came, noted.args.get(0)) {
                (OpCode::SemaphoreAcquire, Ok(Value::Bool(true)), _) => 1,
                (OpCode::SemaphoreRelease, Ok(_), Value::Int(back) | Value::Pid(back)) => back.saturating_neg(),
                _ => continue,
            };
            let Target::Object(semaphore) = noted.target else { continue };
            let by_actor = self.0.entry(semaphore.id).or_default();
            match by_actor.iter_mut().find(|(actor, _)| *actor == noted.actor) {
                Some((_, sum)) => *sum = sum.saturating_add(taken),
                None => by_actor.push((noted.actor, taken)),
            }
        }
    }

    /// Says of those who wait for a permit who has them.
    pub fn name_takers(&self, machine: &Machine, state: &State, blocked: &mut [Blocked]) {
        for one in blocked.iter_mut().filter(|one| one.op == OpCode::SemaphoreAcquire) {
            let is_it = |id: &&u32| machine.object_name(state, **id) == one.target;
            let takers = self.0.keys().find(is_it).map_or_else(Vec::new, |id| self.takers(*id));
            one.holder_ended = !takers.is_empty() && takers.iter().all(|taker| state.has_ended(*taker));
            one.held_by = takers.into_iter().map(|taker| state.name(taker).to_owned()).collect();
        }
    }

    /// Those who have permits of a semaphore, by number; none where it is a signal.
    fn takers(&self, semaphore: u32) -> Vec<u32> {
        let all = self.0.get(&semaphore).map_or(&[][..], |all| all);
        if all.iter().any(|(_, taken)| *taken < 0) {
            return Vec::new();
        }
        let mut takers: Vec<u32> = all.iter().filter(|(_, taken)| *taken > 0).map(|(actor, _)| *actor).collect();
        takers.sort_unstable();
        takers
    }
}
