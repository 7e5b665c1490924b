//! Judging traces: `conc trace verify`, and the end of `conc run --verify`.
//!
//! Answers for: finding the scenario of a trace, and the exit status. Never judges itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Exit, complain, err, load, out};
use crate::judge::{Judgement, judge};
use crate::plan::Plan;
use crate::report;
use crate::trace::{Ending, Trace};

/// Judges a recorded trace.
pub(super) fn verify(file: &Path, trace: &Trace, scenario: Option<&Path>) -> Exit {
    let data = trace.data();
    let found = scenario.map(Path::to_path_buf).or_else(|| beside(file, &data.file));
    let Some(found) = found else {
        complain(format!("{}: its scenario, {}, is neither beside it nor here: name it", file.display(), data.file));
        return Exit::Wrong;
    };
    let plan = match load::scenario(&found).and_then(|scenario| load::plan(&scenario, &data.sets)) {
        Ok(plan) => Arc::new(plan),
        Err(exit) => return exit,
    };
    if !data.scenario.is_empty() && data.scenario != plan.hash() {
        complain(format!("{}: is not the scenario of the trace, or has changed since", found.display()));
        return Exit::Wrong;
    }
    let judgement = judge(&plan, data, None);
    out(&report::judgement(trace, &judgement));
    status(&judgement)
}

/// Judges a run that has just ended; says so only where something is wrong.
pub(super) fn verify_run(plan: &Arc<Plan>, trace: &Trace, ending: &Ending) -> Exit {
    // A run that was cut short, by a signal or its time, has events that are not whole.
    let judgement = judge(plan, trace.data(), Some(ending));
    if !matches!(judgement, Judgement::Possible { .. }) {
        err(&report::judgement(trace, &judgement));
    }
    status(&judgement)
}

fn status(judgement: &Judgement) -> Exit {
    match judgement {
        Judgement::Possible { .. } => Exit::Expected,
        Judgement::Impossible(_) => Exit::Bug,
        Judgement::Undecided { .. } => Exit::OverLimit,
        Judgement::Unreadable(_) => Exit::Wrong,
    }
}

/// The scenario of a name, in the folder of the trace or replay that names it, or the current one.
pub(super) fn beside(trace: &Path, name: &str) -> Option<PathBuf> {
    let own = Path::new(name).file_name()?;
    let folder = trace.parent().unwrap_or(Path::new("."));
    [folder.join(own), PathBuf::from(own)].into_iter().find(|path| path.is_file())
}
