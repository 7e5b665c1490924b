//! What became of each scenario, as data.
//!
//! Answers for: all that a report needs. Never words it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::snapshot::{HeaderError, RunSettings, Snapshot};
use super::unseen::Unseen;
use crate::diagnostic::Diagnostic;
use crate::scenario::{LoadError, RunError};
use crate::source::{Source, Span};
use crate::trace::{Ending, Uncaught};

/// How a scenario did, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Every run was as expected.
    Passed,
    /// So it was, and a new snapshot was taken.
    Accepted,
    /// Something was not.
    Failed,
}

/// What became of a scenario.
#[derive(Debug)]
pub struct Outcome {
    /// Its file.
    pub path: PathBuf,
    /// Its text, if it could be read.
    pub source: Option<Source>,
    /// Its runs: one a snapshot; none if it could not be run at all.
    pub runs: Vec<RunOutcome>,
    /// What is wrong with the scenario as a whole.
    pub problems: Vec<Problem>,
    /// What it claims and nobody has looked at.
    pub unseen: Vec<Unseen>,
    /// How long all of it took.
    pub took: Duration,
}

/// What became of one run.
#[derive(Debug)]
pub struct RunOutcome {
    /// The file that it is compared with.
    pub snapshot: PathBuf,
    /// Which run; none if the header does not say.
    pub settings: Option<RunSettings>,
    /// Whether its outline was taken as the snapshot.
    pub accepted: bool,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// Something that is not as expected.
#[derive(Debug)]
pub enum Problem {
    /// The scenario's file could not be read.
    Unreadable(LoadError),
    /// The scenario has errors.
    Wrong(Vec<Diagnostic>),
    /// A file beside the scenario could not be read, written or removed.
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A snapshot's header makes no sense.
    Header {
        /// Which file.
        path: PathBuf,
        /// Where in it, and why.
        error: HeaderError,
    },
    /// The run did not begin.
    NotRun(RunError),
    /// Errors that nobody caught and no `expect` names.
    Uncaught(Vec<Uncaught>),
    /// An end that no `expect` names.
    Ended(Ending),
    /// None of the runs showed what an `expect` names: where it stands.
    NotShown(Span),
    /// An outcome that `expect outcomes` does not name.
    StrangeOutcome {
        /// The first of them.
        strange: String,
        /// Those that it names.
        expected: Vec<String>,
        /// Whether a run came to it, or only some other schedule would.
        in_a_run: bool,
    },
    /// Outcomes that `expect outcomes` names and no schedule comes to.
    NeverReached(Vec<String>),
    /// There is no snapshot yet.
    Missing {
        /// What would be one.
        new: Snapshot,
        /// Where it waits to be accepted.
        pending: PathBuf,
    },
    /// The outline is not that of the snapshot.
    Differs {
        /// The snapshot.
        old: Box<Snapshot>,
        /// What would be the new one.
        new: Box<Snapshot>,
        /// How many lines are in only one of them.
        lines: usize,
        /// Where that waits to be accepted.
        pending: PathBuf,
    },
}

impl Problem {
    /// Whether another snapshot would be the cure.
    pub fn is_about_a_snapshot(&self) -> bool {
        matches!(self, Problem::Missing { .. } | Problem::Differs { .. })
    }

    /// Whether it is about what happened in a run, so that one wants to know in which.
    pub fn is_of_a_run(&self) -> bool {
        matches!(self, Problem::Uncaught(_) | Problem::Ended(_) | Problem::StrangeOutcome { in_a_run: true, .. })
    }
}

impl Outcome {
    /// One of which nothing is known yet.
    pub(super) fn new(path: &Path) -> Outcome {
        let (runs, problems, unseen) = (Vec::new(), Vec::new(), Vec::new());
        Outcome { path: path.into(), source: None, runs, problems, unseen, took: Duration::ZERO }
    }

    /// How it did.
    pub fn status(&self) -> Status {
        if self.problems().next().is_some() {
            Status::Failed
        } else if self.runs.iter().any(|run| run.accepted) {
            Status::Accepted
        } else {
            Status::Passed
        }
    }

    /// All that is not as expected, with the run in which it is not, if it is in one.
    pub fn problems(&self) -> impl Iterator<Item = (Option<&RunOutcome>, &Problem)> {
        let whole = self.problems.iter().map(|problem| (None, problem));
        let runs = self.runs.iter().flat_map(|run| run.problems.iter().map(move |problem| (Some(run), problem)));
        whole.chain(runs)
    }
}

/// How many scenarios did how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Every run was as expected.
    pub passed: usize,
    /// So it was, and a new snapshot was taken.
    pub accepted: usize,
    /// Something was not.
    pub failed: usize,
}

impl Totals {
    /// Counts.
    pub fn of(outcomes: &[Outcome]) -> Totals {
        let count = |status| outcomes.iter().filter(|outcome| outcome.status() == status).count();
        Totals { passed: count(Status::Passed), accepted: count(Status::Accepted), failed: count(Status::Failed) }
    }
}
