//! Whether a scenario's claims notice that a mutant is not it.
//!
//! Answers for: comparing what two checks came to. Never words it.

use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashSet;

use crate::check::{Checked, Compared, Key, Options, check, compare, contents, is_as};
use crate::machine::Machine;
use crate::plan::Plan;
use crate::syntax::ast::Expect;
use crate::value::Error;

/// States of a mutant at most, beside so many times those of the original.
const STATES_MIN: usize = 100_000;
const TIMES_THE_ORIGINAL: usize = 10;
/// States at most in which it is looked at what is shared.
const CONTENTS_STATES_MAX: usize = 200_000;

/// What becomes of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// What it comes to is not what the scenario expects.
    Noticed,
    /// It is as expected, and yet not the same.
    Survived,
    /// It comes to the same outcomes, failures and last states, and what is shared never holds anything that it does not
    /// hold in the original, as far as that was looked at: no claim could tell.
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
    /// Last states that it reaches and the original does not.
    pub ends_more: usize,
    /// Last states that the original reaches and it does not.
    pub ends_less: usize,
    /// How often what is shared holds together what it never holds in the original; none where there were too many
    /// states to say.
    pub contents_more: Option<usize>,
}

/// A scenario as it stands, for its mutants to be compared with.
#[derive(Debug)]
pub struct Original<'a> {
    /// What it expects.
    pub expects: Vec<&'a Expect>,
    /// What its check came to.
    pub checked: &'a Checked,
    /// What is shared holds, by fingerprint; found out when it is asked for.
    contents: OnceLock<Option<FxHashSet<u128>>>,
    plan: Arc<Plan>,
}

impl<'a> Original<'a> {
    /// A scenario that was checked.
    pub fn new(plan: &Arc<Plan>, expects: Vec<&'a Expect>, checked: &'a Checked) -> Original<'a> {
        Original { expects, checked, contents: OnceLock::new(), plan: Arc::clone(plan) }
    }

    /// How much a mutant holds that this does not.
    fn contents_more(&self, plan: &Arc<Plan>, options: &Options) -> Option<usize> {
        let of = |plan: &Arc<Plan>| contents(&Machine::new(Arc::clone(plan), options.rules), CONTENTS_STATES_MAX);
        let own = self.contents.get_or_init(|| of(&self.plan)).as_ref()?;
        Some(of(plan)?.difference(own).count())
    }
}

/// States that a mutant is given unless something else is said: it may be larger than the original, but not for ever.
pub fn states_max(original: &Checked) -> usize {
    original.states.saturating_mul(TIMES_THE_ORIGINAL).saturating_add(STATES_MIN)
}

/// Checks a mutant.
///
/// # Errors
/// Where its objects cannot be made.
pub fn judge(plan: &Arc<Plan>, options: &Options, original: &Original<'_>) -> Result<Judged, Error> {
    let checked = check(plan, options, &mut |_| {})?;
    let compared = compare(plan, &original.expects, &checked);
    let ends_more = checked.ends.difference(&original.checked.ends).count();
    let ends_less = original.checked.ends.difference(&checked.ends).count();
    let mut judged = Judged { fate: Fate::Same, checked, compared, ends_more, ends_less, contents_more: None };
    judged.fate = fate(&judged, original);
    if judged.fate == Fate::Same {
        judged.contents_more = original.contents_more(plan, options);
        if judged.contents_more.is_some_and(|more| more > 0) {
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
    // Who is stuck stands at places of the program, which differ.
    let same = (!keys(known).is_empty() || checked.ends == known.ends)
        && checked.outcomes == known.outcomes
        && checked.exits == known.exits
        && keys(checked) == keys(known);
    if same { Fate::Same } else { Fate::Survived }
}
