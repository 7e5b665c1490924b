//! One scenario: loaded, run once for each of its snapshots, compared.
//!
//! Answers for: what is compared with what, and what is written beside the scenario. Never words anything.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::beside;
use super::explored::Explored;
use super::outcome::{Outcome, Problem, RunOutcome};
use super::snapshot::{RunSettings, Snapshot};
use super::unseen::{Unseen, unseen};
use super::verdict::{expected_outcomes, verdict};
use crate::plan::Plan;
use crate::report;
use crate::scenario::{RunOptions, Scenario};

/// How scenarios are to be examined.
#[derive(Clone, Debug)]
pub struct Orders {
    /// Whether new outlines are taken as snapshots.
    pub accept: bool,
    /// How long a run may take.
    pub timeout: Duration,
    /// How much memory a run may take; a share of what there is unless said.
    pub memory_max: Option<u64>,
}

/// Examines a scenario.
pub fn examine(path: &Path, orders: &Orders) -> Outcome {
    let begun = Instant::now();
    let mut outcome = Outcome::new(path);
    if let Err(problem) = fill(&mut outcome, orders) {
        outcome.problems.push(problem);
    }
    outcome.took = begun.elapsed();
    outcome
}

fn fill(outcome: &mut Outcome, orders: &Orders) -> Result<(), Problem> {
    let scenario = Scenario::from_path(&outcome.path).map_err(Problem::Unreadable)?;
    outcome.source = Some(scenario.source().clone());
    let plan = planned(&scenario)?;
    let file = |error| Problem::File { path: outcome.path.clone(), error };
    let mut snapshots = beside::all(&outcome.path).map_err(file)?;
    if snapshots.is_empty() {
        snapshots.push(beside::first(&outcome.path));
    }
    outcome.unseen = unseen(&scenario, &RunSettings::default().schedule);
    let mut seen = Seen { shown: vec![false; scenario.checked().expects.len()], outcomes: BTreeSet::new() };
    for snapshot in snapshots {
        let mut one = RunOutcome { snapshot, settings: None, accepted: false, problems: Vec::new() };
        if let Err(problem) = examine_run(&scenario, &plan, &mut one, &mut seen, orders) {
            one.problems.push(problem);
        }
        outcome.runs.push(one);
    }
    // What went wrong otherwise may be why it was not shown.
    if outcome.runs.iter().all(|run| run.problems.iter().all(Problem::is_about_a_snapshot)) {
        seek(outcome, &scenario, plan, &seen);
    }
    Ok(())
}

/// What the runs have shown together.
struct Seen {
    /// By expectation.
    shown: Vec<bool>,
    /// The values that were named as outcomes.
    outcomes: BTreeSet<String>,
}

/// What is expected and no run has shown: is there a schedule that does?
fn seek(outcome: &mut Outcome, scenario: &Scenario, plan: Plan, seen: &Seen) {
    let expects = scenario.checked().expects.iter().zip(&seen.shown);
    let missing: Vec<_> = expects.filter(|(_, shown)| !**shown).map(|(expect, _)| expect).collect();
    let expected = expected_outcomes(&plan);
    let is_met = |expected: &String| seen.outcomes.contains(expected);
    if missing.is_empty() && expected.iter().flatten().all(is_met) {
        return;
    }
    let explored = Explored::of(&Arc::new(plan));
    let absent = missing.iter().filter(|(expect, _)| !explored.shows(expect));
    outcome.problems.extend(absent.map(|(_, span)| Problem::NotShown(*span)));
    let Some(expected) = expected else { return };
    if let Some(strange) = explored.outcomes().find(|outcome| !expected.contains(outcome)) {
        let (strange, expected) = (strange.clone(), expected.clone());
        outcome.problems.push(Problem::StrangeOutcome { strange, expected, in_a_run: false });
    }
    let never: Vec<String> = expected.into_iter().filter(|one| !is_met(one) && !explored.comes_to(one)).collect();
    if never.is_empty() {
        return;
    }
    if explored.is_complete() {
        outcome.problems.push(Problem::NeverReached(never));
    } else {
        outcome.unseen.push(Unseen::Outcomes);
    }
}

/// The plan of a scenario.
pub(super) fn planned(scenario: &Scenario) -> Result<Plan, Problem> {
    scenario.plan(&[]).map_err(Problem::Wrong)
}

fn examine_run(
    scenario: &Scenario,
    plan: &Plan,
    one: &mut RunOutcome,
    seen: &mut Seen,
    orders: &Orders,
) -> Result<(), Problem> {
    let path = one.snapshot.clone();
    let at = |path: PathBuf| move |error| Problem::File { path, error };
    let old = match beside::read(&path).map_err(at(path.clone()))? {
        Some(text) => Some(Snapshot::parse(&text).map_err(|error| Problem::Header { path: path.clone(), error })?),
        None => None,
    };
    let settings = old.as_ref().map_or_else(RunSettings::default, |old| old.settings.clone());
    one.settings = Some(settings.clone());
    let options = RunOptions { memory_max: orders.memory_max, ..settings.options(orders.timeout) };
    let run = plan.run(&options).map_err(Problem::NotRun)?;
    let verdict = verdict(scenario, plan, &run);
    one.problems = verdict.problems;
    seen.shown.iter_mut().zip(verdict.shown).for_each(|(shown, now)| *shown |= now);
    seen.outcomes.extend(verdict.outcomes);
    if !verdict.came_to_an_end {
        return Ok(());
    }
    let new = Snapshot::of(&settings, &run);
    if old.as_ref().is_some_and(|old| old.outline == new.outline) {
        if one.problems.is_empty() {
            beside::forget_pending(&path).map_err(at(path))?;
        }
    } else if orders.accept && one.problems.is_empty() {
        beside::accept(&path, &new.format()).map_err(at(path))?;
        one.accepted = true;
    } else {
        let pending = beside::pending(&path);
        std::fs::write(&pending, new.format()).map_err(at(pending.clone()))?;
        one.problems.push(match old {
            Some(old) => {
                let lines = report::changed_lines(&old.outline, &new.outline);
                Problem::Differs { old: Box::new(old), new: Box::new(new), lines, pending }
            }
            None => Problem::Missing { new, pending },
        });
    }
    Ok(())
}
