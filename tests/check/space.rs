//! The space of states gives what the machine gives: the same steps, with the same ends.
//!
//! `SPACE_FUZZ=n` compares n random small scenarios, `SPACE_FUZZ_FROM=seed` begins with another one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use conc::Scenario;
use conc::machine::{Choice, Foresight, Machine, Outlook, Packed, Rules, Space, State, Step, Time};

use super::small;

/// States of a scenario at most.
const STATES_MAX: usize = 60;
/// So many scenarios at least.
const SCENARIOS_MIN: usize = 150;
/// Random scenarios, unless the environment asks for more.
const RANDOM: u64 = 60;

fn scenarios() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["tests/meaning", "tests/kill", "scenarios"] {
        for entry in walkdir::WalkDir::new(root.join(folder)).into_iter().flatten() {
            if entry.path().extension().is_some_and(|ending| ending == "conc") {
                files.push(entry.into_path());
            }
        }
    }
    files.sort();
    files
}

struct Compared<'m> {
    machine: &'m Machine,
    space: Space<'m>,
    /// The same up to symmetry.
    symmetric: Space<'m>,
    foresight: Foresight,
    outlook: Outlook,
    name: &'m str,
}

impl Compared<'_> {
    /// What is found out of a state must be the same both ways; gives its steps.
    fn look(&mut self, state: &State, packed: &Packed) -> Vec<(Step, Choice)> {
        let file = self.name;
        assert_eq!(self.machine.fingerprint(state), self.space.fingerprint(packed), "{file}: fingerprint");
        let whole = self.space.state(packed);
        assert_eq!(self.machine.canonical(state), self.machine.canonical(&whole), "{file}: form");
        let row = self.symmetric.pack(state);
        let (print, form) = (self.machine.fingerprint_up_to(state, true), self.machine.canonical_up_to(state, true));
        assert_eq!(print, self.symmetric.fingerprint(&row), "{file}: fingerprint up to symmetry");
        assert_eq!(form, self.symmetric.canonical(&row), "{file}: form up to symmetry");
        let choices = self.machine.choices(state);
        let view = self.space.view(packed, None);
        let steps: Vec<(Step, Choice)> = self.space.steps(&view).map(|(step, one)| (step, one.clone())).collect();
        assert_eq!(choices, steps.iter().map(|(_, choice)| choice.clone()).collect::<Vec<_>>(), "{file}: choices");
        assert_eq!(self.machine.claims_that_hold(state), self.space.claims_that_hold(packed), "{file}: claims");
        assert_eq!(self.machine.broken_invariant(state).is_none(), self.space.keeps_invariants(packed), "{file}");
        let broken: Vec<u32> = self.machine.broken_invariants(state).map(|(number, _)| number).collect();
        assert_eq!(broken, self.space.broken_invariants(packed), "{file}: invariants");
        self.space.look(&view, &mut self.outlook);
        let all = self.machine.foresee(state, &mut self.foresight);
        assert_eq!(all.len(), self.outlook.len(), "{file}: actors");
        // What was known of the state before is no other than what is found out of this one alone.
        let mut alone = Outlook::default();
        self.space.look(&view, &mut alone);
        assert_eq!(format!("{:?}", self.outlook.acting()), format!("{:?}", alone.acting()), "{file}");
        assert_eq!(format!("{:?}", self.outlook.able()), format!("{:?}", alone.able()), "{file}");
        assert_eq!(self.outlook.steps_of_all(), alone.steps_of_all(), "{file}");
        assert_eq!(self.space.races(&self.outlook), self.space.races(&alone), "{file}");
        let dead = self.space.dead(packed, &view, &mut self.outlook);
        assert_eq!(dead, self.space.dead(packed, &view, &mut alone), "{file}");
        for (at, one) in all.iter().enumerate() {
            let lets = self.space.enablers(&mut self.outlook, at).clone();
            assert_eq!(&lets, self.space.enablers(&mut alone, at), "{file}: who lets {} go on", one.actor);
            let touches = |other: usize| all[other].now.iter().chain(all[other].later.iter());
            let found = self.space.conflicts(&mut self.outlook, at).clone();
            for other in (0..all.len()).filter(|other| *other != at) {
                let conflicts = touches(other).any(|touch| one.now.iter().any(|now| now.conflicts(*touch)));
                assert_eq!(conflicts, found.has(other), "{file}: {} and {}", one.actor, all[other].actor);
            }
        }
        steps
    }

    fn compare(&mut self) -> usize {
        let Ok((initial, _)) = self.machine.initial() else { return 0 };
        let packed = self.space.pack(&initial);
        let mut met = BTreeSet::new();
        let mut left = vec![(initial, packed)];
        while let Some((state, packed)) = left.pop() {
            if !met.insert(self.machine.fingerprint(&state)) {
                continue;
            }
            if met.len() > STATES_MAX {
                break;
            }
            if met.len() == STATES_MAX / 2 {
                let needed: Vec<&Packed> = left.iter().map(|(_, packed)| packed).chain([&packed]).collect();
                self.space.forget_all_but(needed.into_iter());
            }
            let view = self.space.view(&packed, None);
            for (step, choice) in self.look(&state, &packed) {
                let mut next = state.clone();
                let happened = self.machine.step(&mut next, &choice);
                let taken = self.space.step(&packed, &view, step);
                assert_eq!(happened.is_ok(), taken.is_some(), "{}: {choice:?}", self.name);
                let (Ok(happened), Some(taken)) = (happened, taken) else { continue };
                if let Some(told) = &taken.happened {
                    assert_eq!(format!("{happened:?}"), format!("{told:?}"), "{}", self.name);
                } else {
                    assert!(happened.uncaught.is_empty(), "{}", self.name);
                }
                assert_eq!(
                    self.machine.canonical(&next),
                    self.machine.canonical(&self.space.state(&taken.next)),
                    "{}: after {choice:?}",
                    self.name
                );
                // From what is known of the state before, the same is found as from nothing.
                let anew = self.space.view(&taken.next, None);
                let mut onto = Packed::default();
                let Some(moved) = self.space.step_to(&packed, &view, step, &mut onto) else { continue };
                assert_eq!(taken.next, onto, "{}: {choice:?}", self.name);
                let known = self.space.view(&taken.next, Some((&view, &moved)));
                assert_eq!(format!("{anew:?}"), format!("{known:?}"), "{}: {choice:?}", self.name);
                let print = self.space.print(&packed, None);
                let known = self.space.print(&taken.next, Some((&packed, &print, &moved)));
                assert_eq!(self.machine.fingerprint(&next), known.fingerprint(), "{}: {choice:?}", self.name);
                let row = self.symmetric.pack(&state);
                let (view, print) = (self.symmetric.view(&row, None), self.symmetric.print(&row, None));
                let Some(moved) = self.symmetric.step_to(&row, &view, step, &mut onto) else { continue };
                let known = self.symmetric.print(&onto, Some((&row, &print, &moved))).fingerprint();
                let print = self.machine.fingerprint_up_to(&next, true);
                assert_eq!(print, known, "{}: {choice:?}, up to symmetry", self.name);
                left.push((next, taken.next));
            }
        }
        met.len()
    }
}

/// Compares a scenario under the rules of a number; gives how many states were met.
fn compare(name: &str, scenario: &Scenario, number: u64) -> Option<usize> {
    let plan = scenario.plan(&[]).ok()?;
    let time = if number.is_multiple_of(4) { Time::Prompt } else { Time::Any };
    let crashes = u32::from(number.is_multiple_of(5));
    let rules = Rules { time, crashes, spurious: number.is_multiple_of(7), ..Rules::exploring(512) };
    let machine = Machine::new(Arc::new(plan), rules);
    let space = Space::new(&machine, usize::MAX);
    let mut symmetric = Space::new(&machine, usize::MAX);
    symmetric.set_symmetry(true);
    let (foresight, outlook) = (Foresight::default(), Outlook::default());
    Some(Compared { machine: &machine, space, symmetric, foresight, outlook, name }.compare())
}

#[test]
fn the_space_gives_what_the_machine_gives() {
    let (mut count, mut states) = (0, 0);
    for (number, file) in (0..).zip(scenarios()) {
        let Ok(scenario) = Scenario::from_path(&file) else { continue };
        let met = compare(&file.display().to_string(), &scenario, number);
        count += usize::from(met.is_some());
        states += met.unwrap_or(0);
    }
    println!("{count} scenarios, {states} states");
    assert!(count >= SCENARIOS_MIN, "only {count} scenarios");
}

#[test]
fn so_it_does_for_random_small_scenarios() {
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let (from, count) = (number("SPACE_FUZZ_FROM").unwrap_or(0), number("SPACE_FUZZ").unwrap_or(RANDOM));
    let mut states = 0;
    for seed in from..from + count {
        let text = small::twinned(&small::scenario(seed));
        states += compare(&text, &Scenario::from_str(&text), seed).unwrap_or(0);
    }
    println!("{count} scenarios, {states} states");
    assert!(states as u64 > count, "only {states} states");
}
