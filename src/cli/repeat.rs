//! `conc run --repeat N`: many runs of one scenario, and what they came to.
//!
//! Answers for: a seed for each run, and the worst exit status. Never words what came.

use std::sync::Arc;

use super::{Exit, complain, err, out, replay, run, verdict, verify};
use crate::plan::Plan;
use crate::report::{self, Counted, Outcome};
use crate::scenario::{RunOptions, Scenario};
use crate::schedule::Schedule;
use crate::trace::Ending;

/// What each run is like, but for its seeds.
pub(super) struct Asked {
    pub(super) runs: u32,
    pub(super) verify: bool,
    pub(super) options: RunOptions,
}

/// Makes the runs and shows what they came to; the exit status is that of the worst.
pub(super) fn repeat(plan: &Arc<Plan>, scenario: &Scenario, asked: &Asked) -> Exit {
    let mut found: Vec<Counted> = Vec::new();
    let mut worst = Exit::Expected;
    for number in 0..asked.runs {
        let options = options(&asked.options, number);
        let run = match plan.run(&options) {
            Ok(run) => run,
            Err(error) => {
                complain(format!("{}: {error}", scenario.source().name()));
                return run::refusal(&error).max(worst);
            }
        };
        if asked.verify && !matches!(run.ending, Ending::Signalled(_) | Ending::Killed(_)) {
            worst = worst.max(verify::verify_run(plan, &run.trace, &run.ending));
        }
        let verdict = verdict::of(scenario, plan, &run);
        worst = worst.max(verdict.exit);
        let outcome = Outcome::of(&run.ending, &run.errors, &run.output, &run.trace);
        match found.iter_mut().find(|one| one.outcome == outcome) {
            Some(one) => one.runs += 1,
            None => {
                if verdict.exit != Exit::Expected {
                    run.errors.iter().for_each(|error| err(&report::uncaught(scenario.source(), error, true)));
                    verdict.said.iter().for_each(|text| err(text));
                }
                let again = again(scenario, &options);
                found.push(Counted { outcome, runs: 1, first: number as usize + 1, again });
            }
        }
        if matches!(verdict.exit, Exit::Signal(_)) {
            break;
        }
    }
    out(&report::outcomes(&found));
    verdict::say_unseen(scenario, &asked.options.schedule);
    worst
}

/// The options of one of the runs: the seeds count on from those of the first.
fn options(first: &RunOptions, number: u32) -> RunOptions {
    let next = |seed: u64| seed.wrapping_add(u64::from(number));
    RunOptions { seed: first.seed.map(next), perturb: first.perturb.map(next), ..first.clone() }
}

/// What one types to have such a run again, as far as it depends on what one types.
fn again(scenario: &Scenario, options: &RunOptions) -> String {
    let mut words = Vec::new();
    if options.schedule != Schedule::Free {
        words.push(format!("--schedule {}", replay::typed(&options.schedule)));
    }
    if let Some(seed) = options.seed.filter(|_| options.schedule != Schedule::Free || scenario.draws()) {
        words.push(format!("--seed {seed}"));
    }
    words.extend(options.perturb.map(|seed| format!("--perturb {seed}")));
    words.join(" ")
}
