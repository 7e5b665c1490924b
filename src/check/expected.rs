//! What a scenario expects of a check, and whether it came.
//!
//! Answers for: comparing. Never explores.

use super::Checked;
use super::failure::{Failure, Verdict};
use crate::plan::Plan;
use crate::syntax::ast::Expect;
use crate::trace::{Race, Uncaught};
use crate::value;

/// How a check stands to what was expected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Whether the verdict is one that was expected, everything expected was found, and the outcomes are those.
    pub as_expected: bool,
    /// The verdicts that are expected, by name.
    pub expected: Vec<&'static str>,
    /// Expected failures that no schedule has.
    pub missing: Vec<String>,
    /// Outcomes that some schedule reaches and nobody expects.
    pub strange_outcomes: Vec<String>,
    /// Outcomes that are expected and that no schedule reaches.
    pub missing_outcomes: Vec<String>,
}

/// Compares what a check came to with the expectations of its scenario.
pub fn compare(plan: &Plan, expects: &[&Expect], checked: &Checked) -> Compared {
    let failing: Vec<&&Expect> = expects.iter().filter(|expect| expected_verdict(expect).is_some()).collect();
    let own = checked.counterexample.as_ref().map(|counterexample| &counterexample.failure);
    let found = || own.into_iter().chain(&checked.also);
    let mut expected: Vec<&str> = match failing.is_empty() {
        true => vec![Verdict::Pass.name()],
        false => failing.iter().filter_map(|expect| expected_verdict(expect)).map(Verdict::name).collect(),
    };
    expected.dedup();
    let mut compared = Compared { expected, ..Compared::default() };
    for expect in &failing {
        if !found().any(|failure| is_as(failure, expect)) {
            compared.missing.push(shown(expect));
        }
    }
    if let Some(outcomes) = &plan.outcomes {
        let literals: Vec<String> = outcomes.iter().map(value::literal).collect();
        let strange = checked.outcomes.iter().filter(|outcome| !literals.contains(outcome));
        compared.strange_outcomes = strange.cloned().collect();
        if checked.complete {
            let missing = literals.iter().filter(|outcome| !checked.outcomes.contains(outcome));
            compared.missing_outcomes = missing.cloned().collect();
        }
    }
    let is_verdict = match own {
        Some(failure) => failing.iter().any(|expect| is_as(failure, expect)),
        None => failing.is_empty() && checked.verdict == Verdict::Pass,
    };
    let outcomes = compared.strange_outcomes.is_empty() && compared.missing_outcomes.is_empty();
    compared.as_expected = is_verdict && compared.missing.is_empty() && outcomes;
    compared
}

fn expected_verdict(expect: &Expect) -> Option<Verdict> {
    match expect {
        Expect::Pass | Expect::Outcomes(_) => None,
        Expect::Deadlock => Some(Verdict::Deadlock),
        Expect::Race(_) => Some(Verdict::Race),
        Expect::Assertion => Some(Verdict::Assertion),
        Expect::Invariant(_) => Some(Verdict::Invariant),
        Expect::Error(..) => Some(Verdict::Error),
        Expect::Livelock => Some(Verdict::Livelock),
    }
}

/// Whether a failure is what is expected.
pub fn is_as(failure: &Failure, expect: &Expect) -> bool {
    match (failure, expect) {
        (Failure::Deadlock(_), Expect::Deadlock) | (Failure::Livelock(_) | Failure::Never(..), Expect::Livelock) => {
            true
        }
        (Failure::Race(race), _) => races_on(expect, race),
        (Failure::Invariant(broken), Expect::Invariant(name)) => broken.name == name.text,
        (Failure::Assertion(uncaught) | Failure::Error(uncaught), _) => foreseen(expect, uncaught),
        _ => false,
    }
}

/// Whether an `expect` names a race's variable.
pub fn races_on(expect: &Expect, race: &Race) -> bool {
    let Expect::Race(name) = expect else { return false };
    let variable = race.variable.rsplit('.').next().unwrap_or_default();
    variable.split('[').next() == Some(&name.text)
}

/// Whether an `expect` names an error.
pub fn foreseen(expect: &Expect, error: &Uncaught) -> bool {
    match expect {
        Expect::Assertion => error.kind == "AssertionFailed",
        Expect::Error(kind, actor) => {
            *kind.text == error.kind && actor.as_ref().is_none_or(|actor| is_of(&error.actor, &actor.text))
        }
        _ => false,
    }
}

/// Whether an instance is of a template: `write#2` and `philosopher[3]` are of `write` and `philosopher`.
fn is_of(instance: &str, template: &str) -> bool {
    let own = instance.rsplit('.').next().unwrap_or(instance);
    own == template || own.split(['[', '#', '/']).next() == Some(template)
}

fn shown(expect: &Expect) -> String {
    match expect {
        Expect::Pass => "pass".into(),
        Expect::Deadlock => "deadlock".into(),
        Expect::Race(name) => format!("race on {}", name.text),
        Expect::Assertion => "assertion".into(),
        Expect::Invariant(name) => format!("invariant {}", name.text),
        Expect::Error(kind, None) => format!("error {}", kind.text),
        Expect::Error(kind, Some(actor)) => format!("error {} in {}", kind.text, actor.text),
        Expect::Livelock => "livelock".into(),
        Expect::Outcomes(_) => "outcomes".into(),
    }
}
