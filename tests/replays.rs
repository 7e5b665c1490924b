//! Counterexamples on real processes: of every scenario that fails in some schedule, the schedule file of its
//! counterexample is taken again on real processes and threads, and comes to the same end, at the same place, with the
//! same actors.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use conc::check::{Counterexample, Failure, Limits, Options, check};
use conc::judge::{Judgement, judge};
use conc::schedule::Replay;
use conc::trace::{Access, Blocked, Ending};
use conc::{Run, RunOptions, Scenario, Schedule};
use libtest_mimic::{Arguments, Failed, Trial};

/// How many scenarios fail, at least.
const FAILING: usize = 130;
/// Of a search in which something failed: there is no need to look for more.
const STATES_FAILED: usize = 2_000;
/// Longer than any of them takes on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = conc::suite::discover(&[root.join("scenarios"), root.join("benches/twins")], None).unwrap_or_default();
    let mut trials = Vec::new();
    for file in files {
        // Each test begins here: none but its own scenario is checked.
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let fails = |expected: &str| !["pass", "outcomes"].iter().any(|good| expected.starts_with(good));
        if text.lines().filter_map(|line| line.strip_prefix("expect ")).any(fails) {
            let shown = file.strip_prefix(root).unwrap_or(&file).with_extension("");
            let name = shown.to_string_lossy().replace('/', "::");
            trials.push(Trial::test(name, move || replayed(&file).map_err(Failed::from)));
        }
    }
    let failing = trials.len();
    trials.push(Trial::test("there_are_scenarios_that_fail", move || match failing {
        FAILING.. => Ok(()),
        few => Err(Failed::from(format!("only {few} scenarios fail"))),
    }));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Checks a scenario, and takes the schedule file of its counterexample again.
fn replayed(file: &Path) -> Result<(), String> {
    let scenario = Scenario::from_path(file).map_err(|error| error.to_string())?;
    let plan = Arc::new(scenario.plan(&[]).map_err(|found| format!("{found:?}"))?);
    let limits = Limits { states_failed: STATES_FAILED, ..Limits::default() };
    let checked =
        check(&plan, &Options { limits, ..Options::new(512) }, &mut |_| {}).map_err(|error| error.to_string())?;
    let counterexample = checked.counterexample.ok_or("no schedule fails")?;
    let file = counterexample.replay.to_ron().map_err(|error| error.to_string())?;
    let replay = Replay::from_ron(&file).map_err(|error| error.to_string())?;
    let steps = replay.steps.clone();
    let options = RunOptions {
        seed: Some(replay.seed),
        timeout: Some(TIMEOUT),
        schedule: Schedule::Replay(Arc::new(replay)),
        ..RunOptions::default()
    };
    let run = plan.run(&options).map_err(|error| error.to_string())?;
    let told = |why: String| {
        let failure = &counterexample.failure;
        format!(
            "{why}\nthe counterexample: {failure:?}\nthe run: {:?} {:?}\n{}",
            run.ending,
            run.errors,
            run.trace.outline()
        )
    };
    same_end(&counterexample, &run).map_err(told)?;
    let taken = run.replay.as_ref().map(|replay| replay.steps.as_slice()).unwrap_or_default();
    if !taken.starts_with(&steps) {
        return Err(told("other steps were taken".to_owned()));
    }
    match judge(&plan, run.trace.data(), Some(&run.ending)) {
        Judgement::Possible { .. } => Ok(()),
        judgement => Err(told(conc::report::judgement(&run.trace, &judgement))),
    }
}

/// Whether a run ended as the counterexample does; after its last step a run goes on, for as long as it can.
fn same_end(counterexample: &Counterexample, run: &Run) -> Result<(), String> {
    let is_same = match (&counterexample.failure, &run.ending) {
        (Failure::Race(wanted), Ending::Race(race)) => {
            let place = |access: &Access| (access.name.clone(), access.span, access.writes);
            wanted.variable == race.variable
                && wanted.accesses.each_ref().map(place) == race.accesses.each_ref().map(place)
        }
        (Failure::Assertion(wanted) | Failure::Error(wanted), _) => run.errors.first() == Some(wanted),
        (Failure::Invariant(wanted), Ending::InvariantBroken(broken)) => {
            let last = counterexample.lines.last().and_then(|line| Some((line.actor.clone(), line.span?)));
            (&*wanted.name, wanted.span, &last) == (broken.name.as_str(), broken.claimed, &broken.by)
        }
        (Failure::Deadlock(wanted), Ending::Deadlock(blocked)) => {
            let place = |one: &Blocked| (one.actor.clone(), one.span, one.op, one.target.clone());
            wanted.iter().all(|one| blocked.iter().any(|other| place(other) == place(one)))
        }
        (Failure::Livelock(wanted), Ending::Livelock(actors, _)) => wanted == actors,
        (Failure::Never(..), Ending::Livelock(..)) => true,
        _ => false,
    };
    if is_same { Ok(()) } else { Err("it did not come to the same end".to_owned()) }
}
