//! Scenarios as tests of Rust: `assert_trace!` and `assert_traces!`.
//!
//! Answers for: what the macros need besides `insta`, which is the caller's own. Never writes a snapshot: insta does.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::examine::planned;
use super::outcome::{Outcome, Problem};
use super::report;
use super::snapshot::RunSettings;
use super::verdict::verdict;
use crate::scenario::Scenario;

/// How long a run may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The outline of a scenario's run, and what its snapshot is called.
#[derive(Clone, Debug)]
pub struct Traced {
    /// The scenario's file.
    pub path: PathBuf,
    /// The snapshot's name: the path with `__` between its parts, and the run if it is not the ordinary one.
    pub name: String,
    /// What happened.
    pub outline: String,
}

/// Runs a scenario and asserts with `insta` that its outline is that of the snapshot.
///
/// The path is relative to the root of the crate whose test this is; the snapshot is named after it
/// (`scenarios__pool`). The run is by `Schedule::Fifo` and seed 0 unless said otherwise, and then the snapshot's name
/// says so too (`scenarios__pool@random_7`). The assertion fails if the scenario has errors, or if the run does not end
/// as its `expect` says.
///
/// The snapshot is insta's: its files, settings and `cargo insta` are used as ever. `insta` is a dev-dependency of the
/// crate whose test this is.
///
/// ```no_run
/// # mod doc {
/// #[test]
/// # fn hidden() {}
/// fn pool() {
///     conc::assert_trace!("scenarios/pool.conc");
///     conc::assert_trace!("scenarios/pool.conc", schedule = conc::Schedule::Random, seed = 7);
/// }
/// # }
/// ```
#[macro_export]
macro_rules! assert_trace {
    ($path:expr $(, $key:ident = $value:expr)* $(,)?) => {{
        let settings = $crate::suite::RunSettings::default()$(.$key($value))*;
        match $crate::suite::trace_of(env!("CARGO_MANIFEST_DIR"), $path, &settings) {
            Ok(traced) => $crate::__assert_outline!(traced, concat!("assert_trace!(", stringify!($path), ")")),
            Err(why) => panic!("{why}"),
        }
    }};
}

/// [`assert_trace!`] for every scenario that a pattern finds: one snapshot each.
///
/// `*` stands for any part of a name, `**` for any folders. All scenarios are run, and all that fail are shown. That a
/// pattern finds none is a failure.
///
/// ```no_run
/// # mod doc {
/// #[test]
/// # fn hidden() {}
/// fn every_scenario() {
///     conc::assert_traces!("scenarios/**/*.conc");
/// }
/// # }
/// ```
#[macro_export]
macro_rules! assert_traces {
    ($pattern:expr $(, $key:ident = $value:expr)* $(,)?) => {{
        let settings = $crate::suite::RunSettings::default()$(.$key($value))*;
        let mut failed = ::std::vec::Vec::new();
        for traced in $crate::suite::traces_of(env!("CARGO_MANIFEST_DIR"), $pattern, &settings) {
            let asserted = traced.and_then(|traced| $crate::suite::caught(&traced, || {
                $crate::__assert_outline!(traced, concat!("assert_traces!(", stringify!($pattern), ")"));
            }));
            failed.extend(asserted.err());
        }
        $crate::suite::conclude(&failed);
    }};
}

/// The part that is insta's, for both macros.
#[doc(hidden)]
#[macro_export]
macro_rules! __assert_outline {
    ($traced:ident, $expression:expr) => {{
        let mut settings = ::insta::Settings::clone_current();
        settings.set_input_file(&$traced.path);
        settings.bind(|| ::insta::assert_snapshot!($traced.name.as_str(), $traced.outline, $expression));
    }};
}

/// What `assert_trace!` compares; or what it says, if it does not come to that.
#[doc(hidden)]
pub fn trace_of(root: &str, path: impl AsRef<Path>, settings: &RunSettings) -> Result<Traced, String> {
    let path = Path::new(root).join(path);
    let mut outcome = Outcome::new(&path);
    match outline(&mut outcome, settings) {
        Ok(outline) if outcome.problems.is_empty() => {
            Ok(Traced { name: snapshot_name(Path::new(root), &path, settings), path, outline })
        }
        Ok(_) => Err(complaint(&outcome, settings)),
        Err(problem) => {
            outcome.problems.push(problem);
            Err(complaint(&outcome, settings))
        }
    }
}

fn outline(outcome: &mut Outcome, settings: &RunSettings) -> Result<String, Problem> {
    let scenario = Scenario::from_path(&outcome.path).map_err(Problem::Unreadable)?;
    outcome.source = Some(scenario.source().clone());
    let plan = planned(&scenario)?;
    let run = plan.run(&settings.options(TIMEOUT)).map_err(Problem::NotRun)?;
    let verdict = verdict(&scenario, &plan, &run);
    outcome.problems = verdict.problems;
    if outcome.problems.is_empty() {
        let missing = scenario.checked().expects.iter().zip(verdict.shown).filter(|(_, shown)| !shown);
        outcome.problems.extend(missing.map(|((_, span), _)| Problem::NotShown(*span)));
    }
    Ok(run.trace().outline())
}

/// What `assert_traces!` compares: for each scenario as `trace_of` gives it, in the order of their paths.
#[doc(hidden)]
pub fn traces_of(root: &str, pattern: &str, settings: &RunSettings) -> Vec<Result<Traced, String>> {
    let whole = format!("{}/{pattern}", glob::Pattern::escape(root));
    let found = match glob::glob(&whole) {
        Ok(found) => found,
        Err(error) => return vec![Err(format!("{pattern}: {error}"))],
    };
    let traced: Vec<_> = found
        .map(|path| match path {
            Ok(path) => trace_of(root, path, settings),
            Err(error) => Err(error.to_string()),
        })
        .collect();
    if traced.is_empty() { vec![Err(format!("no scenario is found by {pattern}"))] } else { traced }
}

/// Makes a failed assertion of one scenario a line, so that the next one has its turn.
#[doc(hidden)]
pub fn caught(traced: &Traced, assertion: impl FnOnce()) -> Result<(), String> {
    let held = std::panic::catch_unwind(std::panic::AssertUnwindSafe(assertion));
    held.map_err(|_| {
        format!("{}: the outline is not that of snapshot {} (see above)", traced.path.display(), traced.name)
    })
}

/// Fails if something did, and says everything.
#[doc(hidden)]
#[track_caller]
#[expect(clippy::panic, reason = "an assertion fails by panicking")]
pub fn conclude(failed: &[String]) {
    if !failed.is_empty() {
        panic!("{} failed:\n\n{}", failed.len(), failed.join("\n"));
    }
}

/// Everything that is wrong with a scenario.
fn complaint(outcome: &Outcome, settings: &RunSettings) -> String {
    let source = outcome.source.as_ref();
    let mut text = String::new();
    for (_, problem) in outcome.problems() {
        text.push_str(&format!("{}: {}\n", outcome.path.display(), report::headline(problem, source)));
        text.push_str(&report::detail(problem, source, false).unwrap_or_default());
        if problem.is_of_a_run() {
            text.push_str(&format!("seen in the run by {}, seed {}\n", settings.schedule_text(), settings.seed));
        }
    }
    text
}

/// `scenarios/pool.conc` gives `scenarios__pool`; a run that is not the ordinary one stands behind an `@`.
fn snapshot_name(root: &Path, path: &Path, settings: &RunSettings) -> String {
    let inner = path.strip_prefix(root).unwrap_or(path).with_extension("");
    let parts = inner.components().filter_map(|part| match part {
        std::path::Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    });
    let mut name = parts.collect::<Vec<_>>().join("__");
    if *settings != RunSettings::default() {
        name.push_str(&format!("@{}_{}", settings.schedule_text().replace(' ', "_"), settings.seed));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::Schedule;

    #[test]
    fn a_snapshot_is_named_after_the_path_and_the_run() {
        let name = |path: &str, settings| {
            let root = Path::new("/crate");
            snapshot_name(root, &root.join(path), &settings)
        };
        let ordinary = RunSettings::default;
        assert_eq!(name("scenarios/pool.conc", ordinary()), "scenarios__pool");
        assert_eq!(name("./scenarios/a/pool.v2.conc", ordinary()), "scenarios__a__pool.v2");
        assert_eq!(name("../pool.conc", ordinary().seed(7)), "pool@fifo_7");
        assert_eq!(name("pool.conc", ordinary().schedule(Schedule::Pct { depth: 3 })), "pool@pct_3_0");
    }
}
