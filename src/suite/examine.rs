//! One scenario: loaded, run once for each of its snapshots, compared.
//!
//! Answers for: what is compared with what, and what is written beside the scenario. Never words anything.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::outcome::{Outcome, Problem, RunOutcome};
use super::snapshot::{RunSettings, Snapshot};
use super::verdict::verdict;
use super::{beside, explored};
use crate::plan::Plan;
use crate::report;
use crate::scenario::Scenario;

/// How scenarios are to be examined.
#[derive(Clone, Debug)]
pub struct Orders {
    /// Whether new outlines are taken as snapshots.
    pub accept: bool,
    /// How long a run may take.
    pub timeout: Duration,
}

/// Examines a scenario.
pub fn examine(path: &Path, orders: &Orders) -> Outcome {
    let begun = Instant::now();
    let mut outcome =
        Outcome { path: path.into(), source: None, runs: Vec::new(), problems: Vec::new(), took: Duration::ZERO };
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
    let expects = &scenario.checked().expects;
    let mut shown = vec![false; expects.len()];
    for snapshot in snapshots {
        let mut one = RunOutcome { snapshot, settings: None, accepted: false, problems: Vec::new() };
        match examine_run(&scenario, &plan, &mut one, orders) {
            Ok(seen) => shown.iter_mut().zip(seen).for_each(|(shown, seen)| *shown |= seen),
            Err(problem) => one.problems.push(problem),
        }
        outcome.runs.push(one);
    }
    // What went wrong otherwise may be why it was not shown.
    if outcome.runs.iter().all(|run| run.problems.iter().all(Problem::is_about_a_snapshot)) {
        let missing: Vec<_> = expects.iter().zip(shown).filter(|(_, shown)| !shown).map(|(expect, _)| expect).collect();
        if !missing.is_empty() {
            // A failure that not every schedule has: is there one?
            let wanted: Vec<_> = missing.iter().map(|(expect, _)| expect).collect();
            let found = explored::shown(&Arc::new(plan), &wanted);
            let absent = missing.iter().zip(found).filter(|(_, found)| !found);
            outcome.problems.extend(absent.map(|((_, span), _)| Problem::NotShown(*span)));
        }
    }
    Ok(())
}

/// The plan of a scenario.
pub(super) fn planned(scenario: &Scenario) -> Result<Plan, Problem> {
    scenario.plan(&[]).map_err(Problem::Wrong)
}

/// Gives which expectations the run showed.
fn examine_run(scenario: &Scenario, plan: &Plan, one: &mut RunOutcome, orders: &Orders) -> Result<Vec<bool>, Problem> {
    let path = one.snapshot.clone();
    let at = |path: PathBuf| move |error| Problem::File { path, error };
    let old = match beside::read(&path).map_err(at(path.clone()))? {
        Some(text) => Some(Snapshot::parse(&text).map_err(|error| Problem::Header { path: path.clone(), error })?),
        None => None,
    };
    let settings = old.as_ref().map_or_else(RunSettings::default, |old| old.settings.clone());
    one.settings = Some(settings.clone());
    let run = plan.run(&settings.options(orders.timeout)).map_err(Problem::NotRun)?;
    let verdict = verdict(scenario, &run);
    one.problems = verdict.problems;
    if !verdict.came_to_an_end {
        return Ok(verdict.shown);
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
    Ok(verdict.shown)
}
