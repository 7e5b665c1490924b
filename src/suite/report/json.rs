//! For programs: one JSON object a line, one line a scenario.
//!
//! Answers for: the fields that `docs/snapshots.md` lists. Never has colours.

use serde_json::{Value, json};

use super::words::{claim, detail, headline, kind};
use crate::source::Source;
use crate::suite::outcome::{Outcome, Problem, RunOutcome, Status};

/// The line of a scenario.
pub fn json(outcome: &Outcome) -> String {
    let source = outcome.source.as_ref();
    let status = match outcome.status() {
        Status::Passed => "passed",
        Status::Accepted => "accepted",
        Status::Failed => "failed",
    };
    let line = json!({
        "path": outcome.path.display().to_string(),
        "status": status,
        "seconds": outcome.took.as_secs_f64(),
        "problems": outcome.problems.iter().map(|problem| one(problem, source)).collect::<Vec<_>>(),
        "unseen": outcome.unseen.iter().map(|one| claim(one).replace('`', "")).collect::<Vec<_>>(),
        "runs": outcome.runs.iter().map(|run| run_of(run, source)).collect::<Vec<_>>(),
    });
    format!("{line}\n")
}

fn run_of(run: &RunOutcome, source: Option<&Source>) -> Value {
    json!({
        "snapshot": run.snapshot.display().to_string(),
        "schedule": run.settings.as_ref().map(|settings| settings.schedule_text()),
        "seed": run.settings.as_ref().map(|settings| settings.seed),
        "accepted": run.accepted,
        "problems": run.problems.iter().map(|problem| one(problem, source)).collect::<Vec<_>>(),
    })
}

fn one(problem: &Problem, source: Option<&Source>) -> Value {
    json!({
        "kind": kind(problem),
        "message": headline(problem, source),
        "detail": detail(problem, source, false),
    })
}
