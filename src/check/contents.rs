//! What the objects at file level hold together, in every state of every schedule.
//!
//! Answers for: that none is left out, which a reduced search does not promise. Never keeps the states.

use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::xxh3_128;

use crate::machine::{Machine, State};

/// All that they hold at a time, by fingerprint; none where there are more states than so many.
pub fn contents(machine: &Machine, states_max: usize) -> Option<FxHashSet<u128>> {
    let (initial, _) = machine.initial().ok()?;
    let mut met = FxHashSet::default();
    let mut found = FxHashSet::default();
    met.insert(machine.fingerprint(&initial));
    let mut open = vec![initial];
    while let Some(state) = open.pop() {
        found.insert(print(machine, &state));
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

fn print(machine: &Machine, state: &State) -> u128 {
    let fixed = machine.plan().objects.len();
    let mut all = Vec::new();
    for holds in machine.contents(state).filter(|holds| (holds.object as usize) < fixed) {
        all.extend(holds.object.to_le_bytes());
        holds.contents.encode(&mut all);
    }
    xxh3_128(&all)
}
