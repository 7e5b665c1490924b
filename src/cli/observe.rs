//! `conc check --observe N`: real runs of what was checked.
//!
//! Answers for: a seed for each run, and when enough were cut off. Never compares, and words nothing.

use std::sync::Arc;
use std::time::Duration;

use super::{Exit, complain, run};
use crate::check::{Checked, End, Observed};
use crate::plan::Plan;
use crate::report;
use crate::scenario::RunOptions;
use crate::trace::Ending;

/// A run that takes longer is ended.
const RUN_TIME_MAX: Duration = Duration::from_secs(10);
/// After so many that had to be ended there are no more.
const CUT_OFF_MAX: usize = 3;

/// Runs a scenario so often, perturbed by the seeds from 1, and counts what that came to.
pub(super) fn observe(plan: &Arc<Plan>, name: &str, checked: &Checked, runs: u32) -> Result<Observed, Exit> {
    let mut observed = Observed::new(checked);
    for seed in 1..=u64::from(runs) {
        let timeout = Some(RUN_TIME_MAX);
        let options = RunOptions { seed: Some(seed), perturb: Some(seed), timeout, ..RunOptions::default() };
        let run = plan.run(&options).map_err(|error| {
            complain(format!("{name}: {error}"));
            run::refusal(&error)
        })?;
        match &run.ending {
            Ending::Bug(what) => {
                complain(format!("{name}: a bug in conc: {what}"));
                return Err(Exit::Bug);
            }
            Ending::Signalled(signal) => return Err(Exit::Signal(u8::try_from(*signal).unwrap_or(0))),
            _ => {}
        }
        observed.count(seed, End::of_run(&run.ending, &run.errors, report::outcome_values(&run.trace)));
        if observed.cut_off >= CUT_OFF_MAX {
            break;
        }
    }
    observed.conclude();
    Ok(observed)
}
