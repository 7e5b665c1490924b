//! What is said of each problem.
//!
//! Answers for: one line, and what is shown below it. Never decides what is a problem.

use crate::report;
use crate::scenario::LoadError;
use crate::source::Source;
use crate::suite::outcome::{Outcome, Problem, RunOutcome};
use crate::suite::snapshot::RunSettings;
use crate::suite::unseen::Unseen;
use crate::trace::Ending;

/// A word for machines.
pub fn kind(problem: &Problem) -> &'static str {
    match problem {
        Problem::Unreadable(_) => "unreadable",
        Problem::Wrong(_) => "wrong",
        Problem::File { .. } => "file",
        Problem::Header { .. } => "header",
        Problem::NotRun(_) => "not-run",
        Problem::Uncaught(_) => "uncaught",
        Problem::Ended(ending) => match ending {
            Ending::Finished => "finished",
            Ending::Exited(_) => "exited",
            Ending::Deadlock(_) => "deadlock",
            Ending::InvariantBroken(_) => "invariant",
            Ending::Race(_) => "race",
            Ending::Livelock(..) => "livelock",
            Ending::TimedOut => "out-of-time",
            Ending::OverLimit(_) => "over-limit",
            Ending::Killed(_) | Ending::Signalled(_) => "killed",
            Ending::Bug(_) | Ending::Diverged(_) => "bug",
            Ending::Misfit(_) => "misfit",
        },
        Problem::NotShown(_) => "not-shown",
        Problem::StrangeOutcome { .. } => "outcome",
        Problem::NeverReached(_) => "not-reached",
        Problem::Missing { .. } => "missing",
        Problem::Differs { .. } => "differs",
    }
}

/// One line that says what is wrong.
pub fn headline(problem: &Problem, source: Option<&Source>) -> String {
    match problem {
        // The path stands before it already.
        Problem::Unreadable(LoadError::Read { error, .. }) => error.to_string(),
        Problem::Unreadable(LoadError::TooLarge { bytes, .. }) => format!("too large for a scenario: {bytes} bytes"),
        Problem::Unreadable(LoadError::NotText(_)) => "not UTF-8 text".into(),
        Problem::Wrong(found) => {
            let codes: Vec<String> = found.iter().map(|one| one.code.id().to_string()).collect();
            format!("the scenario is wrong: {}", listed(&codes))
        }
        Problem::File { path, error } => format!("{}: {error}", path.display()),
        Problem::Header { path, error } => format!("{}:{}: {error}", path.display(), error.line),
        Problem::NotRun(error) => format!("the run did not begin: {error}"),
        Problem::Uncaught(errors) => {
            let each: Vec<String> = errors.iter().map(|error| format!("{} in {}", error.kind, error.actor)).collect();
            format!("nobody caught {}", listed(&each))
        }
        Problem::Ended(ending) => ended(ending),
        Problem::NotShown(span) => {
            let text = source.and_then(|source| source.text().get(span.start as usize..span.end as usize));
            format!("no run ended as `{}` says", text.unwrap_or("expect").trim())
        }
        Problem::StrangeOutcome { strange, expected, in_a_run } => strange_outcome(strange, expected, *in_a_run),
        Problem::NeverReached(outcomes) => format!("no schedule comes to the outcome {}", outcomes.join(" or ")),
        Problem::Missing { pending, .. } => format!("no snapshot yet; this one waits in {}", pending.display()),
        Problem::Differs { lines, pending, .. } => {
            format!("the outline differs in {lines} lines; the new one waits in {}", pending.display())
        }
    }
}

/// What is shown below: places in the source, the difference of outlines.
pub fn detail(problem: &Problem, source: Option<&Source>, styled: bool) -> Option<String> {
    match (problem, source) {
        (Problem::Wrong(found), Some(source)) => Some(report::diagnostic::render(source, found, styled)),
        (Problem::Uncaught(errors), Some(source)) => {
            Some(errors.iter().map(|error| report::uncaught(source, error, styled)).collect())
        }
        (Problem::Ended(Ending::InvariantBroken(broken)), Some(source)) => {
            Some(report::broken_invariant(source, broken, styled))
        }
        (Problem::Ended(Ending::Deadlock(blocked)), Some(source)) => Some(report::deadlock(source, blocked, styled)),
        (Problem::Differs { old, new, .. }, _) => Some(report::changes(&old.format(), &new.format(), styled)),
        _ => None,
    }
}

/// Every problem of a scenario in one line, with the snapshot whose run has it where there are several.
pub(super) fn headlines(outcome: &Outcome) -> Vec<String> {
    outcome
        .problems()
        .map(|(run, problem)| located(outcome, run, &headline(problem, outcome.source.as_ref())))
        .collect()
}

/// Says in which of several runs.
pub(super) fn located(outcome: &Outcome, run: Option<&RunOutcome>, line: &str) -> String {
    match run.filter(|_| outcome.runs.len() > 1) {
        Some(run) => format!("[{}] {line}", which(run)),
        None => line.to_owned(),
    }
}

/// `fifo, seed 0`
pub(super) fn which(run: &RunOutcome) -> String {
    match &run.settings {
        Some(settings @ RunSettings { seed, .. }) => format!("{}, seed {seed}", settings.schedule_text()),
        None => run.snapshot.display().to_string(),
    }
}

/// An outcome that is not among the expected ones.
pub fn strange_outcome(strange: &str, expected: &[String], in_a_run: bool) -> String {
    let whose = if in_a_run { "" } else { " of another schedule" };
    format!("the outcome {strange}{whose} is not among the expected ones: {}", expected.join(", "))
}

/// One line that says what a scenario claims and its runs cannot see, if there is such a thing.
pub fn unseen(claims: &[Unseen]) -> Option<String> {
    let claims: Vec<String> = claims.iter().map(claim).collect();
    (!claims.is_empty()).then(|| format!("not seen by a run: {}; `conc check` looks for it", listed(&claims)))
}

/// A claim as the file words it.
pub(super) fn claim(claim: &Unseen) -> String {
    match claim {
        Unseen::Race(name) => format!("`expect race on {name}`"),
        Unseen::Livelock => "`expect livelock`".into(),
        Unseen::Eventually(name) => format!("`eventually {name}`"),
        Unseen::Invariant(name) => format!("`invariant {name}`"),
        Unseen::Outcomes => "all of `expect outcomes`".into(),
    }
}

fn ended(ending: &Ending) -> String {
    match ending {
        Ending::Finished => "the run ended".into(),
        Ending::Exited(status) => format!("main ended with exit({status})"),
        Ending::Deadlock(blocked) => {
            let actors: Vec<String> = blocked.iter().map(|one| one.actor.clone()).collect();
            format!("deadlock of {}", listed(&actors))
        }
        Ending::InvariantBroken(broken) => format!("the invariant `{}` does not hold", broken.name),
        Ending::Race(race) => format!("a race on {}", race.variable),
        Ending::Livelock(actors, _) => format!("livelock of {}", listed(actors)),
        Ending::TimedOut => "out of time: the run was ended".into(),
        Ending::OverLimit(limit) => format!("over a limit: {limit}"),
        Ending::Killed(signal) => format!("main was killed by signal {signal}"),
        Ending::Signalled(signal) => format!("signal {signal} ended the run"),
        Ending::Bug(what) => format!("a bug in conc: {what}"),
        Ending::Diverged(divergence) => format!("a bug in conc: {} did what the machine cannot do", divergence.actor),
        Ending::Misfit(misfit) => format!("step {} of the replay does not fit", misfit.step),
    }
}

/// The first few, and how many more.
fn listed(each: &[String]) -> String {
    const SHOWN_MAX: usize = 4;
    let shown = each.iter().take(SHOWN_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    match each.len().checked_sub(SHOWN_MAX) {
        Some(more @ 1..) => format!("{shown} and {more} more"),
        _ => shown,
    }
}

/// A text without what terminals obey and XML and YAML forbid.
pub(super) fn printable(text: &str) -> String {
    let shown = |c: char| !c.is_control() || c == '\n' || c == '\t';
    text.chars().map(|c| if shown(c) && !matches!(c, '\u{fffe}' | '\u{ffff}') { c } else { '\u{fffd}' }).collect()
}
