//! `conc check --mutate`: which mutants there are, what becomes of them, and what is said of it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use conc::Scenario;
use conc::check::{Checked, Limits, Options, check};
use conc::plan::{CORES, Plan};
use conc::syntax::ast::Expect;
use conc::variants::{Fate, Judged, Mutant, Mutants, Operator, Original, judge, states_max};

use super::folder::Folder;

/// Every lock, and every operation of it, matters.
const ALL_MATTER: &str = r#"scenario "two deposits"
lock m
shared n = 0
process p[i in 0..2] { with m { n = n + 1 } }
finally { assert n == 2 }
"#;

/// The outer lock does what the inner one does once more.
const SUPERFLUOUS: &str = r#"scenario "two locks for one variable"
lock outer
lock inner
shared n = 0
process p[i in 0..2] { with outer { with inner { n = n + 1 } } }
finally { assert n == 2 }
"#;

/// Nobody claims that there is at most one at a time.
const UNCLAIMED: &str = r#"scenario "nobody says how many"
semaphore room(1)
atomic inside = 0
atomic most = 0
process p[i in 0..2] { with room { let now = inside.add(1); if now > most { most = now }; inside.sub(1) } }
"#;

/// A mutant of every kind.
const EVERY_KIND: &str = r#"scenario "every kind"
lock a
lock b
rwlock rw
condition c
semaphore s(1)
event e
barrier both(2)
latch l(1)
queue q(1)
atomic n = 0
atomic plain = 0
shared x = 0

thread one {
    with a, b { x = 1 }
    with rw.write { x = 2; x = 3 }
    with c { while n == 0 { c.wait() }; c.notify_all(); c.notify() }
    a.acquire()
    a.release()
    s.acquire()
    s.release()
    e.set()
    both.wait()
    l.count_down()
    q.put(1)
    n.add(1)
    plain = 1
}

main {
    let t = start one
    e.wait()
    q.get()
    join t
}
"#;

fn plan(text: &str) -> (Scenario, Arc<Plan>) {
    let scenario = Scenario::from_str(text);
    let plan = Arc::new(scenario.plan(&[]).unwrap_or_else(|found| panic!("{found:?}")));
    (scenario, plan)
}

fn expects(scenario: &Scenario) -> Vec<&Expect> {
    scenario.checked().expects.iter().map(|(expect, _)| expect).collect()
}

fn judged(scenario: &Scenario, plan: &Arc<Plan>, options: &Options, checked: &Checked) -> Vec<(Mutant, Judged)> {
    let mutants = Mutants::of(scenario.checked());
    let original = Original::new(plan, expects(scenario), checked);
    let all = mutants.all().iter().filter_map(|mutant| {
        let plan = Arc::new(mutants.plan(mutant, &[], CORES)?);
        Some((mutant.clone(), judge(mutant, &plan, options, &original).ok()?))
    });
    all.collect()
}

/// Operator, line and fate of every mutant.
fn fates(text: &str) -> Vec<(&'static str, u32, Fate)> {
    let (scenario, plan) = plan(text);
    let options = Options::new(512);
    let checked = check(&plan, &options, &mut |_| {}).expect("objects");
    let line = |mutant: &Mutant| scenario.source().place(mutant.span.start).line;
    let all = judged(&scenario, &plan, &options, &checked);
    all.iter().map(|(mutant, judged)| (mutant.operator.name(), line(mutant), judged.fate)).collect()
}

#[test]
fn every_lock_that_matters_is_noticed() {
    assert_eq!(fates(ALL_MATTER), [("lock-dropped", 4, Fate::Noticed)]);
}

#[test]
fn a_superfluous_lock_makes_no_difference() {
    use Fate::{Noticed, Same};
    assert_eq!(
        fates(SUPERFLUOUS),
        [("lock-dropped", 5, Same), ("locks-swapped", 5, Same), ("lock-dropped", 5, Same)],
        "without either the other one is enough"
    );
    let one =
        SUPERFLUOUS.replace("with outer { with inner { n = n + 1 } }", "with outer { n = n + 1; with inner { } }");
    let found = fates(&one);
    assert_eq!(found.first(), Some(&("lock-dropped", 5, Noticed)), "{found:?}");
    assert_eq!(found.last(), Some(&("lock-dropped", 5, Same)), "{found:?}");
}

#[test]
fn what_no_claim_forbids_survives() {
    let found = fates(UNCLAIMED);
    assert!(found.contains(&("permit-more", 2, Fate::Survived)), "{found:?}");
    assert!(found.contains(&("take-dropped", 5, Fate::Survived)), "{found:?}");
    let claimed = format!("{UNCLAIMED}invariant room_for_one: inside <= 1\n");
    let found = fates(&claimed);
    assert!(found.contains(&("permit-more", 2, Fate::Noticed)), "{found:?}");
    assert!(found.contains(&("take-dropped", 5, Fate::Noticed)), "{found:?}");
}

#[test]
fn there_is_a_mutant_of_every_kind_and_all_can_be_planned() {
    let (scenario, _) = plan(EVERY_KIND);
    let mutants = Mutants::of(scenario.checked());
    let found: BTreeSet<Operator> = mutants.all().iter().map(|mutant| mutant.operator).collect();
    let missing: Vec<_> = Operator::ALL.iter().filter(|operator| !found.contains(operator)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    for mutant in mutants.all() {
        assert!(mutants.plan(mutant, &[], CORES).is_some(), "{mutant:?}");
    }
}

#[test]
fn without_a_change_a_scenario_is_itself() {
    for name in ["classics/bounded_buffer", "classics/philosophers", "bugs/etcd_7492", "tutorial/queue"] {
        let path = root().join(format!("scenarios/{name}.conc"));
        let scenario = Scenario::from_path(&path).expect("a scenario");
        let planned = Arc::new(scenario.plan(&[]).expect("a plan"));
        let again = Arc::new(Mutants::of(scenario.checked()).original(&[], CORES).expect("a plan"));
        let programs = [&planned, &again].map(|plan| conc::program::disassemble(&plan.image.program));
        assert_eq!(programs[0], programs[1], "{name}");
        let counts = [&planned, &again].map(|plan| {
            let checked = check(plan, &Options::new(512), &mut |_| {}).expect("objects");
            (checked.verdict, checked.states, checked.transitions, checked.ends)
        });
        assert_eq!(counts[0], counts[1], "{name}");
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Of the mutants of every scenario, one in so many is planned, and a few of its states are looked at.
const SAMPLE: usize = 7;

#[test]
fn the_mutants_of_every_scenario_can_be_checked() {
    let files = conc::suite::discover(&[root().join("scenarios")], None).expect("scenarios");
    let mut made = 0;
    for file in files {
        let scenario = Scenario::from_path(&file).expect("a scenario");
        let states = 60;
        let limits = Limits { states, states_failed: states, states_best: states, walked: 0, ..Limits::default() };
        let limits = Limits { time: Some(Duration::from_millis(200)), ..limits };
        let options = Options { limits, ..Options::new(512) };
        let mutants = Mutants::of(scenario.checked());
        for mutant in mutants.all() {
            made += 1;
            if made % SAMPLE > 0 {
                continue;
            }
            let Some(plan) = mutants.plan(mutant, &[], CORES) else { continue };
            let Ok(checked) = check(&Arc::new(plan), &options, &mut |_| {}) else { continue };
            assert!(checked.states > 0, "{}: {mutant:?}", file.display());
        }
    }
    assert!(made > 1000, "{made}");
}

#[test]
fn mutants_are_told_of() {
    for (name, code) in
        [("classics/bounded_buffer", 1), ("classics/peterson", 0), ("textbook/gate_lock", 0), ("bugs/etcd_7492", 1)]
    {
        let text = std::fs::read_to_string(root().join(format!("scenarios/{name}.conc"))).expect("a scenario");
        let short = name.rsplit('/').next().unwrap_or(name);
        let file = format!("{short}.conc");
        let folder = Folder::with(&[(&file, &text)]);
        let out = folder.conc("check", &["--mutate", &file]);
        assert_eq!(out.code, Some(code), "{name}: {}{}", out.out, out.err);
        insta::assert_snapshot!(format!("mutate_{short}"), out.out);
    }
}

#[test]
fn mutants_are_told_of_as_json() {
    let folder = Folder::with(&[("unclaimed.conc", UNCLAIMED)]);
    let out = folder.conc("check", &["--mutate", "unclaimed.conc", "--format", "json"]);
    assert_eq!(out.code, Some(1), "{}", out.err);
    let mut object: serde_json::Value = serde_json::from_str(&out.out).expect("JSON");
    for mutant in object["mutants"].as_array_mut().expect("mutants") {
        mutant["seconds"] = 0.into();
    }
    insta::assert_snapshot!("mutate_json", format!("{object:#}"));
}

#[test]
fn several_scenarios_have_a_total() {
    let stuck = "lock m\nprocess p { m.acquire(); m.acquire() }\n";
    let files = [("a.conc", ALL_MATTER), ("b.conc", UNCLAIMED), ("stuck.conc", stuck)];
    let folder = Folder::with(&files);
    let out = folder.conc("check", &["--mutate", "."]);
    assert_eq!(out.code, Some(1), "{}{}", out.out, out.err);
    insta::assert_snapshot!("mutate_several", out.out);
    assert!(out.err.contains("stuck.conc: as it stands it is not as it expects (deadlock, and expected: pass)"));
    assert_eq!(folder.conc("check", &["--mutate", "stuck.conc"]).code, Some(3));
    assert_eq!(folder.conc("check", &["--mutate", "a.conc"]).code, Some(0));
    assert_eq!(folder.conc("check", &["--mutate", "a.conc", "--format", "sarif"]).code, Some(2));
}

#[test]
fn a_limit_is_never_noticed() {
    let text = "atomic n = 0\nlock m\nthread t[i in 0..3] { for _ in 0..4 { with m { n += 1 } } }\n";
    let folder = Folder::with(&[("many.conc", text)]);
    let states = |args: &[&str]| {
        let out = folder.conc("check", args);
        (serde_json::from_str::<serde_json::Value>(&out.out).expect("JSON"), out.code)
    };
    let (plain, _) = states(&["many.conc", "--format", "json"]);
    let most = plain["states"].to_string();
    let (mutated, code) = states(&["many.conc", "--mutate", "--format", "json", "--max-states", &most]);
    assert_eq!((&mutated["limit"], &mutated["noticed"]), (&1.into(), &0.into()), "{mutated:#}");
    assert_eq!(code, Some(4));
    let out = folder.conc("check", &["many.conc", "--mutate", "--max-states", "10"]);
    assert_eq!(out.code, Some(4), "{}", out.out);
    assert!(out.err.contains("a limit was reached before its own verdict"), "{}", out.err);
}

#[test]
fn where_something_is_claimed_mutants_may_have_as_many_states_as_the_whole_graph() {
    let claims = "atomic n = 0\nlock m\nthread t[i in 0..4] { with m { pass } ; n.add(1) }\neventually all: n == 4\n";
    let plan = Arc::new(Scenario::from_str(claims).plan(&[]).expect("a plan"));
    let checked = check(&plan, &Options::new(512), &mut |_| {}).expect("objects");
    assert!(checked.graph > checked.states, "{} of {}", checked.states, checked.graph);
    assert!(states_max(&checked) > 10 * checked.graph);
}
