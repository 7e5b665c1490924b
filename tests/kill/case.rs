//! A scenario with who is killed in it.
//!
//! Answers for: reading it, and whether a run of it went well. Never chooses a moment.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use conc::judge::{Judgement, judge};
use conc::plan::Plan;
use conc::program::op::OpCode;
use conc::trace::Ending;
use conc::{Run, RunOptions, Scenario};

/// Longer than any of them takes on a busy machine.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(15);

pub(crate) struct Case {
    pub(crate) plan: Arc<Plan>,
    pub(crate) victim: String,
}

/// The scenarios in a folder, by name.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "conc"));
    files.sort();
    files
}

impl Case {
    pub(crate) fn read(file: &Path) -> Result<Case, String> {
        let scenario = Scenario::from_path(file).map_err(|error| error.to_string())?;
        if !scenario.is_correct() {
            return Err(format!("has errors: {:?}", scenario.diagnostics()));
        }
        let named = scenario.source().text().lines().find_map(|line| line.strip_prefix("# victim: "));
        let victim = named.unwrap_or("victim").to_owned();
        let plan = scenario.plan(&[]).map_err(|found| format!("has no plan: {found:?}"))?;
        Ok(Case { plan: Arc::new(plan), victim })
    }

    /// Runs it, with its victim killed at a point; whether that came to its end by itself. What went wrong is an error.
    pub(crate) fn run(&self, point: u32, perturb: Option<u64>) -> Result<bool, String> {
        let doom = Some((self.victim.clone(), point));
        let options = RunOptions { seed: Some(0), timeout: Some(TIMEOUT), perturb, doom, ..RunOptions::default() };
        let run = self.plan.run(&options).map_err(|error| error.to_string())?;
        went_well(&self.plan, &run)
            .map_err(|message| format!("{message}\n{}{}", run.output(), run.trace().outline()))?;
        let data = run.trace().data();
        let victim = data.actors.iter().position(|actor| actor.name == self.victim).ok_or("there is no victim")?;
        let mut theirs = data.events.iter().filter(|event| event.place.actor as usize == victim);
        Ok(theirs.any(|event| event.op == OpCode::End))
    }
}

/// Whether a run ended well, and is one that the machine can do.
pub(crate) fn went_well(plan: &Arc<Plan>, run: &Run) -> Result<(), String> {
    if run.ending != Ending::Finished || !run.errors().is_empty() {
        return Err(format!("ended with {:?}, errors {:?}", run.ending, run.errors()));
    }
    match judge(plan, run.trace().data(), Some(&run.ending)) {
        // What the killed did last may be more than the judge tries.
        Judgement::Possible { .. } | Judgement::Undecided { .. } => Ok(()),
        judgement => Err(conc::report::judgement(run.trace(), &judgement)),
    }
}
