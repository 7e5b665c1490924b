//! A scenario with what it claims.
//!
//! Answers for: which verdicts a schedule may reach. Never runs one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use conc::Scenario;
use conc::plan::Plan;
use conc::source::Span;
use conc::syntax::ast::Expect;

use super::form::Form;

/// What a schedule may come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All went well.
    Pass,
    /// Somebody can never go on.
    Deadlock,
    /// An assertion did not hold.
    Assertion,
    /// An error was not caught: its kind and, if that is said, the template of its actor.
    Error(String, Option<String>),
    /// Accesses that nothing orders: only an explorer sees them.
    Race(String),
}

/// How many schedules come to the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Schedules {
    /// All of them.
    Every,
    /// Some; the others pass.
    Some,
}

/// A scenario with what it claims.
pub(crate) struct Case {
    pub(crate) plan: Arc<Plan>,
    pub(crate) verdict: Verdict,
    pub(crate) schedules: Schedules,
    /// The final values that some schedule reaches, as literals; none if it does not say.
    pub(crate) outcomes: Option<Vec<String>>,
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
    /// Reads a scenario in one of its forms; as written it must have nothing wrong or doubtful about it. It must say
    /// how many schedules fail if any do.
    pub(crate) fn read(file: &Path, form: Form) -> Result<Case, String> {
        let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
        let scenario = Scenario::named(file.display().to_string(), form.apply(&text)?);
        if !scenario.is_correct() || (form == Form::Written && !scenario.diagnostics().is_empty()) {
            return Err(conc::report::diagnostic::render(scenario.source(), scenario.diagnostics(), false));
        }
        let plan = scenario.plan(&[]).map_err(|found| format!("{found:?}"))?;
        let (mut verdict, mut schedules, mut outcomes) = (Verdict::Pass, Schedules::Every, None);
        let text = scenario.source().text();
        for (expect, span) in &scenario.checked().expects {
            match expect {
                Expect::Pass => continue,
                Expect::Outcomes(values) => {
                    let literal = |span: Span| text.get(span.start as usize..span.end as usize).map(str::to_owned);
                    outcomes = Some(values.iter().filter_map(|value| literal(value.span)).collect());
                    continue;
                }
                Expect::Deadlock => verdict = Verdict::Deadlock,
                Expect::Assertion => verdict = Verdict::Assertion,
                Expect::Error(kind, actor) => {
                    let actor = actor.as_ref().map(|actor| actor.text.to_string());
                    verdict = Verdict::Error(kind.text.to_string(), actor);
                }
                Expect::Race(name) => verdict = Verdict::Race(name.text.to_string()),
                other => return Err(format!("{other:?} is not for these tests")),
            }
            let before = text.get(..span.start as usize).unwrap_or_default().trim_end();
            schedules = match before.lines().last() {
                Some("# every schedule") => Schedules::Every,
                Some("# some schedules") => Schedules::Some,
                _ => return Err("the line above an `expect` says `# every schedule` or `# some schedules`".into()),
            };
        }
        let plan = Arc::new(plan);
        Ok(Case { plan, verdict, schedules, outcomes })
    }

    /// Says what is wrong if some schedule fails in a way.
    pub(crate) fn judge_failure(&self, verdict: &Verdict) -> Result<(), String> {
        if self.verdict.covers(verdict) {
            return Ok(());
        }
        Err(format!("some schedule comes to {verdict:?}, and may to {:?}", self.verdict))
    }

    /// Says what is wrong if a schedule came to a verdict with an outcome.
    pub(crate) fn judge(&self, verdict: &Verdict, outcome: Option<&str>) -> Result<(), String> {
        let passes = *verdict == Verdict::Pass;
        let may_pass = self.schedules == Schedules::Some || matches!(self.verdict, Verdict::Race(_));
        if !(self.verdict.covers(verdict) || (passes && may_pass)) {
            return Err(format!("came to {verdict:?}, and should to {:?} ({:?})", self.verdict, self.schedules));
        }
        match (&self.outcomes, outcome) {
            (Some(outcomes), Some(outcome)) if !outcomes.iter().any(|one| one == outcome) => {
                Err(format!("ended with {outcome}, and may with {}", outcomes.join(", ")))
            }
            (Some(_), None) if passes => Err("ended without an outcome".into()),
            _ => Ok(()),
        }
    }
}

impl Verdict {
    /// Whether another is what this one names.
    fn covers(&self, other: &Verdict) -> bool {
        match (self, other) {
            (Verdict::Error(kind, actor), Verdict::Error(other, by)) => {
                kind == other && actor.as_ref().is_none_or(|actor| by.as_deref().is_some_and(|by| is_of(by, actor)))
            }
            (one, other) => one == other,
        }
    }
}

/// Whether an instance is of a template: `write#2` and `philosopher[3]` are of `write` and `philosopher`.
fn is_of(instance: &str, template: &str) -> bool {
    let own = instance.rsplit('.').next().unwrap_or(instance);
    own.split(['[', '#', '/']).next() == Some(template)
}
