//! What the objects at file level hold together: where a schedule ends, and in every state of every schedule.
//!
//! Answers for: that none is left out, which a reduced search promises only of ends. Never keeps the states.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::xxh3_128;

use super::Options;
use super::size::{Joined, Search, Watch};
use crate::machine::{Choice, Machine, State};
use crate::plan::Plan;

/// What is held together, by fingerprint.
#[derive(Clone, Debug)]
pub struct Together {
    /// In states from which nobody goes on.
    pub ends: FxHashSet<u128>,
    /// In any state; none where there are too many.
    pub ever: Option<FxHashSet<u128>>,
}

/// What the objects of a scenario hold together, but for those of one declaration. So many states at most are looked at
/// for what they ever hold. None where the search for ends reaches a limit.
pub fn together(plan: &Arc<Plan>, options: &Options, but: Option<u32>, ever_max: usize) -> Option<Together> {
    let machine = Machine::new(Arc::clone(plan), options.rules);
    let (initial, _) = machine.initial().ok()?;
    let mut ends = Ends { but, found: FxHashSet::default() };
    let joined = Joined::default();
    let extent = Search::new(&machine, options, &joined, &mut ends).run(&initial, options.limits.states, None);
    let ever = ever(&machine, initial, but, ever_max);
    extent.complete.then_some(Together { ends: ends.found, ever })
}

struct Ends {
    but: Option<u32>,
    found: FxHashSet<u128>,
}

impl Watch for Ends {
    fn state(&mut self, machine: &Machine, state: &State, choices: &[Choice]) {
        if choices.is_empty() {
            self.found.insert(print(machine, state, self.but));
        }
    }

    fn step(&mut self, _: &Machine, _: &State, _: &Choice, _: bool) {}
}

fn ever(machine: &Machine, initial: State, but: Option<u32>, states_max: usize) -> Option<FxHashSet<u128>> {
    let mut met = FxHashSet::default();
    let mut found = FxHashSet::default();
    met.insert(machine.fingerprint(&initial));
    let mut open = vec![initial];
    while let Some(state) = open.pop() {
        found.insert(print(machine, &state, but));
        for choice in machine.choices(&state) {
            let mut next = state.clone();
            if machine.step(&mut next, &choice).is_err() || !met.insert(machine.fingerprint(&next)) {
                continue;
            }
            if met.len() > states_max {
                return None;
            }
            open.push(next);
        }
    }
    Some(found)
}

fn print(machine: &Machine, state: &State, but: Option<u32>) -> u128 {
    let fixed = machine.plan().objects.len();
    let mut all = Vec::new();
    let counted = machine.contents(state).filter(|holds| (holds.object as usize) < fixed && Some(holds.decl) != but);
    for holds in counted {
        all.extend(holds.object.to_le_bytes());
        holds.contents.encode(&mut all);
    }
    xxh3_128(&all)
}
