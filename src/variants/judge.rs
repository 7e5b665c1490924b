//! Whether a scenario's claims notice that a mutant is not it.
//!
//! Answers for: comparing what two checks came to. Never words it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashSet;

use super::mutant::Mutant;
use crate::check::{Checked, Compared, Key, Options, Together, check, compare, is_as, together};
use crate::plan::Plan;
use crate::syntax::ast::Expect;
use crate::value::Error;

/// States of a mutant at most, beside so many times those of the original.
const STATES_MIN: usize = 100_000;
const TIMES_THE_ORIGINAL: usize = 10;
/// States at most that are looked at for what objects ever hold.
const EVER_STATES_MAX: usize = 200_000;

/// What becomes of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// What it comes to is not what the scenario expects.
    Noticed,
    /// It is as expected, and yet not the same.
    Survived,
    /// It comes to the same outcomes and failures, and what is shared holds nothing at the end or on the way that it
    /// does not hold in the original, as far as that was looked at: no claim could tell.
    Same,
    /// A limit was reached before anything could be said.
    Limit,
}

impl Fate {
    /// Its name in machine formats.
    pub fn name(self) -> &'static str {
        match self {
            Fate::Noticed => "noticed",
            Fate::Survived => "survived",
            Fate::Same => "same",
            Fate::Limit => "limit",
        }
    }
}

/// A mutant that was checked.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What becomes of it.
    pub fate: Fate,
    /// What its check came to.
    pub checked: Checked,
    /// How that stands to what the scenario expects.
    pub compared: Compared,
    /// How it is not the same, where its check does not say so.
    pub differs: Option<Differs>,
}

/// How what the objects of a mutant hold differs from what they hold in the original, one by one and together. The
/// object that was changed, where that is a semaphore, a queue or the like, does not count: it holds something else
/// by that alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Differs {
    /// Combinations in which only the mutant ends.
    pub ends_more: usize,
    /// Combinations in which only the original ends.
    pub ends_less: usize,
    /// Combinations that only the mutant ever comes to; none where there were too many states to say.
    pub ever_more: Option<usize>,
}

impl Differs {
    fn is_something(self) -> bool {
        self.ends_more + self.ends_less + self.ever_more.unwrap_or(0) > 0
    }
}

/// A scenario as it stands, for its mutants to be compared with.
#[derive(Debug)]
pub struct Original<'a> {
    /// What it expects.
    pub expects: Vec<&'a Expect>,
    /// What its check came to.
    pub checked: &'a Checked,
    plan: Arc<Plan>,
    /// What its objects hold, by the declaration that does not count.
    known: Mutex<BTreeMap<Option<u32>, Option<Arc<Together>>>>,
}

impl<'a> Original<'a> {
    /// A scenario that was checked.
    pub fn new(plan: &Arc<Plan>, expects: Vec<&'a Expect>, checked: &'a Checked) -> Original<'a> {
        Original { expects, checked, plan: Arc::clone(plan), known: Mutex::default() }
    }

    fn together(&self, options: &Options, but: Option<u32>) -> Option<Arc<Together>> {
        // Whoever had it before has left whole what is in it.
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(&but) {
            return known.clone();
        }
        let found = together(&self.plan, options, but, EVER_STATES_MAX).map(Arc::new);
        known().entry(but).or_insert(found).clone()
    }

    fn differs(&self, plan: &Arc<Plan>, options: &Options, but: Option<u32>) -> Option<Differs> {
        let own = self.together(options, but)?;
        let other = together(plan, options, but, EVER_STATES_MAX)?;
        let ever_more = match (&other.ever, &own.ever) {
            (Some(other), Some(own)) => Some(other.difference(own).count()),
            _ => None,
        };
        let ends_more = other.ends.difference(&own.ends).count();
        Some(Differs { ends_more, ends_less: own.ends.difference(&other.ends).count(), ever_more })
    }
}

/// States that a mutant is given unless something else is said: it may be larger than the original, but not for ever.
pub fn states_max(original: &Checked) -> usize {
    original.states.max(original.graph).saturating_mul(TIMES_THE_ORIGINAL).saturating_add(STATES_MIN)
}

/// Checks a mutant, whose plan this is.
///
/// # Errors
/// Where its objects cannot be made.
pub fn judge(mutant: &Mutant, plan: &Arc<Plan>, options: &Options, original: &Original<'_>) -> Result<Judged, Error> {
    let checked = check(plan, options, &mut |_| {})?;
    let compared = compare(plan, &original.expects, &checked);
    let mut judged = Judged { fate: Fate::Same, checked, compared, differs: None };
    judged.fate = fate(&judged, original);
    if judged.fate == Fate::Same {
        judged.differs = original.differs(plan, options, mutant.changes);
        if judged.differs.is_some_and(Differs::is_something) {
            judged.fate = Fate::Survived;
        }
    }
    Ok(judged)
}

/// As far as a check tells.
fn fate(judged: &Judged, original: &Original<'_>) -> Fate {
    let Judged { checked, compared, .. } = judged;
    if !compared.as_expected {
        let own = checked.counterexample.as_ref().map(|counterexample| &counterexample.failure);
        let fails = own.is_some_and(|failure| !original.expects.iter().any(|expect| is_as(failure, expect)));
        let is_sure = checked.complete || fails || !compared.strange_outcomes.is_empty();
        return if is_sure { Fate::Noticed } else { Fate::Limit };
    }
    if !checked.complete {
        return Fate::Limit;
    }
    let keys = |checked: &Checked| checked.failures().map(|failure| failure.key()).collect::<FxHashSet<Key>>();
    let known = original.checked;
    let same = checked.outcomes == known.outcomes && checked.exits == known.exits && keys(checked) == keys(known);
    if same { Fate::Same } else { Fate::Survived }
}
