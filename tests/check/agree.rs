//! One scenario searched in several ways: none may show what another does not.
//!
//! Answers for: what the searches of a scenario disagree about. Never makes one.

use std::any::Any;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use conc::Scenario;
use conc::check::{Checked, Failure, Limits, Options, Reduction, Verdict, check};
use conc::machine::{Rules, Time};
use conc::plan::Plan;

use super::chance::Chance;

/// States of the whole search at most; what has more is passed over.
const STATES_MAX: usize = 3_000;
/// The same for most: what goes wrong shows in small ones, and of those there can be many.
const STATES_FEW: usize = 250;
/// One in so many may be large.
const LARGE_IN: u64 = 16;
/// Pairs of a state and an actor that are looked at for the best way, at most.
const STATES_BEST: usize = 30_000;
/// States after which others help.
const WORKERS_FROM: usize = 8;

/// How a scenario is searched, beside without reduction and with all of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) rules: Rules,
    pub(super) states_max: usize,
    /// By stubborn sets alone as well.
    pub(super) stubborn: bool,
    /// By sleep sets alone as well.
    pub(super) sleep: bool,
    /// By symmetry alone as well.
    pub(super) symmetry: bool,
    /// By several workers as well.
    pub(super) several: bool,
    /// Several workers tell states apart by all that they are.
    pub(super) exact: bool,
}

impl Asked {
    /// In all ways, under the plain rules.
    pub(super) fn all() -> Asked {
        Asked {
            rules: Rules::exploring(512),
            states_max: STATES_MAX,
            stubborn: true,
            sleep: true,
            symmetry: true,
            several: true,
            exact: true,
        }
    }

    /// What is asked for a seed. Of two scenarios one has actors that are alike.
    pub(super) fn of(seed: u64) -> Asked {
        let mut rules = Rules::exploring(512);
        match seed % 16 {
            0 => rules.crashes = 1,
            1..4 => rules.time = Time::Prompt,
            4 => (rules.time, rules.crashes) = (Time::Prompt, 1),
            5 => rules.spurious = true,
            _ => {}
        }
        // The rules are no reason for what else is asked.
        let mut chance = Chance(!seed);
        let is_large = chance.once_in(LARGE_IN);
        Asked {
            rules,
            states_max: if is_large { STATES_MAX } else { STATES_FEW },
            stubborn: is_large || chance.once_in(3),
            sleep: is_large || chance.once_in(3),
            symmetry: is_large || is_twinned(seed) || chance.once_in(6),
            several: is_large || chance.once_in(4),
            exact: chance.once_in(3),
        }
    }

    fn options(&self, reduction: Reduction) -> Options {
        let limits = Limits {
            states: self.states_max,
            states_failed: self.states_max,
            states_best: STATES_BEST,
            walked: 0,
            ..Limits::default()
        };
        Options { rules: self.rules, reduction, limits, ..Options::new(512) }
    }

    /// With others who help soon.
    fn abreast(&self) -> Options {
        let options = self.options(Reduction::All);
        let limits = Limits { alone: WORKERS_FROM, ..options.limits };
        Options { limits, workers: 3, exact: self.exact, ..options }
    }
}

/// Whether the scenario of a seed is given actors that are alike.
pub(super) fn is_twinned(seed: u64) -> bool {
    // Whatever the rules are.
    seed / 16 % 2 == 1
}

/// What the searches of a scenario came to.
pub(super) struct Comparison {
    /// What they disagree about.
    pub(super) differ: Vec<String>,
    pub(super) verdict: Verdict,
    /// States without reduction, and with all of it.
    pub(super) whole: usize,
    pub(super) reduced: usize,
}

/// Searches a scenario in all the ways that are asked for; none where it is not one, or too large.
pub(super) fn compared(asked: &Asked, text: &str) -> Option<Comparison> {
    let searched = catch_unwind(AssertUnwindSafe(|| searched(asked, text)));
    searched.unwrap_or_else(|panic| {
        let differ = vec![format!("a panic: {}", said(&*panic))];
        Some(Comparison { differ, verdict: Verdict::Limit, whole: 0, reduced: 0 })
    })
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default()
}

fn searched(asked: &Asked, text: &str) -> Option<Comparison> {
    let plan = Arc::new(Scenario::from_str(text).plan(&[]).ok()?);
    let search = |options: &Options| checked(&plan, options);
    let whole = search(&asked.options(Reduction::None)).filter(|whole| whole.complete)?;
    let all = search(&asked.options(Reduction::All))?;
    let mut differ = Vec::new();
    if asked.stubborn {
        differ.extend(differences("stubborn", &whole, &search(&asked.options(Reduction::Stubborn))?, Some(&whole)));
    }
    if asked.sleep {
        let asleep = search(&asked.options(Reduction::Sleep))?;
        differ.extend(differences("sleep", &whole, &asleep, Some(&whole)));
        // They leave out steps only.
        if asleep.states != whole.states {
            differ.push(format!("sleep: {} states without, {} with it", whole.states, asleep.states));
        }
    }
    let symmetric = if asked.symmetry { Some(search(&asked.options(Reduction::Symmetry))?) } else { None };
    if let Some(symmetric) = &symmetric {
        differ.extend(differences("symmetry", &whole, symmetric, None));
    }
    // Actors that are exchanged have other fingerprints.
    differ.extend(differences("all", &whole, &all, symmetric.as_ref()));
    if asked.several {
        let crew = search(&asked.abreast())?;
        differ.extend(differences("several workers", &whole, &crew, symmetric.as_ref()));
        differ.extend(otherwise(&all, &crew));
    }
    Some(Comparison { differ, verdict: whole.verdict, whole: whole.states, reduced: all.states })
}

fn checked(plan: &Arc<Plan>, options: &Options) -> Option<Checked> {
    check(plan, options, &mut |_| {}).ok()
}

/// The failures that must be the same: all but deadlocks, by place.
fn failures(checked: &Checked) -> BTreeSet<String> {
    let others = checked.failures().filter(|failure| !matches!(failure, Failure::Deadlock(_)));
    others.map(|failure| format!("{:?}", failure.key())).collect()
}

type Places = BTreeSet<(String, u32)>;

fn deadlocks(checked: &Checked) -> BTreeSet<Places> {
    let deadlocks = checked.failures().filter(|failure| matches!(failure, Failure::Deadlock(_)));
    deadlocks.map(|failure| failure.key().places().iter().cloned().collect()).collect()
}

/// What a user is told: it does not depend on how states were left out, nor on who looked.
fn told(checked: &Checked) -> impl PartialEq + Debug {
    let way = checked.counterexample.as_ref();
    let way = way.map(|way| (way.failure.clone(), way.cost, way.minimal, way.lines.clone()));
    (checked.verdict, checked.assumptions.clone(), way)
}

/// What one and several workers must agree about beside what any two searches must: every end.
fn otherwise(one: &Checked, several: &Checked) -> Vec<String> {
    let mut differ = Vec::new();
    if one.ends != several.ends {
        differ.push(format!("one worker: {} ends, several: {}", one.ends.len(), several.ends.len()));
    }
    if several.complete && several.collisions.is_some_and(|collisions| collisions > 0) {
        differ.push(format!("{:?} collisions", several.collisions));
    }
    differ
}

/// What two searches of a scenario disagree about. Ends have the same fingerprints as those of another, or are fewer.
fn differences(how: &str, whole: &Checked, reduced: &Checked, ends: Option<&Checked>) -> Vec<String> {
    let mut differ = Vec::new();
    let mut same = |what: &str, whole: String, reduced: String| {
        if whole != reduced {
            differ.push(format!("{how}, {what}: without {whole}, with it {reduced}"));
        }
    };
    same("complete", whole.complete.to_string(), reduced.complete.to_string());
    same("exits", format!("{:?}", whole.exits), format!("{:?}", reduced.exits));
    same("failures", format!("{:?}", failures(whole)), format!("{:?}", failures(reduced)));
    same("outcomes", format!("{:?}", whole.outcomes), format!("{:?}", reduced.outcomes));
    if let Some(other) = ends {
        let both = other.ends.intersection(&reduced.ends).count().to_string();
        same("ends", other.ends.len().to_string(), both.clone());
        same("ends that there are", reduced.ends.len().to_string(), both);
    }
    // Who can never go on stays so: of the states in which some cannot, the last ones are enough.
    let (all, some) = (deadlocks(whole), deadlocks(reduced));
    let is_met = |places: &&Places| some.iter().any(|larger| larger.is_superset(places));
    let lost: Vec<&Places> = all.iter().filter(|places| !is_met(places)).collect();
    same("deadlocks", format!("{lost:?}"), "[]".to_owned());
    let strange: Vec<&Places> = some.difference(&all).collect();
    same("deadlocks that there are", "[]".to_owned(), format!("{strange:?}"));
    let (without, with) = (told(whole), told(reduced));
    if without != with {
        differ.push(format!("{how}, told: without {without:?}\nwith it {with:?}"));
    }
    if reduced.states > whole.states {
        differ.push(format!("{how}: {} states without, {} with it", whole.states, reduced.states));
    }
    if reduced.ends.len() > whole.ends.len() {
        differ.push(format!("{how}: {} ends without, {} with it", whole.ends.len(), reduced.ends.len()));
    }
    differ
}
