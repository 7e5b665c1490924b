//! Scenarios of other tests, checked: without a death they must hold whatever the schedule, as far as it keeps the
//! times that they name.

use std::path::Path;
use std::sync::Arc;

use conc::Scenario;
use conc::check::{Limits, Options, Verdict, check};
use conc::machine::Time;

/// States that are looked at.
const STATES_MAX: usize = 8_000;

#[test]
fn the_scenarios_of_the_kill_harness_hold_by_themselves() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kill");
    let files = conc::suite::discover(&[folder], None).expect("scenarios");
    assert!(files.len() >= 30, "{files:?}");
    let wrong = files.iter().filter_map(|file| {
        let plan = Arc::new(Scenario::from_path(file).expect("a file").plan(&[]).expect("a plan"));
        let limits = Limits { states: STATES_MAX, states_best: 0, walked: 10_000, ..Limits::default() };
        let mut options = Options { limits, ..Options::new(512) };
        options.rules.time = Time::Prompt;
        let checked = check(&plan, &options, &mut |_| {}).expect("objects");
        let holds = matches!(checked.verdict, Verdict::Pass | Verdict::Limit);
        let failure = checked.counterexample.map(|counterexample| counterexample.failure);
        (!holds).then(|| format!("{}: {failure:?}", file.display()))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
