//! What can go wrong in a state, or in a step.
//!
//! Answers for: which failures a state shows and which a step makes, and when two are one and the same. Never looks for
//! the way to one.

use rustc_hash::FxHashSet;

use crate::machine::{Broken, Happened, Outlook, Packed, Space, State, View};
use crate::source::Span;
use crate::trace::{Blocked, Race, Uncaught};
use crate::value::ErrorKind;

/// Something that a scenario must not do.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// Two accesses of which neither comes before the other.
    Race(Race),
    /// An `assert` that did not hold.
    Assertion(Uncaught),
    /// An invariant that did not hold.
    Invariant(Broken),
    /// An error that nobody caught.
    Error(Uncaught),
    /// Actors that can never go on.
    Deadlock(Vec<Blocked>),
    /// Actors that go on for ever without getting anywhere: their names.
    Livelock(Vec<String>),
    /// What was to become true on every fair schedule does not on this one: the claim's name, and its place.
    Never(String, Span),
}

/// What a check comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// No schedule fails.
    Pass,
    /// Some schedule has a race.
    Race,
    /// Some schedule breaks an assertion.
    Assertion,
    /// Some schedule breaks an invariant.
    Invariant,
    /// Some schedule has an uncaught error.
    Error,
    /// Some schedule deadlocks.
    Deadlock,
    /// Some schedule goes on for ever without getting anywhere.
    Livelock,
    /// No schedule that was looked at fails; not all were.
    Limit,
}

impl Verdict {
    /// Its name in machine formats.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Race => "race",
            Verdict::Assertion => "assertion",
            Verdict::Invariant => "invariant",
            Verdict::Error => "error",
            Verdict::Deadlock => "deadlock",
            Verdict::Livelock => "livelock",
            Verdict::Limit => "limit",
        }
    }
}

/// What makes two failures the same one: their kind, and where they are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Verdict, Vec<(String, u32)>);

impl Key {
    /// Who, and where: templates with offsets in the file.
    pub fn places(&self) -> &[(String, u32)] {
        &self.1
    }
}

impl Failure {
    /// The verdict that it leads to.
    pub fn verdict(&self) -> Verdict {
        match self {
            Failure::Race(_) => Verdict::Race,
            Failure::Assertion(_) => Verdict::Assertion,
            Failure::Invariant(_) => Verdict::Invariant,
            Failure::Error(_) => Verdict::Error,
            Failure::Deadlock(_) => Verdict::Deadlock,
            Failure::Livelock(_) | Failure::Never(..) => Verdict::Livelock,
        }
    }

    /// What makes it the same as another. Instances of one template at one place are one.
    pub fn key(&self) -> Key {
        let mut places: Vec<(String, u32)> = match self {
            Failure::Race(race) => {
                let variable = race.variable.split('[').next().unwrap_or_default();
                let accesses = race.accesses.iter().map(|access| (template(&access.name), access.span.start));
                accesses.chain([(variable.to_owned(), 0)]).collect()
            }
            Failure::Assertion(uncaught) | Failure::Error(uncaught) => {
                vec![(format!("{} {}", template(&uncaught.actor), uncaught.kind), uncaught.span.start)]
            }
            Failure::Invariant(broken) => vec![(broken.name.to_string(), 0)],
            Failure::Deadlock(blocked) => blocked.iter().map(|one| (template(&one.actor), one.span.start)).collect(),
            Failure::Livelock(actors) => actors.iter().map(|actor| (template(actor), 0)).collect(),
            Failure::Never(name, _) => vec![(name.clone(), 0)],
        };
        places.sort();
        places.dedup();
        Key(self.verdict(), places)
    }
}

/// The template of an instance, with the process whose thread it is.
pub(super) fn template(instance: &str) -> String {
    instance.split('.').map(|part| part.split(['[', '#', '/']).next().unwrap_or(part)).collect::<Vec<_>>().join(".")
}

/// What is wrong with a state, before it is told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fault {
    /// Two actors whose next accesses may race, by what tells them from others.
    Race(u32, u32),
    /// The invariant of this number does not hold.
    Broken(u32),
    /// Nobody can go on: all of them, by what tells them from others.
    Stuck(Vec<u32>),
    /// These can never go on, whatever the others do; and what tells them from others.
    Dead(Vec<u32>, Vec<u32>),
}

impl Fault {
    /// What it is.
    fn told(&self, space: &Space<'_>, packed: &Packed) -> Vec<Failure> {
        let (machine, state) = (space.machine(), space.state(packed));
        match self {
            Fault::Race(..) => machine.races(&state).into_iter().map(Failure::Race).collect(),
            Fault::Broken(number) => {
                let broken = machine.broken_invariants(&state).filter(|(other, _)| other == number);
                broken.map(|(_, broken)| Failure::Invariant(broken)).collect()
            }
            Fault::Stuck(_) => vec![Failure::Deadlock(machine.blocked(&state))],
            Fault::Dead(dead, _) => {
                vec![Failure::Deadlock(machine.blocked_among(&state, |actor| dead.contains(&actor)))]
            }
        }
    }
}

/// What is wrong with a state.
pub(super) fn faults(space: &mut Space<'_>, packed: &Packed, view: &View, outlook: &mut Outlook) -> Vec<Fault> {
    let mut faults: Vec<Fault> = space.races(outlook).into_iter().map(|(a, b)| Fault::Race(a, b)).collect();
    faults.extend(broken(space, packed));
    if space.is_over(packed) {
        return faults;
    }
    // Who wakes up by itself may as well not.
    if !outlook.goes_on() {
        faults.push(Fault::Stuck(space.signature(outlook, None)));
        return faults;
    }
    let dead = space.dead(packed, view, outlook);
    if !dead.is_empty() {
        let signature = space.signature(outlook, Some(&dead));
        faults.push(Fault::Dead(dead, signature));
    }
    faults
}

fn broken<'s>(space: &'s mut Space<'_>, packed: &Packed) -> impl Iterator<Item = Fault> + use<'s> {
    space.broken_invariants(packed).iter().copied().map(Fault::Broken)
}

/// What a state shows.
pub(super) fn of_state(space: &mut Space<'_>, packed: &Packed, view: &View, outlook: &mut Outlook) -> Vec<Failure> {
    let mut failures: Vec<Failure> = Vec::new();
    for fault in faults(space, packed, view, outlook) {
        let races = |failure: &Failure| matches!(failure, Failure::Race(_));
        if !matches!(fault, Fault::Race(..)) || !failures.iter().any(races) {
            failures.extend(fault.told(space, packed));
        }
    }
    failures
}

/// Faults that were told: whoever shows the same again has nothing new to tell.
#[derive(Debug, Default)]
pub(super) struct Told {
    faults: FxHashSet<Fault>,
}

impl Told {
    /// What a state shows that was not told.
    pub(super) fn news(
        &mut self,
        space: &mut Space<'_>,
        packed: &Packed,
        view: &View,
        outlook: &mut Outlook,
    ) -> Vec<Failure> {
        let faults = faults(space, packed, view, outlook);
        self.of(faults.into_iter(), space, packed)
    }

    /// The invariants that do not hold in a state that shows nothing else, if that was not told.
    pub(super) fn broken(&mut self, space: &mut Space<'_>, packed: &Packed) -> Vec<Failure> {
        let faults: Vec<Fault> = broken(space, packed).collect();
        self.of(faults.into_iter(), space, packed)
    }

    fn of(&mut self, faults: impl Iterator<Item = Fault>, space: &Space<'_>, packed: &Packed) -> Vec<Failure> {
        let news = faults.filter(|fault| !self.faults.contains(fault) && self.faults.insert(fault.clone()));
        news.flat_map(|fault| fault.told(space, packed)).collect()
    }

    /// What tells actors from others is no longer so.
    pub(super) fn clear(&mut self) {
        self.faults.clear();
    }
}

/// What a step makes.
pub(super) fn of_step(next: &State, happened: &Happened) -> Vec<Failure> {
    let uncaught = happened.uncaught.iter().filter(|uncaught| !matches!(uncaught.error.kind, ErrorKind::Exit(_)));
    uncaught
        .map(|uncaught| {
            let error = &uncaught.error;
            let shown = Uncaught {
                actor: next.name(uncaught.actor).to_owned(),
                kind: error.kind.name().to_owned(),
                message: error.message.to_string(),
                span: error.span,
            };
            if shown.kind == "AssertionFailed" { Failure::Assertion(shown) } else { Failure::Error(shown) }
        })
        .collect()
}
