//! What several runs of one scenario came to: each outcome once, with how often it came.
//!
//! Answers for: what makes the outcomes of two runs the same, and the table. Never runs anything.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::datum::Shown;
use crate::program::op::OpCode;
use crate::trace::{Ending, Trace, Uncaught};

/// So many lines of an output are shown.
const LINES_MAX: usize = 6;
/// A line is cut off after so many characters.
const COLUMNS_MAX: usize = 100;

/// What a run came to: how it ended, and the values that its `outcome` named; where it named none, which lines it
/// printed, in whatever order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    ending: String,
    values: Vec<String>,
    lines: BTreeSet<String>,
}

/// An outcome, and the runs that came to it.
#[derive(Clone, Debug)]
pub struct Counted {
    /// Which.
    pub outcome: Outcome,
    /// How many runs.
    pub runs: usize,
    /// The first of them, from 1.
    pub first: usize,
    /// What to add to the command to see it again.
    pub again: String,
}

/// The values that a run named as its outcome, as literals.
pub fn outcome_values(trace: &Trace) -> Vec<String> {
    let shown = Shown::new(trace);
    let named = trace.events().iter().filter(|event| event.op == OpCode::Outcome);
    named.filter_map(|event| event.args.first()).map(|value| shown.literal(value)).collect()
}

impl Outcome {
    /// The outcome of a run.
    pub fn of(ending: &Ending, errors: &[Uncaught], output: &str, trace: &Trace) -> Outcome {
        let values = outcome_values(trace);
        let lines = if values.is_empty() { output.lines().map(str::to_owned).collect() } else { BTreeSet::new() };
        Outcome { ending: ended(ending, errors), values, lines }
    }

    fn title(&self) -> String {
        match (self.values.as_slice(), self.ending.as_str()) {
            ([], ending) => ending.to_owned(),
            (values, PASSED) => format!("outcome {}", values.join(", ")),
            (values, ending) => format!("outcome {}; {ending}", values.join(", ")),
        }
    }
}

const PASSED: &str = "passed";

fn ended(ending: &Ending, errors: &[Uncaught]) -> String {
    let mut raised: Vec<String> = errors.iter().map(|error| format!("{} in {}", error.kind, error.actor)).collect();
    raised.sort_unstable();
    let ended = match ending {
        Ending::Finished if raised.is_empty() => PASSED.to_owned(),
        Ending::Finished => return raised.join(", "),
        Ending::Exited(status) => format!("exit({status})"),
        Ending::Deadlock(blocked) => {
            let mut actors: Vec<&str> = blocked.iter().map(|one| one.actor.as_str()).collect();
            actors.sort_unstable();
            format!("deadlock of {}", actors.join(", "))
        }
        Ending::InvariantBroken(broken) => format!("invariant {} broken", broken.name),
        Ending::Race(race) => format!("race on {}", race.variable),
        Ending::Livelock(actors, _) => format!("livelock of {}", actors.join(", ")),
        Ending::TimedOut => "out of time".to_owned(),
        Ending::OverLimit(limit) => format!("over a limit: {limit}"),
        Ending::Killed(signal) => format!("main killed by signal {signal}"),
        Ending::Signalled(signal) => format!("ended by signal {signal}"),
        Ending::Bug(_) | Ending::Diverged(_) => "a bug in conc".to_owned(),
        Ending::Misfit(_) => "a replay that does not fit".to_owned(),
    };
    raised.insert(0, ended);
    raised.join(", ")
}

/// The table, the most frequent outcome first.
pub fn outcomes(all: &[Counted]) -> String {
    let runs: usize = all.iter().map(|one| one.runs).sum();
    let mut sorted: Vec<&Counted> = all.iter().collect();
    sorted.sort_by_key(|one| (std::cmp::Reverse(one.runs), one.first));
    let noun = |count: usize, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    let mut out = format!("{} in {}\n", noun(sorted.len(), "outcome"), noun(runs, "run"));
    for one in sorted {
        let share = one.runs as f64 * 100.0 / runs.max(1) as f64;
        let again = if one.again.is_empty() { String::new() } else { format!(": {}", one.again) };
        let title = one.outcome.title();
        let _ = writeln!(out, "{:>6} {share:>5.1}%  {title}  (first in run {}{again})", one.runs, one.first);
        let lines = &one.outcome.lines;
        for line in lines.iter().take(LINES_MAX) {
            let shown: String = line.chars().take(COLUMNS_MAX).collect();
            let cut = if shown.len() < line.len() { "…" } else { "" };
            let _ = writeln!(out, "               {shown}{cut}");
        }
        if lines.len() > LINES_MAX {
            let _ = writeln!(out, "               … and {} more", noun(lines.len() - LINES_MAX, "line"));
        }
    }
    out
}
