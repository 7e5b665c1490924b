//! The best way to a failure, and what is told of one of which that could not be shown.

use std::sync::Arc;

use conc::check::{Bound, Checked, Counterexample, Limits, Options, Verdict, check, compare};
use conc::plan::Plan;
use conc::report::check::{json, text};
use conc::schedule::Replay;
use conc::trace::Ending;
use conc::{RunOptions, Scenario, Schedule};

/// Depth first, the first way to the deadlock that is met is not the best.
const CROSSED: &str = "lock a\nlock b\nlock c\n\
                       thread two { with c { pass } ; with b { with a { pass } } }\n\
                       thread one { with a { pass } ; with c { pass } ; with a { with b { pass } } }\n";

fn checked(plan: &Arc<Plan>, states_best: usize) -> Checked {
    let limits = Limits { states_best, ..Limits::default() };
    check(plan, &Options { limits, ..Options::new(512) }, &mut |_| {}).expect("objects")
}

/// What a person and what a program is told.
fn told(scenario: &Scenario, plan: &Plan, checked: &Checked) -> (String, serde_json::Value) {
    let compared = compare(plan, &[], checked);
    let object = json(scenario.source(), checked, &compared, None);
    (text(scenario.source(), checked, &compared, false), serde_json::from_str(&object).expect("JSON"))
}

#[test]
fn a_way_that_could_not_be_shown_to_be_the_best_says_so_and_is_a_failure_all_the_same() {
    let scenario = Scenario::from_str(CROSSED);
    let plan = Arc::new(scenario.plan(&[]).expect("a plan"));
    let (best, some) = (checked(&plan, 10_000), checked(&plan, 3));
    for checked in [&best, &some] {
        assert_eq!((checked.verdict, checked.complete), (Verdict::Deadlock, true));
    }
    let way = |checked: &Checked| checked.counterexample.clone().expect("a way");
    let (Counterexample { cost, .. }, way) = (way(&best), way(&some));
    assert!(cost < way.cost, "{cost:?} {:?}", way.cost);
    assert_eq!((best.counterexample.as_ref().map(|way| way.minimal), way.minimal), (Some(true), false));
    let waits = |actor: &str| way.blocked.iter().any(|one| one.actor == actor);
    assert!(waits("one") && waits("two"), "{:?}", way.blocked);

    let ((best, best_object), (some, some_object)) = (told(&scenario, &plan, &best), told(&scenario, &plan, &some));
    let steps = |steps: u32| if steps == 1 { "1 step".to_owned() } else { format!("{steps} steps") };
    assert!(best.contains(&format!(", {}: no schedule fails with fewer\n", steps(cost.steps))), "{best}");
    assert!(some.contains(&format!(", {} (there may be a better one)\n", steps(way.cost.steps))), "{some}");
    assert_eq!(best_object["counterexample"]["minimal"], true);
    assert_eq!(some_object["counterexample"]["minimal"], false);
    assert_eq!(some_object["verdict"], "deadlock");

    let file = way.replay.to_ron().expect("a schedule file");
    let replay = Replay::from_ron(&file).expect("a schedule");
    let options = RunOptions { schedule: Schedule::Replay(Arc::new(replay)), ..RunOptions::default() };
    let run = plan.run(&options).expect("a run");
    assert!(matches!(run.ending, Ending::Deadlock(_)), "{:?}", run.ending);
}

/// Without a preemption the giver gives for ever.
const ENDLESS: &str = "queue q\nprocess giver { loop { q.put(1) } }\nprocess taker { q.get() ; q.get() ; q.close() }\n";
/// The same, with states that grow by what was started.
const ENDLESS_TASKS: &str = "atomic n = 0\npool h(1)\ntask one() { n.add(1) }\n\
                             process giver { loop { h.apply_async(one) } }\nprocess closer { h.close() }\n";

#[test]
fn where_a_way_never_ends_short_ones_are_told() {
    for (text, cost) in [(ENDLESS, (1, 3, 9)), (ENDLESS_TASKS, (0, 2, 5))] {
        let scenario = Scenario::from_str(text);
        let plan = Arc::new(scenario.plan(&[]).expect("a plan"));
        let limits = Limits { states: 300, states_best: 1_500, ..Limits::default() };
        let checked = check(&plan, &Options { limits, ..Options::new(512) }, &mut |_| {}).expect("objects");
        assert_eq!((checked.verdict, checked.complete), (Verdict::Error, false));
        let way = checked.counterexample.expect("a way");
        let is = (way.cost.preemptions, way.cost.switches, way.cost.steps);
        assert_eq!((is, way.minimal), (cost, false), "{text}");
    }
}

#[test]
fn what_never_ends_is_given_up_when_the_memory_is_used_up() {
    // Nothing fails, and every state is larger than the one before.
    let text = "queue q\nprocess giver { loop { q.put(1) } }\n";
    let plan = Arc::new(Scenario::from_str(text).plan(&[]).expect("a plan"));
    let limits = Limits { memory: Some(8 << 20), walked: 0, ..Limits::default() };
    let checked = check(&plan, &Options { limits, ..Options::new(512) }, &mut |_| {}).expect("objects");
    assert_eq!((checked.verdict, checked.bound), (Verdict::Limit, Some(Bound::Memory)));
    assert!(checked.states > 100 && checked.bytes < 16 << 20, "{} {}", checked.states, checked.bytes);
}
