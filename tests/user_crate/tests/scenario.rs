#[test]
fn producer_and_consumer() {
    let scenario = conc::Scenario::from_path("scenarios/hello.conc").unwrap();
    let run = scenario.plan(&[]).unwrap().run(&conc::RunOptions::default()).unwrap();
    insta::assert_snapshot!(run.trace().outline());
}
