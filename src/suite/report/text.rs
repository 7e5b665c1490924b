//! For people: a line for each scenario, then what failed, why, and how many.
//!
//! Answers for: an end that fits a screen, whatever stands above it. Never cuts a reason.

use std::time::Duration;

use super::words::{detail, headline, headlines, located, unseen, which};
use crate::suite::outcome::{Outcome, Problem, RunOutcome, Status, Totals};

/// How many failed scenarios are listed at the end.
const LISTED_MAX: usize = 12;

const BOLD: &str = "\u{1b}[1m";
const RED: &str = "\u{1b}[1;31m";
const GREEN: &str = "\u{1b}[32m";
const YELLOW: &str = "\u{1b}[33m";
const PLAIN: &str = "\u{1b}[0m";

/// The line of a scenario.
pub fn text(outcome: &Outcome) -> String {
    let (style, word) = match outcome.status() {
        Status::Passed => (GREEN, "passed"),
        Status::Accepted => (YELLOW, "accepted"),
        Status::Failed => (RED, "FAILED"),
    };
    let mut text =
        format!("{style}{word:<8}{PLAIN} {:>6.2} s  {}\n", outcome.took.as_secs_f64(), outcome.path.display());
    text.extend(unseen(&outcome.unseen).map(|line| format!("                   {line}\n")));
    text
}

/// All that comes after the last scenario's line.
pub fn text_end(outcomes: &[Outcome], took: Duration) -> String {
    let mut text = String::new();
    let failed: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.status() == Status::Failed).collect();
    for outcome in &failed {
        text.push_str(&details(outcome));
    }
    if !failed.is_empty() {
        text.push_str(&format!("\n{BOLD}failed:{PLAIN}\n"));
    }
    for outcome in failed.iter().take(LISTED_MAX) {
        let mut lines = headlines(outcome);
        let more = lines.len().saturating_sub(1);
        lines.truncate(1);
        let rest = if more > 0 { format!(" (and {more} more)") } else { String::new() };
        text.push_str(&format!("  {}: {}{rest}\n", outcome.path.display(), lines.concat()));
    }
    if let Some(more @ 1..) = failed.len().checked_sub(LISTED_MAX) {
        text.push_str(&format!("  … and {more} more\n"));
    }
    let totals = Totals::of(outcomes);
    let mut counts = Vec::new();
    if totals.failed > 0 {
        counts.push(format!("{RED}{} failed{PLAIN}", totals.failed));
    }
    counts.push(format!("{GREEN}{} passed{PLAIN}", totals.passed));
    if totals.accepted > 0 {
        counts.push(format!("{YELLOW}{} accepted{PLAIN}", totals.accepted));
    }
    let all = match outcomes.len() {
        1 => "1 scenario".into(),
        many => format!("{many} scenarios"),
    };
    text.push_str(&format!("\n{} of {all}, {:.2} s\n", counts.join(", "), took.as_secs_f64()));
    if failed.iter().any(|outcome| waits(outcome)) {
        text.push_str("to take the new outlines as snapshots: conc test --accept\n");
    }
    text
}

/// Everything that is wrong with a scenario.
fn details(outcome: &Outcome) -> String {
    let source = outcome.source.as_ref();
    let mut text = format!("\n{BOLD}---- {} ----{PLAIN}\n", outcome.path.display());
    for (run, problem) in outcome.problems() {
        text.push_str(&format!("{RED}*{PLAIN} {}\n", located(outcome, run, &headline(problem, source))));
        if let Some(below) = detail(problem, source, true) {
            text.push_str(&below);
        }
        if let (Some(run), true) = (run, problem.is_of_a_run()) {
            text.push_str(&format!("  seen in the run by {}\n", which(run)));
        }
    }
    text
}

/// Whether there is something that `--accept` would take.
fn waits(outcome: &Outcome) -> bool {
    let only = |run: &RunOutcome| !run.problems.is_empty() && run.problems.iter().all(Problem::is_about_a_snapshot);
    outcome.runs.iter().any(only)
}
