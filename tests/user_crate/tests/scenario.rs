#[test]
fn producer_and_consumer() {
    let scenario = conc::Scenario::from_path("scenarios/hello.conc").unwrap();
    let run = scenario.plan(&[]).unwrap().run(&conc::RunOptions::default()).unwrap();
    insta::assert_snapshot!(run.trace().outline());
}

#[test]
fn one_scenario() {
    conc::assert_trace!("scenarios/hello.conc");
    conc::assert_trace!("scenarios/hello.conc", schedule = conc::Schedule::Random, seed = 7);
}

#[test]
fn every_scenario() {
    conc::assert_traces!("scenarios/**/*.conc");
}

#[test]
#[should_panic(expected = "no run ended as `expect deadlock` says")]
fn an_expectation_that_does_not_come() {
    conc::assert_trace!("wrong/unmet.conc");
}

#[test]
#[should_panic(expected = "no scenario is found by nowhere/*.conc")]
fn a_pattern_that_finds_nothing() {
    conc::assert_traces!("nowhere/*.conc");
}

#[test]
fn all_that_fail_are_shown() {
    let failed = std::panic::catch_unwind(|| conc::assert_traces!("wrong/*.conc")).unwrap_err();
    let said = failed.downcast_ref::<String>().unwrap();
    for part in [
        "3 failed",
        "unmet.conc: no run ended as",
        "misspelt.conc: the scenario is wrong: E0101",
        "stuck.conc: deadlock of main",
    ] {
        assert!(said.contains(part), "{said}");
    }
}
