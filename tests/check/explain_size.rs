//! `conc check --explain-size`: what it counts is what a check comes to, and what it advises was measured.

use std::path::Path;
use std::sync::Arc;

use conc::Scenario;
use conc::check::{Joined, Limits, Options, Reduction, check, extent, size};
use conc::variants::{Change, candidates};

use super::folder::Folder;

const COUNTERS: &str = r#"scenario "counters"
const ROUNDS = 3
shared own = 0
atomic total = 0
queue log
thread t[i in 0..3] {
    for _ in 0..ROUNDS { total += 1 }
    log.put(i)
    print "done"
}
thread alone { own = 1; own = 2 }
"#;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("JSON")
}

/// The search that counts meets the states that the plain one meets, by as many steps.
#[test]
fn what_is_counted_is_what_is_searched() {
    let folders = ["litmus", "mutex"].map(|name| root().join("scenarios").join(name));
    let files = conc::suite::discover(&folders, None).expect("scenarios");
    for file in files {
        let scenario = Scenario::from_path(&file).expect("a scenario");
        let plan = Arc::new(scenario.plan(&[]).expect("a plan"));
        for reduction in [Reduction::Stubborn, Reduction::None] {
            let states = 1_000;
            let limits = Limits { states, states_failed: states, states_best: 0, walked: 0, ..Limits::default() };
            let options = Options { limits, reduction, ..Options::new(512) };
            let checked = check(&plan, &options, &mut |_| {}).expect("objects");
            let size = size(&plan, &options).expect("objects");
            assert_eq!((size.extent.states, size.extent.steps), (checked.states, checked.transitions), "{file:?}");
            let steps: usize = size.places.iter().map(|place| place.steps).sum();
            let states: usize = size.places.iter().map(|place| place.states).sum();
            assert_eq!((steps, states + 1), (size.extent.steps, size.extent.states), "{file:?}");
        }
    }
}

#[test]
fn joined_operations_are_one_step() {
    let text = "atomic n = 0\nthread t[i in 0..2] {\n n = 1; n = 2; n = 3\n}\n";
    let scenario = Scenario::from_str(text);
    let plan = Arc::new(scenario.plan(&[]).expect("a plan"));
    let line = |text: &str| {
        let plan = Arc::new(Scenario::from_str(text).plan(&[]).expect("a plan"));
        extent(&plan, &Options { reduction: Reduction::None, ..Options::new(512) }, &Joined::default())
            .expect("objects")
    };
    let options = Options { reduction: Reduction::None, ..Options::new(512) };
    let joined = Joined { lines: [3].into(), ..Joined::default() };
    let one = extent(&plan, &options, &joined).expect("objects");
    // The first write follows no step of the thread's own; the others are in one with it.
    assert_eq!(one, line("atomic n = 0\nthread t[i in 0..2] {\n n = 3\n}\n"));
    assert!(one.states < line(text).states, "{one:?}");
}

/// What is measured with a constant given another value is what a check with `--set` comes to.
#[test]
fn what_is_advised_was_measured() {
    let folder = Folder::with(&[("counters.conc", COUNTERS)]);
    let out = folder.conc("check", &["--explain-size", "counters.conc", "--format", "json"]);
    assert_eq!(out.code, Some(0), "{}", out.err);
    let told = json(&out.out);
    let advice = told["smaller"].as_array().expect("a list");
    let of = |kind: &str| advice.iter().find(|one| one["kind"] == kind).unwrap_or_else(|| panic!("{kind}: {told:#}"));
    let plain = json(&folder.conc("check", &["counters.conc", "--format", "json"]).out);
    assert_eq!(told["states"], plain["states"]);
    let set = json(&folder.conc("check", &["counters.conc", "--set", "ROUNDS=2", "--format", "json"]).out);
    assert_eq!((&of("constant")["states"], &of("constant")["to"]), (&set["states"], &2.into()));
    folder.write("two.conc", &COUNTERS.replace("in 0..3]", "in 0..2]"));
    let two = json(&folder.conc("check", &["two.conc", "--format", "json"]).out);
    assert_eq!((&of("instances")["states"], &of("instances")["line"]), (&two["states"], &6.into()));
    assert_eq!((&of("local")["about"], &of("local")["line"]), (&"own".into(), &3.into()));
    assert_eq!(of("bound")["about"], "log");
    assert_eq!(of("one-step")["line"], 7);
    of("silent");
}

#[test]
fn a_queue_is_tried_with_a_bound_and_a_loop_with_fewer_rounds() {
    let text = "queue q\nthread p { for i in 0..4 { q.put(i) } }\nthread c { for _ in 0..4 { q.get() } }\n";
    let scenario = Scenario::from_str(text);
    let plan = Arc::new(scenario.plan(&[]).expect("a plan"));
    let options = Options::new(512);
    let size = size(&plan, &options).expect("objects");
    let found = candidates(&plan, scenario.checked(), &[], &size);
    let changes: Vec<&Change> = found.iter().map(|one| &one.change).collect();
    assert!(changes.contains(&&Change::Bound("q".into(), 2)), "{changes:?}");
    assert_eq!(changes.iter().filter(|change| ***change == Change::Rounds(4, 3)).count(), 2, "{changes:?}");
    for one in &found {
        assert!(one.extent(&plan, &options).is_some_and(|extent| extent.complete), "{:?}", one.change);
    }
}

#[test]
fn sizes_are_told_of() {
    for name in ["classics/bounded_buffer", "classics/peterson"] {
        let text = std::fs::read_to_string(root().join(format!("scenarios/{name}.conc"))).expect("a scenario");
        let short = name.rsplit('/').next().unwrap_or(name);
        let file = format!("{short}.conc");
        let folder = Folder::with(&[(&file, &text)]);
        let out = folder.conc("check", &["--explain-size", &file]);
        assert_eq!(out.code, Some(0), "{name}: {}", out.err);
        insta::assert_snapshot!(format!("size_{short}"), out.out);
    }
    let folder = Folder::with(&[("counters.conc", COUNTERS)]);
    let out = folder.conc("check", &["--explain-size", "counters.conc", "--format", "json"]);
    insta::assert_snapshot!("size_json", format!("{:#}", json(&out.out)));
}

/// When the search ends in a limit, what would bring it below is told.
#[test]
fn what_is_too_large_is_explained() {
    let folder = Folder::with(&[("counters.conc", COUNTERS)]);
    let args = ["--explain-size", "counters.conc", "--max-states", "400", "--set", "ROUNDS=6"];
    let out = folder.conc("check", &args);
    assert_eq!(out.code, Some(0), "{}", out.err);
    insta::assert_snapshot!("size_limit", out.out);
    let out = folder.conc("check", &["--explain-size", "counters.conc", "--max-states", "3"]);
    assert!(out.out.contains("none brings it below the limit"), "{}", out.out);
    let out = folder.conc("check", &["--explain-size", "counters.conc", "--format", "mermaid"]);
    assert_eq!(out.code, Some(2), "{}", out.out);
}
